"""Edges of a dataflow region are read from its C++: who sends what to whom, and what does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigchip_tui.cli.main import main
from aigchip_tui.proof.regions import RegionRead, regions

TYPES = """
#pragma once
#include <cstdint>
typedef std::int8_t data_t;
struct load_cmd {
    std::int32_t words, addr;  // two; and a name: mem
    bool last;
};
"""
LOAD = """
#include "types.hpp"
namespace load {
constexpr int PORT = 16;
typedef hls::vector<data_t, PORT> word_t;
void load(hls::stream<load_cmd>& cmd, const word_t* mem, hls::stream<word_t> out[2]) {
    const load_cmd c = cmd.read();
words:
    for (int w = 0; w < c.words; ++w) {
        out[w % 2].write(mem[w]);
    }
}
}  // namespace load
"""
SUM = """
#include "types.hpp"
namespace sum {
constexpr int LANES = 4 * 4;
typedef data_t block_t[2][8];
void inner(hls::stream<hls::vector<data_t, LANES>>& from, hls::stream_of_blocks<block_t>& to) {
    hls::write_lock<block_t> block(to);
    block[0][0] = from.read()[0];
}
template <int UNUSED>
void sum(hls::stream<hls::vector<data_t, LANES>>& in, hls::stream_of_blocks<block_t>& out) { inner(in, out); }
void end(hls::stream_of_blocks<block_t>& in, data_t* c) {
    hls::read_lock<block_t> block(in);
    c[0] = block[0][0];
}
}  // namespace sum
"""
TOP = """
#include "load.hpp"
#include "sum.hpp"
void top(hls::stream<load_cmd>& cmd, const hls::vector<data_t, 16>* a, data_t* c) {
#pragma HLS INTERFACE m_axi port=c
#pragma HLS DATAFLOW
    hls::stream<hls::vector<data_t, 16>> words[2];
#pragma HLS STREAM variable=words depth=7
    hls::stream_of_blocks<data_t[2][8], 3> blocks[2];
    load::load(cmd, a, words);
    sum::sum<1>(words[0], blocks[0]);
    sum::sum<1>(words[1], blocks[1]);
    sum::end(blocks[0], c);
    sum::end(blocks[1], c);
}
"""
FILES = {"types.hpp": TYPES, "load.hpp": LOAD, "sum.hpp": SUM, "top.cpp": TOP}


def _read(**changed: str) -> RegionRead:
    (found,) = regions({name: changed.get(name.partition(".")[0], text) for name, text in FILES.items()})
    return found


def test_ports_and_edges_are_those_of_the_text() -> None:
    found = _read()
    assert found.mismatches == ()
    assert (found.top.name, found.top.file) == ("top", "top.cpp")
    edges = {edge.stream: edge for edge in found.edges}
    words, blocks = edges["words[2]"], edges["blocks[2]"]
    assert words.producers == ("load.out",)
    assert words.consumers == ("sum[0].in", "sum[1].in")
    assert (words.token, words.bits, words.depth) == ("hls::vector<std::int8_t,16>", 128, 7)
    assert blocks.producers == ("sum[0].out", "sum[1].out")  # as what it hands on to
    assert (blocks.bits, blocks.depth) == (128, 3)
    load = next(module for module in found.modules if module.name == "load::load")
    assert [(p.name, p.direction, p.kind, p.copies) for p in load.ports] == [
        ("cmd", "in", "stream", 1), ("mem", "in", "memory", 1), ("out", "out", "stream", 2)
    ]
    assert [port.bits for port in load.ports] == [65, 128, 128]
    assert [(p.name, p.direction) for p in found.top.ports] == [("cmd", "in"), ("a", "in"), ("c", "out")]


@pytest.mark.parametrize(
    ("changed", "sentence", "cure"),
    [
        ({"load": LOAD.replace("PORT = 16", "PORT = 8")},
         "load.out has tokens hls::vector<std::int8_t,8> (64 bit), words has hls::vector<std::int8_t,16> (128 bit).",
         "insert an arbiter from 8 to 16 elements"),
        ({"sum": SUM.replace("4 * 4", "4 * 2")},
         "sum[0].in has tokens hls::vector<std::int8_t,8> (64 bit)", "insert an arbiter from 16 to 8 elements"),
        ({"load": LOAD.replace("out[2]", "out[3]")}, "load.out takes 3 streams, words has 2.", "words as [3]"),
        ({"sum": SUM.replace("block_t[2][8]", "block_t[4][8]")}, "sum[0].out has tokens std::int8_t[4][8]", "Patch"),
        ({"top": TOP.replace("    sum::end(blocks[0], c);\n    sum::end(blocks[1], c);\n", "")},
         "Nothing reads blocks.", "Connect it"),
        ({"top": TOP.replace("sum::end(blocks[1], c)", "sum::end(blocks[1], c); sum::end(blocks[0], c)")},
         "3 processes read blocks", "one producer and one consumer"),
        ({"top": TOP.replace("sum<1>(words[0], blocks[0])", "sum<1>(words[0])")},
         "sum::sum<1> is called with 1 arguments and has 2 ports.", "sum.hpp:"),
        ({"top": TOP.replace("load::load(cmd", "load::other(cmd")}, "load::other is called, and no file", ""),
        ({"top": TOP.replace("sum<1>(words[0], blocks[0])", "sum<1>(blocks[0], words[0])")},
         "blocks is a stream of blocks, sum[0].in is none.", "same kind"),
    ],
)
def test_what_does_not_fit_is_found_with_its_cure(changed: dict[str, str], sentence: str, cure: str) -> None:
    found = _read(**changed)
    said = [(finding.message, finding.suggestion) for finding in found.mismatches]
    assert any(sentence in message and cure in suggestion for message, suggestion in said), said
    lines = TOP.splitlines()
    for finding in found.mismatches:
        assert finding.file == "top.cpp"
        assert "words" in lines[finding.line - 1] or "blocks" in lines[finding.line - 1]


def test_the_command_prints_ports_and_edges_and_exits_by_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "vendor.hpp").write_text(TOP, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["contracts", str(tmp_path)])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("top (top.cpp:4): 3 modules, 2 edges, 0 mismatches\n")
    (tmp_path / "load.hpp").write_text(LOAD.replace("PORT = 16", "PORT = 8"), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["contracts", str(tmp_path), "--json"])
    assert ended.value.code == 1
    (region,) = json.loads(capsys.readouterr().out)["regions"]
    assert [edge["fits"] for edge in region["edges"]] == [False, True]
    (tmp_path / "top.cpp").unlink()
    with pytest.raises(SystemExit) as ended:
        main(["contracts", str(tmp_path)])
    assert ended.value.code == 2
    assert "has a DATAFLOW pragma" in capsys.readouterr().err

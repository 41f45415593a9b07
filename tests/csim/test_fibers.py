"""Assembled designs on fibers: right results at any depth, and deadlocks with process and stream."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aigchip_tui.csim.rewrite import rewrite_dataflow
from aigchip_tui.csim.run import SimulationResult, simulate_system, stream_table
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.sandbox.box import UNCONFINED

TOP = """#pragma once
#include <cstdint>
#include "hls_stream.h"
#include "hls_streamofblocks.h"
#include "hls_vector.h"
typedef std::int8_t data_t;
typedef std::int32_t acc_t;
typedef hls::vector<data_t, 4> word_t;
struct run_cmd { std::int32_t steps; std::int32_t last; };
constexpr int LANES = 4;
constexpr int DEPTH = 8;

void control(int launches, int steps, hls::stream<run_cmd> to[LANES + 1]) {
    for (int i = 0; i < launches; ++i) {
        for (int p = 0; p <= LANES; ++p) {
#pragma HLS UNROLL
            to[p].write(run_cmd{steps, i == launches - 1});
        }
    }
}

void load(hls::stream<run_cmd>& cmd, const word_t* memory, hls::stream_of_blocks<data_t[LANES][DEPTH]>& tile) {
    bool last = false;
    int at = 0;
    while (!last) {
        const run_cmd c = cmd.read();
        last = c.last;
        hls::write_lock<data_t[LANES][DEPTH]> block(tile);
        for (int i = 0; i < c.steps; ++i) {
            const word_t word = memory[at++];
            for (int p = 0; p < LANES; ++p) {
                block[p][i] = word[p];
            }
        }
    }
}

void scatter(int launches, int steps, hls::stream_of_blocks<data_t[LANES][DEPTH]>& tile,
             hls::stream<data_t> lanes[LANES]) {
    for (int n = 0; n < launches; ++n) {
        hls::read_lock<data_t[LANES][DEPTH]> block(tile);
        for (int i = 0; i < steps; ++i) {
            for (int p = 0; p < LANES; ++p) {
                lanes[p].write(block[p][i]);
            }
        }
    }
}

template <int FACTOR>
void lane(hls::stream<run_cmd>& cmd, hls::stream<data_t>& in, hls::stream<acc_t>& out, int offset) {
    bool last = false;
    while (!last) {
        const run_cmd c = cmd.read();
        last = c.last;
        for (int i = 0; i < c.steps; ++i) {
#pragma HLS PIPELINE II=1
            out.write(in.read() * FACTOR + offset);
        }
    }
}

void gather(int total, hls::stream<acc_t> lanes[LANES], acc_t* result) {
    for (int i = 0; i < total; ++i) {
        for (int p = 0; p < LANES; ++p) {
            result[i * LANES + p] = lanes[p].read();
        }
    }
}

void top(const word_t* memory, acc_t* result, int launches, int steps) {
#pragma HLS DATAFLOW
    hls::stream<run_cmd> cmd[LANES + 1];
#pragma HLS STREAM variable=cmd depth=2
    hls::stream_of_blocks<data_t[LANES][DEPTH]> tile;
    hls::stream<data_t> values[LANES];
    hls::stream<acc_t> sums[LANES];
#pragma HLS STREAM variable=sums depth=LANES
    control(launches, steps, cmd);
    load(cmd[LANES], memory, tile);
    scatter(launches, steps, tile, values);
    for (int p = 0; p < LANES; ++p) {
#pragma HLS UNROLL
        const int offset = p * 1000;
        lane<3>(cmd[p], values[p], sums[p], offset);
    }
    gather(launches * steps, sums, result);
}
"""
DRIVER = '#include "top.hpp"\n#include "aigchip_bench.h"\nAIGCHIP_BENCH(top, "memory", "result", "launches", "steps")\n'

System = Callable[..., SimulationResult]


@pytest.fixture
def system(tmp_path: Path, program_cache: Path) -> System:
    """Simulates a top with the usual driver."""

    def run(text: str, cases: list[TestCase], *, driver: str = DRIVER, **options: Any) -> SimulationResult:
        return simulate_system(
            {"top.hpp": text}, driver, cases, sandbox=UNCONFINED, workdir=tmp_path, cache=program_cache,
            environment=os.environ, **options,
        )

    return run


def case(name: str, launches: int, steps: int, seed: int = 5) -> TestCase:
    """Lane p gives 3 * x + 1000 * p."""
    data = np.random.default_rng(seed).integers(-128, 128, size=(launches * steps, 4), dtype=np.int8)
    golden = data.astype("<i4") * 3 + np.arange(4, dtype="<i4") * 1000
    return TestCase(
        name=name, inputs={"launches": struct.pack("<i", launches), "steps": struct.pack("<i", steps)},
        memories={"memory": data.tobytes(), "result": bytes(golden.nbytes)},
        expected_memories={"result": golden.tobytes()},
    )


def test_a_design_runs_at_its_declared_depths_in_two_launches(system: System) -> None:
    result = system(TOP, [case("first", 5, 8), case("second", 1, 1, seed=6)])
    assert result.passed, (result.cause, result.findings)
    assert result.values == 4 * 41
    uses = {use.name: use for use in result.streams["first"]}
    assert (uses["sums[2]"].depth, uses["sums[2]"].writes, uses["sums[2]"].reads) == (4, 40, 40)
    assert 1 <= uses["sums[2]"].peak <= 4
    assert (uses["cmd[4]"].depth, uses["tile"].depth, uses["values[0]"].depth) == (2, 2, 2)


def test_every_fifo_at_one_still_ends(system: System) -> None:
    result = system(TOP, [case("one", 4, 8)], depth_override=1)
    assert result.passed, result.findings
    assert {use.depth for use in result.streams["one"]} == {1}


def test_the_same_design_under_sanitizers(system: System) -> None:
    assert system(TOP, [case("first", 5, 8), case("second", 2, 3)], sanitize=True).passed


def test_a_loop_index_is_captured_by_value(system: System) -> None:
    wrong = system(TOP.replace("const int offset = p * 1000;", "const int offset = 1000;"), [case("first", 2, 4)])
    assert wrong.cause == "mismatch"


def test_a_deadlock_names_process_and_stream(system: System) -> None:
    text = TOP.replace("for (int i = 0; i < total; ++i) {\n        for (int p = 0; p < LANES; ++p) {",
                       "for (int p = 0; p < LANES; ++p) {\n        for (int i = 0; i < total; ++i) {")
    assert text != TOP
    result = system(text, [case("long", 4, 8)])
    assert result.cause == "deadlock"
    words = " ".join(finding.message for finding in result.findings)
    assert "writes full sums[1] (depth 4)" in words
    assert "lane<3>[1]" in words
    assert "gather reads empty sums[0]" in words
    assert any(row["stream"] == "sums[1]" and row["occupancy"] == 4 for row in stream_table(result.log))
    assert system(text, [case("long", 4, 8)], fibers=False).passed  # what a sequential run cannot see
    assert system(text.replace("depth=LANES", "depth=32"), [case("long", 4, 8)]).passed


def test_a_missing_token_is_a_deadlock_and_an_extra_one_left_over(system: System) -> None:
    scatter = TOP.index("void scatter")
    dropped = TOP[:scatter] + TOP[scatter:].replace("i < steps", "i < steps - 1", 1)
    fewer = system(dropped, [case("first", 1, 8)])
    assert fewer.cause == "deadlock"
    assert any("lane<3>[0] reads empty values[0]" in finding.message for finding in fewer.findings)
    more = system(TOP.replace("    gather(", "    values[0].write(1);\n    gather("), [case("first", 1, 8)])
    assert more.cause in ("leftover", "mismatch")
    assert any("values[0]" in f.message or "differ" in f.message for f in more.findings)


def test_two_consumers_are_found(system: System) -> None:
    text = TOP.replace("lane<3>(cmd[p], values[p]", "lane<3>(cmd[p], values[0]")
    assert system(text, [case("first", 1, 8)]).outcome == "failed"


def test_a_sanitizer_names_file_and_line_in_a_process(system: System) -> None:
    text = TOP.replace("block[p][i] = word[p];", "block[p][i + 8 * (p == LANES - 1)] = word[p];")
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "block[p][i + 8" in row)
    result = system(text, [case("first", 1, 8)], sanitize=True)
    assert result.cause == "out_of_bounds", result.log
    assert (result.findings[0].file, result.findings[0].line) == ("top.hpp", line)


def test_canaries_of_a_memory(system: System) -> None:
    text = TOP.replace("result[i * LANES + p] =", "result[(i + 1) * LANES + p] =")
    assert system(text, [case("first", 1, 8)]).cause == "out_of_bounds"


def test_rewriting_keeps_every_line_in_place() -> None:
    after = rewrite_dataflow(TOP)
    before_lines, after_lines = TOP.split("\n"), after.split("\n")
    assert len(before_lines) == len(after_lines)
    changed = [i for i, (old, new) in enumerate(zip(before_lines, after_lines, strict=True)) if old != new]
    begin = before_lines.index("void top(const word_t* memory, acc_t* result, int launches, int steps) {")
    assert all(i >= begin for i in changed)
    assert "spawn(\"lane<3>\", [&, p, offset]()" in after
    assert rewrite_dataflow("void f() { g(); }") == "void f() { g(); }"


def test_a_stream_inside_a_loop_of_a_region_is_refused() -> None:
    text = "void f() {\n#pragma HLS DATAFLOW\n for (int i = 0; i < 2; ++i) {\n  hls::stream<int> s;\n  g(s);\n }\n}\n"
    with pytest.raises(AigchipError, match="Line 4: a dataflow region declares a stream inside a loop"):
        rewrite_dataflow(text)


def test_nested_regions_and_early_return(system: System) -> None:
    text = """#pragma once
#include "hls_stream.h"
void put(int n, hls::stream<int>& s) { for (int i = 0; i < n; ++i) s.write(i); }
void twice(hls::stream<int>& s, hls::stream<int>& t, int n) { for (int i = 0; i < n; ++i) t.write(2 * s.read()); }
void get(hls::stream<int>& t, int* out, int n) { for (int i = 0; i < n; ++i) out[i] = t.read(); }
void pair(int n, hls::stream<int>& out) {
#pragma HLS DATAFLOW
    hls::stream<int> inner("inner");
    put(n, inner);
    twice(inner, out, n);
    return;
}
void top(int n, int* out) {
#pragma HLS dataflow
    hls::stream<int, 3> outer;
    pair(n, outer);
    get(outer, out, n);
}
"""
    driver = '#include "top.hpp"\n#include "aigchip_bench.h"\nAIGCHIP_BENCH(top, "n", "out")\n'
    golden = (np.arange(50, dtype="<i4") * 2).tobytes()
    one = TestCase(name="one", inputs={"n": struct.pack("<i", 50)}, memories={"out": bytes(200)},
                   expected_memories={"out": golden})
    result = system(text, [one], driver=driver)
    assert result.passed, result.findings
    assert {use.name: use.depth for use in result.streams["one"]} == {"inner": 2, "outer": 3}

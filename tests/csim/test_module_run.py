"""One module by itself: what passes, and the typed cause of everything that must not."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Port
from aigchip_tui.model.testcase import TestCase

if TYPE_CHECKING:
    from tests.csim.csim_samples import Simulate, blocks, module, scalar, stream
else:
    from csim_samples import Simulate, blocks, module, scalar, stream

ADD_PORTS = (
    stream("a", "in", "data_t", 4, 8), stream("b", "in", "data_t", 4, 8), stream("sum", "out", "data_t", 4, 8),
    scalar("n"),
)
ADD = """
void add(hls::stream<hls::vector<data_t, 4>>& a, hls::stream<hls::vector<data_t, 4>>& b,
         hls::stream<hls::vector<data_t, 4>>& sum, int n) {
ADD:
    for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE II=1
        hls::vector<data_t, 4> left = a.read();
        hls::vector<data_t, 4> right = b.read();
        sum.write(left + right);
    }
}
"""


def add_case(name: str = "first", tokens: int = 5, seed: int = 1) -> TestCase:
    """Full-range int8, sums wrapped."""
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(-128, 128, size=(tokens, 4), dtype=np.int8) for _ in range(2))
    return TestCase(
        name=name, inputs={"a": a.tobytes(), "b": b.tobytes(), "n": struct.pack("<i", tokens)},
        counts={"a": tokens, "b": tokens, "sum": tokens}, expected={"sum": (a + b).tobytes()},
    )


def test_adder_passes_and_counts_every_value(simulate: Simulate) -> None:
    result = simulate(module("add", ADD_PORTS), ADD, [add_case(), add_case("second", 3, 2)])
    assert result.passed, result.findings
    assert (result.values, result.tokens, result.cases_run) == (32, 8, 2)


def test_same_text_is_compiled_once(simulate: Simulate) -> None:
    simulate(module("add", ADD_PORTS), ADD, [add_case()])
    assert simulate(module("add", ADD_PORTS), ADD, [add_case(seed=9)]).compile_cpu_s == 0


def test_mismatch_names_port_token_lane_and_values(simulate: Simulate) -> None:
    wrong = ADD.replace("sum.write(left + right);", "hls::vector<data_t, 4> s = left + right;\n"
                        "        if (i == 2) { s[3] = 7; }\n        sum.write(s);")
    case = add_case()
    result = simulate(module("add", ADD_PORTS), wrong, [case])
    expected = np.frombuffer(case.expected["sum"], np.int8).reshape(5, 4)[2, 3]
    assert result.cause == "mismatch"
    first = result.mismatches[0]
    assert (first.port, first.token, first.lane, first.got, first.expected) == ("sum", 2, 3, "7", str(expected))
    assert (first.wrong, first.compared) == (1, 20)


@pytest.mark.parametrize(
    ("change", "cause", "words"),
    [
        (("i < n", "i <= n"), "empty_read", "Stream a was read while empty"),
        (("i < n", "i < n - 1"), "mismatch", "4 tokens left port sum, expected 5"),
        (("a.read()", "a.read() + a.read()"), "empty_read", "Stream a"),
        (("sum.write(left + right);", "sum.write(left + right); if (i == 4) sum.write(left);"), "mismatch",
         "6 tokens left port sum"),
        (("sum.write(left + right);", "while (true) sum.write(left);"), "output_flood", "More tokens"),
        (("b.read();", "left;"), "mismatch", "never read from port b"),
        (("b.read();", "b.raed();"), "compile", "raed"),
        (("int n) {", "long n) {"), "interface", "differs from the port contract"),
        (("data_t, 4>>& sum", "data_t, 8>>& sum"), "interface", "differs from the port contract"),
        (("sum.write(left + right);", "*(volatile int*)0 = i;"), "crash", "signal 11"),
        (("sum.write(left + right);", "sum.write(left + right"), "compile", "expected"),
        (("sum.write(left + right);", "while (!a.empty()) a.read(); while (a.empty()) {}"), "livelock",
         "polled without end"),
        (("int n) {", "int n) {\n#include \"/etc/passwd\"\n"), "forbidden", "include"),
    ],
)
def test_wrong_modules_are_red_with_a_typed_cause(
    simulate: Simulate, change: tuple[str, str], cause: str, words: str
) -> None:
    assert change[0] in ADD
    result = simulate(module("add", ADD_PORTS), ADD.replace(*change), [add_case()])
    assert result.outcome == "failed"
    assert result.cause == cause
    assert any(words in finding.message for finding in result.findings)


def test_unread_input_alone_is_leftover(simulate: Simulate) -> None:
    case = add_case()
    longer = TestCase(
        name="longer", inputs={**case.inputs, "b": case.inputs["b"] + bytes(4)}, counts={**case.counts, "b": 6},
        expected=case.expected,
    )
    result = simulate(module("add", ADD_PORTS), ADD, [longer])
    assert result.cause == "leftover"
    assert "1 tokens were never read from port b" in result.findings[0].message


def test_a_bench_that_compares_nothing_is_red(simulate: Simulate) -> None:
    case = TestCase(name="empty", inputs={"a": b"", "b": b"", "n": struct.pack("<i", 0)},
                    counts={"a": 0, "b": 0, "sum": 0}, expected={"sum": b""})
    result = simulate(module("add", ADD_PORTS), ADD, [case])
    assert result.cause == "nothing_compared"


def test_compile_errors_have_the_line_of_the_body(simulate: Simulate) -> None:
    result = simulate(module("add", ADD_PORTS), ADD.replace("left + right", "lefft + right"), [add_case()])
    finding = result.findings[0]
    line = ADD.splitlines().index("        sum.write(left + right);") + 1
    assert (finding.kind, finding.file, finding.line, finding.fix) == ("undefined_name", "add.hpp", line, "left")


def test_cases_that_do_not_fit_the_ports_are_refused_in_one_sentence(simulate: Simulate) -> None:
    case = add_case()
    odd = TestCase(name="odd", inputs={**case.inputs, "a": b"123"}, counts=case.counts, expected=case.expected)
    with pytest.raises(AigchipError, match="3 bytes at port 'a' are not 5 tokens"):
        simulate(module("add", ADD_PORTS), ADD, [odd])
    stranger = TestCase(name="s", inputs={**case.inputs, "c": b"1"}, counts=case.counts, expected=case.expected)
    with pytest.raises(AigchipError, match="no such port"):
        simulate(module("add", ADD_PORTS), ADD, [stranger])


def test_process_with_commands_ends_on_last(simulate: Simulate) -> None:
    ports = (
        stream("cmd", "in", "run_cmd", 0, 64), stream("x", "in", "data_t", 0, 8), stream("y", "out", "acc_t", 0, 32)
    )
    body = """
void scale(hls::stream<run_cmd>& cmd, hls::stream<data_t>& x, hls::stream<acc_t>& y) {
    bool last = false;
COMMANDS:
    while (!last) {
        const run_cmd command = cmd.read();
        last = command.last != 0;
        for (int i = 0; i < command.steps; ++i) {
#pragma HLS PIPELINE II=1
            y.write(acc_t(x.read()) * 300);
        }
    }
}
"""
    x = np.arange(-7, 8, dtype=np.int8)
    case = TestCase(
        name="two", inputs={"cmd": np.array([[9, 0], [6, 1]], "<i4").tobytes(), "x": x.tobytes()},
        counts={"cmd": 2, "x": 15, "y": 15}, expected={"y": (x.astype("<i4") * 300).tobytes()},
    )
    assert simulate(module("scale", ports), body, [case]).passed
    assert simulate(module("scale", ports), body.replace("command.last != 0", "true"), [case]).cause == "mismatch"
    assert simulate(module("scale", ports), body.replace("command.last != 0", "false"), [case]).cause == "empty_read"


def test_arbiter_packs_vectors_from_an_array_of_streams(simulate: Simulate) -> None:
    ports = (stream("parts", "in", "data_t", 2, 8, copies=4), stream("wide", "out", "data_t", 8, 8), scalar("n"))
    body = """
void pack(hls::stream<hls::vector<data_t, 2>> parts[4], hls::stream<hls::vector<data_t, 8>>& wide, int n) {
    for (int i = 0; i < n; ++i) {
        hls::vector<data_t, 8> token;
        for (int p = 0; p < 4; ++p) {
#pragma HLS UNROLL
            hls::vector<data_t, 2> part = parts[p].read();
            token[2 * p] = part[0];
            token[2 * p + 1] = part[1];
        }
        wide.write(token);
    }
}
"""
    data = np.random.default_rng(3).integers(-128, 128, size=(6, 4, 2), dtype=np.int8)
    case = TestCase(
        name="six", inputs={**{f"parts[{p}]": data[:, p].tobytes() for p in range(4)}, "n": struct.pack("<i", 6)},
        counts={**{f"parts[{p}]": 6 for p in range(4)}, "wide": 6}, expected={"wide": data.tobytes()},
    )
    assert simulate(module("pack", ports), body, [case]).passed
    swapped = simulate(module("pack", ports), body.replace("token[2 * p] = part[0]", "token[2 * p] = part[1]"), [case])
    assert swapped.cause == "mismatch"
    out_of_range = body.replace("p < 4", "p <= 4")
    assert simulate(module("pack", ports), out_of_range, [case]).outcome == "failed"


def test_blocks_are_filled_and_drained_raw(simulate: Simulate) -> None:
    fill_ports = (stream("words", "in", "data_t", 4, 8), blocks("tile", "out", "data_t", "[2][4][3]", 24))
    fill = """
void fill(hls::stream<hls::vector<data_t, 4>>& words, hls::stream_of_blocks<data_t[2][4][3]>& tile) {
    hls::write_lock<data_t[2][4][3]> block(tile);
    for (int i = 0; i < 6; ++i) {
        hls::vector<data_t, 4> word = words.read();
        for (int k = 0; k < 4; ++k) {
            block[i % 2][k][i / 2] = word[k];
        }
    }
}
"""
    data = np.random.default_rng(4).integers(-128, 128, size=(6, 4), dtype=np.int8)
    tile = data.reshape(3, 2, 4).transpose(1, 2, 0).copy()
    case = TestCase(name="tile", inputs={"words": data.tobytes()}, counts={"words": 6, "tile": 1},
                    expected={"tile": tile.tobytes()})
    assert simulate(module("fill", fill_ports), fill, [case]).passed
    partial = simulate(module("fill", fill_ports), fill.replace("k < 4", "k < 3"), [case])
    assert partial.cause == "mismatch"
    assert partial.mismatches[0].got == "-91"  # poison: a lane that nobody wrote does not look like a zero

    drain_ports = (blocks("tile", "in", "data_t", "[2][4][3]", 24), stream("words", "out", "data_t", 4, 8))
    drain = """
void drain(hls::stream_of_blocks<data_t[2][4][3]>& tile, hls::stream<hls::vector<data_t, 4>>& words) {
    hls::read_lock<data_t[2][4][3]> block(tile);
    for (int i = 0; i < 6; ++i) {
        hls::vector<data_t, 4> word;
        for (int k = 0; k < 4; ++k) {
            word[k] = block[i % 2][k][i / 2];
        }
        words.write(word);
    }
}
"""
    back = TestCase(name="tile", inputs={"tile": tile.tobytes()}, counts={"words": 6, "tile": 1},
                    expected={"words": data.tobytes()})
    assert simulate(module("drain", drain_ports), drain, [back]).passed
    unread = TestCase(name="tile", inputs={"tile": tile.tobytes() * 2}, counts={"words": 6, "tile": 2},
                      expected={"words": data.tobytes()})
    assert simulate(module("drain", drain_ports), drain, [unread]).cause == "leftover"


MEMORY_PORTS = (
    Port(name="src", direction="in", kind="m_axi", element="data_t", bits=8, lanes=4,
         cpp_type="const hls::vector<data_t, 4>*"),
    Port(name="dst", direction="out", kind="m_axi", element="data_t", bits=8, lanes=4,
         cpp_type="hls::vector<data_t, 4>*"),
    scalar("n"),
)
COPY = """
void copy(const hls::vector<data_t, 4>* src, hls::vector<data_t, 4>* dst, int n) {
    for (int i = 0; i < n; ++i) {
        dst[i] = src[i];
    }
}
"""


def test_memories_are_compared_and_canaries_watched(simulate: Simulate) -> None:
    data = bytes(range(32))
    case = TestCase(name="copy", inputs={"n": struct.pack("<i", 8)}, memories={"src": data, "dst": bytes(32)},
                    expected_memories={"dst": data})
    assert simulate(module("copy", MEMORY_PORTS), COPY, [case]).passed
    beyond = simulate(module("copy", MEMORY_PORTS), COPY.replace("i < n", "i <= n"), [case])
    assert beyond.cause == "out_of_bounds"
    before = simulate(module("copy", MEMORY_PORTS), COPY.replace("int i = 0", "int i = -1"), [case])
    assert before.cause == "out_of_bounds"


def test_a_memory_left_out_keeps_what_the_launch_before_wrote(simulate: Simulate) -> None:
    body = COPY.replace("dst[i] = src[i]", "dst[i] += src[i]")
    first = TestCase(name="first", inputs={"n": struct.pack("<i", 2)},
                     memories={"src": bytes([1] * 8), "dst": bytes(8)}, expected_memories={"dst": bytes([1] * 8)})
    second = TestCase(name="second", inputs={"n": struct.pack("<i", 2)}, expected_memories={"dst": bytes([2] * 8)})
    assert simulate(module("copy", MEMORY_PORTS), body, [first, second]).passed
    with pytest.raises(AigchipError, match="no contents for the memory"):
        simulate(module("copy", MEMORY_PORTS), body, [second])


def test_a_returned_value_is_a_port(simulate: Simulate) -> None:
    ports = (scalar("a"), scalar("b"), Port(name="return", direction="out", kind="scalar", element="acc_t", bits=32,
                                            cpp_type="acc_t"))
    case = TestCase(name="mac", inputs={"a": struct.pack("<i", 6), "b": struct.pack("<i", 7)},
                    expected={"return": struct.pack("<i", 42)})
    assert simulate(module("mul", ports), "acc_t mul(int a, int b) { return a * b; }", [case]).passed
    assert simulate(module("mul", ports), "acc_t mul(int a, int b) { return a + b; }", [case]).cause == "mismatch"
    assert simulate(module("mul", ports), "int64_t mul(int a, int b) { return a * b; }", [case]).cause == "interface"

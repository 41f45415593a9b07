"""Multiplexers, registers and loop control as utilization tables count them."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import estimate
from aigchip_tui.estimator.glue import (
    comparison,
    loop_control,
    multiplexer,
    port_choices,
    registers,
    shared_memory,
)
from aigchip_tui.estimator.graph import Access, Graph, Schedule
from aigchip_tui.estimator.options import Options


@pytest.mark.parametrize(
    ("inputs", "luts"), [(1, 0), (2, 9), (3, 14), (4, 20), (8, 43), (16, 65), (17, 81), (24, 118), (65, 279)]
)
def test_a_multiplexer_costs_by_its_inputs(inputs: int, luts: int) -> None:
    assert multiplexer(inputs) == luts


def value_that_lives(cycles: int, interval: int) -> tuple[int, int]:
    graph = Graph()
    carried = graph.add("phi", 0, 0.0, (), bits=20)
    made = graph.add("add", 1, 0.5, (carried,), bits=20)
    graph.add("store", 1, 0.5, (made,), bits=20)
    return registers(graph, Schedule(cycles + 1, cycles + 1, interval, start=[0, 0, cycles]), 3.6)


def test_a_value_is_handed_on_once_an_interval_and_then_shifted() -> None:
    assert value_that_lives(0, 1) == (0, 0), "used in the cycle that makes it"
    assert value_that_lives(1, 1) == (20, 0)
    assert value_that_lives(2, 1) == (40, 0)
    assert value_that_lives(3, 1) == (20 + 64, 32), "a shift register, whatever its width"
    assert value_that_lives(30, 1) == (20 + 64, 32), "and whatever its length"
    assert value_that_lives(3, 3) == (20, 0), "one interval: one register"
    assert value_that_lives(30, 0) == (20, 0), "a state machine keeps it where it is"


def sum_of_words(interval: int, outside: bool = False) -> tuple[int, int]:
    """Registers of a sum that takes 40 words one after the other."""
    graph = Graph()
    total = graph.add("phi", 0, 0.0, (), bits=32)
    starts = [0]
    for step in range(40):
        word = graph.add("load", 2, 1.0, (), bits=32, access=Access(1, (step,), False, outside=outside))
        total = graph.add("fadd32", 5, 3.0, (total, word), bits=32)
        starts += [0, 2 + 5 * step]
    graph.back.append((total, 0, 1, 0))
    return registers(graph, Schedule(201, 201, interval, start=starts), 4.0)


def test_a_word_is_loaded_when_its_user_is_there() -> None:
    """Reports keep no words of loads that a long sum takes one by one, and count one shift register for the address."""
    assert sum_of_words(1) == ((39 + 2) * 32, 0), "the sums, and what they begin with for two cycles"
    assert sum_of_words(5)[0] == (39 + 1 + 40) * 32, "a port of one cycle in five is kept: each word waits for a cycle"


def test_a_word_of_an_axi_port_is_kept_from_when_it_comes() -> None:
    ff, lut = sum_of_words(1, outside=True)
    assert (ff - sum_of_words(1)[0], lut) == (40 * 32 + 39 * 64, 39 * 32), "a register each and a shift register"


def test_a_loop_that_only_stores_has_a_counter_and_an_exit_test() -> None:
    """A reported loop of 7 bits and one stage: 9 FF and 51 LUT in 2022, when a comparison took less than now."""
    ff, before, choices = loop_control(1, 1, [(0, 80)], 2022)
    assert (ff, before + choices) == (9, 51)
    ff, tests, choices = loop_control(1, 1, [(0, 80)])
    assert tests - before == 14 - 10
    deeper = loop_control(5, 1, [(0, 80)])
    assert deeper[0] == ff + 8, "two valid bits for each further stage"
    slower = loop_control(4, 4, [(0, 80)])
    assert slower == (ff + 4, tests, choices + multiplexer(5)), "four states of one interval"


@pytest.mark.parametrize(
    ("bits", "until_2022", "since_2023"),
    [(4, 9, 12), (8, 11, 15), (12, 12, 19), (16, 13, 23), (32, 20, 39), (64, 29, 71)],
)
def test_comparisons_are_counted_as_the_version_of_the_tool_counts_them(
    bits: int, until_2022: int, since_2023: int
) -> None:
    assert abs(comparison(bits, 2022) - until_2022) <= 1
    assert abs(comparison(bits, 2023) - since_2023) <= 1
    texts = {"k.cpp": f"void k(ap_uint<{bits}> a, ap_uint<{bits}> b, bool *c) {{ *c = a < b; }}"}
    old, new = (estimate(texts, options=Options(tool_year=year)).lut or 0 for year in (2022, 2023))
    assert new - old == comparison(bits, 2023) - comparison(bits, 2022)


def test_ports_with_several_accesses_choose_addresses() -> None:
    graph = Graph()
    for _ in range(2):
        graph.add("load", 2, 1.0, (), access=Access(1, (0,), False))
    assert port_choices(graph) == 0, "each has a port of its own"
    for _ in range(2):
        graph.add("load", 2, 1.0, (), access=Access(1, (0,), False))
    assert port_choices(graph) == 2 * multiplexer(3)
    wild = Graph()
    wild.add("load", 2, 1.0, (), access=Access(1, (0, 1, 2, 3), False))
    assert port_choices(wild) == multiplexer(4), "the bank is chosen at run time"


def test_a_memory_that_several_modules_use_has_choices_at_every_bank() -> None:
    assert shared_memory(1, 1, 8) == 0
    assert shared_memory(2, 1, 8) == 8 * shared_memory(2, 1, 1)
    text = "void f(int x[64], int y[64]) { int b[64];\n#pragma HLS ARRAY_PARTITION variable=b cyclic factor=FACTOR\n"
    text += "for (int i = 0; i < 64; i++) b[i] = x[i]; for (int i = 0; i < 64; i++) y[i] = b[63 - i] + b[i]; }"
    few, many = (estimate({"k.cpp": text.replace("FACTOR", str(factor))}).lut or 0 for factor in (2, 16))
    assert many - few > 14 * 25, "14 more banks, each with addresses and enables of two modules to choose"


def test_copies_that_are_not_walked_count_shaped_operators() -> None:
    text = "void f(int x[60][64]) { for (int i = 0; i < 60; i++) {\n#pragma HLS UNROLL factor=FACTOR\n"
    text += "for (int j = 0; j < 64; j++) {\n#pragma HLS PIPELINE\n int m;\n"
    text += "#pragma HLS BIND_OP variable=m op=mul impl=dsp\n m = x[i][j] * x[i][63 - j]; x[i][j] = m; } } }"
    few, many = (estimate({"k.cpp": text.replace("FACTOR", str(factor))}).dsp or 0 for factor in (2, 12))
    assert many == 6 * few > 0


@pytest.mark.parametrize(("shared", "reported"), [(1, 3.33), (6, 3.64), (16, 3.66), (30, 3.89), (87, 4.03)])
def test_the_choice_in_front_of_a_shared_core_takes_time(shared: int, reported: float) -> None:
    """Reported of pipelines at 5 ns, in which so many products or sums of double precision share a core."""
    lines = [f"y[{shared} * i + {k}] = v * {k}.1;" for k in range(shared)]
    text = f"void f(double x[64], double y[{64 * shared}]) {{ for (int i = 0; i < 64; i++) {{\n"
    text += f"#pragma HLS PIPELINE II={shared}\ndouble v = x[i]; {' '.join(lines)} }} }}"
    found = estimate({"k.cpp": text}, part="xcu55c", clock_ns=5.0)
    assert (found.loops[0].ii, found.dsp) == (shared, 8), "one core"
    assert found.estimated_clock_ns == pytest.approx(reported, rel=0.03)
    assert found.timing_met == (reported <= 3.65)

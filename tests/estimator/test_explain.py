"""`explain` gives every loop a reason: what bounds the interval, what made the latency, why it is not pipelined."""

from __future__ import annotations

import re

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.explain import bound_word, explain, head, sentence
from tests.estimator.kernels import KERNELS

TEXT = """
void kern(const float a[100][64], const float b[64], float y[100], int n, int hist[256], const unsigned char d[512]) {
#pragma HLS ARRAY_PARTITION variable=b complete
  ROW: for (int i = 0; i < 100; i++) {
    float s = 0;
    COL: for (int j = 0; j < 64; j++) {
#pragma HLS PIPELINE II=1
      s += a[i][j] * b[j];
    }
    y[i] = s;
  }
  COUNT: for (int i = 0; i < 512; i++) {
#pragma HLS PIPELINE
    hist[d[i]]++;
  }
  ASKED: for (int i = 0; i < n; i++) {
#pragma HLS PIPELINE II=3
    y[i] = y[i] * 2;
  }
  EIGHT: for (int i = 0; i < 90; i++) {
#pragma HLS PIPELINE
    float t = 0;
    for (int k = 0; k < 8; k++) t += a[i][k];
    y[i] = t;
  }
  PLAIN: for (int i = 0; i < 90; i++) {
#pragma HLS PIPELINE off
    y[i] = y[i] + 1;
  }
  FREE: for (int i = 0; i < 90; i++) y[i] = b[i % 64];
}
"""


@pytest.fixture(scope="module")
def found() -> Estimate:
    return estimate({"k.cpp": TEXT}, clock_ns=5.0, part="xcu55c")


@pytest.mark.parametrize(("name", "short", "words"), [
    ("ROW_COL", "recurrence of float add", "each waits for a result of the iteration before (its float add)"),
    ("COUNT", "recurrence of store hist", "each waits for a result of the iteration before"),
    ("ASKED", "asked for", "as asked (II=3)"),
    ("EIGHT", "ports of a", "since the ports of a are taken"),
    ("PLAIN", "-", "not pipelined (PIPELINE off)"),
    ("FREE", "least", "which is the least there is"),
])
def test_every_loop_has_its_reason(found: Estimate, name: str, short: str, words: str) -> None:
    loop = next(one for one in found.loops if one.name == name)
    assert bound_word(loop) == short
    assert words in sentence(loop, "k.cpp")


def test_the_latency_is_computed_before_the_reader_s_eyes(found: Estimate) -> None:
    """The product's chain is two states of load, four of multiply, four of add, one of store: 11; 4 x 6399 + 10."""
    loop = found.loops[0]
    words = sentence(loop, "k.cpp")
    assert (loop.ii, loop.depth, loop.latency) == (4, 11, 4 * 6399 + 10)
    assert "load a (2), float multiply (4), float add (4), store y (1)" in words
    assert "4 x (6400 - 1) + 10 = 25606 cycles" in words


def test_the_clock_is_compared_with_what_its_uncertainty_leaves(found: Estimate) -> None:
    """5 ns less 27 % leave 3.65 ns; at 1 ns no state is fast enough."""
    assert found.budget_ns == 3.65
    assert found.timing_met
    assert "meets the 3.65 ns" in head(found)
    tight = estimate({"k.cpp": TEXT}, clock_ns=1.0, part="xcu55c")
    assert not tight.timing_met
    assert "misses the 0.73 ns" in head(tight)


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_loop_is_left_without_words(kernel: str) -> None:
    found = estimate({"k.cpp": KERNELS[kernel]}, clock_ns=5.0, part="xcu55c")
    lines = explain(found)
    assert len(lines) == 1 + len(found.loops) + len(found.unknown) + len(found.warnings)
    for loop in found.loops:
        assert bound_word(loop)
        assert loop.reason or loop.depth in (0, 1), loop


def test_an_axi_port_is_named_and_gets_advice_that_can_be_followed() -> None:
    """Two words an iteration over one port take two cycles; a port cannot be partitioned."""
    text = """
void top(const int *a, const int *b, int *y) {
#pragma HLS INTERFACE m_axi port=a bundle=in
#pragma HLS INTERFACE m_axi port=b bundle=in
#pragma HLS INTERFACE m_axi port=y bundle=out
  SUM: for (int i = 0; i < 64; i++) y[i] = a[i] + b[i];
  ONE: for (int i = 0; i < 64; i++) y[i] = a[i];
}
"""
    loops = estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c").loops
    assert "one every 2 cycles, since AXI port in takes one word a cycle (widen its words" in sentence(loops[0])
    assert "load AXI port in" in loops[0].reason
    assert "one a cycle, which is the least there is" in sentence(loops[1])


def test_the_states_of_the_path_add_up_to_the_depth() -> None:
    """A store in the state that brings its value adds none: it is named with the load, and the sum is the depth."""
    for text in KERNELS.values():
        for loop in estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c").loops:
            if loop.pipelined and "(" in loop.reason and "more" not in loop.reason:
                assert sum(int(one) for one in re.findall(r"\((\d+)\)", loop.reason)) == loop.depth, loop
    copy = estimate({"k.cpp": "void f(int a[8], int b[8]) { for (int i = 0; i < 8; i++) b[i] = a[i]; }"}, clock_ns=5.0)
    assert "2 states deep (load a (2) and store b)" in sentence(copy.loops[0])


def test_one_is_no_plural_and_a_bound_is_no_guess() -> None:
    loops = estimate({"k.cpp": KERNELS["stream stages"]}, clock_ns=5.0, part="xcu55c").loops
    assert "16 to 256 iterations" in sentence(loops[0])
    assert "; at most 2" in sentence(loops[0])
    text = "void f(int a[8]) { for (int i = 0; i < 8; i++) a[i] = 0; for (int i = 0; i < 1; i++) a[i] = 5; }"
    assert all("1 states" not in one and ": 1 iterations" not in one for one in explain(estimate({"k.cpp": text})))


def test_a_loop_that_runs_beside_a_longer_one_is_said_to_add_nothing() -> None:
    text = (
        "void top(int a[64], int b[64], int c[32], int d[32]) {\n"
        "  LONG: for (int i = 0; i < 64; i++) b[i] = a[i] + 1;\n"
        "  SHORT: for (int i = 0; i < 32; i++) d[i] = c[i] + 1;\n"
        "  LAST: for (int i = 0; i < 32; i++) c[i] = d[i] + b[i];\n}\n"
    )
    found = estimate({"k.cpp": text}, clock_ns=5.0, part="xczu7ev")
    assert {one.name: one.beside for one in found.loops} == {"LONG": "", "SHORT": "LONG (line 2)", "LAST": ""}
    counted = sum(one.latency or 0 for one in found.loops if not one.beside)
    assert found.latency_max is not None
    assert 0 <= found.latency_max - counted <= 8
    assert explain(found)[2].endswith("; it adds nothing, since it runs beside LONG (line 2).")


def test_a_running_sum_in_memory_waits_for_its_addition() -> None:
    text = "void top(float a[64], float s[4]) { for (int i = 0; i < 64; i++) s[0] += a[i]; }"
    found = estimate({"k.cpp": text}, clock_ns=5.0, part="xczu7ev")
    assert "(its float add into s)" in explain(found)[1]


def test_a_path_ends_in_what_a_designer_knows() -> None:
    text = "void top(int a[64][64]) { for (int i = 0; i < 64; i++) for (int j = 0; j < 64; j++) a[i][j] = 0; }"
    assert "1 state deep (store a (1))" in explain(estimate({"k.cpp": text}, clock_ns=5.0, part="xczu7ev"))[1]

"""Loops that are unrolled outside pipelines, refused, or unrolled widely: each with figures computed on paper."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.options import Options


def figures(text: str, *, unsafe: bool = False) -> Estimate:
    return estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c", options=Options(unsafe_math=unsafe))


def test_a_loop_without_a_constant_count_is_not_unrolled() -> None:
    """UNROLL asks for copies that nobody can count: the loop stays, and its trips are known only at run time."""
    text = "void f(int n, int a[64]) {\n  for (int i = 0; i < n; i++) {\n#pragma HLS UNROLL\n a[i] = a[i] + 1; } }"
    found = figures(text)
    assert [loop.trip for loop in found.loops] == [None]
    assert found.latency_max is None
    assert any("trip count is known only at run time" in sentence for sentence in found.unknown)


def test_a_function_whose_pipeline_is_refused_is_read_as_a_state_machine() -> None:
    """PIPELINE of a function over a loop of run-time trips is as if it were not there."""
    text = """
static int total(const int a[64], int n) {
  int s = 0;
  for (int i = 0; i < n; i++) {
#pragma HLS LOOP_TRIPCOUNT min=64 max=64
    s += a[i];
  }
  return s;
}
void f(const int a[64], int n, int *out) {
#pragma HLS PIPELINE
  int copy[64];
  for (int i = 0; i < 64; i++) copy[i] = a[i];
  *out = total(copy, n);
}
"""
    refused, plain = figures(text), figures(text.replace("#pragma HLS PIPELINE\n", ""))
    assert refused.latency_max == plain.latency_max
    assert (refused.bram18, refused.ff, refused.lut) == (plain.bram18, plain.ff, plain.lut)
    assert any("is not pipelined" in sentence for sentence in refused.unknown)


SUM = """
void rows(double a[40][8], double x[8], double y[40]) {
  for (int i = 0; i < 40; i++) {
#pragma HLS PIPELINE off
    double s = 0;
    for (int j = 0; j < 8; j++) {
#pragma HLS UNROLL
      s += a[i][j] * x[j];
    }
    y[i] = s;
  }
}
"""


def test_the_sum_of_an_unrolled_loop_is_a_tree_outside_pipelines_too() -> None:
    """An addition takes 5 states. One by one from zero on, eight products take 8 * 5 = 40 of them after the first.

    As a tree they take 3 * 5 after the last pair, which two ports hand out 3 cycles after the first: 18. Loads,
    products and the store take 8 states in both.
    """
    tree, chain = figures(SUM, unsafe=True).loops[0], figures(SUM).loops[0]
    assert (chain.depth, tree.depth) == (8 + 40, 8 + 18)
    written = SUM.replace("UNROLL", "PIPELINE off").replace(
        "for (int j = 0; j < 8; j++)", "for (int j = 0; j < 8; j += 8)"
    )
    written = written.replace("s += a[i][j] * x[j]", "s = " + " + ".join(f"a[i][{j}] * x[{j}]" for j in range(8)))
    assert figures(written, unsafe=True).loops[0].latency == figures(written).loops[0].latency, "as it is written"


def test_copies_that_move_by_their_number_never_meet() -> None:
    """y[j] of 256 copies moves by 256 a trip: no copy reads what another wrote, whatever their number is."""
    text = """
void scale(const double a[512], double out[512]) {
  double y[512];
  for (int j = 0; j < 512; j++) y[j] = 0;
  for (int j = 0; j < 512; j++) {
#pragma HLS PIPELINE
#pragma HLS UNROLL factor=256
    y[j] += a[j];
  }
  for (int j = 0; j < 512; j++) out[j] = y[j];
}
"""
    loop = figures(text).loops[1]
    assert loop.trip == 2
    assert loop.bound == "ports:a", "256 loads over the two ports of a; y is dealt out over banks"
    assert loop.ii == 128


PARTIAL = """
void sweep(double a[120][120]) {
  for (int t = 0; t < 40; t++) {
#pragma HLS UNROLL factor=OUTER
    for (int i = 1; i <= 118; i++) {
#pragma HLS UNROLL factor=2
      part: for (int j = 1; j <= 118; j++) {
#pragma HLS UNROLL factor=4
        a[i][j] = a[i][j] * 0.5;
      }
    }
  }
}
"""


def test_a_partial_trip_of_a_nest_ends_pipelining_however_often_its_parent_is_copied() -> None:
    """118 trips from 1 on leave two for the last four copies: reports show no pipeline, with 1 copy or 4 of t."""
    for copies in ("1", "4"):
        found = figures(PARTIAL.replace("OUTER", copies))
        assert not any(loop.pipelined for loop in found.loops if loop.name == "part")


def test_a_pipeline_that_is_unrolled_itself_still_unrolls_what_is_below() -> None:
    """Four sweeps over ten elements leave no loop; without PIPELINE the sweeps are four copies of a rolled one."""
    text = """
void sweep(int a[10], int b[10]) {
  for (int t = 0; t < 4; t++) {
#pragma HLS PIPELINE
#pragma HLS UNROLL
    for (int i = 0; i < 10; i++) a[i] = a[i] * 3 + b[i];
  }
}
"""
    plain = text.replace("#pragma HLS PIPELINE\n", "")
    assert [len(figures(one).loops) for one in (text, plain)] == [0, 4]

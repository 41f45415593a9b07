"""What leaves a loop once its inner loops are unrolled early: loads in front of it, stores behind it, on paper."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.options import Options

_ROW = """
void top(int a[20][30], int c[30][8], int o[20][8]) {
  int row[20][30], w[30][8], sum[8];
  for (int i = 0; i < 20; i++) for (int s = 0; s < 30; s++) row[i][s] = a[i][s];
  for (int s = 0; s < 30; s++) for (int p = 0; p < 8; p++) w[s][p] = c[s][p];
  outer: for (int i = 0; i < 20; i++) {
    inner: for (int p = 0; p < 8; p++) {
{}
      int t = 0;
      for (int s = 0; s < 30; s++) t += row[i][s] * w[s][p];
      sum[p] = t;
    }
    last: for (int p = 0; p < 8; p++) o[i][p] = sum[p];
  }
}
"""

_TILE = """
void top(int a[60][80], int b[80][16], int c[60][16], int alpha) {
  int A[60][80], B[80][16], C[60][16];
  for (int i = 0; i < 60; i++) for (int k = 0; k < 80; k++) A[i][k] = a[i][k];
  for (int k = 0; k < 80; k++) for (int j = 0; j < 16; j++) B[k][j] = b[k][j];
  for (int i = 0; i < 60; i++) for (int j = 0; j < 16; j++) C[i][j] = c[i][j];
  outer: for (int i = 0; i < 60; i++) {
    scale: for (int j = 0; j < 16; j++) {
#pragma HLS UNROLL factor={}
      C[i][j] *= alpha;
    }
    add: for (int k = 0; k < 80; k++) {
      for (int j = 0; j < 16; j++) {
#pragma HLS UNROLL
        C[i][j] += A[i][k] * B[k][j];
      }
    }
  }
  for (int i = 0; i < 60; i++) for (int j = 0; j < 16; j++) c[i][j] = C[i][j];
}
"""


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xcu55c", options=Options(unsafe_math=True))


def between(found: Estimate, *inner: str) -> int:
    """Cycles of one trip of the outer loop that are none of its inner loops."""
    loops = {loop.name: loop for loop in found.loops}
    return (loops["outer"].depth or 0) - sum(loops[name].latency or 0 for name in inner)


def test_pipeline_loads_a_row_in_front_of_its_loop_and_unasked_unrolling_does_not() -> None:
    """PIPELINE unrolls before the compiler moves what no trip changes: 30 words by two ports, and one state to wait."""
    asked = between(read(_ROW.replace("{}", "#pragma HLS PIPELINE")), "inner", "last")
    unasked = between(read(_ROW.replace("{}", "")), "inner", "last")
    assert asked - unasked == 30 // 2 + 1


@pytest.mark.parametrize(("copies", "cycles"), [(1, 8 + 8), (2, 4 + 4), (4, 2 + 2)])
def test_a_running_row_is_loaded_and_stored_through_the_banks_that_other_loops_ask_for(
    copies: int, cycles: int
) -> None:
    """16 sums stand in registers: two ports of each bank load them, and store them when the loop ends."""
    found = read(_TILE.replace("{}", str(copies)))
    add = next(loop for loop in found.loops if loop.name == "add")
    # The sums are added to in registers: no port bounds the interval.
    assert add.ii == 1
    one = between(read(_TILE.replace("{}", "8")), "scale", "add")
    assert between(found, "scale", "add") - one == cycles - (1 + 1)


def test_sums_that_an_unrolled_loop_begins_are_flattened_with_the_nest() -> None:
    """A loop whose UNROLL takes all its trips is none: what is left is one nest of 60 * 80 trips."""
    found = read(_TILE.replace("{}", "16"))
    assert [loop.trip for loop in found.loops if "add" in loop.name] == [60 * 80]


def test_an_unrolled_loop_that_stores_what_the_inner_one_loads_elsewhere_ends_flattening() -> None:
    """Column k of C is loaded, not held in a register: the nest stays two loops."""
    text = _TILE.replace("{}", "16").replace("A[i][k] * B[k][j]", "C[i][k & 15] * B[k][j]")
    assert [loop.trip for loop in read(text).loops if "add" in loop.name] == [80]

"""Copies of an unrolled loop whose inner loops stay: which of them run together, on paper."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.options import Options

_SUMS = """
void top(double a[48][64], double c[64], double o[48]) {
  double A[48][64], x[64], s[48];
  for (int i = 0; i < 48; i++) for (int k = 0; k < 64; k++) A[i][k] = a[i][k];
  for (int k = 0; k < 64; k++) x[k] = c[k];
  outer: for (int i = 0; i < 48; i++) {
#pragma HLS UNROLL factor={copies}
    s[i] = 0;
    sum: for (int k = 0; k < 64; k++) {
#pragma HLS LOOP_FLATTEN off
#pragma HLS UNROLL factor={inner}
      s[i] += A[i][k] * x[k];
    }
    {tail}
  }
  for (int i = 0; i < 48; i++) o[i] = s[i];
}
"""


def read(copies: int, inner: int, tail: str = "") -> Estimate:
    text = _SUMS.replace("{copies}", str(copies)).replace("{inner}", str(inner)).replace("{tail}", tail)
    options = Options(unsafe_math=True, auto_partition=True, deal_arrays=True, tool_year=2025)
    return estimate({"k.cpp": text}, top="top", clock_ns=4.0, part="xcu200-fsgd2104-2-e", options=options)


def trip(found: Estimate) -> tuple[int, int]:
    """Cycles of one trip of the outer loop, and those of one of its sums."""
    loops = {loop.name: loop for loop in found.loops}
    return loops["outer"].depth or 0, loops["sum"].latency or 0


def test_sums_of_two_trips_run_together_as_fast_as_their_rows_are_loaded() -> None:
    """Each column is a memory of two ports: two rows a state, and those that come in the next one join.

    One row: 2 states load it, the sum starts in the second; it waits 2 states for what it begins with and 2 more around
    its cycles. Four sums take one slot; eight take two, and the second slot has 2 states of its own.
    """
    one, cycles = trip(read(1, 32))
    assert one == 3 + cycles + 4
    assert trip(read(2, 32)) == trip(read(4, 32)) == (one, cycles)
    assert trip(read(8, 32)) == (one + 2 + cycles + 4, cycles)


@pytest.mark.parametrize("copies", [2, 3, 4, 8])
def test_sums_of_more_trips_use_the_same_memories_one_after_the_other(copies: int) -> None:
    """Every copy has its 2 states, 2 for what it begins with, 2 around its cycles; many copies are walked as three."""
    together, cycles = trip(read(copies, 16))
    assert together == copies * (2 + 2 + cycles + 2)


def test_what_follows_a_sum_goes_on_beside_the_next_copy() -> None:
    """A sum stands in a register: scaling it holds no memory that the next copy waits for."""
    tail = "s[i] = s[i] * 3.0;"
    alone = trip(read(1, 16, tail))[0] - trip(read(1, 16))[0]
    assert alone > 0
    assert trip(read(4, 16, tail))[0] - trip(read(4, 16))[0] == alone


def test_the_last_partial_trip_parts_the_copies() -> None:
    """48 = 3 * 14 + 6: six sums stand before the exit and eight behind it, in slots of their own: 4, 2 and 4, 4."""
    one, cycles = trip(read(1, 32))
    parted, _ = trip(read(14, 32))
    assert parted == 2 * (one + 2 + cycles + 4)


_BESIDE = """
void top(int a[80], int e[80], int d[{long}]) {
  int A[80], B[80], E[80], D[{long}];
  for (int i = 0; i < 80; i++) A[i] = a[i];
  for (int i = 0; i < 80; i++) E[i] = e[i];
  rolled: for (int i = 0; i < 80; i++) {
#pragma HLS PIPELINE off
    B[i] = A[i] + 1;
  }
  beside: for (int i = 0; i < {long}; i++) D[i] = {read}[i & 63];
  for (int i = 0; i < {long}; i++) d[i] = D[i] + B[i & 63];
}
"""


@pytest.mark.parametrize("length", [100, 400])
def test_a_pipeline_that_shares_nothing_with_the_rolled_loop_before_it_runs_beside_it(length: int) -> None:
    """The shorter of both costs nothing: a rolled loop of 80 trips, 100 or 400 trips beside it."""

    def cycles(read: str) -> tuple[int, int]:
        text = _BESIDE.replace("{long}", str(length)).replace("{read}", read)
        found = estimate({"k.cpp": text}, top="top", clock_ns=4.0)
        loops = {loop.name: loop.latency or 0 for loop in found.loops}
        return found.latency_max or 0, min(loops["rolled"], loops["beside"] + 2)

    shared, saved = cycles("A")
    assert shared - cycles("E")[0] == saved

"""`bench estimator`: estimates with other constants, told apart by whether they need a walk."""

from __future__ import annotations

from itertools import count

import pytest

from aigchip_tui.bench.estimator_again import Again, estimates_again, sentence, summary

ROW = {"kernel": "k", "tool": "2022.2", "device": "xcu55c", "clock": "5.0"}
TEXT = """#define N 100
#define COPIES 8
void k(int a[N], int b[N]) {
  for (int i = 0; i < N; i++) a[i] += b[i];
  for (int j = 0; j < COPIES; j++) {
#pragma HLS UNROLL
    b[j] = a[2 * j];
  }
}
"""


def test_counts_that_move_are_told_apart_from_copies() -> None:
    ticks = count(0.0, 0.001)
    found = estimates_again(ROW, {"k.cpp": TEXT}, {}, "", lambda: next(ticks))
    assert found is not None
    assert (found.followed, found.walked) == (3, 3)
    assert found.followed_ms == pytest.approx(3.0)
    assert estimates_again(ROW, {"k.cpp": "void k(int a[4]) { a[0] = 1; }"}, {}, "", lambda: 0.0) is None


def test_a_rate_is_the_median_over_the_kernels_that_have_some() -> None:
    kernels = [
        Again(followed=2, walked=2, followed_ms=0.2, walked_ms=20.0),
        Again(followed=4, walked=0, followed_ms=0.8, walked_ms=0.0),
        Again(followed=0, walked=1, followed_ms=0.0, walked_ms=5.0),
    ]
    found = summary([*kernels, None])
    assert found is not None
    assert (found.kernels, found.followed, found.estimates) == (3, 6, 9)
    assert (found.followed_kernels, found.walked_kernels) == (2, 2)
    rates = (found.per_second, found.followed_per_second, found.walked_per_second)
    assert rates == pytest.approx((200.0, 1000 / 0.15, 1000 / 7.5))
    assert "6 of 9 such estimates need no walk" in sentence(found)
    assert summary([None]) is None

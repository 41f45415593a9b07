"""Loops whose trips vary with an outer counter: worst case, average case, flattened nests, on paper."""

from __future__ import annotations

import pytest

from aigchip_tui.bench.estimator_sources import options_for
from aigchip_tui.estimator.estimate import LoopEstimate, estimate
from aigchip_tui.estimator.options import Options

TRIANGLE = """
void triangle(int a[40][40], int out[40]) {
  row: for (int i = 0; i < 40; i++) {
    int s = 0;
    below: for (int j = 0; j < i; j++) s += a[i][j];
    out[i] = s;
  }
}
"""
REPEATED = """
void repeated(int a[30][30], int c[30][30]) {
  row: for (int i = 0; i < 30; i++)
    again: for (int k = 0; k < 20; k++)
      upto: for (int j = 0; j <= i; j++) c[i][j] = a[k][j];
}
"""


def loops_of(text: str, *, average: bool) -> dict[str, LoopEstimate]:
    found = estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c", options=Options(average_trips=average))
    return {loop.name: loop for loop in found.loops}


def cycles(loop: LoopEstimate) -> tuple[int, int]:
    """Latency and depth, which are known."""
    assert loop.latency is not None
    assert loop.depth is not None
    return loop.latency, loop.depth


def test_the_least_trips_that_a_pragma_leaves_open_are_none() -> None:
    loop = "for (int i = 0; i < n; i++) {\n#pragma HLS LOOP_TRIPCOUNT max=64\n v[i] += 1; }"
    text = f"void top(int n, int v[64]) {{ {loop} }}"
    found = estimate({"k.cpp": text})
    assert (found.loops[0].trip_min, found.loops[0].trip) == (0, 64)
    assert found.latency_min is not None
    assert found.latency_max is not None
    assert found.latency_max - found.latency_min >= 64


def test_a_triangular_loop_counts_with_its_greatest_trips_in_every_outer_iteration() -> None:
    """Reports multiply: 0 to 39 trips of one cycle make 40 outer iterations of the longest one each.

    On the average it takes 19 whole trips, and a tool that gives the average case leaves out the other 20.
    """
    worst, average = loops_of(TRIANGLE, average=False), loops_of(TRIANGLE, average=True)
    below = worst["below"]
    assert (below.trip_min, below.trip, below.ii) == (0, 39, 1)
    longest, depth = cycles(below)
    assert longest == 38 + depth - 1
    whole, iteration = cycles(worst["row"])
    assert whole == 40 * iteration
    usual, _ = cycles(average["below"])
    assert iteration - cycles(average["row"])[1] == longest - usual
    assert longest - usual == 20


def test_a_flattened_nest_counts_with_the_average_of_its_inner_trips() -> None:
    """20 times 1 to 30 trips are flattened to at most 600; on the average 15 whole ones make 300."""
    for average, trips in ((False, 600), (True, 300)):
        loop = loops_of(REPEATED, average=average)["again_upto"]
        latency, depth = cycles(loop)
        assert (loop.trip, latency) == (600, trips - 1 + depth - 1)


TRIANGULAR = """
void product(double a[20][20], double b[20][30]) {
  for (int i = 0; i < 20; i++) for (int j = 0; j < 30; j++) {
    matrix: for (int k = i + 1; k < 20; k++) b[i][j] += a[k][i] * b[k][j];
    b[i][j] *= 2.5;
  }
}
void solve(double l[40][40], double x[40]) {
  for (int i = 0; i < 40; i++) {
    vector: for (int j = 0; j < i; j++) x[i] -= l[i][j] * x[j];
    x[i] /= l[i][i];
  }
}
void update(ap_fixed<32, 16> c[30][30], ap_fixed<32, 16> a[30][20]) {
  for (int i = 0; i < 30; i++) for (int k = 0; k < 20; k++)
    upto: for (int j = 0; j <= i; j++) c[i][j] += a[i][k] * a[j][k];
}
"""


@pytest.mark.parametrize(
    ("top", "loop", "interval"), [("product", "matrix", 15), ("solve", "vector", 17), ("update", "upto", 2)]
)
def test_a_triangular_loop_waits_for_what_it_may_have_stored(top: str, loop: str, interval: int) -> None:
    """Product and sum of 7 states each, and the store; of a vector its load of two states as well.

    The tool does not know that k, which begins behind i, never meets it. Intervals follow from latencies of packaged
    cores of three sizes.
    """
    found = estimate({"k.cpp": TRIANGULAR}, top=top, clock_ns=10.0, part="xc7z020", options=Options(tool_year=2023))
    assert next(one.ii for one in found.loops if loop in one.name) == interval


def test_the_latency_in_the_metadata_of_a_packaged_core_is_its_average_case() -> None:
    assert options_for("2023.1.1", "HLS_SYN_LAT of the core").average_trips
    assert not options_for("2023.1.1", "csynth report").average_trips


ONCE = """
void copy(int a[416], int b[416]) {
  for (int i = 0; i < 416; i++) {
    for (int j = 0; j < TRIPS; j++) {
#pragma HLS PIPELINE II=1
      b[i * TRIPS + j] = a[i * TRIPS + j];
    }
    MORE
  }
}
"""


def test_a_loop_of_one_trip_is_its_body() -> None:
    """Its parent is then the innermost loop and pipelined unasked: one word a cycle, not one in five."""
    text = ONCE.replace("MORE", "if (i > 3) b[i] ^= i;")
    once, twice = estimate({"k.cpp": text.replace("TRIPS", "1")}), estimate({"k.cpp": text.replace("TRIPS", "2")})
    assert [loop.pipelined for loop in once.loops] == [True]
    assert [loop.pipelined for loop in twice.loops] == [False, True]
    assert once.latency_max is not None
    assert once.latency_max < 2 * 416 + 8


def test_a_bound_that_the_body_declares_is_not_remarked_on() -> None:
    """Asking from outside whether an inner loop runs once meets a name that is declared only within."""
    found = estimate({"k.cpp": """
void rows(const int a[8][16], int b[8]) {
  for (int i = 0; i < 8; i++) {
    int few = i + 1;
    for (int j = 0; j < few; j++) b[i] += a[i][j];
  }
}
"""})
    assert found.unknown == ()

"""Banks that are no power of two: the remainder that selects one takes a cycle a bit and four, on paper."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate

_TAPS = """
void top(int x[120], int y[120]) {
  int a[{words}];
  for (int i = 0; i < {words}; i++) a[i] = x[i];
  taps: for (int i = 1; i < {words} - 2; i++) y[i] = {taps};
}
"""

_ROUND = """
void top(int x[120], int y[120]) {
  int a[120], b[120];
  for (int i = 0; i < 120; i++) a[i] = x[i];
  first: for (int i = 1; i < {end}; i++) {
#pragma HLS UNROLL factor=4
    b[i] = a[i - 1] ^ a[i];
  }
  second: for (int i = 1; i < {end}; i++) y[i] = b[i - 1] ^ b[i] ^ b[i + 1];
}
"""

_ROWS = """
void top(int x[4096], int y[4096]) {
  int a[4096];
  for (int i = 0; i < 4096; i++) a[i] = x[i];
  rows: for (int r = 0; r < 62; r++) {
#pragma HLS UNROLL factor={copies}
    line: for (int c = 0; c < 60; c++) {
#pragma HLS PIPELINE
      y[r * 64 + c] = a[r * 64 + c] ^ a[r * 64 + c + 1] ^ a[r * 64 + c + 2];
    }
  }
}
"""


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xcu55c")


def depth(text: str, name: str) -> int:
    """Depth of the first loop of a name."""
    return next(loop.depth or 0 for loop in read(text).loops if loop.name == name)


@pytest.mark.parametrize(("words", "bits"), [(120, 7), (60, 6)])
def test_three_neighbours_wait_for_a_remainder_and_four_do_not(words: int, bits: int) -> None:
    """Three loads a trip want three banks; four share two banks of two ports, which the lowest bit selects."""
    text = _TAPS.replace("{words}", str(words))
    three = depth(text.replace("{taps}", "a[i - 1] ^ a[i] ^ a[i + 1]"), "taps")
    four = depth(text.replace("{taps}", "a[i - 1] ^ a[i] ^ a[i + 1] ^ a[i + 2]"), "taps")
    assert three - four == bits + 4


def test_an_exit_between_stores_takes_their_remainders_of_64_bits() -> None:
    """118 trips leave a body of four copies in its middle, 116 do not; the second loop gives the array three banks.

    68 cycles of the remainder, one state before and two after it.
    """
    assert depth(_ROUND.replace("{end}", "119"), "first") == 68 + 3
    assert depth(_ROUND.replace("{end}", "117"), "first") < 68


def test_loads_along_a_counter_that_leaves_take_remainders_of_64_bits() -> None:
    """62 rows by 31 copies are two whole trips; by 4 copies the last trip leaves after two of them."""
    whole, leaves = (depth(_ROWS.replace("{copies}", copies), "line") for copies in ("31", "4"))
    assert leaves - whole == 64 - 12


def test_trips_are_whole_where_the_factor_is_no_power_of_two() -> None:
    """Of 116 trips by 31 copies three are whole; by 32 copies a fourth one is counted, as reports do."""
    text = _ROWS.replace("r < 62", "r < 116").replace("4096", "8192")
    trips = [
        next(loop.trip for loop in read(text.replace("{copies}", copies)).loops if loop.name == "rows")
        for copies in ("31", "32")
    ]
    assert trips == [3, 4]

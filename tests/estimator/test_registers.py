"""Arrays in registers: an index that is no constant, and loops that wait for what others leave there."""

from __future__ import annotations

from aigchip_tui.bench.estimator_sources import options_for
from aigchip_tui.estimator.estimate import Estimate, estimate

SUMS = """
void sums(const float a[64][8], float out[64]) {
  float s[64];
#pragma HLS ARRAY_PARTITION variable=s complete
#pragma HLS ARRAY_PARTITION variable=a complete dim=2
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    s[i] = 0;
    for (int j = 0; j < 8; j++) s[WHERE] += a[i][j];
  }
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    out[i] = s[i];
  }
}
"""


def read(text: str, tool: str = "2022.2") -> Estimate:
    return estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c", options=options_for(tool, ""))


def test_a_value_comes_back_under_the_index_that_it_was_stored_at() -> None:
    """The sum of one iteration is a chain of eight additions; that of another element goes around them all."""
    own, other = read(SUMS.replace("WHERE", "i")), read(SUMS.replace("WHERE", "63 - i"))
    assert own.loops[0].ii == 1
    assert other.loops[0].ii is not None
    assert other.loops[0].ii > 8


def test_a_loop_waits_for_the_registers_that_another_leaves() -> None:
    found = read(SUMS.replace("WHERE", "i"))
    assert found.latency_max is not None
    assert found.latency_max >= sum(loop.latency or 0 for loop in found.loops)


def test_an_argument_has_the_ports_of_its_interface_since_2020() -> None:
    """RESOURCE with a single-port memory on an argument; before 2020 it was the way to ask for that port."""
    text = """
void pairs(const int a[64], int out[32]) {
#pragma HLS RESOURCE variable=a core=RAM_1P_BRAM
  for (int i = 0; i < 32; i++) {
#pragma HLS PIPELINE II=1
    out[i] = a[2 * i] ^ a[2 * i + 1];
  }
}
"""
    assert read(text).loops[0].ii == 1
    assert read(text, "2018.3").loops[0].ii == 2


def test_limits_of_a_type_are_values() -> None:
    text = """
void least(const unsigned a[64], unsigned *out) {
  unsigned m = std::numeric_limits<unsigned int>::max();
  for (int i = 0; i < 64; i++) m = std::min(m, a[i]);
  *out = m == UINT32_MAX ? 0 : m;
}
"""
    found = read(text)
    assert found.unknown == ()
    assert found.latency_max is not None

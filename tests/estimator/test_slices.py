"""Bits of an integer that are assigned hold up whoever reads the integer after them."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate

PACK = """
#include <ap_int.h>
void top(ap_uint<16> a, ap_uint<16> b, ap_uint<16> *o) {
  ap_uint<32> word = 0;
  SLICE = a / b;
  ap_uint<16> low = word;
  *o = low / b;
}
"""


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=10.0, part="xczu7ev-ffvc1156-2-e")


@pytest.mark.parametrize("slice_", ["word(15, 0)", "word.range(15, 0)", "word(i + 15, i)"])
def test_a_division_waits_for_bits_that_a_division_made(slice_: str) -> None:
    kernel = PACK.replace("*o) {", "*o, int i) {") if "i +" in slice_ else PACK
    one = read(kernel.replace("SLICE = a / b", "word = a"))
    both = read(kernel.replace("SLICE", slice_))
    assert one.latency_max is not None
    assert both.latency_max is not None
    assert both.unknown == ()
    assert both.latency_max >= 2 * one.latency_max


def test_bits_behind_a_pointer_are_those_of_a_name() -> None:
    text = "#include <ap_int.h>\nvoid top(ap_uint<8> *x, ap_uint<4> *w, int at) { TARGET(at + 3, at) = *w; }\n"
    found = read(text.replace("TARGET", "(*x)"))
    assert (found.unknown, found.latency_max) == ((), 0)


def test_the_least_of_a_list_is_taken_pair_by_pair() -> None:
    text = "#include <algorithm>\nvoid top(int a, int b, int c, int *o) { *o = LEAST; }\n"
    listed = read(text.replace("LEAST", "std::min({a, b, c})"))
    nested = read(text.replace("LEAST", "std::min(std::min(a, b), c)"))
    assert (listed.unknown, listed.lut, listed.latency_max) == ((), nested.lut, nested.latency_max)


def test_a_conversion_to_a_sized_type_is_no_declaration() -> None:
    text = """void top(int a[4], int *o) {
      int t = 0;
      for (int i = 0; i < 4; i++) if (i >= 3 && (unsigned(a[i] & 0xf0) == 16)) t += long(a[i]);
      *o = t;
    }
    """
    found = read(text)
    assert (found.unknown, [loop.trip for loop in found.loops]) == ((), [4])

"""What lasts from call to call, and tables that nothing changes, as reports of public kernels show them."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, estimate


def _estimate(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="f", clock_ns=10.0, part="xc7z020")


def test_a_static_counts_from_call_to_call() -> None:
    """A first value of 0 says nothing of `++count >= 4` in a later call: what it guards is hardware.

    A static that nothing changes is the constant that it is set to.
    """
    text = """
void f(int a, int &o) {
  static int count = 0;
  bool send = false;
  if (++count >= 4) { count = 0; send = true; }
  if (send) o = a * a;
}
"""
    assert _estimate(text).dsp == 3
    assert _estimate(text.replace("++count", "count").replace("count = 0; send", "send")).dsp == 0


def test_a_local_table_of_literals_is_a_rom() -> None:
    """No loop sets its elements before the kernel begins; one that is changed later is set first, 32 cycles."""
    values = ", ".join(str(number * 3 + 1) for number in range(32))
    text = f"""
void f(int in[32], int out[32]) {{
  int table[32] = {{{values}}};
  each: for (int i = 0; i < 32; i++) out[i] = in[i] ^ table[i];
}}
"""
    changed = text.replace("out[i] =", "table[i] = 0, out[i] =")
    assert [one.name for one in _estimate(text).loops] == ["each"]
    assert [one.name for one in _estimate(changed).loops] == ["clear_table", "each"]


def test_a_fixed_point_factor_that_is_known_needs_no_multiplier() -> None:
    """Powers of two are wiring, signs a choice: the CORDIC of courses."""
    text = """
#include "ap_fixed.h"
typedef ap_fixed<12, 2> value;
void f(value angle, value &out) {
#pragma HLS PIPELINE
  value factor = 1.0, x = 0.5;
  for (int i = 0; i < 40; i++) {
    int sign = angle < 0 ? -1 : 1;
    x = x - x * sign * factor;
    angle = angle - sign * value(0.25);
    factor = factor / 2;
  }
  out = x;
}
"""
    found = _estimate(text)
    assert found.dsp == 0
    assert (_estimate(text.replace("factor = factor / 2", "factor = factor - angle")).dsp or 0) > 0

"""Conditions: what a `continue` passes over, what is compared once, what an undefined value spares."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import estimate
from aigchip_tui.estimator.result import Estimate
from tests.estimator.test_invariance import figures

_LOOP = """
void top(const int a[64], const int b[64], int out[64], int bound) {{
  int last = 0;
  for (int i = 0; i < 64; i++) {{
#pragma HLS PIPELINE II=1
{}
  }}
  out[0] = last;
}}
"""


def _slow(body: str) -> Estimate:
    """At 150 MHz on a part where an addition and a comparison of 32 bits take more than a cycle."""
    return estimate({"k.cpp": _LOOP.format(body)}, top="top", clock_ns=6.667, part="xc7z020clg400-1")


def test_what_stands_behind_a_continue_runs_under_its_condition() -> None:
    passed = "    out[i] = a[i];\n    if (a[i] > 9) continue;\n    out[i] = a[i] * b[i];"
    nested = "    out[i] = a[i];\n    if (!(a[i] > 9)) { out[i] = a[i] * b[i]; }"
    assert figures(_LOOP.format(passed)) == figures(_LOOP.format(nested))


def test_a_counter_that_is_counted_and_compared_waits_for_both() -> None:
    """The comparison of the sum closes the cycle; that of the counter stands beside the addition."""
    behind = "    if (++last != bound) continue;\n    last = 0;"
    beside = "    last = last == bound ? 0 : last + 1;"
    assert [_slow(text).loops[0].ii for text in (behind, beside)] == [2, 1]


def test_choices_of_one_value_are_one_choice() -> None:
    """Four conditions one within the other are met before the value comes: only the innermost choice waits for it."""
    nested = "    if (a[i] == 1) {\n if (a[i] != b[i]) {\n if (b[i] == 3) {\n if (bound != 5) {\n {} \n} } } }"
    counted = nested.replace("{}", "last = last == bound ? 0 : last + 1;")
    assert _slow(counted).loops[0].ii == 1


def _lut(chosen: str) -> int:
    text = f"""
void top(const int sel[64], const int in[64][4], int out[64]) {{
#pragma HLS ARRAY_PARTITION variable=in complete dim=2
  for (int i = 0; i < 64; i++) {{
#pragma HLS PIPELINE II=1
    {chosen}
  }}
}}
"""
    return _area(text)


def _area(text: str) -> int:
    found = estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xczu7ev-ffvc1156-2-e").lut
    assert found is not None
    return found


def test_a_value_that_is_never_defined_is_not_chosen() -> None:
    """Of four words three multiplexers choose; from zero it takes a fourth."""
    chain = "for (int k = 0; k < 4; k++) if (sel[i] == k) x = in[i][k];\n out[i] = x;"
    assert _lut(f"int x = 0; {chain}") - _lut(f"int x; {chain}") == 32


def test_a_value_of_the_iteration_before_is_defined() -> None:
    text = """
void top(const int sel[64], const int in[64], int out[64]) {
  int x;
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    if (sel[i] == 1) x = in[i];
    out[i] = x;
  }
}
"""
    plain = text.replace("if (sel[i] == 1) x", "x")
    assert _area(text) - _area(plain) >= 32


def test_equal_comparisons_of_unrolled_copies_are_one() -> None:
    """Each of four words asks for the same two comparisons, which are made once."""
    one = "int x; if (sel[i] == 7) x = in[i][0]; else x = in[i][1]; out[i] = x;"
    copies = ("int x = 0; for (int k = 0; k < 4; k++) { int y; if (sel[i] == 7) y = in[i][k]; else y = in[i][3 - k];"
              " x ^= y; } out[i] = x;")
    apart = copies.replace("== 7", "== 7 + k")
    assert _lut(apart) > _lut(copies) > _lut(one)


def test_a_condition_that_always_holds_costs_nothing() -> None:
    asked = "const bool always = true; int x = 3; if (sel[i] == 7 && always) x = in[i][0]; out[i] = x;"
    assert _lut(asked) == _lut(asked.replace(" && always", ""))

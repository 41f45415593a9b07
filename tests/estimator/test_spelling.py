"""What a program says does not depend on how it says it: each pair of texts is one estimate."""

from __future__ import annotations

from typing import Any

import pytest

from aigchip_tui.estimator.estimate import estimate
from tests.estimator.test_invariance import figures

_NEST = """
void top(const float a[32][24], float b[32], float c[24]) {{
{}
}}
"""
_PLAIN = _NEST.format("""
  for (int i = 0; i < 32; i++)
    for (int j = 0; j < 24; j++) b[i] += a[i][j] * c[j];
""")

PAIRS: dict[str, tuple[str, str]] = {
    "while": (
        _PLAIN,
        _NEST.format("""
  int i = 0;
  while (i < 32) {
    int j = 0;
    while (24 > j) { b[i] = b[i] + a[i][j] * c[j]; j = 1 + j; }
    ++i;
  }
"""),
    ),
    "a break at the head": (
        _PLAIN,
        _NEST.format("""
  for (int i = 0;; i++) {
    if (i >= 32) break;
    int j = 0;
    for (;; j += 1) { if (!(j <= 23)) break; b[i] += a[i][j] * c[j]; }
  }
"""),
    ),
    "counters of the function": (
        _PLAIN,
        _NEST.format("""
  int i, j;
  for (i = 0; i != 32; i = i + 1) {{
    for (j = 0; j <= 24 - 1; ++j) {{ { b[i] = (a[i][j] * c[j]) + (b[i]); } }}
  }}
"""),
    ),
    "several names in a header": (
        _NEST.format("""
  int j = 23;
  for (int i = 0; i < 24; i++) { b[i] = c[j] * 3; j--; }
"""),
        _NEST.format("""
  for (int j = 23, i = 0; i < 24; j--, i++) b[i] = c[j] * 3;
"""),
    ),
    "a header without a step": (
        _PLAIN,
        _NEST.format("""
  for (int i = 0; i < 32;) {{
    for (int j = 0; j < 24;) {{ b[i] += a[i][j] * c[j]; j++; }}
    i++;
  }}
"""),
    ),
    "pointers": (
        _PLAIN,
        _NEST.format("""
  for (int i = 0; i < 32; i++)
    for (int j = 0; j < 24; j++) *(b + i) += *(*(a + i) + j) * *(c + j);
"""),
    ),
    "nothing that does anything": (
        _PLAIN,
        _NEST.format("""
  int unused = 7;
  for (int i = 0; i < 32; i++) {
    ;; (void)0; float never = 3;
    for (int j = 0; j < 24; j++) { b[i] += a[i][j] * c[j]; }
  }
"""),
    ),
    "counting down in the condition": (
        "void top(int a[64]) { for (int i = 63; i >= 0; i--) a[i] += 3; }",
        "void top(int a[64]) { int i = 64; while (i--) a[i] += 3; }",
    ),
    "counting up in the condition": (
        "void top(int a[65]) { for (int i = 1; i <= 64; i++) a[i] += 3; }",
        "void top(int a[65]) { int i = 0; while (i++ < 64) a[i] += 3; }",
    ),
    "do": (
        "void top(int a[64]) { for (int i = 0; i < 64; i++) a[i] *= 3; }",
        "void top(int a[64]) { int i = 0; do { a[i] *= 3; i++; } while (i < 64); }",
    ),
    "the other branch first": (
        "void top(int a[64]) { for (int i = 0; i < 64; i++) { if (a[i] == 3) a[i] = i * i; else a[i] += 7; } }",
        "void top(int a[64]) { for (int i = 0; i < 64; i++) { if (!(a[i] == 3)) a[i] += 7; else a[i] = i * i; } }",
    ),
    "a pragma operator": (
        "void top(int a[64]) {\n for (int i = 0; i < 64; i++) {\n#pragma HLS UNROLL factor=4\n a[i] *= 3; } }",
        "#define ASK(x) _Pragma(#x)\n#define BY 4\n"
        "void top(int a[64]) {\n for (int i = 0; i < 64; i++) { ASK(HLS UNROLL factor=BY) a[i] *= 3; } }",
    ),
    "a pragma before a body without braces": (
        "void top(int a[64]) {\n for (int i = 0; i < 64; i++) {\n#pragma HLS PIPELINE II=3\n a[i] *= 3; } }",
        "void top(int a[64]) {\n for (int i = 0; i < (64); i++)\n#pragma HLS PIPELINE II=3\n a[i]\n*=\n3\n; }",
    ),
    "parentheses that look like types": (
        "void top(float a[64], float b[64], float x) { for (int i = 0; i < 64; i++) a[i] = x * b[i] * a[i] + x; }",
        "void top(float a[64], float b[64], float x) {"
        " for (int i = 0; i < 64; i++) a[i] = (((x * (b[i])) * (a[i])) + (x)); }",
    ),
    "types that look like names": (
        "typedef float real; void top(real a[64]) { for (int i = 0; i < 64; i++) a[i] = real(-i) * 2; }",
        "typedef float real; void top(real a[64]) { for (int i = 0; i < 64; i++) a[i] = (real)-i * 2; }",
    ),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_the_same_program_in_other_words_is_the_same_estimate(kind: str) -> None:
    one, other = (figures(text) for text in PAIRS[kind])
    assert one["latency_max"] is not None
    assert one == other


def loops(text: str) -> list[dict[str, Any]]:
    found = estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xcu55c")
    return [{"line": one.line, "trip": one.trip, "ii": one.ii} for one in found.loops]


def test_a_do_loop_runs_once_at_least() -> None:
    """The condition fails at once, but stands behind the body."""
    text = "void top(int a[9]) { int i = 9; do { a[i - 9]++; i++; } while (i < 5); }"
    assert [one["trip"] for one in loops(text)] == [1]


def test_a_continue_passes_over_the_step() -> None:
    """Where it does, the loop does not count: nothing is claimed of its trips."""
    text = "void top(int a[9]) { int i = 0; while (i < 9) { if (a[i]) continue; i++; } }"
    assert [one["trip"] for one in loops(text)] == [None]


def test_a_counter_that_the_body_moves_is_not_counted() -> None:
    text = "void top(int a[64]) { for (int i = 0; i < 64; i++) { if (a[i]) i++; a[i] = 2; } }"
    assert [one["trip"] for one in loops(text)] == [None]


def test_a_counter_that_is_used_later_keeps_its_value() -> None:
    """`i` is 8 behind the loop: the second one has 8 trips."""
    text = "void top(int a[64]) { int i; for (i = 0; i < 8; i++) a[i]++; for (int j = 0; j < i; j++) a[j] += 2; }"
    assert [one["trip"] for one in loops(text)] == [8, 8]


def test_a_pragma_operator_moves_no_line() -> None:
    text = "void top(int a[64]) {\n for (int i = 0; i < 8; i++) { _Pragma(\"HLS PIPELINE\") a[i]++;\n }\n\n"
    assert loops(text + " for (int j = 0; j < 9; j++) a[j] += 2;\n}\n")[1]["line"] == 5


def test_the_side_of_a_counter_that_moves_in_its_condition_does_not_matter() -> None:
    """64, 63, ... 1 are compared with 0 before each step down: 64 trips, whichever side the counter stands on."""
    for condition in ("i-- > 0", "0 < i--"):
        text = f"void top(int a[64]) {{ for (int i = 64; {condition};) a[i] += 3; }}"
        assert [one["trip"] for one in loops(text)] == [64]


def test_lines_that_end_as_on_windows_are_lines() -> None:
    text = "void top(int a[16])\n#pragma HLS INLINE off\n{ for (int i = 0; i < 16; i++) a[i]++; }\n"
    assert figures(text.replace("\n", "\r\n")) == figures(text)

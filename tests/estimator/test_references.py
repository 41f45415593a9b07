"""A reference to an element is the element: nothing moves, and what is no such reference stays one."""

from __future__ import annotations

import pytest

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.estimate import Estimate, estimate, read_design

NEST = """
void top(double a[40][40], double b[40], int at[40]) {
  for (int i = 0; i < 40; i++)
    for (int j = i; j < 40; j++)
      for (int k = 0; k < i; k++) { SUM }
}
"""


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xczu7ev-ffvc1156-2-e")


def told(text: str) -> tuple[object, ...]:
    found = read(text)
    loops = [(one.trip_min, one.trip, one.ii, one.depth, one.flattened) for one in found.loops]
    return found.latency_min, found.latency_max, found.dsp, found.ff, found.lut, loops, found.unknown


@pytest.mark.parametrize(
    "spelled",
    [
        "auto &r = a[i][j]; r -= a[i][k] * a[k][j];",
        "double &r = a[i][j]; const double &s = a[k][j]; r -= a[i][k] * s;",
        "auto &row = a[i]; row[j] -= row[k] * a[k][j];",
        "double *p = &a[i][j]; *p -= a[i][k] * a[k][j];",
    ],
)
def test_a_reference_moves_nothing(spelled: str) -> None:
    assert told(NEST.replace("SUM", spelled)) == told(NEST.replace("SUM", "a[i][j] -= a[i][k] * a[k][j];"))


FIR = """
void top(int *y, int c[11], int x) {
  static int taps[11];
  int sum = 0;
  for (int i = 10; i >= 0; i--) {
#pragma HLS PIPELINE off
    if (i == 0) { SUM0; taps[0] = x; } else { taps[i] = taps[i - 1]; SUM }
  }
  *y = sum;
}
"""


@pytest.mark.parametrize("spelled", ["auto &r = sum; r += taps[i] * c[i];", "int *p = &sum; *p += taps[i] * c[i];"])
def test_a_sum_is_the_same_by_another_name(spelled: str) -> None:
    plain = FIR.replace("SUM0", "sum += x * c[0]")
    assert told(plain.replace("SUM", spelled)) == told(plain.replace("SUM", "sum += taps[i] * c[i];"))


@pytest.mark.parametrize(
    ("body", "stays"),
    [
        ("int *r = &n; r[0] += 1;", True),
        ("int *r = &n; *r += 1; r++;", True),
        ("int &r = n; { int n = 2; r += n; }", True),
        ("auto &r = b[n]; r += 1;", False),
        ("auto &r = b[n]; n = 3; r += 1;", True),
        ("auto &r = b[n]; for (int i = 0; i < 4; i++) { int n = i; r += n; }", True),
        ("auto &r = *b; b = b + 1; r += 1;", True),
        ("auto &r = b[0]; b = b + 1; r += 1;", True),
        ("auto &r = b[n]; auto f = [&]() { r += 1; }; f();", True),
        ("auto &r = b[b[n]]; r += 1;", True),
        ("auto r = b[n]; r += 1; *b = r;", True),
    ],
)
def test_a_reference_is_kept_where_its_element_would_be_another(body: str, stays: bool) -> None:
    design = read_design({"k.cpp": "void top(int *b, int n) { " + body + " }"})
    block = design.unit.functions["top"][0].body
    assert block is not None
    declared = [one.name for part in block.statements if isinstance(part, ast.Declaration) for one in part.variables]
    assert ("r" in declared) is stays


def test_an_index_that_loads_is_loaded_once() -> None:
    once = read(NEST.replace("SUM", "auto &r = b[at[k]]; r = r + r * 3 + a[i][k];"))
    assert once.unknown == ()
    assert not any("at" in one.bound for one in once.loops)

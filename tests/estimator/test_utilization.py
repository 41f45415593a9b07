"""The parts that an estimate's resources are made of, beside those of utilization tables of public reports."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, estimate, estimate_design, read_design

SCALED = """
#define N 1100
#define W 40
void scaled(float a[N], float b[N], float c[N]) {
  float t[N];
  for (int i = 0; i < N; i++) {
#pragma HLS PIPELINE
    t[i] = a[i] * b[i];
  }
  for (int i = 0; i < W; i++) {
#pragma HLS PIPELINE
    c[i] = t[i] + b[i];
  }
}
"""


def checked(found: Estimate) -> dict[str, tuple[int, int, int, int, int]]:
    """The figures of each part by its name; they add up to the totals."""
    parts = {one.name: (one.bram18, one.uram, one.dsp, one.ff, one.lut) for one in found.parts}
    whole = parts.pop("Total")
    assert whole == tuple(sum(column) for column in zip(*parts.values(), strict=True))
    assert whole == (found.bram18, found.uram, found.dsp, found.ff, found.lut)
    return parts


def test_parts_add_up_also_with_other_constants() -> None:
    design = read_design({"k.cpp": SCALED}, constants={"N": 1100, "W": 40})
    found = [estimate_design(design, sets={"N": words, "W": 40}) for words in (1100, 1900)]
    first, again = (checked(one) for one in found)
    assert first["Memory"][0] == 3
    assert first["Instance: operators"][2] > 0
    assert again == checked(estimate({"k.cpp": SCALED.replace("N 1100", "N 1900")})) != first


def test_what_is_not_read_has_no_parts() -> None:
    assert estimate({"k.cpp": "int g(int); void f(int *a) { *a = g(*a); }"}, top="f").parts == ()

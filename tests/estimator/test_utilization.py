"""The parts that an estimate's resources are made of, beside those of utilization tables of public reports."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, estimate, estimate_design, read_design

SCALED = """
#define N 20000
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
    design = read_design({"k.cpp": SCALED}, constants={"N": 20000, "W": 40})
    found = [estimate_design(design, sets={"N": words, "W": 40}) for words in (20000, 30000)]
    first, again = (checked(one) for one in found)
    assert first["Memory"][0] == 3 * 16
    assert first["Instance: operators"][2] > 0
    assert again == checked(estimate({"k.cpp": SCALED.replace("N 20000", "N 30000")})) != first


def test_what_is_not_read_has_no_parts() -> None:
    assert estimate({"k.cpp": "int g(int); void f(int *a) { *a = g(*a); }"}, top="f").parts == ()


def test_units_are_chosen_by_the_modules_that_use_them() -> None:
    """Two loops with 8 and 2 adders share two of them; the copies of one loop share one access to an array."""
    text = "void f(float x[8][64], float y[64]) {\n#pragma HLS ARRAY_PARTITION variable=x complete dim=1\n"
    text += "#pragma HLS ARRAY_PARTITION variable=y cyclic factor=2\n for (int i = 0; i < 64; i++) {\n"
    text += "#pragma HLS PIPELINE\n for (int k = 0; k < 8; k++) x[k][i] += 1.5f; }\n"
    text += "for (int i = 0; i < 64; i += 2) {\n#pragma HLS PIPELINE\n"
    text += "for (int k = 0; k < SECOND; k++) y[i + k] += 2.5f; } }"
    none, two = (estimate({"k.cpp": text.replace("SECOND", second)}) for second in ("0", "2"))
    assert none.dsp == two.dsp == 8 * 2
    choices = [next(one.lut for one in found.parts if one.name == "Multiplexer") for found in (none, two)]
    assert 2 * 3 * 14 <= choices[1] - choices[0] < 8 * 3 * 14

"""Products and sums in DSP slices, on paper: latency and DSP of public reports of the same loops.

The 3 x 3 product of byte matrices is the tool's own tutorial; public repositories keep its reports for 10 ns (2022.1).
"""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate

MATRIX = """
void product(signed char a[3][3], signed char b[3][3], short res[3][3]) {
  row: for (int i = 0; i < 3; i++) {
    col: for (int j = 0; j < 3; j++) {
      res[i][j] = 0;
      inner: for (int k = 0; k < 3; k++) {
        res[i][j] += a[i][k] * b[k][j];
      }
    }
  }
}
"""
RESHAPED = "set_directive_array_reshape -type complete -dim 2 product a\nset_directive_array_reshape -dim 1 product b\n"


def read(text: str, directives: str = "", clock_ns: float = 10.0) -> Estimate:
    return estimate({"k.cpp": text}, clock_ns=clock_ns, part="xcvu9p-flgb2104-1-e", directives=directives)


def test_a_multiply_add_has_four_stages_behind_the_load() -> None:
    """Load in cycles 0 and 1, slice in 1 to 4, sum and store in 4: depth 5. 27 trips: 26 + 4, and 2 around the loop."""
    found = read(MATRIX, "set_directive_pipeline product/inner\n")
    assert [(loop.trip, loop.ii, loop.depth) for loop in found.loops] == [(27, 1, 5)]
    assert (found.latency_max, found.dsp) == (26 + 4 + 2, 1)


def test_a_second_product_adds_no_stage_and_the_first_is_made_of_luts() -> None:
    """Three products: two slices whose sums follow each other in one cycle, one product of LUTs. 8 + 4 + 2 cycles."""
    found = read(MATRIX, RESHAPED + "set_directive_pipeline product/col\n")
    assert (found.loops[0].trip, found.loops[0].depth) == (9, 5)
    assert (found.latency_max, found.dsp) == (8 + 4 + 2, 2)
    whole = read(MATRIX, RESHAPED + "set_directive_pipeline product\n")
    assert whole.dsp == 9 * 2


def test_without_pipelines_every_trip_waits_for_the_slice() -> None:
    """A trip of the inner loop takes 5 states; each loop around adds 2: 3 * (2 + 3 * (2 + 3 * 5)) and 1 to begin."""
    off = "".join(f"set_directive_pipeline -off product/{name}\n" for name in ("row", "col", "inner"))
    assert read(MATRIX, off).latency_max == 3 * (2 + 3 * (2 + 3 * 5)) + 1


@pytest.mark.parametrize(("count", "slices"), [(1, 1), (2, 1), (3, 2), (4, 2), (9, 5)])
def test_every_second_of_the_summed_products_has_a_slice(count: int, slices: int) -> None:
    """Nine products of a 3 x 3 window: five multiply-adds and four products of LUTs."""
    terms = " + ".join(f"a{n} * b{n}" for n in range(count))
    ports = ", ".join(f"unsigned char a{n}, unsigned char b{n}" for n in range(count))
    text = f"void window({ports}, int c, int *out) {{\n#pragma HLS PIPELINE\n  *out = {terms} + c;\n}}"
    # One more leaf takes no product: only where a product stands alone with it, both share a slice.
    assert read(text).dsp == slices


def test_a_lone_product_needs_a_slice_from_eleven_bits_on() -> None:
    text = "#include <ap_int.h>\nvoid f(ap_int<W> a[64], ap_int<W> b[64], ap_int<20> c[64]) {\n"
    text += "  for (int i = 0; i < 64; i++) c[i] = a[i] * b[i];\n}"
    narrow, wide = read(text.replace("W>", "10>")), read(text.replace("W>", "11>"))
    assert (narrow.dsp, wide.dsp) == (0, 1)
    assert (wide.loops[0].depth, narrow.loops[0].depth) == (2, 2), "both follow the load in its second state"

"""What one iteration leaves to the next: first and running sums, stored elements, exits; each computed on paper.

At 4 ns a double addition takes 6 states and a product as many; a load takes 2, a store 1.
"""

from __future__ import annotations

from aigchip_tui.estimator.estimate import LoopEstimate, estimate
from aigchip_tui.estimator.options import Options


def loops_of(text: str) -> dict[str, LoopEstimate]:
    found = estimate({"k.cpp": text}, clock_ns=4.0, part="xcu200", options=Options(unsafe_math=True))
    return {loop.name: loop for loop in found.loops}


ROWS = """
void rows(double a[40][100], double out[40]) {
  double s[40];
  outer: for (int i = 0; i < 40; i++) {
    s[i] = 0.0;
    inner: for (int j = 0; j < 100; j++) s[i] += a[i][j];
  }
  give: for (int i = 0; i < 40; i++) out[i] = s[i];
}
"""


def test_the_choice_between_a_first_and_a_running_sum_fits_beside_the_addition() -> None:
    """Flattened, each row begins with a zero that is chosen in the addition's first state: an interval of its 6."""
    assert loops_of(ROWS)["outer_inner"].ii == 6


ALIAS = """
void products(double a[60][60], double b[60][80]) {
  double m[60][80];
  take: for (int i = 0; i < 60; i++) for (int j = 0; j < 80; j++) m[i][j] = b[i][j];
  rows: for (int i = 0; i < 60; i += STEP)
    columns: for (int j = 0; j < 80; j++) {
      inner: for (int k = 0; k < 60; k++) {
#pragma HLS UNROLL factor=20
        if (k > i) m[i][j] += a[k][i] * m[k][j];
      }
      AFTER
    }
  give: for (int i = 0; i < 60; i++) for (int j = 0; j < 80; j++) b[i][j] = m[i][j];
}
"""


def test_a_load_waits_for_the_store_before_it() -> None:
    """m[k][j] may be the m[i][j] that the copy before stored: load 2, product 6, sum 6, store 1, in each of 20 copies.

    Where i moves by 5 and k by 20 only every fifth copy can meet it: 4 times 15, and 16 times load 2, sum 6, store 1.
    """
    body = ALIAS.replace("AFTER", "m[i][j] = 2 * m[i][j];")
    assert loops_of(body.replace("STEP", "1"))["inner"].ii == 20 * 15
    assert loops_of(body.replace("STEP", "5"))["inner"].ii == 4 * 15 + 16 * 9


def test_a_loop_is_not_flattened_with_its_parent_where_loads_follow_it() -> None:
    """The scaled element is loaded anew, since m[k][j] kept it from standing in a register; a sum that stands does."""
    text = ALIAS.replace("STEP", "1")
    assert "columns" in loops_of(text.replace("AFTER", "m[i][j] = 2 * m[i][j];"))
    held = text.replace("AFTER", "m[i][j] = 2 * m[i][j];").replace("m[k][j]", "b[k][j]")
    assert "rows_columns_inner" in loops_of(held)


CHAIN = """
void chain(int a[129], int m[129]) {
  next: for (int i = 1; i < 129; i++) m[i] = m[i - 1] READ a[i];
}
"""


def test_what_the_iteration_before_stored_is_handed_on() -> None:
    """The sum follows the sum: one cycle. An element two iterations back is loaded: load 2, sum, store are 3 in 2."""
    assert loops_of(CHAIN.replace("READ", "+"))["next"].ii == 1
    apart = loops_of(CHAIN.replace("READ", "+").replace("i = 1", "i = 2").replace("i - 1", "i - 2"))["next"]
    assert apart.ii == 2
    guarded = CHAIN.replace("READ", "+").replace("m[i] =", "if (a[i] > 0) m[i] =")
    assert (loops_of(guarded)["next"].ii or 0) > 1, "a store that may not happen hands nothing on"


CHOICE = """
void mark(int a[128], char p[128]) {
  all: for (int i = 0; i < 128; i++) {
#pragma HLS UNROLL factor=8
    if (a[i] > 9) p[i] = 1;
    else { if (a[i] > 4) p[i] = 2; else p[i] = 3; }
  }
}
"""


def test_stores_to_one_element_in_all_branches_are_one_store() -> None:
    """8 loads of a and 8 stores of p over two ports each: 4 cycles. Two stores that may both happen stay two."""
    assert loops_of(CHOICE)["all"].ii == 4
    both = CHOICE.replace("else { if (a[i] > 4) p[i] = 2; else p[i] = 3; }", "if (a[i] < 4) p[i] = 2;")
    assert loops_of(both)["all"].ii == 8


FILL = """
void fill(int m[129]) {
  fill: for (int i = 0; i < 129; i++) {
#pragma HLS UNROLL factor=16
    m[i] = -i;
  }
}
"""


def test_the_last_trip_of_an_unrolled_loop_leaves_after_its_copies() -> None:
    """129 stores: 8 trips of 8 cycles over two ports, and a ninth that leaves after its first copy, in one cycle."""
    loop = loops_of(FILL)["fill"]
    assert (loop.trip, loop.ii, loop.latency) == (9, 8, 8 * 8 + 1)
    assert loops_of(FILL.replace("129", "128"))["fill"].latency == 8 * 8


def test_a_bank_chosen_at_run_time_may_be_the_one_stored_last() -> None:
    """Words 0 to 8 of a cyclic factor of 9 have one address in every bank, behind a division that hides which is meant.

    Load, sum and store of an iteration then wait for those before. By a factor of 8 no division hides it.
    """
    text = """
void f(float in[81], float out[81]) {
  float sums[81];
#pragma HLS ARRAY_PARTITION variable=sums cyclic factor=9
  for (int k = 0; k < 4; k++)
    each: for (int i = 0; i < 81; i++) {
#pragma HLS PIPELINE
      sums[i] += in[i];
    }
  last: for (int i = 0; i < 81; i++) out[i] = sums[i];
}
"""

    def interval(body: str) -> int | None:
        return estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020").loops[0].ii

    assert (interval(text) or 0) > 4
    assert interval(text.replace("cyclic factor=9", "cyclic factor=8")) == 1

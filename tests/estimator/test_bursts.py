"""AXI masters: bursts, single transfers and what stays in registers, as the burst tables of reports show them."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, LoopEstimate, estimate
from aigchip_tui.estimator.options import Options

COPY = """
void move(int a[1000], int b[1000], int c[1000], int n) {
#pragma HLS INTERFACE m_axi port=a bundle=A
#pragma HLS INTERFACE m_axi port=b bundle=B
#pragma HLS INTERFACE m_axi port=c bundle=C
  for (int i = 0; i < 400; i++) {
#pragma HLS PIPELINE II=1
    BODY
  }
}
"""


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="", clock_ns=5.0, part="xcu55c")


def loop_of(body: str, bundle: str = "") -> LoopEstimate:
    text = COPY.replace("BODY", body)
    if bundle:
        text = text.replace("bundle=B", f"bundle={bundle}")
    return read(text).loops[0]


def test_words_in_a_row_come_as_one_burst_that_is_asked_for_outside_the_loop() -> None:
    """A burst: exit test, read, addition, write, a state each, since a transfer takes all of its state; request (8
    cycles) before the loop, answer (5) after it. Every other word is no burst: each of its reads takes 9 states, each
    of its writes 6."""
    row = read(COPY.replace("BODY", "c[i] = a[i] + 3;"))
    assert (row.loops[0].ii, row.loops[0].depth) == (1, 4)
    assert row.latency_max == 400 - 1 + 3 + 2 + 8 + 5
    assert loop_of("c[i] = a[i];").depth == 3, "what is read needs no state of its own"
    apart = loop_of("c[2 * i] = a[2 * i] + 3;")
    assert (apart.ii, apart.depth) == (1, 9 + 1 + 6)


def test_two_arrays_on_one_port_and_conditions_end_a_burst() -> None:
    both, shared = loop_of("c[i] = a[i] ^ b[i];"), loop_of("c[i] = a[i] ^ b[i];", "A")
    assert (both.ii, both.depth) == (1, 4)
    assert (shared.ii, shared.depth) == (2, 1 + 9 + 2), "the second of two reads is asked for a cycle later"
    assert loop_of("int v = a[i]; if (n > i) c[i] = v;").depth == 2 + 6, "an answer to every single write"
    assert loop_of("if (n > i) c[i] = a[i];").depth == 9 + 6


def test_a_banked_port_is_read_in_rows_where_every_access_knows_its_bank() -> None:
    """Four ports of which each has a quarter of the words; a counter that picks the bank makes single transfers."""
    text = """
void rows(int a[64][16], int c[64]) {
#pragma HLS INTERFACE m_axi port=a bundle=A
#pragma HLS ARRAY_PARTITION variable=a cyclic factor=4 dim=2
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    int s = 0;
    for (int j = 0; j < 16; j++) s ^= a[i][j];
    c[i] = s;
  }
}
"""
    whole = read(text).loops[0]
    picked = read(text.replace("a[i][j]", "a[j][i & 15]")).loops[0]
    assert whole.ii == 4, "sixteen words over four ports"
    assert whole.depth is not None
    assert picked.depth is not None
    assert whole.depth < 9 < picked.depth


KEPT = """
void sums(int a[64][64], int y[64]) {
#pragma HLS INTERFACE m_axi port=a bundle=A
#pragma HLS INTERFACE m_axi port=y bundle=A
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    for (int j = 0; j < 64; j++) y[j] += a[i][j];
  }
}
"""


def test_what_no_iteration_moves_is_kept_in_registers() -> None:
    """64 words of `a` an iteration bound the interval; those of `y` are read once before and written once after."""
    whole = read(KEPT)
    loop = whole.loops[0]
    assert loop.ii == 64
    assert whole.latency_max is not None
    assert whole.latency_max - (loop.latency or 0) == 2 + (64 + 8) + (64 + 5)
    moved = read(KEPT.replace("y[j]", "y[(i + j) & 63]")).loops[0]
    assert moved.ii is not None
    assert moved.ii > 64


BESIDE = """
void both(const int x[16], const int a[64][16], const int b[64][16], int y[64], int z[64]) {
  int k[16];
#pragma HLS ARRAY_PARTITION variable=a complete dim=2
#pragma HLS ARRAY_PARTITION variable=b complete dim=2
  for (int j = 0; j < 16; j++) k[j] = x[j];
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    y[i] = a[i][0] * k[0] + a[i][1] * k[INDEX];
  }
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    z[i] = b[i][0] * k[2] + b[i][1] * k[INDEX];
  }
}
"""


def test_loops_that_share_only_what_was_loaded_before_run_beside_each_other() -> None:
    beside, after = (read(BESIDE.replace("INDEX", one)).latency_max for one in ("1", "i & 15"))
    assert beside is not None
    assert after is not None
    assert after - beside > 60


QUERY = """
void near(float q[2], float points[1000], float far[500]) {
#pragma HLS INTERFACE m_axi port=q bundle=A
#pragma HLS INTERFACE m_axi port=points bundle=A
#pragma HLS INTERFACE m_axi port=far bundle=OUT
  for (int i = 0; i < 500; i++) {
#pragma HLS PIPELINE
    far[i] = points[2 * i] * q[0] + points[2 * i + 1] * q[1];
  }
}
"""


def test_what_the_bundle_stores_may_be_what_it_reads() -> None:
    """Words that no iteration moves are read once, unless the loop stores through the same port."""
    once, again = read(QUERY.replace("OUT", "B")).loops[0], read(QUERY.replace("OUT", "A")).loops[0]
    assert (once.ii, again.ii) == (2, 4)


def test_a_kernel_of_a_platform_moves_words_side_by_side_as_one() -> None:
    """Eight words of 32 bits fill half of a port of 512: one transfer an iteration, where a packaged core makes eight.

    Words that do not begin where a word of the port does stay as they are: seven, and those from the second on.
    """
    text = """
void f(int in[512], int out[64]) {
#pragma HLS INTERFACE m_axi port=in bundle=a
#pragma HLS INTERFACE m_axi port=out bundle=b
  each: for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    int sum = 0;
    for (int j = 0; j < 8; j++) sum += in[8 * i + j];
    out[i] = sum;
  }
}
"""

    def interval(body: str, widest: int) -> int | None:
        options = Options(axi_widest=widest)
        return estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020", options=options).loops[0].ii

    assert (interval(text, 0), interval(text, 512), interval(text, 64)) == (8, 1, 4)
    assert interval(text.replace("j < 8", "j < 7").replace("8 * i", "7 * i"), 512) == 7


def test_a_transfer_never_lengthens_the_clock() -> None:
    """It takes all of its state, whatever is computed in front of it: a read is addressed a state before it asks."""
    for body in ("c[i] = a[i] + 3;", "c[2 * i] = a[2 * i] + 3;", "c[i] = a[7 * b[i] + 3];"):
        found = read(COPY.replace("BODY", body))
        assert found.estimated_clock_ns == found.budget_ns
        assert found.timing_met


def test_a_read_waits_for_the_answer_to_the_last_write_whatever_its_distance() -> None:
    """y[j] is read again 32 iterations later, but the port asks in the state in which the answer comes: 15 cycles.

    A read has its word in its ninth state, the sum takes one, the write hands over and waits five more.
    """
    text = """
void add(int y[32], int a[4][32]) {
#pragma HLS INTERFACE m_axi port=y bundle=A
  for (int t = 0; t < 4; t++) for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    y[j] += a[t][j];
  }
}
"""
    assert [(loop.trip, loop.ii) for loop in read(text).loops] == [(128, 15)]

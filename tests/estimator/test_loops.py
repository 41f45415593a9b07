"""What becomes of single loops and of the arrays they share, on kernels whose figures follow on paper.

The mechanisms are those that logs and schedules of Vitis HLS 2022.2 show for public kernels; each test names its own.
"""

from __future__ import annotations

from aigchip_tui.estimator.estimate import LoopEstimate, estimate
from aigchip_tui.estimator.options import Options


def loops_of(text: str, *, dealt: bool = False) -> dict[str, LoopEstimate]:
    """Loops of a kernel at 5 ns on UltraScale+, by name; `dealt`: the tool deals arrays out over banks unasked."""
    found = estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c", options=Options(deal_arrays=dealt))
    return {loop.name: loop for loop in found.loops}


def test_an_initialised_array_is_cleared_by_a_loop_of_its_own() -> None:
    """Reports call it `Loop 1`: an element a cycle, however the array is banked (32 cycles for 32 elements)."""
    text = """
void histogram(int in[200], int out[32]) {
  int bins[32] = {0};
#pragma HLS ARRAY_PARTITION variable=bins cyclic factor=8
  count: for (int i = 0; i < 200; i++) bins[in[i] & 31] += 1;
  give: for (int i = 0; i < 32; i++) out[i] = bins[i];
}
"""
    cleared = loops_of(text)["clear_bins"]
    assert (cleared.trip, cleared.ii, cleared.depth, cleared.latency) == (32, 1, 1, 32)
    assert "clear_bins" not in loops_of(text.replace(" = {0}", ""))


def test_an_array_cleared_in_a_pipelined_body_carries_nothing_from_one_iteration_to_the_next() -> None:
    """The sums begin with zeros that need no memory: 6 reads of a row over two ports, and no recurrence."""
    text = """
void rows(float a[40][6], float out[40]) {
  row: for (int i = 0; i < 40; i++) {
#pragma HLS PIPELINE
    float sums[6] = {0};
    for (int j = 0; j < 6; j++) sums[j] += a[i][j];
    out[i] = (sums[0] + sums[1]) + (sums[2] + sums[3]) + (sums[4] + sums[5]);
  }
}
"""
    loop = loops_of(text)["row"]
    assert (loop.ii, loop.bound) == (3, "ports:a")


PRODUCT = """
void product(float a[64][64], float b[64][64], float c[64][64]) {
  float left[64][64], right[64][64], sum[64][64];
  in1: for (int i = 0; i < 64; i++)
    in2: for (int j = 0; j < 64; j++) { left[i][j] = a[i][j]; right[i][j] = b[i][j]; sum[i][j] = 0; }
  x: for (int i = 0; i < 64; i++)
    y: for (int j = 0; j < 64; j++)
      z: for (int k = 0; k < 64; k++) sum[i][j] += left[i][k] * right[k][j];
  out1: for (int i = 0; i < 64; i++)
    out2: for (int j = 0; j < 64; j++) c[i][j] = sum[i][j];
}
"""


def test_a_sum_is_unrolled_into_its_parent_and_a_copy_is_flattened() -> None:
    """The element that a sum keeps in a register stands between the loops: 64 trips are unrolled, not flattened.

    Logs: "Pipelining loop 'lp2' automatically", "Unrolling loop 'lp3' completely with a factor of 64".
    """
    loops = loops_of(PRODUCT)
    assert {name: loop.trip for name, loop in loops.items()} == {"in1_in2": 4096, "x_y": 4096, "out1_out2": 4096}
    assert loops_of(PRODUCT.replace("k < 64", "k < 60"))["x_y"].trip == 4096
    longer = loops_of(PRODUCT.replace("64", "65"))
    assert "x_y" not in longer, "65 trips are too many to be unrolled unasked"


def test_an_array_written_at_one_place_is_copied_for_its_readers() -> None:
    """`RAM_1WNR`: 17 reads a cycle, so 64 take four; an array stored at several places has its two ports."""
    loops = loops_of(PRODUCT)
    assert (loops["x_y"].ii, loops["in1_in2"].ii) == (4, 1)
    several = """
void update(float v[64], float m[64][64], float out[64]) {
  float w[64], y[64];
  begin: for (int i = 0; i < 64; i++) { w[i] = v[i]; y[i] = 0; }
  add: for (int i = 0; i < 64; i++) for (int j = 0; j < 64; j++) y[j] = y[j] + m[i][j] * w[i];
  give: for (int i = 0; i < 64; i++) out[i] = y[i];
}
"""
    assert loops_of(several)["add"].ii == 64, "64 loads and 64 stores of y; its elements are moved along elsewhere"
    assert loops_of(PRODUCT, dealt=True)["x_y"].ii == 1, "later releases deal the operands out"


def test_banks_that_the_designer_asks_for_are_copied_too() -> None:
    """All 32 elements of a column lie in one bank of four: 32 reads at 17 a cycle take two."""
    text = """
void columns(float a[32][32], float out[32]) {
  float b[32][32];
#pragma HLS ARRAY_PARTITION variable=b cyclic factor=4 dim=2
  load: for (int i = 0; i < 32; i++)
    row: for (int j = 0; j < 32; j++) {
#pragma HLS UNROLL factor=4
      b[i][j] = a[i][j];
    }
  add: for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    float s = 0;
    for (int i = 0; i < 32; i++) s += b[i][j];
    out[j] = s;
  }
}
"""
    loops = loops_of(text)
    assert loops["add"].ii == 2
    twice = text.replace("b[i][j] = a[i][j];", "b[i][j] = a[i][j]; b[31 - i][j] = 0;")
    assert loops_of(twice)["add"].ii == 16, "two stores to a bank leave it its two ports"


SHARED_BUNDLE = """
void load(float *out, float a[64][16], float b[64][16]) {
#pragma HLS INTERFACE m_axi port=a bundle=gmem
#pragma HLS INTERFACE m_axi port=b bundle=OTHER
#pragma HLS INTERFACE m_axi port=out bundle=last
#pragma HLS ARRAY_PARTITION variable=a cyclic factor=8 dim=2
#pragma HLS ARRAY_PARTITION variable=b cyclic factor=8 dim=2
  row: for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    float s = 0;
    for (int j = 0; j < 16; j++) s += a[i][j] * b[i][j];
    out[i] = s;
  }
}
"""


def test_banks_of_one_bundle_share_its_ports() -> None:
    """Bank k of either array is on port k of the bundle: two reads of each make four cycles, not two."""
    assert loops_of(SHARED_BUNDLE.replace("OTHER", "gmem"))["row"].ii == 4
    assert loops_of(SHARED_BUNDLE.replace("OTHER", "more"))["row"].ii == 2


def test_stores_to_the_same_elements_in_every_iteration_leave_the_loop() -> None:
    """Six stores over two ports would take three cycles; only those of the last iteration are seen."""
    text = """
void last(int a[64], int tail[6], int out[64]) {
  each: for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    for (int j = 0; j < 6; j++) tail[j] = a[i] + j;
    out[i] = a[i] * 3;
  }
}
"""
    assert loops_of(text)["each"].ii == 1
    assert loops_of(text.replace("tail[j] =", "if (a[i] > 0) tail[j] ="))["each"].ii == 3, "not in every iteration"


def test_what_one_iteration_stores_the_next_takes_from_a_register() -> None:
    """`reuse_addr_reg` in schedules: load, add and store of one counter need no memory between two iterations.

    Without it the load's two states and the store's one make an interval of three. A store under a condition is no
    such pair.
    """
    text = """
void count(int in[500], int bins[256]) {
  each: for (int i = 0; i < 500; i++) {
    int v = in[i];
    bins[v] = bins[v] + 1;
  }
}
"""

    def interval(body: str, forward: bool) -> int | None:
        options = Options(deal_arrays=False, forward_stores=forward)
        return estimate({"k.cpp": body}, clock_ns=5.0, part="xcu55c", options=options).loops[0].ii

    assert (interval(text, True), interval(text, False)) == (1, 3)
    chain = text.replace("bins[v] = bins[v] + 1", "bins[i + 1] = bins[i] + v")
    assert (interval(chain, True), interval(chain, False)) == (1, 1), "exactly what was stored, in every release"
    guarded = text.replace("bins[v] =", "if (v > 9) bins[v] =")
    assert interval(guarded, True) == interval(guarded, False)


NEST = """
void nest(float a[40][100], float b[40], float c[100]) {
  outer: for (int i = 0; i < 40; i++) {
    float s = 0;
    inner: for (int j = 0; j < 100; j++) s += a[i][j];
    b[i] = s;
  }
}
"""


def test_what_keeps_a_nest_from_being_flattened() -> None:
    """A load to begin with, a chosen bank, several stores after the loop, LOOP_FLATTEN off in the outer loop.

    Logs say "the outer loop is not a perfect loop" or "nontrivial logic in the loop latch".
    """
    assert set(loops_of(NEST)) == {"outer_inner"}
    assert set(loops_of(NEST.replace("b[i] = s;", "b[i] = s; c[i] = s;"))) == {"outer_inner"}, "two arrays"
    for what, text in {
        "a running sum that begins with a load": NEST.replace("s = 0", "s = b[i]"),
        "an element that is added to without being set": NEST.replace("s += a", "b[i] += a").replace("b[i] = s;", ""),
        "two stores to one array": NEST.replace("b[i] = s;", "b[i] = s; b[39 - i] = s;"),
        "a choice": NEST.replace("b[i] = s;", "b[i] = s < 0 ? 0 : s;"),
        "a bank that the counter chooses": NEST.replace(
            ") {\n  outer", ") {\n#pragma HLS ARRAY_PARTITION variable=b cyclic factor=4\n  outer"
        ),
        "asked not to": NEST.replace("float s = 0;", "\n#pragma HLS LOOP_FLATTEN off\nfloat s = 0;"),
    }.items():
        assert set(loops_of(text)) == {"outer", "inner"}, what


def test_processes_that_share_an_outer_memory_have_one_port_each() -> None:
    """16 reads of a row take 8 cycles over two ports, 16 over the one that each of two processes has."""
    text = """
void one(int m[32][16], int a[32]) {
#pragma HLS INLINE off
  first: for (int i = 0; i < 32; i++) { int s = 0; for (int j = 0; j < 16; j++) s += m[i][j]; a[i] = s; }
}
void two(int m[32][16], int b[32]) {
#pragma HLS INLINE off
  second: for (int i = 0; i < 32; i++) { int s = 0; for (int j = 0; j < 16; j++) s += m[i][j] * j; b[i] = s; }
}
void top(int m[32][16], int n[32][16], int a[32], int b[32]) {
#pragma HLS DATAFLOW
  one(m, a);
  two(m, b);
}
"""
    assert [loops_of(text)[name].ii for name in ("first", "second")] == [16, 16]
    apart = loops_of(text.replace("two(m,", "two(n,"))
    assert [apart[name].ii for name in ("first", "second")] == [8, 8]


def test_a_process_that_reads_what_it_writes_lets_no_other_wait() -> None:
    """Reports give the longer of two such processes, where a plain producer and its reader follow each other."""
    text = """
void fill(int a[100], int t[100]) {
#pragma HLS INLINE off
  put: for (int i = 0; i < 100; i++) t[i] = a[i];
}
void drain(int t[100], int b[100]) {
#pragma HLS INLINE off
  take: for (int i = 0; i < 100; i++) b[i] = t[i];
}
void top(int a[100], int b[100]) {
#pragma HLS DATAFLOW
  int t[100];
  fill(a, t);
  drain(t, b);
}
"""

    def waits(body: str) -> bool:
        found = estimate({"k.cpp": body}, clock_ns=5.0, part="xcu55c", top="top")
        assert found.latency_max is not None
        return found.latency_max >= sum(loop.latency or 0 for loop in found.loops)

    assert waits(text)
    assert not waits(text.replace("t[i] = a[i];", "{ t[i] = a[i]; if (a[i] > 7) t[i] = t[99 - i]; }"))


def test_a_counter_that_is_added_to_itself_doubles() -> None:
    """1, 2, 4 ... 64: seven trips below 100."""
    text = "void f(int a[100]) { width: for (int m = 1; m < 100; m += m) a[m] = m; }"
    assert loops_of(text)["width"].trip == 7

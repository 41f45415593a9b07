"""The mechanisms of scheduling, each on a kernel whose figures follow from paper arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigchip_tui.bench.estimator_bench import spearman
from aigchip_tui.bench.estimator_loops import loop_arithmetic, own_name, pipelined_cycles
from aigchip_tui.bench.estimator_sources import substitute
from aigchip_tui.estimator.estimate import Estimate, estimate, read_design
from aigchip_tui.estimator.explain import explain
from aigchip_tui.estimator.options import Options
from aigchip_tui.estimator.worker import estimate_safely
from aigchip_tui.model.errors import AigchipError

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "hls"


def figures(text: str, **more: object) -> Estimate:
    directives = str(more.get("directives", ""))
    sets = {"N": int(str(more["N"]))} if "N" in more else {}
    return estimate(
        {"k.cpp": text},
        clock_ns=float(str(more.get("clock", 5.0))),
        part=str(more.get("part", "xcu55c")),
        sets=sets,
        directives=directives,
        options=Options(unsafe_math=bool(more.get("unsafe", False))),
    )


SUM = """
void total(const float a[1000], float *out) {
  float s = 0;
  for (int i = 0; i < 1000; i++) {
#pragma HLS PIPELINE
    s += a[i];
  }
  *out = s;
}
"""


def test_a_floating_sum_waits_for_its_adder() -> None:
    """A recurrence is given the `fadd` of four states at 5 ns on UltraScale+: one addition in four cycles."""
    loop = figures(SUM).loops[0]
    assert loop.ii == 4
    assert loop.bound.startswith("recurrence")
    assert loop.latency == 4 * 999 + max((loop.depth or 0) - 1, 4)
    faster = estimate({"k.cpp": SUM}, clock_ns=4.0, part="xcu55c").loops[0]
    assert faster.ii == 7, "at 4 ns no shorter adder exists"
    assert figures(SUM.replace("float", "int")).loops[0].ii == 1


NEST = """
void scale(int a[40][30]) {
  for (int i = 0; i < 40; i++)
    for (int j = 0; j < 30; j++) a[i][j] = a[i][j] * 3;
}
"""


def test_a_perfect_nest_is_flattened_and_a_second_statement_is_sunk() -> None:
    flat = figures(NEST)
    assert len(flat.loops) == 1
    assert (flat.loops[0].trip, flat.loops[0].flattened, flat.loops[0].ii) == (1200, 2, 1)
    assert flat.latency_max == (flat.loops[0].latency or 0) + 2


def test_pipeline_off_makes_a_state_machine() -> None:
    text = NEST.replace("a[i][j] = a[i][j] * 3;", "{\n#pragma HLS PIPELINE off\n a[i][j] = a[i][j] * 3; }")
    loops = figures(text).loops
    assert [loop.pipelined for loop in loops] == [False, False]
    assert loops[0].depth == (loops[1].latency or 0) + 2


def test_small_inner_loops_unroll_into_a_pipelined_parent() -> None:
    text = """
void filter(int in[500], int out[500]) {
  for (int i = 0; i < 490; i++) {
    int s = 0;
    for (int t = 0; t < 8; t++) s += in[i + t];
    out[i] = s;
  }
}
"""
    result = figures(text)
    assert len(result.loops) == 1
    assert result.loops[0].pipelined
    assert result.loops[0].ii == 4  # eight reads of two ports


def test_unroll_and_cyclic_partition_meet_different_banks() -> None:
    text = """
void add(int a[512], int b[512]) {
#pragma HLS ARRAY_PARTITION variable=a cyclic factor=4
#pragma HLS ARRAY_PARTITION variable=b cyclic factor=4
  for (int i = 0; i < 512; i++) {
#pragma HLS UNROLL factor=8
#pragma HLS PIPELINE
    b[i] = a[i] + 1;
  }
}
"""
    assert figures(text).loops[0].ii == 1
    assert figures(text.replace("factor=4", "factor=2")).loops[0].ii == 2
    assert figures(text.replace("cyclic factor=4", "block factor=4")).loops[0].ii == 4
    assert figures(text).loops[0].trip == 64


def test_the_distance_of_a_dependence_divides_the_interval() -> None:
    text = """
void recur(float a[1000]) {
  for (int i = D; i < 1000; i++) {
#pragma HLS PIPELINE
    a[i] = a[i - D] + 1.5f;
  }
}
"""
    near = figures(text.replace("D", "1")).loops[0].ii
    far = figures(text.replace("D", "4")).loops[0].ii
    assert near == 4, "the sum of an iteration is handed on to that of the next"
    assert far == -(-(2 + 5 + 1) // 4), "load, sum and store within four iterations"
    free = text.replace("D", "1").replace("PIPELINE\n", "PIPELINE\n#pragma HLS DEPENDENCE variable=a inter false\n")
    assert figures(free).loops[0].ii == 1


def test_trip_counts_through_macros_templates_and_triangles() -> None:
    text = """
#define SIZE(x) ((x) * 4)
template <int N> int sum(const int *a) {
#pragma HLS INLINE
  int s = 0;
  for (int i = 0; i < N; ++i) {
#pragma HLS PIPELINE off
    s += a[i];
  }
  return s;
}
void top(const int a[80], int *out) { *out = sum<SIZE(20)>(a); }
"""
    assert figures(text).loops[0].trip == 80
    triangle = "void t(int a[99]) { for (int i = 0; i < 99; i++) for (int j = 0; j < i; j++) a[j] += i; }"
    inner = figures(triangle).loops[1]
    assert (inner.trip_min, inner.trip) == (0, 98)


def test_run_time_bounds_are_unknown_until_set_or_counted() -> None:
    text = "void f(int n, int a[64]) { for (int i = 0; i < n; i++) a[i] = i; }"
    open_end = figures(text)
    assert open_end.latency_max is None
    assert any("run time" in why for why in open_end.unknown)
    counted = text.replace("a[i] = i;", "{\n#pragma HLS LOOP_TRIPCOUNT min=4 max=32\n a[i] = i; }")
    assert figures(counted).loops[0].trip == 32
    given = estimate({"k.cpp": text}, sets={"n": 40}, part="xcu55c")
    assert given.loops[0].trip == 40


def test_dataflow_takes_the_slowest_process() -> None:
    text = """
void make(hls::stream<int>& s) { for (int i = 0; i < 100; i++) s.write(i); }
void take(hls::stream<int>& s, int out[300]) { for (int i = 0; i < 300; i++) out[i] = i < 100 ? s.read() : 0; }
void top(int out[300]) {
#pragma HLS DATAFLOW
  hls::stream<int> s;
  make(s);
  take(s, out);
}
"""
    whole = figures(text)
    alone = figures(text.replace("#pragma HLS DATAFLOW\n", ""))
    assert whole.latency_max is not None
    assert alone.latency_max is not None
    assert 300 <= whole.latency_max < 320
    assert alone.latency_max > 400


def test_directives_of_tcl_act_like_pragmas() -> None:
    text = SUM.replace("#pragma HLS PIPELINE\n", "").replace("for (int i", "rows: for (int i")
    slow = figures(text, directives='set_directive_pipeline -II 9 "total/rows"\n')
    assert slow.loops[0].ii == 9


def test_slower_clocks_need_fewer_states() -> None:
    assert figures(SUM, clock=10.0).loops[0].ii == 3
    assert figures(SUM, part="xc7z020-clg484-1", clock=10.0).loops[0].ii == 5


def test_hardware_follows_the_operators() -> None:
    text = (
        "void f(const short a[64], const short b[64], int c[64]) { for (int i = 0; i < 64; i++) c[i] = a[i] * b[i]; }"
    )
    assert figures(text).dsp == 1
    assert figures(text.replace("short", "double").replace("int c", "double c")).dsp == 8


def test_explanations_name_the_cause() -> None:
    lines = "\n".join(explain(figures(SUM)))
    assert "the iteration before" in lines
    assert "estimate" in lines


@pytest.mark.parametrize(
    "text", ["", "@@@ garbage", "int x = " + "(" * 5000 + ";", "void f() { f(); }" * 3 + "class {"]
)
def test_broken_text_costs_a_sentence_or_an_estimate(text: str) -> None:
    told = ""
    try:
        told = estimate({"k.cpp": text}).basis
    except AigchipError as problem:
        told = str(problem)
    assert told == "estimate" or told.endswith(".")


def test_a_hostile_file_is_bounded_in_a_process_of_its_own() -> None:
    bomb = "void f(int *a) {" + "for (int i = 0; i < 9000; i++) {\n#pragma HLS UNROLL\n" * 3 + "a[i]++;" + "}" * 3 + "}"
    with pytest.raises(AigchipError):
        estimate_safely({"k.cpp": bomb})
    assert estimate_safely({"k.cpp": SUM}, clock_ns=5.0, part="xcu55c").loops[0].ii == 4


def test_reading_once_serves_many_estimates() -> None:
    from aigchip_tui.estimator.estimate import estimate_design

    design = read_design({"k.cpp": "void f(int n, int a[64]) { for (int i = 0; i < n; i++) a[i] = i; }"})
    trips = [estimate_design(design, sets={"n": n}).loops[0].trip for n in (3, 5, 7)]
    assert trips == [3, 5, 7]


GUARDED = """
void solve(double a[60][60], double b[60][80], int i, int j) {
  for (int k = 0; k < 60; k++) {
#pragma HLS PIPELINE
    if (k > i) b[i][j] += a[k][i] * b[k][j];
  }
}
"""


def test_a_guard_of_two_variables_does_not_part_two_addresses() -> None:
    """The load of b[k][j] may meet the store of b[i][j]: load, product, sum and store stand in the carried cycle."""
    loop = estimate({"k.cpp": GUARDED}, clock_ns=4.0, part="xcu200").loops[0]
    apart = estimate({"k.cpp": GUARDED.replace("* b[k][j]", "* a[k][j]")}, clock_ns=4.0, part="xcu200").loops[0]
    assert (loop.ii or 0) >= (apart.ii or 0) + 6, "a product of six states joins the cycle"


def test_a_pragma_between_header_and_body_belongs_to_the_loop() -> None:
    bare = "void f(int a[64]) {\n  for (int i = 0; i < 64; i++)\n#pragma HLS PIPELINE II=3\n    a[i] = a[i] * 3;\n}"
    loop = figures(bare).loops[0]
    assert (loop.trip, loop.ii, loop.pipelined) == (64, 3, True)
    assert loop.latency == figures(bare.replace("i++)", "i++) {").replace("}", "} }")).loops[0].latency


def test_trip_counts_from_asserts_narrow_types_and_uneven_unrolling() -> None:
    open_end = "void f(int n, int a[256]) { assert(n >= 4 && n <= 200); for (int i = 0; i < n; i++) a[i] = i; }"
    loop = figures(open_end).loops[0]
    assert (loop.trip_min, loop.trip) == (4, 200)
    narrow = "void f(unsigned char n, int a[256]) { for (unsigned i = 0; i < n; i++) a[i] = i; }"
    assert figures(narrow).loops[0].trip == 255
    uneven = "void f(int a[58]) { for (int i = 0; i < 58; i++) {\n#pragma HLS UNROLL factor=4\n a[i] = a[i] + 1; } }"
    loop = figures(uneven).loops[0]
    assert loop.trip == 15, "14 whole trips and a partial one"
    assert loop.latency == (loop.ii or 0) * 14 + 2, "load 2 and store 1 of two copies, before the others"
    peeled = figures(uneven.replace("i = 0; i < 58", "i = 1; i < 58")).loops[0]
    assert peeled.trip == 14, "of 57 from 1 on, the partial trip leaves early and is none"


SUM_OF_ROWS = """
void rows(double a[40][100], double x[100], double y[40]) {
  outer: for (int i = 0; i < 40; i++) {
    y[i] = 0;
    inner: for (int j = 0; j < 100; j++) {
#pragma HLS UNROLL factor=16
      y[i] += a[i][j] * x[j];
    }
  }
}
"""


def test_an_unrolled_sum_that_leaves_inside_its_body_adds_one_by_one_after_the_exit() -> None:
    """A double sum takes 4 states at 5 ns and the running sum goes round with one more: 5 for one addition.

    100 = 12 * 8 + 4: the exit stands after 4 of 8 copies. Two additions before it and 4 after it; the exit hands the
    sum on a state early: 6 * 4 = 24. 100 = 6 * 16 + 4: 2 + 12 = 14 additions, 56. 100 = 64 + 36: 2 + 28 = 30 additions,
    120, though 36 go before.
    """

    def nest(factor: int) -> list[tuple[str, int | None, int | None]]:
        text = SUM_OF_ROWS.replace("factor=16", f"factor={factor}")
        return [(loop.name, loop.trip, loop.ii) for loop in figures(text, unsafe=True).loops]

    assert nest(1) == [("outer_inner", 4000, 5)]
    assert nest(8) == [("outer_inner", 40 * 13, 24)]
    assert nest(16) == [("outer_inner", 40 * 7, 56)]
    assert nest(64) == [("outer_inner", 40 * 2, 120)]
    assert nest(20) == [("outer_inner", 40 * 5, 10)], "no exit: 20 loads of a row over two ports"
    stores = SUM_OF_ROWS.replace("y[i] = 0;", "").replace("y[i] += a[i][j] * x[j]", "a[i][j] = 2 * x[j]")
    assert (figures(stores, unsafe=True).loops[0].ii or 0) <= 16, "a store is only skipped"


def test_an_unrolled_sum_that_leaves_a_peeled_or_triangular_nest_is_not_pipelined() -> None:
    """The exit ends flattening and unasked pipelining after a peeled first trip, and where outer trips vary."""
    peeled = SUM_OF_ROWS.replace("j = 0", "j = 1")
    assert not {loop.name: loop for loop in figures(peeled, unsafe=True).loops}["inner"].pipelined
    triangle = """
void corner(double a[40][100], double c[40][40]) {
  for (int i = 0; i < 40; i++) {
    for (int k = i; k < 40; k++) {
      c[i][k] = 0;
      inner: for (int j = 0; j < 100; j++) {
#pragma HLS UNROLL factor=16
        c[i][k] += a[i][j] * a[k][j];
      }
    }
  }
}
"""
    assert not {loop.name: loop for loop in figures(triangle, unsafe=True).loops}["inner"].pipelined
    whole = {loop.name: loop for loop in figures(triangle.replace("=16", "=20"), unsafe=True).loops}
    assert all(loop.pipelined for name, loop in whole.items() if name.endswith("inner"))


COPIES_OF_A_LOOP = """
void copies(double a[60][64]) {
  for (int i = 0; i < 60; i++) {
#pragma HLS UNROLL factor=FACTOR
    for (int j = 0; j < 64; j++) {
#pragma HLS PIPELINE
      a[i][j] = a[i][j] * 3.5;
    }
  }
}
"""


def test_every_copy_of_an_unrolled_loop_has_its_own_registers() -> None:
    """Copies beyond the second are not walked, yet their flip-flops and LUTs are counted."""
    cost = {factor: figures(COPIES_OF_A_LOOP.replace("FACTOR", str(factor))) for factor in (3, 6, 12)}
    ff, lut = ({factor: getattr(one, name) for factor, one in cost.items()} for name in ("ff", "lut"))
    step = ff[6] - ff[3]
    assert step > 0
    assert abs((ff[12] - ff[6]) - 2 * step) <= step // 10
    assert lut[12] - lut[6] > lut[6] - lut[3] > 0


def test_partial_trips_cut_chains_of_additions() -> None:
    """With one row at a time the sum stays pipelined; the exit after four of eight copies makes two links of it."""
    row = "double row(double a[100], double x[100]) { double s = 0; for (int j = 0; j < 100; j++) {\n"
    row += "#pragma HLS UNROLL factor=FACTOR\n s += a[j] * x[j]; } return s; }"
    cut, whole = (figures(row.replace("FACTOR", str(factor)), unsafe=True).loops[0] for factor in (8, 10))
    assert whole.bound.startswith("recurrence")
    assert (cut.ii or 0) >= (whole.ii or 0) + 3, "a second sum of at least four states stands in the cycle"


NEIGHBOURS = """
void blur(int u[58][64], int out[64]) {
#pragma HLS ARRAY_PARTITION variable=u dim=2 cyclic factor=16
  for (int i = 1; i < 63; i++) {
#pragma HLS PIPELINE
    int sum = 0;
    for (int j = 0; j < 58; j++) sum += u[j][i - 1] + u[j][i] + u[j][i + 1];
    out[i] = sum;
  }
}
"""


def test_neighbours_lie_in_banks_of_their_own() -> None:
    """58 reads of each of three banks through two ports: 29 cycles; of one memory: 87."""
    assert figures(NEIGHBOURS).loops[0].ii == 29
    assert figures(NEIGHBOURS.replace("cyclic factor=16", "block factor=1")).loops[0].ii == 87
    assert figures(NEIGHBOURS.replace("u[j][i + 1]", "u[j][2 * i]")).loops[0].ii == 87, "other strides may meet"


GATHER = """
void gather(int acc[512], int in[4096]) {
  for (int i = 0; i < 4096; i++) {
#pragma HLS PIPELINE
    acc[in[i]] += 3;
  }
}
"""


def test_a_read_modify_write_of_block_ram_depends_on_the_family() -> None:
    """At 5 ns a 7-series RAM (2.32 ns), a 32-bit sum (2.54 ns) and the write take a state each after the address."""
    slow = estimate({"k.cpp": GATHER}, clock_ns=5.0, part="xc7z020clg400-1").loops[0]
    fast = estimate({"k.cpp": GATHER}, clock_ns=5.0, part="xczu7ev-ffvc1156-2-e").loops[0]
    assert slow.ii == 4
    assert (fast.ii or 0) < slow.ii


def test_names_of_reported_loops() -> None:
    assert own_name("VITIS_LOOP_12_3") == "loop_12"
    assert own_name("ROWS_VITIS_LOOP_9_1") == "ROWS_loop_9"
    assert own_name("lp1_lp2") == "lp1_lp2"


BOUND = """
void scale(short a[64], short b[64], int out[64]) {
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    int product;
#pragma HLS BIND_OP variable=product op=mul impl=fabric
    product = a[i] * b[i];
    out[i] = product;
  }
}
"""


def test_bind_op_moves_a_product_between_dsp_and_lut() -> None:
    fabric, free = figures(BOUND), figures(BOUND.replace("#pragma HLS BIND_OP", "// "))
    assert (fabric.dsp, free.dsp) == (0, 1)
    slices = figures(BOUND.replace("fabric", "dsp"))
    assert (fabric.lut or 0) - (slices.lut or 0) == 16 * 16, "one partial product bit a LUT"
    narrow = BOUND.replace("short", "ap_int<4>").replace("fabric", "dsp")
    assert (figures(narrow).dsp, figures(narrow.replace("#pragma HLS BIND_OP", "// ")).dsp) == (1, 0)


COPIES = """
void block(float a[OUTER][8], float out[64][OUTER][8]) {
  for (int t = 0; t < 64; t++)
    for (int k = 0; k < OUTER; k++) {
#pragma HLS UNROLL
      for (int j = 0; j < 8; j++) out[t][k][j] = a[k][j] * 2;
    }
}
"""


def test_a_small_loop_in_unrolled_copies_is_unrolled_with_them_until_the_body_is_too_large() -> None:
    small = estimate({"k.cpp": COPIES.replace("OUTER", "8")}, clock_ns=4.0, part="xcu200")
    assert [(loop.trip, loop.pipelined) for loop in small.loops] == [(64, True)], "8 x 8 copies stand in one pipeline"
    large = estimate({"k.cpp": COPIES.replace("OUTER", "256")}, clock_ns=4.0, part="xcu200")
    assert any(loop.trip == 8 and loop.pipelined for loop in large.loops), "256 x 8 copies stay rolled"


def test_bench_helpers() -> None:
    assert spearman([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(1.0)
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert pipelined_cycles(16, 1, 10) == 24
    template = "#pragma HLS pipeline auto{__PIPE__L0}\n#pragma HLS unroll factor=auto{__PARA__L0}\n"
    assert substitute(template, {"__PIPE__L0": "NA", "__PARA__L0": 4}) == "\n#pragma HLS unroll factor=4\n"


@pytest.mark.skipif(not (SHARED / "loops.json").is_file(), reason="the reported loops are not here")
def test_the_arithmetic_of_reported_loops_is_exact() -> None:
    found = loop_arithmetic(SHARED / "loops.json")
    assert found.loops > 200
    assert found.exact >= 0.95 * found.loops


NAMED = """
void total(const int a[64], int limit, int *out) {
  int sum = 0;
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=1
    if (i < limit) {
      int more = a[i] + 1;
      int mixed = more ^ 3;
      sum += mixed;
    }
  }
  *out = sum;
}
"""


def test_what_is_local_to_a_branch_needs_no_multiplexer_behind_it() -> None:
    """Naming parts of an expression costs nothing: only `sum` is chosen when the branches meet."""
    named = figures(NAMED)
    plain = figures(NAMED.replace("int more = a[i] + 1;", "").replace("int mixed = more ^ 3;", "").replace(
        "sum += mixed;", "sum += (a[i] + 1) ^ 3;"))
    assert (named.lut, named.ff, named.latency_max) == (plain.lut, plain.ff, plain.latency_max)
    kept = NAMED.replace("int mixed = more", "mixed = more").replace("int sum = 0;", "int sum = 0; int mixed = 0;")
    outer = figures(kept)
    assert outer.lut is not None
    assert plain.lut is not None
    assert outer.lut > plain.lut, "a variable that outlives the branch is chosen"


@pytest.mark.parametrize(
    ("kind", "bits"), [("ap_int<8>", 9), ("ap_uint<8>", 8), ("ap_uint<42>", 42), ("int", 32), ("unsigned char", 8)]
)
def test_a_division_is_made_for_the_bits_of_its_operands(kind: str, bits: int) -> None:
    """Schedules show sdiv i9 in 13 states, udiv i16 in 20, udiv i42 in 46, sdiv i32 in 36: four more than bits."""
    text = f"#include <ap_int.h>\nvoid divide({kind} a, {kind} b, {kind} *o) {{ *o = a / b; }}"
    found = estimate({"k.cpp": text}, clock_ns=10.0, part="xc7z020clg484-1")
    assert found.latency_max == bits + 4 - 1

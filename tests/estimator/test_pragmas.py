"""Every pragma has its effect, from the text and from Tcl, on kernels small enough for paper."""

from __future__ import annotations

import re

import pytest

from aigchip_tui.estimator.estimate import Estimate, LoopEstimate, estimate


def read(text: str, directives: str = "", clock: float = 5.0) -> Estimate:
    return estimate({"k.cpp": text}, clock_ns=clock, part="xcu55c", directives=directives)


def loop(found: Estimate, name: str = "") -> LoopEstimate:
    return next(one for one in found.loops if one.name == name or not name)


def both(text: str, pragma: str, directive: str) -> Estimate:
    """The estimate with the pragma in place of its mark, after it was found equal with the directive instead."""
    written = read(text.replace("// HERE", f"#pragma HLS {pragma}"))
    told = read(text.replace("// HERE", ""), f"set_directive_{directive}\n")
    assert written == told, "a pragma and its directive are one thing"
    return written


FOUR = """
void top(const float a[64], const float b[64], float y[16]) {
// HERE
#pragma HLS ARRAY_PARTITION variable=a cyclic factor=8
#pragma HLS ARRAY_PARTITION variable=b cyclic factor=8
  L: for (int i = 0; i < 16; i++) {
#pragma HLS PIPELINE II=1
    float p = a[4 * i] * b[4 * i], q = a[4 * i + 1] * b[4 * i + 1];
    float r = a[4 * i + 2] * b[4 * i + 2], s = a[4 * i + 3] * b[4 * i + 3];
    y[i] = (p + q) + (r + s);
  }
}
"""


def test_allocation_limits_the_operators_of_a_region() -> None:
    """Four products an iteration on one multiplier take four cycles, on two two; DSP: 3 a multiplier, 2 an adder."""
    free = read(FOUR)
    assert (loop(free).ii, free.dsp) == (1, 4 * 3 + 3 * 2)
    one = both(FOUR, "ALLOCATION operation instances=fmul limit=1", 'allocation -limit 1 -type operation "top" fmul')
    assert loop(one).ii == 4
    assert one.dsp == 1 * 3 + 1 * 2, "with four cycles the three sums share an adder too"
    two = both(FOUR, "ALLOCATION operation instances=fmul limit=2", 'allocation -limit 2 -type operation "top" fmul')
    assert (loop(two).ii, two.dsp) == (2, 2 * 3 + 2 * 2)
    assert "operator" in loop(one).bound


def test_allocation_of_integer_multipliers_counts_the_slices() -> None:
    """Four 16-bit products are a DSP slice each; limited to two they take two cycles on two slices."""
    text = FOUR.replace("float", "short")
    assert (loop(read(text)).ii, read(text).dsp) == (1, 4)
    two = both(text, "ALLOCATION operation instances=mul limit=2", 'allocation -limit 2 -type operation "top" mul')
    assert (loop(two).ii, two.dsp) == (2, 2)


CALLS = """
void work(int v[32]) {
  W: for (int i = 0; i < 32; i++) {
#pragma HLS PIPELINE
    v[i] = v[i] * v[i];
  }
}
void top(int a[32], int b[32]) {
// HERE
  work(a);
  work(b);
}
"""


def test_allocation_of_a_function_makes_its_calls_wait() -> None:
    """Calls on different arrays run at once; with one instance the second begins when the first is done."""
    free = read(CALLS)
    one = both(CALLS, "ALLOCATION function instances=work limit=1", 'allocation -limit 1 -type function "top" work')
    assert free.latency_max is not None
    assert one.latency_max is not None
    assert one.latency_max >= free.latency_max + 32
    assert one.dsp == (free.dsp or 0) // 2, "one instance has half the multipliers of two"


CHAIN = """
void top(const int a[64], int y[8]) {
// HERE
#pragma HLS ARRAY_PARTITION variable=a cyclic factor=8
  L: for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE
    y[i] = ((((((a[8*i] + a[8*i+1]) + a[8*i+2]) + a[8*i+3]) + a[8*i+4]) + a[8*i+5]) + a[8*i+6]) + a[8*i+7];
  }
}
"""


def test_without_expression_balance_a_chain_stays_a_chain() -> None:
    """Eight terms are three adders deep as a tree and seven as a chain; at 3 ns two fit a state."""
    tree = read(CHAIN, clock=3.0)
    chain = read(CHAIN.replace("// HERE", "#pragma HLS EXPRESSION_BALANCE off"), clock=3.0)
    told = read(CHAIN, 'set_directive_expression_balance -off "top"\n', clock=3.0)
    assert chain == told
    assert (loop(chain).depth or 0) >= (loop(tree).depth or 0) + 1
    assert loop(chain).ii == loop(tree).ii == 1


SCALE = """
void top(int v[64]) {
  L: for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
// HERE
    v[i] = v[i] + 1;
  }
}
"""


def test_latency_holds_a_loop_at_least_so_long() -> None:
    """An iteration of 9 states: 1 * (64 - 1) + 9 - 1 = 71 cycles."""
    text = SCALE.replace("// HERE", "#pragma HLS LATENCY min=9")
    assert (loop(read(text)).depth, loop(read(text)).latency) == (9, 71)
    assert read(SCALE, 'set_directive_latency -min 9 "top/L"\n') == read(text)
    short = read(SCALE.replace("// HERE", "#pragma HLS LATENCY max=1"))
    assert loop(short) == loop(read(SCALE)), "a bound that cannot be met changes nothing"
    assert any("LATENCY max=1" in one for one in short.warnings)


def test_latency_holds_a_function_at_least_so_long() -> None:
    text = "int top(int a, int b) {\n// HERE\n  return a + b;\n}\n"
    assert read(text).latency_max == 0
    assert both(text, "LATENCY min=6", 'latency -min 6 "top"').latency_max == 6


TWO = """
void top(int a[40], int b[40]) {
// HERE
  A: for (int i = 0; i < 40; i++) {
#pragma HLS PIPELINE
    a[i] = a[i] + 1;
  }
  B: for (int j = 0; j < 24; j++) {
#pragma HLS PIPELINE
    b[j] = b[j] + a[j];
  }
}
"""


def test_loop_merge_makes_one_loop_of_the_longest_count() -> None:
    """40 and 24 iterations become 40; apart they stand one after the other, since the second reads the first's."""
    apart = read(TWO)
    assert [one.trip for one in apart.loops] == [40, 24]
    merged = both(TWO, "LOOP_MERGE", 'loop_merge "top"')
    assert [one.trip for one in merged.loops] == [40]
    assert merged.loops[0].ii == 1
    assert merged.latency_max is not None
    assert apart.latency_max is not None
    assert apart.latency_max - merged.latency_max >= 24


def test_rewind_starts_the_next_call_without_a_pause() -> None:
    """One pipelined loop of 64 iterations at II 1: the next call begins after 64 cycles, not after the last result."""
    plain = read(SCALE)
    again = read(SCALE.replace("#pragma HLS PIPELINE", "#pragma HLS PIPELINE rewind"))
    assert plain.interval == (plain.latency_max or 0) + 1
    assert (again.interval, again.latency_max) == (64, plain.latency_max)
    assert read(SCALE.replace("#pragma HLS PIPELINE", ""), 'set_directive_pipeline -rewind "top/L"\n').interval == 64


BOUND = """
TYPE top(TYPE a, TYPE b) {
  TYPE y;
// HERE
  y = a OP b;
  return y;
}
"""


@pytest.mark.parametrize(("kind", "operator", "op", "impl", "dsp"), [
    ("float", "+", "fadd", "fabric", 0), ("float", "*", "fmul", "fabric", 0), ("float", "*", "fmul", "meddsp", 1),
    ("float", "*", "fmul", "fulldsp", 2), ("float", "*", "fmul", "maxdsp", 3), ("double", "+", "dadd", "fabric", 0),
    ("double", "*", "dmul", "fabric", 0), ("short", "*", "mul", "fabric", 0), ("short", "*", "mul", "dsp", 1),
    ("int", "+", "add", "dsp", 1),
])
def test_bind_op_chooses_the_implementation(kind: str, operator: str, op: str, impl: str, dsp: int) -> None:
    """DSP slices are those of the implementation; what leaves the slices costs LUTs."""
    text = BOUND.replace("TYPE", kind).replace("OP", operator)
    text = text.replace("a +", "(a | b) +") if kind == "int" else text
    free = read(text)
    found = both(text, f"BIND_OP variable=y op={op} impl={impl}", f'bind_op -op {op} -impl {impl} "top" y')
    assert found.dsp == dsp
    if (free.dsp or 0) > dsp:
        assert (found.lut or 0) > (free.lut or 0)


def test_bind_op_sets_the_latency() -> None:
    """A latency of 7 cycles is 8 states: the function ends 7 cycles after it began."""
    text = BOUND.replace("TYPE", "int").replace("OP", "*")
    assert both(text, "BIND_OP variable=y op=mul latency=7", 'bind_op -op mul -latency 7 "top" y').latency_max == 7
    wide = BOUND.replace("TYPE", "float").replace("OP", "+")
    assert both(wide, "BIND_OP variable=y op=fadd latency=10", 'bind_op -op fadd -latency 10 "top" y').latency_max == 10


FIFO = """
#include <hls_stream.h>
static void put(const int *a, hls::stream<int>& s) { P: for (int i = 0; i < 64; i++) s.write(a[i]); }
static void take(hls::stream<int>& s, int *y) { T: for (int i = 0; i < 64; i++) y[i] = s.read(); }
void top(const int a[64], int y[64]) {
#pragma HLS DATAFLOW
  hls::stream<int> s;
// HERE
  put(a, s);
  take(s, y);
}
"""


def test_the_depth_of_a_stream_is_memory() -> None:
    """32 bits by 2048 are four blocks of 18 Kbit (512 x 36); the usual depth of two is a shift register."""
    usual = read(FIFO)
    deep = both(FIFO, "STREAM variable=s depth=2048", 'stream -depth 2048 "top" s')
    assert (usual.bram18, deep.bram18) == (0, 4)
    assert deep.latency_max == usual.latency_max


NEST = """
void top(int v[20][30]) {
  A: for (int i = 0; i < 20; i++) {
    B: for (int j = 0; j < 30; j++) {
#pragma HLS PIPELINE
// HERE
      v[i][j] = v[i][j] + 1;
    }
  }
}
"""


def test_a_nest_that_is_not_flattened_fills_its_pipeline_each_time() -> None:
    """Flattened: 600 iterations fill the pipeline once. Not: 20 times 30, each with entry, exit and filling."""
    flat = read(NEST)
    assert (loop(flat).trip, loop(flat).flattened) == (600, 2)
    rolled = read(NEST.replace("// HERE", "#pragma HLS LOOP_FLATTEN off"))
    told = read(NEST, 'set_directive_loop_flatten -off "top/B"\n')
    assert rolled == told
    inner = loop(rolled, "B")
    assert (inner.trip, inner.flattened) == (30, 1)
    assert inner.latency is not None
    outer = loop(rolled, "A")
    assert outer.latency is not None
    assert outer.latency >= 20 * (inner.latency + 2)


CARRIED = """
void top(int v[128], const int at[128]) {
  L: for (int i = 0; i < 128; i++) {
#pragma HLS PIPELINE
// HERE
    v[at[i]] = v[at[i]] * 3 + 1;
  }
}
"""


def test_dependence_says_what_the_compiler_cannot_see() -> None:
    """An unknown address may meet the last iteration's; denied, II is one; at distance 2 half of what it was."""
    unknown = loop(read(CARRIED)).ii or 0
    assert unknown >= 3
    free = read(CARRIED.replace("// HERE", "#pragma HLS DEPENDENCE variable=v type=inter dependent=false"))
    assert loop(free).ii == 1
    assert read(CARRIED, 'set_directive_dependence -variable v -type inter -dependent false "top/L"\n') == free
    old = CARRIED.replace("// HERE", "#pragma HLS DEPENDENCE variable=v inter false")
    assert loop(read(old)).ii == 1
    whole = CARRIED.replace("// HERE", "#pragma HLS DEPENDENCE class=array type=inter dependent=false")
    assert loop(read(whole)).ii == 1
    apart = CARRIED.replace("// HERE", "#pragma HLS DEPENDENCE variable=v type=inter distance=2 dependent=true")
    assert loop(read(apart)).ii == -(-unknown // 2)
    for other in ("direction=WAR type=inter dependent=false", "type=intra dependent=false"):
        kept = CARRIED.replace("// HERE", f"#pragma HLS DEPENDENCE variable=v {other}")
        assert loop(read(kept)).ii == unknown, "a read after the last iteration's write still waits"


def test_dependence_within_an_iteration_lets_accesses_pass() -> None:
    """Two accesses of unknown addresses stand one after the other unless the designer says that they never meet."""
    text = (
        "void top(int v[64], const int a[64], const int b[64], int y[64]) {\n// HERE\n"
        "  L: for (int i = 0; i < 64; i++) {\n#pragma HLS PIPELINE II=8\n"
        "    v[a[i]] = i;\n    y[i] = v[b[i]];\n  }\n}\n"
    )
    free = text.replace("// HERE", "#pragma HLS DEPENDENCE variable=v type=intra dependent=false")
    assert (loop(read(free)).depth or 0) < (loop(read(text)).depth or 0)


def test_unroll_without_an_exit_check_needs_whole_turns() -> None:
    """60 iterations in copies of four are 15; a count that four does not divide is not unrolled, and that is said."""
    text = SCALE.replace("#pragma HLS PIPELINE", "").replace("// HERE", "#pragma HLS UNROLL factor=4 skip_exit_check")
    even = read(text.replace("64", "60"))
    assert (loop(even).trip, loop(even).unrolled) == (15, 4)
    odd = read(text.replace("64", "62"))
    assert (loop(odd).trip, loop(odd).unrolled) == (62, 1)
    assert any("skip_exit_check" in one for one in odd.warnings)
    plain = re.sub(r"#pragma HLS UNROLL[^\n]*", "", text.replace("64", "60"))
    assert read(plain, 'set_directive_unroll -factor 4 -skip_exit_check "top/L"\n') == even


RESHAPE = """
void top(const int a[1024], int y[256]) {
  int buf[1024];
// HERE
  I: for (int i = 0; i < 1024; i++) {
#pragma HLS PIPELINE
    buf[i] = a[i];
  }
  O: for (int i = 0; i < 256; i++) {
#pragma HLS PIPELINE
    y[i] = ((buf[4 * i] + buf[4 * i + 1]) + (buf[4 * i + 2] + buf[4 * i + 3]));
  }
}
"""


def test_reshape_widens_the_word_and_partition_adds_memories() -> None:
    """Four elements a cycle need a word of four or four banks; 1024 x 32 bits are 2 x 512 x 36 either way."""
    plain = read(RESHAPE.replace("// HERE", "#pragma HLS ARRAY_PARTITION variable=buf block factor=1"))
    assert loop(plain, "O").ii == 2, "two ports for four reads"
    wide = both(RESHAPE, "ARRAY_RESHAPE variable=buf cyclic factor=4", 'array_reshape -type cyclic -factor 4 "top" buf')
    split = both(
        RESHAPE, "ARRAY_PARTITION variable=buf cyclic factor=4", 'array_partition -type cyclic -factor 4 "top" buf'
    )
    assert (loop(wide, "O").ii, loop(split, "O").ii) == (1, 1)
    assert (plain.bram18, wide.bram18, split.bram18) == (2, 4, 4), "256 x 128 bits: 4 x 36 wide; 4 banks of 256 x 32"


CHANNEL = """
static void put(const int a[512], int c[512]) { P: for (int i = 0; i < 512; i++) c[i] = a[i]; }
static void take(const int c[512], int y[512]) { T: for (int i = 0; i < 512; i++) y[i] = c[i]; }
void top(const int a[512], int y[512]) {
#pragma HLS DATAFLOW
  int c[512];
// HERE
  put(a, c);
  take(c, y);
}
"""


def test_a_streamed_array_is_a_fifo_that_overlaps_its_processes() -> None:
    """A memory is read when all of it is written: the processes follow each other. A FIFO hands on word by word: they
    run beside each other, and 16 words of 32 bits are a shift register instead of a block.
    """
    memory = read(CHANNEL)
    fifo = both(CHANNEL, "STREAM variable=c depth=16", 'stream -depth 16 "top" c')
    assert memory.latency_max is not None
    assert fifo.latency_max is not None
    assert memory.latency_max - fifo.latency_max >= 512
    assert (memory.bram18, fifo.bram18) == (1, 0)
    assert read(CHANNEL.replace("// HERE", "#pragma HLS STREAM variable=c depth=2048")).bram18 == 4


HELD = """
void top(float x, float *y) {
  float z;
  {
// HERE
    z = x * 3.0f;
  }
  *y = z;
}
"""


def test_latency_holds_a_block_in_braces_at_least_so_long() -> None:
    """The block spans the states of one product; twenty cycles hold it that much longer, the product's do not."""
    free = read(HELD).latency_max
    assert free is not None
    held = read(HELD.replace("// HERE", "#pragma HLS LATENCY min=20")).latency_max
    longer = read(HELD.replace("// HERE", "#pragma HLS LATENCY min=30")).latency_max
    assert held is not None
    assert longer == held + 10
    assert free < 20 <= held
    assert read(HELD.replace("// HERE", "#pragma HLS LATENCY min=1")).latency_max == free
    late = read(HELD.replace("// HERE", "#pragma HLS LATENCY max=1"))
    assert late.latency_max == free
    assert any("LATENCY max=1 of the block" in one for one in late.warnings)


READS = """
void top(int x[8], int y[512]) {
  int t[512];
// HERE
  F: for (int i = 0; i < 512; i++) t[i] = x[i % 8];
  L: for (int i = 0; i < 512; i++) y[i] = t[i];
}
"""


def test_bind_storage_sets_the_cycles_of_a_read() -> None:
    """A read takes one cycle by itself; asked for three, the pipeline that reads is two stages deeper, none other."""
    usual = read(READS)
    slow = both(READS, "BIND_STORAGE variable=t type=ram_2p impl=bram latency=3",
                'bind_storage -type ram_2p -impl bram -latency 3 "top" t')
    depths = [(loop(one, "F").depth, loop(one, "L").depth) for one in (usual, slow)]
    assert depths[1] == (depths[0][0], (depths[0][1] or 0) + 2)


SHARED = """
static float twice(float v) {
// HERE
  return v * v;
}
void top(float a, float b, float *y) { *y = twice(a) + twice(b); }
"""


def test_inline_off_makes_one_module_that_calls_share() -> None:
    """Inlined, both products run at once on two cores of three slices; apart, they take turns on one."""
    inlined, apart = read(SHARED), read(SHARED.replace("// HERE", "#pragma HLS INLINE off"))
    assert inlined.dsp is not None
    assert apart.dsp == inlined.dsp - 3
    assert apart.latency_max is not None
    assert inlined.latency_max is not None
    assert apart.latency_max > inlined.latency_max


DEEP = """
static void low(int v[64]) { S: for (int i = 0; i < 64; i++) v[i] += 1; }
static void middle(int v[64]) {
// HERE
  low(v);
}
void top(int v[64]) { middle(v); }
"""


def test_inline_recursive_takes_the_modules_below_in() -> None:
    """Each module that is entered costs its start; inlined to the bottom, only the loop's own is left."""
    apart = read(DEEP).latency_max
    one = read(DEEP.replace("// HERE", "#pragma HLS INLINE")).latency_max
    whole = read(DEEP.replace("// HERE", "#pragma HLS INLINE recursive")).latency_max
    assert apart is not None
    assert one is not None
    assert whole is not None
    assert whole < one < apart


HALVES = """
void top(const int a[64], int y[31]) {
// HERE
  L: for (int i = 0; i < 31; i++) {
#pragma HLS PIPELINE
    y[i] = (a[i] + a[i + 1]) + (a[i + 32] + a[i + 33]);
  }
}
"""


def test_blocks_part_the_halves_of_an_array() -> None:
    """Four reads over two ports take two cycles; two blocks hold 0..31 and 32..63, two reads each."""
    assert loop(read(HALVES)).ii == 2
    halves = both(HALVES, "ARRAY_PARTITION variable=a type=block factor=2",
                  'array_partition -type block -factor 2 "top" a')
    assert loop(halves).ii == 1

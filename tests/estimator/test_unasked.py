"""What the tool does unasked, each computed on paper: inlining, registers for small arrays, loops that stay two."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.options import Options


def read(text: str, options: Options | None = None) -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xcu55c", options=options)


def test_a_small_function_is_inlined() -> None:
    """A call without loops costs what its text costs in place: no module, no cycle more."""
    call = "int f(int x) { return x * 3 + 1; } void top(int a[64]) { for (int i = 0; i < 64; i++) a[i] = f(a[i]); }"
    place = "void top(int a[64]) { for (int i = 0; i < 64; i++) a[i] = a[i] * 3 + 1; }"
    one, other = read(call), read(place)
    assert (one.latency_max, one.dsp, one.ff, one.lut) == (other.latency_max, other.dsp, other.ff, other.lut)


def test_four_elements_are_registers_and_five_are_a_memory() -> None:
    """Four registers serve five accesses in one cycle; a memory of two ports takes ceil(5 / 2) = 3."""
    text = """
void top(int a[64], int o[64]) {
  int w[N];
  for (int i = 0; i < N; i++) w[i] = a[i];
  sum: for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    o[i] = w[i & 3] + w[(i + 1) & 3] + w[a[i] & 3] + w[(a[i] >> 2) & 3] + w[(a[i] >> 4) & 3];
  }
}
"""
    intervals = []
    for size in ("4", "5"):
        found = read(text.replace("N", size), Options(auto_partition=False))
        intervals.append(next(loop.ii for loop in found.loops if loop.name == "sum"))
    assert intervals == [1, 3]


def test_neighbouring_loops_are_not_merged_unasked() -> None:
    """The second loop reads what the first writes: 64 + 64 iterations stand one after the other; merged they are 64."""
    text = (
        "void top(int a[64], int o[64]) { int t[64];\n{}"
        " for (int i = 0; i < 64; i++) t[i] = a[i] * 3; for (int i = 0; i < 64; i++) o[i] = t[i] + 1; }"
    )
    kept, merged = read(text.replace("{}", "")), read(text.replace("{}", "#pragma HLS LOOP_MERGE\n"))
    assert [loop.trip for loop in kept.loops] == [64, 64]
    assert [loop.trip for loop in merged.loops] == [64]
    assert kept.latency_max is not None
    assert merged.latency_max is not None
    assert kept.latency_max >= 128 > merged.latency_max


def test_an_innermost_loop_is_pipelined_up_to_the_limit_of_its_configuration() -> None:
    """config_compile -pipeline_loops 0 leaves it a state machine: trips times the cycles of one."""
    text = "void top(int a[64]) { for (int i = 0; i < 64; i++) a[i] *= a[i]; }"
    asked, plain = read(text).loops[0], read(text, Options(auto_pipeline=0)).loops[0]
    tcl = "config_compile -pipeline_loops 0 -name_max_length 80\nconfig_op mul -impl fabric\n"
    told = estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c", directives=tcl)
    assert told.loops[0] == plain
    assert told.unknown == ("directives, line 2: 'config_op -impl' is not followed",)
    assert asked.pipelined
    assert asked.ii == 1
    assert not plain.pipelined
    assert plain.depth is not None
    assert plain.latency == 64 * plain.depth


def test_a_pipelined_function_has_registers_for_what_it_shifts() -> None:
    """Each access has an index of its own once its loops are unrolled; the table keeps the row that is chosen.

    Of an array whose index is known to no access nothing is split: it reads 8 words through two ports.
    """
    text = """
static const short table[3][16] = {{1, 2, 3}, {4, 5, 6}};
void f(short in, unsigned char row, int &out) {
#pragma HLS PIPELINE II=1
  static short taps[16];
  for (int i = 15; i > 0; i--) taps[i] = taps[i - 1];
  taps[0] = in;
  int sum = 0;
  for (int i = 0; i < 16; i++) sum += taps[i] * table[row][i];
  out = sum;
}
"""

    def interval(body: str) -> int | None:
        return estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020").interval

    assert interval(text) == 1
    assert interval(text.replace("[row][i]", "[row][(i + in) & 15]")) == 8


def test_pipeline_off_of_a_function_holds_for_its_loops() -> None:
    """Three trips of a load (2), a product and a store take 3 x 4 cycles; pipelined they would overlap."""
    text = """
void f(int in[3], int out[3], int by) {
#pragma HLS PIPELINE off
  each: for (int i = 0; i < 3; i++) out[i] = in[i] * by;
}
"""

    def pipelined(body: str) -> bool:
        return estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020").loops[0].pipelined

    assert not pipelined(text)
    assert pipelined(text.replace("#pragma HLS PIPELINE off\n", ""))
    assert pipelined(text.replace("i++)", "i++) {\n#pragma HLS PIPELINE\n").replace("* by;", "* by; }"))


def test_what_an_unrolled_counter_picks_stays_in_registers_of_the_loop_around_it() -> None:
    """w[k] is one word for each k, the same for all j: read before the loop over j, which is then no nest to flatten.

    The loop over i is pipelined with the 8 j unrolled; a w[k][j] differs for each, and both loops are flattened.
    """
    text = """
void f(int x[16][8], int w[3], int y[16][8]) {
  rows: for (int i = 0; i < 16; i++)
    each: for (int j = 0; j < 8; j++) {
      int sum = 0;
      for (int k = 0; k < 3; k++) {
#pragma HLS UNROLL
        sum += x[i][j] * w[k];
      }
      y[i][j] = sum;
    }
}
"""

    def trips(body: str) -> list[int | None]:
        return [one.trip for one in estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020").loops]

    assert trips(text) == [16]
    assert trips(text.replace("w[3]", "w[3][8]").replace("w[k]", "w[k][j]")) == [128]


def test_what_a_body_sets_anew_is_no_register_of_the_loop_around_it() -> None:
    """A window that each iteration fills before it is read is not read ahead: both loops are flattened.

    The sum of a row is, since each iteration goes on with what the last one left.
    """
    text = """
void f(int x[16][8], int y[16][8]) {
  int window[16];
  rows: for (int i = 0; i < 16; i++)
    each: for (int j = 0; j < 8; j++) {
      window[i] = x[i][j] + 1;
      y[i][j] = window[i] * 3;
    }
}
"""

    def trips(body: str) -> list[int | None]:
        return [one.trip for one in estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020").loops]

    assert trips(text) == [128]
    assert trips(text.replace("window[i] = x[i][j] + 1", "window[i] += x[i][j]")) == [16]
    assert trips(text.replace("window[i] = x", "int sum = window[i];\n      window[i] = sum + x")) == [16]


def test_writes_to_a_stream_that_exclude_each_other_take_one_turn() -> None:
    """One branch or the other writes a token each iteration; two that may both happen take two cycles."""
    text = """
void f(hls::stream<int> &in, hls::stream<int> &out, int limit) {
  each: for (int i = 0; i < 100; i++) {
#pragma HLS PIPELINE
    int value = in.read();
    if (value > limit) { out.write(value); continue; }
    if (value < 3) out.write(0); else out.write(value * 5);
  }
}
"""

    def interval(body: str) -> int | None:
        return estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020").loops[0].ii

    assert interval(text) == 1
    assert interval(text.replace(" continue; ", " ")) == 2


def test_accesses_of_an_array_that_exclude_each_other_share_a_port() -> None:
    """Three states of a machine store at places of their own; three stores that may all happen need two cycles."""
    text = """
void f(int in[100], int out[300]) {
  int kept[300];
  each: for (int i = 0; i < 100; i++) {
#pragma HLS PIPELINE
    int value = in[i];
    if (value == 1) kept[i] = value;
    else if (value == 2) kept[i + 100] = 7;
    else kept[i + 200] = value + 3;
  }
  last: for (int i = 0; i < 300; i++) out[i] = kept[i];
}
"""

    def interval(body: str) -> int | None:
        options = Options(auto_partition=False)
        return estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020", options=options).loops[0].ii

    assert interval(text) == 1
    assert interval(text.replace("else ", "")) == 2


def test_a_factor_that_is_loaded_in_front_of_an_inner_loop_keeps_no_nest_apart() -> None:
    """Loaded in the first inner iteration, x leaves 32 * 8 trips of one loop; a token of a stream cannot be.

    Then the inner loop is unrolled, and 32 trips are left.
    """
    text = """
#include "hls_stream.h"
void top(hls::stream<int> &s, int a[32], int m[32][8], int o[32][8]) {
  for (int i = 0; i < 32; i++) {
    int x = READ;
    for (int j = 0; j < 8; j++) o[i][j] = x * m[i][j];
  }
}
"""
    assert [read(text.replace("READ", one)).loops[0].trip for one in ("a[i]", "s.read()")] == [256, 32]


def test_two_banks_that_a_directive_asks_for_become_as_many_as_a_pipeline_needs() -> None:
    """Sixteen constant columns are read in a cycle, from two banks of two ports in four: the tool parts all columns.

    A row that the counter chooses stays in its bank. With the designer's banks alone the interval is four.
    """
    text = """
void top(int a[32][16], int o[32]) {
  int b[32][16];
  for (int i = 0; i < 32; i++) for (int j = 0; j < 16; j++) b[i][j] = a[i][j];
  sum: for (int r = 0; r < 32; r++) {
    int s = 0;
    for (int k = 0; k < 16; k++) s += b[r][k];
    o[r] = s;
  }
}
"""
    asked = "set_directive_pipeline top/sum\nset_directive_array_partition -type cyclic -factor 2 -dim 2 top b\n"
    intervals = []
    for own in (True, False):
        options = Options(auto_partition=own)
        found = estimate(
            {"k.cpp": text}, top="top", clock_ns=5.0, part="xcu55c", directives=asked, options=options
        )
        intervals.append(next(loop.ii for loop in found.loops if loop.name == "sum"))
    assert intervals == [1, 4]

"""Modules of our own style: figures follow the code, by paper arithmetic."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, LoopEstimate, estimate

LANE = """
typedef std::int8_t data_t;
typedef std::int32_t acc_t;
struct cmd_t { std::int32_t steps; std::int32_t blocks; bool last; };
constexpr int MACS = 16;

static acc_t mac(data_t a, data_t b, acc_t sum) {
#pragma HLS INLINE
  return sum + (acc_t)a * (acc_t)b;
}

void pe_lane(hls::stream<cmd_t>& commands, hls::stream<hls::vector<data_t, MACS>>& in_a,
             hls::stream<hls::vector<data_t, MACS>>& in_b, hls::stream<acc_t>& out) {
  bool last = false;
  while (!last) {
    const cmd_t command = commands.read();
    last = command.last;
    acc_t sum = 0;
    int k = 0;
  steps:
    for (int i = 0; i < command.steps; ++i) {
#pragma HLS PIPELINE II=1
      const hls::vector<data_t, MACS> a = in_a.read();
      const hls::vector<data_t, MACS> b = in_b.read();
      acc_t products = 0;
    macs:
      for (int j = 0; j < MACS; ++j) {
#pragma HLS UNROLL
        products = mac(a[j], b[j], products);
      }
      sum = k == 0 ? products : sum + products;
      if (++k == command.blocks) {
        out.write(sum);
        k = 0;
      }
    }
  }
}
"""

BUFFER = """
typedef std::int8_t data_t;
constexpr int DEPTH = 2048;
constexpr int WIDTH = 8;
void copy(const data_t in[DEPTH * WIDTH], data_t out[DEPTH * WIDTH]) {
  data_t block[DEPTH][WIDTH];
#pragma HLS ARRAY_PARTITION variable=block complete dim=2
fill:
  for (int i = 0; i < DEPTH; ++i) {
#pragma HLS PIPELINE II=1
    for (int j = 0; j < WIDTH; ++j) {
#pragma HLS UNROLL
      block[i][j] = in[0];
    }
  }
drain:
  for (int i = 0; i < DEPTH; ++i) {
#pragma HLS PIPELINE II=1
    data_t sum = 0;
    for (int j = 0; j < WIDTH; ++j) {
#pragma HLS UNROLL
      sum += block[i][j];
    }
    out[i] = sum;
  }
}
"""


def lane(text: str = LANE) -> Estimate:
    return estimate({"lane.cpp": text}, top="pe_lane", clock_ns=5.0, part="xczu7ev")


def copy(text: str = BUFFER) -> Estimate:
    return estimate({"copy.cpp": text}, top="copy", clock_ns=5.0, part="xczu7ev")


def loop(result: Estimate, name: str) -> LoopEstimate:
    return next(one for one in result.loops if one.name == name)


def test_a_process_gives_interval_and_depth_with_unknown_trips() -> None:
    result = lane()
    steps = loop(result, "steps")
    assert steps.pipelined
    assert steps.ii == 1
    assert steps.trip is None
    assert (steps.depth or 0) >= 3
    assert result.latency_max is None
    assert any("run time" in reason for reason in result.unknown)
    assert result.basis == "estimate"


def test_dsp_follow_the_multiplications_in_the_text() -> None:
    """Of byte products that are summed, every second one shares a slice with its sum; BIND_OP gives each its own."""
    assert lane().dsp == 16 // 2
    assert lane(LANE.replace("MACS = 16", "MACS = 32")).dsp == 32 // 2
    bound = "acc_t product;\n#pragma HLS BIND_OP variable=product op=mul impl=dsp\n  product = (acc_t)a * (acc_t)b;\n"
    own = LANE.replace("  return sum + (acc_t)a * (acc_t)b", f"  {bound}  return sum + product")
    assert lane(own).dsp == 16
    assert lane(LANE.replace("(acc_t)a * (acc_t)b", "(acc_t)a + (acc_t)b")).dsp == 0


def test_an_unroll_taken_away_shares_one_multiplier() -> None:
    shared = lane(LANE.replace("PIPELINE II=1", "PIPELINE off").replace("HLS UNROLL", "HLS PIPELINE II=1"))
    assert shared.dsp in (1, 2)


def test_a_partition_taken_away_raises_the_interval_as_on_paper() -> None:
    whole = copy()
    assert loop(whole, "fill").ii == 1
    assert loop(whole, "drain").ii == 1
    bare = copy(BUFFER.replace("#pragma HLS ARRAY_PARTITION variable=block complete dim=2\n", ""))
    assert loop(bare, "fill").ii == 4
    assert loop(bare, "drain").ii == 4
    assert "block" in loop(bare, "drain").bound
    assert bare.latency_max is not None
    assert whole.latency_max is not None
    assert bare.latency_max > 3 * whole.latency_max


def test_bram_of_the_banks() -> None:
    assert copy().bram18 == 8
    assert copy(BUFFER.replace("DEPTH = 2048", "DEPTH = 4096")).bram18 == 16


def test_a_doubled_trip_count_doubles_the_loop() -> None:
    small, large = copy(), copy(BUFFER.replace("DEPTH = 2048", "DEPTH = 4096"))
    assert (loop(large, "fill").latency or 0) - (loop(small, "fill").latency or 0) == 2048


def test_the_pipeline_pragma_carries_its_interval() -> None:
    slow = copy(BUFFER.replace("PIPELINE II=1", "PIPELINE II=3"))
    assert loop(slow, "fill").ii == 3
    assert loop(slow, "fill").latency == 3 * 2047 + max((loop(slow, "fill").depth or 0) - 1, 3)


def test_names_and_comments_change_nothing() -> None:
    renamed = LANE
    for old, new in (
        ("products", "zz1"),
        ("command", "q"),
        ("in_a", "p7"),
        ("pe_lane", "f"),
        ("mac(", "g("),
        ("sum", "t"),
    ):
        renamed = renamed.replace(old, new)
    renamed = renamed.replace("{\n", "{ // a comment\n")
    other = estimate({"x.cpp": renamed}, top="f", clock_ns=5.0, part="xczu7ev")
    plain = lane()
    assert (other.dsp, other.lut, other.ff, other.bram18) == (plain.dsp, plain.lut, plain.ff, plain.bram18)
    assert [(one.ii, one.depth, one.trip) for one in other.loops] == [
        (one.ii, one.depth, one.trip) for one in plain.loops
    ]

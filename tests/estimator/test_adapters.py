"""Ports of a top function, with the figures of instance tables of public reports (2018 to 2025)."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.adapters import master, slave
from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.operators import Operators
from aigchip_tui.estimator.options import Options

COPY = """
void copy(const ap_uint<32> *in, ap_uint<32> *out, int n) {
#pragma HLS INTERFACE m_axi port=in bundle=read
#pragma HLS INTERFACE m_axi port=out bundle=write
  for (int i = 0; i < 256; i++) out[i] = in[i];
}
"""
SCALE = """
void scale(int a, int *c) {
#pragma HLS INTERFACE ap_none port=c
  *c = a * a;
}
"""


def read(text: str, clock_ns: float = 10.0, part: str = "xc7z020clg484-1", year: int = 2025) -> Estimate:
    sources = {"k.cpp": "#include <ap_int.h>\n" + text}
    return estimate(sources, clock_ns=clock_ns, part=part, options=Options(tool_year=year))


@pytest.mark.parametrize(
    ("year", "wide", "width", "uses", "reported"),
    [
        (2018, True, 512, "rw", (30, 1415, 1585)),
        (2020, False, 32, "r", (2, 512, 580)),
        (2020, False, 128, "r", (8, 613, 787)),
        (2021, False, 8, "w", (2, 548, 700)),
        (2022, True, 32, "w", (0, 764, 1118)),
        (2022, True, 512, "rw", (0, 4567, 8001)),
        (2022, False, 256, "rw", (0, 1079, 1746)),
        (2022, False, 16, "r", (0, 743, 1415)),
        (2024, False, 32, "rw", (4, 824, 682)),
        (2024, False, 512, "rw", (58, 1727, 1687)),
        (2025, False, 32, "r", (2, 671, 637)),
        (2025, False, 128, "r", (8, 770, 839)),
        (2025, False, 32, "w", (0, 611, 666)),
        (2025, False, 1024, "w", (0, 2592, 2749)),
    ],
)
def test_an_axi_master_costs_by_its_width_its_directions_and_the_tool(
    year: int, wide: bool, width: int, uses: str, reported: tuple[int, int, int]
) -> None:
    made = master(width, "r" in uses, "w" in uses, tool_year=year, wide=wide)
    assert made[0] == reported[0]
    assert all(abs(one / real - 1) < 0.14 for one, real in zip(made[1:], reported[1:], strict=True))


def test_masters_are_those_of_the_bundles_of_the_text() -> None:
    narrow, wide = read(COPY), read(COPY.replace("<32>", "<512>"))
    assert (narrow.bram18, wide.bram18) == (2, 29), "512 bits are 29 memories of 18; short bursts are written from LUTs"
    longer = read(COPY.replace("port=out", "port=out max_write_burst_length=64"))
    assert longer.bram18 == 2 + 2, "reported for a burst of 64 words that is written: 2"
    one = read(COPY.replace("bundle=write", "bundle=read"), year=2024)
    both = read(COPY, year=2024)
    assert one.bram18 == both.bram18 == 4
    apart = 2 * master(32, True, False, tool_year=2024)[2]
    assert (both.lut or 0) - (one.lut or 0) == apart - master(32, True, True, tool_year=2024)[2]


def test_bank_i_of_the_ports_of_a_bundle_shares_master_i() -> None:
    """Reported for three ports of 64, 8 and 8 banks: 64 masters and 8; for two whole ports and one of 32 banks: 33."""
    ports = [f"#pragma HLS INTERFACE m_axi port={name} bundle=all\n" for name in "abc"]
    text = "void top(int a[32][32], int b[32], int c[32]) {\n" + "".join(ports) + "%s"
    text += "  for (int i = 0; i < 32; i++) c[i] = a[i][i] + b[i];\n}\n"
    cyclic = "#pragma HLS ARRAY_PARTITION cyclic factor=8 dim=%d variable=%s\n"
    whole = read(text % "", year=2020).bram18
    cut = cyclic % (1, "a") + cyclic % (2, "a") + cyclic % (1, "b") + cyclic % (1, "c")
    assert whole == 2
    assert read(text % cut, year=2020).bram18 == 2 * (64 + 8)
    assert read(text % "#pragma HLS ARRAY_PARTITION complete variable=c\n", year=2020).bram18 == 2 * 33


def test_the_request_on_a_master_takes_all_that_the_clock_leaves() -> None:
    """Reported of kernels with a master: 7.300 ns at 10, 3.650 at 5, 2.433 at 3.333; met, as nothing follows it."""
    for clock_ns, reported in ((10.0, 7.3), (5.0, 3.65), (10 / 3, 2.433)):
        found = read(COPY, clock_ns=clock_ns, part="xcu50")
        assert (found.estimated_clock_ns, found.timing_met) == (reported, True)
    inner = read(COPY.replace("m_axi", "ap_memory"), part="xcu50").estimated_clock_ns or 0
    assert inner < 4, "the rest of the kernel is faster"


def test_the_slave_costs_by_its_words() -> None:
    """Reported for 0, 1, 2, 3, 6 words: 36/40, 68/104, 100/168, 144/232, 246/424."""
    for words, reported in ((0, (36, 40)), (1, (68, 104)), (2, (100, 168)), (3, (144, 232)), (6, (246, 424))):
        assert all(abs(one - real) <= 0.07 * real for one, real in zip(slave(words), reported, strict=True))
    more = read(SCALE.replace("{\n", "{\n#pragma HLS INTERFACE s_axilite port=a\n", 1))
    assert ((more.ff or 0) - (read(SCALE).ff or 0), (more.lut or 0) - (read(SCALE).lut or 0)) == slave(1)


def test_a_pointer_that_is_only_dereferenced_is_wires() -> None:
    """The product of 32 bits takes two states at 10 ns on Zynq-7000, and leaves in the second: reported 1."""
    found = read(SCALE)
    assert (found.latency_max, found.dsp) == (1, 3)
    assert read(SCALE.replace("*c", "c[3]")).latency_max == 2, "an address makes it a memory, written a cycle later"


PRODUCT = """
void product(hls::stream<int> &a, hls::stream<int> &b, hls::stream<long long> &c) {
  int left = a.read();
  int right = b.read();
  long long made = left * right;
  c.write(made);
}
"""
AXIS = "".join(f"#pragma HLS INTERFACE axis port={port}\n" for port in "abc")


def test_a_stream_port_is_a_fifo_or_a_register() -> None:
    """Reported on xc7z020-1 at 10 ns: 3 cycles, as 3.47 ns of a FIFO and 6.91 ns of a product fit no state together.

    2 cycles pipelined with AXI4-Stream ports, which take no time to read and two states to write.
    """
    assert read(PRODUCT).latency_max == 3
    piped = PRODUCT.replace("{\n", "{\n#pragma HLS PIPELINE\n" + AXIS, 1)
    assert read(piped).latency_max == 2
    assert read(piped.replace("axis port=c", "ap_fifo port=c")).latency_max == 2, "the FIFO follows the product"
    assert read(PRODUCT, part="xc7a200tfbg676-2").latency_max == 2
    assert read(PRODUCT, part="xczu7ev-ffvc1156-2-e").latency_max == 0, "1.8 ns, a product of 3.4 ns, 1.8 ns"


def test_products_of_several_slices_take_the_states_of_their_schedules() -> None:
    """A product of 32 bits, as schedules of xc7z020-1, xa7a12t-1 (12.5 % kept back) and xc7z010-2 show it."""
    for part, budget, states in (
        ("xc7z020-clg484-1", 7.3, 2), ("xa7a12tcsg325-1q", 8.75, 1), ("xa7a12tcsg325-1q", 7.0, 2),
        ("xa7a12tcsg325-1q", 6.12, 3), ("xa7a12tcsg325-1q", 4.38, 5), ("xc7z010clg400-2", 7.3, 1),
        ("xczu7ev-ffvc1156-2-e", 7.3, 1),
    ):
        assert Operators(part, budget, 0.0).product(32, 32, 32).states == states, (part, budget)


def test_a_pipeline_that_is_a_module_of_its_own_hands_its_tokens_over_outside() -> None:
    text = """
    void copy(const int a[64], hls::stream<int> &c) {
      #pragma HLS INTERFACE axis port=c
      for (int i = 0; i < 64; i++) {
        #pragma HLS PIPELINE off
        c.write(a[i]);
      }
    }
    """
    rolled = read(text)
    assert rolled.latency_max == (read(text.replace("axis", "ap_fifo")).latency_max or 0) + 64
    piped = text.replace("PIPELINE off", "PIPELINE")
    assert read(piped).latency_max == read(piped.replace("axis", "ap_fifo")).latency_max

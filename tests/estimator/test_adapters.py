"""Ports of a top function, with the figures of instance tables of public reports (2018 to 2025)."""

from __future__ import annotations

from aigchip_tui.estimator.adapters import master, slave
from aigchip_tui.estimator.estimate import Estimate, estimate

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


def read(text: str, clock_ns: float = 10.0, part: str = "xc7z020clg484-1") -> Estimate:
    return estimate({"k.cpp": "#include <ap_int.h>\n" + text}, clock_ns=clock_ns, part=part)


def test_an_axi_master_costs_by_its_width_and_directions() -> None:
    """Reported: 2, 671, 637 at 32 bits one way; 8, 770, 839 at 128; 58, 1727, 1687 at 512 both ways."""
    for width, directions, reported in ((32, 1, (2, 671, 637)), (128, 1, (8, 770, 839)), (512, 2, (58, 1727, 1687))):
        made = master(width, directions)
        assert made[0] == reported[0]
        assert all(abs(one / real - 1) < 0.12 for one, real in zip(made[1:], reported[1:], strict=True))
    narrow, wide = read(COPY), read(COPY.replace("<32>", "<512>"))
    assert (narrow.bram18, wide.bram18) == (2 + 2, 29 + 29), "512 bits are 29 memories of 18"
    one = read(COPY.replace("bundle=write", "bundle=read"))
    assert (one.bram18 or 0, (narrow.lut or 0) - (one.lut or 0)) == (4, master(32, 1)[2] * 2 - master(32, 2)[2])


def test_masters_of_earlier_years_cost_what_their_reports_say() -> None:
    """Reported: 2, 512, 580 until 2021 and 0, 764, 1118 in 2022 at 32 bits, 30, 1415, 1585 and 0, 4567, 8001 at 512."""
    for width, year, far, reported in (
        (32, 2020, True, (2, 512, 580)), (128, 2020, False, (8, 613, 787)), (512, 2020, True, (30, 1415, 1585)),
        (32, 2022, False, (0, 743, 1317)), (256, 2022, False, (0, 1079, 1746)),
        (32, 2022, True, (0, 764, 1118)), (512, 2022, True, (0, 4567, 8001)),
    ):
        made = master(width, 1, year, far)
        assert made[0] == reported[0]
        assert all(abs(one / real - 1) < 0.13 for one, real in zip(made[1:], reported[1:], strict=True))


def test_a_partitioned_array_behind_a_port_has_a_master_for_each_bank() -> None:
    """Reports of 2022 list m_axi_gmem_0 to m_axi_gmem_3 where a factor of 4 stands."""
    banked = COPY.replace("  for", "#pragma HLS ARRAY_PARTITION variable=in cyclic factor=4\n  for")
    banked = banked.replace("*in", "in[256]")
    assert (read(banked).bram18, read(COPY).bram18) == (4 * 2 + 2, 2 + 2)


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

"""Ports of a top function, with the figures of instance tables of public reports (2023 to 2025)."""

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

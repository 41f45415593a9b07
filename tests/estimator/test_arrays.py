"""Arrays and FIFOs as the memory tables of public reports of 2021 to 2025 build them."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.arrays import Blocks, Storage, array_blocks, bank_blocks, stream_blocks
from aigchip_tui.estimator.estimate import estimate
from aigchip_tui.estimator.objects import Memory, Stream, Type
from aigchip_tui.estimator.values import Kind

ZYNQ, ULTRASCALE, VIRTEX = Storage.of("xc7z020"), Storage.of("xczu9eg"), Storage.of("xcu55c")


@pytest.mark.parametrize(
    ("rules", "words", "bits", "reads", "reported"),
    [
        (ZYNQ, 16, 32, 1, Blocks(lut=8, ff=32)),
        (ZYNQ, 16, 32, 2, Blocks(lut=8, ff=64)),
        (ZYNQ, 32, 32, 1, Blocks(bram18=1)),
        (ZYNQ, 512, 32, 1, Blocks(bram18=1)),
        (ZYNQ, 512, 32, 2, Blocks(bram18=2)),
        (ZYNQ, 6132, 8, 1, Blocks(bram18=4)),
        (ZYNQ, 10000, 9, 1, Blocks(bram18=9)),
        (ZYNQ, 8800, 32, 1, Blocks(bram18=32)),
        (ULTRASCALE, 30, 32, 1, Blocks(lut=15, ff=32)),
        (ULTRASCALE, 64, 16, 1, Blocks(bram18=1)),
        (ULTRASCALE, 2048, 24, 1, Blocks(bram18=3)),
        (ULTRASCALE, 576, 4096, 1, Blocks(bram18=228)),
        (ULTRASCALE, 51200, 8, 1, Blocks(bram18=28)),
        (ULTRASCALE, 307200, 8, 1, Blocks(bram18=152)),
        (VIRTEX, 40, 64, 1, Blocks(lut=65, ff=64)),
        (VIRTEX, 128, 32, 1, Blocks(lut=65, ff=32)),
        (VIRTEX, 256, 64, 1, Blocks(bram18=2)),
        (VIRTEX, 960, 64, 1, Blocks(bram18=4)),
        (VIRTEX, 1666, 64, 1, Blocks(uram=1)),
        (VIRTEX, 4096, 32, 1, Blocks(uram=1)),
        (VIRTEX, 4800, 64, 1, Blocks(bram18=32)),
        (VIRTEX, 61278, 32, 1, Blocks(bram18=16, hidden=112)),
    ],
)
def test_a_bank_is_built_as_reports_count_it(
    rules: Storage, words: int, bits: int, reads: int, reported: Blocks
) -> None:
    assert bank_blocks(words, bits, rules, reads=reads) == reported


@pytest.mark.parametrize(("banks", "reads", "blocks"), [(16, 16, 32), (20, 20, 40), (10, 20, 40), (16, 2, 32)])
def test_both_ports_of_a_dealt_bank_read_only_where_each_has_a_word_to_read(
    banks: int, reads: int, blocks: int
) -> None:
    """Reported of 6400 words of 64 bits in 16 or in 20 banks, each of which a cycle reads once: two blocks a bank."""
    words = Memory(1, "c", Type("scalar", Kind("i", 64)), (400 * banks,), True, read=True, dealt=banks)
    assert array_blocks(words, VIRTEX, reads).bram18 == blocks


@pytest.mark.parametrize(
    ("depth", "bits", "blocks"),
    [(2, 32, 0), (2, 512, 0), (5, 64, 0), (3, 512, 29), (33, 64, 4), (128, 33, 2), (128, 40, 3), (512, 24, 2)],
)
def test_a_fifo_is_shift_registers_or_memory(depth: int, bits: int, blocks: int) -> None:
    stream = Stream(1, Type("scalar", Kind("i", bits)), depth, local=True)
    made = stream_blocks(stream)
    assert made.bram18 == blocks
    assert (made.ff, made.lut) == (99, 67) if not blocks else abs(made.ff - 155) < 10
    stream.storage = "lutram"
    assert stream_blocks(stream).bram18 == 0, "BIND_STORAGE type=fifo impl=srl"


def test_what_a_report_leaves_out_is_said() -> None:
    text = "void f(int x[61278], int y[61278]) { int b[61278]; for (int i = 0; i < 61278; i++) b[i] = x[i];\n"
    text += " for (int i = 0; i < 61278; i++) y[i] = b[61277 - i]; }"
    found = estimate({"k.cpp": text}, part="xcu280")
    assert found.bram18 == 16
    assert any("takes 128 BRAM18" in warning for warning in found.warnings)
    assert estimate({"k.cpp": text}, part="xczu9eg").bram18 == 128


def test_an_array_is_dealt_out_by_what_reads_it() -> None:
    """Reported for rows of 90 words of 64 bits with 9, 10 and 15 copies that read them: 9, 5 and 15 banks."""
    text = "void f(double x[90][90], double y[90]) { double b[90][90];\n"
    text += "for (int i = 0; i < 90; i++) for (int j = 0; j < 90; j++) b[i][j] = x[i][j];\n"
    text += "for (int i = 0; i < 90; i++) { double s = 0; for (int j = 0; j < 90; j++) {\n"
    text += "#pragma HLS UNROLL factor=COPIES\ns += b[i][j] * 3; } y[i] = s; } }"
    for copies, bram18, uram in ((9, 9 * 4, 0), (10, 0, 5), (15, 15 * 4, 0)):
        found = estimate({"k.cpp": text.replace("COPIES", str(copies))}, part="xcu200", clock_ns=4.0)
        assert (found.bram18, found.uram) == (bram18, uram), copies


def test_arrays_outside_functions_take_memories_where_they_are_used() -> None:
    """Reported for four arrays of 64 x 28 x 28 words of 16 bits at namespace scope: 32 on Virtex UltraScale+."""
    text = "short kept[64][28][28], idle[64][28][28];\nvoid f(short x[50176], short y[50176]) {\n"
    text += "for (int i = 0; i < 64; i++) for (int j = 0; j < 28; j++) for (int k = 0; k < 28; k++)"
    text += " kept[i][j][k] = x[784 * i + 28 * j + k];\n"
    text += "for (int i = 0; i < 64; i++) for (int j = 0; j < 28; j++) for (int k = 0; k < 28; k++)"
    text += " y[784 * i + 28 * j + k] = kept[i][j][k]; }"
    assert estimate({"k.cpp": text}, part="xcu55c", top="f").bram18 == 32 // 4, "and none for one that nobody uses"
    rom = "const int table[2000] = {1, 2};\nint f(int i) { return table[i]; }"
    assert estimate({"k.cpp": rom}, part="xc7z020", top="f").bram18 == 4


def test_loads_that_choose_among_banks_read_each_bank_once() -> None:
    """Rows i to i + 4 of one column: every bank's word at j is read once, whichever row is then chosen.

    Two columns are two words of each bank, and three are one more than its two ports read in a cycle.
    """
    text = """
void f(int a[8][64], int out[64]) {
#pragma HLS ARRAY_PARTITION variable=a complete dim=1
  for (int i = 0; i < 4; i++)
    each: for (int j = 0; j < 62; j++) {
#pragma HLS PIPELINE
      out[j] = a[i][j] + a[i + 1][j] + a[i + 2][j] + a[i + 3][j] + a[i + 4][j];
    }
}
"""

    def interval(body: str) -> int | None:
        return estimate({"k.cpp": body}, top="f", clock_ns=10.0, part="xc7z020").loops[-1].ii

    assert interval(text) == 1
    assert interval(text.replace("a[i + 1][j]", "a[i + 1][j + 1]")) == 1
    assert interval(text.replace("a[i + 1][j]", "a[i + 1][j + 1]").replace("a[i + 2][j]", "a[i + 2][j + 2]")) == 2

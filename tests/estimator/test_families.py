"""Operators by family, speed grade, clock and tool, and what else reports show of public kernels, on paper."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.options import Options

_SUM = """
void top(float a[64], float b[64], float y[64]) {
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    y[i] = a[i] + b[i];
  }
}
"""

_PRODUCT = """
void top(short a[64], short b[64], int y[64]) {
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    y[i] = BODY;
  }
}
"""

_BANKS = """
void top(int y[120]) {
  int a[120];
#pragma HLS ARRAY_PARTITION variable=a cyclic factor={factor}
  for (int i = 0; i < 120; i++) a[i] = y[i];
  second: for (int i = 0; i < 30; i++) y[i] = a[{index}];
}
"""

_COPY = """
void top(int *a, int *b, int n) {
  for (int i = 0; i < 400; i++) b[i] = a[i];
}
"""


def read(
    text: str, part: str = "xcu55c", clock_ns: float = 5.0, *, year: int = 2025, kept_ns: float | None = None
) -> Estimate:
    options = Options(tool_year=year)
    return estimate(
        {"k.cpp": text}, top="top", clock_ns=clock_ns, part=part, options=options, uncertainty_ns=kept_ns
    )


def depth(found: Estimate, name: str = "") -> int:
    """Depth of the last loop, or of the first one of a name."""
    loops = [loop for loop in found.loops if name in ("", loop.name)]
    return loops[-1].depth or 0


@pytest.mark.parametrize(
    ("part", "clock_ns", "states"),
    [("xczu7ev-ffvc1156-2-e", 10, 4), ("xck26-sfvc784-2LV-c", 10, 4), ("xczu9eg-ffvb1156-2-e", 6.67, 6),
     ("xc7z020clg400-1", 10, 5), ("xc7z020clg400-1", 30, 3), ("xc7z020clg400-1", 5, 10),
     ("xcu55c-fsvh2892-2L-e", 5, 5)],
)
def test_a_float_addition_takes_the_states_that_reports_name_for_family_and_clock(
    part: str, clock_ns: float, states: int
) -> None:
    """Load 2, addition, store 1."""
    assert depth(read(_SUM, part, clock_ns)) == 2 + states + 1


def test_a_faster_grade_or_fabric_needs_fewer_states() -> None:
    """With 1.25 of 10 ns kept back, adders of 10.3 ns fit -2 (8.55 ns) and Kintex (7.93 ns) in four states, not -1."""
    parts = ("xc7z020clg400-1", "xc7z020clg400-2", "xc7k160tfbg484-1")
    assert [depth(read(_SUM, part, 10, kept_ns=1.25)) for part in parts] == [8, 7, 7]


def test_a_product_alone_in_a_slice_has_its_registers_from_2020_to_2022_only() -> None:
    """A product of one state follows the load in its second one, one with registers begins there.

    Where a sum takes it into its slice it has four states from 2020 on.
    """
    alone, summed = _PRODUCT.replace("BODY", "a[i] * b[i]"), _PRODUCT.replace("BODY", "a[i] * b[i] + i")
    assert [depth(read(alone, clock_ns=10, year=year)) for year in (2019, 2021, 2024)] == [2, 5, 2]
    assert [depth(read(summed, clock_ns=10, year=year)) for year in (2019, 2021, 2024)] == [2, 5, 5]


@pytest.mark.parametrize(
    ("factor", "index", "cycles"),
    [(3, "4 * i", 7 + 4), (4, "4 * i", 0), (3, "i", 0), (3, "3 * i", 0), (12, "4 * i", 11)],
)
def test_banks_that_are_no_power_of_two_wait_for_a_division(factor: int, index: str, cycles: int) -> None:
    """An index below 120 has 7 bits: a cycle each and four; none for rows of banks, and none for a lone counter."""
    text = _BANKS.replace("{factor}", str(factor)).replace("{index}", index)
    assert depth(read(text), "second") == 2 + cycles


def test_arguments_of_a_platforms_kernel_are_axi_ports_unasked() -> None:
    """Exit test, read, write, one word a cycle; the read asks 71 cycles before, the last answer comes 70 after."""
    plain, kernel = read(_COPY), estimate(
        {"k.cpp": _COPY}, top="top", clock_ns=5.0, part="xcu55c", directives="open_solution s1 -flow_target vitis"
    )
    assert depth(plain) == 2
    assert depth(kernel) == 3
    assert kernel.latency_max == 400 - 1 + 2 + 2 + 71 + 70
    stated = "#pragma HLS INTERFACE ap_memory port=a\n#pragma HLS INTERFACE ap_memory port=b\n"
    asked = _COPY.replace("n) {\n", "n) {\n" + stated)
    options = Options().configured({"platform": 1})
    assert depth(estimate({"k.cpp": asked}, top="top", clock_ns=5.0, part="xcu55c", options=options)) == 2


def test_ports_of_a_platforms_kernel_are_as_wide_as_whole_words_of_its_bursts_fill() -> None:
    """400 words of 32 bits are 25 of 512; 72 are nine of 256. With trips known at run time nothing is widened.

    A master of 2022 on Virtex UltraScale+ has 511 + 7.9 FF a bit; two registers to read words from, one to write to.
    """
    def adapters(text: str) -> int:
        options = Options(tool_year=2022).configured({"platform": 1})
        found = estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xcu250", options=options)
        return next(one.ff for one in found.parts if one.name == "Instance: adapters")

    def master(bits: int) -> int:
        return 511 + 79 * bits // 10

    registers = 36 + 35 * 5
    assert adapters(_COPY) == registers + master(512) + 3 * 512
    assert adapters(_COPY.replace("400", "72")) == registers + master(256) + 3 * 256
    assert adapters(_COPY.replace("400", "n")) == registers + master(32)


def test_tools_before_2020_read_a_memory_of_very_many_words_in_four_states() -> None:
    """Two more than of a smaller one, and one more to store (446464 words and more in reports)."""
    text = "void top(int a[WORDS], int b[WORDS]) {\n for (int i = 0; i < 50; i++) b[i] = a[i];\n}"
    deep, flat = (read(text.replace("WORDS", words), year=2019).loops[0].depth for words in ("446464", "4464"))
    assert (deep, flat) == (5, 2)
    assert read(text.replace("WORDS", "446464"), year=2022).loops[0].depth == 2


def test_banks_of_more_than_1024_bits_are_slower_on_zynq() -> None:
    """2.32 + 2.54 + 2.32 ns fit 7.3 ns, so that a sum is stored where it is loaded; 3.25 ns of block RAM do not."""
    text = "void top(int a[N], int b[N], int y[N]) {\n for (int i = 0; i < N; i++) y[i] = a[i] + b[i];\n}"
    part = "xc7z020clg400-1"
    assert [depth(read(text.replace("N", words), part, 10)) for words in ("32", "33")] == [2, 3]
    halves = text.replace("{\n", "{\n#pragma HLS ARRAY_PARTITION variable=a cyclic factor=2\n", 1)
    assert depth(read(halves.replace("N", "64"), part, 10)) == 3, "one small array of three"

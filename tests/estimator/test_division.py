"""Divisions and roots: states and hardware as names of cores in public projects give them."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.operators import Operators

QUOTIENT = "#include <ap_fixed.h>\nvoid top(TYPE a, TYPE b, TYPE *o) { *o = a / b; }\n"


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=10.0, part="xc7z020-clg484-1")


def test_double_cores_of_zynq_take_the_states_in_their_names() -> None:
    """dadd_64_7, ddiv_64_59 and dsqrt_64_57 stand together in projects with 10 ns, of which 2.7 are kept back."""
    cores = Operators("xc7z020-clg484-1", 10.0)
    assert [cores.floating(name, 64).states for name in ("fadd", "fdiv", "fsqrt")] == [7, 59, 57]


@pytest.mark.parametrize(("kind", "states"), [("ap_fixed<32, 16>", 52), ("ap_fixed<16, 8>", 28)])
def test_a_fixed_point_dividend_is_as_wide_as_its_quotient_needs(kind: str, states: int) -> None:
    """sdiv_48ns_32s_32_52 and sdiv_24ns_17s_24_28: bits of the dividend, places of the divisor, and four.

    A divider of n states ends n - 1 cycles after it began.
    """
    assert read(QUOTIENT.replace("TYPE", kind)).latency_max == states - 1


def test_a_divider_outside_pipelines_makes_one_quotient_at_a_time() -> None:
    """sdiv_38ns_24s_38_42_seq has 466 FF and 281 LUT where one that takes operands every cycle has thousands."""
    rolled = "void top(int a[64], int b[64]) { for (int i = 0; i < 64; i++) {\n#pragma HLS PIPELINE II=TARGET\n"
    rolled += "  b[i] = a[i] / b[i]; } }\n"
    slow, fast = (read(rolled.replace("TARGET", target)) for target in ("64", "1"))
    assert slow.ff is not None
    assert fast.ff is not None
    assert slow.ff < 1000 < 2000 < fast.ff


def _one(expression: str, kind: str = "unsigned") -> Estimate:
    body = f"for (int i = 0; i < 64; i++) {{\n#pragma HLS PIPELINE\n b[i] = {expression};\n }}"
    return read(f"void top({kind} a[64], {kind} b[64], int c[100]) {{ {body} }}")


@pytest.mark.parametrize(
    ("expression", "kind", "bits"),
    [("a[i] % 20", "unsigned", 32), ("a[i] % 3", "int", 32), ("a[i] % 3", "unsigned char", 8), ("i % 5", "int", 6)],
)
def test_the_rest_by_a_constant_takes_a_divider(expression: str, kind: str, bits: int) -> None:
    """urem_7ns_6ns_5_11, urem_8ns_3ns_3_12, srem_32ns_3ns_3_36: four states more than bits, no slice of a DSP."""
    plain = _one(expression.split(" ")[0], kind)
    found = _one(expression, kind)
    assert found.loops[0].depth is not None
    assert plain.loops[0].depth is not None
    # The divider begins in the last state of a load; what is no load begins in its first.
    assert found.loops[0].depth == plain.loops[0].depth - (expression[0] == "i") + bits + 4 - (expression[0] == "a")
    assert found.dsp == 0


def test_equal_rests_are_made_once() -> None:
    once, twice = _one("c[i % 5]"), _one("c[i % 5] ^ c[i % 5 + 8]")
    assert once.ff is not None
    assert twice.ff is not None
    assert twice.ff - once.ff < 2 * 6 * 10, "a divider of 6 bits"


@pytest.mark.parametrize(
    ("expression", "kind", "slices"),
    [("a[i] / 7", "unsigned", 4), ("a[i] / 7", "unsigned short", 1), ("a[i] / 7", "unsigned char", 0)],
)
def test_a_quotient_by_a_constant_is_a_product_with_its_reciprocal(expression: str, kind: str, slices: int) -> None:
    """mul_32ns_34ns_65, mul_16ns_18ns_33 with one slice, mul_8ns_10ns_17 in LUTs."""
    found = _one(expression, kind)
    assert found.dsp == slices
    assert found.loops[0].depth is not None
    assert found.loops[0].depth < 8


def test_what_may_be_negative_is_rounded_to_zero() -> None:
    unsigned, signed = _one("a[i] / 7"), _one("a[i] / 7", "int")
    assert signed.lut is not None
    assert unsigned.lut is not None
    assert signed.lut - unsigned.lut > 100, "the product and its half are negated and chosen from"

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

"""What a loop waits for: values in registers as well as arrays; what needs nothing of another loop runs beside it."""

from __future__ import annotations

import pytest

from aigchip_tui.cpp.preprocess import preprocess
from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.model.errors import AigchipError


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xcu55c")


def test_a_loop_waits_for_the_sum_of_another() -> None:
    """`s` stands in a register: the second loop cannot begin before the first has ended, so their cycles add up."""
    found = read(
        "void top(float a[64], float c[64]) { float s = 0; for (int i = 0; i < 64; i++) s += a[i];"
        " for (int i = 0; i < 64; i++) c[i] = s * c[i]; }"
    )
    first, second = (loop.latency for loop in found.loops)
    assert first is not None
    assert second is not None
    assert found.latency_max is not None
    assert first + second < found.latency_max < first + second + 10


def test_a_loop_waits_for_registers_that_another_fills() -> None:
    """Three elements are registers: all three loops use them, one after the other."""
    found = read(
        "void top(int a[64], int c[64]) { int d[3]; for (int i = 0; i < 3; i++) d[i] = i * 7;"
        " for (int i = 0; i < 64; i++) for (int k = 0; k < 3; k++) if (a[i] > d[k]) d[k] = a[i];"
        " for (int i = 0; i < 3; i++) c[i] = d[i]; }"
    )
    assert found.latency_max is not None
    assert found.latency_max > sum(loop.latency or 0 for loop in found.loops)


def test_loops_that_share_nothing_run_side_by_side() -> None:
    """The slower one (its sum has II above 1) hides the other: a few cycles of control are all that is added."""
    found = read(
        "void top(float a[64], float c[64]) { float s = 0; for (int i = 0; i < 64; i++) s += a[i];"
        " for (int i = 0; i < 64; i++) c[i] = 2 * c[i]; a[0] = s; }"
    )
    slower = max(loop.latency or 0 for loop in found.loops)
    assert found.latency_max is not None
    assert slower < found.latency_max < slower + 10


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\n#if 1\nint x;\n", "1 #if without #endif"),
        ("\n#endif\nint x;\n", "line 2: #endif without #if"),
        ("int x;\n#if 0\n#error no\n#else\n#error not this one\n#endif\n", "line 5: #error not this one"),
    ],
)
def test_what_stops_a_compiler_is_said(text: str, sentence: str) -> None:
    assert preprocess(text).faults == (sentence,)
    assert f"k.cpp, {sentence}" in read(f"void top(int a[4]) {{ a[0] = 1; }} {text}").unknown


def test_a_torn_text_is_refused_with_its_line() -> None:
    with pytest.raises(AigchipError, match=r"defined in the source: line 2 does not parse \('void top"):
        read("int x;\nvoid top(int a[4]) {\n for (int i = 0;")

"""Sums of scalar arguments and values that only a record carries are hardware like any other."""

from __future__ import annotations

import pytest

from tests.estimator.test_nonsense import read

PAIR = (
    "struct pair { int b; pair() {} pair(int q) { b = q * q; }\n"
    "  pair operator+(pair o) { pair t; t.b = b * o.b; return t; } };\n"
)


def cost(text: str) -> tuple[int | None, ...]:
    found = read(text)
    assert not found.unknown
    return found.latency_max, found.dsp, found.ff, found.lut


@pytest.mark.parametrize(
    ("written", "lut"),
    [
        ("return x + y;", 39),
        ("return x - 1;", 39),
        ("return x + y + 5;", 71),
        ("return (x + y) ^ z;", 71),
        ("return x;", 0),
        ("return x * 8;", 0),
        ("return x * 3;", 39),
        ("return -x;", 39),
        ("return (x >> 3) + 1;", 39),
        ("return (x & 7) + (y / 8);", 39),
    ],
)
def test_a_sum_of_arguments_is_made_of_adders_and_no_state_machine(written: str, lut: int) -> None:
    # A 32-bit adder takes 39 LUTs in reports; a design of one state has neither register nor multiplexer.
    found = read(f"int top(int x, int y, int z) {{ {written} }}")
    assert (found.latency_max, found.dsp, found.ff) == (0, 0, 0)
    assert found.lut == pytest.approx(lut, abs=8)


@pytest.mark.parametrize(
    ("body", "dsp", "more_than"),
    [
        ("*o = std::uint8_t(n * n);", 3, 0),
        ("w.lrotate(5); *o = w + 1;", 0, 30),
        ("w.rrotate(n); *o = w;", 0, 150),
        ("*o = hls::recip(f);", 0, 40),
        ("float s, c; sincosf(f, &s, &c); *o = s + c;", 26, 1000),
        ("*o = atan2f(f, sinhf(f));", 12, 1000),
    ],
)
def test_what_the_tool_knows_of_numbers_has_a_cost(body: str, dsp: int, more_than: int) -> None:
    text = f"#include <ap_int.h>\n#include <cstdint>\nvoid top(int n, ap_uint<32> w, float f, float *o) {{ {body} }}"
    found = read(text)
    assert found.unknown == ()
    assert (found.dsp or 0) >= dsp
    assert (found.lut or 0) >= more_than


def test_an_index_of_arguments_stays_an_address() -> None:
    indexed = read("int top(int x, int y, int a[64]) { return a[x + y]; }")
    assert not any(one.name == "Expression" and one.lut > 40 for one in indexed.parts)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("return (p + r).b;", "pair u = p + r; return u.b;"),
        ("return pair(x).b;", "pair u(x); return u.b;"),
    ],
)
def test_a_field_of_a_value_is_that_of_a_variable_with_it(short: str, long: str) -> None:
    head = f"{PAIR}int top(int x, int a[64]) {{ pair p, r; p.b = x; r.b = a[0]; "
    assert cost(f"{head}{short} }}") == cost(f"{head}{long} }}")
    assert read(f"{head}{short} }}").dsp

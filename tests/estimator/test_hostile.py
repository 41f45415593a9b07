"""Hostile files cost the worker's limits at most, and end in one clear sentence: never a traceback, never a hang."""

from __future__ import annotations

import subprocess

import pytest

from aigchip_tui.estimator.estimate import estimate
from aigchip_tui.estimator.walk import Walker
from aigchip_tui.estimator.worker import CPU_SECONDS, MEMORY_BYTES, estimate_safely
from aigchip_tui.model.errors import AigchipError

_BODY = "int top(int x, int a[64]) {{ {} }}\n"

HOSTILE: dict[str, str] = {
    "60000 pluses": _BODY.format("return " + "+".join(["x"] * 60_000) + ";"),
    "60000 parentheses": _BODY.format("return " + "(" * 60_000 + "x" + ")" * 60_000 + ";"),
    "deep blocks": _BODY.format("{" * 5_000 + "x++;" + "}" * 5_000 + " return x;"),
    "deep loops": _BODY.format(
        "".join(f"for (int i{n} = 0; i{n} < 9; i{n}++) {{ " for n in range(100)) + "x++;" + "}" * 100 + "return x;"
    ),
    "huge unroll": _BODY.format(
        "for (int i = 0; i < 1000000000; i++) {\n#pragma HLS UNROLL\n a[i & 63] += x; }\n return a[0];"
    ),
    "unrolls within unrolls": _BODY.format(
        "".join(f"for (int i{n} = 0; i{n} < 64; i{n}++) {{\n#pragma HLS UNROLL\n" for n in range(6))
        + "a[i0] += x * i5;" + "}" * 6 + " return a[0];"
    ),
    "a line of 10 MB": _BODY.format("return x;") + "//" + "x" * (10 << 20),
    "a name of 1 MB": f"int {'x' * (1 << 20)}(int y) {{ return y; }}\n",
    "macros that double": "#define A0 x+x\n" + "".join(
        f"#define A{n} A{n - 1}+A{n - 1}\n" for n in range(1, 40)
    ) + _BODY.format("return A39;"),
    "a macro that calls itself": "#define F(x) F(F(x))\n" + _BODY.format("return F(x);"),
    "templates that recur": "template <int N> int f(int x) { return f<N + 1>(x) + f<N + 2>(x); }\n"
    + _BODY.format("return f<0>(x);"),
    "types that recur": "template <int N> struct t { t<N + 1> a, b; };\n" + _BODY.format("t<0> v; return x;"),
    "types that double": "struct s0 { int a, b; };\n" + "".join(
        f"struct s{n} {{ s{n - 1} a, b; }};\n" for n in range(1, 40)
    ) + _BODY.format("s39 v; return x;"),
    "aliases in a circle": "typedef b a; typedef a b;\n" + _BODY.format("a v = x; return v;"),
    "namespaces in a circle": "namespace a { using namespace b; } namespace b { using namespace a; }\n"
    + _BODY.format("return a::nothing;"),
    "functions in a circle": "int g(int x); int f(int x) { return g(x) + g(x); } int g(int x) { return f(x) + f(x); }\n"
    + _BODY.format("return f(x);"),
    "functions that double": "int f0(int x) { return x * x; }\n" + "".join(
        f"int f{n}(int x) {{ return f{n - 1}(x) + f{n - 1}(x + 1); }}\n" for n in range(1, 24)
    ) + _BODY.format("return f23(x);"),
    "an array of everything": _BODY.format("int v[2147483647][2147483647]; v[x][x] = 1; return v[0][0];"),
    "a partition of everything": _BODY.format(
        "int v[65536];\n#pragma HLS ARRAY_PARTITION variable=v complete\n"
        "for (int i = 0; i < 65536; i++) v[(i * x) & 65535] += v[x & 65535]; return v[0];"
    ),
    "a shift of everything": _BODY.format("const long n = 1L << 120 << 120; return x << n;"),
    "an enormous constant": _BODY.format("return " + "9" * 5_000 + " * x;"),
    "no text at all": "",
    "zeros": "\0" * 5_000,
    "only a brace": "{" * 3,
    "a pragma without end": _BODY.format("\n#pragma HLS UNROLL factor=" + "(" * 3_000 + "\n return x;"),
    "a pragma that divides by zero": _BODY.format(
        "for (int i = 0; i < 8; i++) {\n#pragma HLS UNROLL factor=1/0\n a[i] = x; } return x;"
    ),
    "negative factors": _BODY.format(
        "\n#pragma HLS ARRAY_PARTITION variable=a cyclic factor=-4\n#pragma HLS ALLOCATION operation instances=mul"
        " limit=-1\nfor (int i = 0; i < 8; i++) {\n#pragma HLS UNROLL factor=-3\n#pragma HLS PIPELINE II=-2\n"
        "a[i] = x; } return x;"
    ),
}


CIRCLES = [kind for kind in HOSTILE if "circle" in kind or "recur" in kind or "double" in kind]


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_a_sentence_or_an_estimate(kind: str) -> None:
    said: list[str] = []
    try:
        said += estimate_safely({"k.cpp": HOSTILE[kind]}, top="top").unknown
    except AigchipError as problem:
        said.append(problem.message)
    assert all("\n" not in sentence and len(sentence) < 300 for sentence in said)
    assert not any("cannot read (" in sentence for sentence in said), "an exception of our own is no clear finding"
    assert said or kind not in CIRCLES, "what has no meaning is said to have none"


def test_the_limits_are_those_of_the_contract() -> None:
    assert CPU_SECONDS == 2
    assert MEMORY_BYTES == 500 << 20


SLOW = _BODY.format(
    "int v[2048];\n#pragma HLS ARRAY_PARTITION variable=v complete\nfor (int i = 0; i < 64; i++) {\n"
    "#pragma HLS PIPELINE\nfor (int j = 0; j < 64; j++)\n"
    " v[(i * x + j * x) & 2047] += v[(x * j) & 2047]; } return v[x];"
)


def test_a_walk_that_costs_too_much_says_where_it_stood() -> None:
    with pytest.raises(AigchipError, match=r"^Line [56], in 'top': to estimate it costs more than 1 s of CPU time"):
        estimate_safely({"k.cpp": SLOW}, top="top", cpu_seconds=1)


def test_a_walk_without_memory_says_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(walker: Walker, statement: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Walker, "block", full)
    with pytest.raises(AigchipError, match=r"^Line 1, in 'top': to estimate it costs more than the memory"):
        estimate({"k.cpp": "int top(int x) { return x; }"})


def test_a_text_that_is_too_long_is_refused_before_a_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(subprocess, "run", started)
    with pytest.raises(AigchipError, match=r"'k.cpp' has 13000000 characters, at most 2000000 are read"):
        estimate_safely({"k.cpp": "a[3] = a[4];\n" * 1_000_000})


def test_a_name_of_a_page_is_cut_in_what_is_said() -> None:
    found = estimate_safely({"k.cpp": f"int top(int x) {{ return {'n' * 10_000}; }}"})
    assert found.unknown
    assert all(len(one) <= 240 for one in found.unknown)

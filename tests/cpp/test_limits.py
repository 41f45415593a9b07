"""The screen before any parser: what a module body may not hold, and that honest bodies pass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigchip_tui.cpp import limits as limits_module
from aigchip_tui.cpp.limits import SOURCE_LIMITS, Limits, plainly_small, screen, size_findings
from aigchip_tui.cpp.tokens import Token

HONEST = """
constexpr int LANES = 16;  // widths follow from the lane split, "quoted" and it's fine

void pe_lane(hls::stream<hls::vector<data_t, LANES>>& in_a, hls::stream<acc_t>& out) {
  bool last = false;
  while (!last) {
  steps:
    for (int i = 0; i < cmd.steps; ++i) {
#pragma HLS PIPELINE II=1
      acc_t sum = a[i] < b ? x[map[i]] : 0x7fu - 1'000;
      int c = 'x', d = (i << 2) >> 1;
      out.write(sum);
    }
  }
}
"""


def codes(text: str) -> set[str]:
    findings = screen(text)
    assert all(finding.blocking and finding.severity == "error" for finding in findings)
    return {finding.code for finding in findings}


def test_an_honest_body_passes() -> None:
    assert screen(HONEST) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('#include "/etc/passwd"', "SCR-DIRECTIVE"),
        ("  #  include <cstdio>", "SCR-DIRECTIVE"),
        ("/* x */ #include <a>", "SCR-DIRECTIVE"),
        ('#embed "/etc/passwd"', "SCR-DIRECTIVE"),
        ("#line 7", "SCR-DIRECTIVE"),
        ("#define data_t char", "SCR-DIRECTIVE"),
        ("#if 1", "SCR-DIRECTIVE"),
        ("#pragma GCC poison int", "SCR-PRAGMA"),
        ("#pragma", "SCR-PRAGMA"),
        ('_Pragma("once")', "SCR-PRAGMA"),
        ('asm("int3");', "SCR-ASM"),
        ('__asm__ volatile ("");', "SCR-ASM"),
        ("[[gnu::constructor]] void f();", "SCR-ATTRIBUTE"),
        ("__attribute__((constructor)) void f();", "SCR-ATTRIBUTE"),
        ("int a<:4:>;", "SCR-DIGRAPH"),
        ("%:include <a>", "SCR-DIGRAPH"),
        ("int x = 1 ??! 2;", "SCR-TRIGRAPH"),
        ("int x = 1; \\\nint y;", "SCR-SPLICE"),
        ("int \u0430 = 1;", "SCR-CHAR"),
        ("// \u202e right to left", "SCR-CHAR"),
        ("int x = `1`;", "SCR-CHAR"),
        ("int x\x00;", "SCR-CHAR"),
        ('auto s = R"(x)";', "SCR-RAW"),
        ("system(cmd);", "SCR-HOST"),
        ("std::exit(0);", "SCR-HOST"),
    ],
)
def test_each_forbidden_thing_is_refused(line: str, code: str) -> None:
    assert code in codes(HONEST + line + "\n")


def test_line_and_column_point_at_the_fault() -> None:
    finding = screen('int a;\n  asm("");\n')[0]
    assert (finding.line, finding.col) == (2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "int x = 1" + " + 1" * 60_000 + ";",
        "int x = " + "(" * 300 + "1" + ")" * 300 + ";",
        "void f() " + "{" * 300 + "}" * 300,
        "int x = " + "-" * 1 + " - " * 5000 + "1;",
        "void f() { " + "if (a) " * 500 + ";}",
        "std::array<" * 60 + "int" + ">" * 60 + " x;",
        "int x = 1" + "0" * 500 + ";",
        "int a; " * 200_000,
        "\n" * 10_000,
        "// " + "x" * 5000,
    ],
)
def test_text_that_would_harm_a_reader_is_refused(text: str) -> None:
    assert {code[:3] for code in codes(text)} == {"LIM"}


def test_a_large_honest_source_is_within_the_limits_of_sources() -> None:
    assert size_findings(HONEST * 200, SOURCE_LIMITS) == []


def test_a_table_of_numbers_is_no_deep_expression() -> None:
    """Items of a list in braces stand side by side; operators within one of them nest."""
    assert size_findings("const float t[] = {" + "-1.5,\n" * 30_000 + "0};", SOURCE_LIMITS) == []
    for deep in ("-1.5 +\n" * 30_000 + "0", "f(" + "-1.5,\n" * 30_000 + "0)"):
        assert [one.code for one in size_findings("const float t[] = {" + deep + "};", SOURCE_LIMITS)] == ["LIM-DEPTH"]


_WORDS = [["(", "[", "{", ")"], ["<x", ">"], ["if ", "éif "], ["1", "e+", ".", "x"], [*"(){}[];<>+x", "for "]]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_WORDS).flatmap(lambda words: st.lists(st.sampled_from(words), max_size=20)).map("".join))
def test_characters_alone_never_pass_what_tokens_refuse(text: str) -> None:
    limits = Limits(
        characters=200, lines=20, line_length=200, tokens=50, nesting=4, angles=3, operators_in_statement=18,
        statement_heads_in_row=3, number_length=6,
    )
    if plainly_small(text, limits):
        assert not size_findings(f"{text} // read by tokens", limits)


def test_a_source_in_the_usual_style_needs_no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: str) -> Iterator[Token]:
        raise AssertionError("its tokens were read")

    monkeypatch.setattr(limits_module, "tokens", read)
    assert size_findings("void k(int a[64]) { for (int i = 0; i < 64; i++) a[i] += i << 2; }\n" * 40) == []

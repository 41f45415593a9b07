"""A function that is one assignment to what it is given costs what that assignment costs where it stands."""

from __future__ import annotations

import pytest

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.estimate import estimate, read_design
from tests.estimator.test_references import NEST, told

PLAIN = NEST.replace("SUM", "a[i][j] -= a[i][k] * a[k][j];")
HELPERS = {
    "a template": (
        "template <class A, class B> static void by(A &s, B x) { s -= x; }",
        "by(a[i][j], a[i][k] * a[k][j]);",
    ),
    "plain types": ("inline void by(double &s, double x, double y) { s -= x * y; }", "by(a[i][j], a[i][k], a[k][j]);"),
    "an array and its places": (
        "void by(double s[40][40], int p, int q, double x) {\n#pragma HLS INLINE\n s[p][q] = s[p][q] - x; }",
        "by(a, i, j, a[i][k] * a[k][j]);",
    ),
    "a value": ("static double of(double x, double y) { return x * y; }", "a[i][j] -= of(a[i][k], a[k][j]);"),
    "a helper of a helper": (
        "void of(double &s, double x) { s -= x; }\nvoid by(double &t, double x) { of(t, x); }",
        "by(a[i][j], a[i][k] * a[k][j]);",
    ),
}


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_is_what_it_does(name: str) -> None:
    helper, call = HELPERS[name]
    assert told(f"{helper}\n{NEST.replace('SUM', call)}") == told(PLAIN)


def test_a_helper_is_no_top() -> None:
    text = "int of(int x) { return x * x; }\nint top(int x) { return of(x); }\n"
    assert estimate({"k.cpp": text}).top == "top"


def test_elements_of_a_table_are_constants_for_a_helper() -> None:
    text = """
int of(unsigned char x, char y) { return x * y; }
void top(unsigned char a[64], unsigned char b[64]) {
  char taps[4] = {1, 2, -1, 3};
  for (int i = 0; i < 16; i++) {
#pragma HLS PIPELINE
    int s = 0;
    for (int j = 0; j < 4; j++) s += PRODUCT;
    b[i] = s / 7;
  }
}
"""
    plain = told(text.replace("PRODUCT", "a[i * 4 + j] * taps[j]"))
    assert told(text.replace("PRODUCT", "of(a[i * 4 + j], taps[j])")) == plain


@pytest.mark.parametrize(
    ("helper", "directives", "written_out"),
    [
        ("void f(int &s, int x) { s += x; }", "", True),
        ("void f(int &s, int x) {\n#pragma HLS INLINE off\n s += x; }", "", False),
        ("void f(int &s, int x) { s += x; }", "set_directive_inline -off f", False),
        ("void f(int &s, int x) { s += x; s += x; }", "", False),
        ("void f(int s, int x) { s += x; }", "", False),
        ("int c; void f(int &s, int x) { s += x * c; }", "", False),
        ("void f(int &s, int x) { s += x * x; }", "", False),
    ],
)
def test_what_would_mean_something_else_stays_a_call(helper: str, directives: str, written_out: bool) -> None:
    text = f"{helper}\nvoid top(int *b, int c) {{ f(b[0], b[1] + c); }}"
    body = read_design({"k.cpp": text}, directives=directives).unit.functions["top"][0].body
    assert body is not None
    only = body.statements[0]
    assert isinstance(only, ast.Evaluate)
    assert isinstance(only.expression, ast.Assign) is written_out

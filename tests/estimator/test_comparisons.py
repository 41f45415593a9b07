"""Comparisons that a grammar may take for templates: estimated like those in parentheses."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate

_TEXT = """
struct Point {{ int x; int y; }};
void top(int a[64], int v[64], int n, int m) {{
  for (int i = 0; i < 64; i++) {{
    Point p; p.x = i - n; p.y = i + m;
    {body}
  }}
}}
"""


def read(body: str) -> Estimate:
    return estimate({"k.cpp": _TEXT.format(body=body)}, top="top", clock_ns=5.0, part="xcu55c")


@pytest.mark.parametrize(
    ("plain", "parted"),
    [
        ("n < i && m >= 3", "(n < i) && (m >= 3)"),
        ("n<i||m>=i", "(n<i)||(m>=i)"),
        ("n < 0 || n >= 16 || m < 0 || m >= 16", "(n < 0) || (n >= 16) || (m < 0) || (m >= 16)"),
        ("p.y < 16 && p.x >= 0", "(p.y < 16) && (p.x >= 0)"),
        ("a[i] < n && m >= a[i]", "(a[i] < n) && (m >= a[i])"),
    ],
)
@pytest.mark.parametrize(
    "use", ["v[i] = (COND) ? a[i] : 0;", "if (COND) v[i] = a[i];", "bool k = COND; v[i] = k ? a[i] : i;"]
)
def test_a_less_before_a_greater_or_equal_begins_no_template(plain: str, parted: str, use: str) -> None:
    assert read(use.replace("COND", plain)) == read(use.replace("COND", parted))


def test_the_element_that_such_a_condition_guards_is_loaded() -> None:
    assert "load a" in read("v[i] = (n < i && m >= 3) ? a[i] : 0;").loops[0].reason

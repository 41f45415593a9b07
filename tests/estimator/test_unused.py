"""The tool builds nothing for values that nobody uses, nor for what is only computed for them."""

from __future__ import annotations

import pytest

from tests.estimator.test_references import read, told

LOOP = """
typedef short word;
int kept_outside;
void other(int);
void top(int a[64], int b[64], int *out) {
  BEFORE
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    BODY
    b[i] = a[i] + 1;
  }
}
"""


def _told(body: str = "", before: str = "") -> object:
    return told(LOOP.replace("BODY", body).replace("BEFORE", before))


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("", "int t = a[i] * 12345 / (i + 3); int u = t * t;"),
        ("int sum = 0;", "sum += a[i] / 3;"),
        ("word sum = 0;", "sum = sum * a[i]; sum++;"),
        ("int s[64];", "s[i] = a[i] * a[i];"),
        ("float s[64];\n#pragma HLS ARRAY_PARTITION variable=s complete\n", "s[i] = sqrtf(a[i]);"),
        ("int most = 0;", "if (a[i] * 7 > 30) most = a[i]; else { most = 3; }"),
        ("int n = 0; int m = 0;", "n = n + a[i]; m += n * 5;"),
        ("int s[8];", "for (int k = 0; k < 8; k++) s[k] = a[k] * k;"),
        ("bool odd = false; int n = 0;", "odd = a[i] % 3; if (odd) n += a[i];"),
    ],
)
def test_what_nobody_uses_costs_nothing(before: str, body: str) -> None:
    assert _told(body, before) == _told()


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("int sum = 0;", "sum += a[i] * 3; *out = sum;"),
        ("static int sum;", "sum += a[i] * 3; b[0] = sum;"),
        ("", "kept_outside += a[i] * 3;"),
        ("int s[64];", "s[i] = a[i] * 3; int *p = s; out[i] = p[i];"),
        ("int s = 0; int &r = s;", "r = a[i] * 3; out[i] = s;"),
        ("int n = 8;", "n = a[i]; if (n > 3) *out = 1;"),
        ("int n = 0;", "n = a[i] * 3; other(n);"),
        ("int n = 0;", "b[n = a[i]] += 3;"),
    ],
)
def test_what_somebody_uses_stays(before: str, body: str) -> None:
    assert _told(body, before) != _told()


def test_it_is_told() -> None:
    text = LOOP.replace("BODY", "int t = a[i] * 7;").replace("BEFORE", "")
    assert read(text).warnings == ("'t' at line 9 is never used: the tool builds nothing for it",)

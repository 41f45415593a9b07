"""A temporary that only carries a value to a store is no hardware, nor are braces or a lambda around a body."""

from __future__ import annotations

import pytest

from tests.estimator.test_references import told

NEST = """
void top(float a[64][64], float b[64][64], float c[64][64], int n[64]) {
  for (int i = 0; i < 64; i++)
    for (int j = 0; j < 64; j++) {
      for (int k = 0; k < 64; k++) {
#pragma HLS UNROLL factor=4
        SUM
      }
    }
}
"""
SUM = "c[i][j] += a[i][k] * b[k][j];"


@pytest.mark.parametrize(
    "spelled",
    [
        "const auto t = c[i][j] + a[i][k] * b[k][j]; c[i][j] = t;",
        "float t = c[i][j] + a[i][k] * b[k][j]; c[i][j] = t;",
        "float t = c[i][j]; t += a[i][k] * b[k][j]; c[i][j] = t;",
        "float t = c[i][j]; t = t + a[i][k] * b[k][j]; c[i][j] = t;",
        f"[&]() {{ {SUM} }}();",
        f"{{ {{ {SUM} }} }}",
    ],
)
def test_what_only_carries_moves_nothing(spelled: str) -> None:
    assert told(NEST.replace("SUM", spelled)) == told(NEST.replace("SUM", SUM))


@pytest.mark.parametrize(
    "spelled",
    [
        "int t = a[i][k] * b[k][j]; c[i][j] = t;",
        "float t = a[i][k] * b[k][j]; c[i][j] = t; n[k] = t;",
        "float t = a[i][k]; t += b[k][j]; t += b[k][i]; c[i][j] = t;",
    ],
)
def test_what_converts_or_is_read_again_stays(spelled: str) -> None:
    assert told(NEST.replace("SUM", spelled)) != told(NEST.replace("SUM", "c[i][j] = a[i][k] * b[k][j];"))


def test_braces_around_a_body_that_declares_are_no_loop_level() -> None:
    rows = "void top(float c[64][8], float b[64][8], float n[64]) { for (int k = 0; k < 64; k++) { BODY } }"
    body = "float x = n[k]; for (int l = 0; l < 8; l++) c[k][l] = b[k][l] * x;"
    assert told(rows.replace("BODY", body)) == told(rows.replace("BODY", f"{{ {body} }}"))

"""Shortcuts of the walk change no estimate: prepared blocks, equal loops, and a walk that is going to be repeated."""

from __future__ import annotations

from typing import Any

import pytest

from aigchip_tui.estimator import counting, prepared
from aigchip_tui.estimator import schedule as scheduling
from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.repeating import Repeater
from aigchip_tui.estimator.walk import Walker
from tests.estimator.kernels import KERNELS

BODIES: dict[str, str] = {
    "kinds that a sum converts": """
void k(int n, short s[64], float f[64], double d[64]) {
  int t = 0; char c = 0;
  for (int i = 0; i < 64; i++) {
#pragma HLS UNROLL factor=8
    t += f[i]; c = t + s[i]; s[i] *= d[i]; f[i] = 0.5 * (d[i] - 1) + n * i; d[c & 63] -= t;
  }
  s[0] = t;
}""",
    "registers, rows and pointers": """
void row(int *p, int v[8], int j) {
#pragma HLS INLINE
  for (int i = 0; i < 8; i++) { p[i + 1] = v[i] * j; v[(i * j) & 7] += p[i]; }
}
void k(int n, int a[64][16]) {
  int v[8];
#pragma HLS ARRAY_PARTITION variable=v complete
  for (int i = 0; i < 8; i++) v[i] = i;
  for (int j = 0; j < 64; j++) {
#pragma HLS PIPELINE
    row(a[j], v, j);
  }
}""",
    "names that come and go": """
const int W = 4;
struct t { int x, y[4]; };
template <int M> void part(int a[64], t &r, int b) {
  for (int i = 0; i < M * W; i++) {
#pragma HLS UNROLL
    { int b = a[i]; r.y[i % 4] += b; int d = b * i; a[i + 1] = d; }
    { a[i] = b; float b = a[i + 3]; a[i + 2] = b * b; }
    a[i + W] = b; missing += i;
  }
}
void k(int n, int a[64], t r[4]) { for (int j = 0; j < 4; j++) { part<2>(a, r[j], n); part<3>(a, r[j], j); } }
""",
    "stores that die and loads that see them": """
void k(int n, int a[64], int b[64]) {
  for (int j = 0; j < n; j++) {
#pragma HLS PIPELINE
    for (int i = 0; i < 16; i++) {
      a[i] = b[i + j]; a[i] += b[15 - i]; b[i * 2] = a[(i + 1) & 15];
      if (a[i] > j) { a[i] = 3; b[i] = a[j]; a[i] += b[2]; }
    }
  }
}""",
    "partitioned banks": """
void k(int n, int a[64][8], int b[64]) {
#pragma HLS ARRAY_PARTITION variable=a cyclic factor=3 dim=1
#pragma HLS ARRAY_PARTITION variable=a block factor=2 dim=2
#pragma HLS ARRAY_PARTITION variable=b cyclic factor=4
  for (int j = 0; j < 8; j++) {
#pragma HLS PIPELINE
    for (int i = 1; i < 9; i++) { a[i * 3][j] = b[4 * j + i] + a[i + n][i - 1]; b[n + i] += a[j][i & 7]; }
  }
}""",
    "equal and other loops below an unrolled one": """
void k(int n, float a[32][64], float b[64]) {
  float s[32][4];
  for (int i = 0; i < 12; i++) {
#pragma HLS UNROLL
    for (int j = 0; j < 64; j++) {
#pragma HLS PIPELINE
      b[j] += a[i][j] * n; s[i][j & 3] = b[j];
      if (i % 6 == 0) b[63 - j] = j;
    }
    for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
      s[i][j & 3] = i & 1 ? b[j] * n : b[j] + n;
    }
  }
  for (int j = 0; j < 4; j++) b[j] = s[3][j] + s[7][j];
}""",
    "copies of loops that follow from the last one, and others": """
void k(int n, float x, float a[32][64], int b[64], float c[512], float d[64]) {
#pragma HLS ARRAY_PARTITION variable=d cyclic factor=2
  float p[32][64], t[64];
  memcpy(p, a, sizeof(p)); memcpy(t, d, sizeof(t));
  for (int i = 0; i < 24; i++) {
#pragma HLS UNROLL
    float y = p[i][3] * x;
    for (int j = 0; j < 64; j++) {
      p[i][j] += t[j] * y;
      if (j <= i) c[8 * i + j] = b[j + i] * x;
      if (i > 20) t[j] = x;
    }
    for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
      t[i] += p[i][j] * d[j + 2 * i];
      for (int k = 0; k < 4; k++) if (k < i) b[4 * i + k] += j;
    }
    for (int j = i; j < 64; j++) c[j] = d[2 * j] - t[i * 2 + j];
    for (int j = 0; j < 8; j++) {
#pragma HLS PIPELINE
      c[8 * i + j] = b[j] * c[8 * i + j + 1];
    }
  }
  for (int i = 0; i < 32; i++) {
#pragma HLS UNROLL factor=8
    for (int k = 0; k < n; k++)
      for (int j = 0; j < 64; j++) p[k % 32][j] += x * p[i][j] * c[i * k + j] - c[i];
    t[2 * i] = c[i] + t[i];
  }
  memcpy(a, p, sizeof(p)); memcpy(d, t, sizeof(t));
}""",
    "copies of loops that compute their indices, and that read what the loop around carries": """
void k(int n, float x, double a[64][16], double b[64], float c[64]) {
  int q, r;
  float s = x;
  double t[64][16];
  for (int i = 0; i < 4; i++) {
    for (int j = 1; j < 4; j++) {
#pragma HLS UNROLL
      for (int k = j; k < 6; k++) {
      }
      for (int k = 1; k < 4; k++) {
        t[k][q + k] -= b[k] + s + x;
      }
    }
    q = i * 9;
  }
  for (int i = 0; i < 12; i++) {
#pragma HLS UNROLL
    for (int j = 0; j < 16; j++) {
      r = 4 * i + j;
      c[r + 2] += c[r] * x;
    }
    for (int j = 0; j < 16; j++) {
      for (int k = 0; k < 2; k++) {
        int o = i + 4 * k;
        b[o] += t[o][j];
      }
    }
    for (int j = 0; j < 16; j++) c[16 + j] += t[i][3] * t[j][3] + t[j + 1][3];
    for (int j = 0; j < 16; j++) {
      short o = i + 1;
      r = i + j;
      b[o + j] = t[o][j] + s;
      if (r > 9) b[r] = x;
    }
  }
  memcpy(a, t, sizeof(t));
}""",
    "copies that differ by steps, and those that meet others": """
void k(int n, double x, double a[64][32], double b[32][32], double c[64][32]) {
#pragma HLS ARRAY_PARTITION variable=b cyclic factor=4 dim=2
  double s = 0, t[32][32];
  memcpy(t, b, sizeof(t));
  for (int i = 0; i < 24; i++) {
#pragma HLS PIPELINE
    for (int j = 0; j < 16; j++) c[i][j] += x * a[i][j] * b[j][i];
    for (int j = 0; j < 16; j++) c[i][j] *= t[j][2];
    for (int k = 0; k < 2; k++)
      for (int j = 14; j > 0; j--) t[k][j] = a[k + i][j] + (a[k + i][j + 1] - t[3 * j][5]) * c[i][7];
    for (int j = 1; j < 14; j++) s += t[3][j] * t[j][3] * t[2][j];
    for (int j = 0; j < 12; j++) { s = s * x; a[i][j] = -s; }
    for (int j = 0; j < 10; j++) { b[3][i] -= a[i + 1][2 * j]; s = j > 6 ? s : x; }
    c[i][30] = s;
  }
  memcpy(b, t, sizeof(t));
}""",
    "copies of a pipelined body that reads what it wrote": """
void k(int n, double x, double a[96][8], double b[96]) {
#pragma HLS ARRAY_PARTITION variable=b cyclic factor=3
  double s = 0, t[96];
  memcpy(t, b, sizeof(t));
  for (int i = 2; i < 90; i++) {
#pragma HLS PIPELINE
#pragma HLS UNROLL factor=12
    t[i] = t[i - 1] * x + t[i - 2];
    a[i][3] += t[i + 1] - a[i][2];
    s += a[i][3] * b[i + 3] - b[i];
  }
  for (int i = 0; i < 80; i++) {
#pragma HLS UNROLL factor=16
    b[i] = b[i] * x;
    b[i + 1] += a[i][i & 3];
  }
  b[0] = s;
  memcpy(b, t, sizeof(t));
}""",
    "copies that find something else": """
void k(int n, double x, double a[64][16], double b[64][32], double c[64][16], double d[64][16], double e[64][16]) {
  double s = 0, t[16], u[16];
#pragma HLS ARRAY_PARTITION variable=t complete
#pragma HLS ARRAY_PARTITION variable=u complete
  for (int i = 0; i < 48; i++) {
#pragma HLS PIPELINE
    double y = a[i][9] * x, z = y + x;
    for (int j = 0; j < 16; j++) s += a[i][j];
    for (int j = 0; j < 12; j++) d[i][j] = y;
    d[i][6] = z;
    d[i][9] = 0.0;
    for (int j = 0; j < 12; j++) s += d[i][j] * x;
    for (int j = 0; j < 12; j++) e[i][j] = d[i][j];
    for (int j = 0; j < 12; j++) s += b[i + j - 6][3] * x;
    for (int j = 0; j < 12; j++) t[j] = y;
    t[7] = 2.0;
    for (int j = 0; j < 12; j++) u[j] = t[j] * x;
    for (int j = 0; j < 12; j++) s += u[j] * c[i][j] + u[6] * u[j];
    for (int j = 0; j < 12; j++) c[i][j] = t[j] + u[j] + u[7];
    for (int j = 0; j < 12; j++) { e[i][j] = 0.0; u[j] = 0.0; }
    e[i][6] = 3.0;
    u[6] = 3.0;
    for (int j = 0; j < 12; j++) d[i][j] = x + e[i][j];
    for (int j = 0; j < 12; j++) c[i][j] = x + u[j];
  }
  a[0][0] = s;
}""",
    "copies of elements in registers": """
void k(int n, double x, double a[64][12], double b[12][12], double c[64][12]) {
#pragma HLS ARRAY_PARTITION variable=a complete dim=2
  double s[12], t[12][12], w[12];
#pragma HLS ARRAY_PARTITION variable=s complete
#pragma HLS ARRAY_PARTITION variable=t complete dim=0
#pragma HLS ARRAY_PARTITION variable=w complete
  for (int i = 0; i < 12; i++)
    for (int j = 0; j < 12; j++) {
#pragma HLS PIPELINE
      t[i][j] = b[j][i] * x;
    }
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    for (int j = 0; j < 12; j++) s[j] = a[i][j];
    for (int k = 0; k < 3; k++)
      for (int j = 0; j < 12; j++) s[j] += x * t[k][j];
    for (int j = 0; j < 12; j++) s[5] -= t[2 * j / 2][7] * s[j];
    for (int j = 0; j < 12; j++) w[j] = s[11 - j];
    for (int j = 0; j < 12; j++) c[i][j] = w[j] + s[(n + j) & 7];
    for (int j = 0; j < 12; j++) c[i][j] *= w[j];
  }
}""",
    "copies of bodies that hold loops": """
void k(int n, double x, double a[64][40], double b[40][40], double c[64][64]) {
  double t[64][40], s[8], y;
#pragma HLS ARRAY_PARTITION variable=s complete
  int j, l, at;
  memcpy(t, c, sizeof(t));
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    for (l = 0; l < 14; l++)
      for (j = 0; j < 20; j++) t[i][j] += x * a[i][l] * b[l][j];
    for (l = 0; l < 12; l++) { double w = a[i][l] * x; for (j = 0; j < 3; j++) s[j] += w * b[l + n][j]; }
    for (int m = 0; m < 9; m++) {
      y = 0.0;
      for (j = 0; j < 4; j++) { at = 2 * m + j; y += t[i][at] * x; c[i][m] = y; }
    }
    for (int m = 0; m < 7; m++)
      for (int o = 3 * m; o < 3 * m + 3; o++) c[i + 1][o] -= s[m] * s[7];
    for (int m = 0; m < 7; m++)
      for (int o = 0; o < m; o++) c[i + 2][o] += a[i][m];
    c[0][i] = y + t[i][l] * t[i][j] * t[i][at];
  }
  memcpy(c, t, sizeof(t));
}""",
    "copies that go another way": """
void k(int n, double x, double a[64][40], double b[40][40], double c[64][64]) {
  for (int i = 0; i < 12; i++) {
#pragma HLS UNROLL factor=4
    for (int j = 0; j < 64; j++) {
#pragma HLS PIPELINE
      for (int l = 0; l < 24; l++) if (l > i) c[j][l] += a[j][i] * b[l][i];
      for (int l = 0; l < 20; l++) {
        const int m = 30 - l;
        double w = m >= 15 ? a[j][m] * x : x;
        if (l == 12 || 2 * l > 32) { c[j][m] = w; } else if (n > 3) c[j][m] = b[m][l] * w;
      }
      for (int l = 0; l < 24; l++) if (l * 2 < i + 30) c[j][l] = x * b[l][9];
    }
  }
}""",
    "copies that meet the address of all others": """
void k(int n, float x, float a[64][40], float b[40], float c[64][40]) {
  float t[24];
  memcpy(t, b, sizeof(t));
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE
    for (int j = 0; j < 12; j++)
      for (int l = 20; l >= 2; l--) t[l] = a[l][j] * x * t[18];
    for (int j = 0; j < 12; j++) { c[i][9] -= a[i][j]; c[i][j] = x; c[i][9] *= x; }
  }
  memcpy(b, t, sizeof(t));
}""",
    "copies that leave sums and indices": """
void k(int n, double x, double a[32][64], double b[32][64], double c[32][64]) {
  double s = 0, w[24];
#pragma HLS ARRAY_PARTITION variable=w complete
  int at;
  for (int i = 0; i < 4; i++) {
#pragma HLS UNROLL
    for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
      s = 0;
      for (int l = 0; l < 24; l++) { s += a[j][l] * x; at = 2 * l + 1; }
      c[j][47] = s;
      c[j][at] *= x;
      for (int l = 0; l < 24; l++) if (23 - l > i) c[j][l] = a[j][l + 32] * x;
      for (int l = 0; l < 24; l++) { w[l] = b[j][l] * x; s += w[l] * c[j][47]; }
      c[j][50 + i] = s;
    }
  }
}""",
    "copies that a loop below another copy does not make": """
void k(int n, float x, float a[32][24], float c[32][48]) {
  for (int i = 0; i < 4; i++) {
#pragma HLS UNROLL
    for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
      for (int l = 0; l < 24; l++) if (23 - l > i) c[j][l] = a[j][l] * x;
      for (int l = 0; l < 24; l++) if (l - 6 > i) c[j][l + 24] = a[j][l] * x;
    }
  }
}""",
    "copies with registers of their own before an exit": """
void k(int n, float x, double a[30][16], double b[30]) {
  for (int i = 1; i < 30; i++) {
#pragma HLS PIPELINE
#pragma HLS UNROLL factor=4
    for (int j = 2; j < 14; j++) { float q = a[i][j] + x; b[i] += 0.5 + q + a[i][j - 2]; }
  }
}""",
    "copies of stores outside": """
void k(int n, float a[64], float b[64]) {
#pragma HLS INTERFACE m_axi port=a bundle=one
#pragma HLS INTERFACE m_axi port=b bundle=two
  float s[64];
#pragma HLS ARRAY_PARTITION variable=s block factor=4
  for (int i = 0; i < 64; i++) {
#pragma HLS UNROLL
    s[i] = a[i] * 0.5f;
  }
  for (int i = 0; i < 64; i++) {
#pragma HLS UNROLL factor=16
    if (n > 3) b[i] = s[i];
  }
  if (n > 7) for (int i = 0; i < 16; i++) {
#pragma HLS UNROLL
    b[i] = s[2 * i] + n;
  }
}""",
    "banks that an earlier loop took for one": """
void k(int n, double a[64], double b[4][16], double c[64]) {
  double p[64], q[4][16], s = 0;
  memcpy(p, a, sizeof(p)); memcpy(q, b, sizeof(q));
  for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    c[j] = c[j] * (p[0] + p[1] * p[2] + p[3] + p[4] * p[5]);
  }
  for (int j = 0; j < 4; j++) {
#pragma HLS PIPELINE
    double t = 0;
    for (int k = 0; k < 16; k++) t += p[j + k] * q[j][k];
    c[j] += t;
  }
}""",
    "banks that are no power of two": """
void k(int n, double a[64], double b[32], double c[32]) {
  double p[64];
  memcpy(p, a, sizeof(p));
  for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    double t = 0;
    for (int k = 0; k < 12; k++) t += p[j + k] * b[k];
    c[j] += t;
  }
}""",
    "banks that are no power of two, and more of them": """
void k(int n, double a[64], double b[32], double c[32]) {
  double p[64];
  memcpy(p, a, sizeof(p));
  for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    double t = 0;
    for (int k = 0; k < 6; k++) t += p[j + k] * b[k];
    c[j] += t;
  }
  for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    double t = 0;
    for (int k = 0; k < 12; k++) t += p[j + k] * b[k];
    c[j] += t;
  }
}""",
    "banks that are no power of two, beside registers": """
void k(int n, int a[256], int b[256], int f[9]) {
  int p[256], q[256], g[9];
  memcpy(p, a, sizeof(p)); memcpy(g, f, sizeof(g));
  for (int r = 0; r < 6; r++)
    for (int c = 0; c < 12; c++) {
#pragma HLS UNROLL factor=12
      int t = 0;
      for (int k = 0; k < 3; k++)
        for (int l = 0; l < 3; l++) t += g[k * 3 + l] * p[(r + k) * 16 + c + l];
      q[r * 16 + c] = t;
    }
  memcpy(b, q, sizeof(q));
}""",
    "an array that is split": """
void k(int n, float a[256], float b[16]) {
  float w[16];
  for (int i = 0; i < 16; i++) w[i] = b[i];
  for (int j = 0; j < 240; j++) {
#pragma HLS PIPELINE
    float s = 0;
    for (int i = 0; i < 16; i++) s += w[i] * a[j + i];
    a[j] = s;
  }
  for (int i = 0; i < 16; i++) b[i] = w[i] * n;
}""",
    "rows that are split where a loop asks for it": """
void k(int n, float a[32][16], float b[16][32], float c[32][32]) {
  float p[32][16], q[16][32], r[32][32];
  memcpy(p, a, sizeof(p)); memcpy(q, b, sizeof(q));
  for (int i = 0; i < 32; i++) {
#pragma HLS UNROLL factor=4
    for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
      r[i][j] = 0;
      for (int k = 0; k < 16; k++) r[i][j] += p[i][k] * q[k][j];
    }
  }
  memcpy(c, r, sizeof(r));
}""",
    "rows that are split after a loop used them": """
void k(int n, float a[32][16], float b[16][32], float c[32][32]) {
  float p[32][16], q[16][32], r[32][32];
  memcpy(p, a, sizeof(p));
  for (int i = 0; i < 32; i++)
    for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
      float t = p[i][2] + p[j][3] * n + q[(j * i) & 15][j];
      for (int k = 4; k < 12; k++) t += p[i][k] * c[i][j];
      r[i][j] = t; q[j & 15][i] = t * n;
    }
  for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    float t = 0;
    for (int i = 0; i < 16; i++) t += q[i][j] + r[i][j] * r[i + 16][j];
    c[j][0] = t;
  }
}""",
    "rows that are split in the first of several copies": """
void k(int n, float a[8][6], float b[8], float c[16]) {
  float p[8], q[8][6];
  memcpy(q, a, sizeof(q));
  for (int i = 0; i < 8; i++) {
#pragma HLS UNROLL factor=4
    for (int j = 0; j < 8; j++) {
#pragma HLS PIPELINE
      p[i] += q[j][3] * p[2];
      q[j][5] = q[i][4];
      p[i] = q[i][3];
    }
    c[i] = c[i] + q[i][1];
  }
  memcpy(b, p, sizeof(p));
}""",
    "rows that are split beside others that no longer bound a loop": """
void k(int n, int a[33][16], float b[32][4], float c[32]) {
  int p[33][16];
  float q[32][4], t = 0;
  memcpy(p, a, sizeof(p)); memcpy(q, b, sizeof(q));
  for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    for (int i = 0; i < 16; i++) p[j + 1][i] = p[j][i] ^ n;
  }
  for (int j = 0; j < 32; j++) {
#pragma HLS PIPELINE
    float s = q[j][0] * q[j][1] + q[j][2] * q[j][3];
    int x = n;
    for (int i = 0; i < 16; i++) x ^= p[j][i];
    c[j] = t += s * x;
  }
}""",
}


@pytest.mark.parametrize("text", [*KERNELS.values(), *BODIES.values()], ids=[*KERNELS, *BODIES])
def test_shortcuts_change_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(**sets: int) -> Estimate:
        return estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c", sets=sets)

    quick = asked(), asked(n=24)
    monkeypatch.setattr(prepared, "RARE", 1 << 30)
    monkeypatch.setattr(counting, "of_numbers", lambda loop: False)
    monkeypatch.setattr(Repeater, "of", lambda *asked: None)
    monkeypatch.setattr(Walker, "recalled", lambda *asked: False)
    monkeypatch.setattr(Walker, "twins", property(lambda self: {}, lambda self, kept: None), raising=False)
    for switch in ("provisional", "splits_now", "may_begin_anew"):
        monkeypatch.setattr(Walker, switch, property(lambda self: False, lambda self, asked: None), raising=False)
    assert (asked(), asked(n=24)) == quick


@pytest.mark.parametrize("kernel", BODIES)
def test_blocks_that_run_again_are_prepared(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[Any] = []
    prepare = prepared.Prepared._prepare

    def preparing(self: prepared.Prepared, *asked: Any) -> None:
        prepare(self, *asked)
        names.extend(self.names)

    monkeypatch.setattr(prepared.Prepared, "_prepare", preparing)
    estimate({"k.cpp": BODIES[kernel]})
    assert names


def test_a_header_of_numbers_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    header = Walker._header

    def reading(self: Walker, loop: Any) -> Any:
        read.append(loop.line)
        return header(self, loop)

    monkeypatch.setattr(Walker, "_header", reading)
    estimate({"k.cpp": """
void k(int n, int a[8][8]) {
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE
    for (int j = 0; j < 8; j++)
      for (int l = j; l < 8; l++) a[i][j] += l;
  }
}"""})
    assert read.count(3) == read.count(5) == 1
    assert read.count(6) >= 8


@pytest.mark.parametrize(("kernel", "copies", "walked"), [
    ("copies that differ by steps, and those that meet others", 50, 36), ("copies of elements in registers", 20, 52),
    ("copies of stores outside", 60, 18), ("copies of bodies that hold loops", 80, 40),
    ("copies that go another way", 30, 170), ("copies that leave sums and indices", 200, 50),
    ("copies that a loop below another copy does not make", 100, 70),
])
def test_copies_are_made_without_being_walked(
    kernel: str, copies: int, walked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    more = Repeater.more

    def counted(self: Repeater, left: int) -> int:
        made.append(more(self, left))
        return made[-1]

    monkeypatch.setattr(Repeater, "more", counted)
    estimate({"k.cpp": BODIES[kernel]})
    assert sum(made) >= copies
    assert len(made) <= walked


@pytest.mark.parametrize(("kernel", "copies"), [
    ("copies of loops that follow from the last one, and others", 30),
    ("copies of loops that compute their indices, and that read what the loop around carries", 8),
])
def test_copies_of_loops_follow_from_the_last_one(
    kernel: str, copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[bool] = []
    recalled = Walker.recalled

    def counted(self: Walker, *asked: Any) -> bool:
        found.append(recalled(self, *asked))
        return found[-1]

    monkeypatch.setattr(Walker, "recalled", counted)
    estimate({"k.cpp": BODIES[kernel]})
    assert sum(found) >= copies


@pytest.mark.parametrize(("kernel", "schedules"), [
    ("equal and other loops below an unrolled one", 23), ("an array that is split", 4),
])
def test_nothing_is_scheduled_for_nothing(kernel: str, schedules: int, monkeypatch: pytest.MonkeyPatch) -> None:
    intervals: list[int | None] = []
    place = scheduling._place

    def placing(graph: Graph, budget: float, capacity: Any, interval: int | None, entry_ns: float) -> Any:
        intervals.append(interval)
        return place(graph, budget, capacity, interval, entry_ns)

    monkeypatch.setattr(scheduling, "_place", placing)
    estimate({"k.cpp": BODIES[kernel]})
    assert 0 < sum(one is not None for one in intervals) <= schedules


@pytest.mark.parametrize(("kernel", "walks"), [
    ("rows that are split where a loop asks for it", 1), ("rows that are split after a loop used them", 2),
    ("rows that are split beside others that no longer bound a loop", 1),
    ("banks that an earlier loop took for one", 2), ("banks that are no power of two", 1),
    ("banks that are no power of two, and more of them", 2), ("banks that are no power of two, beside registers", 2),
])
def test_an_array_is_split_while_the_walk_goes_on(kernel: str, walks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Walker] = []
    ready = Walker.ready_globals

    def counted(self: Walker) -> None:
        begun.append(self)
        ready(self)

    monkeypatch.setattr(Walker, "ready_globals", counted)
    estimate({"k.cpp": BODIES[kernel]})
    assert len(begun) == walks


@pytest.mark.parametrize(("read", "depth"), [("a[j]", 3), ("n", 1)])
def test_a_store_dies_only_when_nobody_read_it(read: str, depth: int) -> None:
    text = f"""
void k(int n, int m, int b[64]) {{
  int a[64];
  for (int j = 0; j < 64; j++) {{
#pragma HLS PIPELINE
#pragma HLS DEPENDENCE variable=a inter false
    a[j] = n; a[m] = j; b[j] = {read}; a[j] = 7;
  }}
}}"""
    assert estimate({"k.cpp": text}).loops[0].depth == depth

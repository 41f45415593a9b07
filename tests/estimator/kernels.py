"""A dozen small kernels in the usual styles of HLS C++, for laws that hold for any source."""

from __future__ import annotations

KERNELS: dict[str, str] = {
    "matrix product": """
#define SIZE 32
void product(const int a[SIZE][SIZE], const int b[SIZE][SIZE], int c[SIZE][SIZE]) {
  row: for (int i = 0; i < SIZE; i++) {
    column: for (int j = 0; j < SIZE; j++) {
#pragma HLS PIPELINE II=1
      int sum = 0;
      inner: for (int k = 0; k < SIZE; k++) {
#pragma HLS UNROLL
        sum += a[i][k] * b[k][j];
      }
      c[i][j] = sum;
    }
  }
}
""",
    "filter with a shift register": """
const int TAPS = 11;
void fir(int *y, int x, const int weights[TAPS]) {
#pragma HLS PIPELINE
  static int past[TAPS];
#pragma HLS ARRAY_PARTITION variable=past complete
  int sum = 0;
  // newest first
  for (int i = TAPS - 1; i >= 0; i--) {
    past[i] = i == 0 ? x : past[i - 1];
    sum += past[i] * weights[i];
  }
  *y = sum;
}
""",
    "stencil": """
void blur(const float in[64][64], float out[64][64]) {
  for (int i = 1; i < 63; i++)
    for (int j = 1; j < 63; j++) {
      float total = 0; /* nine neighbours */
      for (int di = -1; di <= 1; di++)
        for (int dj = -1; dj <= 1; dj++) total += in[i + di][j + dj];
      out[i][j] = total / 9;
    }
}
""",
    "histogram": """
void count(const unsigned char data[1024], int bins[256]) {
  int local[256];
  clear: for (int i = 0; i < 256; i++) local[i] = 0;
  add: for (int i = 0; i < 1024; i++) {
#pragma HLS PIPELINE
    local[data[i]] += 1;
  }
  out: for (int i = 0; i < 256; i++) bins[i] = local[i];
}
""",
    "stream stages": """
#include <hls_stream.h>
static void load(const int *in, hls::stream<int>& out, int n) {
  for (int i = 0; i < n; i++) {
#pragma HLS LOOP_TRIPCOUNT min=16 max=256
#pragma HLS PIPELINE
    out.write(in[i]);
  }
}
static void scale(hls::stream<int>& in, hls::stream<int>& out, int n) {
  for (int i = 0; i < n; i++) {
#pragma HLS LOOP_TRIPCOUNT min=16 max=256
#pragma HLS PIPELINE
    out.write(in.read() * 7);
  }
}
static void save(hls::stream<int>& in, int *out, int n) {
  for (int i = 0; i < n; i++) {
#pragma HLS LOOP_TRIPCOUNT min=16 max=256
#pragma HLS PIPELINE
    out[i] = in.read();
  }
}
void stages(const int *in, int *out, int n) {
#pragma HLS INTERFACE m_axi port=in bundle=gmem0 depth=256
#pragma HLS INTERFACE m_axi port=out bundle=gmem1 depth=256
#pragma HLS DATAFLOW
  hls::stream<int> raw, scaled;
#pragma HLS STREAM variable=raw depth=64
  load(in, raw, n);
  scale(raw, scaled, n);
  save(scaled, out, n);
}
""",
    "fixed point": """
#include <ap_fixed.h>
typedef ap_fixed<16, 6> sample_t;
typedef ap_fixed<32, 12> total_t;
void energy(const sample_t x[128], total_t &out) {
  total_t total = 0;
  for (int i = 0; i < 128; i++) {
#pragma HLS PIPELINE II=1
    total += x[i] * x[i];
  }
  out = total;
}
""",
    "templates": """
template <int WIDTH, typename T> T fold(const T values[WIDTH]) {
#pragma HLS INLINE
  T total = 0;
  for (int i = 0; i < WIDTH; i++) {
#pragma HLS UNROLL
    total += values[i];
  }
  return total;
}
void rows(const short data[40][8], short sums[40]) {
  for (int r = 0; r < 40; r++) {
#pragma HLS PIPELINE II=4
    short one[8];
#pragma HLS ARRAY_PARTITION variable=one complete
    for (int c = 0; c < 8; c++) one[c] = data[r][c];
    sums[r] = fold<8, short>(one);
  }
}
""",
    "records": """
struct particle { float position[3]; float mass; };
struct sums { float total; int count; void add(float m) { total += m; count += 1; } };
void weigh(const particle cloud[50], float &total, int &count) {
  sums found;
  found.total = 0;
  found.count = 0;
  each: for (int i = 0; i < 50; ++i) {
    if (cloud[i].position[2] > 0) found.add(cloud[i].mass);
  }
  total = found.total;
  count = found.count;
}
""",
    "namespaces": """
namespace tile { const int EDGE = 12; void run(int block[EDGE * EDGE]) {
  for (int i = 0; i < EDGE * EDGE; ++i) block[i] += EDGE;
} }
namespace grid { const int EDGE = 5; void run(int block[144]) {
  for (int i = 0; i < EDGE; ++i) tile::run(block);
} }
void top(int block[144]) { grid::run(block); }
""",
    "insertion": """
#define COUNT 24
void sort(int keys[COUNT]) {
  outer: for (int i = 1; i < COUNT; i++) {
    int item = keys[i];
    int j = i;
    while (j > 0 && keys[j - 1] > item) {
#pragma HLS LOOP_TRIPCOUNT min=1 max=24 avg=12
      keys[j] = keys[j - 1];
      j--;
    }
    keys[j] = item;
  }
}
""",
    "copies": """
#include <string.h>
void burst(const int *from, int *to) {
#pragma HLS INTERFACE m_axi port=from bundle=gmem depth=512
#pragma HLS INTERFACE m_axi port=to bundle=gmem depth=512
  int buffer[512];
  memcpy(buffer, from, 512 * sizeof(int));
  twice: for (int i = 0; i < 512; i++) {
#pragma HLS UNROLL factor=2
    buffer[i] = buffer[i] << 1;
  }
  memcpy(to, buffer, 512 * sizeof(int));
}
""",
    "int8 lane": """
#include <ap_int.h>
#include <hls_vector.h>
typedef ap_int<8> data_t;
typedef ap_int<32> acc_t;
void lane(const data_t a[16], const data_t b[16], acc_t &c) {
#pragma HLS PIPELINE II=1
#pragma HLS ARRAY_PARTITION variable=a complete
#pragma HLS ARRAY_PARTITION variable=b complete
  acc_t sum = c;
  for (int k = 0; k < 16; ++k) {
#pragma HLS UNROLL
    sum += a[k] * b[k];
  }
  c = sum;
}
""",
}

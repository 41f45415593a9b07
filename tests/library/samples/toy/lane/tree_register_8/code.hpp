// [1] elements of one token
constexpr int ELEMENTS = 8;
// [4] tokens before the first product
constexpr int SKIPPED = 3;
// [2] one place per product
constexpr int PARTIALS = ELEMENTS;
void lane(const data_t *a, const data_t *b, int tokens, acc_t *c) { // [5] one process
  acc_t held = 0; // [3] the register at the exit
visits: // [5] one token an iteration
  for (int t = SKIPPED; t < tokens; ++t) {
#pragma HLS PIPELINE II=1
    acc_t sum[PARTIALS];  // [2] products side by side
#pragma HLS ARRAY_PARTITION variable=sum complete
    for (int i = 0; i < ELEMENTS; ++i) {
#pragma HLS UNROLL
      sum[i] = acc_t(a[t * ELEMENTS + i]) * b[t * ELEMENTS + i];
    }
    for (int step = ELEMENTS / 2; step > 0; step /= 2) {
#pragma HLS UNROLL
      for (int i = 0; i < step; ++i) {
        sum[i] += sum[i + step];
      }
    }
    // [3] leaves one iteration later
    if (t > SKIPPED) {
      c[t - 1] = held;
    }
    held = sum[0];
  } // [5] last token
  // [3] the last one held
  if (tokens > SKIPPED) {
    c[tokens - 1] = held;
  }
} // [5] end

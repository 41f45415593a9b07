// [1] elements of one token
constexpr int ELEMENTS = 32;
// [4] tokens before the first product
constexpr int SKIPPED = 7;
// [2] one place per product
constexpr int PARTIALS = ELEMENTS;
void lane(const data_t *a, const data_t *b, int tokens, acc_t *c) { // [5] one process
  // [3] nothing is held at the exit
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
    // [3] leaves in its own iteration
    c[t] = sum[0];
  } // [5] last token
  // [3] nothing is left
} // [5] end

// [1] elements of one token
constexpr int ELEMENTS = 16;
// [4] tokens before the first product
constexpr int SKIPPED = 5;
// [2] one running sum
constexpr int PARTIALS = 1;
void lane(const data_t *a, const data_t *b, int tokens, acc_t *c) { // [5] one process
  acc_t held = 0; // [3] the register at the exit
visits: // [5] one token an iteration
  for (int t = SKIPPED; t < tokens; ++t) {
#pragma HLS PIPELINE II=1
    acc_t sum[PARTIALS] = {0};  // [2] starts from zero
    for (int i = 0; i < ELEMENTS; ++i) {
#pragma HLS UNROLL
      sum[0] += acc_t(a[t * ELEMENTS + i]) * b[t * ELEMENTS + i];
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

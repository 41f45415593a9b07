// [1] elements of one token
constexpr int ELEMENTS = 4;
// [4] tokens before the first product
constexpr int SKIPPED = 3;
// [2] one running sum
constexpr int PARTIALS = 1;
void lane(const data_t *a, const data_t *b, int tokens, acc_t *c) { // [5] one process
  // [3] nothing is held at the exit
visits: // [5] one token an iteration
  for (int t = SKIPPED; t < tokens; ++t) {
#pragma HLS PIPELINE II=1
    acc_t sum[PARTIALS] = {0};  // [2] starts from zero
    for (int i = 0; i < ELEMENTS; ++i) {
#pragma HLS UNROLL
      sum[0] += acc_t(a[t * ELEMENTS + i]) * b[t * ELEMENTS + i];
    }
    // [3] leaves in its own iteration
    c[t] = sum[0];
  } // [5] last token
  // [3] nothing is left
} // [5] end

// [1] one row of A in a cycle
constexpr int ROWS = 1;
// [2] one column of B in a cycle
constexpr int COLUMNS = 1;
// [3] words along k in a cycle
constexpr int WORDS = 16;
// [4] operands row by row and column by column, sums row by row
void pe_lane(const data_t a[ROWS * WORDS], const data_t b[COLUMNS * WORDS], acc_t c[ROWS * COLUMNS]) {
    // [5] part of the array's pipeline, no block with a handshake of its own
#pragma HLS INLINE
    // [6] every MAC reads its words and writes its sum in the same cycle
#pragma HLS ARRAY_PARTITION variable=a complete dim=1
#pragma HLS ARRAY_PARTITION variable=b complete dim=1
#pragma HLS ARRAY_PARTITION variable=c complete dim=1
    // [7] one column: nothing to share, so no register
    // [8] one row: nothing to share, so no register
    // [9] unrolled loops are space, not time: one MAC for each turn of the innermost body
    rows: for (int i = 0; i < ROWS; ++i) {
#pragma HLS UNROLL
        columns: for (int j = 0; j < COLUMNS; ++j) {
#pragma HLS UNROLL
            // [10] the sum over the words starts from zero
            acc_t sum = 0;
            // [9] the words of a sum meet in its adders
            words: for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
                // [7] one reader for each word
                const data_t a_word = a[i * WORDS + k];
                // [8] one reader for each word
                const data_t b_word = b[j * WORDS + k];
                // [10] integer sums may be taken in any order, so the tool balances the chain into a tree
                mac(a_word, b_word, sum, sum);
                // [9]
            }
            // [10] one finished sum
            c[i * COLUMNS + j] = sum;
            // [9]
        }
    }
    // [4]
}

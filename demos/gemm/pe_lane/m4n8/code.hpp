// [1] rows of A in a cycle
constexpr int ROWS = 4;
// [2] columns of B in a cycle
constexpr int COLUMNS = 8;
// [3] one word along k in a cycle
constexpr int WORDS = 1;
// [4] operands row by row and column by column, sums row by row
void pe_lane(const data_t a[ROWS * WORDS], const data_t b[COLUMNS * WORDS], acc_t c[ROWS * COLUMNS]) {
    // [5] part of the array's pipeline, no block with a handshake of its own
#pragma HLS INLINE
    // [6] every MAC reads its words and writes its sum in the same cycle
#pragma HLS ARRAY_PARTITION variable=a complete dim=1
#pragma HLS ARRAY_PARTITION variable=b complete dim=1
#pragma HLS ARRAY_PARTITION variable=c complete dim=1
    // [7] one register a word drives the MACs of all columns
    data_t a_register[ROWS * WORDS];
    // a register for each word, so that all are read in one cycle
#pragma HLS ARRAY_PARTITION variable=a_register complete dim=1
    copy_a: for (int x = 0; x < ROWS * WORDS; ++x) {
        // all words are copied in the same cycle
#pragma HLS UNROLL
        a_register[x] = a[x];
    }
    // [8] one register a word drives the MACs of all rows
    data_t b_register[COLUMNS * WORDS];
    // a register for each word, so that all are read in one cycle
#pragma HLS ARRAY_PARTITION variable=b_register complete dim=1
    copy_b: for (int x = 0; x < COLUMNS * WORDS; ++x) {
        // all words are copied in the same cycle
#pragma HLS UNROLL
        b_register[x] = b[x];
    }
    // [9] unrolled loops are space, not time: one MAC for each turn of the innermost body
    rows: for (int i = 0; i < ROWS; ++i) {
#pragma HLS UNROLL
        columns: for (int j = 0; j < COLUMNS; ++j) {
#pragma HLS UNROLL
            // [10] nothing to add up: the product is the sum
            acc_t sum;
            // [9] the words of a sum meet in its adders
            words: for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
                // [7] every column reads the same register
                const data_t a_word = a_register[i * WORDS + k];
                // [8] every row reads the same register
                const data_t b_word = b_register[j * WORDS + k];
                // [10] the MAC's adder adds nothing
                mac(a_word, b_word, 0, sum);
                // [9]
            }
            // [10] one finished sum
            c[i * COLUMNS + j] = sum;
            // [9]
        }
    }
    // [4]
}

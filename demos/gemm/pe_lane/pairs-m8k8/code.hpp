// [1] rows of A in a cycle
constexpr int ROWS = 8;
// [2] one column of B in a cycle
constexpr int COLUMNS = 1;
// [3] words along k in a cycle
constexpr int WORDS = 8;
// [4] operands row by row and column by column, sums row by row
void pe_lane(const data_t a[ROWS * WORDS], const data_t b[COLUMNS * WORDS], acc_t c[ROWS * COLUMNS]) {
    // [5] part of the array's pipeline, no block with a handshake of its own
#pragma HLS INLINE
    // [6] every MAC reads its words and writes its sum in the same cycle
#pragma HLS ARRAY_PARTITION variable=a complete dim=1
#pragma HLS ARRAY_PARTITION variable=b complete dim=1
#pragma HLS ARRAY_PARTITION variable=c complete dim=1
    // [7] one column: nothing to share, so no register
    // [8] one register a word drives the MACs of all rows
    data_t b_register[COLUMNS * WORDS];
    // a register for each word, so that all are read in one cycle
#pragma HLS ARRAY_PARTITION variable=b_register complete dim=1
    copy_b: for (int x = 0; x < COLUMNS * WORDS; ++x) {
        // all words are copied in the same cycle
#pragma HLS UNROLL
        b_register[x] = b[x];
    }
    // [9] unrolled loops are space, not time: one DSP block, two MACs, for each turn of the innermost body
    rows: for (int i = 0; i < ROWS; i += 2) {
#pragma HLS UNROLL
        columns: for (int j = 0; j < COLUMNS; ++j) {
#pragma HLS UNROLL
            // [10] this field holds seven products; of the powers of two, four is the most that fits
            constexpr int FIELD = 18;
            constexpr int GROUP = 4;
            acc_t sum = 0;
            acc_t sum_beside = 0;
            std::int64_t packed = 0;
            // [9] the words of a sum meet in its adders
            words: for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
                // [7] one reader for each word
                const data_t a_word = a[i * WORDS + k];
                const data_t a_beside = a[(i + 1) * WORDS + k];
                // [8] every row reads the same register
                const data_t b_word = b_register[j * WORDS + k];
                // [10] the packed sum grows from DSP block to DSP block and is split before its lower field overflows
                mac(a_beside, a_word, b_word, packed, packed);
                if (k % GROUP == GROUP - 1 || k == WORDS - 1) {
                    constexpr int SIGN = 32 - FIELD;
                    const std::int32_t lower = static_cast<std::int32_t>(packed) << SIGN >> SIGN;
                    sum += lower;
                    // what is below zero in the lower field was borrowed from the upper one
                    sum_beside += static_cast<acc_t>((packed - lower) >> FIELD);
                    packed = 0;
                }
                // [9]
            }
            // [10] two finished sums
            c[i * COLUMNS + j] = sum;
            c[(i + 1) * COLUMNS + j] = sum_beside;
            // [9]
        }
    }
    // [4]
}

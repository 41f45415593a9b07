// [1] words along k in an element
constexpr int WORDS = 4;
// [2] rows of elements
constexpr int ROWS = 4;
// [3] columns of elements
constexpr int COLUMNS = 8;

// [4] packed words in, packed sums out
void pe_array(hls::stream<array_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in_a,
              hls::stream<hls::vector<data_t, COLUMNS * WORDS>>& in_b,
              hls::stream<hls::vector<acc_t, ROWS * COLUMNS>>& out) {
    // [5] ends on command, keeps nothing
    bool last = false;
commands:
    while (!last) {
        const array_cmd command = cmd.read();
        last = command.last != 0;
        // [10] every element adds in the same cycle
        acc_t sums[ROWS * COLUMNS];
#pragma HLS ARRAY_PARTITION variable=sums complete dim=1
        // [6] one flat loop: the pipeline fills once a command, not once a block
        const int iterations = command.blocks * command.kb;
        // DSP blocks are for the elements
#pragma HLS BIND_OP variable=iterations op=mul impl=fabric
        int step = 0;
    steps:
        for (int t = 0; t < iterations; ++t) {
#pragma HLS PIPELINE II=1
            const hls::vector<data_t, ROWS * WORDS> a = in_a.read();
            const hls::vector<data_t, COLUMNS * WORDS> b = in_b.read();
            // [7] registers for the fan-out along a row
            data_t a_register[ROWS][WORDS];
#pragma HLS ARRAY_PARTITION variable=a_register complete dim=0
        a_rows:
            for (int i = 0; i < ROWS; ++i) {
#pragma HLS UNROLL
            a_words:
                for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
                    a_register[i][k] = a[i * WORDS + k];
                }
            }
            // [8] registers for the fan-out along a column
            data_t b_register[COLUMNS][WORDS];
#pragma HLS ARRAY_PARTITION variable=b_register complete dim=0
        b_columns:
            for (int j = 0; j < COLUMNS; ++j) {
#pragma HLS UNROLL
            b_words:
                for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
                    b_register[j][k] = b[j * WORDS + k];
                }
            }
            // [9] an element for each turn of the inner body
        rows:
            for (int i = 0; i < ROWS; ++i) {
#pragma HLS UNROLL
            columns:
                for (int j = 0; j < COLUMNS; ++j) {
#pragma HLS UNROLL
                    // [10] the sum never moves: only operands travel
                    acc_t& sum = sums[i * COLUMNS + j];
                    const acc_t kept = step == 0 ? 0 : sum;
                    // [9] works on its own sum
                    pe(a_register[i], b_register[j], kept, sum);
                }
            }
            // [11] the last step completes the token
            if (step == command.kb - 1) {
                hls::vector<acc_t, ROWS * COLUMNS> block;
            take:
                for (int x = 0; x < ROWS * COLUMNS; ++x) {
#pragma HLS UNROLL
                    block[x] = sums[x];
                }
                out.write(block);
                step = 0;
            } else {
                ++step;
            }
            // [6]
        }
        // [5]
    }
    // [4]
}

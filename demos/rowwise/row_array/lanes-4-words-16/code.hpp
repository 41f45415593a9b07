// [1] words along k in a lane
constexpr int WORDS = 16;
// [2] a lane for each column
constexpr int LANES = 4;

// [3] one row, several columns, a sum for each
void row_array(hls::stream<array_cmd>& cmd, hls::stream<hls::vector<data_t, WORDS>>& in_a,
               hls::stream<hls::vector<data_t, LANES * WORDS>>& in_b, hls::stream<hls::vector<acc_t, LANES>>& out) {
    // [4] ends on command, keeps nothing
    bool last = false;
commands:
    while (!last) {
        const array_cmd command = cmd.read();
        last = command.last != 0;
        // [8] every lane adds in the same cycle
        acc_t sums[LANES];
#pragma HLS ARRAY_PARTITION variable=sums complete dim=1
        // [5] one flat loop: the pipeline fills once a command, not once a block
        const int iterations = command.blocks * command.kb;
        // DSP blocks are for the lanes
#pragma HLS BIND_OP variable=iterations op=mul impl=fabric
        int step = 0;
    steps:
        for (int t = 0; t < iterations; ++t) {
#pragma HLS PIPELINE II=1
            const hls::vector<data_t, WORDS> a = in_a.read();
            const hls::vector<data_t, LANES * WORDS> b = in_b.read();
            // [6] a register a word drives all lanes, not the stream's output itself
            data_t row[WORDS];
#pragma HLS ARRAY_PARTITION variable=row complete dim=1
        broadcast:
            for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
                row[k] = a[k];
            }
            // [7] a lane for each turn; its column has a single reader
        lanes:
            for (int n = 0; n < LANES; ++n) {
#pragma HLS UNROLL
                data_t column[WORDS];
#pragma HLS ARRAY_PARTITION variable=column complete dim=1
            pick:
                for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
                    column[k] = b[n * WORDS + k];
                }
                acc_t product[1];
#pragma HLS ARRAY_PARTITION variable=product complete dim=1
                pe_lane(row, column, product);
                // [8] one adder a lane closes the loop over the steps: II=1 holds
                sums[n] = (step == 0 ? 0 : sums[n]) + product[0];
                // [7]
            }
            // [9] the last step completes the token
            if (step == command.kb - 1) {
                hls::vector<acc_t, LANES> block;
            take:
                for (int n = 0; n < LANES; ++n) {
#pragma HLS UNROLL
                    block[n] = sums[n];
                }
                out.write(block);
                step = 0;
            } else {
                ++step;
            }
            // [5]
        }
        // [4]
    }
    // [3]
}

// [1] rows of an array's block
constexpr int ROWS = 8;
// [2] columns of an array's block
constexpr int COLUMNS = 64;
// [3] tokens of a block
constexpr int SLICES = 4;
constexpr int SLICE_ROWS = ROWS / SLICES;
constexpr int PART = SLICE_ROWS * COLUMNS;
// [4] senders of each token
constexpr int ARRAYS = 8;
// [5] the same sums from every array
constexpr int JOINED = PART;

// [6] from a stream for each array to one stream for the accumulator
void collector(hls::stream<collect_cmd>& cmd, hls::stream<hls::vector<acc_t, PART>> in[ARRAYS],
               hls::stream<hls::vector<acc_t, JOINED>>& out) {
    // [7] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const collect_cmd command = cmd.read();
        last = command.last != 0;
        // [8] one flat loop: the pipeline fills once for each command
        tokens: for (int t = 0; t < command.tokens; ++t) {
            // a token each cycle
#pragma HLS PIPELINE II=1
            hls::vector<acc_t, PART> part[ARRAYS];
            // every array's token is taken in the same cycle
#pragma HLS ARRAY_PARTITION variable=part complete dim=1
            take: for (int g = 0; g < ARRAYS; ++g) {
#pragma HLS UNROLL
                part[g] = in[g].read();
            }
            hls::vector<acc_t, JOINED> token;
            // [5] the arrays share the words along k, so each has a part of every sum
            sums: for (int x = 0; x < PART; ++x) {
                // all sums of a token in the same cycle
#pragma HLS UNROLL
                acc_t sum = 0;
                arrays: for (int g = 0; g < ARRAYS; ++g) {
                    // an adder tree over the arrays
#pragma HLS UNROLL
                    sum += part[g][x];
                }
                token[x] = sum;
            }
            // [8] the joined slice
            out.write(token);
        }
        // [7]
    }
    // [6]
}

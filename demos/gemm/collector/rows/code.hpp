// [1] rows of an array's block
constexpr int ROWS = 16;
// [2] columns of an array's block
constexpr int COLUMNS = 8;
// [3] tokens of a block
constexpr int SLICES = 8;
constexpr int SLICE_ROWS = ROWS / SLICES;
constexpr int PART = SLICE_ROWS * COLUMNS;
// [4] senders of each token
constexpr int ARRAYS = 4;
// [5] rows of all arrays, one after the other
constexpr int JOINED = PART * ARRAYS;

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
            // [5] row i of array g is row i * ARRAYS + g of the slice
            rows: for (int i = 0; i < SLICE_ROWS; ++i) {
                // wires, no logic
#pragma HLS UNROLL
                arrays: for (int g = 0; g < ARRAYS; ++g) {
#pragma HLS UNROLL
                    columns: for (int j = 0; j < COLUMNS; ++j) {
#pragma HLS UNROLL
                        token[(i * ARRAYS + g) * COLUMNS + j] = part[g][i * COLUMNS + j];
                    }
                }
            }
            // [8] the joined slice
            out.write(token);
        }
        // [7]
    }
    // [6]
}

// [1] rows of an array's block
constexpr int ROWS = 32;
// [2] columns of an array's block
constexpr int COLUMNS = 2;
// [3] tokens of a block
constexpr int SLICES = 4;
constexpr int SLICE_ROWS = ROWS / SLICES;
constexpr int PART = SLICE_ROWS * COLUMNS;
// [4] all arrays are alike along m
constexpr int ALONG_M = 1;
// [5] columns of C from different arrays
constexpr int ALONG_N = 2;
// [6] parts of a sum in different arrays
constexpr int ALONG_K = 4;
// [7] sums of the joined rows
constexpr int JOINED = PART * ALONG_M * ALONG_N;
// [9] senders of each token
constexpr int ARRAYS = ALONG_M * ALONG_N * ALONG_K;

void collector_mixed(hls::stream<collect_cmd>& cmd, hls::stream<hls::vector<acc_t, PART>> in[ARRAYS],
                     hls::stream<hls::vector<acc_t, JOINED>>& out) {
    // [10] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const collect_cmd command = cmd.read();
        last = command.last != 0;
        // [11] one flat loop: the pipeline fills once for each command
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
            // [7] rows and columns back in their order: wires
            int joined = 0;
            rows: for (int r = 0; r < SLICE_ROWS; ++r) {
#pragma HLS UNROLL
                along_m: for (int i = 0; i < ALONG_M; ++i) {
#pragma HLS UNROLL
                    columns: for (int c = 0; c < COLUMNS; ++c) {
#pragma HLS UNROLL
                        along_n: for (int j = 0; j < ALONG_N; ++j) {
#pragma HLS UNROLL
                            const int first = (i * ALONG_N + j) * ALONG_K;
                            // [8] the only adders: arrays along k
                            acc_t sum = 0;
                            along_k: for (int l = 0; l < ALONG_K; ++l) {
#pragma HLS UNROLL
                                sum += part[first + l][r * COLUMNS + c];
                            }
                            // [7] the next place of the token
                            token[joined++] = sum;
                        }
                    }
                }
            }
            // [11] the joined slice
            out.write(token);
        }
        // [10]
    }
    // [9]
}

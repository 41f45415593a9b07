// [1] rows of an array's block
constexpr int ROWS = 32;
// [2] columns of an array's block
constexpr int COLUMNS = 2;
// [3] tokens of a block
constexpr int SLICES = 8;
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

void cascade_mixed(hls::stream<collect_cmd>& cmd, hls::stream<hls::vector<acc_t, PART>> in[ARRAYS],
                   hls::stream<hls::vector<acc_t, JOINED>>& out) {
    // [10] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const collect_cmd command = cmd.read();
        last = command.last != 0;
        // [8] a register between neighbours: no tree of adders spans the arrays along k
        hls::vector<acc_t, PART> chain[ARRAYS];
#pragma HLS ARRAY_PARTITION variable=chain complete dim=1
        // [11] one flat loop: the chains fill and empty once for each command
        tokens: for (int t = 0; t < command.tokens + ALONG_K - 1; ++t) {
            // a token each cycle
#pragma HLS PIPELINE II=1
            // [8] the last array first: it adds to what the one before it left
            pass: for (int g = ARRAYS - 1; g >= 0; --g) {
                // all arrays work in the same cycle
#pragma HLS UNROLL
                const int stop = g % ALONG_K;
                if (t >= stop && t < command.tokens + stop) {
                    const hls::vector<acc_t, PART> own = in[g].read();
                    add: for (int x = 0; x < PART; ++x) {
                        // an adder for each sum
#pragma HLS UNROLL
                        chain[g][x] = own[x] + (stop > 0 ? chain[g - 1][x] : acc_t(0));
                    }
                }
            }
            // [11] whole behind the last arrays along k
            if (t >= ALONG_K - 1) {
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
                                const int end = (i * ALONG_N + j + 1) * ALONG_K - 1;
                                token[joined++] = chain[end][r * COLUMNS + c];
                            }
                        }
                    }
                }
                // [11] the joined slice
                out.write(token);
            }
        }
        // [10]
    }
    // [9]
}

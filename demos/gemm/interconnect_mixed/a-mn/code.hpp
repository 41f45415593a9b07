// [1] rows of a token
constexpr int ROWS = 16;
// [2] words of a row
constexpr int WORDS = 8;
// [3] rows of C from different arrays
constexpr int ALONG_M = 2;
// [4] columns of C from different arrays
constexpr int ALONG_N = 4;
// [5] all arrays are alike along k
constexpr int ALONG_K = 1;
// [6] rows go to the arrays along m; those along n hear the same
constexpr int DEALT = ALONG_M;
constexpr int NEXT = ALONG_N * ALONG_K;
// [7] words of a row that an array takes
constexpr int PART = WORDS / ALONG_K;
// [8] streams, and the words of a token on each
constexpr int ARRAYS = ALONG_M * ALONG_N * ALONG_K;
constexpr int SHARE = ROWS / DEALT * PART;

void interconnect_mixed(hls::stream<inter_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in,
                        hls::stream<hls::vector<data_t, SHARE>> out[ARRAYS]) {
    // [9] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const inter_cmd command = cmd.read();
        last = command.last != 0;
        // [10] one flat loop: the pipeline fills once for each command
        tokens: for (int t = 0; t < command.tokens; ++t) {
            // a token each cycle
#pragma HLS PIPELINE II=1
            const hls::vector<data_t, ROWS * WORDS> token = in.read();
            arrays: for (int g = 0; g < ARRAYS; ++g) {
                // all arrays are served in the same cycle
#pragma HLS UNROLL
                // [6] the first row of this array, and every DEALT-th after it
                const int first_row = g / NEXT % DEALT;
                // [7] neighbouring arrays along k hold neighbouring words
                const int first_word = g % ALONG_K * PART;
                // [10] wires, no logic
                hls::vector<data_t, SHARE> words;
                share: for (int x = 0; x < SHARE; ++x) {
#pragma HLS UNROLL
                    words[x] = token[(x / PART * DEALT + first_row) * WORDS + first_word + x % PART];
                }
                out[g].write(words);
            }
        }
        // [9]
    }
    // [8]
}

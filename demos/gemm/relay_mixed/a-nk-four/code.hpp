// [1] rows of a token
constexpr int ROWS = 32;
// [2] words of a row
constexpr int WORDS = 16;
// [3] all arrays are alike along m
constexpr int ALONG_M = 1;
// [4] columns of C from different arrays
constexpr int ALONG_N = 4;
// [5] parts of a sum in different arrays
constexpr int ALONG_K = 2;
// [6] rows go to the arrays along m; those along n hand them on
constexpr int DEALT = ALONG_M;
constexpr int NEXT = ALONG_N * ALONG_K;
constexpr int HEARERS = ALONG_N;
constexpr int BEFORE = ALONG_K;
// [7] words of a row that an array takes
constexpr int PART = WORDS / ALONG_K;
// [8] streams, and the words of a token on each
constexpr int ARRAYS = ALONG_M * ALONG_N * ALONG_K;
constexpr int SHARE = ROWS / DEALT * PART;

void relay_mixed(hls::stream<inter_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in,
                 hls::stream<hls::vector<data_t, SHARE>> out[ARRAYS]) {
    // [9] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const inter_cmd command = cmd.read();
        last = command.last != 0;
        // [10] each register drives its own array and the next register, however many arrays share
        hls::vector<data_t, SHARE> chain[ARRAYS];
#pragma HLS ARRAY_PARTITION variable=chain complete dim=1
        // [11] one flat loop: the chains fill and empty once for each command
        tokens: for (int t = 0; t < command.tokens + HEARERS - 1; ++t) {
            // a token each cycle
#pragma HLS PIPELINE II=1
            // [10] behind the last token the chains only empty
            hls::vector<data_t, ROWS * WORDS> token;
            if (t < command.tokens) {
                token = in.read();
            }
            // the last array first: it takes what the one before it held
            pass: for (int g = ARRAYS - 1; g >= 0; --g) {
                // all arrays are served in the same cycle
#pragma HLS UNROLL
                // [6] its place among those that share, and the first row of its share
                const int stop = g / BEFORE % HEARERS;
                const int first_row = g / NEXT % DEALT;
                // [7] neighbouring arrays along k hold neighbouring words
                const int first_word = g % ALONG_K * PART;
                // [10] a share is there when it has come so far
                if (t >= stop && t < command.tokens + stop) {
                    if (stop > 0) {
                        chain[g] = chain[g - BEFORE];
                    } else {
                        share: for (int x = 0; x < SHARE; ++x) {
#pragma HLS UNROLL
                            chain[g][x] = token[(x / PART * DEALT + first_row) * WORDS + first_word + x % PART];
                        }
                    }
                    out[g].write(chain[g]);
                }
            }
            // [11]
        }
        // [9]
    }
    // [8]
}

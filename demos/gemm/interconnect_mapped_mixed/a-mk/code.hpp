// [1] rows of a token
constexpr int ROWS = 32;
// [2] words of a row
constexpr int WORDS = 16;
// [3] arrays that a layer maps to m or to n
constexpr int ALONG_M = 4;
// [4] all arrays are alike along n
constexpr int ALONG_N = 1;
// [5] parts of a sum in different arrays
constexpr int ALONG_K = 2;
// [6] as many shares, each the rows of one place along m
constexpr int SHARE = ROWS / ALONG_M * WORDS;
// [7] arrays along n take the same rows
constexpr int DEALT = 1;
// [8] words of a row that an array takes
constexpr int PART = WORDS / ALONG_K;
// [9] streams, and the words of a token on each
constexpr int ARRAYS = ALONG_M * ALONG_N * ALONG_K;
constexpr int TAKEN = ROWS / ALONG_M / DEALT * PART;

void interconnect_mapped_mixed(hls::stream<share_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in,
                               hls::stream<hls::vector<data_t, TAKEN>> out[ARRAYS]) {
    // [6] the token in hand: a register for each share, so that all leave in the same cycle
    hls::vector<data_t, SHARE> shares[ALONG_M];
#pragma HLS ARRAY_PARTITION variable=shares complete dim=1
    // [10] the process ends with the command that says so
    bool last = false;
    commands: while (!last) {
        const share_cmd command = cmd.read();
        last = command.last != 0;
        // [12] one flat loop: blocks of a few steps cost no pipeline of their own
        const int end = command.blocks * command.kb;
        // DSP blocks are for the lanes
#pragma HLS BIND_OP variable=end op=mul impl=fabric
        // [11] the step within its block, and the share that comes next where all places along m get the same
        int step = 0, turn = 0;
        // a sum and its comparison do not fit one cycle of a slow part
        const int last_step = command.kb - 1;
        // [12]
        steps: for (int t = 0; t < end; ++t) {
            // a step each cycle
#pragma HLS PIPELINE II=1
            // [11] the token in hand has been handed out
            if (turn == 0) {
                const hls::vector<data_t, ROWS * WORDS> token = in.read();
                // [6] wires alone: which row goes where is constant
                deal: for (int x = 0; x < ROWS * WORDS; ++x) {
                    // all words in the same cycle
#pragma HLS UNROLL
                    const int row = x / WORDS;
                    shares[row % ALONG_M][row / ALONG_M * WORDS + x % WORDS] = token[x];
                }
                // [11] taken
            }
            // one multiplexer, in front of the fan-out
            const hls::vector<data_t, SHARE> same = shares[turn];
            // [12] all arrays are served in the same cycle
            arrays: for (int g = 0; g < ARRAYS; ++g) {
#pragma HLS UNROLL
                // [11] the share of its place along m, or the one that all places get
                const hls::vector<data_t, SHARE> share = command.serial != 0 ? same : shares[g / (ALONG_N * ALONG_K)];
                // [7] its first row in a share
                const int first_row = g / ALONG_K % DEALT;
                // [8] neighbouring arrays along k take neighbouring words
                const int first_word = g % ALONG_K * PART;
                hls::vector<data_t, TAKEN> words;
                // [12] wires again
                take: for (int x = 0; x < TAKEN; ++x) {
#pragma HLS UNROLL
                    words[x] = share[(x / PART * DEALT + first_row) * WORDS + first_word + x % PART];
                }
                out[g].write(words);
            }
            // [11] a block ends with its last step, even in the middle of a token
            const bool ends = step == last_step;
            step = ends ? 0 : step + 1;
            turn = command.serial == 0 || ends || turn == ALONG_M - 1 ? 0 : turn + 1;
            // [12]
        }
        // [10]
    }
    // [9]
}

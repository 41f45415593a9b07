// [1] rows of a token
constexpr int ROWS = 32;
// [2] words of a row
constexpr int WORDS = 4;
// [3] arrays that a layer maps to m or to n
constexpr int ALONG_M = 8;
// [4] all arrays are alike along n
constexpr int ALONG_N = 1;
// [5] all arrays are alike along k
constexpr int ALONG_K = 1;
// [6] as many shares, each the rows of one place along m
constexpr int SHARE = ROWS / ALONG_M * WORDS;
// [7] rows of a share go to the arrays along n in turn: none of these hands on
constexpr int DEALT = ALONG_N;
// [8] words of a row that an array takes
constexpr int PART = WORDS / ALONG_K;
// [9] streams, and the words of a token on each
constexpr int ARRAYS = ALONG_M * ALONG_N * ALONG_K;
constexpr int TAKEN = ROWS / ALONG_M / DEALT * PART;

void relay_mapped(hls::stream<share_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in,
                  hls::stream<hls::vector<data_t, TAKEN>> out[ARRAYS]) {
    // [6] the token in hand: a register for each share
    hls::vector<data_t, SHARE> shares[ALONG_M];
#pragma HLS ARRAY_PARTITION variable=shares complete dim=1
    // [12] each register drives its own array and the next register, however many arrays share
    hls::vector<data_t, TAKEN> chain[ARRAYS];
#pragma HLS ARRAY_PARTITION variable=chain complete dim=1
    // [10] the process ends with the command that says so
    bool last = false;
    commands: while (!last) {
        const share_cmd command = cmd.read();
        last = command.last != 0;
        // [13] one flat loop: the chains fill and empty once for each command
        const int end = command.blocks * command.kb;
        // DSP blocks are for the lanes
#pragma HLS BIND_OP variable=end op=mul impl=fabric
        // [11] places along m hand on where all get the same share
        const bool serial = command.serial != 0;
        // [7] steps by which the last array is behind the first one
        const int behind = serial ? ALONG_M - 1 : 0;
        // [11] the step within its block, and the share that comes next where all places along m get the same
        int step = 0, turn = 0;
        // a sum and its comparison do not fit one cycle of a slow part
        const int last_step = command.kb - 1;
        // [13]
        steps: for (int t = 0; t < end + behind; ++t) {
            // a step each cycle
#pragma HLS PIPELINE II=1
            // [11] the token in hand has been handed out; behind the last step the chains only empty
            if (turn == 0 && t < end) {
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
            // [12] the last array first: it takes what the one before it held
            pass: for (int g = ARRAYS - 1; g >= 0; --g) {
                // all arrays are served in the same cycle
#pragma HLS UNROLL
                // [11] its place along m
                const int place = g / (ALONG_N * ALONG_K);
                // [7] its first row in a share, and the array that it takes from: its neighbour along m
                const int across = 0, first_row = g / ALONG_K % ALONG_N;
                const int before = g - ALONG_N * ALONG_K;
                // [8] neighbouring arrays along k take neighbouring words
                const int first_word = g % ALONG_K * PART;
                // [12] a step is there when it has come so far
                const int stop = across + (serial ? place : 0);
                if (t >= stop && t < end + stop) {
                    if (stop > 0) {
                        chain[g] = chain[before];
                    } else {
                        // [11] the only array that takes the shares of all places in turn is the first one
                        const hls::vector<data_t, SHARE> share = shares[serial ? turn : place];
                        // [12] wires again
                        take: for (int x = 0; x < TAKEN; ++x) {
#pragma HLS UNROLL
                            chain[g][x] = share[(x / PART * DEALT + first_row) * WORDS + first_word + x % PART];
                        }
                    }
                    out[g].write(chain[g]);
                }
            }
            // [11] a block ends with its last step, even in the middle of a token
            const bool ends = step == last_step;
            step = ends ? 0 : step + 1;
            turn = !serial || ends || turn == ALONG_M - 1 ? 0 : turn + 1;
            // [13]
        }
        // [10]
    }
    // [9]
}

// [1] rows of a token
constexpr int ROWS = 4;
// [2] words of a row
constexpr int WORDS = 32;
// [3] as many shares
constexpr int ARRAYS = 4;

// [4] the rows of one array
constexpr int SHARE = ROWS / ARRAYS * WORDS;

// [5] from one wide stream to a narrow one for each array
void interconnect_mapped(hls::stream<share_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in,
                         hls::stream<hls::vector<data_t, SHARE>> out[ARRAYS]) {
    // [4] the token in hand: a register for each share, so that all leave in the same cycle
    hls::vector<data_t, SHARE> shares[ARRAYS];
#pragma HLS ARRAY_PARTITION variable=shares complete dim=1
    // [6] the process ends with the command that says so
    bool last = false;
    commands: while (!last) {
        const share_cmd command = cmd.read();
        last = command.last != 0;
        // [8] one flat loop: blocks of a few steps cost no pipeline of their own
        const int end = command.blocks * command.kb;
        // DSP blocks are for the lanes
#pragma HLS BIND_OP variable=end op=mul impl=fabric
        // [7] the step within its block, and the share that comes next where all arrays get the same
        int step = 0, turn = 0;
        // a sum and its comparison do not fit one cycle of a slow part
        const int last_step = command.kb - 1;
        // [8]
        steps: for (int t = 0; t < end; ++t) {
            // a step each cycle
#pragma HLS PIPELINE II=1
            // [7] the token in hand has been handed out
            if (turn == 0) {
                const hls::vector<data_t, ROWS * WORDS> token = in.read();
                // [4] wires alone: which row goes where is constant
                deal: for (int x = 0; x < ROWS * WORDS; ++x) {
                    // all words in the same cycle
#pragma HLS UNROLL
                    const int row = x / WORDS;
                    shares[row % ARRAYS][row / ARRAYS * WORDS + x % WORDS] = token[x];
                }
                // [7] taken
            }
            // one multiplexer, in front of the fan-out
            const hls::vector<data_t, SHARE> same = shares[turn];
            // [8] all arrays are served in the same cycle
            arrays: for (int g = 0; g < ARRAYS; ++g) {
#pragma HLS UNROLL
                // [7] its own share, or the one that all get
                out[g].write(command.serial != 0 ? same : shares[g]);
                // [8]
            }
            // [7] a block ends with its last step, even in the middle of a token
            const bool ends = step == last_step;
            step = ends ? 0 : step + 1;
            turn = command.serial == 0 || ends || turn == ARRAYS - 1 ? 0 : turn + 1;
            // [8]
        }
        // [6]
    }
    // [5]
}

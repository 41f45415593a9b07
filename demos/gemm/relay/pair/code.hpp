// [1] rows of a token
constexpr int ROWS = 16;
// [2] words of a row
constexpr int WORDS = 8;
// [3] a stop at each array
constexpr int ARRAYS = 2;

// [4] from one wide stream to a stream for each array
void relay(hls::stream<inter_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in,
           hls::stream<hls::vector<data_t, ROWS * WORDS>> out[ARRAYS]) {
    // [5] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const inter_cmd command = cmd.read();
        last = command.last != 0;
        // [6] each register drives its own array and the next register, however many arrays there are
        hls::vector<data_t, ROWS * WORDS> chain[ARRAYS];
#pragma HLS ARRAY_PARTITION variable=chain complete dim=1
        // [7] one flat loop: the chain fills and empties once for each command
        tokens: for (int t = 0; t < command.tokens + ARRAYS - 1; ++t) {
            // a token each cycle
#pragma HLS PIPELINE II=1
            // [6] the last array first: it takes what the one before it held
            pass: for (int g = ARRAYS - 1; g >= 0; --g) {
                // all arrays are served in the same cycle
#pragma HLS UNROLL
                if (t >= g && t < command.tokens + g) {
                    if (g > 0) {
                        chain[g] = chain[g - 1];
                    } else {
                        chain[g] = in.read();
                    }
                    out[g].write(chain[g]);
                }
            }
            // [7]
        }
        // [5]
    }
    // [4]
}

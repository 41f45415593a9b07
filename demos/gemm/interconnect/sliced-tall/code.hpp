// [1] rows of a token
constexpr int ROWS = 32;
// [2] words of a row
constexpr int WORDS = 8;
// [3] receivers of each token
constexpr int ARRAYS = 4;
// [4] a part of every row
constexpr int PART = WORDS / ARRAYS;
constexpr int SHARE = ROWS * PART;

// [5] from one wide stream to a stream for each array
void interconnect(hls::stream<inter_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in,
                  hls::stream<hls::vector<data_t, SHARE>> out[ARRAYS]) {
    // [6] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const inter_cmd command = cmd.read();
        last = command.last != 0;
        // [7] one flat loop: the pipeline fills once for each command
        tokens: for (int t = 0; t < command.tokens; ++t) {
            // a token each cycle
#pragma HLS PIPELINE II=1
            const hls::vector<data_t, ROWS * WORDS> token = in.read();
            // [4] array g takes the g-th part of every row
            arrays: for (int g = 0; g < ARRAYS; ++g) {
                // all arrays are served in the same cycle
#pragma HLS UNROLL
                hls::vector<data_t, SHARE> share;
                cut: for (int x = 0; x < SHARE; ++x) {
                    // wires, no logic
#pragma HLS UNROLL
                    share[x] = token[x / PART * WORDS + g * PART + x % PART];
                }
                out[g].write(share);
            }
            // [7]
        }
        // [6]
    }
    // [5]
}

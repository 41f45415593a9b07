// [1] rows of a token
constexpr int ROWS = 4;
// [2] words of a row
constexpr int WORDS = 64;
// [3] one receiver
constexpr int ARRAYS = 1;
// [4] the whole token for the only array
constexpr int SHARE = ROWS * WORDS;

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
            // [4] a register on the way, nothing to share out
            out[0].write(token);
            // [7]
        }
        // [6]
    }
    // [5]
}

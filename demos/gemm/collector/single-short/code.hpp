// [1] rows of an array's block
constexpr int ROWS = 32;
// [2] columns of an array's block
constexpr int COLUMNS = 4;
// [3] tokens of a block
constexpr int SLICES = 8;
constexpr int SLICE_ROWS = ROWS / SLICES;
constexpr int PART = SLICE_ROWS * COLUMNS;
// [4] one sender
constexpr int ARRAYS = 1;
// [5] one array, one part
constexpr int JOINED = PART;

// [6] from a stream for each array to one stream for the accumulator
void collector(hls::stream<collect_cmd>& cmd, hls::stream<hls::vector<acc_t, PART>> in[ARRAYS],
               hls::stream<hls::vector<acc_t, JOINED>>& out) {
    // [7] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const collect_cmd command = cmd.read();
        last = command.last != 0;
        // [8] one flat loop: the pipeline fills once for each command
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
            // [5] a register on the way, nothing to join
            token = part[0];
            // [8] the joined slice
            out.write(token);
        }
        // [7]
    }
    // [6]
}

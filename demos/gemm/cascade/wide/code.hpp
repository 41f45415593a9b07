// [1] rows of an array's block
constexpr int ROWS = 16;
// [2] columns of an array's block
constexpr int COLUMNS = 32;
// [3] tokens of a block
constexpr int SLICES = 8;
constexpr int SUMS = ROWS / SLICES * COLUMNS;
// [4] an adder at each array
constexpr int ARRAYS = 2;

// [5] a stream from each array, their sums out
void cascade(hls::stream<collect_cmd>& cmd, hls::stream<hls::vector<acc_t, SUMS>> in[ARRAYS],
             hls::stream<hls::vector<acc_t, SUMS>>& out) {
    // [6] the process ends with the command that says so and keeps nothing
    bool last = false;
    commands: while (!last) {
        const collect_cmd command = cmd.read();
        last = command.last != 0;
        // [7] a register between neighbours: no tree of adders spans all arrays
        hls::vector<acc_t, SUMS> chain[ARRAYS];
#pragma HLS ARRAY_PARTITION variable=chain complete dim=1
        // [8] one flat loop: the chain fills and empties once for each command
        tokens: for (int t = 0; t < command.tokens + ARRAYS - 1; ++t) {
            // a token each cycle
#pragma HLS PIPELINE II=1
            // [7] the last array first: it adds to what the one before it left
            pass: for (int g = ARRAYS - 1; g >= 0; --g) {
                // all arrays work in the same cycle
#pragma HLS UNROLL
                if (t >= g && t < command.tokens + g) {
                    const hls::vector<acc_t, SUMS> own = in[g].read();
                    add: for (int x = 0; x < SUMS; ++x) {
                        // an adder for each sum
#pragma HLS UNROLL
                        chain[g][x] = own[x] + (g > 0 ? chain[g - 1][x] : acc_t(0));
                    }
                }
            }
            // whole behind the last array
            if (t >= ARRAYS - 1) {
                out.write(chain[ARRAYS - 1]);
            }
            // [8]
        }
        // [6]
    }
    // [5]
}

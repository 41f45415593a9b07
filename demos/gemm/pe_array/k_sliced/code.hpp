// [1] rows of A in a lane
constexpr int LANE_ROWS = 8;
// [2] columns of B in a lane
constexpr int LANE_COLUMNS = 4;
// [3] words along k in a lane
constexpr int LANE_WORDS = 2;
// [4] one lane along m
constexpr int LANES_M = 1;
// [5] one lane along n
constexpr int LANES_N = 1;
// [6] lanes along k
constexpr int LANES_K = 16;
// [8] extents of the tokens and of a lane's tile of sums
constexpr int ROWS = LANES_M * LANE_ROWS;
constexpr int COLUMNS = LANES_N * LANE_COLUMNS;
constexpr int WORDS = LANES_K * LANE_WORDS;
constexpr int TILE = LANE_ROWS * LANE_COLUMNS;
// [7] a block leaves in slices, which keeps tokens narrow
constexpr int SLICES = 4;
constexpr int SLICE = ROWS * COLUMNS / SLICES;

// [9] one step of all lanes, part of the process's pipeline
void array_step(const hls::vector<data_t, ROWS * WORDS>& a, const hls::vector<data_t, COLUMNS * WORDS>& b,
                bool first, acc_t sums[ROWS * COLUMNS]) {
#pragma HLS INLINE
    // [10] no lanes along n share the words of A
    // [11] no lanes along m share the words of B
    // [12] every turn is a lane; what picks its operands is wires
    lanes_m: for (int lm = 0; lm < LANES_M; ++lm) {
#pragma HLS UNROLL
        lanes_n: for (int ln = 0; ln < LANES_N; ++ln) {
#pragma HLS UNROLL
            acc_t tile[TILE];
#pragma HLS ARRAY_PARTITION variable=tile complete dim=1
            // [13] the parts of the lanes along k are added to zero
            clear: for (int x = 0; x < TILE; ++x) {
#pragma HLS UNROLL
                tile[x] = 0;
            }
            // [12] lanes along k make parts of the same sums
            lanes_k: for (int lk = 0; lk < LANES_K; ++lk) {
#pragma HLS UNROLL
                data_t lane_a[LANE_ROWS * LANE_WORDS];
#pragma HLS ARRAY_PARTITION variable=lane_a complete dim=1
                pick_a: for (int x = 0; x < LANE_ROWS * LANE_WORDS; ++x) {
#pragma HLS UNROLL
                    const int word = lk * LANE_WORDS + x % LANE_WORDS;
                    // [10] a word of A has one reader and needs no register
                    lane_a[x] = a[(lm * LANE_ROWS + x / LANE_WORDS) * WORDS + word];
                    // [12] end of the lane's rows of A
                }
                data_t lane_b[LANE_COLUMNS * LANE_WORDS];
#pragma HLS ARRAY_PARTITION variable=lane_b complete dim=1
                pick_b: for (int x = 0; x < LANE_COLUMNS * LANE_WORDS; ++x) {
#pragma HLS UNROLL
                    const int word = lk * LANE_WORDS + x % LANE_WORDS;
                    // [11] a word of B has one reader and needs no register
                    lane_b[x] = b[(ln * LANE_COLUMNS + x / LANE_WORDS) * WORDS + word];
                    // [12]
                }
                // [13] the tool balances these additions into a tree
                acc_t lane_c[TILE];
#pragma HLS ARRAY_PARTITION variable=lane_c complete dim=1
                pe_lane(lane_a, lane_b, lane_c);
                reduce: for (int x = 0; x < TILE; ++x) {
#pragma HLS UNROLL
                    tile[x] += lane_c[x];
                }
                // [12]
            }
            // [14] one addition from register to register, so II=1 holds
            accumulate: for (int x = 0; x < TILE; ++x) {
#pragma HLS UNROLL
                const int row = lm * LANE_ROWS + x / LANE_COLUMNS;
                acc_t& sum = sums[row * COLUMNS + ln * LANE_COLUMNS + x % LANE_COLUMNS];
                sum = (first ? acc_t(0) : sum) + tile[x];
            }
            // [12]
        }
    }
    // [9]
}

// [8] packed operands in, packed sums out
void pe_array(hls::stream<array_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in_a,
              hls::stream<hls::vector<data_t, COLUMNS * WORDS>>& in_b, hls::stream<hls::vector<acc_t, SLICE>>& out) {
    // [15] ends with the marked command and keeps nothing
    bool last = false;
    commands: while (!last) {
        const array_cmd command = cmd.read();
        last = command.last != 0;
        // [14] a register a sum: all change in the same cycle
        acc_t sums[ROWS * COLUMNS];
#pragma HLS ARRAY_PARTITION variable=sums complete dim=1
        // [7] these leave while the next block is computed
        acc_t held[ROWS * COLUMNS];
#pragma HLS ARRAY_PARTITION variable=held complete dim=1
        const int period = command.kb > SLICES ? command.kb : SLICES;
        const int summing = command.blocks * period;
        // DSP blocks are for the lanes
#pragma HLS BIND_OP variable=summing op=mul impl=fabric
        const int iterations = summing + SLICES;
        int block = 0;
        // [16] one loop over all blocks fills its pipeline once a command
        int step = 0;
        steps: for (int t = 0; t < iterations; ++t) {
#pragma HLS PIPELINE II=1
            // [7] the block before shifts out by slices, which needs no multiplexer
            if (block > 0 && step < SLICES) {
                hls::vector<acc_t, SLICE> slice;
                take: for (int x = 0; x < SLICE; ++x) {
#pragma HLS UNROLL
                    slice[x] = held[x];
                }
                out.write(slice);
                shift: for (int x = 0; x < ROWS * COLUMNS - SLICE; ++x) {
#pragma HLS UNROLL
                    held[x] = held[x + SLICE];
                }
            }
            if (block < command.blocks && step < command.kb) {
                array_step(in_a.read(), in_b.read(), step == 0, sums);
            }
            if (step == period - 1) {
                hand_over: for (int x = 0; x < ROWS * COLUMNS; ++x) {
#pragma HLS UNROLL
                    held[x] = sums[x];
                }
                step = 0;
                ++block;
            } else {
                ++step;
            }
            // [16]
        }
        // [15]
    }
    // [8]
}

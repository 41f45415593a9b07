// [1] rows of A in a lane
constexpr int LANE_ROWS = 4;
// [2] columns of B in a lane
constexpr int LANE_COLUMNS = 2;
// [3] words along k in a lane
constexpr int LANE_WORDS = 2;
// [4] lanes along m
constexpr int LANES_M = 2;
// [5] lanes along n
constexpr int LANES_N = 8;
// [6] lanes along k
constexpr int LANES_K = 2;
// [8] extents of the tokens and of a lane's tile of sums
constexpr int ROWS = LANES_M * LANE_ROWS;
constexpr int COLUMNS = LANES_N * LANE_COLUMNS;
constexpr int WORDS = LANES_K * LANE_WORDS;
constexpr int TILE = LANE_ROWS * LANE_COLUMNS;
constexpr int LANES = LANES_M * LANES_N * LANES_K;
// [9] what goes from neighbour to neighbour
struct step {
    hls::vector<data_t, ROWS * WORDS> a;
    hls::vector<data_t, COLUMNS * WORDS> b;
    int number;
};
// [7] a block leaves in slices, which keeps tokens narrow
constexpr int SLICES = 4;
constexpr int SLICE = ROWS * COLUMNS / SLICES;
// [10] stages from the first lane to the farthest
constexpr int STAGES = LANES_M + LANES_N - 1 + LANES_K - 1;
// [15] the next sums must not meet those that still wait
constexpr int SHORTEST = LANES_M + LANES_N - 1 + SLICES - 1;

// [8] packed operands in, packed sums out
void systolic_array(hls::stream<array_cmd>& cmd, hls::stream<hls::vector<data_t, ROWS * WORDS>>& in_a,
                    hls::stream<hls::vector<data_t, COLUMNS * WORDS>>& in_b,
                    hls::stream<hls::vector<acc_t, SLICE>>& out) {
    // [14] ends with the marked command and keeps nothing
    bool last = false;
    commands: while (!last) {
        const array_cmd command = cmd.read();
        last = command.last != 0;
        // [9] a stage drives its lanes and the next stage, so no net fans out far
        step chain[STAGES] = {};
#pragma HLS ARRAY_PARTITION variable=chain complete dim=1
        // [12] a register between neighbours keeps the path to one addition
        acc_t passed[LANES][TILE] = {};
#pragma HLS ARRAY_PARTITION variable=passed complete dim=0
        // [13] a register a sum: all change in the same cycle
        acc_t sums[ROWS * COLUMNS];
#pragma HLS ARRAY_PARTITION variable=sums complete dim=1
        // [7] near lanes finish first and wait for the farthest
        acc_t held[ROWS * COLUMNS];
#pragma HLS ARRAY_PARTITION variable=held complete dim=1
        // [15] one loop over all blocks fills the chain once a command
        const int period = command.kb > SHORTEST ? command.kb : SHORTEST;
        const int before = (command.blocks - 1) * period;
        // DSP blocks are for the lanes
#pragma HLS BIND_OP variable=before op=mul impl=fabric
        const int end = before + command.kb;
        int number = 1;
        int leaving = 1 - command.kb - (STAGES - 1);
        steps: for (int t = 0; t < end + STAGES - 1 + SLICES - 1; ++t) {
#pragma HLS PIPELINE II=1
            // [9] backwards, so that no step overtakes another
            pass: for (int s = STAGES - 1; s > 0; --s) {
#pragma HLS UNROLL
                chain[s] = chain[s - 1];
            }
            const bool enters = t < end && number <= command.kb;
            chain[0].number = enters ? number : 0;
            if (enters) {
                chain[0].a = in_a.read();
                chain[0].b = in_b.read();
            }
            // [11] what picks the operands of a lane is wires
            lanes: for (int lane = LANES - 1; lane >= 0; --lane) {
#pragma HLS UNROLL
                const int lk = lane % LANES_K, ln = lane / LANES_K % LANES_N, lm = lane / LANES_K / LANES_N;
                // [10] a lane works as much later as it is farther away
                const step& here = chain[lm + ln + lk];
                // [11] the words of this lane
                data_t lane_a[LANE_ROWS * LANE_WORDS];
#pragma HLS ARRAY_PARTITION variable=lane_a complete dim=1
                pick_a: for (int x = 0; x < LANE_ROWS * LANE_WORDS; ++x) {
#pragma HLS UNROLL
                    lane_a[x] = here.a[(lm * LANE_ROWS + x / LANE_WORDS) * WORDS + lk * LANE_WORDS + x % LANE_WORDS];
                }
                data_t lane_b[LANE_COLUMNS * LANE_WORDS];
#pragma HLS ARRAY_PARTITION variable=lane_b complete dim=1
                pick_b: for (int x = 0; x < LANE_COLUMNS * LANE_WORDS; ++x) {
#pragma HLS UNROLL
                    lane_b[x] = here.b[(ln * LANE_COLUMNS + x / LANE_WORDS) * WORDS + lk * LANE_WORDS + x % LANE_WORDS];
                }
                acc_t tile[TILE];
#pragma HLS ARRAY_PARTITION variable=tile complete dim=1
                pe_lane(lane_a, lane_b, tile);
                // [12] one addition a lane and cycle
                add: for (int x = 0; x < TILE; ++x) {
#pragma HLS UNROLL
                    passed[lane][x] = tile[x] + (lk > 0 ? passed[lane - 1][x] : acc_t(0));
                    // [13] one addition from register to register, so II=1 holds
                    if (lk == LANES_K - 1 && here.number > 0) {
                        const int column = ln * LANE_COLUMNS + x % LANE_COLUMNS;
                        const int y = (lm * LANE_ROWS + x / LANE_COLUMNS) * COLUMNS + column;
                        sums[y] = (here.number > 1 ? sums[y] : acc_t(0)) + passed[lane][x];
                        if (here.number == command.kb) {
                            held[y] = sums[y];
                        }
                    }
                    // [12]
                }
                // [11]
            }
            // [7] the farthest lane has finished; shifting needs no multiplexer
            if (leaving >= 0 && leaving < SLICES) {
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
            // [15] around from the last step of a block to its first
            number = number == period ? 1 : number + 1;
            leaving = leaving == period - 1 ? 0 : leaving + 1;
        }
        // [14]
    }
    // [8]
}

constexpr int ROWS = 12;  // [2] rows of a block
constexpr int COLUMNS = 16;  // [3] columns of a block
constexpr int BLOCK = ROWS * COLUMNS;
constexpr int LANES = 8;  // [4] elements of a token
typedef hls::vector<data_t, LANES> token_t;

// [1] a process: commands and tokens in, the same tokens out
void reorder(hls::stream<reorder_cmd>& cmd, hls::stream<token_t>& in, hls::stream<token_t>& out) {
    token_t held[2 * BLOCK];  // [6] two blocks: one comes in while the other leaves
// [5] many words: one port writes, the other one reads
#pragma HLS BIND_STORAGE variable=held type=ram_s2p impl=bram
    bool last = false;  // [1] ends on the marked command and keeps nothing
COMMAND:
    while (!last) {
        const reorder_cmd c = cmd.read();
        int half = 0;  // [6] where the half of the block that comes begins
        int other = BLOCK;
        int place = 0;  // [3] of the token that comes, row by row
        int column = 0;  // [2] of the token that leaves, and its place: column by column
        int from = 0;
        int block = 0;  // [7] a round for each block, and one in which the last only leaves
        const int cycles = (c.blocks + 1) * BLOCK;
    SWAP:
        for (int i = 0; i < cycles; ++i) {
#pragma HLS PIPELINE II=1
            // [6] the halves never meet: no read waits for a write
#pragma HLS DEPENDENCE variable=held type=inter dependent=false
            if (block > 0) {  // [7] nothing leaves in the first round
                out.write(held[other + from]);
            }
            if (block < c.blocks) {  // [7] nothing comes in the last one
                held[half + place] = in.read();
            }
            // [3] compared before it is counted, as all counters: slow devices do not do both in one cycle
            const bool block_done = place == BLOCK - 1;
            place = block_done ? 0 : place + 1;
            const bool column_done = from >= BLOCK - COLUMNS;  // [2] from row to row, then on to the next column
            const int next_column = column + 1;
            from = column_done ? next_column : from + COLUMNS;
            if (column_done) column = next_column;
            if (block_done) {  // the next block begins with its first column
                from = 0;
                column = 0;
            }
            if (block_done) {  // [6] the halves change places
                half = BLOCK - half;
                other = BLOCK - other;
            }
            if (block_done) ++block;  // [7] next round
        }
        last = c.last != 0;  // [1] next command
    }
}

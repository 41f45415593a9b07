constexpr int ROWS = 32;  // [2] rows of a block of sums
constexpr int SLICES = 8;  // [3] tokens of a block
constexpr int SLICE_ROWS = ROWS / SLICES;
constexpr int COLUMNS = 16;  // [4] columns of a block of sums and of a token
constexpr int BANKS = 16;  // [5] a bank word of each is added to in the same cycle
constexpr int PART_ROWS = SLICE_ROWS;  // [6] rows of a token added in one cycle
constexpr int ROW_GROUPS = BANKS / SLICE_ROWS;
constexpr int BANK_LANES = 16;  // [7] sums of a bank word
typedef hls::vector<acc_t, BANK_LANES> bank_word_t;
constexpr int PART_COLUMNS = COLUMNS;  // [8] columns of a token added in one cycle
constexpr int DEPTH = 128;  // [9] words of a bank
typedef bank_word_t block_t[BANKS][DEPTH];
typedef hls::vector<acc_t, SLICE_ROWS * COLUMNS> slice_t;  // [13] a token of in, and what a cycle adds of it
typedef hls::vector<acc_t, PART_ROWS * PART_COLUMNS> part_t;
constexpr int PARTS = SLICE_ROWS * COLUMNS / (PART_ROWS * PART_COLUMNS);

// [1] a process: commands and sums in, blocks out
void accumulate(hls::stream<accum_cmd>& cmd, hls::stream<slice_t>& in, hls::stream_of_blocks<block_t>& out) {
// [10] all banks in one cycle; unproven on a parameter in Vitis, so the channel repeats it
#pragma HLS ARRAY_PARTITION variable=out type=complete dim=1
    bool last = false;  // [1] ends on the marked command and keeps nothing
TILE:
    while (!last) {
        hls::write_lock<block_t> block(out);
        bool complete = false;
    COMMAND:
        while (!complete) {
            const accum_cmd c = cmd.read();
            int row_address = 0;  // [6] address and group of the next rows, start of the row block
            int row_group = 0;
            int block_start = 0;
            int block_group = 0;
            int column_address = 0;  // [8] address of the block along n
            int slice = 0;  // [3] slice within the block
            int n = 0;  // [4] block along n
            const int last_n = c.nb - 1;
            // [11] nothing to hold
            const int additions = c.mb * c.nb * SLICES * PARTS;  // [13] of a visit
        ADD:
            for (int i = 0; i < additions; ++i) {
#pragma HLS PIPELINE II=1
                // no word is added to twice in a visit: no sum waits for the one before
#pragma HLS DEPENDENCE variable=block type=inter dependent=false
                const part_t part = in.read();  // [11] a token a cycle
                // [8] the counter is the address
                const int address = row_address + column_address;  // [12] the same in all banks
            EACH_BANK:  // [5] constant bank indices: one read and one write port a bank
                for (int h = 0; h < BANKS; ++h) {
#pragma HLS UNROLL
                    if (h / SLICE_ROWS != row_group) continue;  // [6] the other groups hold other rows
                    const int row = h % SLICE_ROWS;
                    bank_word_t sums = block[h][address];  // [7] whole words only
                EACH_LANE:
                    for (int w = 0; w < BANK_LANES; ++w) {
#pragma HLS UNROLL
                        // [12] the first visit takes zero for what the block holds
                        const acc_t held = c.first != 0 ? acc_t(0) : sums[w];
                        sums[w] = held + part[row * PART_COLUMNS + w];
                    }  // [7] the word goes back in one write
                    block[h][address] = sums;
                }  // [5] end of the banks
                // [8] all columns are added
                if (row_group == ROW_GROUPS - 1) {  // [6] the next rows
                    row_group = 0;
                    row_address += c.row_depth;
                } else {
                    ++row_group;
                }
                if (slice != SLICES - 1) {  // [3] the block goes on
                    ++slice;
                    continue;
                }
                slice = 0;
                ++column_address;  // [8] the next block along n
                if (n != last_n) {  // [4] the next block has the same rows
                    ++n;
                    row_address = block_start;  // [6] back to the start of the row block
                    row_group = block_group;
                    continue;  // [4] along n first
                }
                n = 0;
                column_address = 0;  // [8] back to the first block along n
                // [2] the next block along m follows at the address reached
                block_start = row_address;  // [6] where it starts
                block_group = row_group;
            }  // [13] end of the visit
            complete = c.final != 0;  // [1] the lock lives until the final visit
            last = c.last != 0;
        }
    }
}

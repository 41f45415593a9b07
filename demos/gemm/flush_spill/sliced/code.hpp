constexpr int BANKS = 16;  // [2] tile rows are dealt to the banks in turn
constexpr int BANK_LANES = 2;  // [3] sums of a bank word
typedef hls::vector<acc_t, BANK_LANES> bank_word_t;
constexpr int DEPTH = 1024;  // [4] words of a bank
typedef bank_word_t block_t[BANKS][DEPTH];
constexpr int ROWS = 32;  // [7] rows of a block of sums
constexpr int COLUMNS = 4;  // [8] columns of a block of sums
constexpr int PART_ROWS = 8;  // [9] banks that a part has a word of
constexpr int ROW_GROUPS = BANKS / PART_ROWS;
constexpr int COLUMN_PARTS = COLUMNS / BANK_LANES;  // [10] parts of a block along n and along m
constexpr int ROW_PARTS = ROWS / PART_ROWS;
typedef hls::vector<acc_t, PART_ROWS * BANK_LANES> part_t;  // [11] a token of spill

// [1] a process: commands and blocks in, words or parts out
void flush_spill(hls::stream<unload_cmd>& cmd, hls::stream_of_blocks<block_t>& in, hls::stream<bank_word_t>& out,
                 hls::stream<part_t>& spill) {
// [5] a bank is a memory of its own; unproven on a parameter in Vitis, so the channel repeats it
#pragma HLS ARRAY_PARTITION variable=in type=complete dim=1
    bool last = false;  // [1] ends on the marked command and keeps nothing
    while (!last) {
        const unload_cmd c = cmd.read();
        hls::read_lock<block_t> block(in);
        if (c.raw == 0) {  // [6] finished sums, in the order of the result
            int bank = 0;  // [2] tile row modulo BANKS, without a division
            int row_start = 0;
            int word = 0;  // [3] word within the tile row
            // [6] one counted loop, since nested run-time loops are not flattened
            const int words = c.rows * c.row_words;
        SEND:
            for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II=1
                const int address = row_start + word;  // [3] words of a row lie above one another
                bank_word_t token;
            EACH_BANK:  // [2] constant bank indices: one read port a bank
                for (int h = 0; h < BANKS; ++h) {
#pragma HLS UNROLL
                    if (h != bank) continue;
                    token = block[h][address];  // [3] whole words only
                }  // [2] end of the banks
                out.write(token);  // [6] a word a cycle
                if (++word != c.row_words) continue;  // [3] the tile row goes on
                word = 0;
                if (++bank != BANKS) continue;  // [2] the next bank at the same address
                bank = 0;
                row_start += c.row_depth;
            }  // [6] end of the tile
        } else {  // [11] sums that come back, in the order in which they are added to
            int row_address = 0;  // [9] address and banks of the next row of parts
            int row_group = 0;
            int column_part = 0;  // [10] the part within its block
            int row_part = 0;
            int column_start = 0;  // [8] address of the block along n
            int n = 0;
            int block_start = 0;  // [7] where this row of blocks starts
            int block_group = 0;
            // [11] one counted loop, since nested run-time loops are not flattened
            const int parts = c.mb * c.nb * ROW_PARTS * COLUMN_PARTS;
        SPILL:
            for (int i = 0; i < parts; ++i) {
#pragma HLS PIPELINE II=1
                const int address = row_address + column_start + column_part;  // [10] the same in all banks
                part_t part;  // [11] filled by the banks of the part
            PACK_BANK:  // [2] constant bank indices: one read port a bank
                for (int h = 0; h < BANKS; ++h) {
#pragma HLS UNROLL
                    if (h / PART_ROWS != row_group) continue;  // [9] the other groups hold other rows
                    const int row = h % PART_ROWS;
                    const bank_word_t sums = block[h][address];  // [3] whole words only
                EACH_LANE:  // [11] wires
                    for (int w = 0; w < BANK_LANES; ++w) {
#pragma HLS UNROLL
                        part[row * BANK_LANES + w] = sums[w];
                    }
                }  // [2] end of the banks
                spill.write(part);  // [11] a part a cycle
                if (++column_part != COLUMN_PARTS) continue;  // [10] along n first
                column_part = 0;
                // [9] the next banks; compared as it was, since slow parts do not count and compare in one cycle
                if (row_group++ == ROW_GROUPS - 1) {
                    row_group = 0;  // [9] behind the last ones the next address
                    row_address += c.row_depth;
                }
                if (++row_part != ROW_PARTS) continue;  // [10] the block goes on
                row_part = 0;
                column_start += COLUMN_PARTS;  // [8] the next block along n has the same rows
                if (++n != c.nb) {
                    row_address = block_start;  // [9] back to their start
                    row_group = block_group;
                    continue;  // [8] along n first
                }
                n = 0;
                column_start = 0;
                block_start = row_address;  // [7] the next row of blocks begins where this one ended
                block_group = row_group;
            }  // [11] end of the tile
        }
        last = c.last != 0;  // [1] the lock ends here and frees the block
    }
}

constexpr int BANKS = 4;  // [2] tile rows are dealt to the banks in turn
constexpr int BANK_LANES = 8;  // [3] sums of a bank word
typedef hls::vector<acc_t, BANK_LANES> bank_word_t;
constexpr int DEPTH = 512;  // [4] words of a bank
typedef bank_word_t block_t[BANKS][DEPTH];
constexpr int ROWS = 16;  // [7] rows of a block of sums
constexpr int COLUMNS = 16;  // [8] columns of a block of sums
constexpr int PART_ROWS = 4;  // [9] banks that a part has a word of
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
COMMAND:
    while (!last) {
        const unload_cmd c = cmd.read();
        hls::read_lock<block_t> block(in);
        if (c.raw == 0) {  // [6] finished sums, in the order of the result
            int bank = 0;  // [2] tile row modulo BANKS, without a division
            int row_start = 0;
            int word = 0;  // [3] word within the tile row
            const int last_word = c.row_words - 1;
            // [6] one counted loop, since nested run-time loops are not flattened
            const int words = c.rows * c.row_words;
        SEND:
            for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II=1
                const int address = row_start + word;  // [3] words of a row lie above one another
                bank_word_t bank_words[BANKS];  // [6] registers, of which one multiplexer chooses
#pragma HLS ARRAY_PARTITION variable=bank_words type=complete dim=1
            EACH_BANK:  // [2] constant bank indices: one read port a bank
                for (int h = 0; h < BANKS; ++h) {
#pragma HLS UNROLL
                    bank_words[h] = block[h][address];  // [3] whole words only
                }
                out.write(bank_words[bank]);  // [6] a word a cycle
                // [3] compared before it is counted, as all counters: slow devices do not do both in one cycle
                const bool row_sent = word == last_word;
                word = row_sent ? 0 : word + 1;
                if (row_sent) {  // [2] the next bank at the same address
                    const bool round_done = bank == BANKS - 1;
                    bank = round_done ? 0 : bank + 1;
                    if (round_done) row_start += c.row_depth;
                }
            }
        } else {  // [11] sums that come back, in the order in which they are added to
            int row_address = 0;  // [9] address and banks of the next row of parts
            int row_group = 0;
            int column_part = 0;  // [10] the part within its block
            int row_part = 0;
            int column_start = 0;  // [8] address of the block along n
            int n = 0;
            const int last_n = c.nb - 1;
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
                    const bool bank_holds = h / PART_ROWS == row_group;  // [9] the other groups hold other rows
                    const int row = h % PART_ROWS;
                    const bank_word_t sums = block[h][address];  // [3] whole words only
                EACH_LANE:  // [11] wires
                    for (int w = 0; w < BANK_LANES; ++w) {
#pragma HLS UNROLL
                        if (bank_holds) part[row * BANK_LANES + w] = sums[w];
                    }
                }
                spill.write(part);
                const bool columns_sent = column_part == COLUMN_PARTS - 1;  // [10] along n first
                column_part = columns_sent ? 0 : column_part + 1;
                const bool block_sent = columns_sent && row_part == ROW_PARTS - 1;
                if (columns_sent) row_part = row_part == ROW_PARTS - 1 ? 0 : row_part + 1;
                const bool blocks_sent = block_sent && n == last_n;  // [8] the next block along n has the same rows
                if (block_sent) {
                    n = n == last_n ? 0 : n + 1;
                    column_start = blocks_sent ? 0 : column_start + COLUMN_PARTS;
                }
                const bool group_sent = row_group == ROW_GROUPS - 1;  // [9] behind the last banks the next address
                const int next_address = group_sent ? row_address + c.row_depth : row_address;
                const int next_group = group_sent ? 0 : row_group + 1;
                const bool back = block_sent && !blocks_sent;
                if (columns_sent) {
                    row_address = back ? block_start : next_address;
                    row_group = back ? block_group : next_group;
                }
                if (blocks_sent) {  // [7] the next row of blocks begins where this one ended
                    block_start = next_address;
                    block_group = next_group;
                }
            }
        }
        last = c.last != 0;  // [1] the lock ends here and frees the block
    }
}

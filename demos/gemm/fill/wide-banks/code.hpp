constexpr int WORD = 8;  // [2] elements of an AXI word
typedef hls::vector<data_t, WORD> word_t;
constexpr int BANKS = 4;  // [3] tile rows are dealt to the banks in turn
constexpr int BANK_LANES = 64;  // [4] elements of a bank word
typedef hls::vector<data_t, BANK_LANES> bank_word_t;
constexpr int GROUPS = BANK_LANES / WORD;  // [5] AXI words side by side in a bank word
constexpr int DEPTH = 2048;  // [6] words of a bank
typedef bank_word_t block_t[BANKS][DEPTH];

// [1] a process: commands and AXI words in, blocks out
void fill(hls::stream<fill_cmd>& cmd, hls::stream<word_t>& in, hls::stream_of_blocks<block_t>& out) {
// [7] all banks in one cycle; unproven on a parameter in Vitis, so the channel repeats it
#pragma HLS ARRAY_PARTITION variable=out type=complete dim=1
    bool last = false;  // [1] ends on the marked command and keeps nothing
    while (!last) {
        const fill_cmd c = cmd.read();
        hls::write_lock<block_t> block(out);
        int word = 0;  // [2] AXI word within the tile row
        int bank = 0;  // [3] tile row modulo BANKS, without a division
        int row_start = 0;
        int column = 0;  // [5] address within the tile row
        int group = 0;
        bank_word_t bank_word;
        const int writes = c.rows * c.row_words;
    WRITE:  // [8] one counted loop, since nested run-time loops are not flattened
        for (int i = 0; i < writes; ++i) {
#pragma HLS PIPELINE II=1
            const word_t token = in.read();  // [5] joins those that came before it
        EACH_LANE:
            for (int e = 0; e < BANK_LANES; ++e) {
#pragma HLS UNROLL
                if (e / WORD == group) {
                    bank_word[e] = token[e % WORD];
                } else if (group == 0) {  // nothing stays of the bank word before
                    bank_word[e] = 0;
                }
            }
            const bool full = group == GROUPS - 1 || word == c.row_words - 1;
            const int address = row_start + column;
        EACH_BANK:  // [3] constant bank indices: one write port a bank
            for (int h = 0; h < BANKS; ++h) {
#pragma HLS UNROLL
                if (h != bank) continue;
                if (full) block[h][address] = bank_word;  // [5] one write for each bank word
            }  // [3] end of the banks
            if (++group == GROUPS) {  // [5] the next bank word
                group = 0;
                ++column;
            }
            if (++word != c.row_words) continue;  // [2] the tile row goes on
            word = 0;
            group = 0;  // [5] the next row begins with a new bank word
            column = 0;
            if (++bank != BANKS) continue;  // [3] the next bank at the same address
            bank = 0;
            row_start += c.row_depth;
        }  // [8] end of the tile
        last = c.last != 0;  // [1] the lock ends here and hands the block over
    }
}

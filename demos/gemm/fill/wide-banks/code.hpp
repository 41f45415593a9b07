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
COMMAND:
    while (!last) {
        const fill_cmd c = cmd.read();
        hls::write_lock<block_t> block(out);
        int word = 0;  // [2] AXI word within the tile row
        const int last_word = c.row_words - 1;
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
            const bool full = group == GROUPS - 1 || word == last_word;
            const int address = row_start + column;
        EACH_BANK:  // [3] constant bank indices: one write port a bank
            for (int h = 0; h < BANKS; ++h) {
#pragma HLS UNROLL
                const bool chosen = h == bank;
                if (chosen && full) block[h][address] = bank_word;  // [5] one write for each bank word
            }
            const bool word_stored = true;  // [5] an AXI word a cycle
            // [2] compared before it is counted, as all counters: slow devices do not do both in one cycle
            const bool row_stored = word_stored && word == last_word;
            if (word_stored) word = word == last_word ? 0 : word + 1;
            group = full ? 0 : group + 1;  // [5] the next bank word goes to the next address
            if (full) column = row_stored ? 0 : column + 1;
            if (row_stored) {  // [3] the next bank at the same address
                const bool round_done = bank == BANKS - 1;
                bank = round_done ? 0 : bank + 1;
                if (round_done) row_start += c.row_depth;
            }
        }
        last = c.last != 0;  // [1] the lock ends here and hands the block over
    }
}

constexpr int WORD = 32;  // [2] elements of an AXI word
typedef hls::vector<data_t, WORD> word_t;
constexpr int BANKS = 1;  // [3] no other bank to choose
constexpr int BANK_LANES = 32;  // [4] elements of a bank word
typedef hls::vector<data_t, BANK_LANES> bank_word_t;
// [5] an AXI word is neither cut nor gathered
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
        int row_start = 0;  // [3] address of the tile row's first element
        const int writes = c.rows * c.row_words;  // [5] a write for each AXI word
    WRITE:  // [8] one counted loop, since nested run-time loops are not flattened
        for (int i = 0; i < writes; ++i) {
#pragma HLS PIPELINE II=1
            const bank_word_t bank_word = in.read();  // [5] as it comes
            const int address = row_start + word;
            {  // [3] the only bank
                const int h = 0;
                const bool chosen = true;
                if (chosen) block[h][address] = bank_word;  // [5] one write for each AXI word
            }
            const bool word_stored = true;  // [5] an AXI word a cycle
            // [2] compared before it is counted, as all counters: slow devices do not do both in one cycle
            const bool row_stored = word_stored && word == last_word;
            if (word_stored) word = word == last_word ? 0 : word + 1;
            // [5] the address follows the AXI word
            if (row_stored) row_start += c.row_depth;  // [3] rows lie above one another
        }
        last = c.last != 0;  // [1] the lock ends here and hands the block over
    }
}

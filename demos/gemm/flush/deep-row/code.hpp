constexpr int BANKS = 1;  // [2] no other bank to choose
constexpr int BANK_LANES = 64;  // [3] sums of a bank word
typedef hls::vector<acc_t, BANK_LANES> bank_word_t;
constexpr int DEPTH = 1024;  // [4] words of a bank
typedef bank_word_t block_t[BANKS][DEPTH];

// [1] a process: commands and blocks in, words out
void flush(hls::stream<flush_cmd>& cmd, hls::stream_of_blocks<block_t>& in, hls::stream<bank_word_t>& out) {
// [5] a bank is a memory of its own; unproven on a parameter in Vitis, so the channel repeats it
#pragma HLS ARRAY_PARTITION variable=in type=complete dim=1
    bool last = false;  // [1] ends on the marked command and keeps nothing
COMMAND:
    while (!last) {
        const flush_cmd c = cmd.read();
        hls::read_lock<block_t> block(in);
        const int bank = 0;  // [2] the only bank, and the address of the tile row's first word
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
            {  // [2] the only bank
                const int h = 0;
                bank_words[h] = block[h][address];  // [3] whole words only
            }
            out.write(bank_words[bank]);  // [6] a word a cycle
            // [3] compared before it is counted, as all counters: slow devices do not do both in one cycle
            const bool row_sent = word == last_word;
            word = row_sent ? 0 : word + 1;
            if (row_sent) row_start += c.row_depth;  // [2] rows lie above one another
        }
        last = c.last != 0;  // [1] the lock ends here and frees the block
    }
}

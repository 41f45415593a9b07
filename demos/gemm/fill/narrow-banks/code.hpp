constexpr int WORD = 32;  // [2] elements of an AXI word
typedef hls::vector<data_t, WORD> word_t;
constexpr int BANKS = 16;  // [3] tile rows are dealt to the banks in turn
constexpr int BANK_LANES = 4;  // [4] elements of a bank word
typedef hls::vector<data_t, BANK_LANES> bank_word_t;
constexpr int PIECES = WORD / BANK_LANES;  // [5] cycles that an AXI word takes
constexpr int DEPTH = 256;  // [6] words of a bank
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
        int piece = 0;
        word_t token;
        const int writes = c.rows * c.row_words * PIECES;
    WRITE:  // [8] one counted loop, since nested run-time loops are not flattened
        for (int i = 0; i < writes; ++i) {
#pragma HLS PIPELINE II=1
            if (piece == 0) {  // [5] the register holds an AXI word until its last piece
                token = in.read();
            }
            const int address = row_start + column;
            bank_word_t bank_word;  // constant lanes: a multiplexer of PIECES inputs
        EACH_PIECE:
            for (int p = 0; p < PIECES; ++p) {
#pragma HLS UNROLL
            EACH_LANE:
                for (int e = 0; e < BANK_LANES; ++e) {
#pragma HLS UNROLL
                    if (p == piece) bank_word[e] = token[p * BANK_LANES + e];
                }
            }
        EACH_BANK:  // [3] constant bank indices: one write port a bank
            for (int h = 0; h < BANKS; ++h) {
#pragma HLS UNROLL
                const bool chosen = h == bank;
                if (chosen) block[h][address] = bank_word;  // [5] one write for each piece
            }
            const bool word_stored = piece == PIECES - 1;  // [5] behind the last piece
            piece = word_stored ? 0 : piece + 1;
            // [2] compared before it is counted, as all counters: slow devices do not do both in one cycle
            const bool row_stored = word_stored && word == last_word;
            if (word_stored) word = word == last_word ? 0 : word + 1;
            column = row_stored ? 0 : column + 1;  // [5] the next piece goes to the next address
            if (row_stored) {  // [3] the next bank at the same address
                const bool round_done = bank == BANKS - 1;
                bank = round_done ? 0 : bank + 1;
                if (round_done) row_start += c.row_depth;
            }
        }
        last = c.last != 0;  // [1] the lock ends here and hands the block over
    }
}

constexpr int WORD = 16;  // [2] elements of an AXI word
typedef hls::vector<data_t, WORD> word_t;
constexpr int BANK_ROWS = 8;  // [3] tile rows are dealt to the bank rows in turn
constexpr int BANK_COLUMNS = 16;  // [4] elements written in one cycle at most
// [5] a word needs neither groups nor pieces
constexpr int DEPTH = 512;  // [6] addresses of a bank
typedef data_t block_t[BANK_ROWS][BANK_COLUMNS][DEPTH];

// [1] a process: commands and words in, blocks out
void fill(hls::stream<fill_cmd>& cmd, hls::stream<word_t>& in, hls::stream_of_blocks<block_t>& out) {
// [7] all banks in one cycle; unproven on a parameter in Vitis, so the channel repeats it
#pragma HLS ARRAY_PARTITION variable=out type=complete dim=1
#pragma HLS ARRAY_PARTITION variable=out type=complete dim=2
    bool last = false;  // [1] ends on the marked command and keeps nothing
    while (!last) {
        const fill_cmd c = cmd.read();
        hls::write_lock<block_t> block(out);
        int word = 0;  // [2] word within the tile row
        int bank_row = 0;  // [3] tile row modulo BANK_ROWS, without a division
        int row_start = 0;
        const int writes = c.rows * c.row_words;  // [5] a write a word
    WRITE:  // [8] one counted loop, since nested run-time loops are not flattened
        for (int i = 0; i < writes; ++i) {
#pragma HLS PIPELINE II=1
            const word_t token = in.read();  // [5] all of it goes to one address
            const int address = row_start + word;
        EACH_ROW:  // [3] constant bank indices: one write port a bank
            for (int h = 0; h < BANK_ROWS; ++h) {
#pragma HLS UNROLL
                if (h != bank_row) continue;
            EACH_COLUMN:  // [4] the banks of a row side by side
                for (int w = 0; w < BANK_COLUMNS; ++w) {
#pragma HLS UNROLL
                    block[h][w][address] = token[w];  // [5] bank and lane agree
                }  // [4] end of the bank row
            }  // [3] end of the rows
            // [5] the next word goes to the next address
            if (++word != c.row_words) continue;  // [2] the tile row goes on
            word = 0;
            // [5] the address follows the word
            if (++bank_row != BANK_ROWS) continue;  // [3] the next bank row at the same address
            bank_row = 0;
            row_start += c.row_depth;
        }  // [8] end of the tile
        last = c.last != 0;  // [1] the lock ends here and hands the block over
    }
}

constexpr int WORD = 8;  // [2] elements of an AXI word
typedef hls::vector<data_t, WORD> word_t;
constexpr int BANK_ROWS = 4;  // [3] tile rows are dealt to the bank rows in turn
constexpr int BANK_COLUMNS = 64;  // [4] elements written in one cycle at most
constexpr int GROUPS = BANK_COLUMNS / WORD;  // [5] words side by side in a bank row
constexpr int DEPTH = 2048;  // [6] addresses of a bank
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
        int column = 0;  // [5] address within the tile row
        int group = 0;
        const int writes = c.rows * c.row_words;
    WRITE:  // [8] one counted loop, since nested run-time loops are not flattened
        for (int i = 0; i < writes; ++i) {
#pragma HLS PIPELINE II=1
            const word_t token = in.read();  // [5] all of it goes to one group of banks
            const int address = row_start + column;
        EACH_ROW:  // [3] constant bank indices: one write port a bank
            for (int h = 0; h < BANK_ROWS; ++h) {
#pragma HLS UNROLL
                if (h != bank_row) continue;
            EACH_COLUMN:  // [4] the banks of a row side by side
                for (int w = 0; w < BANK_COLUMNS; ++w) {
#pragma HLS UNROLL
                    if (w / WORD != group) continue;  // [5] other groups keep their words
                    block[h][w][address] = token[w % WORD];
                }  // [4] end of the bank row
            }  // [3] end of the rows
            if (++group == GROUPS) {  // [5] the bank row is full
                group = 0;
                ++column;
            }
            if (++word != c.row_words) continue;  // [2] the tile row goes on
            word = 0;
            group = 0;  // [5] the next row begins with the first group
            column = 0;
            if (++bank_row != BANK_ROWS) continue;  // [3] the next bank row at the same address
            bank_row = 0;
            row_start += c.row_depth;
        }  // [8] end of the tile
        last = c.last != 0;  // [1] the lock ends here and hands the block over
    }
}

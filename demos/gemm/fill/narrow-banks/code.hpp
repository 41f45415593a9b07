constexpr int WORD = 32;  // [2] elements of an AXI word
typedef hls::vector<data_t, WORD> word_t;
constexpr int BANK_ROWS = 16;  // [3] tile rows are dealt to the bank rows in turn
constexpr int BANK_COLUMNS = 4;  // [4] elements written in one cycle at most
constexpr int PIECES = WORD / BANK_COLUMNS;  // [5] cycles that a word takes
constexpr int DEPTH = 256;  // [6] addresses of a bank
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
        int piece = 0;
        word_t token;
        const int writes = c.rows * c.row_words * PIECES;
    WRITE:  // [8] one counted loop, since nested run-time loops are not flattened
        for (int i = 0; i < writes; ++i) {
#pragma HLS PIPELINE II=1
            if (piece == 0) {  // [5] the register holds a word until its last piece
                token = in.read();
            }
            const int address = row_start + column;
            hls::vector<data_t, BANK_COLUMNS> part;  // constant lanes: a multiplexer of PIECES inputs
        EACH_PIECE:
            for (int p = 0; p < PIECES; ++p) {
#pragma HLS UNROLL
                for (int e = 0; e < BANK_COLUMNS; ++e) {
#pragma HLS UNROLL
                    if (p == piece) part[e] = token[p * BANK_COLUMNS + e];
                }
            }
        EACH_ROW:  // [3] constant bank indices: one write port a bank
            for (int h = 0; h < BANK_ROWS; ++h) {
#pragma HLS UNROLL
                if (h != bank_row) continue;
            EACH_COLUMN:  // [4] the banks of a row side by side
                for (int w = 0; w < BANK_COLUMNS; ++w) {
#pragma HLS UNROLL
                    block[h][w][address] = part[w];  // [5] bank and lane of the piece agree
                }  // [4] end of the bank row
            }  // [3] end of the rows
            ++column;  // [5] the next piece goes to the next address
            if (++piece != PIECES) continue;
            piece = 0;
            if (++word != c.row_words) continue;  // [2] the tile row goes on
            word = 0;
            column = 0;  // [5] the next row begins with the first address
            if (++bank_row != BANK_ROWS) continue;  // [3] the next bank row at the same address
            bank_row = 0;
            row_start += c.row_depth;
        }  // [8] end of the tile
        last = c.last != 0;  // [1] the lock ends here and hands the block over
    }
}

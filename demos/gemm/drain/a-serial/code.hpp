constexpr int ROWS = 16;  // [3] rows of a wide token
constexpr int STEP = 32;  // [4] elements along k of a wide token
constexpr int BANKS = 4;  // [5] a bank word of each is read in the same cycle
constexpr int OUT_ROWS = BANKS;  // [6] the banks limit a token
constexpr int ROW_PARTS = ROWS / BANKS;
constexpr int BANK_LANES = 8;  // [7] elements of a bank word
typedef hls::vector<data_t, BANK_LANES> bank_word_t;
constexpr int OUT_COLUMNS = BANK_LANES;  // [8] the banks limit a token
constexpr int COLUMN_PARTS = STEP / BANK_LANES;
constexpr int DEPTH = 1024;  // [9] words of a bank
typedef bank_word_t block_t[BANKS][DEPTH];
constexpr int LANES = OUT_ROWS * OUT_COLUMNS;  // [11] elements of a token sent
constexpr int PARTS = ROWS * STEP / LANES;
typedef hls::vector<data_t, LANES> token_t;

// [1] a process: commands and blocks in, tokens out
void drain(hls::stream<drain_cmd>& cmd, hls::stream_of_blocks<block_t>& in, hls::stream<token_t>& out) {
// [10] all banks in one cycle; unproven on a parameter in Vitis, so the channel repeats it
#pragma HLS ARRAY_PARTITION variable=in type=complete dim=1
    bool last = false;  // [1] ends on the marked command and keeps nothing
COMMAND:
    while (!last) {
        const drain_cmd c = cmd.read();
        hls::read_lock<block_t> block(in);
        int pass = 1;  // [2] pass, and the other operand's block within it
        int other = 0;
        int last_other = (c.replays == 1 ? c.other_last : c.other_full) - 1;
        int own = 0;  // [3] row block within the tile
        const int last_own = c.own - 1;
        int k_step = 0;  // [4] step along k
        const int last_step = c.kb - 1;
        int row_start = 0;  // [6] address of the row block, and of the part within it
        int row_part = 0;
        int part_start = 0;
        int column_start = 0;  // [8] address of the step along k, and the part within it
        int column_part = 0;
        // [11] one counted loop over all passes, since nested run-time loops are not flattened
        const int blocks = ((c.replays - 1) * c.other_full + c.other_last) * c.own;
        const int tokens = blocks * c.kb * PARTS;
    SEND:
        for (int i = 0; i < tokens; ++i) {
#pragma HLS PIPELINE II=1
            const int row_address = row_start + part_start;  // [6] parts lie above one another
            const int column_address = column_start + column_part;  // [8] parts lie above one another
            const int address = row_address + column_address;  // [11] the same in all banks
            token_t token;
        EACH_BANK:  // [5] constant bank indices: one read port a bank
            for (int h = 0; h < BANKS; ++h) {
#pragma HLS UNROLL
                const bool bank_holds = true;  // [6] bank and row of the token agree
                const int row = h;
                const bank_word_t word = block[h][address];  // [7] whole words only
            EACH_LANE:
                for (int w = 0; w < BANK_LANES; ++w) {
#pragma HLS UNROLL
                    const bool lane_holds = true;  // [8] lanes of word and token agree
                    const int column = w;
                    if (bank_holds && lane_holds) {  // [11] lanes row by row
                        token[row * OUT_COLUMNS + column] = word[w];
                    }
                }
            }
            out.write(token);
            const bool columns_sent = column_part == COLUMN_PARTS - 1;  // [8] the parts of a row first
            column_part = columns_sent ? 0 : column_part + 1;
            const bool token_sent = columns_sent && row_part == ROW_PARTS - 1;  // [6] then the parts of rows
            if (columns_sent) {
                row_part = row_part == ROW_PARTS - 1 ? 0 : row_part + 1;
                part_start = token_sent ? 0 : part_start + c.row_depth;
            }
            // [4] compared before it is counted, as all counters: slow devices do not do both in one cycle
            const bool block_sent = token_sent && k_step == last_step;
            if (token_sent) k_step = k_step == last_step ? 0 : k_step + 1;
            if (token_sent) column_start = block_sent ? 0 : column_start + COLUMN_PARTS;  // [8] the next step along k
            const bool all_met = other == last_other;  // [2] the same row block for every block of the other
            if (block_sent) other = all_met ? 0 : other + 1;
            const bool block_done = block_sent && all_met;  // [3] the next row block of the tile
            const bool tile_done = block_sent && own == last_own && all_met;
            if (block_done) own = own == last_own ? 0 : own + 1;
            if (block_done) row_start = tile_done ? 0 : row_start + ROW_PARTS * c.row_depth;  // [6] the next row block
            if (tile_done) {  // [2] the last pass may meet fewer blocks
                last_other = (pass == c.replays - 1 ? c.other_last : c.other_full) - 1;
                ++pass;
            }
        }
        last = c.last != 0;  // [1] the lock ends here and frees the block
    }
}

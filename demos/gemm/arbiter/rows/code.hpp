constexpr int ROWS = 32;  // [2] rows of a wide token
constexpr int COLUMNS = 16;  // [3] elements of its rows
constexpr int IN_ROWS = 4;  // [4] rows of a narrow token
constexpr int ROW_PARTS = ROWS / IN_ROWS;  // [5] narrow tokens below one another
constexpr int IN_COLUMNS = 16;  // [6] elements of its rows
constexpr int COLUMN_PARTS = 1;  // [7] whole rows
typedef hls::vector<data_t, IN_ROWS * IN_COLUMNS> narrow_t;  // [8] lanes of both tokens
typedef hls::vector<data_t, ROWS * COLUMNS> wide_t;

// [1] a process: commands and narrow tokens in, wide tokens out
void arbiter(hls::stream<arbiter_cmd>& cmd, hls::stream<narrow_t>& in, hls::stream<wide_t>& out) {
    bool last = false;
COMMAND:
    while (!last) {
        const arbiter_cmd c = cmd.read();
        wide_t wide;
        int row_part = 0;  // [5] parts of rows taken
        // [7] no part to count
        const int takes = c.tokens * ROW_PARTS * COLUMN_PARTS;  // [8] narrow tokens of the command
    GATHER:
        for (int i = 0; i < takes; ++i) {
#pragma HLS PIPELINE II=1
            const narrow_t narrow = in.read();
        EACH_ROW:  // [2] constant lanes: registers with an enable, no shifting
            for (int r = 0; r < ROWS; ++r) {
#pragma HLS UNROLL
                const bool row_comes = r / IN_ROWS == row_part;  // [5] rows of other parts keep their values
                const int row = r % IN_ROWS;
            EACH_COLUMN:  // [3] the lanes of a row
                for (int k = 0; k < COLUMNS; ++k) {
#pragma HLS UNROLL
                    const bool column_comes = true;  // [7] lanes agree
                    const int column = k;
                    if (row_comes && column_comes) {  // [6] packed row by row
                        wide[r * COLUMNS + k] = narrow[row * IN_COLUMNS + column];
                    }
                }
            }
            const bool rows_come = true;  // [7] every narrow token completes its rows
            const bool complete = rows_come && row_part == ROW_PARTS - 1;  // [5] behind the last rows
            if (rows_come) row_part = row_part == ROW_PARTS - 1 ? 0 : row_part + 1;
            if (complete) out.write(wide);  // [8] with the last part
        }
        last = c.last != 0;  // [1] ends on the marked command and keeps nothing
    }
}

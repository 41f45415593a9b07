constexpr int ROWS = 16;  // [2] rows of a wide token
constexpr int COLUMNS = 8;  // [3] elements of its rows
constexpr int IN_ROWS = 16;  // [4] rows of a narrow token
constexpr int ROW_PARTS = 1;  // [5] all rows at once
constexpr int IN_COLUMNS = 2;  // [6] elements of its rows
constexpr int COLUMN_PARTS = COLUMNS / IN_COLUMNS;  // [7] narrow tokens side by side
typedef hls::vector<data_t, IN_ROWS * IN_COLUMNS> narrow_t;  // [8] lanes of both tokens
typedef hls::vector<data_t, ROWS * COLUMNS> wide_t;

// [1] a process: commands and narrow tokens in, wide tokens out
void arbiter(hls::stream<arbiter_cmd>& cmd, hls::stream<narrow_t>& in, hls::stream<wide_t>& out) {
    bool last = false;
COMMAND:
    while (!last) {
        const arbiter_cmd c = cmd.read();
        wide_t wide;
        // [5] no part to count
        int column_part = 0;  // [7] parts of a row taken
        const int takes = c.tokens * ROW_PARTS * COLUMN_PARTS;  // [8] narrow tokens of the command
    GATHER:
        for (int i = 0; i < takes; ++i) {
#pragma HLS PIPELINE II=1
            const narrow_t narrow = in.read();
        EACH_ROW:  // [2] constant lanes: registers with an enable, no shifting
            for (int r = 0; r < ROWS; ++r) {
#pragma HLS UNROLL
                const bool row_comes = true;  // [5] rows agree
                const int row = r;
            EACH_COLUMN:  // [3] the lanes of a row
                for (int k = 0; k < COLUMNS; ++k) {
#pragma HLS UNROLL
                    const bool column_comes = k / IN_COLUMNS == column_part;  // [7] other parts keep their values
                    const int column = k % IN_COLUMNS;
                    if (row_comes && column_comes) {  // [6] packed row by row
                        wide[r * COLUMNS + k] = narrow[row * IN_COLUMNS + column];
                    }
                }
            }
            // [7] compared before it is counted: both in one cycle would be too slow for some devices
            const bool rows_come = column_part == COLUMN_PARTS - 1;
            column_part = rows_come ? 0 : column_part + 1;
            const bool complete = rows_come;  // [5] no row is missing
            if (complete) out.write(wide);  // [8] with the last part
        }
        last = c.last != 0;  // [1] ends on the marked command and keeps nothing
    }
}

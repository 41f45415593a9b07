constexpr int LANES = 32;  // [2] sums of a word
typedef hls::vector<acc_t, LANES> sums_t;
constexpr int PARTS = 4;  // [3] elements that a sum takes in memory
typedef hls::vector<data_t, LANES * PARTS> result_t;
constexpr int PART_BITS = 8 * sizeof(data_t);
constexpr int BIAS_WORDS = 128;  // [4] the widest tile

// [1] a process: commands and sums in, results out, bias from memory
void post_raw(hls::stream<post_cmd>& cmd, hls::stream<sums_t>& in, const sums_t* bias, hls::stream<result_t>& out) {
    bool last = false;
COMMAND:
    while (!last) {
        const post_cmd c = cmd.read();
        sums_t held[BIAS_WORDS];  // [4] all rows use the same bias, so memory is read once
        int word = 0;
        const int last_word = c.row_words - 1;
    LOAD_BIAS:  // [5] one burst of rising addresses
        for (int i = 0; i < c.row_words; ++i) {
#pragma HLS PIPELINE II=1
            held[i] = bias[c.bias_addr + i];
        }
        // [7] one counted loop, since nested run-time loops are not flattened
        const int words = c.rows * c.row_words;
    ADD_BIAS:
        for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II=1
            const sums_t sums = in.read();
            result_t results;
            const sums_t offsets = held[word];  // [4] bias of these columns
            word = word == last_word ? 0 : word + 1;
        EACH_LANE:  // [2] all sums of a word in the same cycle
            for (int l = 0; l < LANES; ++l) {
#pragma HLS UNROLL
                // [6] as wide as needed to keep the sign in the highest part
                const scaled_t result = static_cast<scaled_t>(sums[l]) + offsets[l];
            EACH_PART:  // [3] wires: nothing is rounded
                for (int p = 0; p < PARTS; ++p) {
#pragma HLS UNROLL
                    results[l * PARTS + p] = static_cast<data_t>(result >> (p * PART_BITS));
                }
            }  // [2] end of the lanes
            out.write(results);  // [7] a word a cycle
        }
        last = c.last != 0;  // [1] ends on the marked command and keeps nothing
    }
}

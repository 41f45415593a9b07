constexpr int LANES = 64;  // [2] elements of a word
typedef hls::vector<acc_t, LANES> sums_t;
typedef hls::vector<data_t, LANES> result_t;
constexpr int BIAS_WORDS = 16;  // [3] the widest tile

// [1] a process: commands and sums in, results out, bias from memory
void post(hls::stream<post_cmd>& cmd, hls::stream<sums_t>& in, const sums_t* bias, hls::stream<result_t>& out) {
    bool last = false;
COMMAND:
    while (!last) {
        const post_cmd c = cmd.read();
        sums_t held[BIAS_WORDS];  // [3] all rows use the same bias, so memory is read once
        int word = 0;
        const int last_word = c.row_words - 1;
    LOAD_BIAS:  // [4] one burst of rising addresses
        for (int i = 0; i < c.row_words; ++i) {
#pragma HLS PIPELINE II=1
            held[i] = bias[c.bias_addr + i];
        }
        // [5] rounds half up
        scaled_t half = 0;
        if (c.shift != 0) {
            half = static_cast<scaled_t>(1) << (c.shift - 1);
        }
        // [8] one counted loop, since nested run-time loops are not flattened
        const int words = c.rows * c.row_words;
    SCALE:
        for (int i = 0; i < words; ++i) {
#pragma HLS PIPELINE II=1
            const sums_t sums = in.read();
            result_t results;
            const sums_t offsets = held[word];  // [3] bias of these columns
            word = word == last_word ? 0 : word + 1;
        EACH_LANE:  // [2] every element has its own multiplier
            for (int l = 0; l < LANES; ++l) {
#pragma HLS UNROLL
                // [5] no sum overflows
                const scaled_t biased = static_cast<scaled_t>(sums[l]) + offsets[l];
                scaled_t result = (biased * c.multiplier + half) >> c.shift;
                if (c.relu != 0 && result < 0) {  // [6] activation before saturation
                    result = 0;
                }
                const scaled_t HIGHEST = DATA_HIGHEST;  // [7] ends of the range
                const scaled_t LOWEST = DATA_LOWEST;
                const scaled_t capped = result > HIGHEST ? HIGHEST : result;
                results[l] = static_cast<data_t>(capped < LOWEST ? LOWEST : capped);
            }  // [2] end of the lanes
            out.write(results);  // [8] a word a cycle
        }
        last = c.last != 0;  // [1] ends on the marked command and keeps nothing
    }
}

// [1] a beat of the port
constexpr int PORT = 16;
// [2] a token of results
constexpr int LANES = 32;
// [3] a token of spill and of pre
constexpr int SUMS = 64;
// [4] a sum in memory, and what is taken of it for each element
constexpr int SUM_ELEMENTS = 4;
constexpr int ELEMENTS = SUMS * SUM_ELEMENTS;
constexpr int ELEMENT_MASK = (1 << DATA_BITS) - 1;
// [9] words that a token fills
constexpr int SUM_RATIO = ELEMENTS / PORT;
// [10] words that a token fills
constexpr int RESULT_RATIO = LANES / PORT;

// [5] what goes to memory, what comes in, and what is between memory and sums
typedef hls::vector<data_t, PORT> word_t;
typedef hls::vector<data_t, LANES> result_t;
typedef hls::vector<acc_t, SUMS> part_t;
typedef hls::vector<data_t, ELEMENTS> raw_t;

// [4] wires only: both are part of the loops that call them
raw_t taken_apart(const part_t& sums) {
#pragma HLS INLINE
    raw_t raw;
part_sum:
    for (int s = 0; s < SUMS; ++s) {
#pragma HLS UNROLL
    part_element:
        for (int e = 0; e < SUM_ELEMENTS; ++e) {
#pragma HLS UNROLL
            raw[s * SUM_ELEMENTS + e] = data_t(sums[s] >> (e * DATA_BITS));
        }
    }
    return raw;
}

part_t put_together(const raw_t& raw) {
#pragma HLS INLINE
    part_t sums;
join_sum:
    for (int s = 0; s < SUMS; ++s) {
#pragma HLS UNROLL
        acc_t sum = 0;
    join_element:
        for (int e = SUM_ELEMENTS - 1; e >= 0; --e) {
#pragma HLS UNROLL
            sum = (sum << DATA_BITS) | (raw[s * SUM_ELEMENTS + e] & ELEMENT_MASK);
        }
        sums[s] = sum;
    }
    return sums;
}

// [5] one process on the memory: nobody else knows when a sum is there
void dma_spill(hls::stream<move_cmd>& cmd, hls::stream<result_t>& in, hls::stream<part_t>& spill,
               hls::burst_maxi<word_t> mem, hls::stream<part_t>& pre) {
    // [6] the last command ends the process
    bool last = false;
command:
    while (!last) {
        const move_cmd c = cmd.read();
        if (c.load != 0) {
            // [9] what has come of the token, and how many words
            raw_t raw;
            int come = 0;
            // [7] asked for as a whole: one address for the tile
            mem.read_request(c.addr, c.words);
        load:
            for (int w = 0; w < c.words; ++w) {
                // [11] a word a cycle keeps the port busy
#pragma HLS PIPELINE II=1
                // [7] one read in every iteration
                const word_t word = mem.read();
                // [9] unrolled wires: the token moves down by a word, and the word comes on top
            move:
                for (int i = 0; i < ELEMENTS - PORT; ++i) {
#pragma HLS UNROLL
                    raw[i] = raw[i + PORT];
                }
            top:
                for (int i = 0; i < PORT; ++i) {
#pragma HLS UNROLL
                    raw[ELEMENTS - PORT + i] = word[i];
                }
                come = come == SUM_RATIO - 1 ? 0 : come + 1;
                if (come == 0) {
                    pre.write(put_together(raw));
                }
            }
            // [6] sums that leave again
        } else if (c.raw != 0) {
            // [9] what is left of the token and how many words were taken from it
            raw_t raw;
            int gone = 0;
            // [7] asked for as a whole
            mem.write_request(c.addr, c.words);
        spill:
            for (int w = 0; w < c.words; ++w) {
                // [11] a word a cycle keeps the port busy
#pragma HLS PIPELINE II=1
                // [9] lowest elements first; unrolled wires, the token moves down by a word
                if (gone == 0) {
                    raw = taken_apart(spill.read());
                }
                word_t word;
            bottom:
                for (int i = 0; i < PORT; ++i) {
#pragma HLS UNROLL
                    word[i] = raw[i];
                }
            shift:
                for (int i = 0; i < ELEMENTS - PORT; ++i) {
#pragma HLS UNROLL
                    raw[i] = raw[i + PORT];
                }
                gone = gone == SUM_RATIO - 1 ? 0 : gone + 1;
                // [7] one write in every iteration
                mem.write(word);
            }
            // [8] the next command may load what this one wrote
            mem.write_response();
            // [6] finished tiles
        } else {
            // [10] what is left of the token and how many words were taken from it
            result_t result;
            int stored = 0;
            // [7] asked for as a whole
            mem.write_request(c.addr, c.words);
        store:
            for (int w = 0; w < c.words; ++w) {
                // [12] a word a cycle keeps the port busy
#pragma HLS PIPELINE II=1
                // [10] lowest lanes first; unrolled wires, the token moves down by a word
                if (stored == 0) {
                    result = in.read();
                }
                word_t word;
            lowest:
                for (int i = 0; i < PORT; ++i) {
#pragma HLS UNROLL
                    word[i] = result[i];
                }
            down:
                for (int i = 0; i < LANES - PORT; ++i) {
#pragma HLS UNROLL
                    result[i] = result[i + PORT];
                }
                stored = stored == RESULT_RATIO - 1 ? 0 : stored + 1;
                // [7] one write in every iteration
                mem.write(word);
            }
            // [8] a burst is over when memory says so
            mem.write_response();
        }
        // [6] next command
        last = c.last != 0;
    }
    // [5] nothing is kept
}

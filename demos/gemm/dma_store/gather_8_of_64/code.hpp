// [1] a beat of the port
constexpr int PORT = 64;
// [2] a token
constexpr int LANES = 8;
// [5] tokens that fill a word
constexpr int RATIO = PORT / LANES;

// [3] what comes in and what goes to memory
typedef hls::vector<data_t, LANES> token_t;
typedef hls::vector<data_t, PORT> word_t;

void dma_store(hls::stream<store_cmd>& cmd, hls::stream<token_t>& in, word_t* mem) {
    // [4] the last command ends the process
    bool last = false;
command:
    while (!last) {
        const store_cmd c = cmd.read();
        // [5] a tile may end within a word
        std::int32_t left = c.tokens;
        // [6] a word takes as long as its tokens; consecutive and unconditional, or no burst is inferred
    burst:
        for (int w = 0; w < c.words; ++w) {
#pragma HLS PIPELINE II=RATIO
            // [5] first token lowest, zeros behind the last one; unrolled, because a word leaves as a whole
            word_t word;
        tokens:
            for (int t = 0; t < RATIO; ++t) {
#pragma HLS UNROLL
                token_t token(0);
                if (t < left) {
                    token = in.read();
                }
            lanes:
                for (int i = 0; i < LANES; ++i) {
#pragma HLS UNROLL
                    word[t * LANES + i] = token[i];
                }
            }
            left -= RATIO;
            // [6] one write in every iteration
            mem[c.addr + w] = word;
        }
        // [4] next command
        last = c.last != 0;
    }
    // [3] nothing is kept
}

// [1] a beat of the port
constexpr int PORT = 8;
// [2] a token
constexpr int LANES = 32;
// [5] words that a token fills
constexpr int RATIO = LANES / PORT;

// [3] what comes in and what goes to memory
typedef hls::vector<data_t, LANES> token_t;
typedef hls::vector<data_t, PORT> word_t;

void dma_store(hls::stream<store_cmd>& cmd, hls::stream<token_t>& in, word_t* mem) {
    // [4] the last command ends the process
    bool last = false;
command:
    while (!last) {
        const store_cmd c = cmd.read();
        // [5] what is left of the token and how many words were taken from it
        token_t token;
        int taken = 0;
        // [6] a word a cycle keeps the port busy; consecutive and unconditional, or no burst is inferred
    burst:
        for (int w = 0; w < c.words; ++w) {
#pragma HLS PIPELINE II=1
            // [5] lowest lanes first; unrolled wires, the token moves down by a word
            if (taken == 0) {
                token = in.read();
            }
            word_t word;
        lowest:
            for (int i = 0; i < PORT; ++i) {
#pragma HLS UNROLL
                word[i] = token[i];
            }
        down:
            for (int i = 0; i < LANES - PORT; ++i) {
#pragma HLS UNROLL
                token[i] = token[i + PORT];
            }
            taken = taken == RATIO - 1 ? 0 : taken + 1;
            // [6] one write in every iteration
            mem[c.addr + w] = word;
        }
        // [4] next command
        last = c.last != 0;
    }
    // [3] nothing is kept
}

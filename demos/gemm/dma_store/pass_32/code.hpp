// [1] a beat of the port
constexpr int PORT = 32;
// [2] a token is a beat
constexpr int LANES = PORT;
// [5] nothing to gather or to cut

// [3] what comes in and what goes to memory
typedef hls::vector<data_t, LANES> token_t;
typedef hls::vector<data_t, PORT> word_t;

void dma_store(hls::stream<store_cmd>& cmd, hls::stream<token_t>& in, word_t* mem) {
    // [4] the last command ends the process
    bool last = false;
command:
    while (!last) {
        const store_cmd c = cmd.read();
        // [5] no state between words
        // [6] a word a cycle keeps the port busy; consecutive and unconditional, or no burst is inferred
    burst:
        for (int w = 0; w < c.words; ++w) {
#pragma HLS PIPELINE II=1
            // [5] token and word are alike
            const word_t word = in.read();
            // [6] one write in every iteration
            mem[c.addr + w] = word;
        }
        // [4] next command
        last = c.last != 0;
    }
    // [3] nothing is kept
}

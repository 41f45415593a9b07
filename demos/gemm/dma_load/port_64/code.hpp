// [1] a beat of the port
constexpr int PORT = 64;

// [2] tokens are beats: nothing is repacked here
typedef hls::vector<data_t, PORT> word_t;

void dma_load(hls::stream<load_cmd>& cmd, const word_t* mem, hls::stream<word_t>& out) {
    // [3] the last command ends the process
    bool last = false;
command:
    while (!last) {
        const load_cmd c = cmd.read();
        // [4] consecutive and unconditional, or no burst is inferred; a word a cycle keeps the port busy
    burst:
        for (int w = 0; w < c.words; ++w) {
#pragma HLS PIPELINE II=1
            out.write(mem[c.addr + w]);
        }
        // [3] next command
        last = c.last != 0;
    }
    // [2] nothing is kept
}

// [1] multipliers that work side by side
constexpr int WORDS = 64;

// [2] operands come packed, a finished sum leaves
void inner_product(hls::stream<array_cmd>& cmd, hls::stream<hls::vector<data_t, WORDS>>& in_a,
                   hls::stream<hls::vector<data_t, WORDS>>& in_b, hls::stream<hls::vector<acc_t, 1>>& out) {
    // [3] ends on command, keeps nothing
    bool last = false;
commands:
    while (!last) {
        const array_cmd command = cmd.read();
        last = command.last != 0;
        // [4] one flat loop: the pipeline fills once a command, not once a sum
        const int iterations = command.blocks * command.kb;
        // DSP blocks are for the words
#pragma HLS BIND_OP variable=iterations op=mul impl=fabric
        int step = 0;
        // [6] the sum between two steps
        acc_t sum = 0;
        // [4] a step a cycle
    steps:
        for (int t = 0; t < iterations; ++t) {
#pragma HLS PIPELINE II=1
            const hls::vector<data_t, WORDS> a = in_a.read();
            const hls::vector<data_t, WORDS> b = in_b.read();
            // [5] one MAC a word; integer sums may be taken in any order, so the tool balances them into a tree
            acc_t products = 0;
        words:
            for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
                mac(a[k], b[k], products, products);
            }
            // [6] a single adder closes the loop over the steps: II=1 holds
            sum = (step == 0 ? 0 : sum) + products;
            // [7] the last step completes the sum
            if (step == command.kb - 1) {
                out.write(hls::vector<acc_t, 1>(sum));
                step = 0;
            } else {
                ++step;
            }
            // [4]
        }
        // [3]
    }
    // [2]
}

// [1] multipliers of the element
constexpr int WORDS = 2;

// [2] operands in, the sum before and after
void pe(const data_t a[WORDS], const data_t b[WORDS], acc_t kept, acc_t& sum) {
    // [3] part of the array's pipeline, no block with a handshake of its own
#pragma HLS INLINE
    // [4] every multiplier reads its words in the same cycle
#pragma HLS ARRAY_PARTITION variable=a complete dim=1
#pragma HLS ARRAY_PARTITION variable=b complete dim=1
    // [5] integer sums may be taken in any order, so the tool balances them into a tree
    acc_t products = 0;
words:
    for (int k = 0; k < WORDS; ++k) {
#pragma HLS UNROLL
        mac(a[k], b[k], products, products);
    }
    // [6] the tree stands before the register: a single adder lies on the path from sum to sum
    sum = kept + products;
    // [2]
}

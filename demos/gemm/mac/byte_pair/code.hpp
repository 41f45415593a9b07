// [1] the smallest unit of a lane in pairs: one multiplier, one adder, two MACs
void mac(std::int8_t upper, std::int8_t lower, std::int8_t b, std::int64_t sum_in, std::int64_t& sum_out) {
    // [2] part of the lane's schedule, no block with a handshake of its own
#pragma HLS INLINE
    // [3] both products in one: the upper one starts where four of the lower one end
    constexpr int FIELD = 18;
    constexpr int BYTE = 8;
    typedef ap_int<FIELD + BYTE + 1> pair_t;
    typedef ap_int<FIELD + BYTE + BYTE + 1> product_t;
    const pair_t pair = (static_cast<pair_t>(upper) << FIELD) + lower;
    const product_t product = pair * b;
    // [4] the multiplier of a DSP block is wide enough for a pair
#pragma HLS BIND_OP variable=product op=mul impl=dsp
    // [5] product and sum stay one expression, which the tool may merge into one block
    sum_out = sum_in + product;
    // [1]
}

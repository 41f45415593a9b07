// [1] the smallest unit of the array: one multiplier, one adder
void mac(std::int16_t a, std::int16_t b, acc_t sum_in, acc_t& sum_out) {
    // [2] part of the lane's schedule, no block with a handshake of its own
#pragma HLS INLINE
    // [3] the full product, the lowest operand times itself included
    const std::int32_t product = static_cast<std::int32_t>(a) * b;
    // [4] LUTs multiply where DSP blocks are short
#pragma HLS BIND_OP variable=product op=mul impl=fabric
    // [5] product and sum stay one expression, which the tool may merge into one block
    sum_out = sum_in + product;
    // [1]
}

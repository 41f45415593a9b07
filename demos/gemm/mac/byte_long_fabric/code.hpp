// [1] the smallest unit of the array: one multiplier, one adder
void mac(std::int8_t a, std::int8_t b, std::int64_t sum_in, std::int64_t& sum_out) {
    // [2] part of the lane's schedule, no block with a handshake of its own
#pragma HLS INLINE
    // [3] the full product, the lowest operand times itself included
    const std::int16_t product = static_cast<std::int16_t>(a) * b;
    // [4] LUTs multiply where DSP blocks are short
#pragma HLS BIND_OP variable=product op=mul impl=fabric
    // [5] outside the multiplier's block, a register fits between product and sum
    const auto sum = sum_in + product;
#pragma HLS BIND_OP variable=sum op=add impl=fabric
    sum_out = sum;
    // [1]
}

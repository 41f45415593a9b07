// [1] the smallest unit of the array: one multiplier, one adder
void mac(std::int16_t a, std::int16_t b, acc_t sum_in, acc_t& sum_out) {
    // [2] part of the lane's schedule, no block with a handshake of its own
#pragma HLS INLINE
    // [3] the full product, the lowest operand times itself included
    const std::int32_t product = static_cast<std::int32_t>(a) * b;
    // [4] a DSP block for each MAC, also where the tool would build so narrow a multiplier from LUTs
#pragma HLS BIND_OP variable=product op=mul impl=dsp
    // [5] outside the multiplier's block, a register fits between product and sum
    const auto sum = sum_in + product;
#pragma HLS BIND_OP variable=sum op=add impl=fabric
    sum_out = sum;
    // [1]
}

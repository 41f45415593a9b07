// [1] the smallest unit of the array: one multiplier, one adder
void mac(std::int8_t a, std::int8_t b, std::int32_t sum_in, std::int32_t& sum_out) {
    // [2] part of the lane's schedule, no block with a handshake of its own
#pragma HLS INLINE
    // [3] the full product, the lowest operand times itself included
    const std::int16_t product = static_cast<std::int16_t>(a) * b;
    // [4] a DSP block for each MAC, also where the tool would build so narrow a multiplier from LUTs
#pragma HLS BIND_OP variable=product op=mul impl=dsp
    // [5] product and sum stay one expression, which the tool may merge into one block
    sum_out = sum_in + product;
    // [1]
}

// AXI4-Stream words for C simulation: hls::axis, ap_axiu and ap_axis as plain structs of ap_int fields.
#pragma once

#include <stddef.h>

#include "ap_int.h"

namespace hls {
namespace csim {

template <int BITS>
struct side_channel {
    using type = ap_uint<BITS>;
};
template <>
struct side_channel<0> {  // a side channel of width 0 exists, and holds nothing that could be compared
    struct type {
        template <class V>
        type& operator=(const V&) {
            return *this;
        }
        operator int() const { return 0; }
    };
};

}  // namespace csim

template <class T, size_t USER_BITS, size_t ID_BITS, size_t DEST_BITS>
struct axis {
    T data;
    ap_uint<(sizeof(T) > 0 ? sizeof(T) : 1)> keep;
    ap_uint<(sizeof(T) > 0 ? sizeof(T) : 1)> strb;
    typename csim::side_channel<USER_BITS>::type user;
    ap_uint<1> last;
    typename csim::side_channel<ID_BITS>::type id;
    typename csim::side_channel<DEST_BITS>::type dest;
};

}  // namespace hls

template <class DATA, int BITS, int USER_BITS, int ID_BITS, int DEST_BITS>
struct ap_axi_word {
    DATA data;
    ap_uint<(BITS + 7) / 8> keep;
    ap_uint<(BITS + 7) / 8> strb;
    typename hls::csim::side_channel<USER_BITS>::type user;
    ap_uint<1> last;
    typename hls::csim::side_channel<ID_BITS>::type id;
    typename hls::csim::side_channel<DEST_BITS>::type dest;
};
template <int BITS, int USER_BITS, int ID_BITS, int DEST_BITS>
struct ap_axiu : ap_axi_word<ap_uint<BITS>, BITS, USER_BITS, ID_BITS, DEST_BITS> {};
template <int BITS, int USER_BITS, int ID_BITS, int DEST_BITS>
struct ap_axis : ap_axi_word<ap_int<BITS>, BITS, USER_BITS, ID_BITS, DEST_BITS> {};

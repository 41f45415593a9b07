// Enough of the vendor's header to read the sources by, in the C++14 that its tool takes by default.
#pragma once
#include <cstddef>
namespace hls {
template <typename T, std::size_t N>
struct vector {
    vector() = default;
    explicit vector(const T&) {}
    T& operator[](std::size_t i) { return lanes[i]; }
    const T& operator[](std::size_t i) const { return lanes[i]; }
    T lanes[N];
};
}  // namespace hls

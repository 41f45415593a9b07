// Enough of the vendor's header to read the sources by, in the C++14 that its tool takes by default.
#pragma once
namespace hls {
template <typename B, int DEPTH = 2>
struct stream_of_blocks {};
template <typename B>
struct lock {
    template <int DEPTH>
    lock(stream_of_blocks<B, DEPTH>&);
    auto& operator[](int i) { return (*block)[i]; }
    B* block;
};
template <typename B>
struct read_lock : lock<B> {
    using lock<B>::lock;
};
template <typename B>
struct write_lock : lock<B> {
    using lock<B>::lock;
};
}  // namespace hls

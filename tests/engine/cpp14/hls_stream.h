// Enough of the vendor's header to read the sources by, in the C++14 that its tool takes by default.
#pragma once
namespace hls {
template <typename T>
struct stream {
    T read();
    void write(const T&);
};
}  // namespace hls

// hls::stream for C simulation: real depths, real full(), and no value out of an empty stream.
#pragma once

#include "aigchip_csim.h"

namespace hls {

template <class T, int DEPTH = 0>
class stream;

/// The stream itself; its depth is a run-time property, so that stream<T, 8> binds to stream<T>&.
template <class T>
class stream<T, 0> : public csim::channel {
  public:
    using value_type = T;

    stream() { csim::enlist(*this, nullptr, csim::default_depth); }
    explicit stream(const char* name) { csim::enlist(*this, name, csim::default_depth); }
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream() { csim::delist(*this); }

    T read() {
        while (tokens_.size == 0) {
            csim::wait_for(*this, true);
        }
        time_.wait_for_token();
        T value = tokens_.front();
        tokens_.pop();
        time_.read();
        csim::count_read(*this);
        return value;
    }
    void read(T& value) { value = read(); }
    void operator>>(T& value) { value = read(); }

    void write(const T& value) {
        while (tokens_.size >= csim::free_depth(*this)) {
            csim::wait_for(*this, false);
        }
        time_.wait_for_slot(writes >= csim::free_depth(*this));
        tokens_.push(value);
        time_.written();
        csim::count_write(*this);
    }
    void operator<<(const T& value) { write(value); }

    bool read_nb(T& value) {
        if (empty()) {
            return false;
        }
        value = read();
        return true;
    }
    bool write_nb(const T& value) {
        if (full()) {
            return false;
        }
        write(value);
        return true;
    }

    bool empty() {
        if (tokens_.size != 0) {
            return false;
        }
        csim::idle_poll(*this);
        return tokens_.size == 0;
    }
    bool full() {
        if (tokens_.size < csim::free_depth(*this)) {
            return false;
        }
        csim::idle_poll(*this);
        return tokens_.size >= csim::free_depth(*this);
    }
    /// The cycle in which the oldest token left its writer; kept for tokens that nobody reads in time.
    uint64_t take_ready() { return time_.take_ready(); }
    /// The cycle in which the token that was read longest ago was taken.
    uint64_t take_read() { return time_.take_read(); }
    unsigned size() const { return static_cast<unsigned>(tokens_.size); }
    unsigned capacity() const { return static_cast<unsigned>(depth == csim::unbounded ? 0xffffffffu : depth); }

    void set_name(const char* name) { csim::copy_name(this->name, sizeof this->name, name); }
    void set_depth(uint64_t tokens) {
        depth = csim::state().depth_override != 0 ? csim::state().depth_override : tokens;
    }

  private:
    csim::queue<T> tokens_;
    csim::channel_time time_;
};

template <class T, int DEPTH>
class stream : public stream<T, 0> {
    static_assert(DEPTH > 0, "the depth of a stream is at least 1");

  public:
    stream() { this->set_depth(DEPTH); }
    explicit stream(const char* name) : stream<T, 0>(name) { this->set_depth(DEPTH); }
};

namespace csim {

template <class S>
void declare_name(S& stream_or_array, const char* name) {
    if constexpr (std::is_array_v<S>) {
        char indexed[72];
        for (size_t i = 0; i < std::extent_v<S>; ++i) {
            snprintf(indexed, sizeof indexed, "%.56s[%zu]", name, i);
            declare_name(stream_or_array[i], indexed);
        }
    } else if constexpr (std::is_base_of_v<channel, S>) {
        copy_name(stream_or_array.name, sizeof stream_or_array.name, name);
    }
}

template <class S>
void declare_depth(S& stream_or_array, uint64_t tokens) {
    if constexpr (std::is_array_v<S>) {
        for (size_t i = 0; i < std::extent_v<S>; ++i) {
            declare_depth(stream_or_array[i], tokens);
        }
    } else if constexpr (std::is_base_of_v<channel, S>) {
        if (!stream_or_array.of_bench) {
            stream_or_array.depth = state().depth_override != 0 ? state().depth_override : tokens;
        }
    }
}

}  // namespace csim
}  // namespace hls

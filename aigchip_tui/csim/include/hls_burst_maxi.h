// hls::burst_maxi for C simulation: an AXI master whose bursts the module asks for itself.
//
// Stricter than the vendor's, which lets a read see what no response has confirmed: words written before their
// write_response() wait in a queue, and asking for a read meanwhile is a fault. So are a word beyond a request and a
// request that is left unfinished.
#pragma once

#include "aigchip_csim.h"

namespace hls {

template <class T>
class burst_maxi {
  public:
    burst_maxi(T* memory) : memory_(memory) {}
    /// A process has the memory as its argument; what it asks for is its own.
    burst_maxi(const burst_maxi& other) : memory_(other.memory_) {}
    burst_maxi& operator=(const burst_maxi&) = delete;
    ~burst_maxi() {
        if (left_to_read_ != 0 || left_to_write_ != 0 || unconfirmed_.size != 0) {
            csim::fault("burst", "the process ended within a burst");
        }
    }

    void read_request(size_t offset, size_t words) {
        if (left_to_read_ != 0) {
            csim::fault("burst", "read_request before the last read of the burst before");
        }
        if (unconfirmed_.size != 0 || left_to_write_ != 0) {
            csim::fault("burst", "read_request before write_response");
        }
        next_read_ = offset;
        left_to_read_ = words;
    }
    T read() {
        if (left_to_read_ == 0) {
            csim::fault("burst", "read beyond what was requested");
        }
        --left_to_read_;
        return memory_[beat(next_read_++, false)];
    }

    void write_request(size_t offset, size_t words) {
        if (left_to_write_ != 0 || unconfirmed_.size != 0) {
            csim::fault("burst", "write_request before write_response");
        }
        next_write_ = offset;
        confirmed_ = offset;
        left_to_write_ = words;
    }
    void write(const T& word) {
        if (left_to_write_ == 0) {
            csim::fault("burst", "write beyond what was requested");
        }
        --left_to_write_;
        beat(next_write_++, true);
        unconfirmed_.push(word);
    }
    void write_response() {
        if (left_to_write_ != 0) {
            csim::fault("burst", "write_response before the last write");
        }
        while (unconfirmed_.size != 0) {
            memory_[confirmed_++] = unconfirmed_.front();
            unconfirmed_.pop();
        }
#if AIGCHIP_TIME
        csim::own_clock().now += AIGCHIP_MEMORY_START;
#endif
    }

  private:
    size_t beat(size_t index, bool write) {
#if AIGCHIP_TIME
        return csim::beat(memory_, index, write);
#else
        (void)write;
        return index;
#endif
    }

    T* memory_;
    size_t next_read_ = 0, left_to_read_ = 0;
    size_t next_write_ = 0, left_to_write_ = 0, confirmed_ = 0;
    csim::queue<T> unconfirmed_;
};

}  // namespace hls

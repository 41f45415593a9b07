// hls::stream_of_blocks for C simulation: a ping-pong of whole arrays between two processes.
//
// A write_lock acquires a free block and hands it over when it ends; a read_lock holds the oldest full block and frees
// it when it ends. T is an array type such as data_t[4][8][512]. A block is poisoned when it is acquired, because
// hardware would show the contents of an older turn there.
#pragma once

#include "aigchip_csim.h"

namespace hls {

namespace csim {

template <class T>
struct block_node {
    T data;
    block_node* next;
};

/// Whether every byte of an element may be overwritten: also for an ap_int, which holds nothing but its bits.
template <class E>
constexpr bool plain_bytes() {
    if constexpr (std::is_trivially_copyable_v<E> || requires { E::width; }) {
        return true;
    } else if constexpr (requires { typename E::value_type; E::size(); }) {
        return requires { E::value_type::width; };
    } else {
        return false;
    }
}

/// The blocks between one producer and one consumer; `writes` counts acquired, `reads` freed blocks.
template <class T>
class block_channel : public channel {
  public:
    using block_type = T;
    using node = block_node<T>;

    block_channel(const char* name, uint64_t blocks) { enlist(*this, name, blocks); }
    block_channel(const block_channel&) = delete;
    block_channel& operator=(const block_channel&) = delete;
    ~block_channel() {
        drop(full_head_);
        drop(spare_);
        delist(*this);
    }

    node* acquire() {
        while (occupancy() >= free_depth(*this)) {
            wait_for(*this, false);
        }
        time_.wait_for_slot(writes >= free_depth(*this));
        node* taken = spare_;
        if (taken != nullptr) {
            spare_ = taken->next;
        } else {
            taken = new node;
        }
        if constexpr (plain_bytes<std::remove_all_extents_t<T>>()) {
            memset(static_cast<void*>(&taken->data), 0xA5, sizeof(T));
        }
        taken->next = nullptr;
        ++writes;
        if (writes > token_limit) {
            fault("token_flood", name);
        }
        if (occupancy() > peak) {
            peak = occupancy();
        }
        return taken;
    }
    void hand_over(node* full) {
        (full_tail_ != nullptr ? full_tail_->next : full_head_) = full;
        full_tail_ = full;
        ++full_count_;
        time_.written();
        state().idle_polls = 0;
        wake(reader);
    }
    node* front() {
        while (full_head_ == nullptr) {
            wait_for(*this, true);
        }
        time_.wait_for_token();
        return full_head_;
    }
    void release() {
        node* freed = full_head_;
        time_.read();
        full_head_ = freed->next;
        if (full_head_ == nullptr) {
            full_tail_ = nullptr;
        }
        --full_count_;
        freed->next = spare_;
        spare_ = freed;
        count_read(*this);
    }

    uint64_t take_ready() { return time_.take_ready(); }
    uint64_t take_read() { return time_.take_read(); }
    bool empty() {
        if (full_head_ == nullptr) {
            idle_poll(*this);
        }
        return full_head_ == nullptr;
    }
    bool full() {
        if (occupancy() >= free_depth(*this)) {
            idle_poll(*this);
        }
        return occupancy() >= free_depth(*this);
    }
    uint64_t full_blocks() const { return full_count_; }
    void set_name(const char* text) { copy_name(name, sizeof name, text); }
    void set_depth(uint64_t blocks) { depth = state().depth_override != 0 ? state().depth_override : blocks; }

  private:
    static void drop(node* first) {
        while (first != nullptr) {
            node* next = first->next;
            delete first;
            first = next;
        }
    }
    node* full_head_ = nullptr;
    node* full_tail_ = nullptr;
    node* spare_ = nullptr;
    uint64_t full_count_ = 0;
    channel_time time_;
};

}  // namespace csim

template <class T, int BLOCKS = 2>
class stream_of_blocks : public csim::block_channel<T> {
    static_assert(std::is_array_v<T>, "a block is an array type, such as data_t[4][512]");
    static_assert(BLOCKS > 0, "a stream of blocks holds at least one block");

  public:
    stream_of_blocks() : csim::block_channel<T>(nullptr, BLOCKS) {}
    explicit stream_of_blocks(const char* name) : csim::block_channel<T>(name, BLOCKS) {}
};

template <class T>
class write_lock {
  public:
    explicit write_lock(csim::block_channel<T>& blocks) : blocks_(blocks), node_(blocks.acquire()) {}
    ~write_lock() { blocks_.hand_over(node_); }
    write_lock(const write_lock&) = delete;
    write_lock& operator=(const write_lock&) = delete;

    decltype(auto) operator[](size_t i) { return (node_->data[i]); }
    operator T&() { return node_->data; }

  private:
    csim::block_channel<T>& blocks_;
    typename csim::block_channel<T>::node* node_;
};

template <class T>
class read_lock {
  public:
    explicit read_lock(csim::block_channel<T>& blocks) : blocks_(blocks), node_(blocks.front()) {}
    ~read_lock() { blocks_.release(); }
    read_lock(const read_lock&) = delete;
    read_lock& operator=(const read_lock&) = delete;

    decltype(auto) operator[](size_t i) { return (node_->data[i]); }
    operator T&() { return node_->data; }

  private:
    csim::block_channel<T>& blocks_;
    typename csim::block_channel<T>::node* node_;
};

}  // namespace hls

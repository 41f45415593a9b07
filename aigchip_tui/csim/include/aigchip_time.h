// Virtual time of the C simulation: each process has a clock in cycles, each token the cycle in which it can be read.
//
// Only with -DAIGCHIP_TIME=1. The rewritten modules say what a loop costs (initiation interval and depth of a pipelined
// one, cycles of an iteration of any other); tokens, blocks and beats of memories do the rest. Processes are Kahn
// processes, so the cycles do not depend on the order in which the fibers run.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef AIGCHIP_TIME
#define AIGCHIP_TIME 0
#endif
#ifndef AIGCHIP_MEMORY_START
#define AIGCHIP_MEMORY_START 60
#endif

namespace hls {
namespace csim {

/// The clock of one process. `latency`: cycles from the start of an iteration until what it writes leaves.
struct process_clock {
    uint64_t now = 0;
    uint64_t latency = 0;
    uint64_t entry = 0;  // pipelined loops entered so far: a burst never outlives its loop
    uint64_t iteration = 0;
};

process_clock& own_clock();

/// Trips of one loop of one module's text, over all processes that run it.
struct loop_use {
    const char* module;
    int number;
    uint64_t trips;
    uint64_t entries;
    loop_use* next;
};

/// Beats and bursts of one memory of the bench.
struct memory_use {
    const char* name;
    const char* base;
    uint64_t bytes;
    uint64_t reads, writes, read_bursts, write_bursts;
    int64_t next_read, next_write;
    uint64_t read_entry, write_entry;
    const process_clock* reader;
    const process_clock* writer;
    memory_use* next;
};

struct measures {
    loop_use* loops = nullptr;
    memory_use* memories = nullptr;
    uint64_t cycles = 0;  // the latest moment of any process
};

inline measures& measured() {
    static measures all;
    return all;
}

inline void reached(uint64_t cycle) {
    if (cycle > measured().cycles) {
        measured().cycles = cycle;
    }
}

inline loop_use& use_of(const char* module, int number) {
    for (loop_use* use = measured().loops; use != nullptr; use = use->next) {
        if (use->number == number && strcmp(use->module, module) == 0) {
            return *use;
        }
    }
    measured().loops = new loop_use{module, number, 0, 0, measured().loops};
    return *measured().loops;
}

/// A pipelined loop from its entry to its exit.
class pipelined_loop {
  public:
    pipelined_loop(const char* module, int number, uint64_t ii, uint64_t depth)
        : use_(use_of(module, number)), clock_(own_clock()), ii_(ii), depth_(depth), outer_(clock_.latency) {
        clock_.latency = outer_ + depth - 1;
        ++clock_.entry;
        ++use_.entries;
    }
    ~pipelined_loop() {
        if (trips_ > 0) {
            clock_.now += depth_ - 1 > ii_ ? depth_ - 1 : ii_;
            use_.trips += trips_;
        }
        clock_.latency = outer_;
        reached(clock_.now);
    }
    void next() {
        ++clock_.iteration;
        if (trips_++ > 0) {
            clock_.now += ii_;
        }
    }

  private:
    loop_use& use_;
    process_clock& clock_;
    uint64_t ii_, depth_, outer_, trips_ = 0;
};

/// An iteration of a loop that is not pipelined, without the loops in it.
inline void straight(const char* module, int number, uint64_t cycles) {
    own_clock().now += cycles;
    ++own_clock().iteration;
    ++use_of(module, number).trips;
    reached(own_clock().now);
}

inline memory_use* memory_at(const void* address) {
    for (memory_use* use = measured().memories; use != nullptr; use = use->next) {
        const char* at = static_cast<const char*>(address);
        if (at >= use->base && at < use->base + use->bytes) {
            return use;
        }
    }
    return nullptr;
}

/// A beat of the memory behind `pointer`; the first of a burst waits for the memory when it is read.
template <class T, class I>
I beat(const T* pointer, I index, bool write) {
    memory_use* use = memory_at(pointer);
    if (use == nullptr) {
        return index;
    }
    process_clock& clock = own_clock();
    int64_t& next = write ? use->next_write : use->next_read;
    uint64_t& entry = write ? use->write_entry : use->read_entry;
    const process_clock*& user = write ? use->writer : use->reader;
    if (next != static_cast<int64_t>(index) || entry != clock.entry || user != &clock) {
        ++(write ? use->write_bursts : use->read_bursts);
        clock.now += write ? 0 : AIGCHIP_MEMORY_START;
    }
    next = static_cast<int64_t>(index) + 1;
    entry = clock.entry;
    user = &clock;
    ++(write ? use->writes : use->reads);
    return index;
}

/// Cycles of a queue between two processes: when each token is there, and when each slot is free again.
class moments {
  public:
    ~moments() { delete[] at_; }
    void push(uint64_t cycle) {
        if (size_ == capacity_) {
            grow();
        }
        at_[(head_ + size_++) & (capacity_ - 1)] = cycle;
    }
    uint64_t pop() {
        if (size_ == 0) {
            return 0;
        }
        const uint64_t cycle = at_[head_];
        head_ = (head_ + 1) & (capacity_ - 1);
        --size_;
        return cycle;
    }
    uint64_t front() const { return size_ == 0 ? 0 : at_[head_]; }
    uint64_t size() const { return size_; }

  private:
    void grow() {
        const uint64_t larger = capacity_ == 0 ? 4 : capacity_ * 2;
        uint64_t* grown = new uint64_t[larger];
        for (uint64_t i = 0; i < size_; ++i) {
            grown[i] = at_[(head_ + i) & (capacity_ - 1)];
        }
        delete[] at_;
        at_ = grown;
        capacity_ = larger;
        head_ = 0;
    }
    uint64_t* at_ = nullptr;
    uint64_t capacity_ = 0, head_ = 0, size_ = 0;
};

/// Both ends of a channel in time; without virtual time it is empty.
class channel_time {
  public:
#if AIGCHIP_TIME
    void written() {
        const process_clock& clock = own_clock();
        const uint64_t leaves = clock.now + clock.latency + writes_.count();
        ready_.push(leaves + 1);
        reached(leaves + 1);
    }
    /// Before a write into the slot that was freed longest ago.
    void wait_for_slot(bool reused) {
        process_clock& clock = own_clock();
        const uint64_t leaves = clock.now + clock.latency + writes_.next(clock);
        const uint64_t free = reused ? freed_.pop() + 1 : 0;
        if (leaves < free) {
            clock.now += free - leaves;
        }
    }
    void wait_for_token() {
        process_clock& clock = own_clock();
        const uint64_t wanted = clock.now + reads_.next(clock);
        if (wanted < ready_.front()) {
            clock.now += ready_.front() - wanted;
        }
    }
    void read() {
        ready_.pop();
        const process_clock& clock = own_clock();
        freed_.push(clock.now + reads_.count());
    }
    uint64_t take_ready() { return ready_.pop(); }
    uint64_t take_read() { return freed_.pop(); }

  private:
    /// A port moves one token a cycle: the second one of an iteration is scheduled a cycle later.
    class turn {
      public:
        uint64_t next(const process_clock& clock) {
            count_ = user_ == &clock && iteration_ == clock.iteration ? count_ + 1 : 0;
            user_ = &clock;
            iteration_ = clock.iteration;
            return count_;
        }
        uint64_t count() const { return count_; }

      private:
        const process_clock* user_ = nullptr;
        uint64_t iteration_ = 0, count_ = 0;
    };
    moments ready_, freed_;
    turn reads_, writes_;
#else
    void written() {}
    void wait_for_slot(bool) {}
    void wait_for_token() {}
    void read() {}
    uint64_t take_ready() { return 0; }
    uint64_t take_read() { return 0; }
#endif
};

}  // namespace csim
}  // namespace hls

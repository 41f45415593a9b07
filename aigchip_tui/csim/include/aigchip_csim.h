// Run time of the C simulation: the register of streams, typed faults, and fibers for dataflow regions.
//
// Two modes, chosen when compiling. Sequential (default): functions run in call order, streams are unbounded, and a
// read from an empty stream ends the run. Fibers (-DAIGCHIP_FIBERS=1): every call of a dataflow region is a fiber,
// streams block at their declared depth, and an empty run queue is a deadlock. A fault leaves with exit code 86 and
// prints lines that begin with AIGCHIP-FAULT, AIGCHIP-WAIT and AIGCHIP-STREAM, each followed by one JSON object.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <new>
#include <type_traits>
#include <utility>

#include "aigchip_time.h"

#ifndef AIGCHIP_FIBERS
#define AIGCHIP_FIBERS 0
#endif

#if AIGCHIP_FIBERS
#include <sys/mman.h>
#if defined(__x86_64__) && defined(__linux__)
#define AIGCHIP_OWN_SWITCH 1
#else
#define AIGCHIP_OWN_SWITCH 0
#include <ucontext.h>
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#define AIGCHIP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AIGCHIP_ASAN 1
#endif
#endif
#ifndef AIGCHIP_ASAN
#define AIGCHIP_ASAN 0
#endif

#if AIGCHIP_ASAN
extern "C" {
void __asan_unpoison_memory_region(void const volatile* start, size_t bytes);
void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, size_t bytes);
void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old, size_t* bytes_old);
}
#endif

#if AIGCHIP_FIBERS && AIGCHIP_OWN_SWITCH
// Our own switch of stacks: swapcontext asks the kernel for the signal mask each time, and under AddressSanitizer
// clears the shadow of the whole stack each time (400 times slower).
extern "C" void aigchip_switch_stack(void** saved, void* wanted);
__asm__(
    ".pushsection .text\n"
    ".weak aigchip_switch_stack\n"
    ".type aigchip_switch_stack,@function\n"
    "aigchip_switch_stack:\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  subq $8, %rsp\n  stmxcsr (%rsp)\n  fnstcw 4(%rsp)\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  ldmxcsr (%rsp)\n  fldcw 4(%rsp)\n  addq $8, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
    "  ret\n"
    ".size aigchip_switch_stack, .-aigchip_switch_stack\n"
    ".popsection\n");
#endif

namespace hls {
namespace csim {

constexpr int fault_exit_code = 86;
constexpr uint64_t unbounded = UINT64_MAX;
constexpr uint64_t default_depth = 2;              // UG1399: a stream without depth holds two tokens
constexpr uint64_t idle_poll_limit = 4000000;      // failed empty()/full()/_nb polls without any transfer between

struct fiber;

/// What all streams share: name, declared depth, counters, and who waits at either end.
struct channel {
    char name[72];
    uint64_t depth = default_depth;
    uint64_t token_limit = unbounded;  // tokens in all that a test bench accepts before it calls it a flood
    uint64_t writes = 0;
    uint64_t reads = 0;
    uint64_t peak = 0;
    uint64_t* moments = nullptr;  // of a bench that asks for them: transfers of the whole run before each write
    bool of_bench = false;
    fiber* reader = nullptr;
    fiber* writer = nullptr;
    channel* previous = nullptr;
    channel* next = nullptr;

    uint64_t occupancy() const { return writes - reads; }
};

/// Counters of a stream that has ended, kept because the stream itself is gone when the case is written down.
struct ended_channel {
    char name[72];
    uint64_t depth;
    uint64_t writes;
    uint64_t reads;
    uint64_t peak;
    ended_channel* next;
};

struct runtime {
    channel* channels = nullptr;
    ended_channel* ended = nullptr;
    uint64_t created = 0;
    uint64_t depth_override = 0;  // 0: the declared depths
    uint64_t idle_polls = 0;
    uint64_t transfers = 0;
    void (*on_fault)(const char* line) = nullptr;
    void (*before_exit)() = nullptr;
};

inline runtime& state() {
    static runtime the_state;
    return the_state;
}

inline void copy_name(char* to, size_t bytes, const char* from) {
    size_t i = 0;
    for (; from[i] != '\0' && i + 1 < bytes; ++i) {
        const char c = from[i];
        to[i] = (c < 32 || c > 126 || c == '"' || c == '\\') ? '_' : c;
    }
    to[i] = '\0';
}

inline void emit_line(const char* line) {
    if (state().on_fault != nullptr) {
        state().on_fault(line);
    }
    fputs(line, stderr);
    fputc('\n', stderr);
}

inline void emit_streams() {
    char line[320];
    int shown = 0;
    for (int filled = 1; filled >= 0; --filled) {  // streams that hold tokens first: they tell most
        for (channel* c = state().channels; c != nullptr && shown < 400; c = c->next) {
            if ((c->occupancy() > 0) != (filled == 1)) {
                continue;
            }
            snprintf(line, sizeof line,
                     "AIGCHIP-STREAM {\"stream\":\"%s\",\"depth\":%lld,\"occupancy\":%llu,\"peak\":%llu,"
                     "\"writes\":%llu,\"reads\":%llu}",
                     c->name, c->depth == unbounded ? -1LL : static_cast<long long>(c->depth),
                     static_cast<unsigned long long>(c->occupancy()), static_cast<unsigned long long>(c->peak),
                     static_cast<unsigned long long>(c->writes), static_cast<unsigned long long>(c->reads));
            emit_line(line);
            ++shown;
        }
    }
}

[[noreturn]] inline void leave() {
    fflush(stdout);
    fflush(stderr);
    if (state().before_exit != nullptr) {
        state().before_exit();
    }
    _exit(fault_exit_code);
}

const char* current_process();

[[noreturn]] inline void fault(const char* kind, const char* stream) {
    char line[320];
    snprintf(line, sizeof line, "AIGCHIP-FAULT {\"kind\":\"%s\",\"stream\":\"%s\",\"process\":\"%s\"}", kind, stream,
             current_process());
    emit_line(line);
    emit_streams();
    leave();
}

inline void enlist(channel& c, const char* name, uint64_t depth) {
    runtime& s = state();
    if (name != nullptr) {
        copy_name(c.name, sizeof c.name, name);
    } else {
        snprintf(c.name, sizeof c.name, "stream#%llu", static_cast<unsigned long long>(s.created));
    }
    ++s.created;
    c.depth = s.depth_override != 0 && depth != unbounded ? s.depth_override : depth;
    c.next = s.channels;
    if (c.next != nullptr) {
        c.next->previous = &c;
    }
    s.channels = &c;
}

inline void delist(channel& c) {
    runtime& s = state();
    if (!c.of_bench) {
        ended_channel* e = new ended_channel;
        memcpy(e->name, c.name, sizeof e->name);
        e->depth = c.depth;
        e->writes = c.writes;
        e->reads = c.reads;
        e->peak = c.peak;
        e->next = s.ended;
        s.ended = e;
    }
    (c.previous != nullptr ? c.previous->next : s.channels) = c.next;
    if (c.next != nullptr) {
        c.next->previous = c.previous;
    }
}

#if AIGCHIP_FIBERS

/// The work of a fiber, its type erased.
struct task {
    virtual void run() = 0;
    virtual ~task() {}
};

template <class F>
struct task_of final : task {
    F work;
    explicit task_of(F f) : work(std::move(f)) {}
    void run() override { work(); }
};

struct region;

/// Where a suspended stack goes on.
struct context {
#if AIGCHIP_OWN_SWITCH
    void* top = nullptr;

    void prepare(char* stack, size_t bytes, void (*entry)()) {
        uint64_t* slot = reinterpret_cast<uint64_t*>(
            reinterpret_cast<uintptr_t>(stack + bytes) & ~static_cast<uintptr_t>(15));
        *--slot = 0;  // the entry never returns
        *--slot = reinterpret_cast<uint64_t>(entry);
        for (int i = 0; i < 6; ++i) {
            *--slot = 0;  // rbp, rbx, r12 to r15
        }
        *--slot = 0x0000037f00001f80u;  // the default floating-point control words
        top = slot;
    }
    void switch_to(context& other) { aigchip_switch_stack(&top, other.top); }
#else
    ucontext_t saved;

    void prepare(char* stack, size_t bytes, void (*entry)()) {
        getcontext(&saved);
        saved.uc_stack.ss_sp = stack;
        saved.uc_stack.ss_size = bytes;
        saved.uc_link = nullptr;
        makecontext(&saved, entry, 0);
    }
    void switch_to(context& other) { swapcontext(&saved, &other.saved); }
#endif
};

struct fiber {
    context place;
    char name[96];
    char* stack = nullptr;
    size_t stack_bytes = 0;
    task* work = nullptr;
    region* home = nullptr;
    channel* waits_for = nullptr;
    bool waits_to_read = false;
    process_clock clock;
    fiber* next_ready = nullptr;
    fiber* next_alive = nullptr;
    fiber* previous_alive = nullptr;
#if AIGCHIP_ASAN
    void* fake_stack = nullptr;
#endif
};

#ifndef AIGCHIP_STACK_BYTES
#define AIGCHIP_STACK_BYTES (4u << 20)
#endif

struct scheduler {
    context place;
    fiber* current = nullptr;
    fiber* ready_head = nullptr;
    fiber* ready_tail = nullptr;
    fiber* alive = nullptr;  // in the order of their calls
    fiber* alive_tail = nullptr;
    char* free_stacks = nullptr;  // each free stack holds the address of the next one at its lowest usable word
    uint64_t processes = 0;
    uint64_t switches = 0;
#if AIGCHIP_ASAN
    void* fake_stack = nullptr;
    const void* stack_bottom = nullptr;
    size_t stack_bytes = 0;
#endif
};

inline scheduler& fibers() {
    static scheduler the_scheduler;
    return the_scheduler;
}

inline process_clock& own_clock() {
    static process_clock outside;
    return fibers().current != nullptr ? fibers().current->clock : outside;
}

inline const char* current_process() { return fibers().current != nullptr ? fibers().current->name : "main"; }

inline void make_ready(fiber* f) {
    scheduler& s = fibers();
    f->next_ready = nullptr;
    if (s.ready_tail != nullptr) {
        s.ready_tail->next_ready = f;
    } else {
        s.ready_head = f;
    }
    s.ready_tail = f;
}

/// Leaves the running fiber for the scheduler; returns when the fiber is chosen again.
inline void suspend() {
    scheduler& s = fibers();
    fiber* self = s.current;
#if AIGCHIP_ASAN
    __sanitizer_start_switch_fiber(&self->fake_stack, s.stack_bottom, s.stack_bytes);
#endif
    self->place.switch_to(s.place);
#if AIGCHIP_ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, &s.stack_bottom, &s.stack_bytes);
#endif
}

[[noreturn]] inline void deadlock() {
    char line[400];
    uint64_t blocked = 0;
    for (fiber* f = fibers().alive; f != nullptr; f = f->next_alive) {
        blocked += f->waits_for != nullptr;
    }
    snprintf(line, sizeof line, "AIGCHIP-FAULT {\"kind\":\"deadlock\",\"processes\":%llu}",
             static_cast<unsigned long long>(blocked));
    emit_line(line);
    int shown = 0;
    for (fiber* f = fibers().alive; f != nullptr && shown < 200; f = f->next_alive) {
        if (f->waits_for == nullptr) {
            continue;
        }
        const channel& c = *f->waits_for;
        snprintf(line, sizeof line,
                 "AIGCHIP-WAIT {\"process\":\"%s\",\"operation\":\"%s\",\"stream\":\"%s\",\"depth\":%lld,"
                 "\"occupancy\":%llu,\"writes\":%llu,\"reads\":%llu}",
                 f->name, f->waits_to_read ? "read" : "write", c.name,
                 c.depth == unbounded ? -1LL : static_cast<long long>(c.depth),
                 static_cast<unsigned long long>(c.occupancy()), static_cast<unsigned long long>(c.writes),
                 static_cast<unsigned long long>(c.reads));
        emit_line(line);
        ++shown;
    }
    emit_streams();
    leave();
}

inline void wait_for(channel& c, bool to_read) {
    fiber* self = fibers().current;
    if (self == nullptr) {
        fault(to_read ? "empty_read" : "full_write", c.name);
    }
    fiber*& seat = to_read ? c.reader : c.writer;
    if (seat != nullptr) {
        fault(to_read ? "two_consumers" : "two_producers", c.name);
    }
    seat = self;
    self->waits_for = &c;
    self->waits_to_read = to_read;
    suspend();
    self->waits_for = nullptr;
}

inline void wake(fiber*& seat) {
    if (seat != nullptr) {
        make_ready(seat);
        seat = nullptr;
    }
}

inline void idle_poll(const channel& c) {
    if (++state().idle_polls > idle_poll_limit) {
        fault("livelock", c.name);
    }
    if (fiber* self = fibers().current) {
        make_ready(self);
        suspend();
    }
}

/// The processes of one dataflow region; it ends when all of them have.
struct region {
    uint64_t alive = 0;
    fiber* joiner = nullptr;

    template <class F, class... Index>
    void spawn(const char* name, F work, Index... indices);
    void join();
};

inline void release_stack(char* stack) {
    char* usable = stack + 4096;
    *reinterpret_cast<char**>(usable) = fibers().free_stacks;
    fibers().free_stacks = stack;
}

inline char* take_stack(size_t bytes) {
    scheduler& s = fibers();
    if (s.free_stacks != nullptr) {
        char* stack = s.free_stacks;
        s.free_stacks = *reinterpret_cast<char**>(stack + 4096);
        return stack;
    }
    void* got = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) {
        fault("memory", "fiber stack");
    }
    mprotect(got, 4096, PROT_NONE);
    return static_cast<char*>(got);
}

inline void fiber_entry() {
    scheduler& s = fibers();
#if AIGCHIP_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &s.stack_bottom, &s.stack_bytes);
#endif
    fiber* self = s.current;
    self->work->run();
    delete self->work;
    self->work = nullptr;
    if (self->home != nullptr) {
        if (--self->home->alive == 0 && self->home->joiner != nullptr) {
            make_ready(self->home->joiner);
            self->home->joiner = nullptr;
        }
    }
    (self->previous_alive != nullptr ? self->previous_alive->next_alive : s.alive) = self->next_alive;
    (self->next_alive != nullptr ? self->next_alive->previous_alive : s.alive_tail) = self->previous_alive;
#if AIGCHIP_ASAN
    __sanitizer_start_switch_fiber(nullptr, s.stack_bottom, s.stack_bytes);
#endif
    self->place.switch_to(s.place);
    __builtin_unreachable();
}

/// A value of an enclosing loop as part of a process name; what is not a number adds nothing.
template <class T>
int print_index(char* to, size_t bytes, const T& index) {
    if constexpr (std::is_convertible_v<T, long long>) {
        return snprintf(to, bytes, "[%lld]", static_cast<long long>(index));
    } else {
        return 0;
    }
}

template <class F, class... Index>
void region::spawn(const char* name, F work, Index... indices) {
    scheduler& s = fibers();
    fiber* f = new fiber;
    char label[96];
    size_t used = static_cast<size_t>(snprintf(label, sizeof label, "%.60s", name));
    ((used += used + 24 < sizeof label ? static_cast<size_t>(print_index(label + used, sizeof label - used, indices))
                                       : 0),
     ...);
    copy_name(f->name, sizeof f->name, label);
    f->stack_bytes = AIGCHIP_STACK_BYTES;
    f->stack = take_stack(f->stack_bytes);
#if AIGCHIP_ASAN
    // a reused stack still carries the red zones of the frames that died on it
    __asan_unpoison_memory_region(f->stack + 4096, f->stack_bytes - 4096);
#endif
    f->work = new task_of<F>(std::move(work));
    f->home = this;
    f->clock.now = own_clock().now;
    ++alive;
    ++s.processes;
    f->previous_alive = s.alive_tail;
    (s.alive_tail != nullptr ? s.alive_tail->next_alive : s.alive) = f;
    s.alive_tail = f;
    f->place.prepare(f->stack + 4096, f->stack_bytes - 4096, fiber_entry);
    make_ready(f);
}

/// Runs fibers until `home` has none left; called outside any fiber.
inline void drive(region& home) {
    scheduler& s = fibers();
    while (home.alive > 0) {
        fiber* f = s.ready_head;
        if (f == nullptr) {
            deadlock();
        }
        s.ready_head = f->next_ready;
        if (s.ready_head == nullptr) {
            s.ready_tail = nullptr;
        }
        s.current = f;
        ++s.switches;
#if AIGCHIP_ASAN
        __sanitizer_start_switch_fiber(&s.fake_stack, f->stack + 4096, f->stack_bytes - 4096);
#endif
        s.place.switch_to(f->place);
#if AIGCHIP_ASAN
        __sanitizer_finish_switch_fiber(s.fake_stack, nullptr, nullptr);
#endif
        s.current = nullptr;
        if (f->work == nullptr) {
            release_stack(f->stack);
            delete f;
        }
    }
}

/// Waits until every process of the region has ended; outside any fiber it runs them.
inline void region::join() {
    fiber* self = fibers().current;
    if (self == nullptr) {
        drive(*this);
        return;
    }
    while (alive > 0) {
        joiner = self;
        suspend();
    }
}

/// Runs `work` and all regions below it to their end.
template <class F>
void run(const char* name, F work) {
    region root;
    root.spawn(name, std::move(work));
    drive(root);
}

#else  // sequential

inline const char* current_process() { return "sequential"; }

inline process_clock& own_clock() {
    static process_clock the_clock;
    return the_clock;
}

inline void wait_for(channel& c, bool to_read) { fault(to_read ? "empty_read" : "full_write", c.name); }

inline void wake(fiber*&) {}

inline void idle_poll(const channel& c) {
    if (++state().idle_polls > idle_poll_limit) {
        fault("livelock", c.name);
    }
}

template <class F>
void run(const char*, F work) {
    work();
}

#endif

/// A queue of values under a channel's counters; T needs a default constructor and assignment.
template <class T>
struct queue {
    T* slots = nullptr;
    uint64_t capacity = 0;  // a power of two, or 0 before the first write
    uint64_t head = 0;
    uint64_t size = 0;

    queue() = default;
    queue(const queue&) = delete;
    queue& operator=(const queue&) = delete;
    ~queue() { delete[] slots; }

    void push(const T& value) {
        if (size == capacity) {
            const uint64_t larger = capacity == 0 ? 4 : capacity * 2;
            T* grown = new T[larger];
            for (uint64_t i = 0; i < size; ++i) {
                grown[i] = slots[(head + i) & (capacity - 1)];
            }
            delete[] slots;
            slots = grown;
            capacity = larger;
            head = 0;
        }
        slots[(head + size) & (capacity - 1)] = value;
        ++size;
    }
    T& front() { return slots[head]; }
    void pop() {
        head = (head + 1) & (capacity - 1);
        --size;
    }
};

inline void count_write(channel& c) {
    ++c.writes;
    if (c.writes > c.token_limit) {
        fault("token_flood", c.name);
    }
    if (c.moments != nullptr) {
        c.moments[c.writes - 1] = state().transfers;
    }
    if (c.occupancy() > c.peak) {
        c.peak = c.occupancy();
    }
    state().idle_polls = 0;
    ++state().transfers;
    wake(c.reader);
}

inline void count_read(channel& c) {
    ++c.reads;
    state().idle_polls = 0;
    ++state().transfers;
    wake(c.writer);
}

inline uint64_t free_depth(const channel& c) {
#if AIGCHIP_FIBERS
    return c.depth;
#else
    (void)c;
    return unbounded;
#endif
}

}  // namespace csim
}  // namespace hls

// The generic test bench: reads every input raw from cases.bin, calls one function, writes every output raw to
// results.bin. It knows no expected value and prints no verdict; both files are described in csim/wire.py.
#pragma once

#include "aigchip_csim.h"
#include "hls_burst_maxi.h"
#include "hls_stream.h"
#include "hls_streamofblocks.h"

namespace hls {
namespace csim {

enum entry_kind : uint32_t { entry_tokens_in = 1, entry_tokens_out = 2, entry_bytes = 3 };
enum record_kind : uint32_t {
    record_case = 1,
    record_tokens = 2,
    record_bytes = 3,
    record_left = 4,
    record_stream = 5,
    record_end = 6,
    record_fault = 7,
    record_moments = 8,
    record_measure = 9,
    record_times = 10
};

struct entry {
    const char* name;
    uint32_t name_bytes;
    uint32_t kind;
    uint64_t count;
    uint64_t limit;
    uint64_t token_bytes;
    uint64_t guard;
    uint64_t bytes;
    const char* payload;
};

struct port_name {
    const char* name;
    int copies;
};

class bench {
  public:
    bench(const char* cases, const char* results) {
        FILE* in = fopen(cases, "rb");
        if (in == nullptr) {
            fault("bench", "cases");
        }
        fseek(in, 0, SEEK_END);
        size_ = static_cast<uint64_t>(ftell(in));
        rewind(in);
        text_ = new char[size_ + 1];
        if (fread(text_, 1, size_, in) != size_ || size_ < 16 || memcmp(text_, "AIGCASE1", 8) != 0) {
            fault("bench", "cases");
        }
        fclose(in);
        at_ = 8;
        cases_ = word();
        state().depth_override = word();
        out() = fopen(results, "wb");
        if (out() == nullptr) {
            fault("bench", "results");
        }
        state().on_fault = [](const char* line) {
            record(record_fault, "", 0, 0, 0, line, strlen(line));
            fflush(out());
        };
        std::set_new_handler([] { fault("memory", ""); });
    }

    /// Launches the function once per case; a returned value is recorded as the port "return".
    template <class Result, class... Parameters>
    void launch_all(const char* name, Result (*function)(Parameters...), const port_name* ports) {
        static_assert(sizeof...(Parameters) > 0, "a module has at least one port");
        for (uint32_t c = 0; c < cases_; ++c) {
            load_case();
            launch(name, function, ports, std::index_sequence_for<Parameters...>());
            record_streams();
            record_measures();
            record(record_end, case_name_, 0, 0, 0, nullptr, 0);
            fflush(out());
        }
        fclose(out());
    }

    const entry* find(const char* name) const {
        const size_t bytes = strlen(name);
        for (uint32_t i = 0; i < entry_count_; ++i) {
            if (entries_[i].name_bytes == bytes && memcmp(entries_[i].name, name, bytes) == 0) {
                return &entries_[i];
            }
        }
        return nullptr;
    }

    static void record(uint32_t kind, const char* name, uint64_t count, uint64_t token_bytes, uint64_t guard,
                       const void* payload, uint64_t bytes) {
        const uint32_t head[2] = {kind, static_cast<uint32_t>(strlen(name))};
        const uint64_t sizes[4] = {count, token_bytes, guard, bytes};
        fwrite(head, sizeof head, 1, out());
        fwrite(sizes, sizeof sizes, 1, out());
        fwrite(name, 1, head[1], out());
        if (bytes > 0) {
            fwrite(payload, 1, bytes, out());
        }
    }

  private:
    static FILE*& out() {
        static FILE* results = nullptr;
        return results;
    }

    uint32_t word() {
        uint32_t value = 0;
        take(&value, sizeof value);
        return value;
    }
    uint64_t long_word() {
        uint64_t value = 0;
        take(&value, sizeof value);
        return value;
    }
    void take(void* to, uint64_t bytes) {
        if (at_ + bytes > size_) {
            fault("bench", "cases");
        }
        memcpy(to, text_ + at_, bytes);
        at_ += bytes;
    }
    const char* span(uint64_t bytes) {
        if (at_ + bytes > size_) {
            fault("bench", "cases");
        }
        const char* start = text_ + at_;
        at_ += bytes;
        return start;
    }

    void load_case() {
        const uint32_t bytes = word();
        copy_name(case_name_, sizeof case_name_ < bytes + 1 ? sizeof case_name_ : bytes + 1, span(bytes));
        entry_count_ = word();
        delete[] entries_;
        entries_ = new entry[entry_count_ + 1];
        for (uint32_t i = 0; i < entry_count_; ++i) {
            entry& e = entries_[i];
            e.kind = word();
            e.name_bytes = word();
            e.count = long_word();
            e.limit = long_word();
            e.token_bytes = long_word();
            e.guard = long_word();
            e.bytes = long_word();
            e.name = span(e.name_bytes);
            e.payload = span(e.bytes);
        }
        record(record_case, case_name_, 0, 0, 0, nullptr, 0);
        fflush(out());
    }

    template <class Result, class... Parameters, size_t... Index>
    void launch(const char* name, Result (*function)(Parameters...), const port_name* ports,
                std::index_sequence<Index...>);

    static void record_stream_line(const char* name, uint64_t depth, uint64_t writes, uint64_t reads, uint64_t peak) {
        char line[256];
        const int bytes = snprintf(
            line, sizeof line, "{\"depth\":%lld,\"writes\":%llu,\"reads\":%llu,\"peak\":%llu}",
            depth == unbounded ? -1LL : static_cast<long long>(depth), static_cast<unsigned long long>(writes),
            static_cast<unsigned long long>(reads), static_cast<unsigned long long>(peak));
        record(record_stream, name, 0, 0, 0, line, static_cast<uint64_t>(bytes));
    }
    static void record_streams() {
        for (channel* c = state().channels; c != nullptr; c = c->next) {
            if (!c->of_bench) {
                record_stream_line(c->name, c->depth, c->writes, c->reads, c->peak);
            }
        }
        for (ended_channel* e = state().ended; e != nullptr;) {
            record_stream_line(e->name, e->depth, e->writes, e->reads, e->peak);
            ended_channel* next = e->next;
            delete e;
            e = next;
        }
        state().ended = nullptr;
    }

    /// Cycles, beats and trips of the launch, with virtual time only; they start again with the next one.
    static void record_measures() {
#if AIGCHIP_TIME
        char line[256];
        measures& all = measured();
        snprintf(line, sizeof line, "{\"cycles\":%llu}", static_cast<unsigned long long>(all.cycles));
        record(record_measure, "cycles", 0, 0, 0, line, strlen(line));
        while (all.memories != nullptr) {
            memory_use* use = all.memories;
            snprintf(line, sizeof line,
                     "{\"memory\":1,\"reads\":%llu,\"writes\":%llu,\"read_bursts\":%llu,\"write_bursts\":%llu}",
                     static_cast<unsigned long long>(use->reads), static_cast<unsigned long long>(use->writes),
                     static_cast<unsigned long long>(use->read_bursts),
                     static_cast<unsigned long long>(use->write_bursts));
            record(record_measure, use->name, 0, 0, 0, line, strlen(line));
            all.memories = use->next;
            delete use;
        }
        while (all.loops != nullptr) {
            loop_use* use = all.loops;
            snprintf(line, sizeof line, "{\"loop\":%d,\"trips\":%llu,\"entries\":%llu}", use->number,
                     static_cast<unsigned long long>(use->trips), static_cast<unsigned long long>(use->entries));
            record(record_measure, use->module, 0, 0, 0, line, strlen(line));
            all.loops = use->next;
            delete use;
        }
        all.cycles = 0;
        own_clock() = process_clock();
#endif
    }

    char* text_ = nullptr;
    uint64_t size_ = 0;
    uint64_t at_ = 0;
    uint32_t cases_ = 0;
    uint32_t entry_count_ = 0;
    entry* entries_ = nullptr;
    char case_name_[96] = {};
};

[[noreturn]] inline void token_width_fault(const char* port, uint64_t contract, uint64_t found) {
    char line[256];
    snprintf(line, sizeof line,
             "AIGCHIP-FAULT {\"kind\":\"token_width\",\"stream\":\"%s\",\"contract_bytes\":%llu,\"found_bytes\":%llu}",
             port, static_cast<unsigned long long>(contract), static_cast<unsigned long long>(found));
    emit_line(line);
    leave();
}

/// Whether a type is its bytes: no pointers to look after. ap_int is, although its copy constructor is its own.
template <class T>
constexpr bool copied_raw = !std::is_polymorphic_v<T> && !std::is_pointer_v<T>;

template <class T>
void fill_channel(stream<T, 0>& to, const entry& from) {
    static_assert(copied_raw<T>, "tokens are copied raw");
    for (uint64_t i = 0; i < from.count; ++i) {
        alignas(T) char raw[sizeof(T)];
        memcpy(raw, from.payload + i * sizeof(T), sizeof(T));
        to.write(*reinterpret_cast<T*>(raw));
    }
}

template <class T>
void fill_channel(block_channel<T>& to, const entry& from) {
    for (uint64_t i = 0; i < from.count; ++i) {
        auto* block = to.acquire();
        memcpy(static_cast<void*>(&block->data), from.payload + i * sizeof(T), sizeof(T));
        to.hand_over(block);
    }
}

template <class T>
uint64_t drain_channel(stream<T, 0>& from, char*& bytes) {
    const uint64_t count = from.size();
    bytes = new char[count * sizeof(T) + 1];
    for (uint64_t i = 0; i < count; ++i) {
        const T token = from.read();
        memcpy(bytes + i * sizeof(T), static_cast<const void*>(&token), sizeof(T));
    }
    return count;
}

template <class T>
uint64_t drain_channel(block_channel<T>& from, char*& bytes) {
    const uint64_t count = from.full_blocks();
    bytes = new char[count * sizeof(T) + 1];
    for (uint64_t i = 0; i < count; ++i) {
        memcpy(bytes + i * sizeof(T), static_cast<void*>(&from.front()->data), sizeof(T));
        from.release();
    }
    return count;
}

template <class T>
constexpr size_t token_size(const stream<T, 0>*) {
    return sizeof(T);
}
template <class T>
constexpr size_t token_size(const block_channel<T>*) {
    return sizeof(T);
}

/// One stream of the contract: filled before the launch, emptied and recorded after it.
template <class S>
void open_channel(bench& b, S& channel_, const char* name) {
    channel_.set_name(name);
    channel_.depth = unbounded;
    channel_.of_bench = true;
    const entry* e = b.find(name);
    if (e == nullptr) {
        return;
    }
    const uint64_t found = token_size(&channel_);
    if (e->token_bytes != 0 && e->token_bytes != found) {
        token_width_fault(name, e->token_bytes, found);
    }
    if (e->kind == entry_tokens_in) {
        fill_channel(channel_, *e);
    } else {
        channel_.token_limit = e->limit;
        if (e->guard != 0) {
            channel_.moments = new uint64_t[e->limit + 1];
        }
    }
}

/// The cycle of each token of a port: when one that came was taken, when one that leaves can be read.
template <class Next>
void record_times_of(const char* name, uint64_t count, Next next) {
    uint64_t* cycles = new uint64_t[count + 1];
    for (uint64_t i = 0; i < count; ++i) {
        cycles[i] = next();
    }
    bench::record(record_times, name, count, sizeof *cycles, 0, cycles, count * sizeof *cycles);
    delete[] cycles;
}

template <class S>
void close_channel(bench& b, S& channel_, const char* name) {
    const entry* e = b.find(name);
    const uint64_t bytes = token_size(&channel_);
    if (e != nullptr && e->kind == entry_tokens_in) {
#if AIGCHIP_TIME
        record_times_of(name, channel_.reads, [&] { return channel_.take_read(); });
#endif
        bench::record(record_left, name, channel_.occupancy(), bytes, 0, nullptr, 0);
        return;
    }
    char* payload = nullptr;
#if AIGCHIP_TIME
    record_times_of(name, channel_.occupancy(), [&] { return channel_.take_ready(); });
#endif
    const uint64_t count = drain_channel(channel_, payload);
    bench::record(record_tokens, name, count, bytes, 0, payload, count * bytes);
    delete[] payload;
    if (channel_.moments != nullptr) {
        bench::record(record_moments, name, count, sizeof(uint64_t), 0, channel_.moments, count * sizeof(uint64_t));
        delete[] channel_.moments;
        channel_.moments = nullptr;
    }
}

/// Bytes behind a pointer: array ports, memories and scalars. A memory that a case leaves out keeps its contents.
struct kept_bytes {
    char* base = nullptr;
    uint64_t bytes = 0;
    uint64_t guard = 0;

    void load(bench& b, const char* name, uint64_t least_bytes) {
        const entry* e = b.find(name);
        if (e != nullptr && e->bytes > 0) {
            delete[] base;
            bytes = e->bytes;
            guard = e->guard;
            base = new char[bytes];
            memcpy(base, e->payload, bytes);
        }
        if (base == nullptr || bytes - 2 * guard < least_bytes) {
            token_width_fault(name, base == nullptr ? 0 : bytes - 2 * guard, least_bytes);
        }
    }
    void watch(const char* name) const {
#if AIGCHIP_TIME
        measures& all = measured();
        all.memories = new memory_use{name, base + guard, bytes - 2 * guard, 0, 0, 0, 0, -1, -1, 0, 0, nullptr, nullptr,
                                      all.memories};
#else
        (void)name;
#endif
    }
    void save(const char* name) const { bench::record(record_bytes, name, 0, 0, guard, base, bytes); }
};

template <class P>
struct port {  // a scalar by value
    using value = std::remove_cv_t<P>;
    static_assert(copied_raw<value>, "a scalar port is copied raw");
    kept_bytes memory;
    void open(bench& b, const port_name& p) { memory.load(b, p.name, sizeof(value)); }
    value pass() {
        alignas(value) char raw[sizeof(value)];
        memcpy(raw, memory.base + memory.guard, sizeof(value));
        return *reinterpret_cast<value*>(raw);
    }
    void close(bench&, const port_name&) {}
};

template <class T>
struct port<T*> {  // an array or a memory
    kept_bytes memory;
    void open(bench& b, const port_name& p) {
        memory.load(b, p.name, sizeof(T));
        memory.watch(p.name);
    }
    T* pass() { return reinterpret_cast<T*>(memory.base + memory.guard); }
    void close(bench&, const port_name& p) { memory.save(p.name); }
};

template <class T>
struct port<burst_maxi<T>> {  // a memory whose bursts the module asks for itself
    kept_bytes memory;
    void open(bench& b, const port_name& p) {
        memory.load(b, p.name, sizeof(T));
        memory.watch(p.name);
    }
    burst_maxi<T> pass() { return reinterpret_cast<T*>(memory.base + memory.guard); }
    void close(bench&, const port_name& p) { memory.save(p.name); }
};

template <class T>
struct port<T&> {  // a scalar or an array by reference
    kept_bytes memory;
    void open(bench& b, const port_name& p) { memory.load(b, p.name, sizeof(T)); }
    T& pass() { return *reinterpret_cast<T*>(memory.base + memory.guard); }
    void close(bench&, const port_name& p) { memory.save(p.name); }
};

template <class S>
struct channel_port {
    S* channel_ = nullptr;
    void open(bench& b, const port_name& p) {
        channel_ = new S();
        open_channel(b, *channel_, p.name);
    }
    S& pass() { return *channel_; }
    void close(bench& b, const port_name& p) {
        close_channel(b, *channel_, p.name);
        delete channel_;
    }
};

template <class S>
struct channel_array_port {
    S* channels = nullptr;
    char name[96];
    const char* indexed(const port_name& p, int i) {
        snprintf(name, sizeof name, "%.64s[%d]", p.name, i);
        return name;
    }
    void open(bench& b, const port_name& p) {
        channels = new S[static_cast<size_t>(p.copies)];
        for (int i = 0; i < p.copies; ++i) {
            open_channel(b, channels[i], indexed(p, i));
        }
    }
    S* pass() { return channels; }
    void close(bench& b, const port_name& p) {
        for (int i = 0; i < p.copies; ++i) {
            close_channel(b, channels[i], indexed(p, i));
        }
        delete[] channels;
    }
};

template <class S, size_t N>
struct channel_array_reference_port : channel_array_port<S> {
    void open(bench& b, const port_name& p) {
        if (p.copies != static_cast<int>(N)) {
            token_width_fault(p.name, static_cast<uint64_t>(p.copies), N);
        }
        channel_array_port<S>::open(b, p);
    }
    S (&pass())[N] { return *reinterpret_cast<S(*)[N]>(this->channels); }
};

template <class T, int D>
struct port<stream<T, D>&> : channel_port<stream<T, D>> {};
template <class T, int D>
struct port<stream<T, D>*> : channel_array_port<stream<T, D>> {};
template <class T, int D, size_t N>
struct port<stream<T, D> (&)[N]> : channel_array_reference_port<stream<T, D>, N> {};
template <class T, int D>
struct port<stream_of_blocks<T, D>&> : channel_port<stream_of_blocks<T, D>> {};
template <class T, int D>
struct port<stream_of_blocks<T, D>*> : channel_array_port<stream_of_blocks<T, D>> {};
template <class T, int D, size_t N>
struct port<stream_of_blocks<T, D> (&)[N]> : channel_array_reference_port<stream_of_blocks<T, D>, N> {};

template <size_t Index, class P>
struct indexed_port : port<P> {};
template <class Sequence, class... P>
struct all_ports;
template <size_t... Index, class... P>
struct all_ports<std::index_sequence<Index...>, P...> : indexed_port<Index, P>... {};

template <class Result, class... Parameters, size_t... Index>
void bench::launch(const char* name, Result (*function)(Parameters...), const port_name* ports,
                   std::index_sequence<Index...>) {
    static all_ports<std::index_sequence<Index...>, Parameters...> all;  // static: memories outlive a launch
    (static_cast<indexed_port<Index, Parameters>&>(all).open(*this, ports[Index]), ...);
    if constexpr (std::is_void_v<Result>) {
        run(name, [&] { function(static_cast<indexed_port<Index, Parameters>&>(all).pass()...); });
    } else {
        static_assert(copied_raw<Result>, "a returned value is copied raw");
        Result value;
        run(name, [&] { value = function(static_cast<indexed_port<Index, Parameters>&>(all).pass()...); });
        record(record_bytes, "return", 0, 0, 0, &value, sizeof value);
    }
    (static_cast<indexed_port<Index, Parameters>&>(all).close(*this, ports[Index]), ...);
}

template <class F>
struct result_of;
template <class Result, class... Parameters>
struct result_of<Result(Parameters...)> {
    using type = Result;
};
template <class F>
using result_of_t = typename result_of<F>::type;

}  // namespace csim
}  // namespace hls

/// A whole driver: AIGCHIP_BENCH(gemm_top, "table", "a", "b", "c") names the parameters of a function in their order.
#define AIGCHIP_BENCH(function, ...)                                      \
    int main() {                                                          \
        ::hls::csim::bench bench("cases.bin", "results.bin");             \
        const char* const names[] = {__VA_ARGS__};                        \
        ::hls::csim::port_name ports[sizeof names / sizeof names[0]];     \
        for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {     \
            ports[i] = {names[i], 1};                                     \
        }                                                                 \
        bench.launch_all(#function, &function, ports);                    \
    }

"""What public designs are written with beside the usual: console output, attributes, files of values, copies of the
tool's headers. None of it may stop an estimate.
"""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import estimate
from aigchip_tui.estimator.result import Estimate

PLAIN = "void top(int a[32]) {\nL: for (int i = 0; i < 32; ++i) a[i] += 3;\n}\n"
ATTRIBUTE = """__attribute__((annotate("target('A') scalar(range(0, 3))")))"""


def _figures(found: Estimate) -> tuple[int | None, ...]:
    return found.latency_max, found.dsp, found.lut, found.ff, found.loops[0].trip


@pytest.mark.parametrize(
    "written",
    [
        PLAIN.replace("a[i] += 3;", '{ a[i] += 3; std::cout << "at " << i << std::endl; }'),
        PLAIN.replace("L:", f"int k {ATTRIBUTE};\n    k = 3;\nL:").replace("+= 3", "+= k"),
        PLAIN.replace("int a[32]", "int unsigned const n, int a[32]"),
        '#include "ap_int.h"\n' + PLAIN,
    ],
    ids=["console", "attribute", "order of words", "copy of a header of the tool"],
)
def test_what_makes_no_hardware_changes_no_estimate(written: str) -> None:
    plain = PLAIN if "unsigned const" not in written else PLAIN.replace("int a[32]", "const unsigned n, int a[32]")
    found = estimate({"top.cpp": written}, include={"ap_int.h": "#error not for reading\n"})
    assert found.unknown == ()
    assert _figures(found) == _figures(estimate({"top.cpp": plain}))


def test_a_file_of_values_stands_where_it_is_included() -> None:
    text = (
        'const int c[] = {\n#include "taps.inc"\n};\nint top(int a[4]) {\n    int s = 0;\n'
        "L: for (int i = 0; i < sizeof(c) / sizeof(c[0]); ++i) s += a[i] * c[i];\n    return s;\n}\n"
    )
    found = estimate({"top.cpp": text}, include={"taps.inc": "396, // first\n290,\n201,\n-65"})
    assert (found.unknown, found.loops[0].trip, found.loops[0].line) == ((), 4, 6)


def test_of_two_headers_of_one_name_the_nearest_is_read() -> None:
    text = '#include "sizes.h"\nvoid top(int a[64]) {\nL: for (int i = 0; i < N; ++i) a[i] += 1;\n}\n'
    headers = {"one/include/sizes.h": "#define N 12\n", "two/include/sizes.h": "#define N 24\n"}
    found = estimate({"two/src/top.cpp": text}, include=headers)
    assert (found.unknown, found.loops[0].trip) == ((), 24)


LATE = """
int pick(int x, int a[1024]) {
    int far = (x * x + a[0]) * x + a[1];
    if (far * x > 3) return x + 1;
    for (int i = 0; i < 1024; ++i) {
#pragma HLS PIPELINE off
        a[i] += x;
    }
    return x - 1;
}
int top(int x, int y, int a[1024], int b[16]) {
    int s = 0;
    for (int k = 0; k < 4; ++k) {
#pragma HLS PIPELINE off
        if (y > k) {
            if (x > k) s += pick(x, a);
            b[k] = s;
        }
    }
    return s;
}
"""


def test_a_condition_holds_beyond_the_loop_that_stands_behind_it() -> None:
    found = estimate({"top.cpp": LATE})
    assert found.unknown == ()
    assert [loop.trip for loop in found.loops] == [4, 1024]
    assert found.latency_max is not None
    assert found.latency_max > 4 * 1024


def test_a_pointer_of_unknown_size_may_be_partitioned() -> None:
    text = (
        "void top(float *a) {\n#pragma HLS INTERFACE m_axi port=a\n"
        "#pragma HLS ARRAY_PARTITION variable=a type=block factor=4 dim=1\n"
        "L: for (int i = 0; i < 8; ++i) a[4 * 0 + 0] += a[i];\n}\n"
    )
    assert estimate({"top.cpp": text}).loops[0].trip == 8


LIBRARY = """
template<int T> struct Word {};
template<> struct Word<8> { typedef ap_uint<8> name; static const int lanes = 4; };
template<> struct Word<16> { typedef ap_uint<16> name; static const int lanes = 8; };
template<int T, int N> struct Row {
    typedef typename Word<T>::name lane_t;
    typedef ap_uint<Word<T>::lanes * N> word_t;
    Row();
    Row& operator=(const Row& other);
    const Row* next() const;
    word_t word;
};
template<int A, int B> void rows(Row<A, B>& r, int v[64]) {
K: for (int i = 0; i < A * B; ++i) v[i] += 1;
}
template<typename W> void count(W v[64]) {
L: for (int i = 0; i < W::width; ++i) v[i] = v[i] + 1;
}
"""


def test_widths_are_found_through_templates_of_templates() -> None:
    text = LIBRARY + "void top(Row<16, 3>::word_t v[64], Row<8, 2> r, int u[64]) { count(v); rows(r, u); }\n"
    found = estimate({"top.cpp": text})
    assert found.unknown == ()
    assert [loop.trip for loop in found.loops] == [24, 16]


def test_a_record_with_pointers_to_its_own_kind_is_read() -> None:
    text = (
        "struct Node { Node *left; Node *right; int value; };\n"
        "void top(Node n[8], int out[8]) {\nL: for (int i = 0; i < 8; ++i) out[i] = n[i].value;\n}\n"
    )
    found = estimate({"top.cpp": text})
    assert (found.unknown, found.loops[0].trip) == ((), 8)


DERIVED = """
template<int N> struct Header {
    int word[N];
    int sum();
};
template<int SIZE> int Header<SIZE>::sum() {
    int s = 0;
S: for (int i = 0; i < SIZE; ++i) s += word[i];
    return s;
}
template<int W> struct Packet : Header<W / 8> {
    void clear() {
C: for (int i = 0; i < W; ++i) this->word[i / 8] = 0;
    }
    void mark() {
M: for (int i = 0; i < N; ++i) this->word[i] = i;
    }
};
int top() {
    Header<24> h;
    Packet<96> p;
    p.clear();
    p.mark();
    return h.sum();
}
"""


def test_methods_know_the_arguments_of_their_record_and_of_its_bases() -> None:
    found = estimate({"top.cpp": DERIVED})
    assert found.unknown == ()
    assert sorted((loop.name, loop.trip) for loop in found.loops) == [("C", 96), ("M", 12), ("S", 24)]


PACKETS = """
typedef ap_axiu<32, 1, 1, 1> word_t;
void top(hls::stream<word_t>& in, hls::stream<word_t>& out) {
L: for (int i = 0; i < 16; ++i) {
        word_t w = in.read();
        ap_uint<32> v = w.data;
        w.data.range(15, 0) = v.range(31, 16);
        w.last = 1;
        w.keep[0] = v[3];
        out.write(w);
    }
}
"""
METHODS = (
    PACKETS.replace("w.data;", "w.get_data();")
    .replace("w.data.range(15, 0)", "w.data(15, 0)")
    .replace("w.last = 1", "w.set_last(1)")
    .replace("v[3]", "v.get_bit(3)")
)


def test_methods_of_the_tools_types_are_what_they_stand_for() -> None:
    found = estimate({"top.cpp": METHODS})
    assert found.unknown == ()
    assert _figures(found) == _figures(estimate({"top.cpp": PACKETS}))
    bits = "if (v.and_reduce() && !v.or_reduce()) { v.set(2); v.set_bit(3, 1); w.set_last(1); }"
    asked = METHODS.replace("w.set_last(1)", bits)
    assert estimate({"top.cpp": asked}).unknown == ()


def test_a_header_named_like_one_of_the_tool_is_the_projects_own_unless_the_vendor_says_so() -> None:
    """Types of `hls_task.h` that a project wrote are read; a copy of the tool's is not."""
    text = '#include "hls_task.h"\nvoid f(int a[SIZE], word b[SIZE]) { for (int i = 0; i < SIZE; i++) b[i] = a[i]; }\n'
    own = "#define SIZE 12\ntypedef short word;\n"
    assert estimate({"k.cpp": text}, include={"hls_task.h": own}).loops[0].trip == 12
    copied = "// Copyright 1986-2022 Xilinx, Inc.\n#error not for reading\n"
    assert not any("#error" in one for one in estimate({"k.cpp": text}, include={"hls_task.h": copied}).unknown)


OVERLOADED = """#include <hls_stream.h>
template <typename T> struct channel {
    hls::stream<T> words;
    T read() { return take(); }
    void read(T &out) { out = read(); }
    void write(T const &word) { write(word, 1); }
    void write(T const &word, int limit);
    T take() { return words.read(); }
};
template <typename T> void channel<T>::write(T const &word, int limit) { words.write(word + limit); }
void top(channel<int> &in, channel<int> &out, int n) {
L: for (int i = 0; i < 64; ++i) {
        int word;
        in.read(word);
        out.write(word);
    }
}
"""


def test_methods_of_one_name_are_told_apart_by_their_arguments() -> None:
    plain = OVERLOADED.replace("in.read(word)", "word = in.words.read()")
    plain = plain.replace("out.write(word)", "out.words.write(word + 1)")
    found = estimate({"top.cpp": OVERLOADED})
    assert found.unknown == ()
    assert _figures(found) == _figures(estimate({"top.cpp": plain}))
    assert found.loops[0].trip == 64

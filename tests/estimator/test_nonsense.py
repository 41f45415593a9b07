"""What no tool could make is said to be none: loops that never end, widths and sizes that are no numbers of bits or
words, options that contradict themselves.
"""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.estimator.options import TooLargeError
from aigchip_tui.estimator.worker import estimate_safely
from aigchip_tui.model.errors import AigchipError


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=5.0, part="xczu7ev-ffvc1156-2-e")


def counted(header: str, types: str = "") -> Estimate:
    return read(f"{types}\nvoid top(unsigned char n, int a[256]) {{\n  for ({header}) a[i & 255] += 3;\n}}\n")


@pytest.mark.parametrize(
    "header",
    [
        "int i = 1; i != 10; i += 2",
        "unsigned i = 10; i >= 0; i--",
        "unsigned char i = 0; i < 256; i++",
        "ap_uint<4> i = 0; i <= 15; ++i",
    ],
)
def test_a_loop_whose_counter_never_passes_its_bound_never_ends(header: str) -> None:
    found = counted(header, "#include <ap_int.h>")
    assert found.latency_max is None
    assert found.unknown == ("loop 'loop_3' at line 3: it never ends, since its counter never passes its bound",)


@pytest.mark.parametrize(("header", "trip"), [
    ("int i = 1; i != 11; i += 2", 5), ("unsigned i = 10; i > 0; i--", 10), ("int i = 10; i >= 0; i--", 11),
    ("unsigned char i = 0; i < 255; i++", 255), ("ap_uint<5> i = 0; i < 16; i++", 16),
    ("unsigned i = 9; i < 3; i++", 0),
])  # fmt: skip
def test_a_loop_whose_counter_passes_its_bound_ends(header: str, trip: int) -> None:
    found = counted(header, "#include <ap_int.h>")
    assert not found.unknown
    assert sum(one.trip or 0 for one in found.loops) == trip


def test_a_bound_computed_from_a_narrow_type_is_bounded_by_it() -> None:
    loops = [counted(header).loops[0] for header in ("int i = 0; i < n; i++", "int i = 0; i <= n - 1; i++")]
    assert [(one.trip_min, one.trip) for one in loops] == [(0, 255)] * 2


def test_the_least_latency_of_a_loop_counts_before_what_follows_it() -> None:
    text = "int top(int n, int a[256]) { for (int i = 0; i < n; i++) {\n#pragma HLS LOOP_TRIPCOUNT min=5 max=50\n"
    found = read(text + " a[i] += 3; } return a[3]; }")
    assert found.latency_min is not None
    assert found.latency_max is not None
    assert found.latency_max - found.latency_min == 45


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("static int v[x]; v[x & 3] = 1; a[0] = v[x];", "line 2: the size of 'v' is no positive constant"),
        ("ap_int<0> v = x; a[0] = v * x;", "type 'ap_int<0>' is none: an integer has 1 to 4096 bits"),
        ("ap_fixed<9999, 4> v = x; a[0] = v * x;", "type 'ap_fixed<9999>' is none: an integer has 1 to 4096 bits"),
        (
            "static int v[1000000000000];\n#pragma HLS ARRAY_PARTITION variable=v complete\nv[x] = 1; a[0] = v[x + 1];",
            "line 3: ARRAY_PARTITION parts 'v' into 1000000000000 banks, more than 1048576: lower its factors",
        ),
    ],
)
def test_what_no_tool_makes_leaves_the_totals_unknown(body: str, said: str) -> None:
    found = read(f"#include <ap_int.h>\nvoid top(int x, int a[64]) {{ {body} }}\n")
    assert (found.latency_max, found.lut, found.unknown) == (None, None, (said,))


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("LOOP_TRIPCOUNT min=50 max=5", "LOOP_TRIPCOUNT at line 2: min=50 is above max=5 and is left out"),
        ("PIPELINE II=1.5e9", "PIPELINE at line 2: ii=1.5e9 makes no sense and is left out"),
    ],
)
def test_an_option_that_contradicts_itself_is_left_out(pragma: str, said: str) -> None:
    found = read(
        f"void top(int x, int a[64]) {{ for (int i = 0; i < x; i++) {{\n#pragma HLS {pragma}\n a[i] = x; }} }}"
    )
    assert found.warnings == (said,)
    assert found.latency_min == found.latency_max


def test_too_much_unrolled_code_names_its_line() -> None:
    with pytest.raises(TooLargeError, match=r"^Line 2: with its loops unrolled, the code is larger"):
        read("void top(int a[64]) {\nfor (int i = 0; i < 65536; i++) {\n#pragma HLS UNROLL\n a[i & 63] = i; } }")


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("PIPELIN II=2", "PIPELIN at line 3: no such pragma is known, and it is left out"),
        ("PIPELINE III=2", "PIPELINE at line 3: 'iii' is no option of it and is left out"),
        ("UNROLL factor=0", "UNROLL at line 3: factor=0 makes no sense and is left out"),
        (
            "ARRAY_PARTITION variable=zz complete",
            "ARRAY_PARTITION at line 3: 'zz' is not declared in its function, and it is left out",
        ),
        (
            "ARRAY_PARTITION variable=a type=weird factor=4",
            "ARRAY_PARTITION at line 3: type=weird is none of block, cyclic and complete, and is left out",
        ),
    ],
)
def test_a_pragma_that_means_nothing_is_told(pragma: str, said: str) -> None:
    text = "void top(int a[64]) {{\n  for (int i = 0; i < 64; i++) {{\n{}\n    a[i] = i;\n  }}\n}}\n"
    found = read(text.format(f"#pragma HLS {pragma}"))
    assert found.warnings == (said,)
    assert found.latency_max == read(text.format("")).latency_max


def test_what_a_pragma_may_name_is_not_doubted() -> None:
    text = (
        "#include <hls_stream.h>\nstatic int table[4];\nstruct box { int in[8];\n"
        "  int get(int i) {\n#pragma HLS ARRAY_PARTITION variable=in cyclic factor=2\n    return in[i]; } };\n"
        "void top(hls::stream<int> &o, int a[64]) {\n#pragma HLS INTERFACE mode=s_axilite port=return bundle=control\n"
        "#pragma HLS ARRAY_PARTITION variable=a type=cyclic factor=2*1 dim=1\n"
        "#pragma HLS ARRAY_PARTITION variable=table complete\n  box b[2];\n"
        "#pragma HLS ARRAY_PARTITION variable=b[0].in\n"
        "  hls::stream<int> s;\n#pragma HLS STREAM variable = s depth = 4\n"
        "  for (int i = 0; i < a[0]; i++) {\n#pragma HLS LOOP_TRIPCOUNT min = 2* 3 max = (2+ 2)* 4\n"
        "#pragma HLS pipeline ii = 1 rewind\n    o.write(a[i] + table[i & 3] + b[0].get(i & 7));\n  }\n}\n"
    )
    found = read(text)
    assert not found.warnings
    assert (found.loops[0].trip_min, found.loops[0].trip) == (6, 16)


def test_a_value_for_a_name_that_is_nowhere_is_refused() -> None:
    text = "void top(int n, int a[64]) { for (int i = 0; i < n; i++) a[i] = n; }"
    with pytest.raises(AigchipError, match=r"^'m' is nowhere in the source\."):
        estimate_safely({"k.cpp": text}, sets={"m": 3})


def test_a_text_without_a_directive_is_told() -> None:
    text = "void top(int a[64]) { for (int i = 0; i < 64; i++) a[i] = i; }"
    none = "directives, line 1: no command of a Tcl file of directives stands there or below"
    assert estimate({"k.cpp": text}, directives=text).unknown == (none,)
    for directives in ("", "# said\n", "set a 3\nset_directive_unroll top\n", "config_compile -pipeline_loops 0"):
        assert none not in estimate({"k.cpp": text}, directives=directives).unknown

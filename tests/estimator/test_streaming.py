"""`<<` and `>>` of streams: what they are short for, estimated alike."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate

_PORTS = "hls::stream<int> &s, hls::stream<int> &t, int a[64], int y[64]"
_TEXT = "#include <hls_stream.h>\nvoid top({ports}) {{\n for (int i = 0; i < 64; i++) {{ {body} }}\n}}"


def read(body: str, before: str = "") -> Estimate:
    return estimate({"k.cpp": before + _TEXT.format(ports=_PORTS, body=body)}, top="top", clock_ns=5.0, part="xcu55c")


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("s << a[i] + 1;", "s.write(a[i] + 1);"),
        ("int v; s >> v; y[i] = v * v;", "int v; v = s.read(); y[i] = v * v;"),
        ("s << a[i] << i;", "s.write(a[i]); s.write(i);"),
        ("int v, w; s >> v >> w; y[i] = v + w;", "int v, w; v = s.read(); w = s.read(); y[i] = v + w;"),
        ("int v; s >> v; t << (v ^ i);", "int v; v = s.read(); t.write(v ^ i);"),
        ("if (a[i] > 0) s << i; else t << i;", "if (a[i] > 0) s.write(i); else t.write(i);"),
    ],
)
def test_a_shift_of_a_stream_is_the_method_that_it_is_short_for(short: str, long: str) -> None:
    assert read(short) == read(long)


def test_a_token_is_loaded_before_it_is_written() -> None:
    """Two states of the load, and two tokens a trip take two turns."""
    loops = read("s << a[i];").loops[0], read("s << a[i] << i;").loops[0]
    assert [(loop.ii, loop.depth) for loop in loops] == [(1, 2), (2, 3)]


def test_operators_that_the_text_defines_stay_its_own() -> None:
    own = "struct Log { int n; void operator<<(int v) { n += v * v; } };\n"
    found = read("Log log; log.n = i; log << a[i]; y[i] = log.n;", own)
    assert not found.unknown
    assert found.dsp == 3, "its product of 32 bits"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("h, l", "h.concat(l)"),
        ("h.range(15, 0), l", "h.range(15, 0).concat(l)"),
        ("h, l, h", "h.concat(l).concat(h)"),
    ],
)
def test_a_comma_between_integers_joins_their_bits(short: str, long: str) -> None:
    text = "ap_uint<32> h = a[i], l = i; ap_uint<96> z = (JOINED); y[i] = z.range(63, 32) * z.range(31, 0);"
    found, plain = (read(text.replace("JOINED", one), "#include <ap_int.h>\n") for one in (short, long))
    assert found == plain
    assert found.loops[0].depth == 2 + 1 + 1, "the array is loaded"


def test_a_comma_behind_an_assignment_parts_what_is_done_in_turn() -> None:
    assert read("int v = a[i]; y[i] = (v++, v * 2);") == read("int v = a[i]; v++; y[i] = v * 2;")

"""C++ in unusual but legal form is estimated as on paper, or it is said what is not followed, and where."""

from __future__ import annotations

import re

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from tests.estimator.language_kernels import KNOWN, UNKNOWN


def read(text: str, directives: str = "") -> Estimate:
    return estimate({"k.cpp": text}, top="top", clock_ns=10.0, directives=directives)


@pytest.mark.parametrize("kind", KNOWN)
def test_a_legal_form_is_estimated_as_on_paper(kind: str) -> None:
    kernel = KNOWN[kind]
    found = read(kernel.text)
    assert found.unknown == ()
    assert [loop.trip for loop in found.loops] == kernel.trips
    if kernel.intervals is not None:
        assert [loop.ii for loop in found.loops] == kernel.intervals
    if kernel.dsp is not None:
        assert found.dsp == kernel.dsp


@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_is_not_followed_is_named_with_its_line(kind: str) -> None:
    text, sentence = UNKNOWN[kind]
    found = read(text)
    assert found.latency_max is None
    assert any(re.search(sentence, one) and re.search(r"line \d+", one) for one in found.unknown), found.unknown


def test_directives_are_read_as_tcl() -> None:
    """Comments, continued lines, several commands in a line; 4 copies a trip, 2 banks of 2 ports: 16 trips of II 1."""
    text = (
        "void top(int a[64], int b[64]) { int c[64];\n l1: for (int i = 0; i < 64; i++) c[i] = a[i];\n"
        " for (int i = 0; i < 64; i++) b[i] = c[i] * 3; }"
    )
    tcl = (
        '# set_directive_pipeline -off "top/l1"\nset_directive_pipeline -II 2 "top/l1" ;# one more\n'
        "set_directive_unroll \\\n  -factor 4 {top/VITIS_LOOP_3_1}\n"
        "set_directive_array_partition -type cyclic -factor 2 -dim 1 top b; set_directive_array_partition"
        ' -type complete "top" c\nset_top top\nconfig_compile -pipeline_loops 64\n'
    )
    found = read(text, tcl)
    assert found.unknown == ()
    assert [(loop.trip, loop.ii) for loop in found.loops] == [(64, 2), (16, 1)]


def test_directives_that_mean_nothing_here_are_said_to() -> None:
    text = "void top(int a[8]) { l1: for (int i = 0; i < 8; i++) a[i]++; }"
    tcl = "set_directive_pipelin top/l1\nset_directive_unroll top/l2\nset_directive_inline other\n"
    assert read(text, tcl).unknown == (
        "directives, line 1: 'set_directive_pipelin' is not known",
        "directives, line 2: 'top/l2' is not in these files",
        "directives, line 3: 'other' is not in these files",
    )


def test_another_condition_may_end_a_loop_at_once() -> None:
    found = read("void top(int a[16]) { for (int i = 0; i < 16 && a[i] != 9; i++) a[i]++; }")
    assert [(loop.trip_min, loop.trip) for loop in found.loops] == [(0, 16)]


def test_a_limit_that_moves_is_no_limit() -> None:
    found = read("void top(int a[16], int b[16]) { for (int i = 0, j = 15; i < j; i++, j--) a[i] = b[j]; }")
    assert [loop.trip for loop in found.loops] == [None]


def test_an_array_in_a_record_is_a_memory_when_it_is_large() -> None:
    """1024 words of 32 bits: two BRAM18, not 32768 flip-flops."""
    found = read(
        "struct A { int v[1024]; }; void top(int a[1024]) { A m; for (int i = 0; i < 1024; i++) m.v[i] = a[i];"
        " for (int i = 0; i < 1024; i++) a[i] = m.v[1023 - i]; }"
    )
    assert found.bram18 == 2
    assert found.ff is not None
    assert found.ff < 200

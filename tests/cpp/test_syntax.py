"""The structural view: loops, pragmas, partitions, constants and macros."""

from __future__ import annotations

import pytest

from aigchip_tui.cpp.constants import evaluate
from aigchip_tui.cpp.pragmas import clock_of_directives, parse_directives
from aigchip_tui.cpp.preprocess import preprocess
from aigchip_tui.cpp.syntax import function_view
from aigchip_tui.model.errors import AigchipError

TEXT = """
constexpr int LANES = 8;
void array(hls::stream<int>& in, int n) {
#pragma HLS INLINE off
  acc_t block[4][LANES];
#pragma HLS ARRAY_PARTITION variable=block type=cyclic factor=LANES/2 dim=2
rows:
  for (int i = 0; i < n; ++i) {
#pragma HLS PIPELINE II=2
    int x = in.read();
    for (int j = 0; j < LANES; ++j) {
#pragma HLS UNROLL factor=LANES
      block[0][j] += mac(x, j);
    }
  }
  while (n > 0) { n = n >> 1; }
}
"""


def test_loops_carry_their_own_pragmas() -> None:
    view = function_view(TEXT, "array")
    assert [(one.label, one.kind, one.level, one.unroll, one.pipeline) for one in view.loops] == [
        ("rows", "for", 0, None, 2),
        ("", "for", 1, 8, None),
        ("", "while", 0, None, None),
    ]
    assert view.inline is False
    assert not view.dataflow
    assert set(view.calls) == {".read", "mac"}


def test_partitions_are_folded() -> None:
    (partition,) = function_view(TEXT, "array").partitions
    assert (partition.variable, partition.style, partition.factor, partition.dim) == ("block", "cyclic", 4, 2)


def test_an_absent_function_is_told() -> None:
    with pytest.raises(AigchipError, match="No function 'top'"):
        function_view(TEXT, "top")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 + 4 * 2", 11),
        ("(N << 1) - 1", 31),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("N > 8 ? 2 : 3", 2),
        ("sizeof(int) * 8", 32),
        ("0x1fu + 0b11 + 010", 42),
        ("std::max(N, 20)", 20),
        ("(int)N / 4", 4),
        ("1 / 0", None),
        ("M", None),
        ("", None),
        ("1 << 4000", None),
        ("3 +", None),
    ],
)
def test_constant_expressions(text: str, value: int | None) -> None:
    assert evaluate(text, {"N": 16}) == value


def test_macros_conditionals_and_includes_keep_lines() -> None:
    header = "#define N 4\n#define AT(a, i) a[(i) * N]\n"
    main = '#include "k.h"\n#ifdef MISSING\nint dead;\n#else\nint live = AT(b, 1 +\n 2);\n'
    main += "#endif\n#pragma HLS X factor=N\nint end;"
    found = preprocess(main, {"src/k.h": header})
    lines = found.text.split("\n")
    assert len(lines) == len(main.split("\n"))
    assert "dead" not in found.text
    assert "b[(1 +" in lines[4]
    assert lines[7] == "#pragma HLS X factor=4"
    assert lines[8] == "int end;"


def test_what_is_included_between_braces_stands_there() -> None:
    """The values of a table; twice when it is asked for twice, and without moving a line."""
    main = "int a[3] = {\n#include \"values.dat\"\n};\nint b[3] = {\n#include \"values.dat\"\n};\nint after;\n"
    found = preprocess(main, {"values.dat": "1, 2,\n3\n"})
    assert found.text.split("\n")[1] == found.text.split("\n")[4] == "1, 2, 3"
    assert found.text.split("\n")[6] == "int after;"
    assert (found.prelude, found.missing) == ("", ())


def test_exploding_macros_are_refused() -> None:
    bomb = (
        "#define A0 x x x x x x x x x x\n"
        + "".join(
            f"#define A{i} A{i - 1} A{i - 1} A{i - 1} A{i - 1} A{i - 1} A{i - 1} A{i - 1} A{i - 1}\n"
            for i in range(1, 12)
        )
        + "A11\n"
    )
    with pytest.raises(AigchipError, match="4 MB"):
        preprocess(bomb)


def test_tcl_directives_are_read_not_run() -> None:
    text = 'create_clock -period 4 -name default\nset_directive_pipeline -II 2 "f/rows"\n'
    text += 'set_directive_array_partition -type cyclic -factor 4 -dim 2 "f" block\nexec rm -rf /\n'
    first, second = parse_directives(text)
    assert (first.kind, first.location, first.number("ii")) == ("PIPELINE", "f/rows", 2)
    assert (second.options["variable"], second.number("factor"), second.number("dim")) == ("block", 4, 2)
    assert clock_of_directives(text) == 4.0

"""What a project says of its top: what it computes, its ports, and how the driver calls it."""

from __future__ import annotations

from .driver import layer_fields
from .shape import Shape


def host_guide(shape: Shape) -> str:
    """Markdown sections for whoever integrates the accelerator."""
    return "\n".join([*_ports(shape), "", *_call(shape), "", *_rules(shape), ""])


def _ports(shape: Shape) -> list[str]:
    numbers = shape.numbers
    element = f"signed {numbers.data_bits}-bit integers"
    computed = (
        "C = A * B + bias, as raw sums" if shape.raw
        else "C = saturate(((A * B + bias) * multiplier + rounding) >> shift), on demand with a ReLU before saturation"
    )
    word = f"{shape.port} elements, {shape.port * numbers.data_bits} bits"
    sums = f"{shape.c.width} sums, {shape.c.width * numbers.sum_bytes * 8} bits"
    waiting = ", and behind them sums that wait for their next tile" if shape.spills else ""
    rows = (
        ("`table`", "AXI master", "32 bits", f"a row of {len(layer_fields(shape))} words a layer, `namespace field` "
         "in `src/gemm_types.hpp`"),
        ("`a`", "AXI master, read", word, "tiles of A, each contiguous"),
        ("`b`", "AXI master, read", word, "tiles of B transposed, each contiguous"),
        ("`bias`", "AXI master, read", sums, "bias of each column, tile by tile"),
        ("`c`", "AXI master, read and written" if shape.spills else "AXI master, written", word,
         f"tiles of C, each contiguous{waiting}"),
        ("`layers`", "AXI-Lite register", "32 bits", "rows of the table that a launch works through"),
        ("addresses, control", "AXI-Lite registers", "", "base addresses of the five memories; start, done, idle"),
    )
    return [
        "## What it computes", "",
        f"For every layer of a launch {computed}. A is m x k, B is k x n; elements are {element}, sums have "
        f"{numbers.sum_bits} bits.", "",
        "| port | kind | word | holds |", "| --- | --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _call(shape: Shape) -> list[str]:
    to_n = ", to_n" if shape.mapped else ""
    result = "acc_t" if shape.raw else "data_t"
    return [
        "## Calling it", "",
        "`test/gemm_host.hpp` is the driver: it packs matrices into tiles, writes the table and finds results. It "
        "needs the standard library and `hls_vector.h` alone.", "",
        "```cpp",
        "host::memories memory;",
        f"const host::layer layer{{m, n, k, tm, tn, tk, multiplier, shift, relu{to_n}}};  // tiles: see Layers",
        "const auto at = host::layout::append(layer, a, b, bias, memory);  // a, b: std::vector<data_t>, row by row",
        "gemm(memory.table.data(), memory.layers, memory.a.data(), memory.b.data(), memory.bias.data(),",
        "     memory.c.data());",
        f"const {result} first = at.result(memory, 0, 0);  // row 0, column 0 of C",
        "```", "",
        "On a board the call becomes: copy the five memories to where the accelerator can read them, write their "
        "addresses and `layers` to its registers, set start, wait for done, copy `c` back. Synthesis says where the "
        "registers are.",
    ]


def _rules(shape: Shape) -> list[str]:
    kept = {"o": "", "a": "k or n", "b": "k or m"}[shape.reuse[0]]
    lines = [
        "- Append several layers for one launch only if none reads another's result; else one launch after the other.",
        "- A tile has to fit the buffers; `host::layout` throws where it does not.",
        "- im2col comes first: a convolution is m output pixels, n output channels, k inputs of a pixel.",
    ]
    if kept and not shape.spills:
        lines.append(f"- Sums stay inside: a tile holds the whole of {kept}, or `host::layout` throws.")
    if shape.mapped:
        lines.append("- `to_n` lays the arrays along n for that layer, else they lie along m.")
    if shape.raw:
        lines.append("- `multiplier`, `shift` and `relu` are not heeded: results are raw sums.")
    return lines

"""Definitions of supplied types are found in the headers as they stand, and nothing else is."""

from __future__ import annotations

from aigchip_tui.modules.definitions import definitions
from aigchip_tui.modules.loader import load_template

HEADER = """\
#pragma once
#include <cstdint>

typedef std::int8_t data_t;  // element
typedef std::int32_t acc_t;

// One tile.
// Two lines.
struct tile_cmd {
    int rows;  // rows; all of them
    int last;
};

struct other_cmd {
    int last;
};
"""


def test_structs_and_typedefs_are_found_with_their_comments() -> None:
    found = definitions({"types.hpp": HEADER}, ("tile_cmd", "data_t", "int"))
    assert found == (
        "typedef std::int8_t data_t;  // element",
        "// One tile.\n// Two lines.\nstruct tile_cmd {\n    int rows;  // rows; all of them\n    int last;\n};",
    )
    assert definitions({"types.hpp": HEADER}, ("cmd", "rows", "std")) == ()


def test_a_variant_shows_the_types_of_its_ports_alone() -> None:
    variant = load_template("gemm").variant("flush", {"part_h": 4, "part_w": 4, "depth": 64})
    shown = "\n".join(variant.types)
    assert "struct flush_cmd {" in shown
    assert "acc_t;" in shown
    assert "load_cmd" not in shown

"""Text of gemm_types.hpp: element types, command structs and the words of the layer table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from .numbers import INT8, Numbers

Fields = tuple[tuple[str, str], ...]

COMMANDS: Final[dict[str, tuple[str, Fields]]] = {
    "load_cmd": (
        "One burst of an operand tile from memory; one per refresh.",
        (
            ("addr", "first AXI word of the tile"),
            ("words", "AXI words to read"),
            ("last", "the process ends after this command"),
        ),
    ),
    "fill_cmd": (
        "One operand tile into a block of banks; one per refresh.",
        (
            ("rows", "rows of the tile, padding included"),
            ("row_words", "AXI words of a row"),
            ("row_depth", "addresses that a row takes in a bank"),
            ("last", "the process ends after this command"),
        ),
    ),
    "drain_cmd": (
        "Replays of one operand tile; one per refresh.",
        (
            ("own", "blocks of this operand's own rows"),
            ("kb", "blocks along k"),
            ("replays", "tile visits that use this tile"),
            ("other_full", "blocks of the other operand in every visit but the last"),
            ("other_last", "blocks of the other operand in the last visit"),
            ("row_depth", "addresses that a row takes in a bank"),
            ("last", "the process ends after this command"),
        ),
    ),
    "arbiter_cmd": (
        "Wide tokens to gather for one tile visit.",
        (("tokens", "wide tokens to build"), ("last", "the process ends after this command")),
    ),
    "gear_cmd": (
        "Tokens of one tile whose width changes.",
        (
            ("takes", "tokens to take"),
            ("tokens", "tokens to send, the last one filled up with zeros"),
            ("last", "the process ends after this command"),
        ),
    ),
    "reorder_cmd": (
        "Blocks of tokens whose order changes.",
        (("blocks", "blocks to take and to send"), ("last", "the process ends after this command")),
    ),
    "inter_cmd": (
        "Tokens to hand to the arrays in one tile visit.",
        (("tokens", "tokens to pass"), ("last", "the process ends after this command")),
    ),
    "share_cmd": (
        "Blocks of sums whose steps are handed to the arrays in one tile visit.",
        (
            ("blocks", "blocks of sums"),
            ("kb", "steps along k for each block"),
            ("serial", "1: a token serves as many steps as it has shares, 0: one"),
            ("last", "the process ends after this command"),
        ),
    ),
    "array_cmd": (
        "One tile visit of one array.",
        (
            ("blocks", "blocks of sums to produce"),
            ("kb", "steps along k for each block"),
            ("last", "the process ends after this command"),
        ),
    ),
    "collect_cmd": (
        "Tokens of sums to collect in one tile visit.",
        (("tokens", "tokens to pass"), ("last", "the process ends after this command")),
    ),
    "accum_cmd": (
        "Sums of one tile visit; the block of C is held from `first` to `final`.",
        (
            ("mb", "blocks along m"),
            ("nb", "blocks along n"),
            ("row_depth", "addresses that a row takes in a bank"),
            ("first", "1: start from zero, 0: add to what the block holds"),
            ("final", "1: last visit of this block, hand it over"),
            ("last", "the process ends after this command"),
        ),
    ),
    "flush_cmd": (
        "One finished tile of C, row by row.",
        (
            ("rows", "rows of the tile, padding included"),
            ("row_words", "words of a row"),
            ("row_depth", "addresses that a row takes in a bank"),
            ("last", "the process ends after this command"),
        ),
    ),
    "post_cmd": (
        "Bias, scale, activation and saturation of one tile of C.",
        (
            ("rows", "rows of the tile, padding included"),
            ("row_words", "words of a row"),
            ("bias_addr", "first word of the tile's bias"),
            ("multiplier", "scale of sum and bias"),
            ("shift", "right shift after scaling, rounded half up; 0 rounds nothing"),
            ("relu", "1: clamp negative values to zero"),
            ("last", "the process ends after this command"),
        ),
    ),
    "resume_cmd": (
        "Sums of one tile visit where sums are spilled; the block of C is held from `first` to `final`.",
        (
            ("mb", "blocks along m"),
            ("nb", "blocks along n"),
            ("row_depth", "addresses that a row takes in a bank"),
            ("first", "1: start anew, 0: add to what the block holds"),
            ("resume", "1: start from the sums that memory brings back, 0: from zero or from the block"),
            ("final", "1: last visit of this block, hand it over"),
            ("last", "the process ends after this command"),
        ),
    ),
    "unload_cmd": (
        "One tile of C out of its banks, as sums that come back or as finished ones.",
        (
            ("rows", "rows of the tile, padding included"),
            ("row_words", "words of a row"),
            ("mb", "blocks along m"),
            ("nb", "blocks along n"),
            ("row_depth", "addresses that a row takes in a bank"),
            ("raw", "1: sums that come back, block by block; 0: finished ones, row by row"),
            ("last", "the process ends after this command"),
        ),
    ),
    "move_cmd": (
        "One tile between the banks of C and memory.",
        (
            ("load", "1: sums out of memory, 0: to memory"),
            ("raw", "1: sums that come back, 0: results"),
            ("tokens", "tokens to take or to give"),
            ("words", "AXI words to read or to write"),
            ("addr", "first AXI word of the tile"),
            ("last", "the process ends after this command"),
        ),
    ),
    "store_cmd": (
        "One tile of the result to memory.",
        (
            ("tokens", "words of the result to take"),
            ("words", "AXI words to write"),
            ("addr", "first AXI word of the tile"),
            ("last", "the process ends after this command"),
        ),
    ),
}
"""Command structs by name: meaning and fields (name, meaning). Every field is a 32-bit integer."""

BETWEEN: Final = frozenset({"gear_cmd", "reorder_cmd"})
"""Commands of modules that a design has only where native tokens differ."""

SPILLING: Final = frozenset({"resume_cmd", "unload_cmd", "move_cmd"})
"""Commands of modules that a design has only where it may spill sums."""

MAPPING: Final = frozenset({"share_cmd"})
"""Commands of modules that a design has only where its arrays are mapped to m or to n in each layer."""

OPTIONAL: Final = BETWEEN | SPILLING | MAPPING
"""Commands that not every design has."""

LAYER_GROUPS: Final[tuple[tuple[str, int, str], ...]] = (
    ("ALONG_M", 5, "tiles along m; words from one to the next in A, B, C, bias"),
    ("ALONG_N", 5, "tiles along n; words from one to the next in A, B, C, bias"),
    ("ALONG_K", 5, "tiles along k; words from one to the next in A, B, C, bias"),
    ("VISITS", 1, "tile visits: tiles along m, n and k multiplied"),
    ("A_REPLAYS", 1, "visits that a refresh of A serves"),
    ("B_REPLAYS", 1, "visits that a refresh of B serves"),
    ("A_ADDR", 1, "first AXI word of A"),
    ("B_ADDR", 1, "first AXI word of B"),
    ("C_ADDR", 1, "first AXI word of C"),
    ("BIAS_ADDR", 1, "first word of the bias"),
    ("MULTIPLIER", 1, "scale of sum and bias"),
    ("SHIFT", 1, "right shift after scaling"),
    ("RELU", 1, "1: clamp negative values to zero"),
    ("C_DEPTH", 1, "addresses of a row of C in a bank"),
    ("MB", 2, "blocks along m of a tile; + 1 at the edge of m"),
    ("NB", 2, "blocks along n of a tile; + 1 at the edge of n"),
    ("KB", 2, "blocks along k of a tile; + 1 at the edge of k"),
    ("A_ROWS", 2, "padded rows of a tile of A and of C; + 1 at the edge of m"),
    ("B_ROWS", 2, "padded rows of a tile of B; + 1 at the edge of n"),
    ("K_WORDS", 2, "AXI words of a row of A and of B; + 1 at the edge of k"),
    ("A_DEPTH", 2, "addresses of a row of A in a bank; + 1 at the edge of k"),
    ("B_DEPTH", 2, "addresses of a row of B in a bank; + 1 at the edge of k"),
    ("C_WORDS", 2, "words of a row of C; + 1 at the edge of n"),
    ("A_WORDS", 4, "AXI words of a tile of A; + 2 at the edge of m, + 1 at the edge of k"),
    ("B_WORDS", 4, "AXI words of a tile of B; + 2 at the edge of n, + 1 at the edge of k"),
    ("BLOCKS", 4, "blocks of sums of a visit; + 2 at the edge of m, + 1 at the edge of n"),
    ("SLICES", 4, "tokens of sums of a visit; + 2 at the edge of m, + 1 at the edge of n"),
    ("C_TOKENS", 4, "words of the result in a tile; + 2 at the edge of m, + 1 at the edge of n"),
    ("C_STORES", 4, "AXI words of a tile of C; + 2 at the edge of m, + 1 at the edge of n"),
    ("STEPS", 8, "tokens of A and of B in a visit; + 4 at the edge of m, + 2 of n, + 1 of k"),
)
"""Groups of words of a layer's row in the table in order: name of the first word, number of words, meaning."""

LAYER_FIELDS: Final = tuple(f"{name}_{i}" if i else name for name, count, _ in LAYER_GROUPS for i in range(count))
"""Words of a layer's row in order; words of a group behind the first one are numbered."""

LAYER_WORDS: Final = len(LAYER_FIELDS)
"""Words (int32) of one layer's row in the table."""


SPILL_GROUPS: Final[tuple[tuple[str, int, str], ...]] = (
    ("SPILLS", 1, "1: sums of a tile of C leave for memory between its tiles along k"),
    ("SPILL_ADDR", 1, "first AXI word of the spilled sums"),
    ("SPILL_TILE", 1, "AXI words from the sums of one tile to the next"),
    ("SPILL_TOKENS", 4, "tokens of sums of a tile; + 2 at the edge of m, + 1 at the edge of n"),
    ("SPILL_WORDS", 4, "AXI words of the sums of a tile; + 2 at the edge of m, + 1 at the edge of n"),
)
"""Groups of words behind those of LAYER_GROUPS in a layer's row of a design that spills sums."""

SPILL_FIELDS: Final = tuple(f"{name}_{i}" if i else name for name, count, _ in SPILL_GROUPS for i in range(count))
"""Words of a layer's row behind LAYER_FIELDS in a design that spills sums."""

SPILL_LAYER_WORDS: Final = LAYER_WORDS + len(SPILL_FIELDS)
"""Words (int32) of one layer's row in the table of a design that spills sums."""


MAP_GROUPS: Final[tuple[tuple[str, int, str], ...]] = (
    ("TO_N", 1, "1: arrays are mapped to n and take the same rows of A; 0: to m, and the same of B"),
    ("A_KB", 2, "tokens along k of a row of A; + 1 at the edge of k"),
    ("B_KB", 2, "tokens along k of a row of B; + 1 at the edge of k"),
    ("B_K_WORDS", 2, "AXI words of a row of B; + 1 at the edge of k"),
    ("B_STEPS", 8, "tokens of B in a visit; + 4 at the edge of m, + 2 of n, + 1 of k"),
    ("POST_ROWS", 2, "rows of a tile of the result; + 1 at the edge of m"),
    ("POST_WORDS", 2, "words of a row of the result; + 1 at the edge of n"),
)
"""Groups of words behind those of LAYER_GROUPS in a layer's row of a design whose arrays are mapped in each layer.

Words of LAYER_GROUPS that both operands share elsewhere are those of A here: K_WORDS and STEPS; KB is steps of the
arrays, C_WORDS words of a row in buffer C.
"""

MAP_FIELDS: Final = tuple(f"{name}_{i}" if i else name for name, count, _ in MAP_GROUPS for i in range(count))
"""Words of a layer's row behind LAYER_FIELDS in a design whose arrays are mapped in each layer."""

MAP_LAYER_WORDS: Final = LAYER_WORDS + len(MAP_FIELDS)
"""Words (int32) of one layer's row in the table of a design whose arrays are mapped in each layer."""


MAP_SPILL_GROUPS: Final = tuple((f"MAP_{name}", count, note) for name, count, note in SPILL_GROUPS)
"""Groups of words behind those of LAYER_GROUPS and MAP_GROUPS in a layer's row of a design with both: what SPILL_GROUPS
say, under names of their own, for they stand elsewhere.
"""

MAP_SPILL_FIELDS: Final = tuple(f"MAP_{name}" for name in SPILL_FIELDS)
"""Words of a layer's row behind LAYER_FIELDS and MAP_FIELDS in a design that maps its arrays and spills sums."""

MAP_SPILL_LAYER_WORDS: Final = MAP_LAYER_WORDS + len(MAP_SPILL_FIELDS)
"""Words (int32) of one layer's row in the table of a design that maps its arrays in each layer and spills sums."""


def command_fields(struct: str) -> tuple[str, ...]:
    """Field names of a command struct in order; each is a 32-bit integer."""
    return tuple(name for name, _ in COMMANDS[struct][1])


def struct_text(struct: str) -> str:
    """C++ definition of one command struct."""
    meaning, fields = COMMANDS[struct]
    width = max(len(name) for name, _ in fields)
    lines = [f"    std::int32_t {name};{' ' * (width - len(name))}  // {note}" for name, note in fields]
    return "\n".join((f"// {meaning}", f"struct {struct} {{", *lines, "};"))


def _word(name: str, index: str, note: str) -> str:
    return f"    {name} = {index},{' ' * (16 - len(name) - len(index))}// {note}"


def types_header(numbers: Numbers = INT8, used: Collection[str] = OPTIONAL) -> str:
    """Text of gemm_types.hpp for a number format; of the commands in `OPTIONAL` it has those in `used`."""
    words = []
    spilled: list[str] = []
    mapped: list[str] = []
    for name, _, note in LAYER_GROUPS:
        index = str(LAYER_FIELDS.index(name))
        words.append(_word(name, index, note))
    if SPILLING & set(used):
        spilled = [
            "// Words behind these where sums are spilled.",
            "enum spill_word {",
            *(_word(name, str(LAYER_WORDS + SPILL_FIELDS.index(name)), note) for name, _, note in SPILL_GROUPS),
            f"    SPILL_LAYER_WORDS = {SPILL_LAYER_WORDS}",
            "};",
        ]
    if MAPPING & set(used):
        mapped = [
            "// Words behind these where arrays are mapped to m or to n; K_WORDS and STEPS are those of A then.",
            "enum map_word {",
            *(_word(name, str(LAYER_WORDS + MAP_FIELDS.index(name)), note) for name, _, note in MAP_GROUPS),
            f"    MAP_LAYER_WORDS = {MAP_LAYER_WORDS}",
            "};",
        ]
    if MAPPING & set(used) and SPILLING & set(used):
        mapped += [
            "// Words behind these where sums are spilled too.",
            "enum map_spill_word {",
            *(_word(name, str(MAP_LAYER_WORDS + MAP_SPILL_FIELDS.index(name)), note)
              for name, _, note in MAP_SPILL_GROUPS),
            f"    MAP_SPILL_LAYER_WORDS = {MAP_SPILL_LAYER_WORDS}",
            "};",
        ]
    return "\n".join(
        (
            "// Types that every module of the accelerator shares.",
            "#pragma once",
            "",
            "#include <cstdint>",
            *(('', '#include "ap_int.h"') if numbers.needs_ap_int else ()),
            "",
            numbers.typedefs,
            "",
            "\n\n".join(struct_text(name) for name in COMMANDS if name not in OPTIONAL or name in used),
            "",
            "// Words of a layer's row in the table that the driver writes and ctrl reads. A group of words",
            "// is indexed by the edges that a tile touches, so that ctrl neither multiplies nor divides.",
            "namespace field {",
            "enum word {",
            *words,
            f"    LAYER_WORDS = {LAYER_WORDS}",
            "};",
            *spilled,
            *mapped,
            "}  // namespace field",
            "",
        )
    )

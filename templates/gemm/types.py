"""Text of gemm_types.hpp: element types, command structs and the words of the layer table."""

from __future__ import annotations

from typing import Final

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
    "inter_cmd": (
        "Tokens to hand to the arrays in one tile visit.",
        (("tokens", "tokens to pass"), ("last", "the process ends after this command")),
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

LAYER_FIELDS: Final[Fields] = (
    ("NM", "tiles along m"),
    ("NN", "tiles along n"),
    ("NK", "tiles along k"),
    ("VISITS", "tile visits: NM * NN * NK"),
    ("A_LOADS", "refreshes of A"),
    ("A_REPLAYS", "visits that one refresh of A serves"),
    ("A_PASSES", "times in a row that the k tiles of one m tile of A are walked under output reuse"),
    ("B_LOADS", "refreshes of B"),
    ("B_REPLAYS", "visits that one refresh of B serves"),
    ("MB_FULL", "blocks along m of every tile but the last"),
    ("MB_EDGE", "blocks along m of the last tile"),
    ("NB_FULL", "blocks along n of every tile but the last"),
    ("NB_EDGE", "blocks along n of the last tile"),
    ("KB_FULL", "blocks along k of every tile but the last"),
    ("KB_EDGE", "blocks along k of the last tile"),
    ("A_ROWS_FULL", "padded rows of a tile of A"),
    ("A_ROWS_EDGE", "the same at the edge of m"),
    ("B_ROWS_FULL", "padded rows of a tile of B"),
    ("B_ROWS_EDGE", "the same at the edge of n"),
    ("K_WORDS_FULL", "AXI words of a row of A and of B"),
    ("K_WORDS_EDGE", "the same at the edge of k"),
    ("A_DEPTH_FULL", "addresses of a row of A in a bank"),
    ("A_DEPTH_EDGE", "the same at the edge of k"),
    ("B_DEPTH_FULL", "addresses of a row of B in a bank"),
    ("B_DEPTH_EDGE", "the same at the edge of k"),
    ("C_WORDS_FULL", "words of a row of C"),
    ("C_WORDS_EDGE", "the same at the edge of n"),
    ("C_DEPTH", "addresses of a row of C in a bank"),
    ("A_ADDR", "first AXI word of A"),
    ("A_TILE", "AXI words from a tile of A to the next one along k"),
    ("A_BAND", "AXI words from a tile of A to the next one along m"),
    ("B_ADDR", "first AXI word of B"),
    ("B_TILE", "AXI words from a tile of B to the next one along k"),
    ("B_BAND", "AXI words from a tile of B to the next one along n"),
    ("C_ADDR", "first AXI word of C"),
    ("C_TILE", "AXI words from a tile of C to the next one along n"),
    ("C_BAND", "AXI words from a tile of C to the next one along m"),
    ("BIAS_ADDR", "first word of the bias"),
    ("MULTIPLIER", "scale of sum and bias"),
    ("SHIFT", "right shift after scaling"),
    ("RELU", "1: clamp negative values to zero"),
    ("A_WORDS", "AXI words of a tile of A; + 2 at the edge of m, + 1 at the edge of k"),
    ("A_WORDS_1", ""),
    ("A_WORDS_2", ""),
    ("A_WORDS_3", ""),
    ("B_WORDS", "AXI words of a tile of B; + 2 at the edge of n, + 1 at the edge of k"),
    ("B_WORDS_1", ""),
    ("B_WORDS_2", ""),
    ("B_WORDS_3", ""),
    ("BLOCKS", "blocks of sums of a visit; + 2 at the edge of m, + 1 at the edge of n"),
    ("BLOCKS_1", ""),
    ("BLOCKS_2", ""),
    ("BLOCKS_3", ""),
    ("SLICES", "tokens of sums of a visit; + 2 at the edge of m, + 1 at the edge of n"),
    ("SLICES_1", ""),
    ("SLICES_2", ""),
    ("SLICES_3", ""),
    ("C_TOKENS", "words of the result in a tile; + 2 at the edge of m, + 1 at the edge of n"),
    ("C_TOKENS_1", ""),
    ("C_TOKENS_2", ""),
    ("C_TOKENS_3", ""),
    ("C_STORES", "AXI words of a tile of C; + 2 at the edge of m, + 1 at the edge of n"),
    ("C_STORES_1", ""),
    ("C_STORES_2", ""),
    ("C_STORES_3", ""),
    ("STEPS", "tokens of A and of B in a visit; + 4 at the edge of m, + 2 of n, + 1 of k"),
    ("STEPS_1", ""),
    ("STEPS_2", ""),
    ("STEPS_3", ""),
    ("STEPS_4", ""),
    ("STEPS_5", ""),
    ("STEPS_6", ""),
    ("STEPS_7", ""),
)
"""Words of a layer's row in the table in order: name and meaning; no meaning: part of the group before it."""

LAYER_WORDS: Final = len(LAYER_FIELDS)
"""Words (int32) of one layer's row in the table."""


def command_fields(struct: str) -> tuple[str, ...]:
    """Field names of a command struct in order; each is a 32-bit integer."""
    return tuple(name for name, _ in COMMANDS[struct][1])


def struct_text(struct: str) -> str:
    """C++ definition of one command struct."""
    meaning, fields = COMMANDS[struct]
    width = max(len(name) for name, _ in fields)
    lines = [f"    std::int32_t {name};{' ' * (width - len(name))}  // {note}" for name, note in fields]
    return "\n".join((f"// {meaning}", f"struct {struct} {{", *lines, "};"))


def types_header() -> str:
    """Text of gemm_types.hpp."""
    words = []
    for index, (name, note) in enumerate(LAYER_FIELDS):
        if note:
            words.append(f"    {name} = {index},{' ' * max(1, 22 - len(name) - len(str(index)))}// {note}")
    return "\n".join(
        (
            "// Types that every module of the accelerator shares.",
            "#pragma once",
            "",
            "#include <cstdint>",
            "",
            "typedef std::int8_t data_t;  // element of A, of B and of the result",
            "typedef std::int32_t acc_t;  // sum of products, bias",
            "",
            "\n\n".join(struct_text(name) for name in COMMANDS),
            "",
            "// Words of a layer's row in the table that the driver writes and ctrl reads. A group of words",
            "// is indexed by the edges that a tile touches, so that ctrl neither multiplies nor divides.",
            "namespace field {",
            "enum word {",
            *words,
            f"    LAYER_WORDS = {LAYER_WORDS}",
            "};",
            "}  // namespace field",
            "",
        )
    )

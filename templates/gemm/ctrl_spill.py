"""ctrl_spill: ctrl for designs that spill sums, which leave for memory between the tiles along k and come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings

from .common import memory_port, number
from .ctrl import Ctrl, tile_visits, trace
from .types import LAYER_FIELDS, SPILL_FIELDS

if TYPE_CHECKING:
    import numpy as np

STRUCTS: Final = {"accumulate": "resume_cmd", "flush": "unload_cmd", "dma_c": "move_cmd"}
"""Processes that a design commands in another way where it spills sums."""

_ORDER: Final = {
    "a": "Reuse of A: tiles follow with n innermost, then k, then m. Spilled sums lie along n, from SPILL_ADDR on.",
    "b": "Reuse of B: tiles follow with m innermost, then k, then n. Spilled sums lie along m, from SPILL_ADDR on.",
}

AXIS: Final = """using namespace field;

// An axis: tiles left, and how far this one lies in A, B, C and bias.
struct axis {
    int left, a, b, c, bias;
};
// A tile, and where its sums wait in memory when they are spilled.
struct tile {
    axis m, n, k;
    int sums;
};

// Where the words of a tile stand in a group of m and n: behind the first one at the edge of an axis.
inline int edges(const tile& t) {
#pragma HLS INLINE
    return 2 * (t.m.left == 1) + (t.n.left == 1);
}

// A tile further along an axis by the words of its group; true behind the last one, where the axis starts again.
inline bool step(axis& x, const int row[SPILL_LAYER_WORDS], int along) {
#pragma HLS INLINE
    const bool edge = x.left == 1;
    x.left = edge ? row[along] : x.left - 1;
    x.a = edge ? 0 : x.a + row[along + 1];
    x.b = edge ? 0 : x.b + row[along + 2];
    x.c = edge ? 0 : x.c + row[along + 3];
    x.bias = edge ? 0 : x.bias + row[along + 4];
    return edge;
}"""
"""How tiles follow along an axis, and what a tile of a design that spills sums is."""

SPILLING_LAUNCHES: Final = {
    "the fewest tiles that spill": [(2, 2, 2)],
    "several tiles that spill": [(3, 2, 3), (2, 4, 2)],
    "spilling between others": [(1, 1, 2), (2, 3, 4), (2, 2, 1)],
}
"""Counts of tiles of launches with layers that spill: the fewest tiles, several, beside layers that do not."""


def spills(reuse: str, nm: int, nn: int, nk: int) -> bool:
    """Whether sums of a layer leave for memory: the operand that stays leaves k and the other axis cut."""
    return nk > 1 and {"a": nn, "b": nm}.get(reuse, 1) > 1


def spill_trace(reuse: str, rows: list[Mapping[str, int]]) -> dict[str, list[dict[str, int]]]:
    """Every command of a launch, by stream; what concerns tiles of C is written from the schedule by plain loops."""
    out = trace(reuse, rows)
    for name in STRUCTS:
        out[name] = []
    for row in rows:
        nm, nn, nk = row["ALONG_M"], row["ALONG_N"], row["ALONG_K"]
        tiles = list(tile_visits(reuse, nm, nn, nk))
        for tile, after in zip(tiles, [*tiles[1:], None], strict=True):
            _tile_of_c(reuse, row, tile, after, out)
    for name in STRUCTS:
        for index, command in enumerate(out[name]):
            command["last"] = int(index == len(out[name]) - 1)
    return out


def _tile_of_c(
    reuse: str, row: Mapping[str, int], tile: tuple[int, int, int], after: tuple[int, int, int] | None,
    out: dict[str, list[dict[str, int]]],
) -> None:
    counts = row["ALONG_M"], row["ALONG_N"], row["ALONG_K"]
    m, n, k = tile
    spilled = row["SPILLS"] != 0
    final = k == counts[2] - 1

    def word(name: str, axis: int) -> int:
        return row[f"{name}_1" if tile[axis] == counts[axis] - 1 else name]

    def group(name: str, at: tuple[int, int, int]) -> int:
        index = 2 * (at[0] == counts[0] - 1) + (at[1] == counts[1] - 1)
        return row[f"{name}_{index}" if index else name]

    def sums(at: tuple[int, int, int], load: int) -> dict[str, int]:
        place = at[1] if reuse == "a" else at[0]
        return {
            "load": load, "raw": 1, "tokens": group("SPILL_TOKENS", at), "words": group("SPILL_WORDS", at),
            "addr": row["SPILL_ADDR"] + place * row["SPILL_TILE"],
        }  # fmt: skip

    blocks = {"mb": word("MB", 0), "nb": word("NB", 1), "row_depth": row["C_DEPTH"]}
    out["accumulate"].append(
        {
            **blocks,
            "first": int(spilled or k == 0),
            "resume": int(spilled and k > 0),
            "final": int(spilled or final),
        }
    )
    if not (spilled or final):
        return
    out["flush"].append(
        {"rows": word("A_ROWS", 0), "row_words": word("C_WORDS", 1), **blocks, "raw": int(not final)}
    )
    # The sums that the next visit resumes are loaded before those of this one are stored.
    if spilled and after is not None and after[2] > 0:
        out["dma_c"].append(sums(after, 1))
    if not final:
        out["dma_c"].append(sums(tile, 0))
        return
    address = row["C_ADDR"] + m * row["ALONG_M_3"] + n * row["ALONG_N_3"]
    out["dma_c"].append(
        {"load": 0, "raw": 0, "tokens": group("C_TOKENS", tile), "words": group("C_STORES", tile), "addr": address}
    )


class CtrlSpill(Ctrl):
    """Ctrl of reuse of A or of B with k and the other axis cut: every visit is a residency of its own."""

    name = "ctrl_spill"
    function = "ctrl_spill"
    summary = "reads the layer table and commands every process, spills sums between tiles along k"
    fields = (*LAYER_FIELDS, *SPILL_FIELDS)
    reuses = ("a", "b")

    def streams(self, settings: Settings) -> tuple[tuple[str, str], ...]:
        """The streams of ctrl; those of C carry other commands."""
        return tuple((name, STRUCTS.get(name, struct)) for name, struct in super().streams(settings))

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Lines of the instruction; reuse, each arbiter and the arrays reword one line of their own."""
        count = number(settings, "arrays")
        return (
            "There is a single array: array is one stream of array_cmd."
            if count == 1
            else f"Arrays, each with a stream of array_cmd in array: {count}.",
            "Function ctrl_spill takes table (pointer to constant std::int32_t), int layers and streams of commands: "
            "dma_a, dma_b (load_cmd), fill_a, fill_b (fill_cmd), drain_a, drain_b (drain_cmd), the arbiters, inter_a, "
            "inter_b (inter_cmd), array, collector (collect_cmd), accumulate (resume_cmd), flush (unload_cmd), post "
            "(post_cmd), dma_c (move_cmd).",
            *(
                f"Buffer {x.upper()} has arbiter_{x} (arbiter_cmd), commanded every visit."
                if settings[f"arbiter_{x}"] == "yes"
                else f"Buffer {x.upper()} has no arbiter."
                for x in "ab"
            ),
            "For each layer copy its SPILL_LAYER_WORDS words from table into a LUTRAM first, one a cycle.",
            "Field last is set in the final command of a stream, in the last layer only.",
            _ORDER[str(settings["reuse"])],
            "Loop visit makes VISITS visits, with a round in front that only asks for tiles; it is not pipelined.",
            "Tiles of A are asked for one refresh ahead (dma_a with A_WORDS, fill_a, drain_a): the first in the round "
            "in front, the next before a visit takes a new one. One that serves several visits (A_REPLAYS) covers all "
            "of n and counts as the last tile along it.",
            "Tiles of B are asked for in the same way (dma_b with B_WORDS, fill_b, drain_b); one with B_REPLAYS covers "
            "all of m.",
            "Every visit commands inter_a and inter_b (STEPS), array (BLOCKS), collector (SLICES) and accumulate.",
            "Where SPILLS is set each visit has a tile of C to itself: first and final are set, resume behind the "
            "first tile along k. Else first is set at the first tile along k, final at the last.",
            "A final visit commands flush, raw unless its tile is the last along k. Then dma_c loads what the next "
            "visit resumes, and only then stores raw sums.",
            "A visit of the last tile along k finishes a tile of C: post and dma_c (C_TOKENS, C_STORES) follow.",
        )

    def prologue(self, settings: Settings) -> str:
        """The names of the words of the table, and how tiles follow along an axis."""
        return AXIS

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """As ctrl, with a longer row of the table."""
        _, *others = super().ports(settings)
        return (memory_port("table", "in", "std::int32_t", None, tokens="SPILL_LAYER_WORDS words a layer"), *others)

    def launches(self, reuse: str) -> dict[str, list[tuple[int, int, int]]]:
        """Those of ctrl, and layers that spill: the fewest tiles, several, beside layers that do not."""
        return {**super().launches(reuse), **SPILLING_LAUNCHES}

    def random_row(self, reuse: str, nm: int, nn: int, nk: int, rng: np.random.Generator) -> dict[str, int]:
        """A row that says whether the layer spills."""
        return {**super().random_row(reuse, nm, nn, nk, rng), "SPILLS": int(spills(reuse, nm, nn, nk))}

    def trace(self, reuse: str, rows: list[Mapping[str, int]]) -> dict[str, list[dict[str, int]]]:
        """Every command that a launch of these layers needs."""
        return spill_trace(reuse, rows)


SPEC = CtrlSpill()

"""ctrl_mapped: ctrl for designs whose arrays each layer maps to m or to n."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings

from .common import memory_port, number, settings_product
from .ctrl import Ctrl, tile_visits, trace
from .types import LAYER_FIELDS, MAP_FIELDS

if TYPE_CHECKING:
    import numpy as np

_ORDER: Final = {
    "a": "Reuse of A: tiles follow with n innermost, then k, then m.",
    "b": "Reuse of B: tiles follow with m innermost, then k, then n.",
    "output": "Reuse of output: tiles follow with k innermost, then n, then m.",
}

_AXIS: Final = """using namespace field;

// An axis: tiles left, and how far this one lies in A, B, C and bias.
struct axis {
    int left, a, b, c, bias;
};
struct tile {
    axis m, n, k;
};

// A tile further along an axis by the words of its group; true behind the last one, where the axis starts again.
inline bool step(axis& x, const int row[MAP_LAYER_WORDS], int along) {
#pragma HLS INLINE
    const bool edge = x.left == 1;
    x.left = edge ? row[along] : x.left - 1;
    x.a = edge ? 0 : x.a + row[along + 1];
    x.b = edge ? 0 : x.b + row[along + 2];
    x.c = edge ? 0 : x.c + row[along + 3];
    x.bias = edge ? 0 : x.bias + row[along + 4];
    return edge;
}"""


def map_trace(reuse: str, rows: list[Mapping[str, int]]) -> dict[str, list[dict[str, int]]]:
    """Every command of a launch, by stream; what depends on the mapping is written from the schedule by plain loops."""
    out = trace(reuse, rows)
    loads = {x: iter(zip(out[f"fill_{x}"], out[f"drain_{x}"], strict=True)) for x in "ab"}
    visits = iter(zip(out["inter_a"], out["inter_b"], out["arbiter_b"], strict=True))
    stored = iter(out["post"])
    for row in rows:
        nm, nn, nk = row["ALONG_M"], row["ALONG_N"], row["ALONG_K"]
        tiles = list(tile_visits(reuse, nm, nn, nk))

        def word(name: str, index: int) -> int:
            return row[f"{name}_{index}" if index else name]  # noqa: B023

        for operand in "ab":
            own = slice(0, 3, 2) if operand == "a" else slice(1, 3)
            for before, tile in zip([None, *tiles], tiles, strict=False):
                if before is not None and before[own] == tile[own]:
                    continue
                fill, drain = next(loads[operand])
                last_k = int(tile[2] == nk - 1)
                drain["kb"] = word(f"{operand.upper()}_KB", last_k)
                if operand == "b":
                    fill["row_words"] = word("B_K_WORDS", last_k)
        for m, n, k in tiles:
            inter_a, inter_b, arbiter_b = next(visits)
            last_m, last_n, last_k = (int(at == count - 1) for at, count in ((m, nm), (n, nn), (k, nk)))
            steps = {"blocks": word("BLOCKS", 2 * last_m + last_n), "kb": word("KB", last_k)}
            arbiter_b["tokens"] = word("B_STEPS", 4 * last_m + 2 * last_n + last_k)
            for command, serial in ((inter_a, row["TO_N"] != 0), (inter_b, row["TO_N"] == 0)):
                del command["tokens"]
                command |= {**steps, "serial": int(serial)}
            if last_k:
                next(stored).update(rows=word("POST_ROWS", last_m), row_words=word("POST_WORDS", last_n))
    return out


class CtrlMapped(Ctrl):
    """Ctrl of arrays that lie along m or along n in each layer."""

    name = "ctrl_mapped"
    function = "ctrl_mapped"
    summary = "reads the layer table and commands every process, maps the arrays to m or to n in each layer"
    fields = (*LAYER_FIELDS, *MAP_FIELDS)

    def streams(self, settings: Settings) -> tuple[tuple[str, str], ...]:
        """The streams of ctrl; those of the interconnects carry other commands."""
        return tuple(
            (name, "share_cmd" if name in ("inter_a", "inter_b") else struct)
            for name, struct in super().streams(settings)
        )

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Lines of the instruction; reuse and each arbiter reword one line of their own."""
        return (
            f"Arrays, each with a stream of array_cmd in array: {number(settings, 'arrays')}.",
            "Function ctrl_mapped takes table (pointer to constant std::int32_t), int layers and streams of commands: "
            "dma_a, dma_b (load_cmd), fill_a, fill_b (fill_cmd), drain_a, drain_b (drain_cmd), the arbiters, inter_a, "
            "inter_b (share_cmd), array, collector (collect_cmd), accumulate (accum_cmd), flush (flush_cmd), post "
            "(post_cmd), dma_c (store_cmd).",
            *(
                f"Buffer {x.upper()} has arbiter_{x} (arbiter_cmd), commanded every visit ({steps})."
                if settings[f"arbiter_{x}"] == "yes"
                else f"Buffer {x.upper()} has no arbiter."
                for x, steps in (("a", "STEPS"), ("b", "B_STEPS"))
            ),
            "For each layer copy its MAP_LAYER_WORDS words from table into a LUTRAM first, one a cycle.",
            "Field last is set in the final command of a stream, in the last layer only.",
            _ORDER[str(settings["reuse"])],
            "Loop visit makes VISITS visits, with a round in front that only asks for tiles; it is not pipelined.",
            "Tiles of A are asked for one refresh ahead (dma_a with A_WORDS, fill_a with K_WORDS, drain_a with A_KB): "
            "the first in the round in front, the next before a visit takes a new one. One that serves several visits "
            "(A_REPLAYS) covers all of n and counts as the last tile along it.",
            "Tiles of B are asked for in the same way (dma_b with B_WORDS, fill_b with B_K_WORDS, drain_b with B_KB); "
            "one with B_REPLAYS covers all of m.",
            "Every visit commands inter_a and inter_b (BLOCKS, KB): inter_a is serial where TO_N is set, inter_b where "
            "it is not. Then follow array (BLOCKS, KB), collector (SLICES) and accumulate: first at the first tile "
            "along k, final at the last.",
            "A visit of the last tile along k finishes a tile of C: flush, post (POST_ROWS, POST_WORDS) and dma_c "
            "(C_TOKENS, C_STORES) follow.",
        )

    def prologue(self, settings: Settings) -> str:
        """The names of the words of the table, and how tiles follow along an axis."""
        return _AXIS

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """As ctrl, with a longer row of the table."""
        _, *others = super().ports(settings)
        return (memory_port("table", "in", "std::int32_t", None, tokens="MAP_LAYER_WORDS words a layer"), *others)

    def legal_settings(self) -> Iterator[Settings]:
        """36: three reuse patterns, 2 to 8 arrays, an arbiter or none on each operand."""
        return settings_product(
            {"reuse": self.reuses, "arrays": (2, 4, 8), "arbiter_a": ("yes", "no"), "arbiter_b": ("yes", "no")}
        )

    def random_row(self, reuse: str, nm: int, nn: int, nk: int, rng: np.random.Generator) -> dict[str, int]:
        """A row of a layer that maps the arrays to m or to n."""
        return {**super().random_row(reuse, nm, nn, nk, rng), "TO_N": int(rng.integers(2))}

    def trace(self, reuse: str, rows: list[Mapping[str, int]]) -> dict[str, list[dict[str, int]]]:
        """Every command that a launch of these layers needs."""
        return map_trace(reuse, rows)


SPEC = CtrlMapped()

"""ctrl_mapped_spill: ctrl for designs whose arrays each layer maps to m or to n, and that spill sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings

from .common import memory_port, number, settings_product
from .ctrl_mapped import CtrlMapped, map_trace
from .ctrl_spill import AXIS, SPILLING_LAUNCHES, STRUCTS, spill_trace, spills
from .types import LAYER_FIELDS, MAP_FIELDS, MAP_SPILL_FIELDS, SPILL_FIELDS

if TYPE_CHECKING:
    import numpy as np

_ORDER: Final = {
    "a": "Reuse of A: tiles follow with n innermost, then k, then m. Spilled sums lie along n, from MAP_SPILL_ADDR on.",
    "b": "Reuse of B: tiles follow with m innermost, then k, then n. Spilled sums lie along m, from MAP_SPILL_ADDR on.",
}


class CtrlMappedSpill(CtrlMapped):
    """Ctrl of arrays that lie along m or along n in each layer, of reuse of A or of B with k and the other axis cut."""

    name = "ctrl_mapped_spill"
    function = "ctrl_mapped_spill"
    summary = "reads the layer table and commands every process, maps the arrays in each layer, spills sums"
    fields = (*LAYER_FIELDS, *MAP_FIELDS, *MAP_SPILL_FIELDS)
    reuses = ("a", "b")

    def streams(self, settings: Settings) -> tuple[tuple[str, str], ...]:
        """The streams of ctrl_mapped; those of C carry other commands."""
        return tuple((name, STRUCTS.get(name, struct)) for name, struct in super().streams(settings))

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Lines of the instruction; reuse and each arbiter reword one line of their own."""
        return (
            f"Arrays, each with a stream of array_cmd in array: {number(settings, 'arrays')}.",
            "Function ctrl_mapped_spill takes table (pointer to constant std::int32_t), int layers and streams of "
            "commands: dma_a, dma_b (load_cmd), fill_a, fill_b (fill_cmd), drain_a, drain_b (drain_cmd), the arbiters, "
            "inter_a, inter_b (share_cmd), array, collector (collect_cmd), accumulate (resume_cmd), flush "
            "(unload_cmd), post (post_cmd), dma_c (move_cmd).",
            *(
                f"Buffer {x.upper()} has arbiter_{x} (arbiter_cmd), commanded every visit ({steps})."
                if settings[f"arbiter_{x}"] == "yes"
                else f"Buffer {x.upper()} has no arbiter."
                for x, steps in (("a", "STEPS"), ("b", "B_STEPS"))
            ),
            "For each layer copy its MAP_SPILL_LAYER_WORDS words from table into a LUTRAM first, one a cycle.",
            "Field last is set in the final command of a stream, in the last layer only.",
            _ORDER[str(settings["reuse"])],
            "Loop visit makes VISITS visits, with a round in front that only asks for tiles; it is not pipelined.",
            "Tiles of A are asked for one refresh ahead (dma_a with A_WORDS, fill_a with K_WORDS, drain_a with A_KB): "
            "the first in the round in front, the next before a visit takes a new one. One that serves several visits "
            "(A_REPLAYS) covers all of n and counts as the last tile along it.",
            "Tiles of B are asked for in the same way (dma_b with B_WORDS, fill_b with B_K_WORDS, drain_b with B_KB); "
            "one with B_REPLAYS covers all of m.",
            "Every visit commands inter_a and inter_b (BLOCKS, KB): inter_a is serial where TO_N is set, inter_b where "
            "it is not. Then follow array (BLOCKS, KB), collector (SLICES) and accumulate.",
            "Where MAP_SPILLS is set each visit has a tile of C to itself: first and final are set, resume behind the "
            "first tile along k. Else first is set at the first tile along k, final at the last.",
            "A final visit commands flush, raw unless its tile is the last along k. Then dma_c loads what the next "
            "visit resumes (MAP_SPILL_TOKENS, MAP_SPILL_WORDS), and only then stores raw sums.",
            "A visit of the last tile along k finishes a tile of C: post (POST_ROWS, POST_WORDS) and dma_c (C_TOKENS, "
            "C_STORES) follow.",
        )

    def prologue(self, settings: Settings) -> str:
        """The names of the words of the table, and how tiles follow along an axis."""
        return AXIS.replace("SPILL_LAYER_WORDS", "MAP_SPILL_LAYER_WORDS")

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """As ctrl, with the longest row of the table."""
        _, *others = super().ports(settings)
        table = memory_port("table", "in", "std::int32_t", None, tokens="MAP_SPILL_LAYER_WORDS words a layer")
        return (table, *others)

    def legal_settings(self) -> Iterator[Settings]:
        """24: two reuse patterns, 2 to 8 arrays, an arbiter or none on each operand."""
        return settings_product(
            {"reuse": self.reuses, "arrays": (2, 4, 8), "arbiter_a": ("yes", "no"), "arbiter_b": ("yes", "no")}
        )

    def launches(self, reuse: str) -> dict[str, list[tuple[int, int, int]]]:
        """Those of ctrl, and layers that spill."""
        return {**super().launches(reuse), **SPILLING_LAUNCHES}

    def random_row(self, reuse: str, nm: int, nn: int, nk: int, rng: np.random.Generator) -> dict[str, int]:
        """A row of a layer that maps the arrays to m or to n and says whether it spills."""
        return {**super().random_row(reuse, nm, nn, nk, rng), "MAP_SPILLS": int(spills(reuse, nm, nn, nk))}

    def trace(self, reuse: str, rows: list[Mapping[str, int]]) -> dict[str, list[dict[str, int]]]:
        """Every command that a launch of these layers needs."""
        spilling = spill_trace(reuse, [{**row, **{name: row[f"MAP_{name}"] for name in SPILL_FIELDS}} for row in rows])
        return map_trace(reuse, rows) | {name: spilling[name] for name in STRUCTS}


SPEC = CtrlMappedSpill()

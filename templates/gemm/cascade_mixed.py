"""cascade_mixed: collector_mixed that adds sums from array to array along k in place of a tree (arrays_link = forward).

It stands where arrays lie along several axes, k among them. Streams and commands are those of collector_mixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule

from .collector_mixed import CollectorMixed
from .common import declaration, number
from .mixed import grid_lines, grid_of

if TYPE_CHECKING:
    import numpy as np


class CascadeMixed(CollectorMixed):
    """The way of the sums along the arrays of a grid to the accumulator, a slice a cycle."""

    name = "cascade_mixed"
    function = "cascade_mixed"
    summary = "Adds the sums of arrays from array to array along k and joins them."
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Block of one array, slices, arrays along each axis, the chains, and how their sums are joined."""
        return (
            f"Rows of a block of sums of one array: {number(settings, 'rows')}.",
            f"Columns of a block of sums of one array: {number(settings, 'columns')}.",
            f"Slices of whole rows in which a block arrives, one token each: {number(settings, 'slices')}.",
            *grid_lines(settings),
            "Rows were dealt to the arrays along m in turn, columns to those along n: the token takes the first row of "
            "each array along m, then the second row of each, and in a row the first column of each array along n, "
            "then the second (loops rows, along_m, columns and along_n, all fully unrolled).",
            "Arrays along k hold parts of the same sum, which go from array to array: the completely partitioned array "
            "chain holds a token at each array; in every iteration each array takes its next token of the command and "
            "adds it to what the one before it along k left an iteration ago (loop pass over the arrays, the last one "
            "first, and loop add over the sums, both unrolled); the sums of the last arrays along k are joined.",
            "The process is cascade_mixed with the ports cmd (collect_cmd), in, an array of streams with one stream "
            "for each array: m slowest, k fastest, and out; a token holds the sums of whole rows, one row after the "
            "other (acc_t).",
            "The process reads commands until one has last set; a command asks for a number of tokens.",
            "All tokens of a command are iterations of a single loop, named tokens, pipelined with an initiation "
            "interval of one, which ends when the last token has left.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one slice from every array in and one joined slice out per iteration."""
        return super().ports(settings)

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return declaration(self.function, self.ports(settings))

    def legal_settings(self) -> Iterator[Settings]:
        """Those of collector_mixed with several arrays along k."""
        for settings in super().legal_settings():
            if settings["along_k"] != 1:
                yield settings

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, of fewer and of more tokens than arrays along k."""
        return (
            self._case("one token", settings, [1], rng),
            self._case("several visits", settings, [2, 1, number(settings, "along_k") + 1, 3], rng),
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; all arrays work in the same cycle, an adder for each sum."""
        rows, columns, slices = (number(settings, key) for key in ("rows", "columns", "slices"))
        along_m, along_n, along_k = grid_of(settings)
        arrays = along_m * along_n * along_k
        trips = {
            "pass": arrays, "add": rows // slices * columns, "rows": rows // slices, "along_m": along_m,
            "columns": columns, "along_n": along_n,
        }  # fmt: skip
        return Conformance(
            loops=(
                LoopRule(label="tokens", pipeline_ii=1),
                *(LoopRule(label=label, trip=trip, unroll=True) for label, trip in trips.items()),
            ),
            partitions=(PartitionRule(variable="chain", dim=1),),
            arrays=(ArrayRule(variable="chain", extents=(arrays,)),),
        )


SPEC = CascadeMixed()

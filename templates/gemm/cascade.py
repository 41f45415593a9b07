"""cascade: a collector that adds the sums of arrays along k from array to array (arrays_link = forward).

It stands where arrays hold parts of the same sums: array g adds its slice, g cycles after the first one, to what the
array before it has passed on, so that no adder tree spans all arrays. Streams and commands are those of collector.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule

from .collector import Collector
from .common import declaration, number

if TYPE_CHECKING:
    import numpy as np


def added(settings: Settings) -> Settings:
    """The collector with the same ports and results."""
    return {"mode": "sum", **settings}


class Cascade(Collector):
    """The way of the sums along the arrays to the accumulator, a slice a cycle."""

    name = "cascade"
    function = "cascade"
    summary = "Adds the sums of all arrays from array to array."
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Block of one array, slices, number of arrays, and the chain."""
        return (
            f"Rows of a block of sums of one array: {number(settings, 'rows')}.",
            f"Columns of a block of sums of one array: {number(settings, 'columns')}.",
            f"Slices of whole rows in which a block arrives, one token each: {number(settings, 'slices')}.",
            f"Arrays in the chain: {number(settings, 'arrays')}.",
            "The process is cascade with the ports cmd (collect_cmd), in, an array of streams with one stream for each "
            "array, and out; a token holds the sums of whole rows, one row after the other (acc_t).",
            "The process reads commands until one has last set; a command asks for a number of tokens.",
            "Sums go from array to array: the completely partitioned array chain holds a token at each array; in every "
            "iteration each array takes its next token of the command and adds it to what the one before it left an "
            "iteration ago (loop pass over the arrays, the last one first, and loop add over the sums, both unrolled); "
            "the last array's sums leave.",
            "All tokens of a command are iterations of a single loop, named tokens, pipelined with an initiation "
            "interval of one, which ends when the last token has left.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one slice from every array in and one slice of their sums out per iteration."""
        return super().ports(added(settings))

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return declaration(self.function, self.ports(settings))

    def legal_settings(self) -> Iterator[Settings]:
        """Every block that arrays along k may have."""
        for settings in super().legal_settings():
            if settings["mode"] == "sum":
                yield {name: value for name, value in settings.items() if name != "mode"}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, of fewer and of more tokens than arrays."""
        joined = added(settings)
        return (
            self._case("one token", joined, [1], rng),
            self._case("several visits", joined, [2, 1, number(settings, "arrays") + 1, 3], rng),
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; all arrays work in the same cycle, an adder for each sum."""
        rows, columns, arrays, slices = (number(settings, key) for key in ("rows", "columns", "arrays", "slices"))
        return Conformance(
            loops=(
                LoopRule(label="tokens", pipeline_ii=1), LoopRule(label="pass", trip=arrays, unroll=True),
                LoopRule(label="add", trip=rows // slices * columns, unroll=True),
            ),
            partitions=(PartitionRule(variable="chain", dim=1),),
            arrays=(ArrayRule(variable="chain", extents=(arrays,)),),
        )


SPEC = Cascade()

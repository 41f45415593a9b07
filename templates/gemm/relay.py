"""relay: an interconnect that hands each token from array to array in place of fan-out (arrays_link = forward).

It stands where an operand goes to all arrays: a token reaches array g in the g-th cycle after the first one, by a
register at each array. Streams and commands are those of interconnect.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule

from .common import declaration, in_every_format, most_lanes, number, powers_of_two
from .interconnect import ARRAYS, Interconnect
from .numbers import Numbers

if TYPE_CHECKING:
    import numpy as np


def broadcast(settings: Settings) -> Settings:
    """The interconnect with the same ports and results."""
    return {"mode": "broadcast", **settings}


class Relay(Interconnect):
    """One operand's way from its buffer along all arrays, a token a cycle."""

    name = "relay"
    function = "relay"
    summary = "Hands the tokens of one operand from array to array."
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of a token, number of arrays, and the chain."""
        return (
            f"Rows of a token that comes in: {number(settings, 'rows')}.",
            f"Words along k in each of its rows: {number(settings, 'k')}.",
            f"Arrays in the chain: {number(settings, 'arrays')}.",
            "The process is relay with the ports cmd (inter_cmd), in, and out, an array of streams with one stream for "
            "each array; tokens hold rows one after the other (data_t), and what is called a row is a column when the "
            "operand is B.",
            "The process reads commands until one has last set; a command asks for a number of tokens.",
            "Tokens go from array to array: the completely partitioned array chain holds a token at each array; in "
            "every iteration each array takes the next token of the command from the one before it, the first array "
            "from in, and gives it out (loop pass, unrolled, the last array first).",
            "All tokens of a command are iterations of a single loop, named tokens, pipelined with an initiation "
            "interval of one, which ends when the last token is at the last array.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one wide token in and one for each array out per iteration."""
        return super().ports(broadcast(settings))

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return declaration(self.function, self.ports(settings))

    def legal_settings(self) -> Iterator[Settings]:
        """Every token up to 4096 bits, for 2, 4 and 8 arrays."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for arrays in ARRAYS:
            for rows in powers_of_two(1, most):
                for k in powers_of_two(1, most // rows):
                    yield {"arrays": arrays, "rows": rows, "k": k}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, of fewer and of more tokens than arrays."""
        wide = broadcast(settings)
        return (
            self._case("one token", wide, [1], rng),
            self._case("several visits", wide, [3, 1, number(settings, "arrays") + 1, 2], rng),
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; all arrays work in the same cycle."""
        arrays = number(settings, "arrays")
        return Conformance(
            loops=(LoopRule(label="tokens", pipeline_ii=1), LoopRule(label="pass", trip=arrays, unroll=True)),
            partitions=(PartitionRule(variable="chain", dim=1),),
            arrays=(ArrayRule(variable="chain", extents=(arrays,)),),
        )


SPEC = Relay()

"""relay_mixed: interconnect_mixed that hands shares from array to array in place of fan-out (arrays_link = forward).

It stands where arrays lie along several axes, for an operand that those along the other operand's axis share: a share
reaches array x of such a row in the x-th cycle after the first one. Streams and commands are those of
interconnect_mixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, EquivalentMutant, LoopRule, PartitionRule

from .common import declaration, number
from .interconnect_mixed import InterconnectMixed
from .mixed import grid_lines, grid_of

if TYPE_CHECKING:
    import numpy as np

_OPERAND: Final = {
    "a": "The operand is A: its rows are dealt to the arrays along m in turn, as cards are, so that neighbouring rows "
    "go to different arrays; arrays that differ along n alone take the same share, one after the other.",
    "b": "The operand is B: its columns, here called rows, are dealt to the arrays along n in turn, as cards are, so "
    "that neighbouring ones go to different arrays; arrays that differ along m alone take the same share, one after "
    "the other.",
}

EQUIVALENT: Final = (
    EquivalentMutant(
        was="x / PART * DEALT + first_row",
        now="x / PART * DEALT - first_row",
        reason="Where the operand's own axis has a single array, every array begins with row 0.",
    ),
)


def hearers(settings: Settings) -> int:
    """Arrays that take the same share, a cycle one after the other."""
    along_m, along_n, _ = grid_of(settings)
    return along_n if settings["operand"] == "a" else along_m


class RelayMixed(InterconnectMixed):
    """One operand's way from its buffer along the rows of a grid of arrays, a token a cycle."""

    name = "relay_mixed"
    function = "relay_mixed"
    summary = "Hands the tokens of one operand from array to array where these lie along several axes."
    inlined = False
    equivalent_mutants: tuple[EquivalentMutant, ...] = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of a token, arrays along each axis, and the operand's own way along them."""
        return (
            f"Rows of a token that comes in: {number(settings, 'rows')}.",
            f"Words along k in each of its rows: {number(settings, 'k')}.",
            *grid_lines(settings),
            _OPERAND[str(settings["operand"])],
            "Every row that an array takes is cut along k into neighbouring parts of equal length, one for each array "
            "along k.",
            "The process is relay_mixed with the ports cmd (inter_cmd), in, and out, an array of streams with one "
            "stream for each array: m slowest, k fastest; tokens hold rows one after the other (data_t).",
            "The process reads commands until one has last set; a command asks for a number of tokens.",
            "Shares go from array to array: the completely partitioned array chain holds one at each array; in every "
            "iteration each array takes the next share of the command from the one before it, the first ones out of "
            "the token that comes in, and gives it out (loop pass, the last array first, and loop share over the "
            "words, both unrolled).",
            "All tokens of a command are iterations of a single loop, named tokens, pipelined with an initiation "
            "interval of one, which ends when the last token is at the last arrays.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one wide token in and one share per array out per iteration."""
        return super().ports(settings)

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return declaration(self.function, self.ports(settings))

    def legal_settings(self) -> Iterator[Settings]:
        """Those of interconnect_mixed in which several arrays take the same share."""
        for settings in super().legal_settings():
            if hearers(settings) > 1:
                yield settings

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, of fewer and of more tokens than arrays that share."""
        return (
            self._case("one token", settings, [1], rng),
            self._case("several visits", settings, [3, 1, hearers(settings) + 1, 2], rng),
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; all arrays work in the same cycle."""
        along_m, along_n, along_k = grid_of(settings)
        arrays = along_m * along_n * along_k
        share = number(settings, "rows") * number(settings, "k") * hearers(settings) // arrays
        return Conformance(
            loops=(
                LoopRule(label="tokens", pipeline_ii=1),
                LoopRule(label="pass", trip=arrays, unroll=True),
                LoopRule(label="share", trip=share, unroll=True),
            ),
            partitions=(PartitionRule(variable="chain", dim=1),),
            arrays=(ArrayRule(variable="chain", extents=(arrays,)),),
        )


SPEC = RelayMixed()

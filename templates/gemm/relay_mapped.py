"""relay_mapped: hands tokens from array to array where each layer maps the arrays along m to m or to n.

It stands in place of interconnect_mapped and interconnect_mapped_mixed (arrays_link = forward). What arrays share goes
from neighbour to neighbour: A along n always, either operand along m where it is the one that all arrays along m share.
Streams and commands are those of interconnect_mapped_mixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, EquivalentMutant, LoopRule, PartitionRule, PragmaRule

from .common import declaration, number
from .interconnect_mapped_mixed import DEAL, InterconnectMappedMixed, taken
from .mixed import grid_lines, grid_of, grids

if TYPE_CHECKING:
    import numpy as np

_OPERAND: Final = {
    "a": "The operand is A: arrays along n take the same rows of a share, one after the other: each takes them from "
    "the one before it along n.",
    "b": "The operand is B, whose columns are called rows here: those of a share are dealt to the arrays along n in "
    "turn, so that neighbouring ones go to different arrays.",
}

EQUIVALENT: Final = (
    EquivalentMutant(
        was="x / PART * DEALT + first_row", now="x / PART * DEALT - first_row",
        reason="Where the operand is A, or along n stands a single array, every array begins with row 0.",
    ),
    EquivalentMutant(
        was="* WORDS + first_word", now="* WORDS - first_word",
        reason="Where along k stands a single array, every array begins with word 0.",
    ),
    EquivalentMutant(
        was="t < end + behind", now="t <= end + behind",
        reason="One more iteration at the end of a command, in which nothing enters and nothing leaves.",
    ),
)


def near(settings: Settings) -> int:
    """Steps by which the last array is behind the first one where each array along m takes its own share."""
    return number(settings, "along_n") - 1 if settings["operand"] == "a" else 0


def far(settings: Settings) -> int:
    """The same where all arrays along m take the same share, one after the other."""
    return near(settings) + number(settings, "along_m") - 1


class RelayMapped(InterconnectMappedMixed):
    """One operand's way from its buffer from array to array, of which those along m may lie along n, a step a cycle."""

    name = "relay_mapped"
    function = "relay_mapped"
    summary = "Hands the tokens of one operand from array to array, of which each layer maps an axis to m or to n."
    inlined = False
    equivalent_mutants: tuple[EquivalentMutant, ...] = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of a token, arrays along each axis, the operand, and the two ways of its shares along them."""
        return (
            f"Rows of a token that comes in: {number(settings, 'rows')}.",
            f"Words along k in each of its rows: {number(settings, 'k')}.",
            *grid_lines(settings),
            DEAL,
            _OPERAND[str(settings["operand"])],
            "Every row that an array takes is cut along k into neighbouring parts of equal length, one for each array "
            "along k.",
            "The process is relay_mapped with the ports cmd (share_cmd), in, and out, an array of streams with one "
            "stream for each array: m slowest, k fastest; tokens hold rows one after the other (data_t).",
            "The process reads commands until one has last set; a command asks for blocks of kb steps each.",
            "Where serial is zero every step takes a token, and the first array of each place along m takes the share "
            "of that place. Where it is not, a token serves as many steps as it has shares, the first share first, and "
            "every block begins with a new token: only the first array takes the share, those behind it along m take "
            "it from the one before them.",
            "The completely partitioned array chain holds what each array takes; in every iteration each array takes "
            "the next step from its neighbour or from a share, and gives it out (loop pass over the arrays, the last "
            "one first, and loop take over the words that come from a share, both unrolled).",
            "All steps of a command are iterations of a single loop, named steps, pipelined with an initiation "
            "interval of one, which ends when the last step is at the last array; the product that counts the steps is "
            "bound to LUTs.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one wide token in and one part of a share for each array out per iteration."""
        return super().ports(settings)

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return declaration(self.function, self.ports(settings))

    def legal_settings(self) -> Iterator[Settings]:
        """Every token up to 4096 bits for every grid of arrays along m, alone or with others."""
        return super().legal_settings()

    def _grids(self) -> Iterator[tuple[int, int, int]]:
        yield from ((along_m, 1, 1) for along_m in (2, 4, 8))
        yield from (grid for grid in grids() if grid[0] > 1)

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Those of interconnect_mapped_mixed."""
        return super().cases(settings, rng)

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; all arrays work in the same cycle."""
        along_m, along_n, along_k = grid_of(settings)
        arrays = along_m * along_n * along_k
        return Conformance(
            loops=(
                LoopRule(label="steps", pipeline_ii=1),
                LoopRule(label="deal", trip=number(settings, "rows") * number(settings, "k"), unroll=True),
                LoopRule(label="pass", trip=arrays, unroll=True),
                LoopRule(label="take", trip=taken(settings), unroll=True),
            ),
            partitions=(PartitionRule(variable="shares", dim=1), PartitionRule(variable="chain", dim=1)),
            pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
            arrays=(
                ArrayRule(variable="shares", extents=(along_m,)), ArrayRule(variable="chain", extents=(arrays,)),
            ),
        )


SPEC = RelayMapped()

"""interconnect_mapped_mixed: interconnect_mapped for arrays that lie along n or k too.

The arrays along m are those that each layer maps to m or to n; along n and k the others stay where their split puts
them. Rows of a token are dealt to shares, one for each array along m. What arrays along n take of a share, and the cut
along k, are those of interconnect_mixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, EquivalentMutant, LoopRule, PartitionRule, PragmaRule

from .common import (
    command_port,
    commands,
    declaration,
    in_every_format,
    most_lanes,
    number,
    powers_of_two,
    random_data,
    stream_port,
)
from .interconnect_mapped import Visit
from .mixed import grid_lines, grid_of, grids
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

_OPERAND: Final = {
    "a": "The operand is A: arrays along n take the same rows of a share.",
    "b": "The operand is B, whose columns are called rows here: those of a share are dealt to the arrays along n in "
    "turn, so that neighbouring ones go to different arrays.",
}

DEAL: Final = (
    "The rows of a token are dealt in turn, as cards are, to shares, one for each array along m: neighbouring rows go "
    "to different shares, and each share keeps the order of its rows (loop deal over the words of a token, fully "
    "unrolled); the completely partitioned array shares holds them."
)
SERIAL: Final = (
    "Where serial is zero every step takes a token, and each array gets what is its own of the share of its place "
    "along m. Where it is not, a token serves as many steps as it has shares, in each of which all arrays get what is "
    "theirs of the same one, the first share first; every block begins with a new token."
)


EQUIVALENT: Final = (
    EquivalentMutant(
        was="x / PART * DEALT + first_row", now="x / PART * DEALT - first_row",
        reason="Where the operand is A, or along n stands a single array, every array begins with row 0.",
    ),
    EquivalentMutant(
        was="* WORDS + first_word", now="* WORDS - first_word",
        reason="Where along k stands a single array, every array begins with word 0.",
    ),
)


class InterconnectMappedMixed:
    """One operand's way from its buffer to a grid of arrays, of which those along m may lie along n, a step a cycle."""

    name = "interconnect_mapped_mixed"
    function = "interconnect_mapped_mixed"
    summary = "Hands the tokens of one operand to arrays along several axes, of which each layer maps one to m or to n."
    inlined = False
    equivalent_mutants: tuple[EquivalentMutant, ...] = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of a token, arrays along each axis, the operand, and the two ways of its shares to them."""
        return (
            f"Rows of a token that comes in: {number(settings, 'rows')}.",
            f"Words along k in each of its rows: {number(settings, 'k')}.",
            *grid_lines(settings),
            DEAL,
            _OPERAND[str(settings["operand"])],
            "Every row that an array takes is cut along k into neighbouring parts of equal length, one for each array "
            "along k.",
            "The process is interconnect_mapped_mixed with the ports cmd (share_cmd), in, and out, an array of streams "
            "with one stream for each array: m slowest, k fastest; tokens hold rows one after the other (data_t).",
            "The process reads commands until one has last set; a command asks for blocks of kb steps each.",
            SERIAL,
            "All steps of a command are iterations of a single loop, named steps, pipelined with an initiation "
            "interval of one; loop arrays over the arrays and loop take over the words that one takes are fully "
            "unrolled, and the product that counts the steps is bound to LUTs.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one wide token in and one part of a share for each array out per iteration."""
        rows, k = number(settings, "rows"), number(settings, "k")
        along_m, along_n, along_k = grid_of(settings)
        numbers = numbers_of(settings)
        return (
            command_port("share_cmd"),
            stream_port(
                "in", "in", "data_t", rows * k,
                tokens=f"blocks * ((kb + {along_m - 1}) // {along_m} if serial else kb)",
                order="block m, block n, k; in a token row, k", numbers=numbers,
            ),
            stream_port(
                "out", "out", "data_t", taken(settings), copies=along_m * along_n * along_k, tokens="blocks * kb",
                order="as they come; rows dealt along the operand's axis, words cut along k", numbers=numbers,
            ),
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing beyond the template's own."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """None."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """Every token up to 4096 bits for every grid of arrays along m and another axis."""
        return in_every_format(self._legal)

    def _grids(self) -> Iterator[tuple[int, int, int]]:
        return (grid for grid in grids() if grid[0] > 1)

    def _legal(self, numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for operand in ("a", "b"):
            for along_m, along_n, along_k in self._grids():
                for rows in powers_of_two(along_m * (along_n if operand == "b" else 1), most):
                    for k in powers_of_two(along_k, most // rows):
                        yield {
                            "operand": operand, "along_m": along_m, "along_n": along_n, "along_k": along_k,
                            "rows": rows, "k": k,
                        }

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, both ways, with blocks of fewer and of more steps than shares."""
        shares = number(settings, "along_m")
        return (
            self._case("one step", settings, [(1, 1, 0)], rng),
            self._case("one serial step", settings, [(1, 1, 1)], rng),
            self._case(
                "both ways", settings,
                [(2, shares + 1, 1), (3, 2, 0), (2, shares, 1), (3, 1, 1), (1, 2 * shares - 1, 1), (1, 8, 0)], rng,
            ),
        )

    def _case(self, name: str, settings: Settings, visits: list[Visit], rng: np.random.Generator) -> TestCase:
        import numpy as np

        rows, k = number(settings, "rows"), number(settings, "k")
        along_m, along_n, along_k = grid_of(settings)
        raw, count = commands("share_cmd", [{"blocks": b, "kb": kb, "serial": serial} for b, kb, serial in visits])
        tokens, handed = [], []
        for blocks, kb, serial in visits:
            for _ in range(blocks):
                count_in = -(-kb // along_m) if serial else kb
                fresh = random_data(rng, (count_in, rows, k), numbers=numbers_of(settings))
                tokens.append(fresh)
                # Axes: token, share, row of the share, word.
                shares = fresh.reshape(count_in, rows // along_m, along_m, k).transpose(0, 2, 1, 3)
                for step in range(kb):
                    own = [shares[step // along_m, step % along_m]] * along_m if serial else list(shares[step])
                    handed.append(np.stack(own))
        # Axes: step, array along m, row of its share, word.
        stepped = np.stack(handed)
        dealt, part = along_n if settings["operand"] == "b" else 1, k // along_k
        expected = {}
        for i in range(along_m):
            for j in range(along_n):
                for cut in range(along_k):
                    words = stepped[:, i, j % dealt :: dealt, cut * part : (cut + 1) * part]
                    expected[f"out[{(i * along_n + j) * along_k + cut}]"] = np.ascontiguousarray(words).tobytes()
        token = np.concatenate(tokens)
        return TestCase(
            name=name,
            inputs={"cmd": raw, "in": token.tobytes()},
            counts={"cmd": count, "in": len(token), **dict.fromkeys(expected, len(handed))},
            expected=expected,
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; the arrays are served in the same cycle."""
        along_m, along_n, along_k = grid_of(settings)
        return Conformance(
            loops=(
                LoopRule(label="steps", pipeline_ii=1),
                LoopRule(label="deal", trip=number(settings, "rows") * number(settings, "k"), unroll=True),
                LoopRule(label="arrays", trip=along_m * along_n * along_k, unroll=True),
                LoopRule(label="take", trip=taken(settings), unroll=True),
            ),
            partitions=(PartitionRule(variable="shares", dim=1),),
            pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
            arrays=(ArrayRule(variable="shares", extents=(along_m,)),),
        )


def taken(settings: Settings) -> int:
    """Words that an array takes in a step."""
    along_m, along_n, along_k = grid_of(settings)
    dealt = along_m * (along_n if settings["operand"] == "b" else 1)
    return number(settings, "rows") // dealt * (number(settings, "k") // along_k)


SPEC = InterconnectMappedMixed()

"""interconnect_mixed: hands the wide tokens of one operand to arrays that lie along several axes.

Rows are dealt to the arrays of the operand's own axis, words along k are cut for those along k, and the arrays of the
other operand's axis take the same share. As with one axis, neighbouring rows go to different arrays, so that the
slices of C that the collector joins are contiguous rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, EquivalentMutant, LoopRule

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
from .mixed import Grid, grid_lines, grid_of, grids
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

_OPERAND: Final = {
    "a": "The operand is A: its rows are dealt to the arrays along m in turn, as cards are, so that neighbouring rows "
    "go to different arrays; arrays that differ along n alone take the same share.",
    "b": "The operand is B: its columns, here called rows, are dealt to the arrays along n in turn, as cards are, so "
    "that neighbouring ones go to different arrays; arrays that differ along m alone take the same share.",
}


EQUIVALENT: Final = (
    EquivalentMutant(
        was="x / PART * DEALT + first_row",
        now="x / PART * DEALT - first_row",
        reason="Where the operand's own axis has a single array, every array begins with row 0.",
    ),
)


class InterconnectMixed:
    """One operand's way from its buffer to a grid of arrays, a token a cycle; wires alone."""

    name = "interconnect_mixed"
    function = "interconnect_mixed"
    summary = "Hands the tokens of one operand to arrays along several axes."
    inlined = False
    equivalent_mutants: tuple[EquivalentMutant, ...] = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of a token, arrays along each axis, and the operand's own way to them."""
        return (
            f"Rows of a token that comes in: {number(settings, 'rows')}.",
            f"Words along k in each of its rows: {number(settings, 'k')}.",
            *grid_lines(settings),
            _OPERAND[str(settings["operand"])],
            "Every row that an array takes is cut along k into neighbouring parts of equal length, one for each array "
            "along k.",
            "The process is interconnect_mixed with the ports cmd (inter_cmd), in, and out, an array of streams with "
            "one stream for each array: m slowest, k fastest; tokens hold rows one after the other (data_t).",
            "The process reads commands until one has last set; a command asks for a number of tokens.",
            "All tokens of a command are iterations of a single loop, named tokens, pipelined with an initiation "
            "interval of one; loop arrays over the arrays and loop share over the words of a share are fully unrolled.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one wide token in and one share per array out per iteration."""
        rows, k = number(settings, "rows"), number(settings, "k")
        along_m, along_n, along_k = grid_of(settings)
        dealt = _dealt(settings)
        numbers = numbers_of(settings)
        return (
            command_port("inter_cmd"),
            stream_port(
                "in", "in", "data_t", rows * k, tokens="tokens", order="block m, block n, k; in a token row, k",
                numbers=numbers,
            ),
            stream_port(
                "out", "out", "data_t", rows // dealt * (k // along_k), copies=along_m * along_n * along_k,
                tokens="tokens", order="as they come; rows dealt along the operand's axis, words cut along k",
                numbers=numbers,
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
        """Every token up to 4096 bits for every grid of arrays along several axes."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for operand in ("a", "b"):
            for grid in grids():
                for rows in powers_of_two(grid["ab".index(operand)], most):
                    for k in powers_of_two(grid[2], most // rows):
                        yield {"operand": operand, **_axes(grid), "rows": rows, "k": k}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, of one and of many tokens."""
        return (
            self._case("one token", settings, [1], rng),
            self._case("several visits", settings, [3, 1, 7, 2], rng),
        )

    def _case(self, name: str, settings: Settings, visits: list[int], rng: np.random.Generator) -> TestCase:
        along_m, along_n, along_k = grid_of(settings)
        raw, count = commands("inter_cmd", [{"tokens": tokens} for tokens in visits])
        total = sum(visits)
        rows, k = number(settings, "rows"), number(settings, "k")
        token = random_data(rng, (total, rows, k), numbers=numbers_of(settings))
        part = k // along_k
        expected = {}
        for i in range(along_m):
            for j in range(along_n):
                for cut in range(along_k):
                    own = i if settings["operand"] == "a" else j
                    share = token[:, own :: _dealt(settings), cut * part : (cut + 1) * part]
                    expected[f"out[{(i * along_n + j) * along_k + cut}]"] = share.tobytes()
        return TestCase(
            name=name,
            inputs={"cmd": raw, "in": token.tobytes()},
            counts={"cmd": count, "in": total, **dict.fromkeys(expected, total)},
            expected=expected,
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; the arrays are served in the same cycle."""
        along_m, along_n, along_k = grid_of(settings)
        share = number(settings, "rows") // _dealt(settings) * (number(settings, "k") // along_k)
        return Conformance(
            loops=(
                LoopRule(label="tokens", pipeline_ii=1),
                LoopRule(label="arrays", trip=along_m * along_n * along_k, unroll=True),
                LoopRule(label="share", trip=share, unroll=True),
            )
        )


def _axes(grid: Grid) -> Settings:
    return {"along_m": grid[0], "along_n": grid[1], "along_k": grid[2]}


def _dealt(settings: Settings) -> int:
    """Arrays to which the rows of the operand are dealt."""
    return grid_of(settings)["ab".index(str(settings["operand"]))]


SPEC = InterconnectMixed()

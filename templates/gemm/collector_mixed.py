"""collector_mixed: joins the slices of sums of arrays that lie along several axes into one token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule

from .common import (
    command_port,
    commands,
    declaration,
    in_every_format,
    most_lanes,
    number,
    powers_of_two,
    stream_port,
)
from .mixed import grid_lines, grid_of, grids
from .numbers import Numbers, numbers_of
from .pe_array import block_slices

if TYPE_CHECKING:
    import numpy as np


class CollectorMixed:
    """The way of the sums from a grid of arrays to the accumulator, a slice a cycle."""

    name = "collector_mixed"
    function = "collector_mixed"
    summary = "Joins the sums of arrays along several axes into one token."
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Block of one array, slices, arrays along each axis, and how their sums are joined."""
        return (
            f"Rows of a block of sums of one array: {number(settings, 'rows')}.",
            f"Columns of a block of sums of one array: {number(settings, 'columns')}.",
            f"Slices of whole rows in which a block arrives, one token each: {number(settings, 'slices')}.",
            *grid_lines(settings),
            "Rows were dealt to the arrays along m in turn, columns to those along n: the token takes the first row of "
            "each array along m, then the second row of each, and in a row the first column of each array along n, "
            "then the second (loops rows, along_m, columns and along_n, all fully unrolled).",
            "Arrays along k hold parts of the same sum, which are added up (loop along_k inside these, fully "
            "unrolled).",
            "The process is collector_mixed with the ports cmd (collect_cmd), in, an array of streams with one stream "
            "for each array: m slowest, k fastest, and out; a token holds the sums of whole rows, one row after the "
            "other (acc_t).",
            "The process reads commands until one has last set; a command asks for a number of tokens.",
            "All tokens of a command are iterations of a single loop, named tokens, pipelined with an initiation "
            "interval of one; each iteration takes one token from every array into part, which is partitioned "
            "completely (loop take, fully unrolled).",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one slice from every array in and one joined slice out per iteration."""
        rows, columns, slices = (number(settings, key) for key in ("rows", "columns", "slices"))
        along_m, along_n, along_k = grid_of(settings)
        share, numbers = rows // slices * columns, numbers_of(settings)
        order = "block m, block n, slice; row, column"
        return (
            command_port("collect_cmd"),
            stream_port(
                "in", "in", "acc_t", share, copies=along_m * along_n * along_k, tokens="tokens", order=order,
                numbers=numbers,
            ),
            stream_port(
                "out", "out", "acc_t", share * along_m * along_n, tokens="tokens", order=order, numbers=numbers
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
        """Every block of an array whose operand tokens and joined slices fit 4096 bits, for every grid of arrays."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for along_m, along_n, along_k in grids():
            for rows in powers_of_two(1, most // (along_m * along_k)):
                # An array has at most 64 lanes of 64 MACs.
                for columns in powers_of_two(1, min(most // (along_n * along_k), 4096 // rows)):
                    for slices in block_slices(rows, columns, arrays=along_m * along_n, numbers=numbers):
                        yield {
                            "along_m": along_m, "along_n": along_n, "along_k": along_k,
                            "rows": rows, "columns": columns, "slices": slices,
                        }

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands; sums at the ends of what all arrays together can hold."""
        return (
            self._case("one token", settings, [1], rng),
            self._case("several visits", settings, [2, 1, 6, 3], rng),
        )

    def _case(self, name: str, settings: Settings, visits: list[int], rng: np.random.Generator) -> TestCase:
        import numpy as np

        rows, columns, slices = (number(settings, key) for key in ("rows", "columns", "slices"))
        along_m, along_n, along_k = grid_of(settings)
        raw, count = commands("collect_cmd", [{"tokens": tokens} for tokens in visits])
        total, numbers = sum(visits), numbers_of(settings)
        bound = 2 ** (numbers.sum_bits - 1) // along_k
        shape = (along_m, along_n, along_k, total, rows // slices, columns)
        part = rng.integers(-bound, bound, size=shape, dtype=np.int64)
        part.reshape(-1)[0] = -bound
        # Axes of the joined token: token, row, array along m, column, array along n.
        joined = part.sum(axis=2).transpose(2, 3, 0, 4, 1)
        arrays = part.reshape(-1, *shape[3:]).astype(numbers.sums)
        inputs = {f"in[{index}]": array.tobytes() for index, array in enumerate(arrays)}
        return TestCase(
            name=name,
            inputs={"cmd": raw, **inputs},
            counts={"cmd": count, **dict.fromkeys(inputs, total), "out": total},
            expected={"out": joined.astype(numbers.sums).tobytes()},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; all sums of a token are joined in the same cycle."""
        rows, columns, slices = (number(settings, key) for key in ("rows", "columns", "slices"))
        along_m, along_n, along_k = grid_of(settings)
        trips = {
            "take": along_m * along_n * along_k, "rows": rows // slices, "along_m": along_m, "columns": columns,
            "along_n": along_n, "along_k": along_k,
        }  # fmt: skip
        return Conformance(
            loops=(
                LoopRule(label="tokens", pipeline_ii=1),
                *(LoopRule(label=label, trip=trip, unroll=True) for label, trip in trips.items()),
            ),
            partitions=(PartitionRule(variable="part", dim=1),),
            arrays=(ArrayRule(variable="part", extents=(along_m * along_n * along_k,)),),
        )


SPEC = CollectorMixed()

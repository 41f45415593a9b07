"""collector: joins the slices of sums of all arrays into one token for the accumulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

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
from .numbers import Numbers, numbers_of
from .pe_array import block_slices

if TYPE_CHECKING:
    import numpy as np

ARRAYS: Final = (2, 4, 8)

_MODE_WORDS: Final = {
    "rows": "The arrays hold different rows, dealt to them in turn: the token takes the first row of each array, then "
    "the second row of each, and so on (loops rows, arrays and columns, all fully unrolled).",
    "columns": "The arrays hold different columns, dealt to them in turn: in each row the token takes the first column "
    "of each array, then the second column of each, and so on (loops rows, columns and arrays, all fully unrolled).",
    "sum": "The arrays hold parts of the same sums, which are added up (loop sums over the sums and loop arrays inside "
    "it, both fully unrolled).",
    "single": "The sums of the only array go on as they are.",
}


class Collector:
    """The way of the sums from the arrays to the accumulator, a slice a cycle."""

    name = "collector"
    function = "collector"
    summary = "Joins the sums of all arrays into one token."
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Block of one array, slices, number of arrays, and how their sums are joined."""
        arrays = number(settings, "arrays")
        return (
            f"Rows of a block of sums of one array: {number(settings, 'rows')}.",
            f"Columns of a block of sums of one array: {number(settings, 'columns')}.",
            f"Slices of whole rows in which a block arrives, one token each: {number(settings, 'slices')}.",
            f"In front of the collector stand {arrays} arrays."
            if arrays > 1
            else "In front of it stands a single array.",
            _MODE_WORDS[str(settings["mode"])],
            "The process is collector with the ports cmd (collect_cmd), in, an array of streams with one stream for "
            "each array, and out; a token holds the sums of whole rows, one row after the other (acc_t).",
            "The process reads commands until one has last set; a command asks for a number of tokens.",
            "All tokens of a command are iterations of a single loop, named tokens, pipelined with an initiation "
            "interval of one; each iteration takes one token from every array into part, which is partitioned "
            "completely (loop take, fully unrolled).",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one slice from every array in and one joined slice out per iteration."""
        rows, columns, arrays, slices = (number(settings, key) for key in ("rows", "columns", "arrays", "slices"))
        share, numbers = rows // slices * columns, numbers_of(settings)
        wider = arrays if settings["mode"] in ("rows", "columns") else 1
        return (
            command_port("collect_cmd"),
            stream_port(
                "in",
                "in",
                "acc_t",
                share,
                copies=arrays,
                tokens="tokens",
                order="block m, block n, slice; row, column",
                numbers=numbers,
            ),
            stream_port(
                "out",
                "out",
                "acc_t",
                share * wider,
                tokens="tokens",
                order="block m, block n, slice; row, column",
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
        """Every block of an array whose operand tokens and joined slices fit 4096 bits."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for mode in _MODE_WORDS:
            for arrays in (1,) if mode == "single" else ARRAYS:
                widest_m = most // (arrays if mode in ("rows", "sum") else 1)
                widest_n = most // (arrays if mode in ("columns", "sum") else 1)
                wider = arrays if mode in ("rows", "columns") else 1
                for rows in powers_of_two(1, widest_m):
                    # An array has at most 64 lanes of 64 MACs.
                    for columns in powers_of_two(1, min(widest_n, 4096 // rows)):
                        for slices in block_slices(rows, columns, arrays=wider, numbers=numbers):
                            yield {
                                "mode": mode,
                                "arrays": arrays,
                                "rows": rows,
                                "columns": columns,
                                "slices": slices,
                            }

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands; sums at both ends of their range where none are added."""
        return (
            self._case("one token", settings, [1], rng),
            self._case("several visits", settings, [2, 1, 6, 3], rng),
        )

    def _case(self, name: str, settings: Settings, visits: list[int], rng: np.random.Generator) -> TestCase:
        import numpy as np

        rows, columns, arrays, slices = (number(settings, key) for key in ("rows", "columns", "arrays", "slices"))
        raw, count = commands("collect_cmd", [{"tokens": tokens} for tokens in visits])
        total = sum(visits)
        # Sums of all arrays together stay within their range, as the sums of a GEMM do.
        numbers = numbers_of(settings)
        bound = 2 ** (numbers.sum_bits - 1) // (arrays if settings["mode"] == "sum" else 1)
        part = rng.integers(-bound, bound, size=(arrays, total, rows // slices, columns), dtype=np.int64)
        part.reshape(-1)[0] = -bound
        if settings["mode"] == "rows":
            joined = part.transpose(1, 2, 0, 3)
        elif settings["mode"] == "columns":
            joined = part.transpose(1, 2, 3, 0)
        else:
            joined = part.sum(axis=0)
        inputs = {f"in[{index}]": part[index].astype(numbers.sums).tobytes() for index in range(arrays)}
        return TestCase(
            name=name,
            inputs={"cmd": raw, **inputs},
            counts={"cmd": count, **dict.fromkeys(inputs, total), "out": total},
            expected={"out": joined.astype(numbers.sums).tobytes()},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; all sums of a token are joined in the same cycle."""
        rows, columns, arrays, slices = (number(settings, key) for key in ("rows", "columns", "arrays", "slices"))
        loops = [LoopRule(label="tokens", pipeline_ii=1)]
        mode = settings["mode"]
        loops.append(LoopRule(label="take", trip=arrays, unroll=True))
        if mode in ("rows", "columns"):
            loops += [
                LoopRule(label="rows", trip=rows // slices, unroll=True),
                LoopRule(label="columns", trip=columns, unroll=True),
                LoopRule(label="arrays", trip=arrays, unroll=True),
            ]
        elif mode == "sum":
            loops += [
                LoopRule(label="sums", trip=rows // slices * columns, unroll=True),
                LoopRule(label="arrays", trip=arrays, unroll=True),
            ]
        return Conformance(
            loops=tuple(loops),
            partitions=(PartitionRule(variable="part", dim=1),),
            arrays=(ArrayRule(variable="part", extents=(arrays,)),),
        )


SPEC = Collector()

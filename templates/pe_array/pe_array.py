"""pe_array: the process that feeds a grid of output stationary processing elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_PRODUCTS
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.loader import base_module
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule, PragmaRule

if TYPE_CHECKING:
    import numpy as np

    from templates.gemm import common, cores
else:
    common, cores = (base_module("gemm", name) for name in ("common", "cores"))


def _sizes(settings: Settings) -> tuple[int, int, int]:
    """Rows and columns of elements, and the words of an element."""
    rows, columns, words = (common.number(settings, key) for key in ("rows", "columns", "words"))
    return rows, columns, words


class PeArray:
    """rows x columns elements; a row of A serves all elements of a row, a column of B those of a column."""

    name = "pe_array"
    function = "pe_array"
    summary = "a grid of processing elements, each of which keeps the sum of its output"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of an element, the grid, and how operands and sums reach it."""
        rows, columns, words = _sizes(settings)
        return (
            f"Words along k that a processing element multiplies in a step: {words}.",
            f"The grid has {rows} rows of elements." if rows > 1 else "The grid has a single row of elements.",
            f"The grid has {columns} columns of elements." if columns > 1 else "The grid has a single column of "
            "elements.",
            "The process pe_array has the ports cmd (array_cmd), in_a, in_b and out: a token of in_a holds the words "
            "of all rows, row by row, one of in_b those of all columns, column by column (hls::vector of data_t), one "
            "of out a finished sum for each element, row by row (hls::vector of acc_t).",
            "The process reads commands until one has last set; a command asks for blocks of kb steps along k, each "
            "block a sum for each element.",
            "All steps of a command are iterations of a single loop, steps, pipelined with an initiation interval of "
            "one; the product that counts them is bound to LUTs.",
            "The words of A are copied into the completely partitioned two-dimensional array a_register (loops a_rows "
            "and a_words, unrolled), a row of registers for each row of the grid, which its elements share.",
            "The words of B are copied into the completely partitioned two-dimensional array b_register (loops "
            "b_columns and b_words, unrolled), a row of registers for each column of the grid, which its elements "
            "share.",
            "The elements stand in two nested loops rows and columns, unrolled; each calls pe with its registers.",
            "The outputs are stationary: the sum of each element stays in its place of the completely partitioned "
            "array sums, the first step of a block starts it from zero, and each later one adds to it.",
            "The finished sums leave as a single token (loop take, unrolled) in the cycle of the last step of their "
            "block.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, a token of A and one of B a step, all sums a block."""
        return cores.core_ports(*_sizes(settings))

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return common.declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing beyond the template's own."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """The processing element."""
        return (("pe", {"words": common.number(settings, "words")}),)

    def legal_settings(self) -> Iterator[Settings]:
        """All grids and elements whose tokens fit a stream."""
        for words in LANE_PRODUCTS:
            for split in ARRAY_SPLITS:
                widest = max(split.m, split.n) * words * common.BITS["data_t"]
                if split.k == 1 and widest <= common.MAX_TOKEN_BITS:
                    yield {"rows": split.m, "columns": split.n, "words": words}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands."""
        return cores.core_cases(*_sizes(settings), rng)

    def conformance(self, settings: Settings) -> Conformance:
        """A pipelined loop around unrolled elements, registers for operands and sums."""
        rows, columns, words = _sizes(settings)
        return Conformance(
            loops=(
                LoopRule(label="steps", pipeline_ii=1),
                LoopRule(label="a_rows", trip=rows, unroll=True),
                LoopRule(label="a_words", trip=words, unroll=True),
                LoopRule(label="b_columns", trip=columns, unroll=True),
                LoopRule(label="b_words", trip=words, unroll=True),
                LoopRule(label="rows", trip=rows, unroll=True),
                LoopRule(label="columns", trip=columns, unroll=True),
                LoopRule(label="take", trip=rows * columns, unroll=True),
            ),
            partitions=(
                PartitionRule(variable="a_register", dim=0),
                PartitionRule(variable="b_register", dim=0),
                PartitionRule(variable="sums", dim=1),
            ),
            arrays=(
                ArrayRule(variable="a_register", extents=(rows, words)),
                ArrayRule(variable="b_register", extents=(columns, words)),
                ArrayRule(variable="sums", extents=(rows * columns,)),
            ),
            pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
        )


SPEC = PeArray()

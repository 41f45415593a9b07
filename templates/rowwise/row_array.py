"""row_array: the process that multiplies a row of A with several columns of B, one lane a column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.space import ARRAY_PRODUCTS, LANE_PRODUCTS
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.loader import base_module
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule, PragmaRule

if TYPE_CHECKING:
    import numpy as np

    from templates.gemm import common, cores
else:
    common, cores = (base_module("gemm", name) for name in ("common", "cores"))


class RowArray:
    """Lanes along n that share a row of A; each lane works along k and keeps the sum of its column."""

    name = "row_array"
    function = "row_array"
    summary = "a row of A for all lanes, a column of B for each"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of a lane, number of lanes, and how row, columns and sums reach them."""
        lanes, words = (common.number(settings, key) for key in ("lanes", "words"))
        return (
            f"Words along k that a lane multiplies in a step: {words}.",
            f"The array has {lanes} lanes, one for each column of B that it works on.",
            "The process row_array has the ports cmd (array_cmd), in_a, in_b and out: a token of in_a holds the words "
            "of a row of A, one of in_b the words of all columns of B, column by column (hls::vector of data_t), one "
            "of out a finished sum for each column (hls::vector of acc_t).",
            "The process reads commands until one has last set; a command asks for blocks of kb steps along k, each "
            "block a sum for each column.",
            "All steps of a command are iterations of a single loop, steps, pipelined with an initiation interval of "
            "one; the product that counts them is bound to LUTs.",
            "The row of A is broadcast: its words are copied into the completely partitioned array row (loop "
            "broadcast, unrolled), from which every lane takes them.",
            "The lanes stand in the loop lanes, unrolled; each takes the words of its own column into the completely "
            "partitioned array column (loop pick, unrolled) and calls pe_lane into product, a completely partitioned "
            "array of a single sum.",
            "The sums of a block stay in the completely partitioned array sums, one a lane: the first step of a block "
            "starts them, each later one adds its product.",
            "The finished sums leave as a single token (loop take, unrolled) in the cycle of the last step of their "
            "block.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, a row and several columns a step, their sums a block."""
        return cores.core_ports(1, common.number(settings, "lanes"), common.number(settings, "words"))

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return common.declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing beyond the template's own."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """gemm's lane of one row, one column and the given words."""
        return (("pe_lane", {"m": 1, "n": 1, "k": common.number(settings, "words")}),)

    def legal_settings(self) -> Iterator[Settings]:
        """All lanes and numbers of lanes whose columns fit a token."""
        for words in LANE_PRODUCTS:
            for lanes in ARRAY_PRODUCTS:
                if lanes * words * common.BITS["data_t"] <= common.MAX_TOKEN_BITS:
                    yield {"lanes": lanes, "words": words}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands."""
        return cores.core_cases(1, common.number(settings, "lanes"), common.number(settings, "words"), rng)

    def conformance(self, settings: Settings) -> Conformance:
        """A pipelined loop around unrolled lanes, registers for row, column and sums."""
        lanes, words = (common.number(settings, key) for key in ("lanes", "words"))
        extents = {"row": words, "column": words, "product": 1, "sums": lanes}
        return Conformance(
            loops=(
                LoopRule(label="steps", pipeline_ii=1),
                LoopRule(label="broadcast", trip=words, unroll=True),
                LoopRule(label="lanes", trip=lanes, unroll=True),
                LoopRule(label="pick", trip=words, unroll=True),
                LoopRule(label="take", trip=lanes, unroll=True),
            ),
            partitions=tuple(PartitionRule(variable=name, dim=1) for name in extents),
            arrays=tuple(ArrayRule(variable=name, extents=(size,)) for name, size in extents.items()),
            pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
        )


SPEC = RowArray()

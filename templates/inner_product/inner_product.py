"""inner_product: the process that multiplies rows of A with columns of B, one sum at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.loader import base_module
from aigchip_tui.modules.protocol import Conformance, LoopRule, PragmaRule

if TYPE_CHECKING:
    import numpy as np

    from templates.gemm import common, cores, mac
else:
    common, cores, mac = (base_module("gemm", name) for name in ("common", "cores", "mac"))

FEWEST_WORDS = 4
"""Words of a step in the smallest design: the least lane times the least array."""


class InnerProduct:
    """Multiplies all words of a step at once and keeps a single sum over the steps of a block."""

    name = "inner_product"
    function = "inner_product"
    summary = "multiplies a row of A with a column of B, all words of a step at once"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Words of a step, and how a sum grows over its steps."""
        words = common.number(settings, "words")
        return (
            f"Words of the row of A, and as many of the column of B, that are multiplied in a step: {words}.",
            "The process inner_product has the ports cmd (array_cmd), in_a, in_b and out: a token of in_a holds the "
            "words of a step of A, one of in_b those of B (hls::vector of data_t), one of out a single finished sum "
            "(hls::vector of acc_t).",
            "The process reads commands until one has last set; a command asks for blocks of kb steps along k, each "
            "block a single sum.",
            "All steps of a command are iterations of a single loop, steps, pipelined with an initiation interval of "
            "one; the product that counts them is bound to LUTs.",
            "The loop words, fully unrolled, adds the product of each pair of words with a call of mac to the sum of "
            "the step, which starts from zero.",
            "The sum of a block stays in a register: its first step starts it, each later one adds the sum of the "
            "step.",
            "The finished sum leaves in the cycle of the last step of its block.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, a token of A and one of B a step, a sum a block."""
        return cores.core_ports(1, 1, common.number(settings, "words"))

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return common.declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing beyond the template's own."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """The MAC."""
        return (("mac", dict(mac.DEFAULTS)),)

    def legal_settings(self) -> Iterator[Settings]:
        """Powers of two whose token fits a stream."""
        for words in common.powers_of_two(FEWEST_WORDS, common.MAX_TOKEN_BITS // common.BITS["data_t"]):
            yield {"words": words}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands."""
        return cores.core_cases(1, 1, common.number(settings, "words"), rng)

    def conformance(self, settings: Settings) -> Conformance:
        """A pipelined loop around an unrolled one."""
        return Conformance(
            loops=(
                LoopRule(label="steps", pipeline_ii=1),
                LoopRule(label="words", trip=common.number(settings, "words"), unroll=True),
            ),
            pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
        )


SPEC = InnerProduct()

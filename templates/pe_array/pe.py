"""pe: one processing element of an output stationary array, inlined into it; it keeps the sum of its own output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.space import LANE_PRODUCTS
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.loader import base_module
from aigchip_tui.modules.protocol import Conformance, LoopRule, PartitionRule

if TYPE_CHECKING:
    import numpy as np

    from templates.gemm import common, mac
else:
    common, mac = (base_module("gemm", name) for name in ("common", "mac"))


def _words(name: str, words: int) -> Port:
    return Port(
        name=name, direction="in", kind="array", element="data_t", bits=common.BITS["data_t"], lanes=words,
        cpp_type=f"const data_t[{words}]", tokens="one array per call", order="along k", end="the call",
    )  # fmt: skip


class Pe:
    """Multiplies the words of a step and adds them to the sum that stays."""

    name = "pe"
    function = "pe"
    summary = "a processing element that keeps the sum of its output"
    inlined = True

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Words of a step, and what happens to the sum."""
        words = common.number(settings, "words")
        return (
            f"Words of A, and as many of B, that the element multiplies in a step: {words}.",
            "The function is pe with the array arguments a and b (data_t), kept (acc_t) by value, the sum before the "
            "step, and sum (acc_t) by reference, the sum after it.",
            "The function is inlined into its caller.",
            "Both arrays are partitioned completely, so that each element is a register of its own.",
            "The loop words, fully unrolled, adds the product of each pair of words with a call of mac to the sum of "
            "the step, which starts from zero.",
            "The sum after the step is kept plus the sum of the step.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Two arrays of words, the sum before and after."""
        words, bits = common.number(settings, "words"), common.BITS["acc_t"]
        return (
            _words("a", words),
            _words("b", words),
            Port(name="kept", direction="in", kind="scalar", element="acc_t", bits=bits, cpp_type="acc_t",
                 tokens="one per call"),
            Port(name="sum", direction="out", kind="scalar", element="acc_t", bits=bits, cpp_type="acc_t&",
                 tokens="one per call"),
        )  # fmt: skip

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the array."""
        words = common.number(settings, "words")
        return f"void pe(const data_t a[{words}], const data_t b[{words}], acc_t kept, acc_t& sum);"

    def prologue(self, settings: Settings) -> str:
        """Nothing beyond the template's own."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """The MAC."""
        return (("mac", dict(mac.DEFAULTS)),)

    def legal_settings(self) -> Iterator[Settings]:
        """The words of every lane along k."""
        for words in LANE_PRODUCTS:
            yield {"words": words}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Random words and sums, sums from zero, and words that are -128 throughout."""
        import numpy as np

        words = common.number(settings, "words")
        cases = []
        for name in ("random words on a sum", "random words from zero", "all -128 on a sum", "another sum"):
            a, b = common.random_data(rng, (words,)), common.random_data(rng, (words,))
            kept = int(rng.integers(-(1 << 24), 1 << 24))
            if name == "random words from zero":
                kept = 0
            if name.startswith("all"):
                a, b = np.full_like(a, -128), np.full_like(b, -128)
            total = kept + int(a.astype(np.int64) @ b.astype(np.int64))
            cases.append(
                TestCase(
                    name=name,
                    inputs={"a": a.tobytes(), "b": b.tobytes(), "kept": np.int32(kept).tobytes()},
                    expected={"sum": np.int32(total).tobytes()},
                )
            )
        return tuple(cases)

    def conformance(self, settings: Settings) -> Conformance:
        """Inlined, registers for the words, one MAC a word."""
        return Conformance(
            loops=(LoopRule(label="words", trip=common.number(settings, "words"), unroll=True),),
            partitions=(PartitionRule(variable="a", dim=1), PartitionRule(variable="b", dim=1)),
            inline=True,
        )


SPEC = Pe()

"""mac: one multiplier and its adder, inlined into a lane.

The designs of this template use one variant of it: byte operands, word sums, a DSP block. The others stand for
wider numbers and for devices that are short of DSP blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, PragmaRule

from .common import declaration, settings_product
from .numbers import ALL, Numbers, precision, tagged

if TYPE_CHECKING:
    import numpy as np

FORMATS: Final[Mapping[str, tuple[int, int]]] = {
    "byte_word": (8, 32),
    "byte_long": (8, 64),
    "half_sum": (16, 48),
}
"""Bits of an operand and of a sum. Sixteen-bit operands need the wide sum: two products overflow a word."""

DEFAULTS: Final[Mapping[str, str]] = {"format": "byte_word", "multiplier": "dsp", "adder": "free"}
_OF_PRECISION: Final[Mapping[str, str]] = {"int8": "byte_word", "int16": "half_sum"}
_PRECISION_OF: Final[Mapping[str, str]] = {"byte_word": "int8", "byte_long": "int8", "half_sum": "int16"}

_FORMAT_WORDS: Final = {
    "byte_word": "The function mac takes signed bytes a and b (std::int8_t) and a signed word sum_in (std::int32_t) by "
    "value, and gives sum_in plus the product as a signed word sum_out (std::int32_t) by reference.",
    "byte_long": "The function mac takes signed bytes a and b (std::int8_t) and a signed long word sum_in "
    "(std::int64_t) by value, and gives sum_in plus the product as a signed long word sum_out (std::int64_t) by "
    "reference.",
    "half_sum": "The function mac takes signed half words a and b (std::int16_t) and a sum sum_in of as many bits as "
    "a DSP block adds (acc_t) by value, and gives sum_in plus the product as such a sum sum_out (acc_t) by reference.",
}
_PRODUCT_WORDS: Final = {
    8: "The product of two bytes is formed as a half word (std::int16_t), in which it cannot overflow.",
    16: "The product of two half words is formed as a word (std::int32_t), in which it cannot overflow.",
}
_MULTIPLIER_WORDS: Final = {
    "dsp": "The multiplication is bound to a DSP block, so that there are as many DSP blocks as MACs.",
    "fabric": "The multiplication is bound to LUTs, so that it takes no DSP block.",
}
_ADDER_WORDS: Final = {
    "free": "The adder of sum_in and product is left to the tool, which may merge it with the multiplier.",
    "fabric": "The adder of sum_in and product is bound to LUTs, so that a register can stand in front of it.",
}


def defaults(numbers: Numbers) -> Settings:
    """The MAC of the designs of a number format."""
    return tagged({**DEFAULTS, "format": _OF_PRECISION[numbers.precision]}, numbers)


def _choice(settings: Settings, key: str) -> str:
    return str(settings.get(key, DEFAULTS[key]))


def _scalar(name: str, direction: Literal["in", "out"], bits: int) -> Port:
    element = "acc_t" if bits == ALL["int16"].sum_bits else f"std::int{bits}_t"
    return Port(
        name=name,
        direction=direction,
        kind="scalar",
        element=element,
        bits=bits,
        cpp_type=element if direction == "in" else f"{element}&",
        tokens="one value per call",
        order="combinational",
        end="the call",
    )


class Mac:
    """One multiply-accumulate: `sum_out = sum_in + a * b` in full width."""

    name = "mac"
    function = "mac"
    summary = "One multiplier and its adder."
    inlined = True

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Number format, multiplier and adder are choices; there is no number."""
        style = _choice(settings, "format")
        return (
            _FORMAT_WORDS[style],
            "The function is inlined into its caller.",
            _PRODUCT_WORDS[FORMATS[style][0]],
            _MULTIPLIER_WORDS[_choice(settings, "multiplier")],
            _ADDER_WORDS[_choice(settings, "adder")],
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Two operands and a sum by value, the new sum by reference."""
        operand, total = FORMATS[_choice(settings, "format")]
        return (
            _scalar("a", "in", operand),
            _scalar("b", "in", operand),
            _scalar("sum_in", "in", total),
            _scalar("sum_out", "out", total),
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration that a lane's prompt shows."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing beyond the template's own."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """None: the MAC is the leaf of the tree."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """Three number formats, two multipliers, two adders."""
        for each in settings_product(
            {"format": tuple(FORMATS), "multiplier": tuple(_MULTIPLIER_WORDS), "adder": tuple(_ADDER_WORDS)}
        ):
            yield tagged(each, precision(_PRECISION_OF[str(each["format"])]))

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """All pairs of extreme operands and random ones, on sums from one end of their range to the other."""
        operand, total = FORMATS[_choice(settings, "format")]
        low, high = -(1 << (operand - 1)), (1 << (operand - 1)) - 1
        ends = (low, low + 1, -1, 0, 1, high)
        triples = [(a, b, 0) for a in ends for b in ends]
        room = (1 << (total - 1)) - 1 - low * low
        triples += [
            (
                int(rng.integers(low, high + 1)),
                int(rng.integers(low, high + 1)),
                int(rng.integers(-room, room + 1)),
            )
            for _ in range(24)
        ]
        triples += [(low, low, room), (low, high, -room), (high, high, room)]

        def raw(value: int, bits: int) -> bytes:
            return value.to_bytes(1 << (bits // 8 - 1).bit_length(), "little", signed=True)

        return tuple(
            TestCase(
                name=f"{a} * {b} + {start}",
                inputs={"a": raw(a, operand), "b": raw(b, operand), "sum_in": raw(start, total)},
                expected={"sum_out": raw(start + a * b, total)},
            )
            for a, b, start in triples
        )

    def conformance(self, settings: Settings) -> Conformance:
        """No loop; the function is inlined, product and sum are bound as the settings say."""
        multiplier = _choice(settings, "multiplier")
        bound = [PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": multiplier}, operator="*")]
        if _choice(settings, "adder") == "fabric":
            bound.append(PragmaRule(kind="BIND_OP", options={"op": "add", "impl": "fabric"}, operator="+"))
        return Conformance(pragmas=tuple(bound), inline=True, ii=None)


SPEC = Mac()

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
    "byte_pair": (8, 64),
}
"""Bits of an operand and of a sum. Sixteen-bit operands need the wide sum: two products overflow a word."""

DEFAULTS: Final[Mapping[str, str]] = {"format": "byte_word", "multiplier": "dsp", "adder": "free"}
PAIR: Final = "byte_pair"
"""Two bytes times a third one in one multiplication: two MACs a DSP block."""

PAIR_FIELD: Final = 18
"""Bits of the lower product's field: seven products of two bytes fit, -128 times -128 each."""

_OF_PRECISION: Final[Mapping[str, str]] = {"int8": "byte_word", "int16": "half_sum"}
_PRECISION_OF: Final[Mapping[str, str]] = {"byte_word": "int8", "byte_long": "int8", "half_sum": "int16", PAIR: "int8"}

_FORMAT_WORDS: Final = {
    "byte_word": "The function mac takes signed bytes a and b (std::int8_t) and a signed word sum_in (std::int32_t) by "
    "value, and gives sum_in plus the product as a signed word sum_out (std::int32_t) by reference.",
    "byte_long": "The function mac takes signed bytes a and b (std::int8_t) and a signed long word sum_in "
    "(std::int64_t) by value, and gives sum_in plus the product as a signed long word sum_out (std::int64_t) by "
    "reference.",
    "half_sum": "The function mac takes signed half words a and b (std::int16_t) and a sum sum_in of as many bits as "
    "a DSP block adds (acc_t) by value, and gives sum_in plus the product as such a sum sum_out (acc_t) by reference.",
    "byte_pair": "The function mac takes the signed bytes upper, lower and b (std::int8_t) and a signed long word "
    "sum_in (std::int64_t) by value, and gives sum_in plus the product of the pair and b as a signed long word sum_out "
    "(std::int64_t) by reference.",
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


def defaults(numbers: Numbers, pack: int = 1) -> Settings:
    """The MAC of the designs of a number format; `pack` 2 is the one of two MACs."""
    if pack == 2:
        return {**DEFAULTS, "format": PAIR}
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
        pair = style == PAIR
        return (
            _FORMAT_WORDS[style],
            "The function is inlined into its caller.",
            f"The pair is the upper byte, shifted up by {PAIR_FIELD} bits, plus the lower one, formed as an ap_int of "
            "as many bits, a byte and a sign, the wide operand of a DSP block; its product with b, an ap_int of a byte "
            "more, holds both products."
            if pair
            else _PRODUCT_WORDS[FORMATS[style][0]],
            "The multiplication of the pair is bound to a DSP block, so that there is a DSP block for two MACs."
            if pair
            else _MULTIPLIER_WORDS[_choice(settings, "multiplier")],
            _ADDER_WORDS[_choice(settings, "adder")],
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Two operands and a sum by value, the new sum by reference."""
        operand, total = FORMATS[_choice(settings, "format")]
        pair = _choice(settings, "format") == PAIR
        return (
            *(_scalar(name, "in", operand) for name in (("upper", "lower") if pair else ("a",))),
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
        """Three number formats, two multipliers, two adders; and the pair in a DSP block, with two adders."""
        for adder in _ADDER_WORDS:
            yield {**defaults(ALL["int8"], 2), "adder": adder}
        single = [style for style in FORMATS if style != PAIR]
        for each in settings_product({"format": single, "multiplier": _MULTIPLIER_WORDS, "adder": _ADDER_WORDS}):
            yield tagged(each, precision(_PRECISION_OF[str(each["format"])]))

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """All pairs of extreme operands and random ones, on sums from one end of their range to the other."""
        operand, total = FORMATS[_choice(settings, "format")]
        if _choice(settings, "format") == PAIR:
            return _pair_cases(rng)
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

        return tuple(
            TestCase(
                name=f"{a} * {b} + {start}",
                inputs={"a": _raw(a, operand), "b": _raw(b, operand), "sum_in": _raw(start, total)},
                expected={"sum_out": _raw(start + a * b, total)},
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


def _raw(value: int, bits: int) -> bytes:
    return value.to_bytes(1 << (bits // 8 - 1).bit_length(), "little", signed=True)


def _pair_cases(rng: np.random.Generator) -> tuple[TestCase, ...]:
    """All triples of extreme bytes and random ones, on the sums that three products of each kind leave."""
    ends = (-128, -127, -1, 0, 1, 127)
    triples = [(upper, lower, b) for upper in ends for lower in ends for b in ends]
    triples += [(int(u), int(v), int(b)) for u, v, b in rng.integers(-128, 128, size=(24, 3))]
    most = 3 * 2**14
    cases = []
    for number, (upper, lower, b) in enumerate(triples):
        start = (int(rng.integers(-most, most + 1)) << PAIR_FIELD) + int(rng.integers(-most, most + 1))
        cases.append(
            TestCase(
                name=f"{number}: {upper} and {lower} * {b}",
                inputs={
                    "upper": _raw(upper, 8), "lower": _raw(lower, 8), "b": _raw(b, 8), "sum_in": _raw(start, 64),
                },
                expected={"sum_out": _raw(start + ((upper << PAIR_FIELD) + lower) * b, 64)},
            )
        )
    return tuple(cases)


SPEC = Mac()

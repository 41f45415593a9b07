"""gearbox: joins and cuts tokens of one width into tokens of another, whatever the two widths are (SPACE sec. 1).

The widths need not divide each other: 5 elements become 3, 24 become 16. Where every width is a power of two, the
narrow one divides the wide one and `arbiter` or the dma does the same with less.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

from .common import (
    ceil_div,
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
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

MOST_UNITS: Final = 64
"""Units of a token at most: each element of the register chooses among as many."""

_GATHER: Final = (
    "Tokens that come in are the narrower ones: one loop per command, labelled GEAR, takes one every cycle and sends "
    "one as soon as it is whole; one more cycle sends what is left, zeros behind it."
)
_CUT: Final = (
    "Tokens that come in are the wider ones: one loop per command, labelled GEAR, sends one every cycle and takes one "
    "as soon as too few units wait; zeros stand behind the last element."
)


def gear(lanes_in: int, lanes_out: int) -> Settings:
    """Local settings of the gearbox between tokens of these widths in elements.

    A unit is the largest power of two that divides both widths. Raises AigchipError where no gearbox fits.
    """
    unit = 1
    while lanes_in % (2 * unit) == 0 and lanes_out % (2 * unit) == 0:
        unit *= 2
    units = lanes_in // unit, lanes_out // unit
    if lanes_in == lanes_out or min(units) < 1 or max(units) > MOST_UNITS:
        raise AigchipError(
            f"No gearbox turns tokens of {lanes_in} elements into tokens of {lanes_out}.",
            hint=f"The widths differ, and each is 1 to {MOST_UNITS} times a power of two that divides both.",
        )
    return {"unit": unit, "in_units": units[0], "out_units": units[1]}


class Gearbox:
    """Holds units in a register until a token is whole."""

    name = "gearbox"
    function = "gearbox"
    summary = "turns tokens of one width into tokens of any other"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Seven topics; words follow whether tokens become wider or narrower."""
        unit, in_units, out_units = _numbers(settings)
        return (
            "gearbox turns tokens of one width into tokens of another, elements in their order: for each gear_cmd it "
            "takes takes tokens from in and sends tokens tokens to out; it ends after the command whose last is set.",
            f"Elements of a unit, which stay together: {unit}.",
            f"Units of a token that comes in: {in_units}.",
            f"Units of a token that leaves: {out_units}.",
            "Units wait in a register, which has room for a token behind all that can wait when it comes: fewer than "
            "a token that leaves. For each such count of units (unrolled loop EACH_START) the token's elements have "
            "their own places (unrolled loop EACH_ELEMENT inside it).",
            _GATHER if in_units < out_units else _CUT,
            "A token that leaves takes the first units (unrolled loop EACH_SENT over its elements); the others move "
            "down and zeros follow them (unrolled loop MOVE over the elements of the register).",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, tokens of one width in, tokens of the other out."""
        unit, in_units, out_units = _numbers(settings)
        numbers = numbers_of(settings)
        return (
            command_port("gear_cmd", per="one per tile"),
            stream_port(
                "in", "in", "data_t", unit * in_units, tokens="takes", order="as they come",
                numbers=numbers,
            ),
            stream_port(
                "out", "out", "data_t", unit * out_units, tokens="tokens",
                order="as they come; zeros behind the last element of a command", numbers=numbers,
            ),
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration with folded constants."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """None."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """Every pair of different widths up to 64 units, where a unit is the largest power of two in both."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for unit in powers_of_two(1, most):
            units = min(MOST_UNITS, most // unit)
            for in_units in range(1, units + 1):
                # With two even widths the unit would not be the largest.
                for out_units in range(1, units + 1, 2 - in_units % 2):
                    if in_units != out_units:
                        yield {"unit": unit, "in_units": in_units, "out_units": out_units}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Commands of every remainder that a token can have, and one of a single token."""
        _, _, out_units = _numbers(settings)
        several = [2 * out_units + 1, 1, *(int(n) for n in rng.integers(1, 2 * out_units + 2, size=4)), out_units]
        return (self._case("tiles", settings, several, rng), self._case("single", settings, [1], rng))

    def _case(self, name: str, settings: Settings, taken: list[int], rng: np.random.Generator) -> TestCase:
        import numpy as np

        unit, in_units, out_units = _numbers(settings)
        numbers = numbers_of(settings)
        rows, came, left, sent = [], [], [], 0
        for takes in taken:
            elements = random_data(rng, (takes * in_units * unit,), numbers=numbers)
            tokens = ceil_div(takes * in_units, out_units)
            padded = np.zeros(tokens * out_units * unit, dtype=elements.dtype)
            padded[: elements.size] = elements
            rows.append({"takes": takes, "tokens": tokens})
            came.append(elements.tobytes())
            left.append(padded.tobytes())
            sent += tokens
        cmd, count = commands("gear_cmd", rows)
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(came)},
            counts={"cmd": count, "in": sum(taken), "out": sent},
            expected={"out": b"".join(left)},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """GEAR at II 1, the places in the register and the lanes unrolled."""
        unit, in_units, out_units = _numbers(settings)
        places = in_units + out_units - 1
        return Conformance(
            loops=(
                LoopRule(label="GEAR", pipeline_ii=1),
                LoopRule(label="EACH_START", trip=out_units, unroll=True),
                LoopRule(label="EACH_ELEMENT", trip=in_units * unit, unroll=True),
                LoopRule(label="EACH_SENT", trip=out_units * unit, unroll=True),
                LoopRule(label="MOVE", trip=places * unit, unroll=True),
            ),
        )


def _numbers(settings: Settings) -> tuple[int, int, int]:
    return number(settings, "unit"), number(settings, "in_units"), number(settings, "out_units")


SPEC = Gearbox()

"""Figures with their units in the words of a request: how they are written, and what they come to."""

from __future__ import annotations

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.space import AXI_BYTES

_ALONE = r"(?<![\w.-])(?<!\d,)"
"""Before a figure: no sign, and no other digits that it would be the tail of."""
NUMBER = rf"{_ALONE}(?P<number>\d+(?:,\d{{3}})+(?!\d)|\d+(?:[.,]\d+)?)"
COUNT = rf"{_ALONE}(?P<number>\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+(?:\.\d{{1,3}})?\s?k|\d+)"
TIMES = r"\s*(?:[x*]|\bby\b)\s*"
"""Between the figures of a size."""
_WHOLE_MHZ = 2e-4
"""Relative distance at which a clock period counts as one of whole MHz: periods are written with three digits."""


def figure(number: str) -> float:
    """A number; three digits after a comma are thousands, others a fraction as half of Europe writes it."""
    head, comma, tail = number.rpartition(",")
    return float(number.replace(",", "") if comma and len(tail) == 3 else f"{head}.{tail}" if comma else tail)


def count(number: str) -> int:
    """A whole number; `1k` and `1.5k` are thousands."""
    return round(1000 * float(number.rstrip(" k"))) if number.endswith("k") else int(number.replace(",", ""))


def clock_mhz(number: float, unit: str) -> int:
    """MHz of a clock in MHz, GHz or, as its period, in ns."""
    if unit.startswith("n"):
        mhz = 1000 / number if number else 0.0
        if abs(mhz - round(mhz)) > _WHOLE_MHZ * mhz:
            raise AigchipError(f"A clock period of {number:g} ns is not a whole number of MHz.",
                               hint=f"Ask for {round(mhz)} MHz.")
        return round(mhz)
    mhz = number * (1000 if unit.startswith("g") else 1)
    if mhz != int(mhz):
        raise AigchipError(f"A clock of {mhz:g} MHz is not a whole number of MHz.")
    return int(mhz)


def axi_bytes(number: int, unit: str) -> int:
    """Bytes of a port whose width is given in bytes or bits."""
    if unit.startswith("byte"):
        return number
    if number % 8 or number // 8 not in AXI_BYTES:
        raise AigchipError(f"An AXI port of {number} bits is none of {', '.join(str(8 * b) for b in AXI_BYTES)}.")
    return number // 8


def milliseconds(unit: str) -> float:
    """Milliseconds of one ms, us or s, however it is spelt."""
    return 1.0 if unit.startswith("m") and not unit.startswith("micro") else 0.001 if unit[0] in "um" else 1000.0

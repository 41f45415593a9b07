"""What the ports of a top function cost: AXI masters and the register file of the AXI-Lite slave.

The figures are those of the instance tables of public reports of 2023 to 2025. A master of one direction takes 671 FF
and 637 LUTs at 32 bits, 1727 and 1687 at 512 in both directions; each direction keeps its words in memories of 18 bits
(2 BRAM18 at 32 bits, 8 at 128, 29 at 512). The slave takes 36 FF and 40 LUTs, and 35 and 64 for every word of 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.objects import Binding, Memory
from aigchip_tui.estimator.result import PartEstimate
from aigchip_tui.estimator.values import Val

_POINTER_WORDS = 2
_BLOCK_BITS = 18


def master(width: int, directions: int) -> tuple[int, int, int]:
    """BRAM18, FF and LUT of an AXI master of a word width in bits that reads, writes or does both."""
    bits = max(32, width)
    both = directions > 1
    return directions * -(-bits // _BLOCK_BITS), 605 + 2 * bits + 100 * both, 570 + 2 * bits + 45 * both


def slave(words: int) -> tuple[int, int]:
    """FF and LUT of the AXI-Lite registers for so many words of 32 bits."""
    return 36 + 35 * words, 40 + 64 * words


def interfaces(names: Sequence[str], ports: Sequence[Binding | Val], pragmas: Iterable[Pragma]) -> PartEstimate:
    """The adapters of a top function with these parameters and INTERFACE pragmas."""
    bundles: dict[str, list[Memory]] = {}
    for port in ports:
        if isinstance(port, Memory) and port.axi:
            bundles.setdefault(port.bundle, []).append(port)
    asked: set[str] = set()
    for pragma in pragmas:
        if pragma.kind == "INTERFACE" and "s_axilite" in (*pragma.words, pragma.options.get("mode", "")):
            asked.add(pragma.options.get("port", "return"))
    bram = ff = lut = words = 0
    for members in bundles.values():
        directions = int(any(one.read for one in members)) + int(any(one.written for one in members))
        one = master(max(member.type.total_bits for member in members), max(1, directions))
        bram, ff, lut = bram + one[0], ff + one[1], lut + one[2]
        words += _POINTER_WORDS * len(members)
    for name, port in zip(names, ports, strict=False):
        if isinstance(port, Val) and name in asked:
            words += -(-port.kind.bits // 32)
    if asked or bundles:
        registers = slave(words)
        ff, lut = ff + registers[0], lut + registers[1]
    return PartEstimate(name="Instance: adapters", bram18=bram, ff=ff, lut=lut)

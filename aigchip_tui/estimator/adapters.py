"""What the ports of a top function cost: AXI masters and the register file of the AXI-Lite slave.

The figures are those of the instance tables of public reports. Since 2023 a master of one direction takes 671 FF
and 637 LUTs at 32 bits, 1727 and 1687 at 512 in both directions; each direction keeps its words in memories of 18 bits
(2 BRAM18 at 32 bits, 8 at 128, 29 at 512). In 2022 its words were kept in LUTs: 743 FF and 1317 LUTs at 32 bits, 1079
and 1746 at 256; in kernels for a platform, which wait longer for a word, 764 and 1118 at 32, 4567 and 8001 at 512.
Until 2021 it took 2 BRAM18, 512 FF and 580 LUTs at 32 bits, 30, 1415 and 1585 at 512, one way or both. The slave
takes 36 FF and 40 LUTs, and 35 and 64 for every word of 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.objects import Binding, Memory
from aigchip_tui.estimator.options import Options
from aigchip_tui.estimator.result import PartEstimate
from aigchip_tui.estimator.values import Val

_POINTER_WORDS = 2
_BLOCK_BITS = 18
_PAIR_BITS = 36
_FAR = 64
"""Cycles to a word from which a memory is that of a platform."""


def master(width: int, directions: int, year: int = 2024, far: bool = False) -> tuple[int, int, int]:
    """BRAM18, FF and LUT of an AXI master of a word width in bits that reads, writes or does both.

    `year` is that of the tool; `far` says that the memory behind it is that of a platform.
    """
    bits = max(32, width)
    if year < 2022:
        return 2 * -(-bits // _PAIR_BITS), 450 + bits * 15 // 8, 515 + bits * 67 // 32
    if year < 2023:
        more = bits - 32
        return (0, 764 + more * 8, 1118 + more * 14) if far else (0, 743 + more * 3 // 2, 1317 + more * 2)
    both = directions > 1
    return directions * -(-bits // _BLOCK_BITS), 605 + 2 * bits + 100 * both, 570 + 2 * bits + 45 * both


def slave(words: int) -> tuple[int, int]:
    """FF and LUT of the AXI-Lite registers for so many words of 32 bits."""
    return 36 + 35 * words, 40 + 64 * words


def interfaces(
    names: Sequence[str], ports: Sequence[Binding | Val], pragmas: Iterable[Pragma], options: Options
) -> PartEstimate:
    """The adapters of a top function with these parameters and INTERFACE pragmas.

    An array behind a port that is partitioned has a master for each of its banks.
    """
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
        width = max(member.type.total_bits for member in members)
        one = master(width, max(1, directions), options.master_year, options.axi_latency >= _FAR)
        masters = max(member.banks for member in members)
        bram, ff, lut = bram + masters * one[0], ff + masters * one[1], lut + masters * one[2]
        words += _POINTER_WORDS * len(members)
    for name, port in zip(names, ports, strict=False):
        if isinstance(port, Val) and name in asked:
            words += -(-port.kind.bits // 32)
    if asked or bundles:
        registers = slave(words)
        ff, lut = ff + registers[0], lut + registers[1]
    return PartEstimate(name="Instance: adapters", bram18=bram, ff=ff, lut=lut)

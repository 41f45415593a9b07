"""What the ports of a top function cost: AXI masters and the register file of the AXI-Lite slave.

The figures are those of the instance tables of public reports of 2018 to 2025, whose masters differ by the tool's
version. Up to 2021 a master has buffers of 36 bits in both directions (2 BRAM18 at 32 bits, 30 at 512). Those of 2022
are of LUTs: no BRAM, twice the LUTs on Virtex UltraScale+ at 512 bits. Since 2023 a direction has a buffer of 18 bits
(2 BRAM18 at 32 bits, 29 at 512) where it is used, and since 2025 the one of writes is of shift registers where bursts
have at most 16 words. The slave takes 36 FF and 40 LUTs, and 35 and 64 for every word of 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.objects import Binding, Memory
from aigchip_tui.estimator.result import PartEstimate
from aigchip_tui.estimator.values import Val

_POINTER_WORDS = 2
_BUS_BITS = 32
_BUFFERED_BURST = 16
"""Words of the longest burst that shift registers hold."""
_NARROW = {1: (36, 120), 2: (25, 97)}
"""FF and LUT that pack words of so many bytes into those of the bus."""


def master(
    width: int, reads: bool, writes: bool, *, tool_year: int = 2025, wide: bool = False, write_burst: int = 16
) -> tuple[int, int, int]:
    """BRAM18, FF and LUT of an AXI master for words of a width in bits.

    `tool_year` is the year of the tool's version, `wide` says that the part is a Virtex UltraScale+, `write_burst` is
    the most words of a burst of writes.
    """
    bits = max(_BUS_BITS, width)
    packing = _NARROW.get(-(-width // 8), (0, 0))
    if tool_year < 2022:
        bram, ff, lut = 2 * -(-bits // 36), 450 + 19 * bits // 10, 513 + 21 * bits // 10
    elif tool_year < 2023 and wide:
        bram, ff, lut = 0, 511 + 79 * bits // 10, 660 + 143 * bits // 10
    elif tool_year < 2023:
        bram, ff, lut = 0, 660 + 5 * bits // 3, 1210 + 21 * bits // 10
    else:
        both, buffer = reads and writes, -(-bits // 18)
        shifted = tool_year >= 2025 and writes and write_burst <= _BUFFERED_BURST
        bram = buffer * (int(reads or not writes) + int(writes and not shifted))
        ff, lut = (545 + 2 * bits, 600 + 2 * bits) if shifted and not reads else (605 + 2 * bits, 570 + 2 * bits)
        ff, lut = ff + 100 * both, lut + 45 * both
    return bram, ff + packing[0], lut + packing[1]


def slave(words: int) -> tuple[int, int]:
    """FF and LUT of the AXI-Lite registers for so many words of 32 bits."""
    return 36 + 35 * words, 40 + 64 * words


def interfaces(
    names: Sequence[str],
    ports: Sequence[Binding | Val],
    pragmas: Iterable[Pragma],
    *,
    tool_year: int = 2025,
    wide: bool = False,
) -> PartEstimate:
    """The adapters of a top function with these parameters and INTERFACE pragmas; see `master`."""
    bundles: dict[str, list[Memory]] = {}
    for port in ports:
        if isinstance(port, Memory) and port.axi:
            bundles.setdefault(port.bundle, []).append(port)
    asked: set[str] = set()
    bursts: dict[str, int] = {}
    for pragma in pragmas:
        if pragma.kind == "INTERFACE" and "s_axilite" in (*pragma.words, pragma.options.get("mode", "")):
            asked.add(pragma.options.get("port", "return"))
        longest = pragma.options.get("max_write_burst_length", "")
        if pragma.kind == "INTERFACE" and longest.isdigit():
            bursts[pragma.options.get("port", "")] = int(longest)
    bram = ff = lut = words = 0
    for members in bundles.values():
        for count, alike in _masters(members):
            one = master(
                max(max(member.type.total_bits, member.port_bits) for member in alike),
                any(member.read for member in alike),
                any(member.written for member in alike),
                tool_year=tool_year,
                wide=wide,
                write_burst=max(_burst(member, bursts) for member in alike),
            )
            shifts = _shifts(alike)
            bram, ff, lut = bram + count * one[0], ff + count * one[1] + shifts[0], lut + count * one[2] + shifts[1]
        words += _POINTER_WORDS * len(members)
    for name, port in zip(names, ports, strict=False):
        if isinstance(port, Val) and name in asked:
            words += -(-port.kind.bits // 32)
    if asked or bundles:
        registers = slave(words)
        ff, lut = ff + registers[0], lut + registers[1]
    return PartEstimate(name="Instance: adapters", bram18=bram, ff=ff, lut=lut)


def _shifts(members: Sequence[Memory]) -> tuple[int, int]:
    """FF and LUT beside ports that are wider than their words: two wide registers to take words out of, one to fill."""
    ff = lut = 0
    for member in members:
        if member.port_bits > member.type.total_bits:
            ff += member.port_bits * (2 * member.read + member.written)
            lut += 100 * member.read + member.port_bits * member.written
    return ff, lut


def _burst(member: Memory, bursts: Mapping[str, int]) -> int:
    return bursts.get(member.name, _BUFFERED_BURST)


def _masters(members: Sequence[Memory]) -> Iterable[tuple[int, list[Memory]]]:
    """The masters of a bundle and the ports behind them: bank i of every port that is partitioned in as many
    dimensions shares master i.
    """
    alike: dict[int, list[Memory]] = {}
    for member in members:
        alike.setdefault(member.banked, []).append(member)
    return [(max(member.banks for member in group), group) for group in alike.values()]

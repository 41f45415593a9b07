"""What arrays and FIFOs are built of: BRAM18, URAM, LUTs as memory, flip-flops.

The laws are those of the memory tables of public reports of 2021 to 2025. A bank of less than 1024 bits is made of LUTs
(on Virtex UltraScale+ up to 4096), with an output register for each port that reads. A block RAM is as deep as the next
power of two, and gives up half its width where both ports read. On Virtex UltraScale+ a bank of up to 4096 words takes
UltraRAM unasked where it fills a fifth of one; a deeper one is reported as if it had 8192 words.
"""

from __future__ import annotations

from dataclasses import dataclass

from aigchip_tui.estimator.objects import Memory, Stream
from aigchip_tui.estimator.traced import formula

_WIDE = ("xcu2", "xcu5", "xcu3", "xcu4", "xcvu", "u2", "u5")
"""Virtex UltraScale+ and the boards that carry it."""
_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2))
_URAM_WORDS, _URAM_BITS = 4096, 72
_URAM_LEAST = 62_500
"""Reports keep banks of 61440 bits in BRAM; one of 64832 takes UltraRAM."""
_SHIFTED_BITS = 1024
_FIFO_FF, _FIFO_LUT = 99, 67
"""A FIFO of shift registers, whatever its width and length."""
_DEEPEST = 8192
"""Words of the deepest bank that reports of Virtex UltraScale+ count."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """BRAM18, URAM, LUTs and flip-flops; `hidden` are BRAM18 that a report would leave out."""

    bram18: int = 0
    uram: int = 0
    lut: int = 0
    ff: int = 0
    hidden: int = 0

    def times(self, count: int) -> Blocks:
        """So many of them."""
        return Blocks(
            count * self.bram18, count * self.uram, count * self.lut, count * self.ff, count * self.hidden
        )


@dataclass(frozen=True, slots=True)
class Storage:
    """What a part builds arrays of unasked: LUTs below `lutram_bits`; `wide` says that it is a Virtex UltraScale+."""

    lutram_bits: int
    wide: bool

    @classmethod
    def of(cls, part: str) -> Storage:
        """The rules of a part."""
        wide = part.lower().strip().startswith(_WIDE)
        return cls(4097 if wide else 1024, wide)


def array_blocks(memory: Memory, rules: Storage, reads: int = 1, copied: bool = False) -> Blocks:
    """One array, of a bank of which `reads` words are read in a cycle; ports of the top cost nothing inside.

    `copied`: the tool made copies of it for its readers.
    """
    if not memory.local or memory.axi or not (memory.read or memory.written):
        return Blocks()
    if memory.fifo:
        fifo = Stream(0, memory.type, memory.depth or memory.words, local=True, storage=memory.storage)
        return stream_blocks(fifo, rules.wide)
    banks = 1 if memory.reshaped > 1 else memory.banks * min(memory.dealt, max(1, memory.words))
    width = memory.type.bits * max(1, memory.reshaped)
    depth = -(-memory.words // max(1, memory.banks * memory.dealt))
    copies = max(1, reads - 1) if copied else -(-reads // 2) if memory.rom else 1
    # The accesses of a dealt array are counted before it is known which bank each of them falls into.
    alike = -(-reads // max(1, memory.dealt))
    return bank_blocks(depth, width, rules, memory.storage, alike).times(banks * copies)


def bank_blocks(depth: int, width: int, rules: Storage, asked: str = "", reads: int = 1) -> Blocks:
    """One bank of so many words of `width` bits; `asked` is the `bram`, `uram` or `lutram` of a BIND_STORAGE."""
    return Blocks(*_bank(depth, width, rules, asked, reads))


@formula
def _bank(depth: int, width: int, rules: Storage, asked: str, reads: int) -> tuple[int, int, int, int, int]:
    bits = depth * width
    bram = uram = lut = ff = hidden = 0
    if asked == "uram" or (asked == "" and _takes_uram(depth, width, rules)):
        uram = -(-width // _URAM_BITS) * -(-depth // _URAM_WORDS)
    elif asked == "lutram" or (asked == "" and bits < rules.lutram_bits):
        if rules.wide:
            ff = 1 << (width - 1).bit_length()
            lut = ff * -(-depth // 64) + 1
        else:
            lut, ff = -(-bits // 64), width * min(2, reads)
    elif rules.wide and asked == "" and depth > _DEEPEST:
        bram = bram18(_DEEPEST, width)
        hidden = bram18(depth, width) - bram
    else:
        bram = bram18(depth, width, both_read=reads > 1)
    return bram, uram, lut, ff, hidden


def _takes_uram(depth: int, width: int, rules: Storage) -> bool:
    return rules.wide and depth <= _URAM_WORDS and depth * width > _URAM_LEAST


def bram18(depth: int, width: int, both_read: bool = False) -> int:
    """BRAM18 blocks of a bank: the cheapest shape for the next power of two of words, several blocks deep above 8192.

    A block whose ports both read is 18 bits wide at most.
    """
    deep = 1 << max(0, depth - 1).bit_length()
    if deep > _DEEPEST:
        return min(-(-depth // 8192) * -(-width // 2), -(-depth // 16384) * width)
    return min([-(-deep // words) * -(-width // bits) for words, bits in _SHAPES if bits <= 18 or not both_read])


def stream_blocks(stream: Stream, wide: bool = False) -> Blocks:
    """A FIFO: shift registers up to 2 words or 1 Kbit, block RAM of 18 bits above; BIND_STORAGE decides otherwise.

    Reports count what is around one whatever its width is; those of Virtex UltraScale+ (`wide`) count its words.
    """
    if not stream.local:
        return Blocks()
    return Blocks(*_fifo(stream.type.total_bits, stream.depth, stream.storage, wide))


@formula
def _fifo(width: int, depth: int, storage: str, wide: bool) -> tuple[int, int, int, int, int]:
    shifted = depth <= 2 or width * depth <= _SHIFTED_BITS
    if (shifted or storage == "lutram") and storage != "bram":
        rounded = 1 << max(0, width - 1).bit_length()
        if wide:
            return 0, 0, rounded + 2, 2 * rounded + 4 if depth <= 2 else 5, 0
        return 0, 0, _FIFO_LUT, _FIFO_FF, 0
    blocks = bram18(min(depth, _DEEPEST) if wide else depth, width, both_read=not wide)
    return blocks, 0, _FIFO_LUT, 143 + 2 * depth.bit_length(), bram18(depth, width) - blocks if wide else 0

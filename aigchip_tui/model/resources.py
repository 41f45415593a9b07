"""Screening estimate of a design's resources from its parameters alone; the judge is the estimator that reads
the C++.

Multipliers are DSPs. A buffer bank is one memory of `w` packed elements a word: LUTRAM if shallow, URAM if deep,
block RAM else, at the width and depth shapes of the primitives (AMD UG573, UG574); two copies for double
buffering.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from aigchip_tui.model.space import Build, DesignPoint, Output, Partition
from aigchip_tui.model.tiling import MAX_TILE_COLUMNS

# Width -> depth of a BRAM18 in simple dual port mode (UG573, table 1-7).
BRAM18_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
_URAM_WIDTH, _URAM_DEPTH = 72, 4096
# Below this depth a bank costs fewer LUTs than the block RAM it would leave nearly empty.
LUTRAM_DEPTH = 64
UNASKED_LUTRAM_BITS = 1024
"""Bits of a bank from which the tool takes block RAM unasked."""
SRL_DEPTH = 32
"""A FIFO up to this depth is a shift register of one LUT a bit (SRL32)."""
_AUTO_SRL_BITS, _AUTO_SRL_DEPTH = 1024, 2
# LUTs, fitted to what the embedded estimator read in the C++ of 83 int8 designs of 8 to 1024 MACs, searched for two
# networks: median error 2.0 %, nine in ten within 9 %, the worst 23 %; 68 designs for two other networks: 2.5, 10 and
# 24 %. Control, dmas and FIFOs; an array, with the processes beside it; a MAC alone in its DSP block and one of two; a
# sum of an array; a byte that drain chooses for a token out of what the banks hold at an address; a sum that the banks
# of C add to in a cycle; one that waits because they take a block in parts; a byte of the tokens whose shares go to
# arrays in turn, of two designs that map theirs in each layer; a lane of post, which scales, or lets raw sums out.
LUT_BASE, LUT_PER_ARRAY, LUT_PER_MAC, LUT_PER_SUM = 18500, 1930, (51, 75), 95
LUT_PER_CHOSEN_BYTE, LUT_PER_ADDED_SUM, LUT_PER_WAITING_SUM, LUT_PER_SHARED_BYTE = 13, 102, 106, 6
LUT_PER_POST_LANE: Mapping[Output, int] = {"scaled": 805, "raw": 103}
# An adapter of a memory port beside its words, and the registers of five addresses and the number of layers.
LUT_PER_MASTER, LUT_SLAVE = 570, 744


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """Resources of a whole design; `basis` says where the figures come from."""

    dsp: int
    lut: int
    bram18: int
    uram: int
    basis: str = "screening"


def bank_resources(width_bits: int, depth: int, *, uram_allowed: bool) -> tuple[int, int, int]:
    """(LUT, BRAM18, URAM) of one memory of `depth` words of `width_bits` bits, one read and one write
    port.
    """
    if depth <= LUTRAM_DEPTH:
        # RAM64M8: 8 LUTs hold 64 words of 7 bits; RAM32M16: 8 LUTs hold 32 words of 14 bits.
        bits_per_eight = 14 if depth <= 32 else 7
        return -(-width_bits * 8 // bits_per_eight), 0, 0
    if uram_allowed and depth >= _URAM_DEPTH and width_bits >= _URAM_WIDTH // 2:
        return 0, 0, -(-width_bits // _URAM_WIDTH) * -(-depth // _URAM_DEPTH)
    return (
        0,
        block_rams(width_bits, depth),
        0,
    )


def bank_storage(width_bits: int, depth: int, *, uram_allowed: bool) -> str:
    """What `bank_resources` makes a memory of, where the tool would not do so unasked: `lutram`, `uram` or "".

    Unasked a bank of less than 1024 bits is made of LUTs, and every other one of block RAM (public reports).
    """
    lut, _, uram = bank_resources(width_bits, depth, uram_allowed=uram_allowed)
    if uram:
        return "uram"
    return "lutram" if lut and width_bits * depth >= UNASKED_LUTRAM_BITS else ""


def shifts_unasked(width_bits: int, depth: int) -> bool:
    """Whether the tool makes a FIFO of shift registers unasked; a larger one becomes a memory (UG1399, storage
    binding: `auto_srl_max_bits`, `auto_srl_max_depth`).
    """
    return depth <= _AUTO_SRL_DEPTH or width_bits * depth <= _AUTO_SRL_BITS


def fifo_storage(width_bits: int, depth: int) -> str:
    """`srl` for a FIFO that fits the depth of one shift register a bit and that the tool would put elsewhere, or ""."""
    return "srl" if depth <= SRL_DEPTH and not shifts_unasked(width_bits, depth) else ""


def buffer_resources(kib: int, part: Partition, element_bits: int, *, uram_allowed: bool) -> tuple[int, int, int]:
    """(LUT, BRAM18, URAM) of a double-buffered buffer of `kib` KiB a copy, in `part.h` banks of `part.w`
    elements a word.

    An element counts a power of two of bytes in the size, so that the depth of a bank is one too.
    """
    cell_bits = 1 << (element_bits - 1).bit_length()
    depth = kib * 1024 * 8 // (cell_bits * part.banks)
    lut, bram18, uram = bank_resources(part.w * element_bits, depth, uram_allowed=uram_allowed)
    return 2 * part.h * lut, 2 * part.h * bram18, 2 * part.h * uram


def with_third_copy(of_buffer: tuple[int, int, int]) -> tuple[int, int, int]:
    """Resources of two copies of buffer C and of the spilled sums of a tile on their way back (SPACE sec. 1)."""
    lut, bram18, uram = of_buffer
    return 3 * lut // 2, 3 * bram18 // 2, 3 * uram // 2


def chosen_elements(height: int, width: int, rows: int, k: int) -> int:
    """Two-way choices by which drain makes a token, in elements: `height` banks hold `width` elements a word each, a
    wide token has `rows` rows of `k` elements; of g groups of what a cycle sends g - 1 choices leave one.
    """
    sent = min(height, rows) * min(width, k)
    return height * width - sent


def waiting_sums(height: int, width: int, pm: int, pn: int) -> int:
    """Sums of a block of pm x pn that accumulate holds, because its banks take fewer in a cycle."""
    return pm * pn if height < pm or width < pn else 0


def bias_rams(width_bits: int, words: int) -> int:
    """BRAM18 of the bias that post holds; the tool takes LUTs for a small one."""
    return block_rams(width_bits, words) if width_bits * words >= UNASKED_LUTRAM_BITS else 0


def bias_words(depth: int, height: int, width: int, *, pm: int, share: int) -> int:
    """Words of bias that post holds: as many bank words as the widest tile of C has in a row, for each of `share`
    arrays that a layer may map to n.
    """
    return max(1, min(share * (depth // -(-pm // height)), MAX_TILE_COLUMNS // width))


def master_resources(width_bits: int) -> tuple[int, int]:
    """(LUT, BRAM18) of the adapter of a memory port that is read or written, in long bursts (public reports of 2023
    and later): a buffer of words of 18 bits.
    """
    return LUT_PER_MASTER + 2 * width_bits, -(-width_bits // 18)


def port_resources(port_bits: int, bias_bits: int, *, spills: bool) -> tuple[int, int]:
    """(LUT, BRAM18) of the top's ports: table, A, B, C and bias, and the registers that the host writes. The port of
    C is read as well where sums spill.
    """
    masters = [master_resources(bits) for bits in (32, port_bits, port_bits, port_bits, bias_bits)]
    lut, bram18 = (sum(each) for each in zip(*masters, strict=True))
    back = master_resources(port_bits)[1] if spills else 0
    return LUT_SLAVE + lut, bram18 + back


def block_rams(width_bits: int, depth: int) -> int:
    """BRAM18 of a memory with one read and one write port, in the best of the primitive's shapes."""
    return min(-(-width_bits // width) * -(-depth // shape_depth) for width, shape_depth in BRAM18_SHAPES)


def logic_luts(
    *, arrays: int, macs: int, pack: int, sums: int, post_lanes: int, chosen_bytes: int, added: int, waiting: int,
    sum_bits: int, output: Output = "scaled", shared: int = 0,
) -> int:
    """LUTs besides the memories: `sums` registers of all arrays, `chosen_bytes` behind multiplexers, sums `added` in a
    cycle by the banks of C and `waiting` for them, `shared` bytes of the tokens of arrays that each layer maps.

    Adders grow with the sums, so int16 scales the array's part by its wider ones.
    """
    array = LUT_PER_ARRAY * arrays + LUT_PER_MAC[pack - 1] * macs + LUT_PER_SUM * sums
    array += LUT_PER_ADDED_SUM * added + LUT_PER_WAITING_SUM * waiting
    post = LUT_PER_POST_LANE[output] * post_lanes
    return LUT_BASE + array * sum_bits // 32 + post + LUT_PER_CHOSEN_BYTE * chosen_bytes + LUT_PER_SHARED_BYTE * shared


def screened_resources(point: DesignPoint, build: Build) -> Resources:
    """Resources of a design before any code exists: DSP = multipliers, memories by binding, LUT by a coarse
    sum.
    """
    uram_allowed = build.device.has_uram
    lut, bram18, uram = 0, 0, 0
    for kib, part, bits in (
        (point.buf_a, point.part_a, build.data_bits),
        (point.buf_b, point.part_b, build.data_bits),
        (point.buf_c, point.part_c, build.sum_bits),
    ):
        of_buffer = buffer_resources(kib, part, bits, uram_allowed=uram_allowed)
        if part is point.part_c and point.spills:
            of_buffer = with_third_copy(of_buffer)
        lut, bram18, uram = lut + of_buffer[0], bram18 + of_buffer[1], uram + of_buffer[2]
    part_c = point.part_c
    chosen = sum(
        chosen_elements(part.h, part.w, rows, point.pk)
        for part, rows in ((point.part_a, point.pm), (point.part_b, point.wide_n))
    )
    lut += logic_luts(
        arrays=point.arrays.product, macs=point.macs, pack=point.dsp_pack, sums=point.pm * point.pn * point.arrays.k,
        post_lanes=part_c.w, chosen_bytes=chosen * build.data_bytes, added=part_c.banks,
        waiting=waiting_sums(part_c.h, part_c.w, point.pm, point.pn), sum_bits=build.sum_bits, output=build.output,
        shared=(point.pm + point.wide_n) * point.pk * build.data_bytes if point.mapped else 0,
    )
    words = bias_words(
        point.buf_c * 1024 // (build.sum_cell_bytes * part_c.banks), part_c.h, part_c.w, pm=point.pm,
        share=point.wide_n // point.pn,
    )
    bram18 += bias_rams(part_c.w * build.sum_bits, words)
    ports = port_resources(8 * build.axi_bytes, part_c.w * build.sum_bits, spills=point.spills)
    lut, bram18 = lut + ports[0], bram18 + ports[1]
    return Resources(dsp=point.multipliers, lut=lut, bram18=bram18, uram=uram)

"""The parts of a utilization table: operators, multiplexers, registers, arrays, FIFOs, adapters, and their total."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.estimator.glue import shared_memory
from aigchip_tui.estimator.objects import Binding, Memory, Stream
from aigchip_tui.estimator.resources import memory_blocks, stream_blocks
from aigchip_tui.estimator.result import PartEstimate
from aigchip_tui.estimator.walk import Walker


def storage(walker: Walker, has_uram: bool) -> tuple[PartEstimate, ...]:
    """Arrays, FIFOs, and the choices in front of arrays that several modules use."""
    memory, fifo, choices = PartEstimate(name="Memory"), PartEstimate(name="FIFO"), 0
    seen: set[int] = set()
    for array in list(walker.used_memories.values()):
        if array.number in seen:
            continue
        seen.add(array.number)
        if array.fifo:
            fifo = _more(fifo, memory_blocks(array, has_uram))
        else:
            memory = _more(memory, memory_blocks(array, has_uram))
    for number, users in walker.users.items():
        used = walker.memories.get(number)
        if isinstance(used, Memory) and not used.axi:
            banks = min(used.banks * used.dealt, max(1, used.words)) if used.reshaped == 1 else 1
            choices += shared_memory(users, walker.writers[number], banks)
    for stream in walker.all_memories:
        if isinstance(stream, Stream):
            for item in stream.items.values() if stream.extents else (stream,):
                fifo = _more(fifo, channel_blocks(walker, item, has_uram))
    return memory, fifo, PartEstimate(name="Multiplexer", lut=choices)


def _more(part: PartEstimate, blocks: tuple[int, int, int, int]) -> PartEstimate:
    """A part with further BRAM18, URAM, LUT and FF."""
    bram18, uram, lut, ff = blocks
    return PartEstimate(
        name=part.name, bram18=part.bram18 + bram18, uram=part.uram + uram, ff=part.ff + ff, lut=part.lut + lut
    )


def utilization(found: Sequence[PartEstimate]) -> tuple[PartEstimate, ...]:
    """Parts by name, those of one name together, and their total."""
    names = sorted({one.name for one in found})
    parts = [_sum(name, [one for one in found if one.name == name]) for name in names]
    return *parts, _sum("Total", parts)


def _sum(name: str, parts: Sequence[PartEstimate]) -> PartEstimate:
    return PartEstimate(
        name=name,
        bram18=sum([one.bram18 for one in parts]),
        uram=sum([one.uram for one in parts]),
        dsp=sum([one.dsp for one in parts]),
        ff=sum([one.ff for one in parts]),
        lut=sum([one.lut for one in parts]),
    )


def channel_blocks(walker: Walker, stream: Stream, has_uram: bool) -> tuple[int, int, int, int]:
    """BRAM18, URAM, LUT and FF of a channel: a FIFO, or a memory for each block of a stream of blocks."""
    if not stream.blocks or not stream.local:
        blocks, luts, flops = stream_blocks(stream)
        return blocks, 0, luts, flops
    block: Binding = Memory(
        0, stream.name, stream.type.stripped(), stream.type.extents or (1,), True, read=True, written=True
    )
    for pragma in stream.banks:
        block = walker.apply_pragma(block, pragma)
    if not isinstance(block, Memory):
        return 0, 0, 0, stream.depth * stream.type.total_bits
    one = memory_blocks(block, has_uram)
    return stream.depth * one[0], stream.depth * one[1], stream.depth * one[2], stream.depth * one[3]

"""The parts of a utilization table: operators, multiplexers, registers, arrays, FIFOs, adapters, and their total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aigchip_tui.estimator.arrays import Blocks, Storage, array_blocks, stream_blocks
from aigchip_tui.estimator.glue import shared_memory
from aigchip_tui.estimator.objects import Binding, Memory, Stream
from aigchip_tui.estimator.result import PartEstimate
from aigchip_tui.estimator.traced import formula
from aigchip_tui.estimator.walk import Walker


def storage(walker: Walker, reads: Mapping[int, int], rules: Storage) -> tuple[PartEstimate, ...]:
    """Arrays, FIFOs, and the choices in front of arrays that several modules use.

    `reads` has the words that a cycle reads of one bank, by array.
    """
    memory, fifo, choices = PartEstimate(name="Memory"), PartEstimate(name="FIFO"), 0
    seen: set[int] = set()
    for array in list(walker.used_memories.values()):
        if array.number in seen:
            continue
        seen.add(array.number)
        made = array_blocks(array, rules, reads.get(array.number, 1), array.order in walker.uses.copied)
        if array.fifo:
            fifo = _more(fifo, made)
        else:
            memory = _more(memory, made)
        if made.hidden:
            walker.warn(_more_than_counted(array.name, made.bram18 + made.hidden, made.bram18))
    for number, users in walker.users.items():
        used = walker.memories.get(number)
        if isinstance(used, Memory) and not used.axi:
            banks = min(used.banks * used.dealt, max(1, used.words)) if used.reshaped == 1 else 1
            writers = len(walker.writers.get(number, ()))
            choices += shared_memory(len(users), writers, banks, min(2, reads.get(number, 1)))
    for stream in walker.all_memories:
        if isinstance(stream, Stream):
            for item in stream.items.values() if stream.extents else (stream,):
                fifo = _more(fifo, channel_blocks(walker, item, rules))
    return memory, fifo, PartEstimate(name="Multiplexer", lut=choices)


@formula
def _more_than_counted(array: str, blocks: int, counted: int) -> str:
    return (
        f"array '{array}' takes {blocks} BRAM18; reports of this family count {counted},"
        " as if no bank had more than 8192 words"
    )


def _more(part: PartEstimate, made: Blocks) -> PartEstimate:
    """A part with further memories."""
    return PartEstimate(
        name=part.name,
        bram18=part.bram18 + made.bram18,
        uram=part.uram + made.uram,
        ff=part.ff + made.ff,
        lut=part.lut + made.lut,
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


def channel_blocks(walker: Walker, stream: Stream, rules: Storage) -> Blocks:
    """A channel: a FIFO, or a memory for each block of a stream of blocks."""
    if not stream.blocks or not stream.local:
        return stream_blocks(stream, rules.wide)
    block: Binding = Memory(
        0, stream.name, stream.type.stripped(), stream.type.extents or (1,), True, read=True, written=True
    )
    for pragma in stream.banks:
        block = walker.apply_pragma(block, pragma)
    if isinstance(block, Memory):
        block.storage = stream.storage
    else:
        return Blocks(ff=stream.depth * stream.type.total_bits)
    return array_blocks(block, rules).times(stream.depth)

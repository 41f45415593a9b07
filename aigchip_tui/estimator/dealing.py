"""Banks over which the tool deals out arrays unasked."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.estimator.dependences import DependenceWalk
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Memory, Partition
from aigchip_tui.estimator.tracks import Track

_FEW = 2
"""Trips of a loop up to which each address is a choice between known ones: nothing is divided."""
_WIDE = 64
"""Bits of an index behind an exit."""
_STORE_STATES = 3
"""States of a pipeline around the remainder that selects the bank of a store."""


def _remainder(bits: int) -> int:
    """Cycles of a remainder of so many bits, in reports of 2020 to 2025: one a bit, and four."""
    return bits + 4


def _divisor(partition: Partition, extent: int) -> int:
    """What an index is divided by to find its bank and word; 0 where none divides it or its bits tell."""
    if partition.style == "complete" or partition.factor >= extent:
        return 0
    by = partition.factor if partition.style == "cyclic" else -(-extent // partition.factor)
    return by if by & (by - 1) else 0


def _is_divided(terms: Sequence[tuple[int, int]], moving: frozenset[int], by: int) -> bool:
    """Whether an index of these terms moves otherwise than by whole rows of `by`, or than a pipeline's only counter."""
    if not any(one in moving and step % by for one, step in terms):
        return False
    return len(moving) > 1 or len(terms) > 1 or terms[0][1] != 1


class DealingWalk(DependenceWalk):
    """How many banks an array gets by the accesses of the pipelines that use it."""

    def spread(self, graph: Graph) -> dict[int, int]:
        """Banks over which the tool deals out the arrays of a pipeline, whatever bounds its interval.

        A bank has two ports: single accesses of an even number of elements share banks in pairs.
        """
        if not self.options.auto_partition or not self.options.deal_arrays or self.designer_partitions:
            return {}
        found: dict[int, int] = {}
        carried = self.carried_arrays(graph)
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or not memory.local or memory.asked or number in carried:
                continue
            banks = self._asked_for(memory, track)
            if not banks:
                continue
            found[number] = banks
            memory.dealt = max(memory.dealt, found[number])
            if self.nest[-1][1] > _FEW:
                use = self.uses.of(memory.order)
                use.dealt = max(use.dealt, found[number])
        return found

    @staticmethod
    def _asked_for(memory: Memory, track: Track) -> int:
        """Banks that the accesses of a pipeline ask for, 0 where the ports of the array are enough."""
        if track.lifted or len(track.log) <= memory.ports[0]:
            return 0
        spread = 1
        for position, extent in enumerate(memory.extents):
            if position not in memory.partitions:
                spread *= min(max(1, extent), len({entry[2][position] for entry in track.log}))
        paired = spread % 2 == 0 and len(track.log) == spread
        return spread // 2 if paired else spread

    def divide_asked(self, graph: Graph, moving: frozenset[int]) -> tuple[int, int]:
        """Lets loads wait for the division that finds bank and word where the designer parts an array in rows that are
        no power of two; `moving` are the counters of the pipeline. Of a loop's only counter a remainder is kept, too.

        Returns the least depth of the pipeline, since its stores wait too, and what it is deeper by where iterations
        wait for each other: their addresses are known before.
        """
        least = deeper = 0
        carried: set[int] | None = None
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or not memory.asked or memory.axi:
                continue
            divided = {place: by for place, one in memory.partitions.items()
                       if (by := _divisor(one, memory.extents[place]))}
            if not divided:
                continue
            carried = self.carried_arrays(graph) if carried is None else carried
            for write, terms, _, node in track.log:
                bits = max([(memory.extents[place] - 1).bit_length() for place, by in divided.items()
                            if _is_divided(terms[place], moving, by)], default=0)
                if not bits or graph.access[node] is None:
                    continue
                if write:
                    least = max(least, _remainder(bits) + 1)
                elif number in carried:
                    deeper = max(deeper, _remainder(bits))
                else:
                    graph.states[node] += _remainder(bits)
        return least, deeper

    def divide(self, graph: Graph, nest: tuple[tuple[int, int], ...], leaves: bool) -> int:
        """Lets loads wait for the remainder that selects their bank, where the number of banks is no power of two.

        `leaves` says that the body of the unrolled loop has an exit: remainders of its stores then take 64 bits, and so
        do those of loads along the counter of a loop around it that has one.
        Returns the least depth of the pipeline, 0 where no store asks for one.
        """
        if not self.options.auto_partition or not self.options.deal_arrays or self.designer_partitions:
            return 0
        moving = dict(nest)
        carried = self.carried_arrays(graph)
        found: list[tuple[int, int, list[tuple[bool, int]]]] = []
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or not memory.local or memory.asked or len(memory.extents) != 1:
                continue
            loads = {entry[2][0] for entry in track.log if not entry[0]}
            if memory.partitions or number in carried or len(loads) == 1:
                continue
            use = self.uses.of(memory.order)
            steps = {by for _, terms, _, _ in track.log for one, by in terms[0] if moving.get(one, 0) > _FEW}
            use.steps |= steps
            banks = use.banks
            if self.splits_now:
                # No walk has seen all loops yet: what this one and those before ask for is often what all do.
                own = self._asked_for(memory, track) if nest[-1][1] > _FEW else 0
                banks = max(banks, use.dealt, own)
            use.taken.add(banks)
            if not banks & (banks - 1) or not any(by % banks for by in steps):
                continue
            far = any(one in self.exits for _, terms, _, _ in track.log for one, _ in terms[0])
            if far or not loads or max(loads) - min(loads) < len(loads):
                nodes = [(write, node) for write, _, _, node in track.log if graph.access[node] is not None]
                found.append((banks, _WIDE if far else (memory.words - 1).bit_length(), nodes))
        wide = {banks for banks, _, nodes in found if leaves and any(write for write, _ in nodes)}
        for banks, bits, nodes in found:
            for write, node in nodes:
                if not write:
                    graph.states[node] += _remainder(_WIDE if banks in wide else bits)
        return _remainder(_WIDE) + _STORE_STATES if wide else 0

    def share_words(self, graph: Graph) -> None:
        """Lets loads that differ only in which bank of a complete partition they choose take the same words.

        Each reads the word of one address from every bank, which one read of them does for all.
        """
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or memory.axi:
                continue
            complete = {position for position, one in memory.partitions.items() if one.style == "complete"}
            if not complete:
                continue
            read: set[tuple[object, ...]] = set()
            for write, terms, constants, node in track.log:
                if write:
                    read.clear()
                    continue
                access = graph.access[node]
                if access is None or not any(terms[position] for position in complete if position < len(terms)):
                    continue
                inner = [place for place in range(len(terms)) if place not in complete]
                key = tuple((terms[place], constants[place]) for place in inner)
                if key in read:
                    graph.access[node] = access.without_words()
                read.add(key)

    @staticmethod
    def carried_arrays(graph: Graph) -> set[int]:
        """Arrays through which iterations depend on each other."""
        return {
            access.memory
            for _, target, _, extra in graph.back
            if extra == 0 and (access := graph.access[target]) is not None
        }

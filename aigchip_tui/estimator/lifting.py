"""What leaves a pipelined loop: loads in front of it, stores behind it, elements kept in registers meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Memory
from aigchip_tui.estimator.state import WalkState
from aigchip_tui.estimator.tracks import Track
from aigchip_tui.estimator.values import Val

_BEHIND = 3
"""Cycles between the end of a loop and the first store of what stood in its registers, in reports of such loops."""


class LiftWalk(WalkState):
    """Moves loads and stores of addresses that no iteration changes out of a loop after its body has been walked."""

    def hoist(self, graph: Graph, nest: tuple[tuple[int, int], ...], early: bool = True) -> dict[int, int]:
        """Loads whose address no iteration changes, of memories that the loop does not write, leave the loop.

        `early` says that inner loops are unrolled because a pragma asks for it: before the compiler looks for such
        loads. Loops that the scheduler unrolls unasked keep theirs, for which it deals out the array.
        Returns how many of each memory leave it, see `in_front`.
        """
        moving = {symbol for symbol, _ in nest} | set(self.deltas) | set(self.variant)
        left: dict[int, int] = {}
        for number, track in self.tracks_of(graph).items():
            if any(entry[0] for entry in track.log) or not track.log:
                self._sink(graph, track, moving)
                continue
            memory = self.memories.get(number)
            if not isinstance(memory, Memory):
                continue
            fixed = {address for address in track.shapes if not any(s in moving for terms in address for s, _ in terms)}
            still = [
                entry[3]
                for entry in (track.log if fixed else ())
                if entry[1] in fixed
                and (graph.number, entry[3]) not in self.facts_at
                and (graph.number, entry[3]) not in self.pinned
            ]
            if memory.axi and self._may_be_written(graph, memory):
                continue
            several = len({entry[2] for entry in track.log}) > 1
            if several and not early and self._deals(memory):
                continue
            for node in still:
                graph.access[node] = None
                graph.states[node] = 0
            track.lifted = several and len(still) == len(track.log)
            if still:
                left[number] = len(still)
        return left

    def in_front(self, left: Mapping[int, int]) -> int:
        """Cycles that so many loads of each memory take in front of a loop."""
        cycles = 0
        for number, count in left.items():
            memory = self.memories[number]
            assert isinstance(memory, Memory)
            self.in_front_of.setdefault(number, set()).add(self.graph.number)
            ports = max(1, self.capacity.get(number, memory.ports)[1]) * self._banks_around(memory)
            cycles = max(cycles, -(-count // ports) + (self.options.axi_latency if memory.axi else 1))
        return cycles

    def lift(self, graph: Graph, outside: Graph, number: int, track: Track) -> int:
        """Keeps several elements, which every iteration reads and writes, in registers of the loop.

        What the graph `outside` has just stored comes from its registers, and is stored behind the loop alone.
        Returns the cycles in which they are loaded in front of it and stored behind it, 0 where nothing is lifted.
        """
        memory = self.memories.get(number)
        if not isinstance(memory, Memory) or not self._deals(memory) or len({entry[2] for entry in track.log}) < 2:
            return 0
        self.in_front_of.setdefault(number, set()).add(graph.number)
        ports = memory.ports[1] * self._banks_around(memory)
        stores = {entry[2] for entry in track.log if entry[0]}
        terms = track.log[0][1]
        before = self.tracks_of(outside).get(number)
        alone = before is not None and len(before.stores) == 1 and not before.guarded
        given = before.stores.get(terms, {}) if before is not None and alone else {}
        loads = {entry[2] for entry in track.log if not entry[0]} - given.keys()
        for constants in stores & given.keys():
            kept = given[constants][1]
            if isinstance(kept, Val):
                self.layer.needed.append(kept)
            if before is not None:
                self.drop_store(outside, before, given[constants][0])
        for write, _, _, node in track.log:
            graph.access[node] = None
            if not write:
                graph.states[node], graph.delay[node] = 0, 0.0
        track.lifted = True
        return -(-len(loads) // ports) + 1 + -(-len(stores) // ports) + _BEHIND

    def _deals(self, memory: Memory) -> bool:
        """Whether the tool deals an array out as it likes."""
        options = self.options
        free = options.auto_partition and options.deal_arrays and not self.designer_partitions
        return free and memory.local and not memory.asked

    def _banks_around(self, memory: Memory) -> int:
        """Banks of an array outside a loop that keeps its elements in registers: what other loops ask for."""
        dealt = self.decisions.get(memory.order, {}).get(-1) if self._deals(memory) else None
        return max(1, memory.banks, memory.dealt, dealt.factor if dealt is not None else 1)

    def _sink(self, graph: Graph, track: Track, moving: set[int]) -> None:
        """Stores of every iteration to the same elements, which none loads, leave the loop: the last one counts."""
        if track.guarded or any(not entry[0] for entry in track.log):
            return
        if any(symbol in moving for entry in track.log for terms in entry[1] for symbol, _ in terms):
            return
        for _, _, _, node in track.log:
            graph.access[node] = None
            graph.states[node] = 0
        track.log.clear()

    def _may_be_written(self, graph: Graph, memory: Memory) -> bool:
        """Whether a loop that stores through an AXI port may store what it reads there.

        The arrays of a bundle are one pointer with offsets, unless they are parted into ports of their own.
        """
        for number, track in self.tracks_of(graph).items():
            other = self.memories.get(number)
            if not isinstance(other, Memory) or not other.axi or not any(entry[0] for entry in track.log):
                continue
            if 0 in memory.extents or (other.bundle == memory.bundle and not memory.partitions):
                return True
        return False

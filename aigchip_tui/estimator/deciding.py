"""Partitions that the tool makes unasked where the ports of a local array bound a pipeline."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from aigchip_tui.estimator.dealing import DealingWalk
from aigchip_tui.estimator.graph import Access, Graph
from aigchip_tui.estimator.machine import MachineWalk
from aigchip_tui.estimator.objects import Memory, Partition
from aigchip_tui.estimator.schedule import least_interval, memory_interval
from aigchip_tui.estimator.uses import MOST_COPIES


class BeginAnewError(Exception):
    """What a walk did so far is to be done again with what it has decided of arrays."""


class _Plan(NamedTuple):
    """What ports that bound a pipeline let the tool do to one array: dimensions to split, banks to deal it over (0: it
    is not dealt out).
    """

    memory: Memory
    split: tuple[int, ...]
    dealt: int


class DecidingWalk(MachineWalk, DealingWalk):
    """Partitions that the tool makes unasked, and the ports that a loop finds with them."""

    def decide(
        self, graph: Graph, bound: str, capacity: Mapping[int, tuple[int, int, int]], target: int,
        made: tuple[list[int], list[float]], hoisted: Container[int] = (),
    ) -> bool:
        """Partitions that the tool makes unasked when the ports of a local array bound a pipeline.

        An index that is constant in every access of the loop splits that dimension completely, also where the designer
        asks for fewer banks of it; otherwise the array is dealt out over as many banks as the unrolled accesses need,
        unless iterations depend on each other through it. True when the interval is to be asked for again. The walk is
        repeated with what was decided
        where that changes what was walked before: an array that becomes registers or that something used before this
        loop did, or one whose ports an earlier loop waited for. `made` are the states and delays of the graph's nodes
        before its interval was asked for, `hoisted` the memories of which loads have left the loop.
        """
        if not bound.startswith("ports") and not self._was_bound(graph, capacity, target, made):
            return False
        changed = False
        registers = waiting = False
        for memory, split, dealt in self._plans(graph):
            plan = self.decisions.setdefault(memory.order, {})
            if split:
                here = self._split(graph, memory, split)
                changed = changed or here
                registers = registers or _dimensions_split(plan) == len(memory.extents)
            if dealt:
                plan[-1] = Partition("cyclic", dealt)
                changed = True
                self.again = self.again or memory.number in self.held
                self.dealt_late = self.dealt_late or bool(self.in_front_of.get(memory.number, set()) - {graph.number})
                waiting = waiting or memory.number in hoisted
        splits = self.split_now()
        self.dealt_late = self.dealt_late or (waiting and not splits)
        self.again = self.again or (self.dealt_late and splits)
        if self.again and self.may_begin_anew and not registers:
            raise BeginAnewError
        return changed

    def decide_function(self, graph: Graph, target: int) -> None:
        """Splits the arrays whose ports bound a pipelined function, though the designer states its interval.

        Its loops are all unrolled: reports show every dimension split in which each access has an index of its own.
        """
        interval, _, crowded = memory_interval(graph, self.capacity)
        if interval <= target or not self.options.auto_partition:
            return
        for memory, split, _ in self._plans(graph, stated=True):
            if split and memory.number in crowded:
                self._split(graph, memory, split)

    def _split(self, graph: Graph, memory: Memory, positions: Iterable[int]) -> bool:
        """Splits dimensions of an array; False where the walk has to be repeated for it."""
        plan = self.decisions.setdefault(memory.order, {})
        plan.update({position: Partition("complete", memory.extents[position]) for position in positions})
        if self._split_here(graph, memory, plan):
            return True
        self.again = True
        return False

    def split_now(self) -> bool:
        """Whether an array has been split while this walk, the first one, goes on."""
        return self.splits_now and any(map(_dimensions_split, self.decisions.values()))

    def _plans(self, graph: Graph, *, stated: bool = False) -> list[_Plan]:
        """What is not decided yet of each array in a graph that the tool may build as it likes.

        `stated`: also where the designer states an interval or partitions of other arrays.
        """
        mine = self.options.deal_arrays and self.designer_partitions and not stated
        if not self.options.auto_partition or mine:
            return []
        found: list[_Plan] = []
        carried = self.carried_arrays(graph)
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or not memory.local:
                continue
            if track.lifted or len(track.log) <= memory.ports[0]:
                continue
            plan = self.decisions.get(memory.order, {})
            use = self.uses.of(memory.order)
            moved = set() if self.options.deal_arrays else use.moved
            spread = 1
            split: list[int] = []
            addresses = {entry[1] for entry in track.log}
            for position, extent in enumerate(memory.extents):
                constants = {entry[2][position] for entry in track.log}
                fixed = not any(address[position] for address in addresses) and position not in moved
                if fixed and len(constants) > 1:
                    asked = memory.partitions.get(position)
                    if position not in plan and (asked is None or asked.style != "complete"):
                        split.append(position)
                else:
                    spread *= min(max(1, extent), len(constants))
            wanted = self.options.deal_arrays and number not in carried and -1 not in plan and not memory.asked
            dealt = spread if wanted and len(plan) + len(split) != len(memory.extents) else 0
            found.append(_Plan(memory, tuple(split), dealt))
        return found

    def _split_here(self, graph: Graph, memory: Memory, plan: Mapping[int, Partition]) -> bool:
        """Splits an array that nothing but this graph has used, as if it had been split from the start.

        False where the walk is to be repeated instead.
        """
        track = self.tracks_of(graph)[memory.number]
        parts = {position: one for position, one in plan.items() if position >= 0}
        if self.again or not self.splits_now or len(parts) == len(memory.extents):
            return False
        if self._used_elsewhere(graph, memory):
            return False
        memory.partitions = {**memory.partitions, **parts}
        for _, terms, constants, node in track.log:
            access = graph.access[node]
            if access is not None:
                banks = self.banks_of(memory, track.shapes[terms], constants)
                graph.access[node] = track.of_banks(access, banks)
        return True

    def _used_elsewhere(self, graph: Graph, memory: Memory) -> bool:
        """Whether an element of an array was used in any graph but this."""
        return any(
            (track := tracks.get(memory.number)) is not None and bool(track.log)
            for number, tracks in self.tracks.items()
            if number != graph.number
        )

    def _was_bound(
        self, graph: Graph, capacity: Mapping[int, tuple[int, int, int]], target: int,
        made: tuple[list[int], list[float]],
    ) -> bool:
        """Whether ports would bound the interval if no array had been split."""
        split = {
            number for number in self.tracks_of(graph)
            if isinstance(memory := self.memories.get(number), Memory)
            and _dimensions_split(self.decisions.get(memory.order, {}))
        }
        if not self.splits_now or not split or not any(one.split or one.dealt for one in self._plans(graph)):
            return False
        access = graph.access
        graph.access = [
            Access(one.memory, (0,), one.write) if one is not None and one.memory in split else one
            for one in access
        ]
        bound = self.bound_of(graph, capacity, target, made)
        graph.access = access
        return bound.startswith("ports")

    def bound_of(
        self, graph: Graph, capacity: Mapping[int, tuple[int, int, int]], target: int,
        made: tuple[list[int], list[float]],
    ) -> str:
        """What would bound the interval if the nodes took these states and delays."""
        now = graph.states[:], graph.delay[:]
        graph.states[:], graph.delay[:] = made
        found = least_interval(graph, self.operators.budget, capacity, target, self.operators.shortest())
        graph.states[:], graph.delay[:] = now
        return found.bound

    def relaxed(self, graph: Graph, copies: int) -> dict[int, tuple[int, int, int]]:
        """Port capacities for one loop: arrays dealt out over enough banks have a port for every access in
        it.
        """
        carried = self.carried_arrays(graph)
        capacity = dict(self.capacity)
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or number in carried:
                continue
            if -1 in self.decisions.get(memory.order, {}):
                many = 2 * len(track.log) + 2
                addresses = {entry[1] for entry in track.log}
                if any(symbol in self.variant for address in addresses for terms in address for symbol, _ in terms):
                    many = max(memory.ports[0], len(track.log) // max(1, copies))
                capacity[number] = (many, many, many)
            elif self._copied(memory):
                capacity[number] = (MOST_COPIES + 1, MOST_COPIES, 1)
        return capacity

    def _copied(self, memory: Memory) -> bool:
        """Whether the tool makes copies of a memory for its readers: a local one, no bank of which is written twice."""
        if self.options.deal_arrays or not self.options.auto_partition or not memory.local or memory.rom:
            return False
        if memory.storage or memory.ports != (2, 2, 2) or self.uses.of(memory.order).stores > 1:
            return False
        self.uses.copied.add(memory.order)
        return True


def _dimensions_split(plan: Mapping[int, Partition]) -> int:
    """Dimensions that a plan splits."""
    return sum(position >= 0 for position in plan)

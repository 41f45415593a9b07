"""Scheduling with chaining: as soon as possible under memory ports, modulo the initiation interval when
pipelined.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from aigchip_tui.estimator.graph import Access, Graph, Schedule

_ALONE = 0.95
"""Share of the clock budget that leaves no room for another operator."""
_PORTS = (2, 2, 2)
"""Accesses, reads and writes that a bank takes in a cycle unless something is said of its memory."""
_ANY = -1
"""Beside the banks: accesses that may touch any."""
_WILD = (_ANY,)
_AT_ONCE = (0, 0.0)
_Taken = tuple[dict[int, int], dict[int, int], dict[int, int]]
"""Reads, writes, and both, by bank."""


class _Asked:
    """Accesses that ask the same of ports: how many of all and of their direction a bank takes, what is taken by slot,
    and the cycles from `begin` to `end` of which all but the last are full.
    """

    __slots__ = ("alike", "begin", "end", "every", "slots")

    def __init__(self, ports: tuple[int, int, int], write: bool, slots: dict[int, _Taken]) -> None:
        self.every, self.alike = ports[0], ports[2 if write else 1]
        self.slots = slots
        self.begin, self.end = 0, -1


class Ports:
    """Reservation of memory ports per bank and cycle; `capacity` is the number of accesses a bank takes in a
    cycle.
    """

    def __init__(self, capacity: Mapping[int, tuple[int, int, int]], interval: int | None) -> None:
        self.capacity = capacity
        self.interval = interval
        self.used: dict[int, dict[int, _Taken]] = {}
        """What is taken of each memory, by slot."""
        self.asked: dict[Access, _Asked] = {}
        self.held: set[int] = set()
        """Memories that an access waited for."""
        self.wild = False
        """Whether an access may touch any bank."""

    def reserve(self, access: Access, earliest: int) -> int:
        """Takes a port in the first cycle from `earliest` on that has one free; in that one where none ever has."""
        asked = self.asked.get(access)
        if asked is None:
            ports = self.capacity.get(access.memory, _PORTS)
            asked = self.asked[access] = _Asked(ports, access.write, self.used.setdefault(access.memory, {}))
            self.wild = self.wild or access.banks is None
        banks, interval = access.banks, self.interval
        begin = cycle = earliest
        if asked.begin <= cycle <= asked.end:
            begin, cycle = asked.begin, asked.end
        while True:
            slot = cycle % interval if interval else cycle
            used = asked.slots.get(slot)
            if used is None:
                used = asked.slots[slot] = ({}, {}, {})
            every, alike = used[2], used[access.write]
            left, left_alike = asked.every, asked.alike
            if banks is None:
                left, left_alike = left - _most(every), left_alike - _most(alike)
            elif self.wild:
                left, left_alike = left - every.get(_ANY, 0), left_alike - alike.get(_ANY, 0)
            for bank in banks or _WILD:
                if every.get(bank, 0) >= left or alike.get(bank, 0) >= left_alike:
                    break
            else:
                asked.begin, asked.end = begin, cycle
                break
            self.held.add(access.memory)
            cycle += 1
            if cycle - begin > (interval or 100_000):
                cycle = earliest
                used = asked.slots[cycle % interval if interval else cycle]
                every, alike = used[2], used[access.write]
                break
        for bank in banks or _WILD:
            every[bank] = every.get(bank, 0) + 1
            alike[bank] = alike.get(bank, 0) + 1
        return cycle


def _most(counts: Mapping[int, int]) -> int:
    """The most accesses that touch one bank."""
    return max([count for bank, count in counts.items() if bank != _ANY], default=0)


def memory_interval(graph: Graph, capacity: Mapping[int, tuple[int, int, int]]) -> tuple[int, int, set[int]]:
    """Least interval that memory ports allow, the memory that sets it (-1: none), all that ask for more than one."""
    totals: dict[tuple[int, int, int], int] = {}
    wild: dict[tuple[int, int], int] = {}
    for (memory, banks, write), count in graph.accesses(moving=True).items():
        for way in (int(write), 2):
            if banks is None:
                wild[(memory, way)] = wild.get((memory, way), 0) + count
            for bank in banks or ():
                totals[(memory, bank, way)] = totals.get((memory, bank, way), 0) + count
    for (memory, way), count in wild.items():
        for key in totals:
            if key[0] == memory and key[2] == way:
                totals[key] += count
        totals[(memory, -1, way)] = count
    best, culprit = 1, -1
    crowded: set[int] = set()
    for (memory, _, way), count in totals.items():
        ports = capacity.get(memory, _PORTS)
        limit = ports[0] if way == 2 else ports[1 + way]
        needed = -(-count // max(1, limit))
        if needed > 1:
            crowded.add(memory)
        if needed > best:
            best, culprit = needed, memory
    return best, culprit, crowded


def _successors(graph: Graph, starts: Iterable[int], last: int) -> dict[int, list[int]]:
    """The nodes, none behind `last`, that wait for each node which some start reaches."""
    reached = set(starts)
    found: dict[int, list[int]] = {}
    if not reached:
        return found
    apart, first = reached.isdisjoint, min(reached)
    for node, sources in enumerate(graph.sources[first : last + 1], first):
        if apart(sources):
            continue
        reached.add(node)
        for source in sources:
            if source in reached:
                found.setdefault(source, []).append(node)
    return found


def _path_states(
    graph: Graph, successors: Mapping[int, list[int]], start: int, ends: Sequence[int], budget: float
) -> list[int]:
    """States from the start of one node to the end of others along the slowest path, -1 where there is none."""
    sources, states, delay = graph.sources, graph.states, graph.delay
    operation = graph.operation
    finish: dict[int, tuple[int, float]] = {start: (max(0, states[start] - 1), delay[start])}
    for node in sorted(_between(successors, start, max(ends))):
        cycle, offset = -1, 0.0
        for source in sources[node]:
            reached = finish.get(source)
            if reached is not None and (reached[0] > cycle or (reached[0] == cycle and reached[1] > offset)):
                cycle, offset = reached
        if states[node]:
            if offset + delay[node] > budget and offset > 0:
                cycle, offset = cycle + 1, 0.0
            if operation[node] == "load":
                for source in sources[node]:
                    stored = finish.get(source) if operation[source] == "store" else None
                    if stored is not None and stored[0] >= cycle:
                        cycle, offset = stored[0] + 1, 0.0
            if states[node] == 1:
                offset += delay[node]
            else:
                cycle, offset = cycle + states[node] - 1, delay[node]
        finish[node] = (cycle, offset)
    return [finish[one][0] + 1 if one in finish else -1 for one in ends]


def recurrence_interval(graph: Graph, budget: float) -> tuple[int, int, int]:
    """Least interval that carried dependences allow, with the node that closes the cycle and its distance."""
    best, culprit, distance = 1, -1, 0
    ends: dict[tuple[int, int], tuple[int, int]] = {}
    for source, target, steps, extra in graph.back:
        known = ends.get((target, source))
        if known is None or steps < known[0]:
            ends[(target, source)] = (steps, extra)
    by_start: dict[int, list[int]] = {}
    for target, source in ends:
        if target <= source:
            by_start.setdefault(target, []).append(source)
    successors = _successors(graph, by_start, max([max(closing) for closing in by_start.values()], default=0))
    lengths: dict[tuple[int, int], int] = {}
    for target, closing in by_start.items():
        for source, length in zip(closing, _path_states(graph, successors, target, closing, budget), strict=True):
            lengths[(target, source)] = length
    for (target, source), (steps, extra) in ends.items():
        if target > source:
            length = 1 + extra if graph.access[source] is not None else 0
            if graph.access[source] is None:
                continue
        else:
            length = lengths[(target, source)]
            if length < 0:
                continue
            length += extra
        needed = -(-length // max(1, steps))
        if needed > best:
            best, culprit, distance = needed, source, steps
    return best, culprit, distance


def _shorten(graph: Graph, budget: float, shortest: Mapping[str, int], floor: int) -> tuple[int, int, int]:
    """Takes the implementation of fewest states for the cores on carried cycles longer than `floor`.

    Such a core leaves no room beside it for the choice that stands for the load of an element set anew.
    """
    closed = [(target, source) for source, target, _, _ in graph.back if target <= source]
    last = max([source for _, source in closed], default=0)
    successors = _successors(graph, [target for target, _ in closed], last)
    for source, target, steps, _ in graph.back:
        if target > source:
            continue
        cycle = _between(successors, target, source) | {target}
        if source not in cycle:
            continue
        backward = {source}
        waiting = [source]
        while waiting:
            for one in graph.sources[waiting.pop()]:
                if one in cycle and one not in backward:
                    backward.add(one)
                    waiting.append(one)
        if sum(max(0, graph.states[node] - 1) for node in backward) < floor * max(1, steps):
            continue
        for node in backward:
            fewest = shortest.get(graph.operation[node])
            if fewest is not None and graph.states[node] > fewest:
                graph.states[node] = fewest
                graph.delay[node] = max(graph.delay[node], 0.8 * budget)
                if graph.operation[target] == "select":
                    graph.delay[target] = _ALONE * budget
    return recurrence_interval(graph, budget)


def _between(successors: Mapping[int, list[int]], start: int, end: int) -> set[int]:
    """Nodes reached from `start`, up to `end` in program order."""
    found: set[int] = set()
    stack = [start]
    while stack:
        for follower in successors.get(stack.pop(), ()):
            if follower <= end and follower not in found:
                found.add(follower)
                stack.append(follower)
    return found


def schedule(
    graph: Graph,
    *,
    budget: float,
    capacity: Mapping[int, tuple[int, int, int]],
    interval: int | None = None,
    entry_ns: float = 0.0,
    shortest: Mapping[str, int] | None = None,
) -> Schedule:
    """Schedules a graph: without `interval` as states of a state machine, with it modulo that interval.

    The interval is raised to what memory ports and carried dependences demand, see `least_interval`. `budget` is the
    clock period less the uncertainty, in ns; `entry_ns` is the delay spent before the first operation of a state (loop
    control).
    """
    if interval is None:
        return _place(graph, budget, capacity, None, entry_ns)
    return place(graph, least_interval(graph, budget, capacity, interval, shortest), budget, capacity, entry_ns)


class Interval(NamedTuple):
    """The interval of a pipeline, what bounds it, and the memories that ask for more than one cycle."""

    cycles: int
    bound: str
    reasons: dict[str, int]
    crowded: set[int]


def least_interval(
    graph: Graph,
    budget: float,
    capacity: Mapping[int, tuple[int, int, int]],
    interval: int,
    shortest: Mapping[str, int] | None = None,
) -> Interval:
    """The target `interval`, raised to what memory ports and carried dependences demand.

    Cores named in `shortest` are taken with so many states where a recurrence that bounds the interval runs through
    them.
    """
    ports, memory, crowded = memory_interval(graph, capacity)
    recurrence, node, distance = recurrence_interval(graph, budget)
    if shortest and recurrence > max(interval, ports):
        recurrence, node, distance = _shorten(graph, budget, shortest, max(interval, ports))
    found = max(interval, ports, recurrence)
    bound = ""
    if found > interval or found > 1:
        bound = "target"
        if recurrence == found and recurrence > interval:
            bound = f"recurrence:{node}:{distance}"
        elif ports == found and ports > interval:
            bound = f"ports:{memory}"
    return Interval(found, bound, {"ports": ports, "recurrence": recurrence, "target": interval}, crowded)


def place(
    graph: Graph, interval: Interval, budget: float, capacity: Mapping[int, tuple[int, int, int]], entry_ns: float
) -> Schedule:
    """The schedule of a pipeline whose interval is known."""
    result = _place(graph, budget, capacity, interval.cycles, entry_ns)
    result.interval, result.bound, result.reasons = interval.cycles, interval.bound, interval.reasons
    result.held |= interval.crowded
    return result


def _place(
    graph: Graph, budget: float, capacity: Mapping[int, tuple[int, int, int]], interval: int | None, entry_ns: float
) -> Schedule:
    count = len(graph)
    start: list[int] = []
    # The cycle in which each value is there, and the ns after its edge.
    finish: list[tuple[int, float]] = []
    ports = Ports(capacity, interval)
    waits: dict[int, tuple[int, int]] = {}
    macro_until: dict[int, int] = {}
    begun: dict[int, list[int]] = {}
    slowest = 0.0
    last = 0
    operation_of, leaves, macros, reserve = graph.operation, graph.leaves, graph.macro, ports.reserve
    trees = {node for node in leaves if len(graph.sources[node]) > 2}
    rows = zip(graph.sources, graph.states, graph.delay, graph.access, strict=True)
    for node, (sources, states, delay, access) in enumerate(rows):
        if node in trees:
            cycle, offset = _tree([finish[one] for one in sources], states, delay, budget, node in graph.late)
            start.append(max(0, cycle - states + 1))
            finish.append((cycle, offset))
            last = max(last, cycle)
            slowest = max(slowest, offset)
            continue
        if not sources:
            if not states:
                start.append(0)
                finish.append(_AT_ONCE)
                continue
            cycle, offset = _AT_ONCE
        elif len(sources) == 1:
            cycle, offset = finish[sources[0]]
        elif len(sources) == 2:
            one, two = finish[sources[0]], finish[sources[1]]
            cycle, offset = one if one > two else two
        else:
            cycle, offset = max([finish[one] for one in sources])
        if states == 0:
            start.append(cycle)
            finish.append((cycle, offset))
            continue
        asks = False
        if access is None:
            if offset > 0 and offset + delay > budget:
                cycle, offset = cycle + 1, 0.0
        else:
            if cycle == 0 and offset < entry_ns:
                offset = entry_ns
            # A read of an AXI port is addressed in its first state and asks in the next one.
            asks = access.outside and not access.write and states > 1
            if offset > 0 and offset + delay > budget and not asks:
                cycle, offset = cycle + 1, 0.0
            for source in () if access.write else sources:
                # What is stored is there for others from the next cycle on.
                if operation_of[source] == "store" and finish[source][0] >= cycle:
                    cycle, offset = finish[source][0] + 1, 0.0
            if access.words:
                found = reserve(access, cycle)
                if found > cycle:
                    cycle, offset = found, 0.0
        macro = macros.get(node) if macros else None
        if macro is not None:
            cycle = _together(max([cycle, *(macro_until.get(memory, 0) for memory in macro.memories)]), waits)
            most, least = waits.get(cycle + 1, (1, 1))
            waits[cycle + 1] = max(most, macro.latency + 1), max(least, macro.least + 1)
            begun.setdefault(cycle, []).append(node)
            for memory in macro.memories:
                macro_until[memory] = cycle + 2
            offset = 0.0
        start.append(cycle)
        end = max(offset, delay) if asks else offset + delay
        if end > slowest:
            slowest = end
        if macro is not None:
            finish.append((cycle + 2, 0.0))
            cycle += 1
        else:
            if states > 1:
                cycle, end = cycle + states - 1, delay
            finish.append((cycle, end))
        if cycle > last:
            last = cycle
    total = (last + 1 if count else 0) + graph.padding
    cycles = total + sum(most - 1 for most, _ in waits.values())
    least = total + sum(few - 1 for _, few in waits.values())
    plan = Schedule(total, cycles, interval or 0, "", max(slowest, entry_ns), start, held=ports.held, least=least)
    for together in begun.values():
        longest = max(together, key=lambda one: macros[one].latency)
        plan.beside.update((one, longest) for one in together if one != longest)
    return plan


def _together(ready: int, waits: Container[int]) -> int:
    """The state in which a module starts: with others that wait for it in one state, never while those are waited for.

    `waits` are the states in which modules are waited for, each the one after their start.
    """
    if ready in waits:
        return ready - 1
    return ready + 1 if ready + 2 in waits and ready + 1 not in waits else ready


def _tree(
    leaves: list[tuple[int, float]], states: int, delay: float, budget: float, late: bool
) -> tuple[int, float]:
    """End of a balanced tree of two-input operators whose leaves become ready at different times."""
    last = leaves.pop() if late else None
    heapq.heapify(leaves)
    while len(leaves) > 1 or last is not None:
        cycle, offset = heapq.heappop(leaves)
        if leaves:
            cycle, offset = heapq.heappop(leaves)
        elif last is not None:
            cycle, offset = max((cycle, offset), last)
            last = None
        if offset > 0 and offset + delay > budget:
            cycle, offset = cycle + 1, 0.0
        if states == 1:
            heapq.heappush(leaves, (cycle, offset + delay))
        else:
            heapq.heappush(leaves, (cycle + states - 1, delay))
    return leaves[0]

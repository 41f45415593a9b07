"""What stands between operators: multiplexers, registers and loop control, as reports count them.

The counts are those of the utilization tables of public synthesis reports (2021 to 2025): a multiplexer costs by its
inputs whatever its width, a value that is handed through three or more stages of a pipeline becomes a shift register
of one size, a loop has a counter, a comparison and one valid bit per stage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from aigchip_tui.estimator.graph import Graph, Schedule
from aigchip_tui.estimator.traced import formula

_FEW = (0, 0, 9, 14, 20, 26, 31, 37, 43, 49, 54, 59, 65, 65, 65, 65, 65)
_MORE = ((17, 81), (20, 97), (29, 145), (33, 152), (49, 213), (65, 279), (88, 428), (161, 859), (277, 1471))
"""Multiplexers of so many inputs, and their LUTs."""
_SHIFT_FF, _SHIFT_LUT = 64, 32
"""A shift register, whatever its width and length."""
_UNUSED = 1 << 60
"""Room of a value that nobody uses."""
_STILL = frozenset(["phi", "module", "dead"])
"""Operations that do not wait for their users."""
_KEEPS_NOTHING = frozenset(["module", "dead"])
_WIDEST = 4096
"""Bits of the widest value."""


def multiplexer(inputs: int) -> int:
    """LUTs of a multiplexer."""
    if inputs < len(_FEW):
        return _FEW[inputs]
    for (few, least), (many, most) in pairwise(_MORE):
        if inputs <= many:
            return least + (most - least) * (inputs - few) // (many - few)
    return _MORE[-1][1] + 16 * (inputs - _MORE[-1][0]) // 3


def adder(bits: int) -> int:
    """LUTs of an adder or subtracter."""
    return bits + 7


def comparison(bits: int, tool_year: int = 2025) -> int:
    """LUTs of a comparison, by the year of the tool: until 2022 reports count a third of a LUT for every bit."""
    return bits + 7 if tool_year >= 2023 else 8 + (bits + 1) // 3


def loop_control(
    states: int, interval: int, trips: Iterable[tuple[int, int]], tool_year: int = 2025
) -> tuple[int, int, int]:
    """FF, LUTs of expressions and of choices of a pipelined loop's control: counters, exit, valid bits, its states.

    `trips` lists (symbol, trip count) of the loops that were flattened into it, `tool_year` is as in `comparison`.
    """
    return _control(states, interval, tool_year, *[trip for _, trip in trips])


@formula
def _control(states: int, interval: int, tool_year: int, *trips: int) -> tuple[int, int, int]:
    widths = [max(1, min(32, trip.bit_length())) for trip in trips]
    whole = sum(widths) if len(widths) > 1 else 0
    stages = -(-states // max(1, interval))
    ff = sum(widths) + whole + 2 * stages + (interval if interval > 1 else 0)
    tests, choices = 0, 9 + 9 * (stages - 1) + (18 if stages > 1 else 0)
    for bits in (*widths, whole):
        if bits:
            choices += 18
            tests += adder(bits) + comparison(bits, tool_year)
    tests += sum(widths) if whole else 0
    return ff, tests, choices + (multiplexer(interval + 1) if interval > 1 else 0)


def state_machine(states: int) -> tuple[int, int]:
    """FF and LUT of a state machine: one bit a state, the choice of the next one; of one state none is made."""
    return (0, 0) if states == 1 else (states, multiplexer(states + 1))


def registers(graph: Graph, plan: Schedule, budget: float) -> tuple[int, int]:
    """FF and LUT that carry values over clock edges; in a pipeline a value is handed on once an interval.

    The operations of a pipeline start as late as their users allow where that saves registers. A load waits for its
    user rather than its word for it, and so does an operation whose operands cost less to keep than what it makes of
    them. What an access waits is a multiple of the interval, so that its port stays free. `budget` is what a chain of
    operators may take within a state, in ns.
    """
    start, interval, sources_of, leaves = plan.start, plan.interval, graph.sources, graph.leaves
    delay_of, access_of, operation = graph.delay, graph.access, graph.operation
    count = len(start)
    ends = [begin + taken if taken > 1 else begin + 1 for begin, taken in zip(start, graph.states, strict=True)]
    last, slack = [-1] * count, [_UNUSED] * count
    operands = _operands(graph) if interval else graph.bits
    for source, target, steps, _ in graph.back if interval else ():
        least = max(0, start[target] + steps * interval - ends[source])
        slack[source] = min(slack[source], least)
    trees = {node for node in leaves if len(sources_of[node]) > 2}
    in_trees = {source for node in trees for source in sources_of[node]}
    ff = sum([max(0, leaves[node] - 2) * graph.bits[node] for node in trees])
    lut = 0
    # Users stand behind what they use: when a node is met from behind, all its users have been met.
    rows = [*zip(sources_of, start, ends, graph.bits, graph.states, graph.delay, strict=True)]
    for node in range(count - 1, -1, -1):
        sources, begin, end, bits, states, delay = rows[node]
        moved, room = 0, slack[node]
        if 0 < room < _UNUSED and operands[node] < bits and operation[node] not in _STILL:
            access = access_of[node]
            if access is None:
                moved = room
            elif not (access.write or access.outside):
                moved = room - room % interval
        waits = last[node] - moved - end
        if (waits >= 0 or node in in_trees) and operation[node] not in _KEEPS_NOTHING:
            kept = bits if bits < _WIDEST else _WIDEST
            handed = waits // interval if interval and waits > 0 else 0
            ff += kept
            if handed == 1:
                ff += kept
            elif handed > 1:
                ff, lut = ff + _SHIFT_FF, lut + _SHIFT_LUT
        if node in trees:
            for source in sources:
                if moved < slack[source]:
                    slack[source] = moved
            continue
        used, slow = begin + moved, states > 1
        for source in sources:
            if used > last[source]:
                last[source] = used
            if interval:
                gap = begin - ends[source]
                if slow and delay_of[source] + delay <= budget:
                    gap += 1
                free = moved + gap if gap > 0 else moved
                if free < slack[source]:
                    slack[source] = free
    return ff, lut


def _operands(graph: Graph) -> list[int]:
    """Bits that must be kept to make each value anew: those of its operands, or what these are made of."""
    kept: list[int] = []
    found: list[int] = []
    for sources, access, own, name in zip(graph.sources, graph.access, graph.bits, graph.operation, strict=True):
        taken = least = 0
        if sources:
            if len(sources) == 1:
                taken = kept[sources[0]]
            elif len(sources) == 2 and sources[0] != sources[1]:
                taken = kept[sources[0]] + kept[sources[1]]
            else:
                taken = sum([kept[one] for one in set(sources)])
            least = own if own < taken else taken
        if (access is not None and access.outside) or name == "phi":
            least = own
        found.append(taken)
        kept.append(least)
    return found


def port_choices(graph: Graph) -> int:
    """LUTs that choose addresses and data of memory ports used several times, and the bank that is read."""
    uses: Counter[tuple[int, int]] = Counter()
    writes: Counter[tuple[int, int]] = Counter()
    lut = 0
    for (memory, banks, write), count in graph.accesses().items():
        if banks is None:
            continue
        if len(banks) > 1 and not write:
            lut += multiplexer(len(banks)) * count
        for bank in banks:
            uses[(memory, bank)] += count
            if write:
                writes[(memory, bank)] += count
    for key, count in uses.items():
        for port in (-(-count // 2), count // 2):
            lut += multiplexer(port + 1) if port > 1 else 0
        stores = writes[key]
        lut += multiplexer(stores + 1) if stores > 1 else 0
    return lut


def shared_memory(users: int, writers: int, banks: int, ports: int = 1) -> int:
    """LUTs in front of the ports of a memory that several modules use: addresses, enables, data.

    `ports` is how many of them a module uses at once.
    """
    if users < 2:
        return 0
    lut = 2 * ports * multiplexer(users + 1)
    if writers:
        lut += multiplexer(max(2, writers + 1)) + (multiplexer(writers + 1) if writers > 1 else 0)
    return lut * banks

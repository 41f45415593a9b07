"""Binding: how many functional units, flip-flops, LUTs and memories a schedule needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from aigchip_tui.estimator.glue import adder, loop_control, multiplexer, port_choices, registers, state_machine
from aigchip_tui.estimator.graph import Graph, Schedule
from aigchip_tui.estimator.operators import Operators, one_at_a_time
from aigchip_tui.estimator.result import PartEstimate

_CORES = ("fadd", "fmul", "fdiv", "fsqrt", "fexp", "flog", "ftrig", "fpow", "fcmp", "convert", "resize")
_PLAIN = ("add", "cmp", "select", "logic", "shift", "div", "rem")
_NOTHING = frozenset(["phi", "dead", "concat"])
"""Operations of which no hardware is made."""
_GROUPS: dict[str, str] = {}
"""How the hardware of an operation is counted, by its name; filled as names are met."""


@dataclass(slots=True)
class Shaped:
    """Operators that pragmas shape or count: what all of them cost, or at most `limit` shared ones."""

    count: int = 0
    dsp: int = 0
    ff: int = 0
    lut: int = 0
    limit: int = 0

    def add(self, dsp: int, ff: int, lut: int, limit: int) -> None:
        """One more operator; of a limited kind the largest is made."""
        self.count, self.limit = self.count + 1, limit
        if limit:
            self.dsp, self.ff, self.lut = max(self.dsp, dsp), max(self.ff, ff), max(self.lut, lut)
        else:
            self.dsp, self.ff, self.lut = self.dsp + dsp, self.ff + ff, self.lut + lut

    def join(self, other: Shaped, copies: int = 1) -> None:
        """Those of another piece: limited ones are shared with it, others are not."""
        if other.limit:
            if other.count > self.count:
                self.count, self.dsp, self.ff, self.lut = other.count, other.dsp, other.ff, other.lut
            self.limit = other.limit
        else:
            self.count += copies * other.count
            self.dsp += copies * other.dsp
            self.ff += copies * other.ff
            self.lut += copies * other.lut

    def total(self) -> tuple[int, int, int]:
        """DSP, FF and LUT; a shared unit selects its operands."""
        if not self.limit:
            return self.dsp, self.ff, self.lut
        made = min(self.count, self.limit)
        return made * self.dsp, made * self.ff, made * self.lut + 32 * (self.count - made)


@dataclass(slots=True)
class Usage:
    """Hardware of a function: shared units by operator, and what cannot be shared.

    `dsp`, `ff` and `lut` are those of operators that are instances of their own, `expressions` LUTs of adders, tests
    and logic, `choices` LUTs of multiplexers, `registers` FF that keep values, `shifts` LUTs of shift registers.
    """

    units: Counter[tuple[str, int]] = field(default_factory=Counter)
    shaped: dict[tuple[str, int], Shaped] = field(default_factory=dict)
    dsp: int = 0
    ff: int = 0
    lut: int = 0
    expressions: int = 0
    choices: int = 0
    registers: int = 0
    shifts: int = 0
    states: int = 0
    sharers: dict[tuple[str, int], Counter[int]] = field(default_factory=dict)
    """Modules that take turns on the units of an operator, by how many of them they use."""
    reads: dict[int, int] = field(default_factory=dict)
    """Words that a cycle reads of one bank, by array."""
    turns: dict[tuple[str, int], int] = field(default_factory=dict)
    """Operations of a pipeline that take turns on one unit of an operator."""

    def include(self, other: Usage, module: bool = False) -> None:
        """Adds another piece; units of straight pieces in one state machine are shared, those of modules are
        not.
        """
        for key, count in other.units.items():
            self.units[key] = max(self.units[key], count)
            taken = other.sharers.get(key)
            if not taken and not module:
                continue
            sharers = self.sharers.get(key)
            if sharers is None:
                sharers = self.sharers[key] = Counter()
            if taken:
                sharers.update(taken)
            else:
                sharers[count] += 1
        for place, made in other.shaped.items():
            self.shaped.setdefault(place, Shaped()).join(made)
        for array, words in other.reads.items():
            self.reads[array] = max(words, self.reads.get(array, 1))
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def chosen_ns(self, operators: Operators) -> float:
        """The longest first stage of a core of a pipeline, with the choice of its operands in front of it, in ns."""
        return max([operators.first_stage(label, turns) for (label, _), turns in self.turns.items()], default=0.0)

    def so_far(self) -> Usage:
        """A copy that later pieces do not change."""
        shaped = {place: replace(made) for place, made in self.shaped.items()}
        sharers = {key: modules.copy() for key, modules in self.sharers.items()}
        return replace(self, units=self.units.copy(), sharers=sharers, shaped=shaped, reads=self.reads.copy())

    def repeat(self, first: Usage, second: Usage, copies: int) -> None:
        """Adds what cannot be shared of further copies of a body, from what one and what two of them needed."""
        for place, made in second.shaped.items():
            one = first.shaped.get(place, Shaped())
            rest = Shaped(made.count - one.count, made.dsp - one.dsp, made.ff - one.ff, made.lut - one.lut, made.limit)
            self.shaped.setdefault(place, Shaped()).join(rest, copies)
        for name in _SUMS:
            more = copies * (getattr(second, name) - getattr(first, name))
            setattr(self, name, getattr(self, name) + more)
        for key, modules in second.sharers.items():
            known = first.sharers.get(key, Counter())
            for units, count in modules.items():
                self.sharers.setdefault(key, Counter())[units] += copies * (count - known[units])

    def add_control(self, states: int, interval: int, trips: Iterable[tuple[int, int]], tool_year: int) -> None:
        """Control of a pipelined loop; see `glue.loop_control`."""
        ff, tests, choices = loop_control(states, interval, trips, tool_year)
        self.registers += ff
        self.expressions += tests
        self.choices += choices

    def parts(self, operators: Operators) -> tuple[PartEstimate, ...]:
        """Everything, by the parts of a utilization table."""
        dsp, ff, lut = self.dsp, self.ff, self.lut
        for made in self.shaped.values():
            more = made.total()
            dsp, ff, lut = dsp + more[0], ff + more[1], lut + more[2]
        for (label, _), count in self.units.items():
            name = label.rstrip("0123456789")
            cost = operators.floating(name, int(label[len(name) :] or 32))
            dsp, ff, lut = dsp + cost.dsp * count, ff + cost.ff * count, lut + cost.lut * count
        choices = self.choices
        for modules in self.sharers.values():
            choices += _turns(modules)
        machine_ff, machine_lut = state_machine(self.states)
        return (
            PartEstimate(name="Expression", lut=self.expressions),
            PartEstimate(name="Instance: operators", dsp=dsp, ff=ff, lut=lut),
            PartEstimate(name="Multiplexer", lut=choices + machine_lut),
            PartEstimate(name="Register", ff=self.registers + machine_ff, lut=self.shifts),
        )


_SUMS = ("dsp", "ff", "lut", "expressions", "choices", "registers", "shifts", "states")


def _turns(modules: Counter[int]) -> int:
    """LUTs that choose between the modules that take turns on units: two operands and an enable of each unit."""
    lut, above, sharing = 0, 0, 0
    for units in sorted(modules, reverse=True):
        # `sharing` modules use each of the units from `units` + 1 to `above`.
        lut += 3 * multiplexer(sharing + 1) * (above - units) if sharing > 1 else 0
        above, sharing = units, sharing + modules[units]
    return lut + (3 * multiplexer(sharing + 1) * above if sharing > 1 else 0)


def _group(name: str) -> str:
    label = name.rstrip("0123456789")
    if name != label and label in _CORES:
        return "core"
    if name in _PLAIN:
        return "plain"
    return name if name in ("address", "module", "mul", "mux") else "none"


def of_graph(
    graph: Graph,
    plan: Schedule,
    operators: Operators,
    capacity: Mapping[int, tuple[int, int, int]],
    dealt: Mapping[int, int] | None = None,
) -> Usage:
    """Units, registers and multiplexers of one scheduled graph.

    `capacity` holds the limits of shared operators, `dealt` the banks of arrays that the tool deals out.
    """
    usage = Usage()
    interval = plan.interval if plan.interval else max(1, plan.states)
    occupancy: dict[str, dict[int, int]] = {}
    alike: dict[tuple[str, int], list[int]] = {}
    start, bits = plan.start, graph.bits
    bound, leaves = graph.bound, graph.leaves
    operation = graph.operation
    for name in {*operation} - _GROUPS.keys():
        _GROUPS[name] = _group(name)
    if bound:
        counted = [node for node, name in enumerate(operation) if _GROUPS[name] != "address" and name not in _NOTHING]
    else:
        costly = {name for name in {*operation} if _GROUPS[name] not in ("none", "address")}
        counted = [node for node, name in enumerate(operation) if name in costly]
    for node in counted:
        name = operation[node]
        group = _GROUPS[name]
        if group == "module":
            usage.registers += 1
            continue
        shape = bound.get(node) if bound else None
        if shape is not None:
            access = graph.access[node]
            made = usage.shaped.setdefault((name, access.memory if access is not None else 0), Shaped())
            made.add(*shape, capacity.get(access.memory, (0,))[0] if access is not None else 0)
        elif group == "core":
            slots = occupancy.get(name)
            if slots is None:
                slots = occupancy[name] = {}
            slot = start[node] % interval
            slots[slot] = slots.get(slot, 0) + 1
            if node in leaves:
                for copy in range(1, leaves[node] - 1):
                    slot = (start[node] - copy) % interval
                    slots[slot] = slots.get(slot, 0) + 1
        elif node in graph.fused:
            usage.dsp += 1
        elif group == "mul":
            widths = graph.width_in[node]
            left, right = (widths[0], widths[1] if len(widths) > 1 else widths[0]) if widths else (32, 32)
            cost = operators.multiplier(left, right, bits[node])
            usage.dsp += cost.dsp
            usage.lut += cost.lut
            usage.ff += cost.ff
        elif group == "plain":
            asked = (name, bits[node])
            known = alike.get(asked)
            if known is None:
                known = alike[asked] = [0, 0]
            known[0] += 1
            known[1] += max(1, leaves.get(node, 2) - 1) - graph.absorbed.get(node, 0)
        elif group == "mux":
            count = graph.width_in[node][0] if graph.width_in[node] else 2
            usage.lut += multiplexer(count)
    for (name, width), (nodes, made_of) in alike.items():
        cost = operators.simple(name, min(width, 4096))
        if name in ("div", "rem") and (not plan.interval or interval >= cost.states):
            cost = one_at_a_time(cost, width)
        if cost.ff:
            usage.lut, usage.ff = usage.lut + cost.lut * made_of, usage.ff + cost.ff * nodes
        else:
            usage.expressions += cost.lut * made_of
    for label, slots in occupancy.items():
        key = (label, 0)
        total = sum(slots.values())
        usage.units[key] = -(-total // interval) if plan.interval else max(slots.values())
        units = usage.units[key]
        turns = -(-total // max(1, units))
        if turns > 1:
            usage.choices += 2 * multiplexer(turns + 1) * units
            usage.turns[key] = turns if plan.interval else 1
    usage.reads = _reads(graph, plan)
    usage.expressions += _addresses(graph, dealt or {})
    ff, lut = registers(graph, plan, operators.budget)
    usage.registers += ff
    usage.shifts += lut
    usage.choices += port_choices(graph)
    return usage


def _reads(graph: Graph, plan: Schedule) -> dict[int, int]:
    """The most words that a cycle reads of one bank of each array."""
    at: dict[tuple[int, int, int], int] = {}
    interval = plan.interval
    reads = [one for one in zip(graph.access, plan.start, strict=True) if one[0] is not None and not one[0].write]
    for (access, begin), count in Counter(reads).items():
        assert access is not None
        state = begin % interval if interval else begin
        for bank in access.banks or (0,):
            at[(access.memory, bank, state)] = at.get((access.memory, bank, state), 0) + count
    found: dict[int, int] = {}
    for (array, _, _), words in at.items():
        if words > found.get(array, 1):
            found[array] = words
    return found


def _addresses(graph: Graph, dealt: Mapping[int, int]) -> int:
    """LUTs that compute addresses: the banks over which an array is dealt out take the same one."""
    adders: Counter[int] = Counter()
    met: set[int] = set()
    operation = graph.operation
    if "address" not in operation:
        return 0
    for access, sources in zip(graph.access, graph.sources, strict=True):
        if access is None:
            continue
        for source in sources:
            if operation[source] == "address" and source not in met:
                met.add(source)
                levels = graph.width_in[source][0] if graph.width_in[source] else 1
                adders[access.memory] += adder(graph.bits[source]) * max(1, levels)
    return sum([-(-lut // max(1, dealt.get(array, 1))) for array, lut in adders.items()])

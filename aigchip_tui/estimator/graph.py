"""The operation graph of a straight piece of code: nodes in program order, edges to earlier nodes, back
edges.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field

from aigchip_tui.estimator.values import Val

_graphs = itertools.count(1)

Banks = tuple[int, ...] | None
"""Banks that an access may touch; None for any."""


@dataclass(slots=True, eq=False)
class Access:
    """What accesses to the same banks of one memory ask of its ports; nodes share it, nobody changes it.

    `words`: words that it moves; none where it chooses among those that another access reads of all banks.
    `outside`: through an AXI port, which brings its words when they come.
    """

    memory: int
    banks: Banks
    write: bool
    outside: bool = False
    words: int = 1

    def without_words(self) -> Access:
        """The same access of somebody who shares the words that another one moves."""
        return Access(self.memory, self.banks, self.write, self.outside, 0)


@dataclass(slots=True, eq=False)
class Macro:
    """A node that is a module of its own (an outlined loop or a call): cycles from start to done, at most and at
    least.
    """

    latency: int
    least: int
    memories: frozenset[int]
    writes: frozenset[int]
    line: int = 0
    name: str = ""


class Graph:
    """Nodes as parallel lists, because a pipelined body may hold thousands.

    `operation` is the operator's name with its kind, `states` the number of clock states a node takes (1 is
    combinational), `delay` the delay in ns within each state, `sources` the nodes it waits for. `back` holds
    carried dependences (from, to, distance, extra states), `padding` counts states that LATENCY adds, `bound` holds
    DSP, FF and LUT of nodes whose operator a pragma shapes. `compared` are comparisons by what they compare: unrolled
    copies that ask the same have one; `chosen` holds condition and both sides of a select. `fused` are products that a
    sum took into its DSP slice, `absorbed` how many adders of a sum went there.
    """

    __slots__ = (
        "absorbed",
        "access",
        "back",
        "bits",
        "bound",
        "chosen",
        "compared",
        "delay",
        "fused",
        "late",
        "leaves",
        "lines",
        "macro",
        "number",
        "operation",
        "padding",
        "sources",
        "states",
        "width_in",
    )

    def __init__(self) -> None:
        self.number = next(_graphs)
        self.padding = 0
        self.operation: list[str] = []
        self.states: list[int] = []
        self.delay: list[float] = []
        self.sources: list[tuple[int, ...]] = []
        self.access: list[Access | None] = []
        self.macro: dict[int, Macro] = {}
        self.bits: list[int] = []
        self.width_in: list[tuple[int, ...]] = []
        self.lines: list[int] = []
        self.back: list[tuple[int, int, int, int]] = []
        self.leaves: dict[int, int] = {}
        self.late: set[int] = set()
        self.bound: dict[int, tuple[int, int, int]] = {}
        self.compared: dict[tuple[object, ...], Val] = {}
        self.chosen: dict[int, tuple[Val, Val, Val]] = {}
        self.fused: set[int] = set()
        self.absorbed: dict[int, int] = {}

    def add(
        self,
        operation: str,
        states: int,
        delay: float,
        sources: tuple[int, ...],
        *,
        bits: int = 32,
        widths: tuple[int, ...] = (),
        access: Access | None = None,
        line: int = 0,
    ) -> int:
        """Appends a node and returns its number."""
        operations = self.operation
        number = len(operations)
        operations.append(operation)
        self.states.append(states)
        self.delay.append(delay)
        self.sources.append(sources)
        self.access.append(access)
        self.bits.append(bits)
        self.width_in.append(widths)
        self.lines.append(line)
        return number

    def balance(self, associative: set[int]) -> None:
        """Re-associates chains of one operator into balanced trees: the root keeps the leaves, the chain
        disappears.

        A leaf that comes from the previous iteration is added last, so that the recurrence holds one
        operator.
        """
        if not associative:
            return
        operation = self.operation
        within = {
            source
            for node in associative
            for source in self.sources[node]
            if source in associative and operation[source] == operation[node]
        }
        if not within:
            return
        carried = {target for _, target, _, _ in self.back}
        ends = {source for source, _, _, _ in self.back}
        uses = Counter(filter(within.__contains__, itertools.chain.from_iterable(self.sources)))
        inner = {source for source in within if uses[source] == 1 and source not in ends}
        for root in sorted(associative - inner):
            if inner.isdisjoint(self.sources[root]):
                continue
            leaves: list[int] = []
            stack = list(self.sources[root])
            missing = 2 - len(stack)
            dead: list[int] = []
            while stack:
                node = stack.pop()
                if node in inner and self.operation[node] == self.operation[root]:
                    dead.append(node)
                    stack += self.sources[node]
                    missing += 2 - len(self.sources[node])
                else:
                    leaves.append(node)
            if not dead:
                continue
            late = [leaf for leaf in leaves if leaf in carried or self._from_carried(leaf, carried)] if carried else []
            early = [leaf for leaf in leaves if leaf not in late] if late else leaves
            self.sources[root] = tuple(early + late)
            self.leaves[root] = len(leaves) + max(0, missing)
            if late:
                self.late.add(root)
            for node in dead:
                self.operation[node] = "dead"
                self.states[node] = 0
                self.sources[node] = ()

    def repeat(self, begin: int, middle: int, end: int, copies: int, associative: set[int]) -> None:
        """Appends copies of the piece `middle` .. `end`, which follows an equal one that starts at `begin`.

        What a node took from its own piece or the one before, its copy takes there; what it took from further back is
        the same for all. Nodes of `associative` have theirs there.
        """
        piece = slice(middle, end)
        rows = self.sources[piece]
        macros = [(node, self.macro[node]) for node in range(middle, end) if node in self.macro]
        bound = [(node, self.bound[node]) for node in range(middle, end) if node in self.bound]
        sums = [node for node in range(middle, end) if node in associative]
        for _ in range(copies):
            shift = len(self.sources) - middle
            self.sources += [
                tuple([one + shift if one >= begin else one for one in sources]) if sources else () for sources in rows
            ]
            self.macro.update((node + shift, one) for node, one in macros)
            self.bound.update((node + shift, one) for node, one in bound)
            associative.update([node + shift for node in sums])
        self.access += self.access[piece] * copies
        self.append_alike(piece, copies)

    def append_alike(self, piece: slice, copies: int) -> None:
        """What copies of a piece have in common with it: all of its rows but sources and accesses."""
        self.operation += self.operation[piece] * copies
        self.states += self.states[piece] * copies
        self.delay += self.delay[piece] * copies
        self.bits += self.bits[piece] * copies
        self.width_in += self.width_in[piece] * copies
        self.lines += self.lines[piece] * copies

    def _from_carried(self, leaf: int, carried: set[int]) -> bool:
        return self.operation[leaf] == "select" and any(source in carried for source in self.sources[leaf])

    def __len__(self) -> int:
        return len(self.operation)

    def accesses(self, *, moving: bool = False) -> dict[tuple[int, Banks, bool], int]:
        """How many accesses ask the same: of a memory, of its banks, to write; `moving`: those that move a word."""
        found: dict[tuple[int, Banks, bool], int] = {}
        for access, count in Counter(filter(None, self.access)).items():
            if access.words or not moving:
                asked = (access.memory, access.banks, access.write)
                found[asked] = found.get(asked, 0) + count
        return found

    def portrait(self) -> tuple[object, ...]:
        """Everything that a schedule and its hardware follow from; equal graphs have equal portraits."""
        ports = [None if one is None else (one.memory, one.banks, one.write, one.words) for one in self.access]
        return (
            self.operation[:],
            self.states[:],
            self.delay[:],
            self.sources[:],
            ports,
            self.bits[:],
            self.width_in[:],
            self.back[:],
            dict(self.leaves),
            set(self.late),
            dict(self.bound),
            set(self.fused),
            dict(self.absorbed),
            self.padding,
        )


@dataclass(slots=True)
class Schedule:
    """Result of scheduling: states, cycles (macros counted in full), interval, what bounds it, slowest state
    in ns; `least` are the cycles when every macro takes its least.
    """

    states: int
    cycles: int
    interval: int
    bound: str = ""
    slowest_ns: float = 0.0
    start: list[int] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    """Memories whose ports an access waited for."""
    least: int = 0
    beside: dict[int, int] = field(default_factory=dict)
    """Macros that run while a longer one does, by their nodes, and the node of that one."""

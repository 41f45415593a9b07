"""What one graph has done to one memory: stores, loads and their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aigchip_tui.estimator.graph import Access, Banks
from aigchip_tui.estimator.objects import Memory, Pick, Result
from aigchip_tui.estimator.values import Lin, Val

Terms = tuple[tuple[tuple[int, int], ...], ...]
"""Terms of the linear form of each index."""

Constants = tuple[int, ...]
"""Constant of the linear form of each index."""

Meeting = tuple[tuple[int | None, int, int], ...]
"""Per dimension what two addresses differ by beside their constants: least and greatest value (None: unbounded), and
the step of a single symbol (0: none)."""

Stored = tuple[int, Result, tuple[int, ...]]
"""A store: its node, what it stored, and the guard under which it stands."""


def decided(guard: tuple[int, ...]) -> tuple[int, ...]:
    """A guard whose nodes stand in a piece that has ended: its conditions hold, and no node waits for them."""
    return tuple(one if one < 0 else -10 - one for one in guard)


class Shape:
    """Addresses of one memory in one graph that differ by their constants alone: what is known of all of them.

    `stores` and `loads` are the track's own, once there are some; `reads` has the last node that loads each address,
    `latest` the last of all; `adders` is what makes an address beside constants,
    for the symbols `local`; `banking` says which bank a constant selects, for the partitions `banked`.
    """

    __slots__ = (
        "adders",
        "addresses",
        "banked",
        "banking",
        "banks",
        "latest",
        "loads",
        "local",
        "number",
        "reads",
        "stores",
        "terms",
    )

    def __init__(self, number: int, terms: Terms) -> None:
        self.number = number
        self.terms = terms
        self.addresses: dict[Constants, list[int]] = {}
        self.stores: dict[Constants, Stored] | None = None
        self.loads: dict[Constants, Result] | None = None
        self.reads: dict[Constants, int] = {}
        self.latest = -1
        self.local: frozenset[int] | None = None
        self.adders: tuple[int, int, tuple[int, ...]] = (0, 0, ())
        self.banked: object = None
        self.banking: tuple[tuple[int, int, int], ...] | None = None
        self.banks: dict[Constants, Banks] = {}


class Track:
    """What one graph has done to one memory so far."""

    __slots__ = (
        "asked", "barrier", "free", "guarded", "lifted", "loads", "log", "noted", "readers", "shapes", "shares",
        "stores", "turns", "under", "writers", "written",
    )

    def __init__(self) -> None:
        self.stores: dict[Terms, dict[Constants, Stored]] = {}
        self.loads: dict[Terms, dict[Constants, Result]] = {}
        self.log: list[tuple[bool, Terms, Constants, int]] = []
        self.shapes: dict[Terms, Shape] = {}
        self.noted = 0
        """What those who wait for modules were told: 1 that it is read, 2 that it is written."""
        self.writers: list[int] = []
        self.readers: list[int] = []
        self.barrier = -1
        self.free = False
        self.guarded = False
        self.lifted = False
        """Whether all that was touched stands in registers of the loop."""
        self.under: dict[int, tuple[int, ...]] = {}
        """Conditions of each store."""
        self.written: dict[int, set[tuple[int, Constants]]] = {}
        """Addresses written (number of the shape, constants) by bank."""
        self.turns: tuple[list[list[tuple[int, ...]]], list[list[tuple[int, ...]]]] = ([], [])
        """Conditions of a stream's reads and of its writes: those that exclude each other take one turn."""
        self.shares: dict[Banks, list[list[tuple[int, ...]]]] = {}
        """Conditions of accesses to the same banks: those that exclude each other share a port."""
        self.asked: tuple[dict[Banks, Access], dict[Banks, Access]] = ({}, {})
        """What reads and what writes ask of ports, by banks."""

    def shape(self, terms: Terms) -> Shape:
        """What is known of the addresses with these terms."""
        found = self.shapes.get(terms)
        if found is None:
            found = self.shapes[terms] = Shape(len(self.shapes), terms)
        return found

    def access(self, number: int, banks: Banks, write: bool, outside: bool = False) -> Access:
        """What an access through the port `number` asks; one object for all that ask the same."""
        found = self.asked[write].get(banks)
        if found is None:
            found = self.asked[write][banks] = Access(number, banks, write, outside)
        return found

    def of_banks(self, access: Access, banks: Banks) -> Access:
        """The same access once its banks are known anew."""
        found = self.access(access.memory, banks, access.write, access.outside)
        return found if access.words else found.without_words()

    def forget(self, stores: bool = True) -> None:
        """What was loaded, and what was stored, is no longer known."""
        self.loads.clear()
        if stores:
            self.stores.clear()
        for shape in self.shapes.values():
            shape.loads = None
            if stores:
                shape.stores = None


class Visit(NamedTuple):
    """One access: `node` is -1 where a load found its value without one; `before` is the store that stood at the
    address of a store.
    """

    write: bool
    memory: Memory
    track: Track
    shape: Shape
    constants: Constants
    node: int
    result: Result
    before: Stored | None = None


class Decision(NamedTuple):
    """A comparison that ranges decide, or the trips of a loop (`operator` is empty)."""

    operator: str
    left: Val
    right: Val
    holds: bool

    def gap(self) -> Lin | None:
        """What both sides differ by, where numbers that no constant is behind say it."""
        left, right = self.left.lin, self.right.lin
        if left is None or right is None or type(left.constant) is not int or type(right.constant) is not int:
            return None
        return left.plus(right, -1)

    def ahead(self, after: Decision, copies: int) -> Decision:
        """What decides so many copies after the one that followed this one's."""
        sides = zip((self.left, self.right), (after.left, after.right), strict=True)
        left, right = [one if one is two else _ahead(one, two, copies) for one, two in sides]
        return Decision(self.operator, left, right, self.holds)


def _ahead(was: Val, after: Val, copies: int) -> Val:
    assert was.lin is not None
    assert after.lin is not None
    constant = after.lin.constant + (after.lin.constant - was.lin.constant) * copies
    const = constant if after.const is not None else None
    return Val(after.kind, after.node, const, Lin(constant, after.lin.terms), after.graph, after.need)


_VERDICTS: dict[str, Callable[[int, int], bool | None]] = {
    "<": lambda low, high: True if high < 0 else False if low >= 0 else None,
    ">=": lambda low, high: False if high < 0 else True if low >= 0 else None,
    ">": lambda low, high: True if low > 0 else False if high <= 0 else None,
    "<=": lambda low, high: False if low > 0 else True if high <= 0 else None,
    "==": lambda low, high: False if low > 0 or high < 0 else True if low == high == 0 else None,
    "!=": lambda low, high: True if low > 0 or high < 0 else False if low == high == 0 else None,
}
"""What ranges of a difference say of a comparison; None where they do not decide it."""


def agreed(
    was: Sequence[Decision], after: Sequence[Decision], copies: int, range_of: Callable[[Lin], tuple[int, int] | None]
) -> int:
    """How many of the copies that follow two others go their way."""
    if len(was) != len(after):
        return 0
    for one, two in zip(was, after, strict=True):
        if one.operator != two.operator or one.holds is not two.holds:
            return 0
        if not one.operator:
            if type(one.left.const) is not int or one.left.const != two.left.const or one.left.const <= 0:
                return 0
            continue
        if one.left is two.left and one.right is two.right:
            continue
        first, gap = one.gap(), two.gap()
        bounds = range_of(gap) if gap is not None else None
        if first is None or gap is None or bounds is None or first.terms != gap.terms:
            return 0
        for mine, other in ((one.left, two.left), (one.right, two.right)):
            if mine.lin is None or other.lin is None or mine.lin.terms != other.lin.terms or mine.node != other.node:
                return 0
        (low, high), step, verdict = bounds, gap.constant - first.constant, _VERDICTS[one.operator]
        for ahead in range(1, copies + 1) if step else ():
            if verdict(low + ahead * step, high + ahead * step) is not one.holds:
                copies = ahead - 1
                break
    return copies


@dataclass(slots=True)
class Seen:
    """What a copy of an unrolled body does, in the order of the walk: its accesses, the elements of registers that it
    reads and writes, what decides its way.
    """

    visits: list[Visit] = field(default_factory=list)
    picks: list[Pick] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def take(self, other: Seen) -> None:
        """Adds what a part of the copy does."""
        self.visits += other.visits
        self.picks += other.picks
        self.decisions += other.decisions

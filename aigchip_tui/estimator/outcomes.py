"""What a walk finds: loops, functions, counters, levels of a nest, the state machine under construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.graph import Graph, Schedule
from aigchip_tui.estimator.objects import Cell, Memory
from aigchip_tui.estimator.resources import Usage
from aigchip_tui.estimator.tracks import Constants, Terms
from aigchip_tui.estimator.values import INT, Lin, Val


class CannotUnrollError(Exception):
    """A loop under a pipelined one has no constant trip count."""


@dataclass(slots=True)
class LoopOutcome:
    """One loop as estimated: trips, interval, depth, latency in cycles (None: unknown), what bounds it, and why.

    `unread` marks a loop that holds something whose cost is not known: only its trips are then.
    """

    name: str
    line: int
    trip: tuple[int | None, int | None]
    interval: int | None
    depth: int
    latency: tuple[int | None, int | None]
    pipelined: bool
    bound: str = ""
    function: str = ""
    children: list[LoopOutcome] = field(default_factory=list)
    flattened: int = 1
    unrolled: int = 1
    target: int = 1
    reason: str = ""
    unread: bool = False
    file: str = ""
    rewind: bool = False
    straight: int = 0
    beside: str = ""


@dataclass(slots=True)
class FunctionOutcome:
    """One function: latency and interval in cycles, its loops, its hardware."""

    name: str
    line: int
    latency: tuple[int | None, int | None]
    interval: int | None
    loops: list[LoopOutcome]
    usage: Usage
    slowest_ns: float
    dataflow: bool = False
    processes: list[FunctionOutcome] = field(default_factory=list)
    touched: dict[int, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Header:
    """A counted loop: its counter, first value, trip counts, step, and whether the count is exact."""

    cell: Cell
    start: Val
    low: int | None
    high: int | None
    step: int
    exact: bool
    mean: float | None = None
    bends: frozenset[int] = frozenset()
    may_end: bool = False
    """Whether another condition beside the counter's may end the loop at once."""


@dataclass(slots=True, eq=False)
class Copied:
    """A loop that is being unrolled: its body runs again and again, and nothing else between."""

    body: ast.Block


@dataclass(slots=True)
class Level:
    """A loop of a nest with the statements that stand before and after it in its parent."""

    loop: ast.Loop
    before: tuple[ast.Stmt, ...]
    after: tuple[ast.Stmt, ...]
    header: Header | None = None
    factor: int = 1


class Outside(NamedTuple):
    """An element of an array that is a loop's running sum: whoever starts the loop stores it behind."""

    memory: Memory
    terms: Terms
    constants: Constants

    def place(self) -> tuple[Val, ...]:
        """The indices of the element."""
        return tuple(Val(INT, -1, None, Lin(*one)) for one in zip(self.constants, self.terms, strict=False))


class Single(NamedTuple):
    """An element that a loop loads once, in front of itself: whether a register holds it there, which was stored."""

    number: int
    terms: Terms
    constants: Constants
    known: bool


class Lifted(NamedTuple):
    """Elements of a memory that a loop keeps in registers: those that it loads and those that it stores, and how many
    loads are left where registers around it hold the others.
    """

    number: int
    terms: Terms
    loads: frozenset[Constants]
    stores: frozenset[Constants]
    missing: int = 0


class Row(NamedTuple):
    """A row of an array whose columns are memories of their own: its address, and how often each column is read."""

    memory: Memory
    terms: Terms
    constants: Constants
    loads: int


Range = tuple[int | None, int | None]
"""Least and greatest cycles; None is unknown."""


def product_of(factors: Sequence[float | None]) -> float | None:
    """Product of factors, None where one of them is not known."""
    known = [one for one in factors if one is not None]
    return prod(known) if len(known) == len(factors) else None


def add_ranges(a: Range, b: Range) -> Range:
    """Sum of two ranges; unknown stays unknown."""
    return (
        None if a[0] is None or b[0] is None else a[0] + b[0],
        None if a[1] is None or b[1] is None else a[1] + b[1],
    )


class Body:
    """Straight pieces and rolled loops of one state machine, in order."""

    def __init__(self) -> None:
        self.chunks: list[tuple[Graph, Schedule]] = []
        self.latency: Range = (0, 0)
        self.straight = 0
        self.loops: list[LoopOutcome] = []
        self.macros = 0
        self.loop_macros = 0
        self.plain_nodes = 0
        self.unknown = False
        self.single: LoopOutcome | None = None
        self.before: tuple[Graph | None, frozenset[int], Range] = (None, frozenset(), (0, 0))
        """Behind a rolled loop: the graph that follows it, memories that it uses, its cycles."""
        self.around = 0
        """Cycles that loads before `single` and answers of AXI writes after it take."""

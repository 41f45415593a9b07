"""What is known of a pipelined loop once its text was walked, for its copies below an unrolled parent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import add
from typing import NamedTuple

from aigchip_tui.estimator.objects import Binding, Cell, Memory
from aigchip_tui.estimator.outcomes import Level, Lifted, LoopOutcome, Outside, Range, Row, Single
from aigchip_tui.estimator.resources import Usage
from aigchip_tui.estimator.standing import Coefficients, Standing
from aigchip_tui.estimator.tracks import Constants, Shape, Terms, Track
from aigchip_tui.estimator.values import Kind, Lin, Val

Comparison = tuple[str, Val, Val]
"""Operator and both sides."""


class Left(NamedTuple):
    """What a pipelined loop leaves to the state machine around it.

    `latency` with what runs in front of it and behind; `touched` are memories by their numbers and whether it writes
    them, `loaded` those of which it uses only words that were loaded before, `outside` and `rows` what the machine
    stores and loads for it, `apart` the memories of these, `prologue` the cycles around it.
    """

    outcome: LoopOutcome
    usage: Usage
    slowest_ns: float
    touched: dict[int, bool]
    latency: Range
    loaded: frozenset[int]
    outside: Sequence[Outside]
    rows: Sequence[Row]
    prologue: int
    apart: frozenset[int]


class Question(NamedTuple):
    """What the walk of a loop starts from, beside the values of registers: where it stands, what its names stand for,
    how the tool builds its arrays and over how many banks loops so far would have it deal them out, its counters' first
    values.
    """

    text: Standing
    nest: tuple[Level, ...]
    place: tuple[object, ...]
    bound: tuple[Binding | Val | None, ...]
    built: tuple[tuple[object, ...], ...]
    dealt: tuple[tuple[int, int], ...]
    starts: tuple[Val, ...]


class Recall(NamedTuple):
    """A loop that was walked: what its walk started from, and what it left.

    `asked` are the registers that it read outside, in this order: where their names stand among those of the loop, and
    what they held. `straight` are the names of which sums are indices without hardware, `set` the registers that it
    sets, `begun` the first symbol of its walk, `symbols` what was known of the symbols in the values. `dealt` are the
    banks of arrays for which it asked, `looked` is what it asked of stores outside, `facts` says that a condition keeps
    addresses apart.
    """

    question: Question
    left: Left
    asked: tuple[tuple[int, Val], ...]
    straight: frozenset[str]
    set: tuple[tuple[int, Kind], ...]
    begun: int
    symbols: dict[int, tuple[object, ...]]
    dealt: tuple[tuple[Memory, tuple[int, int]], ...]
    judged: Sequence[Comparison]
    looked: tuple[Single | Lifted, ...]
    tracks: dict[int, Track]
    facts: bool
    held: frozenset[int]
    work: int
    line: int


class Match:
    """The values of a copy beside those of the loop that was walked: symbols that stand for others, constants that
    moved, by the names of their registers.
    """

    def __init__(self, known: Recall) -> None:
        self.known = known
        self.symbols: dict[int, int] = {}
        self.shifts: dict[str, int] = {}
        self.values: dict[int, Val] = {}
        self.looked: list[Lifted] = []
        """Elements kept in registers, at the addresses of the copy."""

    def value(self, old: Val, new: Val, name: str) -> bool:
        """Whether a value differs from the one before by its symbols and a constant alone."""
        if old is not new:
            if type(old) is not type(new) or old.kind != new.kind or old.need != new.need:
                return False
            if (old.node < 0) is not (new.node < 0) or (old.const is None) is not (new.const is None):
                return False
        a, b = old.lin, new.lin
        if a is None or b is None:
            return a is b and old.const == new.const and type(old.const) is type(new.const) and self._one(old, new)
        shift = b.constant - a.constant
        if shift:
            if not name or old.node >= 0 or name in self.known.question.text.fixed:
                return False
            self.shifts[name] = shift
        if old.const is not None and new.const is not None and new.const - old.const != shift:
            return False
        return self._terms(a, b) and self._one(old, new)

    def _one(self, old: Val, new: Val) -> bool:
        """Registers that held one value hold one now."""
        return self.values.setdefault(id(old), new) is new

    def _terms(self, a: Lin, b: Lin) -> bool:
        if len(a.terms) != len(b.terms):
            return False
        for (one, by), (other, too) in zip(a.terms, b.terms, strict=True):
            if by != too or self.symbols.setdefault(one, other) != other:
                return False
        return True

    def ordered(self) -> bool:
        """Whether symbols and values stand for one other each, symbols in the same order."""
        if len({id(one) for one in self.values.values()}) < len(self.values):
            return False
        renamed = [other for _, other in sorted(self.symbols.items())]
        if self.known.question.text.derives and any(one != other for one, other in self.symbols.items()):
            return False
        return all(first < second for first, second in pairwise(renamed))

    def steps_of(self, number: int) -> tuple[int, ...]:
        """As `steps`, of a memory by its number."""
        question = self.known.question
        for name, one in zip(question.text.names, question.bound, strict=True):
            if isinstance(one, Memory) and one.number == number:
                steps = self.steps(name.name)
                return steps + (0,) * (len(one.extents) - len(steps))
        return ()

    def address(self, number: int, terms: Terms, constants: Iterable[Constants]) -> tuple[Terms, list[Constants]]:
        """Addresses of a memory as the copy has them."""
        steps = self.steps_of(number)
        return self.moved(terms), [tuple(map(add, one, steps)) for one in constants]

    def steps(self, name: str) -> tuple[int, ...]:
        """By how much the indices of an array moved, dimension by dimension."""
        shifts = self.shifts
        return tuple([
            sum([by * shifts.get(one, 0) for one, by in each]) for each in self.known.question.text.arrays.get(name, ())
        ])

    def by(self, moves: Coefficients) -> int:
        """By how much an index moved that names move so."""
        return sum([times * self.shifts.get(one, 0) for one, times in moves])

    def parts(self, name: str, bound: Memory, counters: frozenset[str]) -> bool:
        """Whether elements of an array that is only read stay as far from being the same as they were.

        `counters` are those of the rolled loops: only what moves with one may have another step than the rest.
        """
        known = self.known
        track = known.tracks.get(bound.number)
        elements = known.question.text.apart[name]
        for place in range(max(map(len, elements))):
            steps: tuple[set[int], set[int]] = (set(), set())
            for element in elements:
                moves = element[place] if place < len(element) else ()
                steps[any(one in counters and by for one, by in moves)].add(self.by(moves))
            still, rolled = steps
            if still | rolled <= {0} or track is None:
                continue
            if max(len(still), len(rolled)) > 1 or place in bound.partitions or len(bound.extents) < 2:
                return False
            if any(len(one) != len(bound.extents) for one in elements) or 0 in bound.extents:
                return False
            if not known.question.text.beside[name][place] <= known.straight:
                return False
            before: tuple[set[int], set[int]] = (set(), set())
            for shape in track.shapes.values():
                inner = any(symbol >= known.begun for symbol, _ in shape.terms[place])
                step = next(iter(steps[inner]), 0)
                if step and crosses_zero(shape, place, step):
                    return False
                before[inner].update(constants[place] for constants in shape.addresses)
            after = [{one + step for one in before[inner] for step in steps[inner]} for inner in (0, 1)]
            if not before[0].isdisjoint(before[1]) or not after[0].isdisjoint(after[1]):
                return False
        return True

    def moved(self, terms: Terms) -> Terms:
        """Terms of an address with the symbols of the copy."""
        symbols = self.symbols
        return tuple([tuple([(symbols.get(one, one), by) for one, by in each]) for each in terms])


def crosses_zero(shape: Shape, place: int, step: int) -> bool:
    """Whether a constant of an index becomes 0 by a step, or was 0 before it: then the address takes other adders."""
    if place not in shape.adders[2]:
        return False
    return any(constants[place] in (0, -step) for constants in shape.addresses)


def keeps_banks(bound: Memory, place: int, step: int, track: Track | None) -> bool:
    """Whether accesses that shared banks still do, and others do not, once their indices have moved by a step."""
    partition = bound.partitions.get(place)
    if partition is None or partition.style == "cyclic" or track is None:
        return True
    extent = bound.extents[place]
    if partition.style != "complete":
        return False
    return all(
        0 <= constants[place] < extent and 0 <= constants[place] + step < extent
        for shape in track.shapes.values() if not shape.terms[place] for constants in shape.addresses
    )


def cells(bound: Iterable[Binding | Val | None]) -> dict[int, int]:
    """Where registers stand among what names are bound to, by their numbers."""
    return {one.number: place for place, one in enumerate(bound) if isinstance(one, Cell)}

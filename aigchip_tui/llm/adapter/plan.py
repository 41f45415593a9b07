"""From which example each line is answered, which numbers change, and every reason to refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aigchip_tui.llm.adapter.align import (
    Alignment,
    Key,
    align,
    keys_in_order,
    merge,
    shows_nothing_between,
)
from aigchip_tui.llm.adapter.reading import Example, Line, Request, Segment

Kind = Literal["retrieved", "adapted", "fused"]

TOO_COMMON = frozenset({"0", "1", "2"})
"""Numerals that stand everywhere: meeting one in foreign code proves nothing."""


@dataclass(frozen=True)
class Refusal:
    """Why no answer is given; `line` is the instruction line, 0 when it is none in particular."""

    line: int
    cause: str


@dataclass(frozen=True)
class LinePlan:
    """How one line is answered.

    `kind`: retrieved (from the main example, as it stands), adapted (numbers changed), fused (from another
    example than the main one). `changes` are (old, new) numbers, `exchange` maps the position of a numeral,
    counted through all its segments, to the new one.
    """

    line: Line
    kind: Kind
    example: int
    example_line: int
    segments: tuple[Segment, ...]
    changes: tuple[tuple[str, str], ...] = ()
    exchange: Mapping[int, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """The answer before it is written: lines, order of their segments, and refusals (then nothing else
    counts)."""

    lines: tuple[LinePlan, ...] = ()
    order: tuple[Key, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    language: str = ""

    @property
    def kind(self) -> Kind:
        """The strongest kind of its lines: retrieved < adapted < fused."""
        kinds = {line.kind for line in self.lines}
        return "fused" if "fused" in kinds else "adapted" if "adapted" in kinds else "retrieved"


def _named(lines: Sequence[int]) -> str:
    shown = [str(line) for line in lines]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]


def _numerals(example: Example, line: Line) -> tuple[str, ...]:
    return tuple(numeral for segment in example.segments_of(line.number) for numeral in segment.numerals)


def _skeletons(example: Example, line: Line) -> tuple[str, ...]:
    return tuple(segment.skeleton for segment in example.segments_of(line.number))


@dataclass(frozen=True)
class _Held:
    """A line as one example holds it."""

    example: Example
    line: Line
    numerals: tuple[str, ...]

    def explains(self, other: _Held) -> bool:
        """Whether both give the same code, each numeral being either constant or the same hole in both."""
        if _skeletons(self.example, self.line) != _skeletons(other.example, other.line):
            return False
        holes = list(zip(self.line.numbers, other.line.numbers, strict=True))
        return all(
            mine == theirs or (mine, theirs) in holes
            for mine, theirs in zip(self.numerals, other.numerals, strict=True)
        )


class _Planner:
    def __init__(self, request: Request) -> None:
        self.lines = request.lines
        self.refusals: list[Refusal] = []
        self.notes: list[str] = []
        self.alignments: dict[int, Alignment] = {}
        self.unusable: list[tuple[Example, str]] = []
        usable = []
        for example in request.examples:
            fault = example.fault
            if not fault:
                self.alignments[example.index] = align(self.lines, example)
                fault = self.alignments[example.index].fault
            if fault:
                self.unusable.append((example, fault))
                self.notes.append(f"example {example.index} is not used: {fault}")
            else:
                usable.append(example)
        self.examples = usable
        self.ranked = sorted(usable, key=lambda example: (*self._unlike(example), example.index))

    def _unlike(self, example: Example) -> tuple[int, int]:
        shared = [other for line in self.lines if (other := example.line_of(line.words)) is not None]
        equal = sum(
            mine == theirs
            for line in self.lines
            if (other := example.line_of(line.words)) is not None
            for mine, theirs in zip(line.numbers, other.numbers, strict=True)
        )
        return -len(shared), -equal

    def refuse(self, line: int, cause: str) -> None:
        self.refusals.append(Refusal(line=line, cause=cause))

    def plan(self) -> Plan:
        if not self.ranked:
            self.refuse(0, "; ".join(["there is no example to answer from", *self.notes]))
            return self._refused()
        planned = [plan for line in self.lines if (plan := self._line(line)) is not None]
        self._left_out()
        if self.refusals:
            return self._refused()
        order = self._order(planned)
        if self.refusals:
            return self._refused()
        return Plan(
            lines=tuple(planned),
            order=order,
            notes=tuple(self.notes),
            language=self.ranked[0].language,
        )

    def _refused(self) -> Plan:
        return Plan(refusals=tuple(self.refusals), notes=tuple(self.notes))

    def _line(self, line: Line) -> LinePlan | None:
        held = [
            _Held(example=example, line=other, numerals=_numerals(example, other))
            for example in self.ranked
            if (other := example.line_of(line.words)) is not None
        ]
        if not held:
            known = [
                f"; example {example.index} has it, but {fault}"
                for example, fault in self.unusable
                if example.line_of(line.words) is not None
            ]
            self.refuse(line.number, "no example has a line with these words" + "".join(known))
            return None
        source = held[0]
        agreeing = [other for other in held if source.explains(other)]
        note = ""
        if len(agreeing) < len(held):
            others = sorted(other.example.index for other in held if other not in agreeing)
            note = (
                f"examples {_named(sorted([source.example.index, *others]))} answer it differently; "
                f"{source.example.index} shares most lines and is taken"
            )
        exchange = self._exchange(line, source, agreeing)
        if exchange is None or self._stray(line, source, agreeing):
            return None
        changes = tuple((old, new) for old, new in zip(source.line.numbers, line.numbers, strict=True) if old != new)
        kind: Kind = "adapted" if changes else "retrieved"
        if source.example is not self.ranked[0]:
            kind = "fused"
        return LinePlan(
            line=line,
            kind=kind,
            example=source.example.index,
            example_line=source.line.number,
            segments=source.example.segments_of(source.line.number),
            changes=changes,
            exchange=exchange,
            note=note,
        )

    def _exchange(self, line: Line, source: _Held, agreeing: Sequence[_Held]) -> dict[int, str] | None:
        """Position of each numeral to change with its new value; None when that is refused."""
        exchange: dict[int, str] = {}
        carried = [
            {
                position
                for position in range(len(source.numerals))
                if all(other.numerals[position] == other.line.numbers[hole] for other in agreeing)
            }
            for hole in range(len(line.numbers))
        ]
        for hole, (old, new) in enumerate(zip(source.line.numbers, line.numbers, strict=True)):
            if old == new:
                continue
            places = carried[hole]
            told_apart = any(other.line.numbers[hole] != old for other in agreeing)
            if not places:
                self.refuse(line.number, f"the number changes from {old} to {new} and no code carries {old}")
                return None
            shared = any(
                line.numbers[other] != new and places & carried[other] for other in range(len(carried)) if other != hole
            )
            if shared or (len(places) > 1 and not told_apart):
                self.refuse(
                    line.number,
                    f"the number changes from {old} to {new}, and {old} could mean two things in the code of "
                    f"example {source.example.index}",
                )
                return None
            exchange.update((position, new) for position in places)
        return exchange

    def _stray(self, line: Line, source: _Held, agreeing: Sequence[_Held]) -> bool:
        """Whether its code holds the changed number of another line, with nothing to prove it a constant."""
        own = set(source.line.numbers)
        now = {other.words: other.numbers for other in self.lines}
        for position, numeral in enumerate(source.numerals):
            if numeral in own or numeral in TOO_COMMON:
                continue
            for other in source.example.lines:
                if other is source.line or numeral not in other.numbers:
                    continue
                asked = now.get(other.words)
                kept = asked is not None and all(
                    new == old for old, new in zip(other.numbers, asked, strict=True) if old == numeral
                )
                if kept or self._constant(position, numeral, other, source, agreeing):
                    continue
                self.refuse(
                    line.number,
                    f"its code in example {source.example.index} holds {numeral}, the number of line "
                    f"{other.number} there, which changes",
                )
                return True
        return False

    def _constant(self, position: int, numeral: str, foreign: Line, source: _Held, agreeing: Sequence[_Held]) -> bool:
        for other in agreeing:
            if other is source or other.numerals[position] != numeral:
                continue
            theirs = other.example.line_of(foreign.words)
            known = theirs.numbers if theirs else [n for line in other.example.lines for n in line.numbers]
            if numeral not in known:
                return True
        return False

    def _left_out(self) -> None:
        """Each line that an example has and the instruction has not must be shown absent by another
        example."""
        told: set[tuple[int, int]] = set()
        for example in self.ranked:
            for number, (left, right) in self.alignments[example.index].left_out.items():
                shown = any(
                    shows_nothing_between(
                        self.alignments[other.index],
                        left,
                        right,
                        lines=len(self.lines),
                        own_lines=len(other.lines),
                    )
                    for other in self.ranked
                )
                if shown or (left, right) in told:
                    continue
                told.add((left, right))
                text = example.lines[number - 1].text
                self.refuse(
                    min(left + 1, len(self.lines)),
                    f'line {number} of example {example.index} ("{text}") is left out here, and no example '
                    "shows it left out",
                )

    def _order(self, planned: Sequence[LinePlan]) -> tuple[Key, ...]:
        counts = {plan.line.number: len(plan.segments) for plan in planned}
        keys = [(number, i) for number, count in counts.items() for i in range(count)]
        sources = {plan.example for plan in planned}
        first = [example for example in self.ranked if example.index in sources]
        rest = [example for example in self.ranked if example.index not in sources]
        order = merge(keys, [])
        for examples in (first, first + rest):
            order = merge(
                keys,
                [keys_in_order(e, self.alignments[e.index], counts) for e in examples],
            )
            if order.keys or order.contradictory:
                break
        if order.contradictory:
            self.refuse(
                order.contradictory[0],
                f"the examples have the code of lines {_named(order.contradictory)} in different orders",
            )
        elif order.undetermined:
            self.refuse(
                order.undetermined[0],
                f"no example shows in which order the code of lines {_named(order.undetermined)} stands",
            )
        return order.keys


def make_plan(request: Request) -> Plan:
    """Plans the answer to a request; a plan with refusals has no lines."""
    if request.fault:
        return Plan(refusals=(Refusal(line=0, cause=request.fault),))
    return _Planner(request).plan()

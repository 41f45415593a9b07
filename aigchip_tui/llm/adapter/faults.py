"""Mistakes of alignment, made on purpose: what somebody does who follows an example too closely or not
closely enough.

They need no knowledge of what the code is about. The record of a mistake travels beside the reply, never in
it.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from aigchip_tui.llm.adapter.align import align
from aigchip_tui.llm.adapter.plan import LinePlan, Plan
from aigchip_tui.llm.adapter.reading import Request

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w{2,}")
_SIGN_FIRST = re.compile(r"^\s*[^\w\s].*[A-Za-z]")
_BELOW = re.compile(r"(?<=\s)<(?=\s)")
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))


@dataclass(frozen=True)
class Injected:
    """A mistake that was made: its `kind`, the instruction `line` it concerns (0: none) and what exactly."""

    kind: str
    line: int
    detail: str


Mistake = tuple[list[str], Injected]
Writer = Callable[[Plan], list[str]]


def _code_of(row: str) -> str:
    cut = row.find("//")
    return row if cut < 0 else row[:cut]


def _with(plan: Plan, changed: LinePlan) -> Plan:
    lines = tuple(changed if line.line.number == changed.line.number else line for line in plan.lines)
    return replace(plan, lines=lines)


def _keep_number(plan: Plan, request: Request, write: Writer) -> Iterator[Mistake]:
    for line in plan.lines:
        if line.exchange:
            changed = _with(plan, replace(line, exchange={}))
            yield write(changed), Injected("keep_number", line.line.number, f"kept of {line.changes}")


def _answer_as_other(plan: Plan, request: Request, write: Writer) -> Iterator[Mistake]:
    for line in plan.lines:
        for example in request.examples:
            if example.index == line.example or example.fault:
                continue
            place = align(request.lines, example).place.get(line.line.number)
            if place is None:
                continue
            segments = example.segments_of(place)
            same = [s.skeleton for s in segments] == [s.skeleton for s in line.segments]
            if same or len(segments) != len(line.segments):
                continue
            changed = _with(plan, replace(line, segments=segments, exchange={}))
            detail = f"as line {place} of example {example.index}"
            yield write(changed), Injected("answer_as_other", line.line.number, detail)


def _drop_segment(plan: Plan, request: Request, write: Writer) -> Iterator[Mistake]:
    for at, (number, part) in enumerate(plan.order):
        line = next(line for line in plan.lines if line.line.number == number)
        code = line.segments[part].code
        if not code.strip() or any(code.count(opens) != code.count(shuts) for opens, shuts in _PAIRS):
            continue
        changed = replace(plan, order=plan.order[:at] + plan.order[at + 1 :])
        yield write(changed), Injected("drop_segment", number, code.strip())


def _drop_signed_row(plan: Plan, request: Request, write: Writer) -> Iterator[Mistake]:
    rows = write(plan)
    for at, row in enumerate(rows):
        if _SIGN_FIRST.match(_code_of(row)):
            yield rows[:at] + rows[at + 1 :], Injected("drop_signed_row", 0, row.strip())


def _misspell(plan: Plan, request: Request, write: Writer) -> Iterator[Mistake]:
    rows = write(plan)
    uses = Counter(name for row in rows for name in _NAME.findall(_code_of(row)))
    for at, row in enumerate(rows):
        for found in _NAME.finditer(_code_of(row)):
            name = found.group()
            wrong = name[:-2] + name[-1] + name[-2]
            if uses[name] < 2 or wrong == name:
                continue
            mistaken = row[: found.start()] + wrong + row[found.end() :]
            yield [*rows[:at], mistaken, *rows[at + 1 :]], Injected("misspell", 0, f"{name} as {wrong}")


def _widen(plan: Plan, request: Request, write: Writer) -> Iterator[Mistake]:
    rows = write(plan)
    for at, row in enumerate(rows):
        for found in _BELOW.finditer(_code_of(row)):
            mistaken = row[: found.start()] + "<=" + row[found.end() :]
            yield [*rows[:at], mistaken, *rows[at + 1 :]], Injected("widen", 0, row.strip())


MISTAKES: dict[str, Callable[[Plan, Request, Writer], Iterator[Mistake]]] = {
    "keep_number": _keep_number,
    "answer_as_other": _answer_as_other,
    "drop_segment": _drop_segment,
    "drop_signed_row": _drop_signed_row,
    "misspell": _misspell,
    "widen": _widen,
}


def inject(plan: Plan, request: Request, write: Writer, *, rate: float, seed: int) -> tuple[list[str], Injected | None]:
    """The rows of the answer, with one mistake in the share `rate` of all seeds; a kind is drawn, then a
    place.

    A kind that this answer offers no place for is passed over in favour of the next drawn.
    """
    draw = random.Random(f"adapter mistakes {seed}")
    if draw.random() >= rate:
        return write(plan), None
    right = write(plan)
    for kind in draw.sample(sorted(MISTAKES), len(MISTAKES)):
        offered = [m for m in MISTAKES[kind](plan, request, write) if m[0] != right]
        if offered:
            return draw.choice(offered)
    return right, None

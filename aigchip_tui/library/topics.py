"""Which lines of different instructions of a module are about the same topic."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import msgspec

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import InstructionLine

Pairing = Mapping[int, int]


class Topics(msgspec.Struct, frozen=True, kw_only=True):
    """The topics of a module in order, and which line of which demo is about which.

    `lines[d][n]` is the topic of line n (from 1) of demo d; `faults` are instructions whose topics cannot
    be told.
    """

    count: int
    lines: tuple[dict[int, int], ...]
    faults: tuple[tuple[Demo, str], ...] = ()

    def of(self, demo: int, line: int) -> int | None:
        """The topic of a line, None when it could not be told."""
        return self.lines[demo].get(line)

    def line(self, demo: int, topic: int) -> int | None:
        """The line about a topic, None when the demo has none."""
        return next((line for line, held in self.lines[demo].items() if held == topic), None)


def pair_lines(lines: Sequence[InstructionLine], others: Sequence[InstructionLine]) -> tuple[dict[int, int], str]:
    """Pairs lines of equal words, then lines between the same neighbours one to one.

    Returns the pairs (line, other line) and a fault: equal lines in another order, or so many lines between
    two neighbours in one and another number of lines in the other that nobody can say which are the same
    topic.
    """
    where = {line.words: line.number for line in others}
    anchors = [(line.number, where[line.words]) for line in lines if line.words in where]
    for before, after in itertools.pairwise(anchors):
        if after[1] <= before[1]:
            return {}, f"lines {before[0]} and {after[0]} stand in another order"
    pairs: dict[int, int] = {}
    fault = ""
    ends = [(0, 0), *anchors, (len(lines) + 1, len(others) + 1)]
    for (left, other_left), (right, other_right) in itertools.pairwise(ends):
        inner, other_inner = right - left - 1, other_right - other_left - 1
        if inner == other_inner:
            pairs.update((left + 1 + i, other_left + 1 + i) for i in range(inner))
        elif inner and other_inner:
            fault = f"{inner} lines after line {left} stand where there are {other_inner}"
        if right <= len(lines):
            pairs[right] = other_right
    return pairs, fault


def align_topics(demos: Sequence[Demo]) -> Topics:
    """The topics of a module's demos; the longest instruction gives them, lines that it lacks are told as
    faults."""
    longest = max(demos, key=lambda demo: len(demo.lines))
    faults: list[tuple[Demo, str]] = []
    lines: list[dict[int, int]] = []
    for demo in demos:
        pairs, fault = pair_lines(demo.lines, longest.lines)
        if fault:
            faults.append((demo, f"{fault} in {longest.label}; topics cannot be told apart."))
        lines.append({line: other - 1 for line, other in pairs.items()})
        missing = [line.number for line in demo.lines if line.number not in pairs]
        if missing and not fault:
            faults.append((demo, f"line {missing[0]} has no counterpart in {longest.label}."))
    return Topics(count=len(longest.lines), lines=tuple(lines), faults=tuple(faults))

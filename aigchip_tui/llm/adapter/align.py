"""Which line of an example corresponds to which line of the instruction, and in what order fused code
stands."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aigchip_tui.llm.adapter.reading import Example, Line

Key = tuple[int, int]
"""(instruction line, running number of the segment within that line)."""


@dataclass(frozen=True)
class Alignment:
    """For each instruction line the line of the example in the same place, and the example's lines left over.

    `place` maps instruction line to example line: equal words first, then lines between the same neighbours
    one to one (other words in the same place). `left_out` maps each example line that has no counterpart to
    the two instruction lines around it (0 and n+1 are the ends). `fault` is set when equal lines stand in
    another order.
    """

    place: Mapping[int, int]
    left_out: Mapping[int, tuple[int, int]]
    fault: str = ""


def align(lines: Sequence[Line], example: Example) -> Alignment:
    """Aligns the instruction with one example; both have no two lines of equal words."""
    anchors = [(line.number, other.number) for line in lines if (other := example.line_of(line.words)) is not None]
    for before, after in itertools.pairwise(anchors):
        if after[1] <= before[1]:
            return Alignment(
                place={},
                left_out={},
                fault=f"has lines {before[0]} and {after[0]} of the instruction in another order",
            )
    place: dict[int, int] = {}
    left_out: dict[int, tuple[int, int]] = {}
    ends = [(0, 0), *anchors, (len(lines) + 1, len(example.lines) + 1)]
    for (left, other_left), (right, other_right) in itertools.pairwise(ends):
        inner, other_inner = right - left - 1, other_right - other_left - 1
        if inner == other_inner:
            place.update((left + 1 + i, other_left + 1 + i) for i in range(inner))
        else:
            left_out.update((other_left + 1 + i, (left, right)) for i in range(other_inner))
        if right <= len(lines):
            place[right] = other_right
    return Alignment(place=place, left_out=left_out)


def shows_nothing_between(alignment: Alignment, left: int, right: int, *, lines: int, own_lines: int) -> bool:
    """Whether the example follows the instruction from line `left` to line `right` without a line of its
    own."""
    ends = {0: 0, lines + 1: own_lines + 1}
    previous = ends.get(left, alignment.place.get(left))
    for number in range(left + 1, right + 1):
        here = ends.get(number, alignment.place.get(number))
        if previous is None or here != previous + 1:
            return False
        previous = here
    return previous is not None


def keys_in_order(example: Example, alignment: Alignment, counts: Mapping[int, int]) -> list[Key]:
    """The segments of the instruction's lines in the order in which this example has theirs.

    A line whose segments are not as many as `counts` asks for says nothing about order and is passed over.
    """
    lines = {other: number for number, other in alignment.place.items()}
    seen: dict[int, int] = {}
    keys = []
    for segment in example.segments:
        number = lines.get(segment.line)
        if number is None or len(example.segments_of(segment.line)) != counts[number]:
            continue
        keys.append((number, seen.get(number, 0)))
        seen[number] = seen.get(number, 0) + 1
    return keys


@dataclass(frozen=True)
class Order:
    """The one order that all sequences allow, or the lines between which it is `undetermined` or
    `contradictory`."""

    keys: tuple[Key, ...] = ()
    undetermined: tuple[int, ...] = ()
    contradictory: tuple[int, ...] = ()


def merge(keys: Iterable[Key], sequences: Sequence[Sequence[Key]]) -> Order:
    """Merges the sequences into one order of all keys; it must be the only one that fits them."""
    after: dict[Key, set[Key]] = {key: set() for key in keys}
    for sequence in sequences:
        for first, second in itertools.pairwise(sequence):
            after[second].add(first)
    placed: list[Key] = []
    waiting = dict(after)
    while waiting:
        ready = [key for key, first in waiting.items() if first.isdisjoint(waiting)]
        if not ready:
            return Order(contradictory=tuple(sorted({line for line, _ in waiting})))
        if len(ready) > 1:
            return Order(undetermined=tuple(sorted({line for line, _ in ready})))
        placed.append(ready[0])
        del waiting[ready[0]]
    return Order(keys=tuple(placed))

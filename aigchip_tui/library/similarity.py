"""Which demonstrations are most alike to an instruction, by counting and by numbers."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import InstructionLine, read_lines

By = Literal["similar", "dissimilar", "random", "model"]

NUMBER_WEIGHT = 0.5
"""A line of equal words counts 1; how near its numbers are counts at most this much."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The demonstrations chosen for an instruction, the most alike first.

    `covered` of `total` lines stand word for word (numbers aside) in at least one of them; `nearness` is
    the sum over the lines of NUMBER_WEIGHT / (1 + distance in log2), each line with the nearest demo.
    """

    demos: tuple[Demo, ...]
    covered: int
    total: int
    nearness: float = 0.0
    by: By = "similar"
    reason: str = ""


def number_nearness(line: InstructionLine, other: InstructionLine) -> float:
    """How near the numbers of two lines of equal words are: NUMBER_WEIGHT when equal, less per factor of
    two.
    """
    if not line.numbers:
        return NUMBER_WEIGHT
    distance = 0.0
    for mine, theirs in zip(line.numbers, other.numbers, strict=True):
        distance += abs(math.log2(max(int(mine), 0.5)) - math.log2(max(int(theirs), 0.5)))
    return NUMBER_WEIGHT / (1.0 + min(distance / len(line.numbers), 64.0))


def _scores(lines: Sequence[InstructionLine], demos: Sequence[Demo]) -> list[list[float]]:
    """Per demo and line: 0 without these words, else 1 + nearness of the numbers."""
    rows = []
    for demo in demos:
        held = {line.words: line for line in demo.lines}
        rows.append([1.0 + number_nearness(line, held[line.words]) if line.words in held else 0.0 for line in lines])
    return rows


def _choice(
    demos: Sequence[Demo], chosen: Sequence[int], scores: Sequence[Sequence[float]], by: By, why: str
) -> Choice:
    total = len(scores[0]) if scores else 0
    order = sorted(chosen, key=lambda demo: (-sum(s > 0 for s in scores[demo]), -sum(scores[demo]), demo))
    best = [max((scores[demo][line] for demo in order), default=0.0) for line in range(total)]
    covered = sum(score > 0 for score in best)
    names = " and ".join(demos[demo].label for demo in order) or "no demonstration"
    return Choice(
        demos=tuple(demos[demo] for demo in order),
        covered=covered,
        total=total,
        nearness=round(sum(best) - covered, 6),
        by=by,
        reason=why or f"{names}: {covered} of {total} lines word for word",
    )


def choose_demos(
    instruction: Sequence[str],
    demos: Sequence[Demo],
    *,
    count: int = 2,
    by: Literal["similar", "dissimilar", "random"] = "similar",
    seed: int = 0,
) -> Choice:
    """Chooses `count` demonstrations together, all of them when there are no more.

    similar: the set that covers most lines word for word, then with the nearest numbers, then whose
    members are most alike each by itself. dissimilar: the reverse. random: drawn from `seed`. Equal
    scores: the first by name.
    """
    import numpy as np

    ordered = sorted(demos, key=lambda demo: (demo.module, demo.name))
    scores = _scores(read_lines(instruction), ordered)
    size = min(count, len(ordered))
    if size == 0:
        return Choice(demos=(), covered=0, total=len(instruction), by=by, reason="no demonstration")
    if by == "random":
        draws = [hashlib.sha256(f"demo {seed} {demo.label}".encode()).hexdigest() for demo in ordered]
        chosen = sorted(range(len(ordered)), key=draws.__getitem__)[:size]
        return _choice(ordered, chosen, scores, by, "")
    table = np.asarray(scores, dtype=np.float64).reshape(len(ordered), len(instruction))
    sets = np.asarray(list(itertools.combinations(range(len(ordered)), size)), dtype=np.intp)
    best = table[sets].max(axis=1)
    covered = (best > 0).sum(axis=1)
    near = np.round(best.sum(axis=1), 9)
    alone = np.round(table[sets].sum(axis=(1, 2)), 9)
    rank = np.lexsort((-alone, -near, -covered) if by == "similar" else (alone, near, covered))
    return _choice(ordered, [int(demo) for demo in sets[rank[0]]], scores, by, "")


def choose_pair(instruction: Sequence[str], demos: Sequence[Demo]) -> Choice:
    """The two demonstrations that together cover most lines word for word, then with the nearest numbers."""
    return choose_demos(instruction, demos, count=2)


def chosen_by_model(
    instruction: Sequence[str], demos: Sequence[Demo], chosen: Sequence[Demo], *, reason: str
) -> Choice:
    """A model's choice with its reason, and how many lines it covers."""
    scores = _scores(read_lines(instruction), demos)
    return _choice(demos, [demos.index(demo) for demo in chosen], scores, "model", reason)

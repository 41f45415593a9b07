"""Fewer settings than all: a seeded sample, or a cover of all pairs of values."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from aigchip_tui.model.module import Settings

TRIED = 40
"""Settings of which the one with most new pairs is taken."""

Pair = tuple[tuple[str, int | str], tuple[str, int | str]]


def sampled(settings: Sequence[Settings], number: int, seed: int) -> list[Settings]:
    """`number` of the settings, drawn from `seed`; all of them when there are no more."""
    if number >= len(settings):
        return list(settings)
    return random.Random(seed).sample(list(settings), number)


def pairs_of(settings: Settings) -> Iterator[Pair]:
    """Every two parameters with their values; the only one with itself where there is but one."""
    values = sorted(settings.items())
    yield from itertools.combinations(values, 2) if len(values) > 1 else ((value, value) for value in values)


def pairwise(settings: Sequence[Settings], seed: int) -> list[Settings]:
    """Some of the settings in which every pair of values stands that stands in any of them.

    Greedy: of a few settings drawn from `seed` that hold a pair still missing, the one with most of them. So the number
    is near the least, and the same for a seed.
    """
    shuffled = list(settings)
    random.Random(seed).shuffle(shuffled)
    holding: dict[Pair, list[int]] = {}
    for index, each in enumerate(shuffled):
        for pair in pairs_of(each):
            holding.setdefault(pair, []).append(index)
    chosen: list[Settings] = []
    missing = dict.fromkeys(sorted(holding, key=lambda pair: (len(holding[pair]), repr(pair))))
    while missing:
        # The rarest pair first: few settings can hold it, so they are taken while they still bring others.
        candidates = holding[next(iter(missing))][:TRIED]
        best = max(candidates, key=lambda index: sum(pair in missing for pair in pairs_of(shuffled[index])))
        chosen.append(shuffled[best])
        for pair in pairs_of(shuffled[best]):
            missing.pop(pair, None)
    return chosen

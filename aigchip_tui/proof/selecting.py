"""Fewer settings than all: a seeded sample, or a cover of all pairs of values."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Iterator, Sequence

from aigchip_tui.model.module import Settings

TRIED = 200
"""Settings of which the one with most new pairs is taken."""
MANY = 32
"""Values of a number from which on pairs are those of its sizes, a size being a number of bits."""

Pair = tuple[tuple[str, int | str], tuple[str, int | str]]


def sampled(settings: Sequence[Settings], number: int, seed: int) -> list[Settings]:
    """`number` of the settings, drawn from `seed`; all of them when there are no more."""
    if number >= len(settings):
        return list(settings)
    return random.Random(seed).sample(list(settings), number)


def pairs_of(settings: Settings, sized: Collection[str] = ()) -> Iterator[Pair]:
    """Every two parameters with their values; the only one with itself where there is but one.

    Of the parameters in `sized` the size stands in pairs, and each value stands with itself.
    """
    values = [
        (name, f"{value.bit_length()} bits") if name in sized and isinstance(value, int) else (name, value)
        for name, value in sorted(settings.items())
    ]
    yield from itertools.combinations(values, 2) if len(values) > 1 else ((value, value) for value in values)
    yield from (((name, settings[name]), (name, settings[name])) for name in sized if name in settings)


def sized_numbers(settings: Sequence[Settings]) -> frozenset[str]:
    """Parameters with more than `MANY` numbers as values."""
    values: dict[str, set[int]] = {}
    for each in settings:
        for name, value in each.items():
            if isinstance(value, int):
                values.setdefault(name, set()).add(value)
    return frozenset(name for name, found in values.items() if len(found) > MANY)


def pairwise(settings: Sequence[Settings], seed: int) -> list[Settings]:
    """Some of the settings in which every pair of values stands that stands in any of them.

    Of a number of many values (`sized_numbers`) every value stands in one, and every pair of its sizes. Greedy: of a
    few settings drawn from `seed` that hold a pair still missing, the one with most of them, of equal ones that with
    the smallest numbers, which is the cheapest to simulate. So the number is near the least, and the same for a seed.
    """
    shuffled = list(settings)
    random.Random(seed).shuffle(shuffled)
    sized = sized_numbers(shuffled)
    holding: dict[Pair, list[int]] = {}
    for index, each in enumerate(shuffled):
        for pair in pairs_of(each, sized):
            holding.setdefault(pair, []).append(index)
    chosen: list[Settings] = []
    missing = dict.fromkeys(sorted(holding, key=lambda pair: (len(holding[pair]), repr(pair))))

    def worth(index: int) -> tuple[int, int]:
        new = sum(pair in missing for pair in pairs_of(shuffled[index], sized))
        return new, -sum(value.bit_length() for value in shuffled[index].values() if isinstance(value, int))

    while missing:
        # The rarest pair first: few settings can hold it, so they are taken while they still bring others.
        best = max(holding[next(iter(missing))][:TRIED], key=worth)
        chosen.append(shuffled[best])
        for pair in pairs_of(shuffled[best], sized):
            missing.pop(pair, None)
    return chosen

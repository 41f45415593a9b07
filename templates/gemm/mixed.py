"""Arrays along several axes (SPACE sec. 1: the arrays level may be split along m, n and k): their order and its words.

Array (i, j, l) of M x N x K, counted from 0, is number (i * N + j) * K + l.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aigchip_tui.model.module import Settings

from .common import number

MOST_ARRAYS: Final = 8

Grid = tuple[int, int, int]
"""Arrays along m, n and k."""


def grids() -> Iterator[Grid]:
    """Every way to have 4 or 8 arrays along at least two axes."""
    for m in (1, 2, 4):
        for n in (1, 2, 4):
            for k in (1, 2, 4):
                if m * n * k <= MOST_ARRAYS and (m, n, k).count(1) < 2:
                    yield m, n, k


def grid_of(settings: Settings) -> Grid:
    """The arrays along each axis."""
    return number(settings, "along_m"), number(settings, "along_n"), number(settings, "along_k")


def grid_lines(settings: Settings) -> tuple[str, str, str]:
    """An instruction line for each axis; a single array along it is a choice, not a number."""
    along_m, along_n, along_k = grid_of(settings)
    return (
        "A single array along m." if along_m == 1 else f"Arrays along m: {along_m}.",
        "A single array along n." if along_n == 1 else f"Arrays along n: {along_n}.",
        "A single array along k." if along_k == 1 else f"Arrays along k: {along_k}.",
    )

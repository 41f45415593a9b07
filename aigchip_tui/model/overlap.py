"""Cycles of a layer whose loads, visits and stores overlap, from what its edge classes of tiles cost (SPACE sec. 3).

With two blocks a buffer everything moves in step: the loads of the next visit begin when the visit at hand begins, as
does the store of the tile of C in front, and the next visit begins when the slowest of them is done. So a layer is a
sum of largest values over its visits. Tiles differ at the ends of the axes only, so a few terms with their counts stand
for any number of visits. One text serves whole numbers and arrays of designs and layers (`Arithmetic`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

FULL, LAST = 0, 1
"""Classes of tiles along an axis: every tile but the last, and the last one. A single tile is of both."""


class Arithmetic(Protocol):
    """What numbers and arrays do not share as operators."""

    def largest(self, first: Any, *others: Any) -> Any:
        """The largest value."""
        ...

    def choose(self, condition: Any, yes: Any, no: Any) -> Any:
        """`yes` where the condition holds, else `no`."""
        ...

    def smallest(self, first: Any, second: Any) -> Any:
        """The smallest value."""
        ...

    def ceil_div(self, value: Any, by: Any) -> Any:
        """Quotient of whole numbers rounded up."""
        ...

    def whole(self, value: Any) -> Any:
        """A value rounded up to a whole number."""
        ...


class _Whole:
    def largest(self, first: int, *others: int) -> int:
        return max(first, *others)

    def choose(self, condition: bool, yes: int, no: int) -> int:
        return yes if condition else no

    def smallest(self, first: int, second: int) -> int:
        return min(first, second)

    def ceil_div(self, value: int, by: int) -> int:
        return -(-value // by)

    def whole(self, value: float) -> int:
        return math.ceil(value)


WHOLE: Arithmetic = _Whole()
"""Arithmetic of whole numbers."""


class Tiles(NamedTuple):
    """A layer's tiles in the order of visits: counts, and cycles by class (FULL or LAST) along each axis.

    The outer axis is the one whose operand stays while the inner axis runs (m with A, or n with B); k is innermost, but
    not where sums are spilled. `visit[outer][inner][k]` is a visit of the array, `load_outer[outer][k]` and
    `load_inner[inner][k]` bring tiles of the two operands, `store[outer][inner]` takes a tile of results to memory.
    """

    count_outer: Any
    count_inner: Any
    count_k: Any
    visit: Any
    load_outer: Any
    load_inner: Any
    store: Any


def overlapped(tiles: Tiles, a: Arithmetic) -> Any:
    """Cycles from the first visit of the array to the end of the last store, where no sums are spilled."""
    t = tiles
    blocks = _Blocks(t, a)
    # With one tile along k the outer operand stays for a run of visits, and its next tile has all that time.
    alone = t.count_k == 1
    kept = [a.choose(alone, t.load_outer[which][LAST], 0) for which in (FULL, LAST)]
    # Who has its first tile while the other's still comes goes on with its second one.
    ahead = t.load_outer[FULL][FULL] - t.load_inner[FULL][FULL]
    in_front = t.store[FULL][LAST]
    several, many, more = t.count_outer > 1, t.count_outer > 2, t.count_outer > 3

    def after(run: tuple[Any, Any], load: Any) -> tuple[Any, Any, Any]:
        """A run and the load that goes on beside it: cycles, and how long the array waits for the load, and in all."""
        waited = a.largest(load - run[0], 0)
        return run[0] + waited, waited, run[1] + waited

    # The first tile of the next run along k.
    next_full, next_last = t.load_outer[FULL][FULL], t.load_outer[LAST][FULL]
    first = after(
        blocks.run(FULL, 0, a.choose(many, next_full, next_last), ahead=a.choose(alone, a.largest(ahead, 0), 0)),
        a.choose(many, kept[FULL], kept[LAST]) - a.largest(-ahead, 0),
    )
    # While the array waits at the end of a run, the inner operand is loaded ahead and the store in front goes on.
    steady = after(blocks.run(FULL, in_front, next_full), kept[FULL])
    second = blocks.run(FULL, in_front - first[2], next_full, ahead=first[1])
    middle = blocks.run(FULL, in_front - steady[2], next_full, ahead=steady[1])
    front = [a.choose(more, steady[i], first[i]) for i in (1, 2)]
    before_last = after(blocks.run(FULL, in_front - front[1], next_last, ahead=front[0]), kept[LAST])
    waited, waited_in_all = (a.choose(many, before_last[i], first[i]) for i in (1, 2))
    final, _ = blocks.run(
        LAST,
        a.choose(several, in_front - waited_in_all, 0),
        0,
        ahead=a.choose(alone, a.largest(a.choose(several, waited, ahead), 0), 0),
        ends=True,
    )
    return (
        a.choose(several, first[0], 0)
        + a.choose(more, a.largest(second[0], kept[FULL]) + (t.count_outer - 4) * a.largest(middle[0], kept[FULL]), 0)
        + a.choose(many, before_last[0], 0)
        + final
        + t.store[LAST][LAST]
    )


class _Blocks:
    """Cycles of the tiles of C: the visits along k of each, and the loads for what follows it."""

    def __init__(self, tiles: Tiles, a: Arithmetic) -> None:
        self._t, self._a = tiles, a
        self._several = tiles.count_k > 1
        self._inner_moves = tiles.count_inner * tiles.count_k > 1

    def run(
        self, outer: int, in_front: Any, next_outer: Any, *, ahead: Any = 0, ends: bool = False
    ) -> tuple[Any, Any]:
        """Tiles of C of one outer class along the whole inner axis: cycles, and the wait for a load at their end.

        `in_front`: the store that goes on in the first tile; `next_outer`: the load of the outer operand behind the
        run, where that takes a tile for each along k. The load behind that tile begins `ahead` cycles before the
        run. With `ends` nothing follows the last tile.
        """
        t, a = self._t, self._a
        store = t.store[outer][FULL]
        full, before_last = self._tile(outer, FULL, FULL), self._tile(outer, FULL, LAST)
        bare = self._tile(outer, LAST, None)
        last = bare if ends else self._tile(outer, LAST, FULL, next_outer=next_outer)
        two, three, four = t.count_inner > 1, t.count_inner > 2, t.count_inner > 3
        head = a.choose(three, self._tile(outer, FULL, FULL, ahead), self._tile(outer, FULL, LAST, ahead))
        head = a.choose(two, head, last)
        visits = self._tile(outer, FULL, None)

        def left(tile: Any, in_front: Any) -> Any:
            """What is left of a tile's store when the next tile begins: it goes on while the array waits for loads."""
            return store - a.largest(tile - a.largest(visits, in_front), 0)

        second = left(head, in_front)
        third = a.choose(four, left(full, store), second)
        steady = (t.count_inner - 4) * a.largest(full, store) + a.largest(full, second)
        between = a.choose(four, steady, 0) + a.largest(before_last, third)
        leaving = a.choose(three, left(before_last, third), second)
        tail = a.largest(last, leaving)
        total = a.largest(head, in_front) + a.choose(three, between, 0) + a.choose(two, tail, 0)
        return total, a.largest(last - a.largest(bare, a.choose(two, leaving, in_front)), 0)

    def _tile(
        self, outer: int, inner: int, following: int | None, ahead: Any = 0, next_outer: Any = None
    ) -> Any:
        """Visits along k of one tile of C; `following` is the inner class of the next one, None if there is none, which
        takes the same tiles of the outer operand if `next_outer` does not say their load.
        """
        t, a = self._t, self._a
        visit, load_outer, load_inner = t.visit[outer][inner], t.load_outer[outer], t.load_inner[inner]
        steady = a.largest(visit[FULL], load_outer[FULL], load_inner[FULL])
        along = (t.count_k - 2) * steady + a.largest(visit[FULL], load_outer[LAST], load_inner[LAST])
        along = a.choose(self._several, along, 0)
        if following is None:
            return along + visit[LAST]
        next_outer = a.choose(self._several, load_outer[FULL] if next_outer is None else next_outer, 0)
        next_inner = a.choose(self._inner_moves, t.load_inner[following][FULL] - ahead, 0)
        return along + a.largest(visit[LAST], next_outer, next_inner)


def spilled(tiles: Tiles, moved: Any, a: Arithmetic) -> Any:
    """Cycles from the first visit to the end of the last store, where every tile along k but the last spills its sums.

    `moved[outer][inner]`: cycles in which the sums of a tile go to memory, or come back. The one process on the memory
    of C brings sums for the next visit before it stores what this one made.
    """
    t = tiles

    def run(outer: int, k: int, following: Any, crossing: list[Any]) -> tuple[Any, Any]:
        """A run of visits along the inner axis, and how much longer (or, negative, shorter) the memory of C takes.

        Each visit has the load for the next one beside it; `following` is that behind the run.
        """
        full, last = t.visit[outer][FULL][k], t.visit[outer][LAST][k]
        steps = (
            (t.count_inner - 2, a.largest(full, t.load_inner[FULL][k]), crossing[FULL]),
            (1, a.largest(full, t.load_inner[LAST][k]), crossing[FULL]),
            (1, a.largest(last, following), crossing[LAST]),
        )
        taken: Any = 0
        late: Any = 0
        for count, own, crossed in steps:
            taken = taken + count * a.largest(own, crossed)
            late = late + count * (crossed - own)
        return a.largest(taken, t.load_outer[outer][k]), late

    first_tile, edge_tile = t.load_inner[FULL]
    total: Any = 0
    for outer, times in ((FULL, t.count_outer - 1), (LAST, 1)):
        out, both = moved[outer], [2 * each for each in moved[outer]]
        results = [sums + result for sums, result in zip(out, t.store[outer], strict=True)]
        (first, waits), (middle, _), (before_last, _), (last, late) = (
            run(outer, FULL, a.choose(t.count_k > 2, first_tile, edge_tile), out),
            run(outer, FULL, first_tile, both), run(outer, FULL, edge_tile, both),
            run(outer, LAST, first_tile, results),
        )  # fmt: skip
        between = a.choose(t.count_k > 2, (t.count_k - 3) * middle + before_last, 0)
        total = total + times * (first + between + last)
        if outer == FULL:
            # What is late at the end of a run is stored while the next one, which brings no sums, begins.
            total = total - times * a.largest(-a.largest(waits, -late, -results[FULL]), 0)
    # No load follows the last visit.
    behind = a.largest(t.visit[LAST][LAST][LAST], moved[LAST][LAST] + t.store[LAST][LAST])
    total = total - a.largest(first_tile - behind, 0)
    return total + t.store[LAST][LAST]

"""Pareto fronts of two minimised figures, kept up to date point by point, and their hypervolume."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence


class Front:
    """The points that no other point beats in both figures; an insertion costs O(log n) plus what it removes.

    Of points with equal figures the first one stays, so the front does not depend on anything but the order of
    telling.
    """

    def __init__(self) -> None:
        self._x: list[float] = []
        self._y: list[float] = []
        self._labels: list[int] = []

    def add(self, x: float, y: float, label: int) -> bool:
        """Takes in a point; True if it is on the front now. Figures that are not finite are refused."""
        if not (math.isfinite(x) and math.isfinite(y)):
            return False
        at = bisect.bisect_left(self._x, x)
        if at > 0 and self._y[at - 1] <= y:
            return False
        if at < len(self._x) and self._x[at] == x and self._y[at] <= y:
            return False
        end = at
        # Sorted by x, so y falls along the front: the beaten points are a run that starts here.
        while end < len(self._x) and self._y[end] >= y:
            end += 1
        self._x[at:end], self._y[at:end], self._labels[at:end] = [x], [y], [label]
        return True

    @property
    def points(self) -> list[tuple[float, float, int]]:
        """(x, y, label) by rising x."""
        return list(zip(self._x, self._y, self._labels, strict=True))

    @property
    def labels(self) -> list[int]:
        """Labels by rising x."""
        return list(self._labels)


def pareto_front(figures: Iterable[tuple[float, float]]) -> list[int]:
    """Indices of the points on the front, by rising first figure; of equal points the first."""
    front = Front()
    for index, (x, y) in enumerate(figures):
        front.add(x, y, index)
    return front.labels


def hypervolume(figures: Sequence[tuple[float, float]], reference: tuple[float, float]) -> float:
    """Area between the front and the reference point, in log2 of both figures; points beyond the reference count
    nothing.

    SPACE sec. 4 uses (ms, DSP) with the reference (512 ms, 2048 DSP).
    """
    front = Front()
    for index, (x, y) in enumerate(figures):
        if 0 < x < reference[0] and 0 < y < reference[1]:
            front.add(math.log2(x), math.log2(y), index)
    edge_x, edge_y = math.log2(reference[0]), math.log2(reference[1])
    area, ceiling = 0.0, edge_y
    for x, y, _ in front.points:
        area += (edge_x - x) * (ceiling - y)
        ceiling = y
    return area

"""Fronts kept point by point equal fronts computed at once; hypervolume equals the area counted cell by cell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigchip_tui.search.pareto import Front, hypervolume, pareto_front

figures = st.lists(st.tuples(st.integers(1, 12).map(float), st.integers(1, 12).map(float)), max_size=30)


@given(figures)
def test_front_holds_exactly_the_unbeaten_points(points: list[tuple[float, float]]) -> None:
    expected = [
        i
        for i, (x, y) in enumerate(points)
        if not any(
            (a <= x and b <= y and (a, b) != (x, y)) or ((a, b) == (x, y) and j < i) for j, (a, b) in enumerate(points)
        )
    ]
    assert sorted(pareto_front(points)) == expected


@given(figures)
def test_add_says_whether_the_point_is_on_the_front(points: list[tuple[float, float]]) -> None:
    front = Front()
    for index, (x, y) in enumerate(points):
        assert front.add(x, y, index) == (index in front.labels)
        assert [p[0] for p in front.points] == sorted({p[0] for p in front.points})


def test_what_is_not_finite_is_refused() -> None:
    front = Front()
    assert not front.add(math.inf, 1, 0)
    assert not front.add(1, math.nan, 1)
    assert front.points == []


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_hypervolume_counts_the_cells_that_some_point_beats(exponents: list[tuple[int, int]]) -> None:
    points = [(2.0**x, 2.0**y) for x, y in exponents]
    cells = sum(any(x <= i and y <= j for x, y in exponents) for i in range(5) for j in range(5))
    assert hypervolume(points, (32.0, 32.0)) == pytest.approx(cells)

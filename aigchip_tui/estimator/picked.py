"""Elements of arrays in registers that copies of an unrolled body read and write: looked up for copies not walked.

As `visited` does for memories: as long as a copy finds values of the kind that the second of two walked copies found,
it has the same nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import sub
from typing import TYPE_CHECKING

from aigchip_tui.estimator.following import UnlikeError, alike, while_alike
from aigchip_tui.estimator.objects import Cell, Pick, Registers
from aigchip_tui.estimator.values import Blank, Val
from aigchip_tui.estimator.visited import Courses

if TYPE_CHECKING:
    from aigchip_tui.estimator.registers import RegisterWalk


class Element:
    """What copies do to one element of an array in registers each, or all to the same one.

    `cells` are those of the copies that follow, `values` what these find and leave there, by what they do.
    """

    __slots__ = ("after", "cells", "moves", "places", "values", "was")

    def __init__(self, moves: bool, cells: Sequence[Cell]) -> None:
        self.moves, self.cells = moves, cells
        self.places: list[int] = []
        self.was: list[Pick] = []
        self.after: list[Pick] = []
        self.values: list[Sequence[Val]] = []


class Picks:
    """The elements that copies read and write after two that were walked."""

    def __init__(self, walk: RegisterWalk, courses: Courses, was: Sequence[Pick], after: Sequence[Pick]) -> None:
        if len(was) != len(after):
            raise UnlikeError
        self.walk, self.courses = walk, courses
        self.count = len(after)
        self.elements: list[Element] = []
        arrays: dict[int, dict[tuple[int, int], Element]] = {}
        written: set[int] = set()
        for place, (one, two) in enumerate(zip(was, after, strict=True)):
            first, second = one.cell.element, two.cell.element
            if first is None or second is None or first[0] is not second[0] or one.write is not two.write:
                raise UnlikeError
            lanes = arrays.setdefault(id(second[0]), {})
            element = lanes.get((one.cell.number, two.cell.number))
            if element is None:
                cells = self._cells(second[0], first[1], second[1]) if one.cell is not two.cell else (two.cell,)
                element = lanes[(one.cell.number, two.cell.number)] = Element(one.cell is not two.cell, cells)
                self.elements.append(element)
            element.places.append(place)
            element.was.append(one)
            element.after.append(two)
            if two.write:
                written.add(id(second[0]))
        for array in written:
            numbers = [[cell.number for cell in one.cells] for one in arrays[array].values()]
            if len(set().union(*numbers)) != sum(map(len, numbers)):
                raise UnlikeError

    def _cells(self, registers: Registers, first: tuple[int, ...], second: tuple[int, ...]) -> list[Cell]:
        """The elements of the copies that follow, as many as there are."""
        if not registers.type.scalar():
            raise UnlikeError
        steps = tuple(map(sub, second, first))
        cells: list[Cell] = []
        for place in range(1, self.courses.copies + 1):
            key = tuple([at + place * by for at, by in zip(second, steps, strict=True)])
            cell = self.walk.register_item(registers, key)
            if type(cell) is not Cell:
                raise UnlikeError
            cells.append(cell)
        return cells

    def lookups(self) -> list[Callable[[], None]]:
        """What looks up the elements, one by one."""
        return [partial(self._look, one) for one in self.elements]

    def _look(self, element: Element) -> None:
        courses, known = self.courses, element.moves
        values, graph = self.walk.layer.values, courses.graph
        last = next((place for place in reversed(range(len(element.after))) if element.after[place].write), None)
        found: Sequence[Val | None]
        if known:
            found = [values.get(cell.number) for cell in element.cells[: courses.copies]]
            if type(element.after[0].value) is Blank and not element.after[0].write:
                found = [self.walk.layer.read(cell) for cell in element.cells[: courses.copies]]
        elif last is not None:
            if values.get(element.cells[0].number) is not element.after[last].value:
                raise UnlikeError
            left = courses.values(element.was[last].value, element.after[last].value)
            found = [element.after[last].value, *left][: courses.copies]
        else:
            held = values.get(element.cells[0].number)
            if any(
                one.value is not two.value or (held is not None and two.value is not held)
                for one, two in zip(element.was, element.after, strict=True)
            ):
                raise UnlikeError
            element.values = [(two.value,) * courses.copies for two in element.after]
            return
        made: list[Sequence[Val]] = []
        for was, after in zip(element.was, element.after, strict=True):
            if not alike(was.value, after.value, graph):
                raise UnlikeError
            if after.write:
                now = courses.values(was.value, after.value)
                found, known = now, False
            else:
                if known:
                    courses.ends(while_alike(found, after.value, graph))
                now = [one for one in found[: courses.copies] if one is not None]
                courses.moves(was.value.node, after.value.node, [one.node for one in now])
            made.append(now)
        element.values = made

    def finish(self) -> None:
        """Writes what the registers hold behind the copies."""
        copies, values = self.courses.copies, self.walk.layer.values
        for element in self.elements:
            left = [now for now, after in zip(element.values, element.after, strict=True) if after.write]
            if not left:
                continue
            if element.moves:
                values.update(zip([cell.number for cell in element.cells[:copies]], left[-1], strict=False))
            else:
                values[element.cells[0].number] = left[-1][copies - 1]

    def of(self, place: int) -> list[Pick]:
        """What one of the copies does."""
        found: list[Pick | None] = [None] * self.count
        for element in self.elements:
            cell = element.cells[place if element.moves else 0]
            for at, after, now in zip(element.places, element.after, element.values, strict=True):
                found[at] = Pick(after.write, cell, now[place])
        return [one for one in found if one is not None]

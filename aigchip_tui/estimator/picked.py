"""Elements of arrays in registers that copies of an unrolled body read and write: looked up for copies not walked.

As `visited` does for memories: as long as a copy finds values of the kind that the second of two walked copies found,
it has the same nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub
from typing import TYPE_CHECKING

from aigchip_tui.estimator.objects import Cell, Pick
from aigchip_tui.estimator.values import Val
from aigchip_tui.estimator.visited import Courses, UnlikeError, alike, held

if TYPE_CHECKING:
    from aigchip_tui.estimator.registers import RegisterWalk


class Picks:
    """The elements that copies read and write after two that were walked.

    `roles` say of each pick of a copy whether it reads and whether it writes.
    """

    def __init__(
        self, walk: RegisterWalk, courses: Courses, roles: Sequence[tuple[bool, bool]], was: Sequence[Pick],
        after: Sequence[Pick],
    ) -> None:
        if not len(roles) == len(was) == len(after):
            raise UnlikeError
        self.walk, self.courses = walk, courses
        self.written: list[tuple[Val, Val, list[Cell]]] = []
        """What the two copies wrote, and the registers that those behind them write."""
        self.running: list[tuple[Cell, Val]] = []
        """Registers to which each copy adds, and what they hold behind the second."""
        last: dict[int, int] = {id(one.registers): place for place, one in enumerate(after)}
        writes = {id(one.registers) for one, (_, writes) in zip(after, roles, strict=True) if writes}
        for place, (one, two, (reads, stores)) in enumerate(zip(was, after, roles, strict=True)):
            end = last[id(two.registers)]
            if one.registers is not two.registers or not two.registers.type.scalar():
                raise UnlikeError
            if id(two.registers) in writes and (one.key, two.key) != (was[end].key, after[end].key):
                raise UnlikeError
            if stores and place != end:
                raise UnlikeError
            self._look(one, two, reads, stores)

    def _look(self, was: Pick, after: Pick, reads: bool, stores: bool) -> None:
        walk, courses = self.walk, self.courses
        steps = tuple(map(sub, after.key, was.key))
        values = walk.layer.values
        if not any(steps):
            final = values.get(after.cell.number)
            if stores and reads and held(after.value, final, courses.span, courses.graph) and final is not None:
                self.running.append((after.cell, final))
            elif stores or was.value is not after.value or after.value is None:
                raise UnlikeError
            return
        cells: list[Cell] = []
        nodes: list[int] = []
        for place in range(1, courses.copies + 1):
            key = tuple([at + place * by for at, by in zip(after.key, steps, strict=True)])
            cell = walk.register_item(after.registers, key)
            found = values.get(cell.number) if isinstance(cell, Cell) else None
            if not isinstance(cell, Cell):
                raise UnlikeError
            if reads:
                if found is None or after.value is None or not alike(found, after.value, courses.graph):
                    break
                nodes.append(found.node)
            cells.append(cell)
        courses.ends(len(cells))
        if reads:
            if was.value is None or after.value is None or not alike(was.value, after.value, courses.graph):
                raise UnlikeError
            courses.moves(was.value.node, after.value.node, nodes)
        if stores:
            first, second = values.get(was.cell.number), values.get(after.cell.number)
            if first is None or second is None or not alike(first, second, courses.graph):
                raise UnlikeError
            self.written.append((first, second, cells))

    def series(self) -> list[tuple[Cell, Val]]:
        """What the registers hold behind the copies."""
        found: list[tuple[Cell, Val]] = []
        for first, second, cells in self.written:
            mine = cells[: self.courses.copies]
            found += zip(mine, self.courses.values(first, second), strict=False)
        span = self.courses.span
        for cell, value in self.running:
            node = value.node + span.size * self.courses.copies
            found.append((cell, Val(value.kind, node, None, None, value.graph, value.need)))
        return found

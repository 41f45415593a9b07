"""Copies of an unrolled body that are made at once, where each differs from the one before by constant steps alone.

Two copies are walked and their accesses noted. Where their nodes are the same, but for sources that move on by the
nodes of a copy, a later copy can differ only by what it finds at its own addresses (see `visited`). The nodes of all
copies that find the same are appended together; the walk goes on with the first that does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, NamedTuple

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.graph import Access, Graph
from aigchip_tui.estimator.objects import Cell, Memory, Pick, Registers
from aigchip_tui.estimator.picked import Picks
from aigchip_tui.estimator.regular import regular
from aigchip_tui.estimator.tracks import Visit
from aigchip_tui.estimator.values import Val
from aigchip_tui.estimator.visited import Course, Courses, Span, UnlikeError, held

if TYPE_CHECKING:
    from aigchip_tui.estimator.registers import RegisterWalk

_ONE_BANK = (0,)
_FEWEST = 4
"""Copies that are worth to be made at once."""
_TRIES = 3
"""Pairs of copies that are compared before all are walked."""


class _Copy(NamedTuple):
    """One copy that was walked: its nodes from `first` on, what it visited, what its registers hold behind it."""

    first: int
    nodes: tuple[Sequence[object], ...]
    sources: list[tuple[int, ...]]
    visits: list[Visit]
    picks: list[Pick]
    values: list[Val | None]
    work: int
    sums: list[int]


class Repeater:
    """The copies of one unrolled loop: those that were walked, and those that follow from them."""

    def __init__(self, walk: RegisterWalk, cells: Sequence[Cell], roles: Sequence[tuple[bool, bool]]) -> None:
        self.walk, self.cells, self.roles = walk, cells, roles
        self.graph, self.layer, self.guard = walk.graph, walk.layer, walk.guard
        self.tries = _TRIES
        self.last: _Copy | None = None
        self.first = self.work = 0
        self.extras = 0

    @classmethod
    def of(cls, walk: RegisterWalk, loop: ast.Loop, copies: int) -> Repeater | None:
        """None where the copies are few, or the body does something that steps do not describe.

        Under a condition accesses share ports with those that exclude them, which is told one by one.
        """
        if copies < _FEWEST + 2 or walk.guard or walk.pinning or walk.facts or walk.visits is not None:
            return None
        body = regular(loop)
        if body is None:
            return None
        cells = [walk.find(name) for name in body.assigned]
        if any(type(one) is not Cell for one in cells):
            return None
        if any(type(found := walk.find(name)) not in (Cell, Val) and found is not None for name in body.read):
            return None
        arrays = {name.name: type(walk.find(name)) for name in body.arrays}
        if not {Memory, Registers}.issuperset(arrays.values()):
            return None
        roles = [(reads, writes) for name, reads, writes in body.elements if arrays[name] is Registers]
        return cls(walk, [one for one in cells if isinstance(one, Cell)], roles)

    def begin(self) -> None:
        """A copy is going to be walked."""
        if self.tries:
            self.first, self.work = len(self.graph), self.walk.work
            self.extras = _extras(self.graph)
            self.walk.visits, self.walk.picks = [], []

    def more(self, left: int) -> int:
        """Makes some of the copies that are left after one was walked, and says how many."""
        visits, picks = self.walk.visits, self.walk.picks
        self.walk.visits = self.walk.picks = None
        if visits is None or picks is None:
            self.tries = 0
            return 0
        if left < _FEWEST or self.walk.graph is not self.graph or _extras(self.graph) != self.extras:
            self.tries = 0
            return 0
        was, self.last = self.last, self._copy(visits, picks)
        if was is None:
            return 0
        try:
            made = self._follow(was, self.last, left)
        except UnlikeError:
            made = 0
        self.tries -= 1
        if made:
            self.last = None
        return made

    def _copy(self, visits: list[Visit], picks: list[Pick]) -> _Copy:
        graph, first = self.graph, self.first
        rows = (
            graph.operation[first:], graph.states[first:], graph.delay[first:], graph.bits[first:],
            graph.width_in[first:], graph.lines[first:], [one is None for one in graph.access[first:]],
        )
        sums = self.walk.associative.get(graph.number, ())
        values = [self.layer.values.get(one.number) for one in self.cells]
        return _Copy(
            first, rows, graph.sources[first:], visits, picks, values,
            self.walk.work - self.work, [node - first for node in range(first, len(graph)) if node in sums],
        )

    def _follow(self, was: _Copy, after: _Copy, left: int) -> int:
        walk, size = self.walk, after.first - was.first
        if was.nodes != after.nodes or was.sums != after.sums or was.work != after.work:
            return 0
        span = Span(was.first, after.first, size)
        if len(self.graph) != after.first + size or walk.work + left * after.work > walk.options.limit:
            return 0
        accesses = sum(not one for one in after.nodes[-1])
        if accesses != sum(one.node >= 0 for one in after.visits):
            return 0
        moving = [held(one, two, span, self.graph) for one, two in zip(was.values, after.values, strict=True)]
        courses = Courses(self.graph, self.guard, span, left, was.visits, after.visits, walk.trace)
        picks = Picks(walk, courses, self.roles, was.picks, after.picks)
        courses.look()
        if courses.copies < _FEWEST:
            return 0
        sources = _sources(was, after, courses)
        if sources is None or courses.copies < _FEWEST:
            return 0
        copies = courses.copies
        written = picks.series()
        self._append(after, span, sources, courses)
        self._note(courses, span)
        for track, node in courses.commit(copies):
            walk.drop_store(self.graph, track, node)
        self.layer.values.update((cell.number, value) for cell, value in written)
        walk.work += copies * after.work
        for cell, value, moves in zip(self.cells, after.values, moving, strict=True):
            if moves and value is not None:
                node = value.node + size * copies
                self.layer.values[cell.number] = Val(value.kind, node, None, None, self.graph, value.need)
        return copies

    def _append(
        self, after: _Copy, span: Span, sources: Sequence[Iterable[tuple[int, ...]]], courses: Courses
    ) -> None:
        """The nodes of all copies."""
        graph, last, copies = self.graph, slice(span.second, span.second + span.size), courses.copies
        accesses: list[Sequence[Access | None]] = [(None,) * copies] * span.size
        for one in courses.all:
            if one.after.node >= 0:
                accesses[one.after.node - span.second] = self._ports(one, copies)
        graph.operation += graph.operation[last] * copies
        graph.states += graph.states[last] * copies
        graph.delay += graph.delay[last] * copies
        graph.bits += graph.bits[last] * copies
        graph.width_in += graph.width_in[last] * copies
        graph.lines += graph.lines[last] * copies
        graph.sources += chain.from_iterable(islice(zip(*sources, strict=False), copies))
        graph.access += chain.from_iterable(zip(*accesses, strict=True))
        if after.sums:
            sums = self.walk.associative[graph.number]
            for offset in after.sums:
                sums.update(span.nodes(span.second + offset, copies))

    def _ports(self, one: Course, copies: int) -> list[Access | None]:
        """The accesses that copies make where the second one made one."""
        memory, write = one.after.memory, one.after.write
        like = self.graph.access[one.after.node]
        assert like is not None
        if not memory.partitions:
            return [like] * copies
        number, outside = like.memory, like.outside
        access, banks_of, shape = one.after.track.access, self.walk.banks_of, one.shape
        return [access(number, banks_of(memory, shape, key), write, outside) for key in one.keys[:copies]]

    def _note(self, courses: Courses, span: Span) -> None:
        """The order of the accesses of each memory."""
        copies = courses.copies
        tracks: dict[int, list[Course]] = {}
        for one in courses.all:
            if one.after.node >= 0:
                tracks.setdefault(id(one.after.track), []).append(one)
        for made in tracks.values():
            track = made[0].after.track
            nodes = [span.nodes(one.after.node, copies) for one in made]
            track.log += chain.from_iterable(zip(*(
                zip(repeat(one.after.write, copies), repeat(one.shape.terms), one.keys, there, strict=False)
                for one, there in zip(made, nodes, strict=True)
            ), strict=True))
            for write, numbers in ((False, track.readers), (True, track.writers)):
                mine = [there for one, there in zip(made, nodes, strict=True) if one.after.write is write]
                numbers += chain.from_iterable(zip(*mine, strict=True))
            for one, there in zip(made, nodes, strict=True):
                if one.after.write:
                    self._write(one, there)

    def _write(self, store: Course, nodes: Sequence[int]) -> None:
        """What is to be known of stores beside their nodes."""
        guard, walk, memory, track = self.guard, self.walk, store.after.memory, store.after.track
        track.under.update(zip(nodes, repeat(guard), strict=False))
        if memory.local and not walk.options.deal_arrays:
            use, shape = walk.uses.of(memory.order), store.shape
            for key in store.keys[: len(nodes)]:
                banks = walk.banks_of(memory, shape, key) if memory.partitions else _ONE_BANK
                use.writes(track.written, banks, (shape.number, key))
        if memory.axi:
            offset = store.after.node - walk.requests[(self.graph.number, store.after.node)]
            for node in nodes:
                walk.requests[(self.graph.number, node)] = node - offset


def _extras(graph: Graph) -> int:
    """Nodes of which a graph knows more than their row says."""
    return len(graph.bound) + len(graph.chosen) + len(graph.compared) + len(graph.macro) + len(graph.back)


def _sources(was: _Copy, after: _Copy, courses: Courses) -> list[Iterable[tuple[int, ...]]] | None:
    """The sources of each node of a copy, one after the other for all copies; fewer copies where two become one."""
    rows: list[list[Sequence[int]]] = []
    copies = courses.copies
    for one, two in zip(was.sources, after.sources, strict=True):
        if len(one) != len(two):
            return None
        columns = [courses.series(first, second) for first, second in zip(one, two, strict=True)]
        rows.append(columns)
        for place, column in enumerate(columns):
            if type(column) is list:
                for other in (*columns[:place], *columns[place + 1 :]):
                    alike_at = (n for n, (a, b) in enumerate(zip(column, other, strict=False)) if a == b)
                    copies = min(copies, next(alike_at, copies))
    courses.copies = copies
    return [zip(*columns, strict=False) if columns else repeat((), copies) for columns in rows]

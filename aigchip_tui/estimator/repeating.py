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
from aigchip_tui.estimator.following import Span, UnlikeError, moved
from aigchip_tui.estimator.graph import Access, Graph
from aigchip_tui.estimator.lanes import Course
from aigchip_tui.estimator.objects import Cell, Memory, Registers
from aigchip_tui.estimator.picked import Picks
from aigchip_tui.estimator.recalls import Comparison
from aigchip_tui.estimator.regular import regular
from aigchip_tui.estimator.tracks import Decision, Seen, Track, agreed
from aigchip_tui.estimator.values import Val
from aigchip_tui.estimator.visited import Courses

if TYPE_CHECKING:
    from aigchip_tui.estimator.registers import RegisterWalk

_ONE_BANK = (0,)
_FEWEST = 3
"""Copies that are worth to be made at once."""
_WORTH, _EACH = 40, 3
"""Nodes that are, and for how many what is done for each copy counts."""
_REPEATED = 10
"""Trips of a loop that is made at once itself, rather than the few copies of what is around it."""
_TRIES, _PAIRS = 3, 8
"""Pairs of copies that are unlike before all are walked, and that are compared at all."""


class _Copy(NamedTuple):
    """One copy that was walked: its nodes from `first` on, what it did, what its registers hold behind it.

    Lines are left out: a first copy may have nodes that count to the line of the loop.
    """

    first: int
    nodes: tuple[Sequence[object], ...]
    sources: list[tuple[int, ...]]
    seen: Seen
    values: list[Val | None]
    work: int
    sums: list[int]


class Repeater:
    """The copies of one unrolled loop: those that were walked, and those that follow from them."""

    def __init__(self, walk: RegisterWalk, cells: Sequence[tuple[Cell, bool]]) -> None:
        self.walk, self.cells = walk, cells
        self.graph, self.layer, self.guard = walk.graph, walk.layer, walk.guard
        self.tries, self.pairs = _TRIES, _PAIRS
        self.rest = 0
        """Copies to be walked before others are compared."""
        self.records = False
        self.last: _Copy | None = None
        self.around: Seen | None = None
        """What the copy of the loop around this one did so far."""
        self.first = self.work = 0
        self.fewest = _FEWEST
        self.extras = 0

    @classmethod
    def of(cls, walk: RegisterWalk, loop: ast.Loop, copies: int) -> Repeater | None:
        """None where the copies are few, or the body does something that steps do not describe.

        Under a condition accesses share ports with those that exclude them, which is told one by one.
        """
        if copies < _FEWEST + 2 or walk.guard or walk.pinning or walk.facts:
            return None
        body = regular(loop)
        if body is None or (body.sliding and not walk.pipelined):
            return None
        if copies < _REPEATED <= body.trips:
            return None
        if body.declares and walk.leaving:
            return None  # an exit between copies asks for all registers
        cells: list[tuple[Cell, bool]] = []
        for name, linear in body.assigned:
            cell = walk.find(name)
            if type(cell) is not Cell or cell.element is not None:
                return None
            cells.append((cell, linear))
        for name in body.read:
            found = walk.find(name)
            if found is not None and type(found) is not Val and (type(found) is not Cell or found.element is not None):
                return None
        for name in body.arrays:
            array = walk.find(name)
            if type(array) is Memory and array.type.kind.letter == "i":
                return None
            if type(array) not in (Memory, Registers):
                return None
        return cls(walk, cells)

    def begin(self) -> None:
        """A copy is going to be walked."""
        self.records = self.tries > 0 and not self.rest
        if self.rest:
            self.rest -= 1
        elif self.records:
            self.first, self.work = len(self.graph), self.walk.work
            self.extras = _extras(self.graph)
            self.around, self.walk.seen = self.walk.seen, Seen()

    def more(self, left: int) -> int:
        """Makes some of the copies that are left after one was walked, and says how many."""
        if not self.records:
            return 0
        seen, around = self.walk.seen, self.around
        if seen is None:
            self.tries = 0
            return 0
        self.walk.seen = around
        if around is not None:
            around.take(seen)
        self.fewest = max(_FEWEST, -(-_WORTH // (len(self.graph) - self.first + _EACH)))
        if left < self.fewest or self.walk.graph is not self.graph or _extras(self.graph) != self.extras:
            self.tries = 0
            return 0
        was, self.last = self.last, self._copy(seen)
        if was is None:
            return 0
        try:
            made = self._follow(was, self.last, left)
        except UnlikeError:
            made = 0
        self.pairs -= 1
        if made or self.rest:
            self.last = None
        else:
            self.tries -= 1
        if not self.pairs:
            self.tries = 0
        return made

    def _copy(self, seen: Seen) -> _Copy:
        graph, first = self.graph, self.first
        rows = (
            graph.operation[first:], graph.states[first:], graph.delay[first:], graph.bits[first:],
            graph.width_in[first:], [one is None for one in graph.access[first:]],
        )
        sums = self.walk.associative.get(graph.number, ())
        values = [self.layer.values.get(one.number) for one, _ in self.cells]
        return _Copy(
            first, rows, graph.sources[first:], seen, values,
            self.walk.work - self.work, [node - first for node in range(first, len(graph)) if node in sums],
        )

    def _follow(self, was: _Copy, after: _Copy, left: int) -> int:
        walk, size = self.walk, after.first - was.first
        if was.nodes != after.nodes or was.sums != after.sums or was.work != after.work:
            return 0
        span = Span(was.first, after.first, size)
        if len(self.graph) != after.first + size or walk.work + left * after.work > walk.options.limit:
            return 0
        accesses, graph = sum(not one for one in after.nodes[-1]), self.graph
        if accesses != sum(one.node >= 0 and graph.access[one.node] is not None for one in after.seen.visits):
            return 0
        left = agreed(was.seen.decisions, after.seen.decisions, left, walk.range_of)
        if left < self.fewest:
            self.rest = left
            return 0
        moving = [
            moved(one, two, span, graph, linear)
            for (_, linear), one, two in zip(self.cells, was.values, after.values, strict=True)
        ]
        courses = Courses(graph, self.guard, span, left, was.seen.visits, after.seen.visits, walk.trace,
                          tells=self.around is not None)
        picks = Picks(walk, courses, was.seen.picks, after.seen.picks)
        courses.look(picks.lookups())
        if courses.copies < self.fewest:
            self.rest = courses.copies
            return 0
        sources = _sources(was, after, courses)
        if sources is None or courses.copies < self.fewest:
            return 0
        copies = courses.copies
        if self.around is not None:
            self.around.take(_done(was, after, courses, picks))
        if walk.judged is not None:
            walk.judged += _judged(was.seen.decisions, after.seen.decisions, copies)
        self._append(after, span, sources, courses)
        self._note(courses, span)
        dead: dict[int, tuple[Track, list[int]]] = {}
        for track, node in courses.commit(copies):
            dead.setdefault(id(track), (track, []))[1].append(node)
        for track, nodes in dead.values():
            walk.drop_stores(graph, track, nodes)
        picks.finish()
        walk.work += copies * after.work
        for (cell, _), value, moves in zip(self.cells, after.values, moving, strict=True):
            if moves and value is not None:
                self.layer.values[cell.number] = moves(value, copies)
        return copies

    def _append(
        self, after: _Copy, span: Span, sources: Sequence[Iterable[tuple[int, ...]]], courses: Courses
    ) -> None:
        """The nodes of all copies."""
        graph, last, copies = self.graph, slice(span.second, span.second + span.size), courses.copies
        accesses: list[Sequence[Access | None]] = [(None,) * copies] * span.size
        for one in courses.all:
            if one.after.node >= 0 and graph.access[one.after.node] is not None:
                accesses[one.after.node - span.second] = self._ports(one, copies)
        graph.append_alike(last, copies)
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
        if not memory.partitions or not one.moves:
            return [like] * copies
        number, outside = like.memory, like.outside
        access, banks_of, shape = one.after.track.access, self.walk.banks_of, one.shape
        return [access(number, banks_of(memory, shape, key), write, outside) for key in one.keys[:copies]]

    def _note(self, courses: Courses, span: Span) -> None:
        """The order of the accesses of each memory."""
        copies, graph = courses.copies, self.graph
        tracks: dict[int, list[Course]] = {}
        for one in courses.all:
            if one.after.node >= 0:
                tracks.setdefault(id(one.after.track), []).append(one)
        for made in tracks.values():
            track = made[0].after.track
            nodes = [span.nodes(one.after.node, copies) for one in made]
            track.log += chain.from_iterable(zip(*(
                zip(repeat(one.after.write, copies), repeat(one.shape.terms), one.keys, there, strict=False)
                for one, there in zip(made, nodes, strict=True) if graph.access[one.after.node] is not None
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


def _done(was: _Copy, after: _Copy, courses: Courses, picks: Picks) -> Seen:
    """What the copies do that follow two others."""
    seen, size = Seen(), courses.span.size
    for place in range(courses.copies):
        ahead = place + 1
        seen.visits += [
            one.visit(place, one.after.node + size * ahead if one.after.node >= 0 else -1) for one in courses.all
        ]
        seen.picks += picks.of(place)
        seen.decisions += [
            one.ahead(other, ahead) for one, other in zip(was.seen.decisions, after.seen.decisions, strict=True)
        ]
    return seen


def _judged(was: Sequence[Decision], after: Sequence[Decision], copies: int) -> list[Comparison]:
    """Comparisons of the copies that follow two others which those did not make."""
    pairs = zip(was, after, strict=True)
    moving = [(one, two) for one, two in pairs if one.operator and (one.left, one.right) != (two.left, two.right)]
    made = [one.ahead(two, ahead) for ahead in range(1, copies + 1) for one, two in moving]
    return [(one.operator, one.left, one.right) for one in made]


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

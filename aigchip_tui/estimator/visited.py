"""What copies of an unrolled body find in memories: looked up for copies that are not walked, from two that were.

An address that two copies visit one after the other moves on by the same step. For each later copy that address is
looked up in what the graph has done to the memory. As long as it finds what the second copy found (nothing, or a value
of the same kind), the copy has the same nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import sub
from typing import NamedTuple

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Result
from aigchip_tui.estimator.traced import Trace
from aigchip_tui.estimator.tracks import Constants, Shape, Visit
from aigchip_tui.estimator.values import Val


class UnlikeError(Exception):
    """Later copies cannot be told from the two that were walked."""


class Span(NamedTuple):
    """Two copies that were walked one after the other: the first node of each, how many nodes each has."""

    first: int
    second: int
    size: int

    def nodes(self, node: int, copies: int) -> range:
        """What stands in the place of a node of the second copy in those that follow."""
        return range(node + self.size, node + self.size * copies + 1, self.size)


class Course:
    """An access of the two copies, and the addresses of those that follow."""

    __slots__ = ("after", "keys", "moves", "shape", "was")

    def __init__(self, was: Visit, after: Visit, copies: int, trace: Trace | None) -> None:
        if was.write is not after.write or was.shape is not after.shape or not after.memory.type.scalar():
            raise UnlikeError
        steps = tuple(map(sub, after.constants, was.constants))
        if any(type(one) is not int for one in (*steps, *after.constants)):
            raise UnlikeError
        self.was, self.after, self.shape = was, after, after.shape
        self.moves = any(steps)
        ways: list[Iterable[int]] = [
            range(one + step, one + step * copies + (1 if step > 0 else -1), step) if step else repeat(one, copies)
            for one, step in zip(after.constants, steps, strict=True)
        ]
        self.keys: list[Constants] = list(zip(*ways, strict=True))
        if trace is not None and any(type(trace.ranked(one)) is not int for key in self.keys for one in key):
            raise UnlikeError


class Courses:
    """The accesses of copies that follow two others, and how many of these find what the second found.

    `copies` says how many; `columns` holds, by the nodes that two copies found, what those that follow find.
    """

    def __init__(
        self, graph: Graph, guard: tuple[int, ...], span: Span, copies: int,
        was: Sequence[Visit], after: Sequence[Visit], trace: Trace | None,
    ) -> None:
        self.graph, self.guard, self.span, self.copies = graph, guard, span, copies
        self.columns: dict[tuple[int, int], list[int]] = {}
        self.tracks: dict[int, list[Course]] = {}
        if len(was) != len(after):
            raise UnlikeError
        for one, two in zip(was, after, strict=True):
            self.tracks.setdefault(id(two.track), []).append(Course(one, two, copies, trace))
        for courses in self.tracks.values():
            self._look(courses)

    def series(self, first: int, second: int) -> Sequence[int]:
        """What stands in the place of the nodes `first` and `second` of the two copies in those that follow."""
        span = self.span
        if second >= span.first:
            if second - first != span.size:
                raise UnlikeError
            return span.nodes(second, self.copies)
        if first == second:
            return (second,) * self.copies
        found = self.columns.get((first, second))
        if found is None:
            raise UnlikeError
        return found

    def _ends(self, place: int) -> None:
        """From this copy on they find something else."""
        self.copies = min(self.copies, place)

    def _look(self, courses: Sequence[Course]) -> None:
        track = courses[0].after.track
        stores = any(one.after.write for one in courses)
        if track.free or ((stores or track.stores) and len(track.shapes) > 1):
            raise UnlikeError
        if stores:
            self._look_at_stores(courses)
            return
        shapes: dict[int, list[Course]] = {}
        for one in courses:
            shapes.setdefault(one.shape.number, []).append(one)
        for alike in shapes.values():
            if len(alike) > 1:
                self._look_at_loads(alike)
            else:
                self._look_at_load(alike[0])

    def _look_at_load(self, one: Course) -> None:
        shape = one.shape
        if one.after.node >= 0:
            self._is_new(one)
            if shape.stores and not shape.stores.keys().isdisjoint((one.was.constants, one.after.constants)):
                raise UnlikeError
            for known in (shape.loads, shape.stores):
                if known and not known.keys().isdisjoint(one.keys):
                    self._ends(next(place for place, key in enumerate(one.keys) if key in known))
        elif one.moves or one.was.node >= 0:
            self._follow(one, map(self._known(shape), one.keys))
        elif one.was.result is not one.after.result:
            raise UnlikeError

    def _look_at_loads(self, courses: Sequence[Course]) -> None:
        """Several loads of addresses that differ by constants alone: one may find what another loaded."""
        known = self._known(courses[0].shape)
        stores = courses[0].shape.stores or {}
        size = self.span.size
        made: dict[Constants, int] = {}
        found: list[list[int]] = [[] for _ in courses]
        for one in courses:
            if one.after.node >= 0:
                self._is_new(one)
                if one.was.constants in stores or one.after.constants in stores:
                    raise UnlikeError
        for place in range(self.copies):
            shift = size * (place + 1)
            for one, nodes in zip(courses, found, strict=True):
                key, node = one.keys[place], one.after.node
                if node >= 0:
                    if key in made or known(key) is not None or key in stores:
                        self._ends(place)
                        break
                    made[key] = node + shift
                elif key in made:
                    nodes.append(made[key])
                else:
                    value = known(key)
                    if value is None or not self._alike(value, one.after.result):
                        self._ends(place)
                        break
                    nodes.append(value.node)
            else:
                continue
            break
        for one, nodes in zip(courses, found, strict=True):
            if one.after.node < 0:
                self._column(one.was, one.after, nodes)

    def _look_at_stores(self, courses: Sequence[Course]) -> None:
        """One store of the copy, perhaps after a load of what it overwrites."""
        store, load = courses[-1], courses[0]
        if len(courses) > 2 or not store.after.write or (load is not store and load.after.write):
            raise UnlikeError
        if load.keys != store.keys or load.was.constants != store.was.constants:
            raise UnlikeError
        if not self._alike(store.after.result, store.was.result):
            raise UnlikeError
        shape, before, earlier = store.shape, store.after.before, store.was.before
        if not store.moves:
            self._look_at_running(load, store)
        else:
            there = [(shape.stores or {}).get(key) for key in store.keys]
            if (before is None) is not (earlier is None):
                raise UnlikeError
            for place, one in enumerate(there):
                if (one is None) is not (before is None):
                    self._ends(place)
                    break
            if before is not None and earlier is not None:
                self._moves(earlier[0], before[0], [one[0] for one in there[: self.copies] if one is not None])
            if load is not store:
                known = self._known(shape)
                if load.after.node < 0:
                    self._follow(load, map(known, load.keys))
                else:
                    self._is_new(load)
                    self._ends(next((n for n, key in enumerate(load.keys) if known(key) is not None), self.copies))
        self._addressed(store)

    def _look_at_running(self, load: Course, store: Course) -> None:
        """An element to which each copy adds: it finds what the copy before stored, and that store dies."""
        before = store.after.before
        if before is None or before[0] != store.was.node or before[2] != self.guard:
            raise UnlikeError
        if self.graph.operation[before[0]] != "dead":
            raise UnlikeError
        value = store.after.result
        if load is not store and (load.after.result is not before[1] or value.node < self.span.second):
            raise UnlikeError

    def _known(self, shape: Shape) -> Callable[[Constants], Result | None]:
        """What a load of an address finds, where nothing else moves like it."""
        stores, loads, guard = shape.stores or {}, shape.loads or {}, self.guard
        if not stores:
            return loads.get

        def known(key: Constants) -> Result | None:
            stored = stores.get(key)
            if stored is not None and stored[2] == guard[: len(stored[2])]:
                return stored[1]
            return loads.get(key)

        return known

    def _alike(self, value: Result, other: Result) -> bool:
        return alike(value, other, self.graph)

    def _follow(self, one: Course, values: Iterable[Result | None]) -> None:
        """Loads that find a value without a node of their own."""
        like, alike, nodes = one.after.result, self._alike, []
        for place, value in enumerate(values):
            if value is None or not alike(value, like):
                self._ends(place)
                break
            nodes.append(value.node)
        self._column(one.was, one.after, nodes)

    def _column(self, was: Visit, after: Visit, nodes: list[int]) -> None:
        if not self._alike(was.result, after.result):
            raise UnlikeError
        self._moves(was.result.node, after.result.node, nodes)

    def _moves(self, first: int, second: int, nodes: list[int]) -> None:
        """Remembers what follows two nodes, where it is no node of the copies themselves or the same for all."""
        if second < 0:
            return
        if second >= self.span.first or first == second:
            expected = self.span.nodes(second, len(nodes)) if second >= self.span.first else [second] * len(nodes)
            if nodes != list(expected):
                self._ends(next(n for n, (a, b) in enumerate(zip(nodes, expected, strict=True)) if a != b))
            return
        known = self.columns.setdefault((first, second), nodes)
        most = min(len(known), len(nodes))
        if known[:most] != nodes[:most]:
            raise UnlikeError
        self._ends(most)

    def _is_new(self, one: Course) -> None:
        if not one.moves or one.after.memory.type.kind.letter == "i":
            raise UnlikeError
        self._addressed(one)

    def _addressed(self, one: Course) -> None:
        """Which nodes compute the addresses of an access."""
        addresses = one.shape.addresses
        first, second = addresses[one.was.constants], addresses[one.after.constants]
        if len(first) != len(second):
            raise UnlikeError
        made = not second or second[0] >= self.span.second
        if made:
            levels = _levels(one.shape, one.after.constants)
            if bool(levels) is not bool(second):
                raise UnlikeError
            moved = one.shape.adders[2]
            for place, key in enumerate(one.keys) if moved or not addresses.keys().isdisjoint(one.keys) else ():
                if addresses.get(key) or _levels(one.shape, key) != levels or (second and key in addresses):
                    self._ends(place)
                    break
            return
        nodes = []
        for place, key in enumerate(one.keys):
            there = addresses.get(key)
            if there is None or len(there) != 1:
                self._ends(place)
                break
            nodes.append(there[0])
        self._moves(first[0], second[0], nodes)


def _levels(shape: Shape, constants: Constants) -> int:
    """Adders of an address, as `MemoryWalk` counts them."""
    levels, parts, moved = shape.adders
    return levels + (max(0, parts + sum([1 for one in moved if constants[one]])) if moved else 0)


def alike(value: Result, other: Result, graph: Graph) -> bool:
    """Whether two values are of one kind and both made by nodes of a graph, or both the same constant."""
    return (
        type(value) is Val
        and type(other) is Val
        and value.lin is None
        and other.lin is None
        and value.kind == other.kind
        and value.const == other.const
        and value.need == other.need
        and (value.node < 0) is (other.node < 0)
        and (value.node < 0 or value.graph is graph)
    )

"""What copies of an unrolled body find in memories: looked up for copies that are not walked, from two that were.

An address that two copies visit one after the other moves on by the same step. For each later copy that address is
looked up in what the graph has done to the memory. As long as it finds what the second copy found (nothing, or a value
of the same kind), the copy has the same nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import sub
from typing import NamedTuple

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Result
from aigchip_tui.estimator.traced import Trace
from aigchip_tui.estimator.tracks import Constants, Shape, Stored, Track, Visit
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


@dataclass(slots=True)
class Found:
    """What so many copies do to the addresses of one shape: loads (None: a store has overtaken them), stores, the last
    loads, and stores that die, by the copy that overwrites them.
    """

    copies: int
    stores: dict[Constants, Stored] = field(default_factory=dict)
    loads: dict[Constants, Result | None] = field(default_factory=dict)
    reads: dict[Constants, int] = field(default_factory=dict)
    dead: list[int] = field(default_factory=list)


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
        self.all: list[Course] = []
        self.found: dict[int, Found] = {}
        if len(was) != len(after):
            raise UnlikeError
        shapes: dict[int, list[Course]] = {}
        for one, two in zip(was, after, strict=True):
            course = Course(one, two, copies, trace)
            self.all.append(course)
            shapes.setdefault(id(two.shape), []).append(course)
        self.shapes = list(shapes.values())

    def look(self) -> None:
        """Looks up what the copies find at their addresses."""
        for courses in self.shapes:
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

    def ends(self, place: int) -> None:
        """From this copy on they find something else."""
        self.copies = min(self.copies, place)

    def _look(self, courses: Sequence[Course]) -> None:
        """How far the accesses of one shape find what those of the second copy found."""
        track, shape = courses[0].after.track, courses[0].shape
        stores = bool(track.stores)
        if track.free or (stores and len(track.shapes) > 1):
            raise UnlikeError
        for one in courses:
            if one.after.write:
                if not alike(one.was.result, one.after.result, self.graph):
                    raise UnlikeError
                self._addressed(one)
            elif one.after.node >= 0:
                if not one.moves or one.after.memory.type.kind.letter == "i":
                    raise UnlikeError
                self._addressed(one)
        self._cross(courses)
        only = courses[0]
        if stores or len(courses) > 1:
            self._simulate(courses)
        elif only.after.node >= 0:
            if shape.loads and not shape.loads.keys().isdisjoint(only.keys):
                self.ends(next(place for place, key in enumerate(only.keys) if key in (shape.loads or ())))
        elif only.moves or only.was.node >= 0:
            self._simulate(courses)
        elif only.was.result is not only.after.result:
            raise UnlikeError

    def _simulate(self, courses: Sequence[Course]) -> Found:
        """Does to the addresses of one shape what the walk would, as long as it finds what the second copy found."""
        shape, guard, size = courses[0].shape, self.guard, self.span.size
        graph, kind = self.graph, courses[0].after.memory.type.kind
        found = self.found[id(shape)] = Found(self.copies)
        known_stores, known_loads, known_reads = shape.stores or {}, shape.loads or {}, shape.reads
        stores, loads, reads = found.stores, found.loads, found.reads
        values = [self.stored(one) if one.after.write else () for one in courses]
        nodes: list[list[int]] = [[] for _ in courses]
        steps = list(zip(courses, values, nodes, strict=True))
        for place in range(self.copies):
            shift = size * (place + 1)
            for one, made, met in steps:
                key, after = one.keys[place], one.after
                before = stores.get(key) or known_stores.get(key)
                if after.write:
                    if (before is None) is not (after.before is None):
                        break
                    if before is not None:
                        met.append(before[0])
                        if before[2] == guard and reads.get(key, known_reads.get(key, -1)) <= before[0]:
                            found.dead.append(before[0])
                    stores[key] = (after.node + shift, made[place], guard)
                    loads[key] = None
                    continue
                value: Result | None
                if before is not None and before[2] == guard[: len(before[2])]:
                    value = before[1]
                else:
                    value = loads[key] if key in loads else known_loads.get(key)
                if after.node >= 0:
                    if value is not None or before is not None:
                        break
                    loads[key] = Val(kind, after.node + shift, None, None, graph)
                    reads[key] = after.node + shift
                elif value is None or not alike(value, after.result, graph):
                    break
                else:
                    met.append(value.node)
            else:
                continue
            self.ends(place)
            break
        for one, met in zip(courses, nodes, strict=True):
            was, after = one.was, one.after
            if not after.write and after.node < 0:
                if not alike(was.result, after.result, graph):
                    raise UnlikeError
                self.moves(was.result.node, after.result.node, met)
            elif was.before is not None and after.before is not None:
                self.moves(was.before[0], after.before[0], met)
            elif was.before is not after.before:
                raise UnlikeError
        return found

    def stored(self, store: Course) -> list[Val]:
        """What each copy stores."""
        assert isinstance(store.was.result, Val)
        assert isinstance(store.after.result, Val)
        return self.values(store.was.result, store.after.result)

    def values(self, was: Val, after: Val) -> list[Val]:
        """The values of each copy in the place of those of two."""
        if was is after or after.node < 0:
            return [after] * self.copies
        nodes = self.series(was.node, after.node)
        return [Val(after.kind, node, None, None, self.graph, after.need) for node in nodes]

    def commit(self, copies: int) -> list[tuple[Track, int]]:
        """Keeps what so many copies did; returns the stores that died."""
        self.copies = copies
        dead: list[tuple[Track, int]] = []
        for courses in self.shapes:
            shape, made = courses[0].shape, [one for one in courses if one.after.node >= 0]
            for one in made:
                self._keep_addresses(one)
            found = self.found.get(id(shape))
            if found is None:
                if made:
                    nodes = self.span.nodes(made[0].after.node, copies)
                    kind, keys = made[0].after.memory.type.kind, made[0].keys[:copies]
                    shape.reads.update(zip(keys, nodes, strict=True))
                    values = [Val(kind, node, None, None, self.graph) for node in nodes]
                    assert shape.loads is not None
                    shape.loads.update(zip(keys, values, strict=True))
                    shape.latest = nodes[-1]
                continue
            if found.copies != copies:
                found = self._simulate(courses)
            dead += zip(repeat(courses[0].after.track), found.dead, strict=False)
            shape.reads.update(found.reads)
            shape.latest = max(shape.latest, *(self.span.nodes(one.after.node, copies)[-1]
                                               for one in made if not one.after.write), -1)
            if found.stores:
                assert shape.stores is not None
                shape.stores.update(found.stores)
            for key, value in found.loads.items():
                if value is not None:
                    assert shape.loads is not None
                    shape.loads[key] = value
                elif shape.loads:
                    shape.loads.pop(key, None)
        return dead

    def _keep_addresses(self, one: Course) -> None:
        second = one.shape.addresses[one.after.constants]
        keys = one.keys[: self.copies]
        if not second:
            one.shape.addresses.update((key, []) for key in keys)
        elif second[0] >= self.span.second:
            nodes = self.span.nodes(second[0], self.copies)
            one.shape.addresses.update((key, [node]) for key, node in zip(keys, nodes, strict=True))

    def _cross(self, courses: Sequence[Course]) -> None:
        """Copies that compute an address for one access must not find it computed for another."""
        shape, second = courses[0].shape, self.span.second
        made = [
            one for one in courses
            if one.after.node >= 0 and (by := shape.addresses[one.after.constants]) and by[0] >= second
        ]
        for one in made:
            there = {*one.keys, one.after.constants, one.was.constants}
            if any(one.keys != other.keys and not there.isdisjoint(other.keys) for other in made):
                raise UnlikeError

    def moves(self, first: int, second: int, nodes: list[int]) -> None:
        """Remembers what follows two nodes, where it is no node of the copies themselves or the same for all."""
        if second < 0:
            return
        if second >= self.span.first or first == second:
            expected = self.span.nodes(second, len(nodes)) if second >= self.span.first else [second] * len(nodes)
            if nodes != list(expected):
                self.ends(next(n for n, (a, b) in enumerate(zip(nodes, expected, strict=True)) if a != b))
            return
        known = self.columns.setdefault((first, second), nodes)
        most = min(len(known), len(nodes))
        if known[:most] != nodes[:most]:
            raise UnlikeError
        self.ends(most)

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
            # The constant of a moved index is one term more unless it is 0, which it may pass.
            first_key, last_key = one.after.constants, one.keys[-1]
            passes = any(first_key[one] * last_key[one] <= 0 and first_key != last_key for one in one.shape.adders[2])
            for place, key in enumerate(one.keys) if passes or not addresses.keys().isdisjoint(one.keys) else ():
                if addresses.get(key) or _levels(one.shape, key) != levels or (second and key in addresses):
                    self.ends(place)
                    break
            return
        nodes = []
        for place, key in enumerate(one.keys):
            there = addresses.get(key)
            if there is None or len(there) != 1:
                self.ends(place)
                break
            nodes.append(there[0])
        self.moves(first[0], second[0], nodes)


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


def held(was: Val | None, after: Val | None, span: Span, graph: Graph) -> bool:
    """Whether what a register holds behind two copies moves on with them; behind all it holds the same otherwise."""
    if was is after:
        return False
    if was is None or after is None or not alike(was, after, graph):
        raise UnlikeError
    if after.node < 0 or (was.node == after.node and was.node < span.first):
        return False
    if was.node < span.first or after.node - was.node != span.size:
        raise UnlikeError
    return True

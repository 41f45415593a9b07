"""What copies of an unrolled body find in memories: looked up for copies that are not walked, from two that were.

An address that two copies visit one after the other moves on by the same step. For each later copy that address is
looked up in what the graph has done to the memory. As long as it finds what the second copy found (nothing, or a value
of the same kind), the copy has the same nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain, repeat, takewhile
from operator import itemgetter

from aigchip_tui.estimator.following import Span, UnknownError, UnlikeError, alike, while_alike
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.lanes import Course, Found, Lane, keys_of
from aigchip_tui.estimator.objects import Result
from aigchip_tui.estimator.traced import Trace
from aigchip_tui.estimator.tracks import Constants, Shape, Stored, Track, Visit
from aigchip_tui.estimator.values import Val


class Courses:
    """The accesses of copies that follow two others, and how many of these find what the second found.

    `copies` says how many; `columns` holds, by the nodes that two copies found, what those that follow find. `tells`:
    somebody asks for each access of each copy.
    """

    def __init__(
        self, graph: Graph, guard: tuple[int, ...], span: Span, copies: int,
        was: Sequence[Visit], after: Sequence[Visit], trace: Trace | None, *, tells: bool = False,
    ) -> None:
        self.tells = tells
        self.graph, self.guard, self.span, self.copies = graph, guard, span, copies
        self.columns: dict[tuple[int, int], list[int]] = {}
        self.all: list[Course] = []
        if len(was) != len(after):
            raise UnlikeError
        keys: dict[tuple[int, Constants, Constants], list[Constants]] = {}
        shapes: dict[int, tuple[list[Course], dict[int, Lane]]] = {}
        for one, two in zip(was, after, strict=True):
            if one.write is not two.write or one.shape is not two.shape or not two.memory.type.scalar():
                raise UnlikeError
            at = (len(one.constants), one.constants, two.constants)
            there = keys.get(at)
            if there is None:
                there = keys[at] = keys_of(one, two, copies, trace)
            course = Course(one, two, there)
            self.all.append(course)
            mine, lanes = shapes.setdefault(id(two.shape), ([], {}))
            mine.append(course)
            lane = lanes.get(id(there))
            if lane is None:
                lane = lanes[id(there)] = Lane()
            lane.courses.append(course)
        self.shapes = [(mine, list(lanes.values())) for mine, lanes in shapes.values()]
        self.apart: list[tuple[Shape, list[Lane]]] = []
        """Addresses of shapes of which each is touched by one copy alone, or by all."""
        self.joint: list[tuple[list[Course], list[Found]]] = []
        """Accesses of shapes whose copies meet each other's addresses, and what they do."""

    def look(self, others: Sequence[Callable[[], None]]) -> None:
        """Looks up what the copies find at their addresses; `others` look up what they find elsewhere.

        What is stored may be what another access finds: who needs what is not known yet waits.
        """
        waiting: list[Callable[[], None]] = list(others)
        for courses, lanes in self.shapes:
            self._check(courses)
            waiting += self._lookups(courses, lanes)
        while waiting:
            left: list[Callable[[], None]] = []
            for one in waiting:
                try:
                    one()
                except UnknownError:
                    left.append(one)
            if len(left) == len(waiting):
                raise UnlikeError
            waiting = left

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
            raise UnknownError
        return found

    def ends(self, place: int) -> None:
        """From this copy on they find something else."""
        self.copies = min(self.copies, place)

    def _check(self, courses: Sequence[Course]) -> None:
        """Whether the accesses of one shape are such that can be followed."""
        track = courses[0].after.track
        if track.free or (track.stores and len(track.shapes) > 1):
            raise UnlikeError
        for one in courses:
            if one.after.write:
                if not alike(one.was.result, one.after.result, self.graph):
                    raise UnlikeError
            elif one.after.node < 0:
                continue
            elif not one.moves or one.after.memory.type.kind.letter == "i":
                raise UnlikeError
            self._addressed(one)

    def _lookups(self, courses: list[Course], lanes: list[Lane]) -> list[Callable[[], None]]:
        keys = [lane.courses[0].keys for lane in lanes]
        if len(lanes) == 1 or len(set().union(*keys)) == sum(
            [len(there) if lane.courses[0].moves else 1 for lane, there in zip(lanes, keys, strict=True)]
        ):
            self.apart.append((courses[0].shape, lanes))
            return [partial(self._follow, lane) for lane in lanes]
        self._cross(courses)
        found: list[Found] = []
        self.joint.append((courses, found))
        return [partial(self._together, courses, found)]

    def _follow(self, lane: Lane) -> None:
        """What the accesses of a lane find: at first what is known of each address, then what they left there."""
        courses = lane.courses
        shape, guard, key = courses[0].shape, self.guard, courses[0].after.constants
        last = next((one for one in reversed(courses) if one.after.write), None)
        if courses[0].moves:
            keys = courses[0].keys[: self.copies]
            empty: Sequence[None] = (None,) * self.copies
            stores = list(map(shape.stores.get, keys)) if shape.stores else empty
            known = shape.loads and not shape.loads.keys().isdisjoint(keys)
            self._find(lane, stores, list(map(shape.loads.get, keys)) if known and shape.loads else empty)
            return
        store = (shape.stores or {}).get(key)
        if last is None:
            held = (shape.loads or {}).get(key) if store is None or store[2] != guard[: len(store[2])] else store[1]
            for one in courses:
                if one.was.result is not one.after.result or one.after.result is not held:
                    raise UnlikeError
                one.results = (one.after.result,) * self.copies
        elif store is None or store[0] != last.after.node:
            raise UnlikeError
        elif not self.tells and last.after.result.node >= self.span.second:
            self._run(lane, store)
        else:
            self._find(lane, [store, *self._stores(last)][: self.copies], (None,) * self.copies)

    def _run(self, lane: Lane, store: Stored) -> None:
        """Accesses that find at one address what the copy before left there, and leave what the copy computes."""
        size, own = self.span.size, False
        lane.runs, lane.dead = store, []
        for one in lane.courses:
            was, after = one.was, one.after
            if after.write:
                if was.before is None or after.before is None:
                    raise UnlikeError
                if not own:
                    if not was.before[0] + 2 * size == after.before[0] + size == store[0]:
                        raise UnlikeError
                    dies = store[2] == self.guard and one.shape.reads.get(after.constants, -1) <= store[0]
                    lane.dead.append(range(store[0] if dies else store[0] + size, store[0] + size * self.copies, size))
                own = True
                continue
            value, before, found = was.result, after.result, store[1]
            if after.node >= 0 or not alike(value, before, self.graph):
                raise UnlikeError
            if not own and not (
                alike(before, found, self.graph) and value.node + 2 * size == before.node + size == found.node
            ):
                raise UnlikeError

    def _find(self, lane: Lane, stores: Sequence[Stored | None], loads: Sequence[Result | None]) -> None:
        """Accesses to addresses with these stores and loaded values; to one address, with those of the copies."""
        shape, guard, graph, copies = lane.courses[0].shape, self.guard, self.graph, self.copies
        own, known = False, lane.courses[0].moves
        found: Sequence[Result] = ()
        lane.dead = []
        for one in lane.courses:
            was, after = one.was, one.after
            if after.write:
                if (was.before is None) is not (after.before is None):
                    raise UnlikeError
                if after.before is None or was.before is None:
                    if any(stores):
                        self.ends(next(place for place, at in enumerate(stores) if at is not None))
                else:
                    there = [at for at in takewhile(bool, stores) if at is not None]
                    self.ends(len(there))
                    self.moves(was.before[0], after.before[0], [at[0] for at in there])
                    reads = lane.reads
                    if reads is None:
                        reads = [shape.reads.get(key, -1) for key in one.keys[: len(there)]]
                    lane.dead.append([
                        at[0] if at[2] == guard and read <= at[0] else -1
                        for at, read in zip(there, reads, strict=False)
                    ])
                one.found = stores
                found = one.results = self.stored(one)
                stores = lane.stores = self._stores(one)
                loads = lane.loads = (None,) * copies
                own = True
            elif after.node >= 0:
                if any(stores) or any(loads):
                    free = (place for place, at in enumerate(zip(stores, loads, strict=False)) if any(at))
                    self.ends(next(free, copies))
                kind, nodes = after.memory.type.kind, self.span.nodes(after.node, copies)
                made = [Val(kind, node, None, None, graph) for node in nodes]
                found, one.results, lane.loads = made, made, made
                lane.reads, own = nodes, True
            elif not alike(was.result, after.result, graph):
                raise UnlikeError
            elif own:
                one.results = found
            else:
                at_all = [
                    load if at is None or at[2] != guard[: len(at[2])] else at[1]
                    for at, load in zip(stores, loads, strict=False)
                ]
                if known:
                    self.ends(while_alike(at_all, after.result, graph))
                found = one.results = [at for at in at_all[: self.copies] if at is not None]
                self.moves(was.result.node, after.result.node, [at.node for at in found])
            copies = self.copies

    def _stores(self, store: Course) -> list[Stored]:
        """The stores that copies make where the second one made one."""
        nodes = self.span.nodes(store.after.node, self.copies)
        return list(zip(nodes, store.results or self.stored(store), repeat(self.guard), strict=False))

    def _together(self, courses: Sequence[Course], does: list[Found]) -> None:
        """Does to the addresses of one shape what the walk would, as long as it finds what the second copy found."""
        shape, guard, size = courses[0].shape, self.guard, self.span.size
        graph, kind = self.graph, courses[0].after.memory.type.kind
        found = Found(self.copies)
        known_stores, known_loads, known_reads = shape.stores or {}, shape.loads or {}, shape.reads
        stores, loads, reads = found.stores, found.loads, found.reads
        values = [self.stored(one) if one.after.write else () for one in courses]
        nodes: list[list[int]] = [[] for _ in courses]
        results: list[list[Result]] = [[] for _ in courses]
        befores: list[list[Stored | None]] = [[] for _ in courses]
        steps = list(zip(courses, values, nodes, results, befores, strict=True))
        for place in range(self.copies):
            shift = size * (place + 1)
            for one, made, met, results_of, befores_of in steps:
                key, after = one.keys[place], one.after
                before = stores.get(key) or known_stores.get(key)
                if after.write:
                    if (before is None) is not (after.before is None):
                        break
                    if before is not None:
                        met.append(before[0])
                        if before[2] == guard and reads.get(key, known_reads.get(key, -1)) <= before[0]:
                            found.dead.append(before[0])
                    befores_of.append(before)
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
                    value = loads[key] = Val(kind, after.node + shift, None, None, graph)
                    reads[key] = after.node + shift
                elif value is None or not alike(value, after.result, graph):
                    break
                else:
                    met.append(value.node)
                results_of.append(value)
            else:
                continue
            self.ends(place)
            break
        for one, made, met, results_of, befores_of in steps:
            was, after = one.was, one.after
            one.results, one.found = made or results_of, befores_of
            if not after.write and after.node < 0:
                if not alike(was.result, after.result, graph):
                    raise UnlikeError
                self.moves(was.result.node, after.result.node, met)
            elif was.before is not None and after.before is not None:
                self.moves(was.before[0], after.before[0], met)
            elif was.before is not after.before:
                raise UnlikeError
        does[:] = [found]

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
        for courses, _ in self.shapes:
            for one in courses:
                if one.after.node >= 0:
                    self._keep_addresses(one)
            nodes = [self.span.nodes(one.after.node, copies)[-1] for one in courses
                     if one.after.node >= 0 and not one.after.write]
            courses[0].shape.latest = max(courses[0].shape.latest, *nodes, -1)
        for shape, lanes in self.apart:
            self._keep(shape, lanes)
            track = lanes[0].courses[0].after.track
            dead += [(track, node) for lane in lanes for nodes in lane.dead for node in nodes[:copies] if node >= 0]
        for courses, does in self.joint:
            if does[0].copies != copies:
                self._together(courses, does)
            found, shape = does[0], courses[0].shape
            dead += zip(repeat(courses[0].after.track), found.dead, strict=False)
            shape.reads.update(found.reads)
            if found.stores:
                assert shape.stores is not None
                shape.stores.update(found.stores)
            for key, value in found.loads.items():
                _keep_load(shape, key, value)
        return dead

    def _keep(self, shape: Shape, lanes: Sequence[Lane]) -> None:
        """What the copies leave at addresses of which each is touched by one of them alone, or by all."""
        copies = self.copies
        stores: list[tuple[int, Iterable[tuple[Constants, Stored]]]] = []
        loads: list[Iterable[tuple[Constants, Result | None]]] = []
        for lane in lanes:
            if lane.runs is not None:
                node, value, guard = lane.runs
                ahead = self.span.size * copies
                assert isinstance(value, Val)
                made = Val(value.kind, value.node + ahead, None, None, self.graph, value.need)
                assert shape.stores is not None
                shape.stores[lane.courses[0].after.constants] = node + ahead, made, guard
                continue
            keys = lane.courses[0].keys[:copies]
            if lane.reads is not None:
                shape.reads.update(zip(keys, lane.reads, strict=False))
            if lane.stores is not None:
                first = next(one.after.node for one in lane.courses if one.after.write)
                stores.append((first, zip(keys, lane.stores, strict=False)))
            if lane.loads is not None:
                loads.append(zip(keys, lane.loads, strict=False))
        if stores:
            assert shape.stores is not None
            stores.sort(key=itemgetter(0))
            shape.stores.update(chain.from_iterable(zip(*[there for _, there in stores], strict=False)))
        for key, value in chain.from_iterable(zip(*loads, strict=False)):
            _keep_load(shape, key, value)

    def _keep_addresses(self, one: Course) -> None:
        if not one.moves:
            return
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
        owner: dict[Constants, int] = {}
        for one in courses:
            if one.after.node < 0 or not (by := shape.addresses[one.after.constants]) or by[0] < second:
                continue
            mine = id(one.keys)
            if any(owner.setdefault(key, mine) != mine for key in (*one.keys, one.after.constants, one.was.constants)):
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
        if not one.moves:
            if second and second[0] >= self.span.first:
                raise UnlikeError
            return
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


def _keep_load(shape: Shape, key: Constants, value: Result | None) -> None:
    if value is not None:
        assert shape.loads is not None
        shape.loads[key] = value
    elif shape.loads:
        shape.loads.pop(key, None)

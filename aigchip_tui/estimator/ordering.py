"""Order of the accesses of one iteration: aliases, values forwarded from stores, stores that die."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from operator import itemgetter

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import (
    Group,
    Result,
)
from aigchip_tui.estimator.state import WalkState
from aigchip_tui.estimator.traced import gcd
from aigchip_tui.estimator.tracks import Constants, Meeting, Shape, Stored, Terms, Track
from aigchip_tui.estimator.values import Lin, integer

_NODE = itemgetter(3)
"""The node of an entry of a track's log; the log stands in the order of nodes."""


class OrderWalk(WalkState):
    """Order of the accesses of one iteration: aliases, values forwarded from stores, stores that die."""

    def _meeting(self, first: Terms, second: Terms) -> Meeting:
        """How the terms of two addresses differ; the same for all constants."""
        found = self.meetings.get((first, second))
        if found is None:
            parts: list[tuple[int | None, int, int]] = []
            for mine, theirs in zip(first, second, strict=False):
                difference = Lin(0, mine).plus(Lin(0, theirs), -1)
                bounds = self.range_of(difference)
                low, high = bounds if bounds is not None else (None, 0)
                parts.append((low, high, gcd(*(coefficient for _, coefficient in difference.terms))))
            found = self.meetings[(first, second)] = tuple(parts)
        return found

    def _forwarded(self, track: Track, shape: Shape, constants: Constants) -> Result | None:
        group = shape.stores
        stored = group.get(constants) if group else None
        if (
            stored is not None
            and stored[2] == self.guard[: len(stored[2])]
            and not isinstance(stored[1], int)
            and not any(
                group is not other and self._stored_since(stored[0], shape.terms, constants, terms, other)
                for terms, other in track.stores.items()
            )
            and self._same_graph(stored[1])
        ):
            return stored[1]
        loads = shape.loads
        return loads.get(constants) if loads else None

    def _stored_since(
        self, begin: int, terms: Terms, constants: Constants, other: Terms, group: Mapping[Constants, Stored]
    ) -> bool:
        """Whether a store after the node `begin` may have written the address."""
        later = [key for key, stored in group.items() if stored[0] > begin]
        if not later:
            return False
        meeting = self._meeting(terms, other)
        return any(_meet(meeting, constants, key) for key in later)

    def _same_graph(self, value: Result) -> bool:
        if isinstance(value, Group):
            return True
        return value.graph is self.graph or value.node < 0

    def _order(self, track: Track, shape: Shape, constants: Constants) -> list[int]:
        found = [track.barrier] if track.barrier >= 0 else []
        if track.free:
            return found
        terms, own = shape.terms, shape.stores
        for other, group in track.stores.items():
            if group is own:
                same = group.get(constants)
                if same is not None:
                    found.append(same[0])
            elif len(group) <= 64:
                meeting = self._meeting(terms, other)
                found += [node for key, (node, _, _) in group.items() if _meet(meeting, constants, key)]
            else:
                found.append(max(node for node, _, _ in group.values()))
        return found

    def _remember_store(
        self, track: Track, shape: Shape, constants: Constants, node: int, value: Result | None
    ) -> None:
        terms, group = shape.terms, shape.stores
        if group is None:
            group = shape.stores = track.stores[terms] = {}
        previous = group.get(constants)
        if (
            previous is not None
            and previous[2] == self.guard
            and not self._read_since(track, shape, constants, previous[0])
        ):
            self._drop(track, previous[0])
        group[constants] = (
            node,
            value if value is not None else integer(0),
            self.guard if value is not None else (-9,),
        )
        track.writers.append(node)
        own = shape.loads
        for other, loads in track.loads.items():
            if loads is own:
                loads.pop(constants, None)
            elif loads:
                meeting = self._meeting(terms, other)
                for key in [key for key in loads if _meet(meeting, constants, key)]:
                    del loads[key]

    def join_stores(self, first: int, second: int, yes: tuple[int, ...], no: tuple[int, ...]) -> None:
        """Makes one store of two to one element in the branches of a condition: it chooses what it stores.

        Nodes from `first` on belong to one branch, from `second` on to the other; `yes` and `no` are their guards.
        """
        graph = self.graph
        for track in self.tracks_of(graph).values():
            recent: list[tuple[Terms, Constants, int]] = []
            for write, terms, constants, node in reversed(track.log):
                if node < first:
                    break
                if write:
                    recent.append((terms, constants, node))
            there = {(one[0], one[1]): one[2] for one in recent if one[2] < second and track.under[one[2]] == yes}
            for terms, constants, node in recent if there else ():
                other = there.pop((terms, constants), None) if node >= second and track.under[node] == no else None
                if other is None:
                    continue
                graph.sources[node] = tuple(dict.fromkeys((*graph.sources[node], *graph.sources[other])))
                self._drop(track, other)
                track.under[node] = yes[:-1]
                kept = track.stores[terms][constants]
                if kept[0] == node:
                    track.stores[terms][constants] = (node, kept[1], yes[:-1])

    def _read_since(self, track: Track, written: Shape, constants: Constants, node: int) -> bool:
        """Whether what the store `node` left may have been read."""
        for shape in track.shapes.values():
            if shape.latest <= node:
                continue
            if shape is written:
                if shape.reads.get(constants, -1) > node:
                    return True
                continue
            later = [key for key, reader in shape.reads.items() if reader > node]
            meeting = self._meeting(written.terms, shape.terms)
            if any(_meet(meeting, constants, key) for key in later):
                return True
        return False

    def _drop(self, track: Track, node: int) -> None:
        self.drop_store(self.graph, track, node)

    def drop_store(self, graph: Graph, track: Track, node: int) -> None:
        """A store overwritten before anybody read it disappears."""
        if graph.operation[node] != "store":
            return
        graph.operation[node] = "dead"
        graph.access[node] = None
        graph.states[node] = 0
        graph.sources[node] = ()
        position = bisect_left(track.log, node, key=_NODE)
        if position < len(track.log) and track.log[position][3] == node:
            del track.log[position]

    @staticmethod
    def drop_stores(graph: Graph, track: Track, nodes: Sequence[int]) -> None:
        """Stores overwritten before anybody read them disappear, all at once."""
        gone = {node for node in nodes if graph.operation[node] == "store"}
        if not gone:
            return
        for node in gone:
            graph.operation[node] = "dead"
            graph.access[node] = None
            graph.states[node] = 0
            graph.sources[node] = ()
        first = bisect_left(track.log, min(gone), key=_NODE)
        track.log[first:] = [one for one in track.log[first:] if one[3] not in gone]


def _meet(meeting: Meeting, a: Constants, b: Constants) -> bool:
    """Whether two addresses with these constants can be equal in every dimension."""
    for (low, high, step), mine, theirs in zip(meeting, a, b, strict=False):
        gap = mine - theirs
        if low is not None and (gap + low > 0 or gap + high < 0):
            return False
        if step and gap % step:
            return False
    return True

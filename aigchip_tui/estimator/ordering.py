"""Order of the accesses of one iteration: aliases, values forwarded from stores, stores that die."""

from __future__ import annotations

from aigchip_tui.estimator.objects import (
    Group,
    Result,
)
from aigchip_tui.estimator.state import WalkState
from aigchip_tui.estimator.tracks import Constants, Terms, Track
from aigchip_tui.estimator.values import Lin, integer


class OrderWalk(WalkState):
    """Order of the accesses of one iteration: aliases, values forwarded from stores, stores that die."""

    def may_alias(self, first: Terms, a: Constants, second: Terms, b: Constants) -> bool:
        """Whether two accesses of one iteration can meet: some dimension whose difference excludes zero says
        no.
        """
        for position in range(min(len(first), len(second))):
            difference = Lin(a[position], first[position]).plus(Lin(b[position], second[position]), -1)
            if not difference.terms:
                if difference.constant != 0:
                    return False
                continue
            bounds = self.range_of(difference)
            if bounds is not None and (bounds[0] > 0 or bounds[1] < 0):
                return False
            if len(difference.terms) == 1 and difference.constant % abs(difference.terms[0][1]):
                return False
        return True

    def _forwarded(self, track: Track, terms: Terms, constants: Constants) -> Result | None:
        stored = track.stores.get(terms, {}).get(constants)
        if stored is not None and stored[2] == self.guard[: len(stored[2])] and not isinstance(stored[1], int):
            blocked = any(
                other != terms
                and any(
                    node > stored[0] and self.may_alias(terms, constants, other, key)
                    for key, (node, _, _) in group.items()
                )
                for other, group in track.stores.items()
            )
            if not blocked and self._same_graph(stored[1]):
                return stored[1]
        return track.loads.get(terms, {}).get(constants)

    def _same_graph(self, value: Result) -> bool:
        if isinstance(value, Group):
            return True
        return value.graph is self.graph or value.node < 0

    def _order(self, track: Track, terms: Terms, constants: Constants, write: bool) -> list[int]:
        found = [track.barrier] if track.barrier >= 0 else []
        if track.free:
            return found
        for other, group in track.stores.items():
            if other == terms:
                same = group.get(constants)
                if same is not None:
                    found.append(same[0])
            elif len(group) <= 64:
                found += [node for key, (node, _, _) in group.items() if self.may_alias(terms, constants, other, key)]
            else:
                found.append(max(node for node, _, _ in group.values()))
        del write
        return found

    def _remember_store(
        self, track: Track, terms: Terms, constants: Constants, node: int, value: Result | None
    ) -> None:
        group = track.stores.setdefault(terms, {})
        previous = group.get(constants)
        if (
            previous is not None
            and previous[2] == self.guard
            and not self._read_since(track, terms, constants, previous[0])
        ):
            self._drop(track, previous[0])
        group[constants] = (
            node,
            value if value is not None else integer(0),
            self.guard if value is not None else (-9,),
        )
        track.writers.append(node)
        for other in list(track.loads):
            if other == terms:
                track.loads[other].pop(constants, None)
            else:
                loads = track.loads[other]
                for key in [key for key in loads if self.may_alias(terms, constants, other, key)]:
                    del loads[key]

    def _read_since(self, track: Track, terms: Terms, constants: Constants, node: int) -> bool:
        for write, other, key, reader in reversed(track.log):
            if reader < node:
                return False
            if not write and reader > node and self.may_alias(terms, constants, other, key):
                return True
        return False

    def _drop(self, track: Track, node: int) -> None:
        """A store overwritten before anybody read it disappears."""
        graph = self.graph
        if graph.operation[node] != "store":
            return
        graph.operation[node] = "dead"
        graph.access[node] = None
        graph.states[node] = 0
        for source in graph.sources[node]:
            graph.uses[source] -= 1
        graph.sources[node] = ()
        # Its entry is among the last.
        for position in range(len(track.log) - 1, -1, -1):
            if track.log[position][3] == node:
                del track.log[position]
                break

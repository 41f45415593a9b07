"""Order of the accesses of one iteration: aliases, values forwarded from stores, stores that die."""

from __future__ import annotations

from aigchip_tui.estimator.objects import (
    Group,
    Result,
)
from aigchip_tui.estimator.state import WalkState
from aigchip_tui.estimator.tracks import Constants, Meeting, Terms, Track
from aigchip_tui.estimator.values import Lin, integer


class OrderWalk(WalkState):
    """Order of the accesses of one iteration: aliases, values forwarded from stores, stores that die."""

    def may_alias(self, first: Terms, a: Constants, second: Terms, b: Constants) -> bool:
        """Whether two accesses of one iteration can meet: some dimension whose difference excludes zero says
        no.
        """
        return _meet(self._meeting(first, second), a, b)

    def _meeting(self, first: Terms, second: Terms) -> Meeting:
        """How the terms of two addresses differ; the same for all constants."""
        found = self.meetings.get((first, second))
        if found is None:
            parts: list[tuple[int | None, int, int]] = []
            for mine, theirs in zip(first, second, strict=False):
                difference = Lin(0, mine).plus(Lin(0, theirs), -1)
                bounds = self.range_of(difference)
                low, high = bounds if bounds is not None else (None, 0)
                parts.append((low, high, abs(difference.terms[0][1]) if len(difference.terms) == 1 else 0))
            found = self.meetings[(first, second)] = tuple(parts)
        return found

    def _forwarded(self, track: Track, terms: Terms, constants: Constants) -> Result | None:
        group = track.stores.get(terms)
        stored = group.get(constants) if group else None
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
        loads = track.loads.get(terms)
        return loads.get(constants) if loads else None

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
                meeting = self._meeting(terms, other)
                found += [node for key, (node, _, _) in group.items() if _meet(meeting, constants, key)]
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
                loads, meeting = track.loads[other], self._meeting(terms, other)
                for key in [key for key in loads if _meet(meeting, constants, key)]:
                    del loads[key]

    def _read_since(self, track: Track, terms: Terms, constants: Constants, node: int) -> bool:
        meeting: Meeting = ()
        seen: Terms | None = None
        for write, other, key, reader in reversed(track.log):
            if reader < node:
                return False
            if not write and reader > node:
                if other is not seen:
                    seen, meeting = other, self._meeting(terms, other)
                if _meet(meeting, constants, key):
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
        graph.sources[node] = ()
        # Its entry is among the last.
        for position in range(len(track.log) - 1, -1, -1):
            if track.log[position][3] == node:
                del track.log[position]
                break


def _meet(meeting: Meeting, a: Constants, b: Constants) -> bool:
    """Whether two addresses with these constants can be equal in every dimension."""
    for (low, high, step), mine, theirs in zip(meeting, a, b, strict=False):
        gap = mine - theirs
        if low is not None and (gap + low > 0 or gap + high < 0):
            return False
        if step and gap % step:
            return False
    return True

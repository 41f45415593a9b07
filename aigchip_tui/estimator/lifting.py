"""What leaves a pipelined loop: loads in front of it, stores behind it, elements kept in registers meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Memory
from aigchip_tui.estimator.outcomes import Lifted, Outside, Row, Single
from aigchip_tui.estimator.state import WalkState
from aigchip_tui.estimator.tracks import Constants, Stored, Terms, Track
from aigchip_tui.estimator.values import Val

_BEHIND = 3
"""Cycles between the end of a loop and the first store of what stood in its registers, in reports of such loops."""
_FEW_TRIPS = 2
"""Trips of a loop for which the tool makes a memory of each column that the loop reads."""
LOADED_IN = 2
"""States in front of a loop in which what its sums begin with is loaded."""


class LiftWalk(WalkState):
    """Moves loads and stores of addresses that no iteration changes out of a loop after its body has been walked."""

    def hoist(self, graph: Graph, nest: tuple[tuple[int, int], ...], early: bool = True) -> dict[int, int]:
        """Loads whose address no iteration changes, of memories that the loop does not write, leave the loop.

        `early` says that inner loops are unrolled because a pragma asks for it: before the compiler looks for such
        loads. Loops that the scheduler unrolls unasked keep theirs, for which it deals out the array.
        Returns how many of each memory leave it, see `in_front`.
        """
        moving = {symbol for symbol, _ in nest} | set(self.deltas) | set(self.variant)
        left: dict[int, int] = {}
        for number, track in self.tracks_of(graph).items():
            if any(entry[0] for entry in track.log) or not track.log:
                self._sink(graph, track, moving)
                continue
            memory = self.memories.get(number)
            if not isinstance(memory, Memory):
                continue
            fixed = {address for address in track.shapes if not any(s in moving for terms in address for s, _ in terms)}
            still = [
                entry[3]
                for entry in (track.log if fixed else ())
                if entry[1] in fixed
                and (graph.number, entry[3]) not in self.facts_at
                and (graph.number, entry[3]) not in self.pinned
            ]
            if memory.axi and self._may_be_written(graph, memory):
                continue
            several = len({entry[2] for entry in track.log}) > 1
            if several and not early and self._deals(memory):
                continue
            for node in still:
                graph.access[node] = None
                graph.states[node] = 0
            track.lifted = several and len(still) == len(track.log)
            if still:
                left[number] = len(still)
        return left

    def known_outside(self, graph: Graph, outside: Graph, left: dict[int, int]) -> None:
        """Takes single loads that leave the loop out of `left` where the graph outside still has what it stored.

        Nobody loads then: the value goes from register to register.
        """
        for number in [number for number, count in left.items() if count == 1]:
            found = {entry[1:3] for entry in self.tracks_of(graph)[number].log}
            if len(found) != 1:
                continue
            ((terms, constants),) = found
            known = constants in self.stored_outside(outside, number, terms)
            self.looked.append(Single(number, terms, constants, known))
            if known:
                del left[number]

    def stored_outside(self, outside: Graph, number: int, terms: Terms) -> dict[Constants, Stored]:
        """What a graph still has of what it stored at such addresses of a memory, where it stored at no others."""
        track = self.tracks_of(outside).get(number)
        return track.stores.get(terms, {}) if track is not None and len(track.stores) == 1 else {}

    def stands_outside(self, graph: Graph, sums: set[int]) -> list[Outside]:
        """Running sums that a loop uses nothing of but a register, so that it does not hold their memories.

        `sums` are the memories whose running values stand in registers.
        """
        found: list[Outside] = []
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or not memory.local or track.guarded or not track.log:
                continue
            if number not in sums or len({entry[1:3] for entry in track.log}) > 1:
                continue
            _, terms, constants, _ = track.log[0]
            for _, _, _, node in track.log:
                graph.access[node] = None
            found.append(Outside(memory, terms, constants))
        return found

    def rows_outside(self, graph: Graph, trips: int, parted: bool) -> list[Row]:
        """Arrays of which a loop reads one row, each column a memory of its own: whoever starts the loop loads the row.

        A loop of few `trips` asks for that: each word that a copy reads is one of few known columns, in a row that no
        trip moves. Loops of more trips choose among the columns that stand there already. `parted` says that the
        last trip leaves between copies: then reports show two reads of a column for each row.
        """
        inner = self.nest[-1][0]
        found: list[Row] = []
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or not self._deals(memory) or not track.log or memory.partitions:
                continue
            if any(entry[0] for entry in track.log) or len({entry[1] for entry in track.log}) > 1:
                continue
            terms = track.log[0][1]
            moved = [place for place, one in enumerate(terms) if any(symbol == inner for symbol, _ in one)]
            column = len(terms) - 1
            if moved != [column] or len(terms[column]) > 1:
                continue
            rows = {entry[2][:column] + entry[2][column + 1 :] for entry in track.log}
            others = {symbol for place, one in enumerate(terms) if place != column for symbol, _ in one}
            if len(rows) != 1 or others & (self.variant | self.deltas.keys()):
                continue
            columns = {entry[2][column] for entry in track.log}
            use = self.uses.of(memory.order)
            few = trips <= _FEW_TRIPS and len(columns) * trips >= memory.extents[column]
            if not few and not use.columns:
                continue
            use.columns = True
            memory.dealt = max(memory.dealt, memory.extents[column])
            for _, _, _, node in track.log:
                graph.access[node] = None
                if few:
                    graph.states[node] = 0
            track.lifted = True
            loads = 0 if len(memory.extents) == 1 else 1 + parted
            found.append(Row(memory, terms[:column] + terms[column + 1 :], rows.pop(), loads))
        return found

    def row_loads(self, row: Row) -> tuple[int, ...]:
        """Nodes that load a row for the modules that use it, once in a graph."""
        number = row.memory.number
        key = (self.graph.number, number, row.terms, row.constants)
        found = self.rows.get(key)
        if found is None:
            track = self.track(number)
            before = tuple(track.writers) + ((track.barrier,) if track.barrier >= 0 else ())
            bits, access = row.memory.type.bits, track.access(number, (0,), False, False)
            found = tuple([self.graph.add("load", 2, 0.0, before, bits=bits, access=access) for _ in range(row.loads)])
            self.rows[key] = found
            track.readers.extend(found)
        return found

    def in_front(self, left: Mapping[int, int]) -> int:
        """Cycles that so many loads of each memory take in front of a loop."""
        cycles = 0
        for number, count in left.items():
            memory = self.memories[number]
            assert isinstance(memory, Memory)
            self.in_front_of.setdefault(number, set()).add(self.graph.number)
            ports = max(1, self.capacity.get(number, memory.ports)[1]) * self._banks_around(memory)
            cycles = max(cycles, -(-count // ports) + (self.options.axi_latency if memory.axi else 1))
        return cycles

    def lift(self, graph: Graph, outside: Graph, number: int, track: Track) -> int:
        """Keeps several elements, which every iteration reads and writes, in registers of the loop.

        What the graph `outside` has just stored comes from its registers, and is stored behind the loop alone.
        Returns the cycles in which they are loaded in front of it and stored behind it, 0 where nothing is lifted.
        """
        memory = self.memories.get(number)
        if not isinstance(memory, Memory) or not self._deals(memory) or len({entry[2] for entry in track.log}) < 2:
            return 0
        self.in_front_of.setdefault(number, set()).add(graph.number)
        ports = memory.ports[1] * self._banks_around(memory)
        kept = Lifted(
            number,
            track.log[0][1],
            frozenset(entry[2] for entry in track.log if not entry[0]),
            frozenset(entry[2] for entry in track.log if entry[0]),
        )
        given = self.given_outside(outside, kept)
        missing = len(kept.loads - given.keys())
        self.layer.needed += self.taken_over(outside, kept, given)
        self.looked.append(kept._replace(missing=missing))
        for write, _, _, node in track.log:
            graph.access[node] = None
            if not write:
                graph.states[node], graph.delay[node] = 0, 0.0
        track.lifted = True
        return -(-missing // ports) + 1 + -(-len(kept.stores) // ports) + _BEHIND

    def given_outside(self, outside: Graph, kept: Lifted) -> dict[Constants, Stored]:
        """What a graph has just stored of the elements that a loop keeps: registers hold it."""
        track = self.tracks_of(outside).get(kept.number)
        if track is None or track.guarded:
            return {}
        return self.stored_outside(outside, kept.number, kept.terms)

    def taken_over(self, outside: Graph, kept: Lifted, given: Mapping[Constants, Stored]) -> list[Val]:
        """The values that a loop takes from registers around it; they are stored behind the loop alone."""
        found: list[Val] = []
        for constants in kept.stores & given.keys():
            node, value, _ = given[constants]
            if isinstance(value, Val):
                found.append(value)
            self.drop_store(outside, self.tracks_of(outside)[kept.number], node)
        return found

    def _deals(self, memory: Memory) -> bool:
        """Whether the tool deals an array out as it likes."""
        options = self.options
        free = options.auto_partition and options.deal_arrays and not self.designer_partitions
        return free and memory.local and not memory.asked

    def _banks_around(self, memory: Memory) -> int:
        """Banks of an array outside a loop that keeps its elements in registers: what other loops ask for."""
        dealt = self.decisions.get(memory.order, {}).get(-1) if self._deals(memory) else None
        return max(1, memory.banks, memory.dealt, dealt.factor if dealt is not None else 1)

    def _sink(self, graph: Graph, track: Track, moving: set[int]) -> None:
        """Stores of every iteration to the same elements, which none loads, leave the loop: the last one counts."""
        if track.guarded or any(not entry[0] for entry in track.log):
            return
        if any(symbol in moving for entry in track.log for terms in entry[1] for symbol, _ in terms):
            return
        for _, _, _, node in track.log:
            graph.access[node] = None
            graph.states[node] = 0
        track.log.clear()

    def _may_be_written(self, graph: Graph, memory: Memory) -> bool:
        """Whether a loop that stores through an AXI port may store what it reads there.

        The arrays of a bundle are one pointer with offsets, unless they are parted into ports of their own.
        """
        for number, track in self.tracks_of(graph).items():
            other = self.memories.get(number)
            if not isinstance(other, Memory) or not other.axi or not any(entry[0] for entry in track.log):
                continue
            if 0 in memory.extents or (other.bundle == memory.bundle and not memory.partitions):
                return True
        return False

"""AXI masters in a pipelined loop: bursts asked for in front of it, single transfers, what is kept in registers.

What a transfer takes is read off the loop tables and burst tables of public reports of Vitis HLS 2022. A read asks for
its word and has it `axi_latency` cycles later; a write hands it over and waits `axi_response` cycles for the answer.
A burst over all iterations does both outside the loop, whose iterations then move one word a cycle. Each of these
takes the whole of its states (schedules of 2018 to 2025, all families), so nothing is chained to it.
"""

from __future__ import annotations

from aigchip_tui.estimator.dependences import DependenceWalk
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Memory
from aigchip_tui.estimator.tracks import Constants, Terms, Track

Entry = tuple[bool, Terms, Constants, int]


def widened(bits: int, words: int, widest: int) -> int:
    """Bits of a port for so many words of `bits` in a row: a power of two up to `widest` that divides all of them."""
    if bits & (bits - 1):
        return 0
    whole = bits * words
    return max(bits, min(widest, whole & -whole))


class BurstWalk(DependenceWalk):
    """Finds the bursts of a loop after its body has been walked."""

    def axi_kept(self, graph: Graph, nest: tuple[tuple[int, int], ...]) -> int:
        """Keeps in registers what the iterations of a loop read and write on an AXI port at fixed addresses.

        Returns the cycles that its reads take in front of the loop and its writes behind it.
        """
        cycles = 0
        tracks = self._axi_tracks(graph)
        written = [number for number, track in tracks.items() if any(entry[0] for entry in track.log)]
        for number in written:
            rivals = sum(self._axi(other).bundle == self._axi(number).bundle for other in written)
            if rivals == 1 and self._stays(graph, nest, tracks[number]):
                addresses = self._keep(graph, tracks[number])
                cycles = max(cycles, 2 * addresses + self.options.axi_latency + self.options.axi_response)
        return cycles

    def axi_bursts(self, graph: Graph, nest: tuple[tuple[int, int], ...], counted: bool) -> int:
        """Makes bursts of the AXI accesses of a loop, or leaves them single transfers; `counted`: its trips are those
        of the text, so that the tool may widen their ports.

        Returns the cycles that requests take in front of the loop and answers behind it.
        """
        before = after = 0
        tracks = self._axi_tracks(graph)
        ports: dict[tuple[str, tuple[int, ...] | None, bool], dict[int, list[Entry]]] = {}
        for number, track in tracks.items():
            for entry in track.log:
                access = graph.access[entry[3]]
                if access is not None:
                    port = (self._axi(number).bundle, access.banks, entry[0])
                    ports.setdefault(port, {}).setdefault(number, []).append(entry)
        for (_, banks, write), users in ports.items():
            if banks is None or len(banks) != 1 or len(users) != 1:
                continue
            (number, entries), = users.items()
            if not self._in_a_row(graph, nest, self._axi(number), entries):
                continue
            for entry in entries:
                self._move_one_word(graph, entry)
            self._widen(graph, self._axi(number), entries)
            if counted:
                self._widen_port(nest, self._axi(number), len(entries))
            if write:
                after = max(after, self.options.axi_response)
            else:
                before = max(before, self.options.axi_latency)
        return before + after

    def _widen(self, graph: Graph, memory: Memory, entries: list[Entry]) -> None:
        """Moves words that an iteration reads or writes in a row as one, as wide as the tool makes a port unasked.

        As many words as a power of two stand side by side in a word of the port, the first where such a word begins.
        """
        side_by_side = self.options.axi_widest // max(1, memory.type.bits)
        if side_by_side < 2 or memory.type.bits & (memory.type.bits - 1) or len(entries) & (len(entries) - 1):
            return
        width = min(len(entries), side_by_side)
        for entry in entries:
            place, access = self._word(memory, entry), graph.access[entry[3]]
            if place is not None and access is not None and place[1] % width:
                graph.access[entry[3]] = access.without_words()

    def _widen_port(self, nest: tuple[tuple[int, int], ...], memory: Memory, words: int) -> None:
        """Widens the port of a burst of a known number of words, as far as whole wide words hold them."""
        for _, trips in nest:
            words *= trips
        memory.port_bits = max(memory.port_bits, widened(memory.type.bits, words, self.options.axi_widest))

    def _axi_tracks(self, graph: Graph) -> dict[int, Track]:
        return {
            number: track
            for number, track in self.tracks_of(graph).items()
            if track.log and isinstance(one := self.memories.get(number), Memory) and one.axi
        }

    def _axi(self, number: int) -> Memory:
        memory = self.memories[number]
        assert isinstance(memory, Memory)
        return memory

    def _stays(self, graph: Graph, nest: tuple[tuple[int, int], ...], track: Track) -> bool:
        """Whether every access of a memory that is read and written goes to an address that no iteration changes."""
        moving = {symbol for symbol, _ in nest} | set(self.deltas) | set(self.variant)
        return any(not entry[0] for entry in track.log) and not any(
            symbol in moving for entry in track.log for terms in entry[1] for symbol, _ in terms
        ) and not any((graph.number, entry[3]) in self.guarded_axi for entry in track.log)

    @staticmethod
    def _keep(graph: Graph, track: Track) -> int:
        """Keeps what a loop reads and writes at fixed addresses in registers; gives the number of addresses."""
        first: dict[tuple[Terms, Constants], int] = {}
        last: dict[tuple[Terms, Constants], int] = {}
        for write, terms, constants, node in track.log:
            graph.access[node] = None
            graph.states[node] = 0
            if write:
                last[(terms, constants)] = node
            else:
                first.setdefault((terms, constants), node)
        for address, node in first.items():
            if address in last:
                graph.back.append((last[address], node, 1, 0))
        track.log.clear()
        return len(first.keys() | last.keys())

    def _in_a_row(
        self, graph: Graph, nest: tuple[tuple[int, int], ...], memory: Memory, entries: list[Entry]
    ) -> bool:
        """Whether accesses of one direction read or write words in a row, over all iterations, under no condition."""
        if any((graph.number, entry[3]) in self.guarded_axi | self.pinned for entry in entries):
            return False
        places = [self._word(memory, entry) for entry in entries]
        steps = {self.ranked_terms(tuple(sorted(place[0].items()))) for place in places if place is not None}
        if None in places or len(steps) != 1:
            return False
        at = sorted(set(self.ranked(tuple([place[1] for place in places if place is not None]))))
        if at[-1] - at[0] + 1 != len(at):
            return False
        step = dict(next(iter(steps)))
        if any(symbol in self.variant or symbol in self.deltas for symbol in step):
            return False
        wanted = len(at)
        for symbol, trips in reversed(nest):
            if trips > 1 and step.get(symbol, 0) != wanted:
                return False
            wanted *= trips
        return True

    @staticmethod
    def _word(memory: Memory, entry: Entry) -> tuple[dict[int, int], int] | None:
        """Word of its bank that an access goes to: by how much each symbol moves it, and a constant."""
        moves: dict[int, int] = {}
        constant = 0
        stride = 1
        for position in reversed(range(len(entry[1]))):
            extent = memory.extents[position] if position < len(memory.extents) else 1
            partition = memory.partitions.get(position)
            count = 1
            if partition is not None:
                count = extent if partition.style == "complete" else min(partition.factor, max(1, extent))
                if partition.style != "cyclic" or any(by % count for _, by in entry[1][position]):
                    return None
            for symbol, by in entry[1][position]:
                moves[symbol] = moves.get(symbol, 0) + by // count * stride
            constant += entry[2][position] // count * stride
            stride *= -(-max(1, extent) // count)
        return {symbol: by for symbol, by in moves.items() if by}, constant

    def _move_one_word(self, graph: Graph, entry: Entry) -> None:
        """A word of a burst: read in the second state, written after the first."""
        node = entry[3]
        graph.states[node] = 1 if entry[0] else self.options.axi_read_states
        request = self.requests.get((graph.number, node))
        if request is not None:
            graph.states[request] = 1

"""Accesses of memories and streams: addresses, banks, ports, nodes of the graph."""

from __future__ import annotations

from aigchip_tui.estimator.objects import (
    Group,
    Memory,
    Partition,
    Result,
    Stream,
    fresh,
)
from aigchip_tui.estimator.ordering import OrderWalk
from aigchip_tui.estimator.tracks import Constants, Shape, Terms, Track, Visit
from aigchip_tui.estimator.values import Lin, Val

_ONE_BANK = (0,)
_MOST_BEFORE = 16
"""Earlier accesses of a stream among which the next one looks for those that it waits for."""
_REGISTER_NS = 0.1
"""Delay of the register of an AXI4-Stream port."""
_PIPED_UNTIL, _PIPED_WORDS = 2020, 1 << 18
"""Until when tools piped the accesses of memories of more words than so many: two states more to read, one to write."""
_ADDRESS_NS = 0.1
"""Delay of handing an address to an AXI port, in the state before it is asked."""


class MemoryWalk(OrderWalk):
    """Accesses of memories and streams: addresses, banks, ports, nodes of the graph."""

    def access(self, memory: Memory, indices: tuple[Val, ...], value: Result | None) -> Result:
        """One load (`value` None) or store of an array element."""
        write = value is not None
        self.work += 3
        if self.work > self.options.limit:
            self.options.exhausted(self.line)
        dimensions = len(memory.extents) or 1
        sources: list[int] = []
        graph = self.graph
        parts: list[tuple[tuple[int, int], ...]] = []
        offsets: list[int] = []
        for index in indices if len(indices) == dimensions else indices[:dimensions]:
            lin = index.lin
            if lin is None:
                parts.append(((fresh(), 1),))
                offsets.append(0)
            else:
                parts.append(lin.terms)
                offsets.append(lin.constant)
            if index.graph is graph and index.node >= 0:
                sources.append(index.node)
        while len(parts) < dimensions:
            parts.append(())
            offsets.append(0)
        terms: Terms = tuple(parts)
        constants: Constants = tuple(offsets)
        if self.trace is not None:
            terms, constants = tuple(map(self.ranked_terms, terms)), self.ranked(constants)
        partial = len(indices) > dimensions
        here = self.tracks.get(graph.number)
        track = here.get(memory.number) if here is not None else None
        if track is None:
            track = self.track(memory.number)
        track.free = memory.number in self.free_within
        shape = track.shapes.get(terms)
        if shape is None:
            shape = track.shape(terms)
            if memory.local:
                self.uses.of(memory.order).moves(terms)
        if write:
            memory.written = True
        else:
            memory.read = True
        if track.noted < (2 if write else 1):
            track.noted = 2 if write else 1
            for touched in self.touched:
                if write or memory.number not in touched:
                    touched[memory.number] = write or touched.get(memory.number, False)
        if not write and (shape.stores or shape.loads):
            known = self._forwarded(track, shape, constants)
            if known is not None:
                if self.seen is not None:
                    self.seen.visits.append(Visit(False, memory, track, shape, constants, -1, known))
                return self._part(memory, known, indices) if partial else known
        address = shape.addresses.get(constants)
        if address is None:
            address = shape.addresses[constants] = self._address(memory, shape, constants, sources)
        if address:
            sources += address
        banks = self.banks_of(memory, shape, constants) if memory.partitions else _ONE_BANK
        number = self._port(memory) if memory.axi else memory.number
        if self.operators.small_bits and memory.sized is not memory.partitions:
            memory.sized = memory.partitions
            memory.small = 0 < memory.bank_bits <= self.operators.small_bits and memory.storage in ("", "lutram")
        cost = self.operators.memory(memory.local, write, memory.small)
        states, delay = cost.states, cost.delay
        if memory.local and memory.latency is None and not (memory.axi or memory.fifo or memory.rom):
            pass
        elif memory.axi:
            states = 1 + (self.options.axi_response if write else self.options.axi_latency)
            delay = self.operators.budget
        elif memory.fifo:
            states, delay = 1, self.operators.fifo_delay
        elif memory.latency is not None and not write:
            states = memory.latency + 1
        elif not memory.local and memory.extents == (0,) and not (terms[0] or constants[0]):
            # A pointer that is only dereferenced is a port of wires: no address, no clocked memory.
            states, delay = 1, 0.0
        elif memory.rom and memory.words * memory.type.bits <= 1024:
            states, delay = 1, self.operators.simple("select", 1).delay * 2
        if self.operators.tool_year < _PIPED_UNTIL and memory.words > _PIPED_WORDS and not (memory.axi or memory.fifo):
            states += 1 if write else 2
        if write:
            assert value is not None
            if type(value) is Val:
                value = self.summed(value)
            if type(value) is Group:
                sources += [part.node for part in value.values() if part.graph is graph and part.node >= 0]
            if value.graph is graph and value.node >= 0:
                sources.append(value.node)
        if track.stores or track.barrier >= 0:
            sources += self._order(track, shape, constants)
        if self.guard:
            track.guarded = track.guarded or write
            sources += [node for node in self.guard if node >= 0]
        request = -1
        if memory.axi and write:
            request = graph.add("address", 2, _ADDRESS_NS, (*address, *(one for one in self.guard if one >= 0)), bits=1)
            sources.append(request)
        asked = track.access(number, banks, write, memory.axi)
        if self.guard and not memory.axi and self._has_turn(track.shares.setdefault(banks, [])):
            asked = asked.without_words()
        node = graph.add(
            "store" if write else "load",
            states,
            delay,
            tuple(dict.fromkeys(sources)) if len(sources) > 1 else tuple(sources),
            bits=memory.type.bits,
            access=asked,
            line=self.line,
        )
        if memory.axi:
            if request >= 0:
                self.requests[(graph.number, node)] = request
            if self.guard:
                self.guarded_axi.add((graph.number, node))
        track.log.append((write, terms, constants, node))
        if write and memory.local and not self.options.deal_arrays:
            self.uses.of(memory.order).writes(track.written, banks, (shape.number, constants))
        if self.facts:
            self.facts_at[(self.graph.number, node)] = self.facts
        if self.pinning:
            self.pinned.add((self.graph.number, node))
        if write:
            assert value is not None
            track.under[node] = self.guard
            if self.seen is not None:
                before = shape.stores.get(constants) if shape.stores else None
                self.seen.visits.append(Visit(True, memory, track, shape, constants, node, value, before))
            self._remember_store(track, shape, constants, node, value if not partial else None)
            return value
        kind = memory.type.kind
        loaded: Result
        if memory.type.scalar():
            loaded = Val(kind, node, None, Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None, self.graph)
        else:
            loaded = Group(memory.type, node, self.graph)
        track.readers.append(node)
        if shape.loads is None:
            shape.loads = track.loads[terms] = {}
        shape.loads[constants] = loaded
        shape.reads[constants] = shape.latest = node
        if self.seen is not None:
            self.seen.visits.append(Visit(False, memory, track, shape, constants, node, loaded))
        return self._part(memory, loaded, indices) if partial else loaded

    def _part(self, memory: Memory, loaded: Result, indices: tuple[Val, ...]) -> Result:
        if not isinstance(loaded, Group) or memory.type.element is None:
            return loaded
        index = indices[len(memory.extents) or 1]
        key = int(index.const) if isinstance(index.const, int) else fresh()
        return loaded.item(key, memory.type.element)

    def _port(self, memory: Memory) -> int:
        """The AXI port that a memory outside is reached through."""
        found = self.bundles.get(memory.bundle)
        if found is None:
            found = self.bundles[memory.bundle] = fresh()
            self.capacity[found] = (2, 1, 1)
        return found

    def _address(self, memory: Memory, shape: Shape, constants: Constants, sources: list[int]) -> list[int]:
        if shape.local is not self.local_symbols:
            shape.local, shape.adders = self.local_symbols, self._adders(memory, shape.terms)
        levels, parts, moved = shape.adders
        if moved:
            levels += max(0, parts + sum([1 for position in moved if constants[position]]))
        if not levels:
            return []
        delay = self.operators.simple("add", 12).delay * min(levels, 2)
        return [self.graph.add("address", 1, delay, tuple(sources), bits=12, widths=(levels,), line=self.line)]

    def _adders(self, memory: Memory, terms: Terms) -> tuple[int, int, tuple[int, ...]]:
        """Adders of the rows' products, terms to add up less one, dimensions whose constant is one term more."""
        inner = self.local_symbols
        levels = parts = 0
        moved: list[int] = []
        for position, each in enumerate(terms):
            moving = [symbol for symbol, _ in each if symbol in inner]
            if not moving:
                continue
            moved.append(position)
            parts += len(moving)
            if position < len(terms) - 1:
                extent = memory.extents[position + 1]
                if extent & (extent - 1):
                    levels += 1
        invariant = any(symbol not in inner for each in terms for symbol, _ in each)
        return levels, parts - 1 + (1 if invariant else 0), tuple(moved)

    def banks_of(self, memory: Memory, shape: Shape, constants: Constants) -> tuple[int, ...] | None:
        """`banks` of an address, found once for all constants that select the same ones."""
        if shape.banked is not memory.partitions:
            shape.banked, shape.banking = memory.partitions, self._banking(memory, shape.terms)
            shape.banks.clear()
        if shape.banking is None:
            return self.banks(memory, list(map(Lin, constants, shape.terms)))
        selected: Constants = ()
        for position, count, size in shape.banking:
            constant = constants[position]
            selected += (min(count - 1, max(0, constant // size)) if size else constant % count,)
        if selected not in shape.banks:
            shape.banks[selected] = self.banks(memory, list(map(Lin, constants, shape.terms)))
        return shape.banks[selected]

    @staticmethod
    def _banking(memory: Memory, terms: Terms) -> tuple[tuple[int, int, int], ...] | None:
        """Dimensions whose constant alone selects a bank: position, banks, words in a row of one bank (0: cyclic).

        None where the range of an index decides.
        """
        found: list[tuple[int, int, int]] = []
        for position, extent in enumerate(memory.extents):
            partition = memory.partitions.get(position)
            if partition is None:
                continue
            count = extent if partition.style == "complete" else min(partition.factor, max(1, extent))
            if partition.style == "cyclic":
                if not any(coefficient % count for _, coefficient in terms[position]):
                    found.append((position, count, 0))
            elif terms[position]:
                return None
            else:
                found.append((position, count, 1 if partition.style == "complete" else -(-extent // count)))
        return tuple(found)

    def banks(self, memory: Memory, lins: list[Lin]) -> tuple[int, ...] | None:
        """Banks that an access may touch, or None for all."""
        if not memory.partitions:
            return _ONE_BANK
        found = [0]
        for position, extent in enumerate(memory.extents):
            partition = memory.partitions.get(position)
            if partition is None:
                continue
            count = extent if partition.style == "complete" else min(partition.factor, max(1, extent))
            bank = self._bank(partition, lins[position] if position < len(lins) else Lin(0), extent, count)
            options = range(count) if bank is None else (bank,)
            found = [one * count + option for one in found for option in options]
            if len(found) > 512:
                return None
        return tuple(found)

    def _bank(self, partition: Partition, lin: Lin, extent: int, count: int) -> int | None:
        if partition.style == "cyclic":
            if any(coefficient % count for _, coefficient in lin.terms):
                return None
            return lin.constant % count
        size = 1 if partition.style == "complete" else max(1, -(-extent // count))
        if not lin.terms:
            return min(count - 1, max(0, lin.constant // size))
        bounds = self.range_of(lin)
        if bounds is not None and bounds[0] // size == bounds[1] // size:
            return bounds[0] // size
        return None

    def stream_read(self, stream: Stream) -> Result:
        """One token from a stream."""
        return self._stream(stream, None)

    def stream_write(self, stream: Stream, value: Result) -> None:
        """One token into a stream."""
        self._stream(stream, value)

    def _stream(self, stream: Stream, value: Result | None) -> Result:
        write = value is not None
        track = self.track(stream.number)
        sources = [track.barrier] if track.barrier >= 0 else []
        previous = track.writers if write else track.readers
        sources += self._before(track, previous)
        access = track.access(stream.number, _ONE_BANK, write)
        if self.guard and self._has_turn(track.turns[write]):
            access = access.without_words()
        elif not self.guard:
            track.turns[write].append([()])
        if value is not None:
            if isinstance(value, Val):
                value = self.summed(value)
                if value.graph is self.graph and value.node >= 0:
                    sources.append(value.node)
            else:
                sources += [part.node for part in value.values() if part.graph is self.graph and part.node >= 0]
                if value.graph is self.graph and value.node >= 0:
                    sources.append(value.node)
        if self.guard:
            sources += [node for node in self.guard if node >= 0]
        for touched in self.touched:
            touched[stream.number] = True
        self.capacity.setdefault(stream.number, (2, 1, 1))
        delay = _REGISTER_NS if stream.axis else self.operators.fifo_delay
        node = self.graph.add(
            "stream_write" if write else "stream_read",
            1,
            delay,
            tuple(dict.fromkeys(sources)),
            bits=stream.type.total_bits,
            access=access,
            line=self.line,
        )
        previous.append(node)
        track.under[node] = self.guard
        if value is not None:
            if stream.axis and not (self.pipelined and self.nest and self.options.imperfect_flatten):
                # Its register takes the token in one state and says so in the next; pipelines that became modules of
                # their own hand it over outside.
                self.graph.add("answer", 1, self.operators.budget, (node,), bits=0, line=self.line)
            return value
        if stream.type.scalar():
            kind = stream.type.kind
            return Val(kind, node, None, Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None, self.graph)
        return Group(stream.type, node, self.graph)

    def _before(self, track: Track, previous: list[int]) -> list[int]:
        """Accesses of a stream that the next one waits for: not those that never happen with it."""
        found: list[int] = []
        for node in reversed(previous[-_MOST_BEFORE:]):
            guard = track.under.get(node, ())
            if self._exclude(guard, self.guard):
                continue
            found.append(node)
            if guard == self.guard[: len(guard)]:
                break
        return found

    def _has_turn(self, turns: list[list[tuple[int, ...]]]) -> bool:
        """Whether an access takes the turn of others of which none happens together with it; it takes one of its own
        otherwise.
        """
        for turn in turns[-_MOST_BEFORE:]:
            if len(turn) < _MOST_BEFORE and all(self._exclude(other, self.guard) for other in turn):
                turn.append(self.guard)
                return True
        turns.append([self.guard])
        return False

    def _exclude(self, first: tuple[int, ...], second: tuple[int, ...]) -> bool:
        """Whether of two accesses under these conditions one happens where a condition holds, the other otherwise."""
        number, otherwise = self.graph.number, self.otherwise
        return any(otherwise.get((number, node), -1) in first for node in second if node >= 0) or any(
            otherwise.get((number, node), -1) in second for node in first if node >= 0
        )

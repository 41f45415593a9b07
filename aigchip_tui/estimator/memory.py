"""The symbolic walk over memories: places, banks, forwarding, order within an iteration, dependences between
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigchip_tui.estimator.graph import Access, Graph
from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Group,
    Layer,
    Memory,
    Partition,
    Registers,
    Result,
    Stream,
    Struct,
    Type,
    View,
    fresh,
)
from aigchip_tui.estimator.values import INT, Kind, Lin, Val, integer

if TYPE_CHECKING:
    from aigchip_tui.estimator.operators import Operators
    from aigchip_tui.estimator.options import Options

Terms = tuple[tuple[tuple[int, int], ...], ...]
Constants = tuple[int, ...]

_MUX_LIMIT = 256


class Track:
    """What one graph has done to one memory so far."""

    __slots__ = ("barrier", "loads", "log", "readers", "stores", "writers")

    def __init__(self) -> None:
        self.stores: dict[Terms, dict[Constants, tuple[int, Result, tuple[int, ...]]]] = {}
        self.loads: dict[Terms, dict[Constants, Result]] = {}
        self.log: list[tuple[bool, Terms, Constants, int]] = []
        self.writers: list[int] = []
        self.readers: list[int] = []
        self.barrier = -1


class MemoryWalk:
    """State shared by the walk, and everything that touches memories, registers and streams."""

    graph: Graph
    layer: Layer
    operators: Operators
    options: Options

    def __init__(self) -> None:
        self.scopes: list[dict[str, Binding | Val]] = []
        self.ranges: dict[int, tuple[int, int]] = {}
        self.deltas: dict[int, int] = {}
        self.derived_symbols: dict[object, int] = {}
        self.name_symbols: dict[str, int] = {}
        self.tracks: dict[tuple[int, int], Track] = {}
        self.memories: dict[int, Memory | Stream] = {}
        self.capacity: dict[int, tuple[int, int, int]] = {}
        self.associative: set[tuple[int, int]] = set()
        self.guard: tuple[int, ...] = ()
        self.local_symbols: frozenset[int] = frozenset()
        self.line = 0
        self.notes: list[str] = []
        self.work = 0
        self.touched: list[dict[int, bool]] = []
        self.pinned: set[tuple[int, int]] = set()
        self.pinning = False
        self.wrapping: set[int] = set()
        self.facts: tuple[Lin, ...] = ()
        self.facts_at: dict[tuple[int, int], tuple[Lin, ...]] = {}
        self.declared_arrays = 0
        self.decisions: dict[int, dict[int, Partition]] = {}

    # --- small services --------------------------------------------------------------------------------------------

    def spend(self, amount: int) -> None:
        """Counts work; a body that is too large to walk raises through `Options.limit`."""
        self.work += amount
        if self.work > self.options.limit:
            self.options.exhausted()

    def note(self, text: str) -> None:
        """Remembers once what is unknown and why."""
        if text not in self.notes and len(self.notes) < 40:
            self.notes.append(text)

    def lookup(self, name: str) -> Binding | Val | None:
        """What a name stands for, innermost scope first."""
        for scope in reversed(self.scopes):
            found = scope.get(name)
            if found is not None:
                return found
        return None

    def symbol_of_name(self, name: str) -> int:
        """A symbol for a name that is not declared in the text."""
        found = self.name_symbols.get(name)
        if found is None:
            found = self.name_symbols[name] = fresh()
        return found

    def scratch(self, name: str) -> Cell:
        """A register for a name that nobody declared."""
        cell = Cell(INT, fresh())
        self.scopes[0][name] = cell
        return cell

    def range_of(self, lin: Lin) -> tuple[int, int] | None:
        """Least and greatest value of a linear form, when all its symbols have ranges."""
        low = high = lin.constant
        for symbol, coefficient in lin.terms:
            bounds = self.ranges.get(symbol)
            if bounds is None:
                return None
            a, b = coefficient * bounds[0], coefficient * bounds[1]
            low += min(a, b)
            high += max(a, b)
        return low, high

    def track(self, memory: int) -> Track:
        """The record of the current graph for a memory."""
        key = (self.graph.number, memory)
        found = self.tracks.get(key)
        if found is None:
            found = self.tracks[key] = Track()
        return found

    # --- places ----------------------------------------------------------------------------------------------------

    def indexed(self, base: Binding, index: Val) -> Binding:
        """`base[index]`."""
        if isinstance(base, Stream):
            if not base.extents:
                return base
            number = int(index.const) if isinstance(index.const, int) else 0
            if len(base.extents) > 1:
                row = base.items.get((number,))
                if row is None:
                    row = Stream(fresh(), base.type, base.depth, base.name, base.extents[1:], local=base.local)
                    base.items[(number,)] = row
                return row
            item = base.items.get((number,))
            if item is None:
                item = Stream(
                    fresh(), base.type, base.depth, f"{base.name}[{number}]", local=base.local, explicit=base.explicit
                )
                base.items[(number,)] = item
                self.capacity[item.number] = (2, 1, 1)
                self.memories[item.number] = item
            return item
        if isinstance(base, Struct):
            if "__array__" in base.fields:
                return self.indexed(base.fields["__array__"], index)
            fields = {name: self.indexed(field, index) for name, field in base.fields.items()}
            return Struct(base.type, fields, base.root)
        if isinstance(base, Cell):
            return base
        if isinstance(base, View):
            if base.pointer and base.indices:
                return self.offset(View(base.target, base.indices), index)
            return self.settle(View(base.target, (*base.indices, index)))
        if isinstance(base, Memory | Registers):
            return self.settle(View(base, (index,)))
        return base

    def settle(self, view: View) -> Binding:
        """A complete index of constants into registers designates the register itself."""
        target = view.target
        if isinstance(target, Registers):
            count = len(target.extents)
            if len(view.indices) >= count and all(isinstance(index.const, int) for index in view.indices[:count]):
                key = tuple(int(index.const or 0) for index in view.indices[:count])
                item = self.register_item(target, key)
                for index in view.indices[count:]:
                    item = self.indexed(item, index)
                return item
        return view

    def register_item(self, registers: Registers, key: tuple[int, ...]) -> Binding:
        """The register of one element."""
        item = registers.items.get(key)
        if item is None:
            item = self.declare(registers.type, "", registers.root)
            registers.items[key] = item
        return item

    def offset(self, base: Binding, offset: Val) -> Binding:
        """`base + offset` on an array or pointer: its last index moves."""
        if isinstance(base, Memory | Registers):
            return View(base, (offset,), True)
        if isinstance(base, View) and base.indices:
            last = base.indices[-1]
            if last.lin is not None and offset.lin is not None:
                moved = last.lin.plus(offset.lin)
                node = last.node if last.graph is self.graph else -1
                if offset.graph is self.graph and offset.node >= 0:
                    node = offset.node
                const = moved.constant if not moved.terms else None
                value = Val(INT, node, const, moved, self.graph)
            else:
                value = Val(INT, offset.node, None, Lin(0, ((fresh(), 1),)), self.graph)
            return View(base.target, (*base.indices[:-1], value), True)
        return base

    def member(self, base: Binding, name: str) -> Binding:
        """`base.name`."""
        if isinstance(base, Struct):
            found = base.fields.get(name)
            return found if found is not None else Cell(INT, fresh())
        if isinstance(base, View):
            return View(base.target, (*base.indices, Val(Kind("i", 0), -2, None, None, name)))
        if isinstance(base, Stream | Memory | Registers):
            return base
        return base

    def declare(self, kind: Type, name: str, root: int = 0, *, local: bool = True, registers: bool = False) -> Binding:
        """A new object of a type; small and completely partitioned arrays become registers."""
        root = root or fresh()
        if kind.form in ("stream", "blocks"):
            element = kind.element if kind.element is not None else Type("scalar")
            stream = Stream(fresh(), element, kind.depth, name, kind.extents, local=local)
            self.capacity[stream.number] = (2, 1, 1)
            self.memories[stream.number] = stream
            return stream
        if kind.extents:
            if kind.form == "struct":
                plain = kind.stripped()
                fields: dict[str, Binding] = {}
                for label, part in plain.fields.items():
                    inner = part.stripped()
                    inner.extents = kind.extents + part.extents
                    fields[label] = self.declare(inner, name, root, local=local, registers=registers)
                return Struct(plain, fields, root)
            if registers:
                return Registers(kind.stripped(), kind.extents, root)
            order = self.declared_arrays
            self.declared_arrays += 1
            decided = self.decisions.get(order, {})
            if (
                decided
                and local
                and all(
                    position in decided and decided[position].style == "complete"
                    for position in range(len(kind.extents))
                )
            ):
                return Registers(kind.stripped(), kind.extents, root)
            memory = Memory(fresh(), name, kind.stripped(), kind.extents, local, line=self.line, order=order)
            memory.partitions.update({position: plan for position, plan in decided.items() if position >= 0})
            memory.dealt = decided[-1].factor if -1 in decided else 1
            self.memories[memory.number] = memory
            self.capacity[memory.number] = memory.ports
            return memory
        if kind.form == "vector" and kind.element is not None:
            return Registers(kind.element, (kind.count,), root)
        if kind.form == "struct":
            return Struct(
                kind,
                {
                    label: self.declare(part, f"{name}.{label}", root, registers=True)
                    for label, part in kind.fields.items()
                },
                root,
            )
        return Cell(kind.kind, root)

    def hold(self, value: Result) -> Binding:
        """A nameless register that holds a value."""
        if isinstance(value, Group):
            holder = self.declare(value.type, "")
            self.store(holder, value)
            return holder
        cell = Cell(value.kind, fresh())
        self.layer.write(cell, value)
        return cell

    # --- loads and stores ------------------------------------------------------------------------------------------

    def load(self, place: Binding) -> Result:
        """Value at a place."""
        if isinstance(place, Cell):
            return self.layer.read(place)
        if isinstance(place, Registers):
            group = Group(self._registers_type(place), -1, self.graph)
            if len(place.extents) == 1 and place.extents[0] <= 4096:
                for number in range(place.extents[0]):
                    group.items[number] = self.load(self.register_item(place, (number,)))
            return group
        if isinstance(place, Struct):
            group = Group(place.type, -1, self.graph)
            for name, field in place.fields.items():
                group.items[name] = self.load(field)
            return group
        if isinstance(place, View):
            return self.load_view(place)
        if isinstance(place, Stream):
            return self.stream_read(place) if not place.extents else integer(0)
        return self.load_view(View(place, (integer(0),)))

    def _registers_type(self, place: Registers) -> Type:
        if len(place.extents) == 1:
            return Type("vector", place.type.kind, place.type, place.extents[0])
        return place.type

    def store(self, place: Binding, value: Result) -> None:
        """Writes a value to a place."""
        if isinstance(place, Cell):
            if isinstance(value, Group):
                value = Val(place.kind, value.node, None, None, value.graph)
            converted = self.convert(value, place.kind) if value.kind != place.kind else value
            self.layer.write(place, converted)
        elif isinstance(place, Registers):
            self._store_registers(place, value)
        elif isinstance(place, Struct):
            for position, (name, field) in enumerate(place.fields.items()):
                if isinstance(value, Group):
                    item = value.items.get(name) or value.items.get(position)
                    if item is None and value.type.form == "struct" and name in value.type.fields:
                        item = value.item(name, value.type.fields[name])
                    if item is None and value.node >= 0:
                        item = Val(INT, value.node, None, Lin(0, ((fresh(), 1),)), value.graph)
                    if item is not None:
                        self.store(field, item)
                elif isinstance(value, Val):
                    self.store(field, value)
        elif isinstance(place, View):
            self.store_view(place, value)
        elif isinstance(place, Stream):
            if not place.extents:
                self.stream_write(place, value)
        else:
            self.store_view(View(place, (integer(0),)), value)

    def convert(self, value: Val, kind: Kind) -> Val:
        """Conversion to a kind (the expression walk overrides it)."""
        return value

    def _store_registers(self, place: Registers, value: Result) -> None:
        if len(place.extents) != 1:
            return
        for number in range(min(place.extents[0], 4096)):
            item = self.register_item(place, (number,))
            if isinstance(value, Group):
                if value.type.form == "vector" and value.type.element is not None:
                    part: Result | None = value.item(number, value.type.element)
                else:
                    part = value.items.get(number)
                    if part is None and value.node >= 0:
                        part = Val(place.type.kind, value.node, None, None, value.graph)
            else:
                part = value
            if part is not None:
                self.store(item, part)

    def load_view(self, view: View) -> Result:
        """Load through an index."""
        target = view.target
        if isinstance(target, Registers):
            return self._mux(target, view)
        if isinstance(target, Stream):
            return self.stream_read(target)
        return self.access(target, view.indices, None)

    def store_view(self, view: View, value: Result) -> None:
        """Store through an index."""
        target = view.target
        if isinstance(target, Registers):
            self._demux(target, view, value)
        elif isinstance(target, Memory):
            self.access(target, view.indices, value)

    def _choices(self, target: Registers, view: View) -> list[tuple[int, ...]]:
        keys: list[tuple[int, ...]] = [()]
        for position, extent in enumerate(target.extents):
            index = view.indices[position] if position < len(view.indices) else None
            if index is not None and isinstance(index.const, int):
                options = range(int(index.const), int(index.const) + 1)
            else:
                low, high = 0, extent - 1
                if index is not None and index.lin is not None:
                    bounds = self.range_of(index.lin)
                    if bounds is not None:
                        low, high = max(0, bounds[0]), min(extent - 1, bounds[1])
                options = range(low, high + 1)
            keys = [(*key, option) for key in keys for option in options]
            if len(keys) > _MUX_LIMIT * 16:
                return keys[: _MUX_LIMIT * 16]
        return keys

    def _index_sources(self, view: View) -> tuple[int, ...]:
        return tuple(index.node for index in view.indices if index.graph is self.graph and index.node >= 0)

    def _mux(self, target: Registers, view: View) -> Result:
        keys = self._choices(target, view)
        self.spend(len(keys))
        items = [self.load(self.register_item(target, key)) for key in keys[:_MUX_LIMIT]]
        sources: list[int] = list(self._index_sources(view))
        for item in items:
            if isinstance(item, Val) and item.graph is self.graph and item.node >= 0:
                sources.append(item.node)
            elif isinstance(item, Group):
                sources += [part.node for part in item.values() if part.graph is self.graph and part.node >= 0]
        levels = max(1, (len(keys)).bit_length() - 1)
        delay = self.operators.simple("select", 1).delay * max(1.0, levels / 2)
        node = self.graph.add(
            "mux", 1, delay, tuple(dict.fromkeys(sources)), bits=target.type.bits, widths=(len(keys),), line=self.line
        )
        if target.type.scalar():
            kind = target.type.kind
            return Val(kind, node, None, Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None, self.graph)
        return Group(target.type, node, self.graph)

    def _demux(self, target: Registers, view: View, value: Result) -> None:
        keys = self._choices(target, view)
        self.spend(len(keys))
        sources = list(self._index_sources(view))
        if isinstance(value, Val):
            if value.graph is self.graph and value.node >= 0:
                sources.append(value.node)
        else:
            sources += [part.node for part in value.values() if part.graph is self.graph and part.node >= 0]
        delay = self.operators.simple("select", 1).delay
        for key in keys[:_MUX_LIMIT]:
            item = self.register_item(target, key)
            old = self.load(item)
            inputs = list(sources)
            if isinstance(old, Val) and old.graph is self.graph and old.node >= 0:
                inputs.append(old.node)
            node = self.graph.add(
                "select", 1, delay, tuple(dict.fromkeys(inputs)), bits=target.type.bits, line=self.line
            )
            if target.type.scalar():
                kind = target.type.kind
                self.store(
                    item, Val(kind, node, None, Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None, self.graph)
                )
            else:
                self.store(item, Group(target.type, node, self.graph))

    def access(self, memory: Memory, indices: tuple[Val, ...], value: Result | None) -> Result:
        """One load (`value` None) or store of an array element."""
        write = value is not None
        self.spend(3)
        dimensions = max(1, len(memory.extents))
        lins: list[Lin] = []
        sources: list[int] = []
        for index in indices[:dimensions]:
            lins.append(index.lin if index.lin is not None else Lin(0, ((fresh(), 1),)))
            if index.graph is self.graph and index.node >= 0:
                sources.append(index.node)
        while len(lins) < dimensions:
            lins.append(Lin(0))
        terms: Terms = tuple(lin.terms for lin in lins)
        constants: Constants = tuple(lin.constant for lin in lins)
        partial = len(indices) > dimensions
        track = self.track(memory.number)
        if write:
            memory.written = True
        else:
            memory.read = True
        if self.touched:
            for touched in self.touched:
                touched[memory.number] = touched.get(memory.number, False) or write
        if not write:
            known = self._forwarded(track, terms, constants)
            if known is not None:
                return self._part(memory, known, indices) if partial else known
        sources += self._address(memory, lins, sources)
        banks = self.banks(memory, lins)
        number = self._port(memory)
        cost = self.operators.memory(memory.local, write)
        states, delay = cost.states, cost.delay
        if memory.axi:
            states, delay = (
                (1, 0.5 * self.operators.budget)
                if write
                else (self.options.axi_read_states, 0.5 * self.operators.budget)
            )
        elif memory.rom and memory.words * memory.type.bits <= 1024:
            states, delay = 1, self.operators.simple("select", 1).delay * 2
        if write:
            assert value is not None
            if isinstance(value, Val):
                if value.graph is self.graph and value.node >= 0:
                    sources.append(value.node)
            else:
                sources += [part.node for part in value.values() if part.graph is self.graph and part.node >= 0]
                if value.graph is self.graph and value.node >= 0:
                    sources.append(value.node)
        sources += self._order(track, terms, constants, write)
        if self.guard:
            sources += [node for node in self.guard if node >= 0]
        node = self.graph.add(
            "store" if write else "load",
            states,
            delay,
            tuple(dict.fromkeys(sources)),
            bits=memory.type.bits,
            access=Access(number, banks, write),
            line=self.line,
        )
        track.log.append((write, terms, constants, node))
        if self.facts:
            self.facts_at[(self.graph.number, node)] = self.facts
        if self.pinning:
            self.pinned.add((self.graph.number, node))
        if write:
            assert value is not None
            self._remember_store(track, terms, constants, node, value if not partial else None)
            return value
        kind = memory.type.kind
        loaded: Result
        if memory.type.scalar():
            loaded = Val(kind, node, None, Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None, self.graph)
        else:
            loaded = Group(memory.type, node, self.graph)
        track.readers.append(node)
        track.loads.setdefault(terms, {})[constants] = loaded
        return self._part(memory, loaded, indices) if partial else loaded

    def _part(self, memory: Memory, loaded: Result, indices: tuple[Val, ...]) -> Result:
        if not isinstance(loaded, Group) or memory.type.element is None:
            return loaded
        index = indices[len(memory.extents) or 1]
        key = int(index.const) if isinstance(index.const, int) else fresh()
        return loaded.item(key, memory.type.element)

    def _port(self, memory: Memory) -> int:
        if memory.axi and memory.partitions:
            self.capacity[memory.number] = (2, 1, 1)
            return memory.number
        if memory.axi:
            key = ("bundle", memory.bundle)
            found = self.derived_symbols.get(key)
            if found is None:
                found = self.derived_symbols[key] = fresh()
                self.capacity[found] = (2, 1, 1)
            return found
        self.capacity.setdefault(memory.number, memory.ports)
        return memory.number

    def _address(self, memory: Memory, lins: list[Lin], sources: list[int]) -> list[int]:
        levels = 0
        inner = self.local_symbols
        parts = 0
        for position, lin in enumerate(lins):
            moving = [symbol for symbol, _ in lin.terms if symbol in inner]
            if not moving:
                continue
            parts += len(moving) + (1 if lin.constant else 0)
            if position < len(lins) - 1 and len(lins) > 1:
                extent = memory.extents[position + 1] if position + 1 < len(memory.extents) else 1
                if extent & (extent - 1):
                    levels += 1
        invariant = any(symbol not in inner for lin in lins for symbol, _ in lin.terms)
        if parts:
            levels += max(0, parts - 1 + (1 if invariant else 0))
        if not levels:
            return []
        key = ("address", self.graph.number, memory.number, tuple((lin.terms, lin.constant) for lin in lins))
        found = self.derived_symbols.get(key)
        if found is None:
            delay = self.operators.simple("add", 12).delay * min(levels, 2)
            found = self.graph.add("address", 1, delay, tuple(sources), bits=12, widths=(levels,), line=self.line)
            self.derived_symbols[key] = found
        return [found]

    def banks(self, memory: Memory, lins: list[Lin]) -> tuple[int, ...] | None:
        """Banks that an access may touch, or None for all."""
        if not memory.partitions:
            return (0,)
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
        size = 1 if partition.style == "complete" else -(-extent // count)
        if not lin.terms:
            return min(count - 1, max(0, lin.constant // size))
        bounds = self.range_of(lin)
        if bounds is not None and bounds[0] // size == bounds[1] // size:
            return bounds[0] // size
        return None

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
            divisor = 0
            for _, coefficient in difference.terms:
                divisor = gcd(divisor, abs(coefficient))
            if divisor > 1 and difference.constant % divisor:
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
        track.log = [entry for entry in track.log if entry[3] != node]

    # --- streams ---------------------------------------------------------------------------------------------------

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
        if previous:
            sources.append(previous[-1])
        if value is not None:
            if isinstance(value, Val):
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
        delay = min(self.operators.budget * 0.5, 1.8)
        node = self.graph.add(
            "stream_write" if write else "stream_read",
            1,
            delay,
            tuple(dict.fromkeys(sources)),
            bits=stream.type.total_bits,
            access=Access(stream.number, (0,), write),
            line=self.line,
        )
        previous.append(node)
        if value is not None:
            return value
        if stream.type.scalar():
            kind = stream.type.kind
            return Val(kind, node, None, Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None, self.graph)
        return Group(stream.type, node, self.graph)


def gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a

"""Reads and writes of places: registers by multiplexers, memories and streams by their ports."""

from __future__ import annotations

from aigchip_tui.estimator.conditions import ConditionWalk
from aigchip_tui.estimator.memory import MemoryWalk
from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Group,
    Memory,
    Pick,
    Registers,
    Result,
    Stream,
    Struct,
    Type,
    View,
    fresh,
)
from aigchip_tui.estimator.places import PlaceWalk
from aigchip_tui.estimator.values import INT, Lin, Val, integer

_MUX_LIMIT = 256


class RegisterWalk(PlaceWalk, MemoryWalk, ConditionWalk):
    """Reads and writes of places: registers by multiplexers, memories and streams by their ports."""

    def hold(self, value: Result) -> Binding:
        """A nameless register that holds a value."""
        if isinstance(value, Group):
            holder = self.declare(value.type, "")
            self.store(holder, value)
            return holder
        cell = Cell(value.kind, fresh())
        self.layer.write(cell, value)
        return cell

    def load(self, place: Binding) -> Result:
        """Value at a place."""
        if isinstance(place, Cell):
            value = self.layer.read(place)
            if self.seen is not None and place.element is not None:
                self.seen.picks.append(Pick(False, place, value))
            return value
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
            if self.seen is not None and place.element is not None:
                self.seen.picks.append(Pick(True, place, converted))
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
            self.store_element(target, view.indices, value)

    def store_element(self, memory: Memory, indices: tuple[Val, ...], value: Result) -> None:
        """Store into an array, as a value of its type."""
        kind = memory.type.kind
        if isinstance(value, Val) and value.kind is not kind and "f" in (kind.letter, value.kind.letter):
            value = self.convert(value, kind) if memory.type.scalar() else value
        self.access(memory, indices, value)

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

    def _just_stored(self, target: Registers, view: View) -> Val | None:
        """What was stored under the same index in this iteration, unless an element has changed since."""
        kept = self.stored_at.get(target.root)
        if kept is None or kept[0] != _spot(view) or kept[2].graph is not self.graph:
            return None
        held = self.layer.values
        return kept[2] if kept[1] and all(held.get(number) is one for number, one in kept[1].items()) else None

    def _mux(self, target: Registers, view: View) -> Result:
        self.seen = None
        known = self._just_stored(target, view)
        if known is not None:
            return known
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
        self.seen = None
        keys = self._choices(target, view)
        self.spend(len(keys))
        sources = list(self._index_sources(view))
        if isinstance(value, Val):
            if value.graph is self.graph and value.node >= 0:
                sources.append(value.node)
        else:
            sources += [part.node for part in value.values() if part.graph is self.graph and part.node >= 0]
        delay = self.operators.simple("select", 1).delay
        held: dict[int, Val] = {}
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
                made = Val(kind, node, None, Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None, self.graph)
                self.store(item, made)
                if isinstance(item, Cell):
                    held[item.number] = made
            else:
                self.store(item, Group(target.type, node, self.graph))
        spot = _spot(view)
        if spot is not None and held and isinstance(value, Val):
            found = self.convert(value, target.type.kind)
            self.stored_at[target.root] = (spot, held, Val(found.kind, found.node, found.const, found.lin, self.graph))


def _spot(view: View) -> tuple[Lin, ...] | None:
    """The index of an access as linear forms, None where one of them is none."""
    spots = [index.lin if index.lin is not None else None for index in view.indices]
    return None if None in spots else tuple(one for one in spots if one is not None)

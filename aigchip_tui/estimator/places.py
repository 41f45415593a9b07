"""Places: what a name, an index, a member or a pointer designates, and the objects behind declarations."""

from __future__ import annotations

from math import prod

from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Memory,
    Registers,
    Stream,
    Struct,
    Type,
    View,
    fresh,
)
from aigchip_tui.estimator.state import WalkState
from aigchip_tui.estimator.values import INT, Kind, Lin, Val

_MOST_REGISTERS = 128
"""Elements of an array in a local record beyond which no tool keeps it in registers unasked."""


def _few(part: Type) -> bool:
    return prod(max(1, extent) for extent in part.extents) <= _MOST_REGISTERS


class PlaceWalk(WalkState):
    """Places: what a name, an index, a member or a pointer designates, and the objects behind declarations."""

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
            if type(item) is Cell:
                item.element = registers, key
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
            stream = Stream(fresh(), element, kind.depth, name, kind.extents, local=local, blocks=kind.form == "blocks")
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
            self.memories[memory.number] = memory
            self.capacity[memory.number] = memory.ports
            return memory
        if kind.form == "vector" and kind.element is not None:
            return Registers(kind.element, (kind.count,), root)
        if kind.form == "struct":
            return Struct(
                kind,
                {
                    label: self.declare(
                        part, f"{name}.{label}" if name else "", root, registers=not name or _few(part)
                    )
                    for label, part in kind.fields.items()
                },
                root,
            )
        cell = Cell(kind.kind, root)
        self.objects[cell.number] = root
        return cell

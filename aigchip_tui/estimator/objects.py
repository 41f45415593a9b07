"""What names stand for during the walk: registers, memories, streams, records, and the types behind them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.values import INT, Blank, Kind, Lin, Val

_numbers = itertools.count(1)


def fresh() -> int:
    """A new identity."""
    return next(_numbers)


@dataclass(slots=True, eq=False)
class Type:
    """A resolved type: `scalar`, `vector`, `struct`, `stream`, `blocks` or `void`; extents make arrays of it."""

    form: str
    kind: Kind = INT
    element: Type | None = None
    count: int = 1
    fields: dict[str, Type] = field(default_factory=dict)
    extents: tuple[int, ...] = ()
    pointers: int = 0
    reference: bool = False
    constant: bool = False
    depth: int = 2
    record: str = ""
    bindings: dict[str, Type | int] = field(default_factory=dict)
    """Template parameters of the record."""
    leaves: int = 1
    """Scalars and arrays in one record."""

    @property
    def bits(self) -> int:
        """Width of one element, extents left out."""
        if self.form == "vector" and self.element is not None:
            return self.count * self.element.total_bits
        if self.form == "struct":
            return sum(part.total_bits for part in self.fields.values()) or 1
        if self.form in ("stream", "blocks") and self.element is not None:
            return self.element.bits
        return self.kind.bits

    @property
    def total_bits(self) -> int:
        """Width with the extents."""
        total = self.bits
        for extent in self.extents:
            total *= max(1, extent)
        return total

    def scalar(self) -> bool:
        """Whether a plain number."""
        return self.form == "scalar" and not self.extents and not self.pointers

    def stripped(self) -> Type:
        """The element type of an array or pointer."""
        return Type(
            self.form,
            self.kind,
            self.element,
            self.count,
            self.fields,
            (),
            0,
            False,
            self.constant,
            self.depth,
            self.record,
            self.bindings,
            self.leaves,
        )


@dataclass(slots=True, eq=False)
class Cell:
    """A register that holds one scalar; `root` is the identity of the object it belongs to.

    `element` says of which array in registers it is an element, and of which index.
    """

    kind: Kind
    root: int
    number: int = field(default_factory=fresh)
    element: tuple[Registers, tuple[int, ...]] | None = None


@dataclass(slots=True, eq=False)
class Registers:
    """An array or vector kept in registers: one binding per element, made when first touched."""

    type: Type
    extents: tuple[int, ...]
    root: int
    items: dict[tuple[int, ...], Binding] = field(default_factory=dict)


class Pick(NamedTuple):
    """An element of an array in registers that is read or written, and the value."""

    write: bool
    cell: Cell
    value: Val


@dataclass(slots=True, eq=False)
class Partition:
    """Partition of one dimension: `complete`, `cyclic` or `block` with its factor."""

    style: str
    factor: int


@dataclass(slots=True, eq=False)
class Memory:
    """An array in a RAM, a port of the top (`interface`), or an AXI master (`m_axi`)."""

    number: int
    name: str
    type: Type
    extents: tuple[int, ...]
    local: bool
    axi: bool = False
    bundle: str = ""
    rom: bool = False
    partitions: dict[int, Partition] = field(default_factory=dict)
    reshaped: int = 1
    ports: tuple[int, int, int] = (2, 2, 2)
    storage: str = ""
    line: int = 0
    read: bool = False
    written: bool = False
    order: int = -1
    asked: bool = False
    fifo: bool = False
    """Whether STREAM makes a FIFO of it, with `depth` words (0: all of the array)."""
    depth: int = 0
    latency: int | None = None
    """Cycles of a read that BIND_STORAGE asks for."""
    dealt: int = 1
    port_bits: int = 0
    """Bits to which the tool widens its AXI port, 0 where it does not."""
    sized: object = None
    small: bool = False
    """Whether its banks are so small that they are made of LUTs, for the partitions in `sized`."""

    @property
    def banks(self) -> int:
        """Number of banks the partitions make."""
        total = 1
        for dimension, partition in self.partitions.items():
            extent = self.extents[dimension] if dimension < len(self.extents) else 1
            total *= extent if partition.style == "complete" else min(partition.factor, max(1, extent))
        return total

    @property
    def banked(self) -> int:
        """Number of dimensions that the partitions cut."""
        return sum(
            1
            for dimension, one in self.partitions.items()
            if (self.extents[dimension] if dimension < len(self.extents) else 1) > 1
            and (one.style == "complete" or one.factor > 1)
        )

    @property
    def bank_bits(self) -> int:
        """Bits of one bank that the designer asked for, 0 where the size of the array is not known."""
        if self.extents == (0,):
            return 0
        return -(-self.words // (max(1, self.banks) if self.asked else 1)) * self.type.total_bits

    @property
    def words(self) -> int:
        """Number of elements."""
        total = 1
        for extent in self.extents:
            total *= max(1, extent)
        return total


@dataclass(slots=True, eq=False)
class Stream:
    """An hls::stream (or an array of them, one memory identity each)."""

    number: int
    type: Type
    depth: int
    name: str = ""
    extents: tuple[int, ...] = ()
    items: dict[tuple[int, ...], Stream] = field(default_factory=dict)
    local: bool = False
    explicit: bool = False
    blocks: bool = False
    """Whether its tokens are whole arrays (`hls::stream_of_blocks`), each kept in a memory of its own."""
    storage: str = ""
    """What BIND_STORAGE makes of it."""
    axis: bool = False
    """Whether it is an AXI4-Stream port."""
    banks: list[Pragma] = field(default_factory=list)
    """Partitions asked for on a stream of blocks: they hold for every block that a lock gives access to."""


@dataclass(slots=True, eq=False)
class Struct:
    """A record: one binding per field."""

    type: Type
    fields: dict[str, Binding]
    root: int


@dataclass(slots=True, eq=False)
class View:
    """A memory or register array with leading indices applied, or a pointer into it."""

    target: Memory | Registers | Stream
    indices: tuple[Val, ...]
    pointer: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """A value of several scalars (a token, a record): items made on demand from the node that delivers it."""

    type: Type
    node: int
    graph: object
    items: dict[object, Val | Group] = field(default_factory=dict)

    def item(self, key: object, kind: Type) -> Val | Group:
        """One element or field of the value."""
        found = self.items.get(key)
        if found is None:
            if kind.scalar():
                found = Val(kind.kind, self.node, None, None, self.graph)
            else:
                found = Group(kind, self.node, self.graph)
            self.items[key] = found
        return found

    def values(self) -> Iterator[Val]:
        """All scalars that were set explicitly."""
        for item in self.items.values():
            if isinstance(item, Group):
                yield from item.values()
            else:
                yield item


Binding = Cell | Registers | Memory | Stream | Struct | View
Result = Val | Group


class Layer:
    """Values of registers within one loop body or branch; a read that misses goes to the parent, through a
    phi when the loop may assign the register."""

    __slots__ = ("asked", "assigned", "graph", "loop", "needed", "parent", "phis", "values")

    def __init__(
        self, parent: Layer | None, graph: Graph, assigned: frozenset[int] | None = None, loop: bool = False
    ) -> None:
        self.values: dict[int, Val] = {}
        self.parent = parent
        self.graph = graph
        self.assigned = assigned
        self.loop = loop
        self.phis: dict[int, Val] = {}
        self.needed: list[Val] = []
        """Values of registers that were made outside and are read here."""
        self.asked: dict[int, tuple[Cell, Val]] = {}
        """Registers that were read outside, by their numbers, and what they held there."""

    def read(self, cell: Cell) -> Val:
        """Current value of a register."""
        found = self.values.get(cell.number)
        if found is not None:
            return found
        if self.parent is None:
            found = Blank(cell.kind, -1, None, Lin(0, ((fresh(), 1),)) if cell.kind.letter == "i" else None)
            self.values[cell.number] = found
            return found
        outer = self.parent.read(cell)
        if cell.number not in self.asked:
            self.asked[cell.number] = cell, outer
        if outer.node >= 0:
            self.needed.append(outer)
        if self.loop and self.assigned is not None and cell.root in self.assigned:
            node = self.graph.add("phi", 0, 0.0, (), bits=cell.kind.bits)
            lin = Lin(0, ((fresh(), 1),)) if cell.kind.letter == "i" else None
            found = Val(cell.kind, node, None, lin, self.graph)
            self.phis[cell.number] = found
            self.values[cell.number] = found
            return found
        return outer

    def write(self, cell: Cell, value: Val) -> None:
        """Sets a register."""
        self.values[cell.number] = value

"""What the template's wiring costs beside the modules: blocks of banks and FIFOs, bound to memories (estimate)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from aigchip_tui.estimator.arrays import bram18
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Edge, Netlist, Port
from aigchip_tui.model.resources import SRL_DEPTH, UNASKED_LUTRAM_BITS, bank_resources, shifts_unasked
from aigchip_tui.model.space import Build

FIFO_CONTROL_LUT = 12
FIFO_CONTROL_FF = 8


class MemoryCost(msgspec.Struct, frozen=True, kw_only=True):
    """Resources of blocks and FIFOs of a design; DSPs are never among them."""

    dsp: int = 0
    bram18: int = 0
    uram: int = 0
    lut: int = 0
    ff: int = 0

    def plus(self, other: MemoryCost) -> MemoryCost:
        """The sum of two costs."""
        return MemoryCost(
            bram18=self.bram18 + other.bram18, uram=self.uram + other.uram, lut=self.lut + other.lut,
            ff=self.ff + other.ff,
        )


class EdgeCost(msgspec.Struct, frozen=True, kw_only=True):
    """One edge of a design: the port that takes its tokens, how many streams it is, and what all of them cost
    (estimate). `sender` is the port at the other end, None where the template's own text sends.
    """

    edge: Edge
    port: Port
    copies: int
    cost: MemoryCost
    sender: Port | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """Sender and receiver: `drain_a.out`, `inter_a.in`."""
        edge = self.edge
        return f"{edge.producer}.{edge.producer_port}", f"{edge.consumer}.{edge.consumer_port}"

    @property
    def token(self) -> str:
        """What one token holds: `16 x data_t = 128 bits`, `block of 4096 x acc_t`."""
        port = self.port
        held = f"{port.lanes} x {port.element}" if port.lanes > 1 else port.element
        return f"block of {held}" if port.kind == "blocks" else f"{held} = {port.token_bits} bits"


    @property
    def paces(self) -> tuple[tuple[str, str], ...]:
        """The ends that contract cycles, and in how many the tokens of a command cross there at most."""
        return tuple(
            (end, f"first within {port.first}, all within {port.cycles}")
            for end, port in zip(self.ends, (self.sender, self.port), strict=True) if port is not None and port.cycles
        )


def edge_costs(netlist: Netlist, build: Build) -> tuple[EdgeCost, ...]:
    """Blocks (two of each, every bank a memory of packed words: complete partition of the banks) and FIFOs."""
    ports = {(i.name, p.name): (p, i.count) for i in netlist.instances for p in i.variant.ports}
    costs = []
    for edge in netlist.edges:
        found = _port(ports, edge)
        if found is None:
            continue
        port, count = found
        copies = max(count, port.copies)
        cost = _blocks(port, edge, build) if port.kind == "blocks" else _fifo(port.token_bits, edge, copies)
        sender, _ = ports.get((edge.producer, edge.producer_port), (None, 1))
        costs.append(EdgeCost(edge=edge, port=port, copies=copies, cost=cost, sender=sender))
    return tuple(costs)


def memory_cost(netlist: Netlist, build: Build) -> MemoryCost:
    """What all edges of a design cost together."""
    return total_cost(edge_costs(netlist, build))


def total_cost(edges: Iterable[EdgeCost]) -> MemoryCost:
    """What the edges cost together."""
    total = MemoryCost()
    for each in edges:
        total = total.plus(each.cost)
    return total


def by_depth_reason(edges: Iterable[EdgeCost]) -> dict[str, list[EdgeCost]]:
    """The edges by why they are as deep as they are."""
    found: dict[str, list[EdgeCost]] = {}
    for each in edges:
        found.setdefault(each.edge.depth_reason, []).append(each)
    return found


def _port(ports: dict[tuple[str, str], tuple[Port, int]], edge: Edge) -> tuple[Port, int] | None:
    return ports.get((edge.consumer, edge.consumer_port)) or ports.get((edge.producer, edge.producer_port))


def _blocks(port: Port, edge: Edge, build: Build) -> MemoryCost:
    if port.block is None:
        raise AigchipError(f"Port {port.name} has type {port.cpp_type}, which is no block of banks of packed words.")
    width, height, depth = port.block
    lut, bram18, uram = _bank(width * port.bits, depth, edge.storage, build)
    memories = height * max(2, edge.depth)
    return MemoryCost(lut=memories * lut, bram18=memories * bram18, uram=memories * uram)


def _bank(bits: int, depth: int, storage: str, build: Build) -> tuple[int, int, int]:
    """(LUT, BRAM18, URAM) of a bank of what its stream is bound to, or of what the tool takes unasked."""
    if storage in ("lutram", "uram") or bits * depth < UNASKED_LUTRAM_BITS:
        return bank_resources(bits, depth, uram_allowed=build.device.has_uram)
    return 0, bram18(depth, bits), 0


def _fifo(bits: int, edge: Edge, copies: int) -> MemoryCost:
    lut, ff = copies * (bits + FIFO_CONTROL_LUT), copies * (bits + FIFO_CONTROL_FF)
    if edge.storage == "srl" or shifts_unasked(bits, edge.depth):
        return MemoryCost(lut=lut * -(-edge.depth // SRL_DEPTH), ff=ff)
    return MemoryCost(lut=copies * FIFO_CONTROL_LUT, bram18=copies * bram18(edge.depth, bits, both_read=True), ff=ff)

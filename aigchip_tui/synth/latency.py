"""Latency of layers: the commander's own commands, each process's own control, composed by a max-plus schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from aigchip_tui.model.module import Netlist
from aigchip_tui.model.space import Build
from aigchip_tui.synth.commands import Process
from aigchip_tui.synth.maxplus import Composed, compose
from aigchip_tui.synth.trace import LayerTrace
from aigchip_tui.synth.visits import Commanded, VisitTable, sequences, visit_table
from aigchip_tui.synth.wiring import Wiring, wiring_of


class LayerLatency(msgspec.Struct, frozen=True, kw_only=True):
    """Cycles of one GEMM of a layer (estimate), what bounds it, and what each part would take alone.

    `bound_by` is the process that has most to do, or `memory` when all ports together outrun it. `parts`: cycles of
    the busiest process of each load, of the core and of the store; `memory`: all beats at the memory's sustained
    rate. `waits`: cycles in which the core waited for a load, the store or commands. `beats` by process.
    """

    cycles: int
    bound_by: str
    parts: dict[str, int]
    waits: dict[str, int]
    beats: dict[str, int]
    visits: int


class LatencyModel:
    """One design's processes and wiring, ready for the commands of any layer."""

    def __init__(
        self, netlist: Netlist, commander: str, processes: Mapping[str, Process], build: Build
    ) -> None:
        """`processes` by instance name, without the commander; raises AigchipError for an unknown wiring."""
        self.wiring: Wiring = wiring_of(netlist, commander)
        self._processes = {name: processes[name] for name in self.wiring.commands}
        self._build = build
        self._depth = min(edge.depth for edge in netlist.edges if edge.producer == commander)
        self._memories = {
            one.name: [(port.name, port.token_bits // 8) for port in one.variant.ports if port.kind == "m_axi"]
            for one in netlist.instances if one.name in self.wiring.commands
        }

    def commanded(self, trace: LayerTrace) -> dict[str, Commanded]:
        """What each command of a layer costs its process; raises AigchipError where control is not understood."""
        return sequences(self.wiring, trace, self._processes)

    def composed(self, trace: LayerTrace) -> Composed:
        """The schedule of one layer as if memory were never shared."""
        return compose(self.wiring, visit_table(self.wiring, trace, self.commanded(trace)), command_depth=self._depth)

    def layer(self, trace: LayerTrace) -> LayerLatency:
        """Latency of one layer; external memory is shared: never less than all beats at 80 % of its peak."""
        costs = self.commanded(trace)
        table = visit_table(self.wiring, trace, costs)
        composed = compose(self.wiring, table, command_depth=self._depth)
        parts, busiest = self._parts(table, costs)
        beats: dict[str, int] = {}
        moved = 0
        for name, memories in self._memories.items():
            for port, width in memories:
                count = int(costs[name].tokens(port).sum())
                beats[name] = beats.get(name, 0) + count
                moved += count * width
        parts["memory"] = math.ceil(moved / self._build.dram_bytes_per_cycle)
        bound_by = "memory" if parts["memory"] > composed.cycles else busiest
        names = [*(part.first for part in self.wiring.loads), self.wiring.store.last, self.wiring.commander]
        return LayerLatency(
            cycles=max(composed.cycles, parts["memory"]), bound_by=bound_by, parts=parts,
            waits=dict(zip(names, composed.waits.values(), strict=True)), beats=beats, visits=table.there.size,
        )

    def _parts(self, table: VisitTable, costs: Mapping[str, Commanded]) -> tuple[dict[str, int], str]:
        busy = {name: int(costs[name].of("cycles").sum()) for name in self.wiring.commands}
        # Within the core visits follow one another at the pace of each visit's slowest process.
        pace = (table.lead + table.work + table.tail).max(axis=0)
        groups = {part.last: part.processes for part in (*self.wiring.loads, self.wiring.core, self.wiring.store)}
        parts = {name: max(busy[each] for each in members) for name, members in groups.items()}
        parts[self.wiring.core.last] = int(pace.sum())
        part = max(parts, key=lambda name: parts[name])
        return parts, max(groups[part], key=lambda name: busy[name])


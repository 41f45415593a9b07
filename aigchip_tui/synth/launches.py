"""What the commands of a launch may cost each process of an assembled design, by the paces of its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.model.module import Netlist
from aigchip_tui.modules.protocol import Template, pace_of
from aigchip_tui.synth.trace import LayerTrace


class LaunchPace(msgspec.Struct, frozen=True, kw_only=True):
    """The processes of a design that share a module's file: the intervals of its pipelined loops by number, and by
    launch the cycles in which these may work for the commands together.
    """

    file: str
    names: tuple[str, ...]
    intervals: dict[int, int]
    contracted: dict[str, int]


def intervals_of(timings: Sequence[LoopTiming]) -> dict[int, int]:
    """Initiation intervals of the pipelined loops by their number."""
    return {loop.number: loop.ii for loop in timings if loop.pipelined}


def launch_paces(
    template: Template, netlist: Netlist, commander: str, timings: Mapping[str, tuple[LoopTiming, ...]],
    traces: Sequence[LayerTrace],
) -> tuple[LaunchPace, ...]:
    """The paces of all processes with a contract; `timings` by the module's file, `traces` of the commander."""
    ports = {edge.consumer: edge.producer_port for edge in netlist.edges if edge.producer == commander}
    found: dict[str, LaunchPace] = {}
    for instance in netlist.instances:
        pace = pace_of(template, instance.variant.module, instance.variant.settings)
        if pace is None or instance.name not in ports:
            continue
        file = f"{instance.variant.key.replace('-', '_')}.hpp"
        known = found.get(file)
        allowed = dict(known.contracted) if known else {}
        for trace in traces:
            rows = trace.commands[ports[instance.name]].tolist()
            allowed[trace.name] = allowed.get(trace.name, 0) + instance.count * sum(pace.worked(row) for row in rows)
        found[file] = LaunchPace(
            file=file, names=(*(known.names if known else ()), instance.name), contracted=allowed,
            intervals=intervals_of(timings[file]),
        )
    return tuple(found.values())

"""Estimated against simulated: cycles, tokens, trips and beats of a design, layer by layer.

The estimate composes what each module's C++ says of its commands; the simulation lets every process of the assembled
design keep virtual time, token by token, with the same timing of each loop. So what is compared is the composition;
neither is a tool's or a board's figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.run import SimulationResult, simulate_system
from aigchip_tui.csim.wire import Measures, StreamUse
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.module import Netlist
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.tiling import plan_tiles
from aigchip_tui.modules.protocol import Template
from aigchip_tui.synth.commands import beats_read
from aigchip_tui.synth.embedded import EmbeddedSynthesizer, LatencyStudy
from aigchip_tui.synth.visits import Commanded


class LayerCycles(msgspec.Struct, frozen=True, kw_only=True):
    """One layer: cycles by the schedule, by virtual time and by the analytic model; `differs` names every count of
    tokens, trips or beats that the simulation saw otherwise than it was predicted.

    `shared`: all beats at the rate that the memory sustains, which bounds estimate and model, but is not simulated.
    """

    name: str
    m: int
    k: int
    n: int
    estimated: int
    simulated: int
    analytic: int
    shared: int
    counts: int
    differs: tuple[str, ...] = ()

    @property
    def schedule_error(self) -> float:
        """Estimated over simulated cycles, less one."""
        return self.estimated / self.simulated - 1

    @property
    def model_error(self) -> float:
        """The analytic model's over simulated cycles, or those of a memory that all ports share, less one."""
        return self.analytic / max(self.simulated, self.shared) - 1


def compare_cycles(
    template: Template, netlist: Netlist, bodies: Mapping[str, str], point: DesignPoint, build: Build,
    layers: Sequence[Layer], *, synthesizer: EmbeddedSynthesizer, bench: Bench, rng: np.random.Generator,
    depth_override: int | None = None,
) -> tuple[SimulationResult, tuple[LayerCycles, ...]]:
    """Simulates the assembled design on these layers in virtual time, and compares with the estimate.

    The comparison is empty when the simulation did not pass.
    """
    study = synthesizer.study(netlist, bodies, point, layers)
    test = template.system_test(netlist, point, build, layers, rng)
    result = simulate_system(
        template.assemble(netlist, bodies), test.main, test.cases, sandbox=bench.sandbox, workdir=bench.workdir,
        cache=bench.cache, environment=bench.environment, timings=study.timings, depth_override=depth_override,
    )
    if not result.passed:
        return result, ()
    rows = []
    for layer, case, trace in zip(layers, test.cases, study.traces, strict=True):
        seen = result.measures[case.name]
        wanted = predicted(study, netlist, study.model.commanded(trace))
        found = counted(seen, result.streams[case.name])
        differs = [f"{what}: {count} predicted, {found.get(what, 0)} seen" for what, count in sorted(wanted.items())
                   if found.get(what, 0) != count]
        rows.append(LayerCycles(
            name=layer.name, m=layer.m, k=layer.k, n=layer.n, estimated=study.model.composed(trace).cycles,
            simulated=seen.cycles, analytic=plan_tiles(point, build, layer).cycles,
            shared=study.model.layer(trace).parts["memory"], counts=len(wanted), differs=tuple(differs),
        ))
    return result, tuple(rows)


def predicted(study: LatencyStudy, netlist: Netlist, costs: Mapping[str, Commanded]) -> dict[str, int]:
    """Tokens of each edge, trips of each loop of each module's file, beats of each process's memories."""
    instances = {i.name: i for i in netlist.instances}
    found: dict[str, int] = {}
    for edge in netlist.edges:
        # A process that exists several times is counted as often; its partner counts all of its streams.
        for name, port in ((edge.producer, edge.producer_port), (edge.consumer, edge.consumer_port)):
            kind = next(p.kind for p in instances[name].variant.ports if p.name == port)
            if name in costs and kind == "stream" and edge.producer in costs:
                found[f"tokens {edge.producer} to {edge.consumer} at {name}"] = (
                    instances[name].count * int(costs[name].tokens(port).sum())
                )
    for name, commanded in costs.items():
        variant = instances[name].variant
        timings = study.timings[f"{variant.key.replace('-', '_')}.hpp"]
        # Loops around commands are entered as often as commands group; what takes time are the pipelined ones.
        pipelined = {timing.number for timing in timings if timing.pipelined}
        for number, trips in _trips(commanded).items():
            if number not in pipelined:
                continue
            what = f"trips {variant.key.replace('-', '_')}.hpp {number}"
            found[what] = found.get(what, 0) + instances[name].count * trips
        for memory in variant.ports:
            if memory.kind == "m_axi":
                beats = int(commanded.tokens(memory.name).sum())
                read = int(commanded.tokens(beats_read(memory.name)).sum())
                for direction, count in (("in", read), ("out", beats - read)):
                    if memory.direction in (direction, "inout"):
                        found[f"beats {direction} {_memory(name, memory.name)}"] = count
    return found


def counted(seen: Measures, streams: Sequence[StreamUse]) -> dict[str, int]:
    """The same counts as the simulation saw them; both ends of a stream see what went through it."""
    found: dict[str, int] = {}
    for stream in streams:
        producer, _, consumer = stream.name.partition("[")[0].partition("_to_")
        for name, count in ((producer, stream.writes), (consumer, stream.reads)):
            what = f"tokens {producer} to {consumer} at {name}"
            found[what] = found.get(what, 0) + count
    for loop in seen.loops:
        found[f"trips {loop.module} {loop.loop}"] = loop.trips
    for memory in seen.memories:
        found[f"beats in {memory.name}"] = memory.reads
        found[f"beats out {memory.name}"] = memory.writes
    return found


def _trips(commanded: Commanded) -> dict[int, int]:
    totals: dict[int, int] = {}
    times = np.bincount(commanded.which, minlength=len(commanded.costs)).tolist()
    for cost, count in zip(commanded.costs, times, strict=True):
        for number, trips in cost.trips.items():
            totals[number] = totals.get(number, 0) + count * trips
    return totals


def _memory(process: str, port: str) -> str:
    """The design's name of a memory: a process's only memory has that of its operand."""
    return process.rpartition("_")[2] if process.startswith("dma_") else port

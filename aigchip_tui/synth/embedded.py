"""The embedded synthesizer: the estimator reads each module's C++, a max-plus schedule composes the layers' latency.

Every figure is an estimate. The C++ is read in a sandboxed worker; the process that commands the others is compiled
and run in the sandbox, so that the schedule works on the commands that it really gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.run import file_of
from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.figures import Estimate, EstimatedLatency
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Netlist, Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.model.workload import Layer, Workload
from aigchip_tui.modules.protocol import CommandsProcesses, Conformance, Template
from aigchip_tui.sandbox.worker import Worker
from aigchip_tui.synth.commands import Process
from aigchip_tui.synth.control import ControlProgram, loops_text
from aigchip_tui.synth.interfaces import interface_cost
from aigchip_tui.synth.latency import LatencyModel
from aigchip_tui.synth.launches import LaunchPace, intervals_of, launch_paces
from aigchip_tui.synth.memories import memory_cost
from aigchip_tui.synth.multipliers import multipliers_text
from aigchip_tui.synth.protocol import DesignReport, LayerFigure, TimedText
from aigchip_tui.synth.reading import module_request
from aigchip_tui.synth.trace import LayerTrace, layer_traces

READ_WALL_S = 20.0
TRACES_KEPT = 64
"""Sets of layers whose commands are remembered: one for each commander and tiling."""
COUNTED = "GEMM layers only; im2col, packing and pooling on the host, not counted"


SHORTER = (
    "Shorten what one iteration hands to the next: compare counters with limits that are computed in front of the "
    "loop or kept in a register, and access each memory once an iteration."
)
"""What mostly helps where a pipelined loop misses its initiation interval."""


class ModuleEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the estimator read in one module's text: rate and depth of its loop, resources of one instance, control."""

    ii: int
    depth: int
    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int
    control: ControlProgram
    unknown: tuple[str, ...] = ()


class UnreadModuleError(AigchipError):
    """The estimator gave no figures for a module: `cause` is exception, timeout, memory, crash, ..."""

    def __init__(self, module: str, cause: str, message: str) -> None:
        super().__init__(f"{module} could not be estimated ({cause}): {message[:200]}")
        self.cause = cause


@dataclass(frozen=True, kw_only=True)
class LatencyStudy:
    """One design's latency model, the commands of its layers, and the timing of every loop by the module's file."""

    model: LatencyModel
    traces: tuple[LayerTrace, ...]
    timings: dict[str, tuple[LoopTiming, ...]]


class EmbeddedSynthesizer:
    """Estimates designs of a template without any vendor tool."""

    name = "embedded estimator (estimates, no vendor tool)"

    def __init__(
        self, *, build: Build, template: Template, worker: Worker, bench: Bench | None = None
    ) -> None:
        """Without a `bench` modules are judged, whole designs are not."""
        self._build = build
        self._template = template
        self._worker = worker
        self._bench = bench
        self._known: dict[str, ModuleEstimate] = {}
        self._processes: dict[int, Process] = {}
        self._traces: dict[tuple[object, ...], tuple[LayerTrace, ...]] = {}

    def evaluate(
        self, *, netlist: Netlist, files: Mapping[str, str], bodies: Mapping[str, str], point: DesignPoint,
        build: Build, workload: Workload,
    ) -> DesignReport:
        """Figures of an assembled design; raises AigchipError when a module cannot be read."""
        read = self._modules(netlist, bodies)
        wiring = memory_cost(netlist, build).plus(interface_cost(netlist))
        totals = {
            name: sum(i.count * int(getattr(read[i.name], name)) for i in netlist.instances if i.name in read)
            + int(getattr(wiring, name)) for name in ("dsp", "bram18", "uram", "lut", "ff")
        }
        layers = []
        cycles = 0
        unique = workload.unique()
        study = self.study(netlist, bodies, point, unique)
        for layer, trace in zip(unique, study.traces, strict=True):
            latency = study.model.layer(trace)
            cycles += latency.cycles * layer.count
            layers.append(LayerFigure(
                name=layer.name, m=layer.m, k=layer.k, n=layer.n, count=layer.count, cycles=latency.cycles,
                bound_by=latency.bound_by, roofline_cycles=-(-layer.m * layer.k * layer.n // point.macs),
            ))
        slowest = max((timing.ii for one in read.values() for timing in one.control.timings), default=1)
        unknown = [f"{name}: {each}" for name, one in read.items() for each in one.unknown]
        shapes = "1 layer" if len(layers) == 1 else f"{len(layers)} distinct layers"
        return DesignReport(
            figures=Estimate(
                latency=EstimatedLatency(cycles=cycles, ms=cycles / (build.clock_mhz * 1e3)),
                clock_mhz=float(build.clock_mhz), dsp=totals["dsp"], bram18=totals["bram18"], uram=totals["uram"],
                lut=totals["lut"], ff=totals["ff"], counted=COUNTED, unknown=tuple(unknown[:20]),
            ),
            layers=tuple(layers),
            evidence=f"estimate from the C++ of {len(read)} modules, with their streams and AXI ports, largest II "
            f"{slowest}; {shapes} by the commands that {study.model.wiring.commander} gives; "
            f"{multipliers_text(netlist, {name: one.dsp for name, one in read.items()}, point)}; {COUNTED}",
        )

    def study(
        self, netlist: Netlist, bodies: Mapping[str, str], point: DesignPoint, layers: Sequence[Layer]
    ) -> LatencyStudy:
        """A design ready for its latencies: its commander is run once for all layers."""
        if not isinstance(self._template, CommandsProcesses):
            raise AigchipError(f"The template {self._template.name} does not say who commands its processes, so the "
                               "latency of a layer is unknown.")
        if self._bench is None:
            raise AigchipError("The latency of a design needs a compiler and a sandbox to run its commander in.")
        read = self._modules(netlist, bodies)
        commander, cases = self._template.commands(point, self._build, layers)
        variants = {i.name: i.variant for i in netlist.instances}
        body, timings = _body(bodies, variants[commander]), read[commander].control.timings
        key = (body, timings, tuple(tuple(case.memories.values()) for case in cases))
        if key not in self._traces:
            while len(self._traces) >= TRACES_KEPT:
                self._traces.pop(next(iter(self._traces)))
            self._traces[key] = layer_traces(variants[commander], body, timings, cases, self._bench)
        processes = {name: self._process(one.control) for name, one in read.items() if name != commander}
        return LatencyStudy(
            model=LatencyModel(netlist, commander, processes, self._build), traces=self._traces[key],
            timings={f"{variants[name].key.replace('-', '_')}.hpp": one.control.timings for name, one in read.items()},
        )

    def launches(
        self, netlist: Netlist, bodies: Mapping[str, str], point: DesignPoint, cases: Sequence[TestCase]
    ) -> tuple[dict[str, tuple[LoopTiming, ...]], tuple[LaunchPace, ...]]:
        """The timing of every loop by the module's file, and what the commands of each launch may cost its processes.

        The commander runs alone on the tables of the launches. Raises AigchipError where it cannot be run, or where a
        module cannot be read.
        """
        if not isinstance(self._template, CommandsProcesses) or self._bench is None:
            return {}, ()
        read = self._modules(netlist, bodies)
        commander, _ = self._template.commands(point, self._build, ())
        variants = {i.name: i.variant for i in netlist.instances}
        tables = tuple(
            TestCase(name=case.name, inputs=case.inputs,
                     memories={name: case.memories[name] for name in ("table",) if name in case.memories})
            for case in cases
        )
        traces = layer_traces(
            variants[commander], _body(bodies, variants[commander]), read[commander].control.timings, tables,
            self._bench,
        )
        timings = {
            f"{variants[name].key.replace('-', '_')}.hpp": one.control.timings for name, one in read.items()
        }
        return timings, launch_paces(self._template, netlist, commander, timings, traces)

    def _modules(self, netlist: Netlist, bodies: Mapping[str, str]) -> dict[str, ModuleEstimate]:
        """What was read of each process, by instance name."""
        variants = {i.variant.key: i.variant for i in netlist.instances}
        found = {}
        for instance in netlist.instances:
            spec = self._template.modules().get(instance.variant.module)
            if spec is not None and not spec.inlined:
                inlined = _inlined(instance.variant, variants, bodies)
                found[instance.name] = self._read(instance.variant, _body(bodies, instance.variant), inlined)
        return found

    def _process(self, program: ControlProgram) -> Process:
        """The process of a program that was read once: its commands are costed once for all designs."""
        known = self._processes.get(id(program))
        if known is None:
            known = self._processes[id(program)] = Process(program)
        return known

    def rate(
        self, variant: Variant, body: str, children: Sequence[tuple[Variant, str]], rules: Conformance
    ) -> RungOutcome:
        """The rate rung: II of the module's loop as read from its C++ against the contracted II."""
        if rules.ii is None or self._template.modules()[variant.module].inlined:
            return RungOutcome(rung="rate", status="passed",
                               evidence="inlined into its caller, whose loop carries the rate")
        try:
            read = self._read(variant, body, children)
        except UnreadModuleError as problem:
            if problem.cause == "exception":
                # The reader's own limit says nothing about the module: no verdict, and that is shown.
                return RungOutcome(rung="rate", status="not run", evidence=str(problem))
            finding = Finding(severity="error", kind="rate", code="estimate", message=str(problem))
            return RungOutcome(rung="rate", status="failed", cause="unreadable", evidence=str(problem),
                               findings=(finding,))
        if read.ii > rules.ii:
            message = f"{variant.function} reaches II={read.ii}, its contract says II={rules.ii} (estimate)."
            return RungOutcome(
                rung="rate", status="failed", cause="rate", evidence=message,
                findings=(Finding(
                    severity="error", kind="rate", code="rate-ii", message=message, suggestion=SHORTER,
                ),),
            )
        figures = f"{read.dsp} DSP, {read.bram18} BRAM18, {read.lut} LUT, {read.ff} FF"
        return RungOutcome(
            rung="rate", status="passed",
            evidence=f"II={read.ii}, depth {read.depth}, {figures} (estimate), contract II={rules.ii}; "
            f"{loops_text(read.control)}",
        )

    def in_virtual_time(
        self, variant: Variant, body: str, children: Sequence[tuple[Variant, str]]
    ) -> TimedText | None:
        """The module's file with the timing of its loops, as it is simulated; None where they are not known."""
        if self._template.modules()[variant.module].inlined:
            return None
        try:
            timings = self._read(variant, body, children).control.timings
        except UnreadModuleError:
            return None
        name = file_of(variant)
        answer = self._worker.run(
            "aigchip_tui.csim.timing:time_files",
            {"files": {name: f"{variant.prologue}{body}\n{variant.epilogue}"},
             "loops": {name: [msgspec.to_builtins(loop) for loop in timings]}},
            wall_s=READ_WALL_S,
        )
        if not answer.ok:
            return None
        return TimedText(text=answer.value[name], intervals=intervals_of(timings))

    def _read(self, variant: Variant, body: str, children: Sequence[tuple[Variant, str]]) -> ModuleEstimate:
        key = f"{variant.key}\x00{body}\x00" + "\x00".join(text for _, text in children)
        if key not in self._known:
            asked = module_request(
                variant, body, children, headers=self._template.headers(), clock_ns=self._build.clock_ns,
                part=self._build.device.part,
            )
            answer = self._worker.run("aigchip_tui.synth.reading:read_module", asked, wall_s=READ_WALL_S)
            if not answer.ok:
                raise UnreadModuleError(variant.module, answer.cause, answer.message)
            self._known[key] = msgspec.convert(answer.value, ModuleEstimate)
        return self._known[key]


def _body(bodies: Mapping[str, str], variant: Variant) -> str:
    text = bodies.get(variant.key)
    if text is None:
        raise AigchipError(f"There is no text for {variant.key}.")
    return text


def _inlined(
    variant: Variant, variants: Mapping[str, Variant], bodies: Mapping[str, str]
) -> list[tuple[Variant, str]]:
    """Everything the module calls with its text, innermost first."""
    found: dict[str, tuple[Variant, str]] = {}
    for key in variant.children:
        child = variants.get(key)
        if child is not None:
            found.update({one.key: (one, text) for one, text in _inlined(child, variants, bodies)})
            found[child.key] = (child, _body(bodies, child))
    return list(found.values())



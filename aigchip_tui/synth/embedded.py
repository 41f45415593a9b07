"""The embedded synthesizer: the estimator reads each module's C++, a max-plus schedule composes the layers' latency.

Every figure is an estimate. The C++ is read in a sandboxed worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Netlist, Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.tiling import plan_tiles
from aigchip_tui.model.workload import Workload
from aigchip_tui.modules.protocol import Conformance, Template
from aigchip_tui.sandbox.worker import Worker
from aigchip_tui.synth.memories import memory_cost
from aigchip_tui.synth.protocol import DesignReport, LayerFigure
from aigchip_tui.synth.reading import module_request
from aigchip_tui.synth.schedule import ModuleTiming, layer_cycles

READ_WALL_S = 20.0
_SCHEDULED = {"inter_a": "interconnect_a", "inter_b": "interconnect_b"}
"""Instances that the schedule knows by another name."""
COUNTED = "GEMM layers only; im2col, packing and pooling on the host, not counted"


SHORTER = (
    "Shorten what one iteration hands to the next: compare counters with limits that are computed in front of the "
    "loop or kept in a register, and access each memory once an iteration."
)
"""What mostly helps where a pipelined loop misses its initiation interval."""


class ModuleEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the estimator read in one module's text: rate and depth of its loop, and resources of one instance."""

    ii: int
    depth: int
    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int
    unknown: tuple[str, ...] = ()


class UnreadModuleError(AigchipError):
    """The estimator gave no figures for a module: `cause` is exception, timeout, memory, crash, ..."""

    def __init__(self, module: str, cause: str, message: str) -> None:
        super().__init__(f"{module} could not be estimated ({cause}): {message[:200]}")
        self.cause = cause


class EmbeddedSynthesizer:
    """Estimates designs of a template without any vendor tool."""

    name = "embedded estimator (estimates, no vendor tool)"

    def __init__(self, *, build: Build, template: Template, worker: Worker) -> None:
        self._build = build
        self._template = template
        self._worker = worker
        self._known: dict[str, ModuleEstimate] = {}

    def evaluate(
        self, *, netlist: Netlist, files: Mapping[str, str], bodies: Mapping[str, str], point: DesignPoint,
        build: Build, workload: Workload,
    ) -> DesignReport:
        """Figures of an assembled design; raises AigchipError when a module cannot be read."""
        timings: dict[str, ModuleTiming] = {}
        totals = dict.fromkeys(("dsp", "bram18", "uram", "lut", "ff"), 0)
        unknown: list[str] = []
        variants = {i.variant.key: i.variant for i in netlist.instances}
        for instance in netlist.instances:
            spec = self._template.modules().get(instance.variant.module)
            if spec is None or spec.inlined:
                continue
            inlined = _inlined(instance.variant, variants, bodies)
            read = self._read(instance.variant, _body(bodies, instance.variant), inlined)
            timings[_SCHEDULED.get(instance.name, instance.name)] = ModuleTiming(ii=read.ii, depth=read.depth)
            for name in totals:
                totals[name] += instance.count * int(getattr(read, name))
            unknown += [f"{instance.name}: {each}" for each in read.unknown]
        extra = memory_cost(netlist, build)
        for name in totals:
            totals[name] += int(getattr(extra, name))
        layers = []
        cycles = 0
        for layer in workload.unique():
            plan = plan_tiles(point, build, layer)
            latency = layer_cycles(plan, point, build, timings)
            cycles += latency.cycles * layer.count
            layers.append(LayerFigure(
                name=layer.name, m=layer.m, k=layer.k, n=layer.n, count=layer.count, cycles=latency.cycles,
                bound_by=latency.bound_by, roofline_cycles=-(-layer.m * layer.k * layer.n // point.macs),
            ))
        slowest = max((t.ii for t in timings.values()), default=1)
        return DesignReport(
            latency_cycles=cycles, latency_ms=cycles / (build.clock_mhz * 1e3), clock_mhz=float(build.clock_mhz),
            dsp=totals["dsp"], bram18=totals["bram18"], uram=totals["uram"], lut=totals["lut"], ff=totals["ff"],
            basis="estimate", rung="estimate", counted=COUNTED, layers=tuple(layers), unknown=tuple(unknown[:20]),
            evidence=f"estimate from the C++ of {len(timings)} modules, largest II {slowest}; "
            f"{len(layers)} distinct layers; {COUNTED}",
        )

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
        return RungOutcome(rung="rate", status="passed",
                           evidence=f"II={read.ii}, depth {read.depth} (estimate), contract II={rules.ii}")

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



"""`bench networks`: the best design found for each network beside published figures of a peer, scope by scope.

The peer ran whole networks on a board, with FC layers on the CPU; ours are estimates of the GEMM layers from the C++ of
a generated design. So every bar states what it is, and no winner is named across scopes (SPACE sec. 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from aigchip_tui.bench.search_bench import Judge
from aigchip_tui.library.demos import DemoLibrary
from aigchip_tui.llm.coverage import answers, variant_case
from aigchip_tui.model.device import Device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.space import DSP_PACKS, Build, DesignPoint
from aigchip_tui.model.strictyaml import load_yaml
from aigchip_tui.model.workload import Workload, workload
from aigchip_tui.modules.protocol import Template
from aigchip_tui.search.analytic import roofline_cycles
from aigchip_tui.search.encoding import Pins, genes_of
from aigchip_tui.search.searcher import Searcher, SearchSettings, Told
from aigchip_tui.synth.protocol import Synthesizer

PEER_KEY = "chaidnn_v2"
INPUT = 224


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one network with everything that it depends on.

    `dsp` counts the DSP blocks of the array, `dsp_total` all of them; `roofline` is the latency over that of as many
    DSP blocks as were allowed with `macs_per_dsp` each.
    """

    who: str
    network: str
    device: str
    clock_mhz: int
    macs_per_dsp: float
    dsp: int
    dsp_total: int
    fc: str
    im2col: str
    pooling: str
    basis: str
    fps: float
    ms: float
    design: dict[str, int | str] = {}
    roofline: float = 0.0


def peer_bars(text: str, *, source: str, part: str) -> list[Bar]:
    """Figures of the peer on one part, without and with FC layers; AigchipError where the file is of another form."""
    document = load_yaml(text, source=source)
    rows = document.get(PEER_KEY) if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise AigchipError(f"{source} has no list {PEER_KEY}.", hint="Rows name part, compute_dsp, clock_mhz, fps_8b.")
    bars: list[Bar] = []
    for row in rows:
        try:
            if row["part"] != part:
                continue
            core, fast = row["clock_mhz"]
            for network, pair in row["fps_8b"].items():
                for fc, fps in zip(("out", "in, on the CPU"), pair, strict=True):
                    bars.append(Bar(
                        who="CHaiDNN v2", network=network, device=row["board"], clock_mhz=int(core),
                        macs_per_dsp=fast / core, dsp=int(row["compute_dsp"]), dsp_total=int(row["total"]["dsp"]),
                        fc=fc, im2col="in, in hardware", pooling="in", basis="measured on a board, published",
                        fps=float(fps), ms=1000.0 / float(fps),
                    ))
        except (KeyError, TypeError, ValueError) as problem:
            raise AigchipError(f"A row of {PEER_KEY} in {source} is of another form: {problem}.") from None
    return bars


def bench_networks(
    template: Template, library: DemoLibrary, device: Device, peers: Sequence[Bar], *,
    networks: Sequence[str], evaluations: int, seed: int, synthesizer: Callable[[Build], Synthesizer],
    dsp: int | None = None, clock_mhz: int | None = None, told: Callable[[Bar], None] = lambda _: None,
) -> list[Bar]:
    """Peers' bars for these networks, and ours at their DSP counts and clocks, or at `dsp` and `clock_mhz`.

    Ours stand there with each number of MACs that a DSP block of the device does in a cycle.
    """
    bars = [bar for bar in peers if bar.network in networks]
    asked = {(dsp, clock_mhz)} if dsp and clock_mhz else {(bar.dsp, bar.clock_mhz) for bar in bars}
    for name in networks:
        for multipliers, clock in sorted((d, c) for d, c in asked if d and c):
            build = Build(device=device, dsp_limit=multipliers, clock_mhz=clock)
            for pack in DSP_PACKS if build.pairs_fit else DSP_PACKS[:1]:
                for bar in _ours(template, library, name, build, pack, evaluations, seed, synthesizer(build)):
                    bars.append(bar)
                    told(bar)
    return bars


def best_point(build: Build, work: Workload, *, pack: int, evaluations: int, seed: int) -> DesignPoint:
    """The point of least latency by the analytic model with `pack` MACs per DSP, after a search of this length."""
    judge = Judge(build, work)
    settings = SearchSettings(evaluations=evaluations, pins=Pins.of({"dsp_pack": pack}))
    searcher = Searcher(build, work, settings, session_seed=seed)
    history: list[Told] = []
    points: list[DesignPoint] = []
    for number in range(1, evaluations + 1):
        proposal = searcher.ask(history)
        trial = judge(genes_of(proposal.point))
        points.append(proposal.point)
        history.append(Told(number=number, parameters=proposal.parameters, outcome="evaluated",
                            latency_ms=trial.latency_ms, dsp=trial.dsp))
    return points[min(range(len(history)), key=lambda index: history[index].latency_ms or 0.0)]


def bodies_for(template: Template, library: DemoLibrary, point: DesignPoint, build: Build) -> dict[str, str]:
    """The offline adapter's text of every variant of a design; AigchipError for one that it refuses."""
    bodies: dict[str, str] = {}
    for instance in template.netlist(point, build).instances:
        variant = instance.variant
        if instance.author == "generator" and variant.key not in bodies:
            answer = next(iter(answers([variant_case(variant)], library.of(variant.module))))
            if not answer.code:
                raise AigchipError(f"The adapter refuses {variant.key}, so the design has no estimate.")
            bodies[variant.key] = answer.code
    return bodies


def _ours(
    template: Template, library: DemoLibrary, name: str, build: Build, pack: int, evaluations: int, seed: int,
    synthesizer: Synthesizer,
) -> Iterator[Bar]:
    whole = workload(f"{name}@{INPUT}")
    point = best_point(build, whole, pack=pack, evaluations=evaluations, seed=seed)
    netlist, bodies = template.netlist(point, build), bodies_for(template, library, point, build)
    report = synthesizer.evaluate(
        netlist=netlist, files=template.assemble(netlist, bodies), bodies=bodies, point=point, build=build,
        workload=whole,
    )
    kinds = {layer.name: layer.kind for layer in whole.unique()}
    without = sum(figure.cycles * figure.count for figure in report.layers if kinds[figure.name] != "fc")
    convolutions = Workload(name=whole.name, layers=tuple(one for one in whole.layers if one.kind != "fc"))
    for fc, cycles, work in (("out", without, convolutions), ("in, in hardware", report.figures.latency.cycles, whole)):
        milliseconds = cycles / (1000.0 * build.clock_mhz)
        yield Bar(
            who="aigchip", network=name, device=build.device.name, clock_mhz=build.clock_mhz,
            macs_per_dsp=float(pack), dsp=point.multipliers, dsp_total=report.figures.dsp, fc=fc,
            im2col="out, on the host", pooling="out, on the host",
            basis=report.figures.latency.basis, fps=1000.0 / milliseconds, ms=milliseconds, design=point.parameters(),
            roofline=cycles / roofline_cycles(build, work, pack * build.dsp_budget),
        )


def network_lines(bars: Sequence[Bar]) -> list[tuple[str, ...]]:
    """Rows of a table, networks together; the peer's row of equal network, DSPs and clock stands above ours."""
    ordered = sorted(bars, key=lambda b: (b.network, b.dsp, b.fc != "out", b.who == "aigchip", b.macs_per_dsp))
    return [
        (b.network, b.who, b.device, str(b.clock_mhz), f"{b.macs_per_dsp:g}", f"{b.dsp} of {b.dsp_total}", b.fc,
         b.im2col, b.pooling, f"{b.fps:.2f}", f"{b.ms:.2f}", f"{b.roofline:.3f}" if b.roofline else "",
         b.basis) for b in ordered
    ]


HEAD = (
    "network", "who", "device", "MHz", "MAC/DSP", "DSP", "FC", "im2col", "pooling", "fps", "ms", "x roofline", "basis",
)


def as_document(bars: Sequence[Bar]) -> Mapping[str, object]:
    """The bars as one JSON document with what may not be concluded from it."""
    return {
        "bars": [msgspec.to_builtins(bar) for bar in bars],
        "scope": "bars of different scope (FC, im2col, pooling, basis) are not comparable: no winner is named",
    }

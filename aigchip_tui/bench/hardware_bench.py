"""Random legal designs, generated variant by variant from their two demonstrations, proven alone and assembled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from aigchip_tui.bench.cycles import LayerCycles, compare_cycles
from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.run import simulate_system
from aigchip_tui.llm.coverage import variant_case
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.tiling import RefusedError, plan_tiles
from aigchip_tui.model.workload import Workload
from aigchip_tui.modules.protocol import Template, narrowed_of
from aigchip_tui.proof.demonstrations import DemoProver
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.encoding import GENE_SIZES, GENE_VALUES, REUSE, Pins, point_of
from aigchip_tui.search.operators import random_genes, repaired
from aigchip_tui.synth.embedded import EmbeddedSynthesizer

MAX_DRAWS = 100_000
TIMED_LAYERS = (
    Layer(name="odd", kind="gemm", m=77, k=300, n=70), Layer(name="batch of one", kind="fc", m=1, k=400, n=120),
    Layer(name="shallow", kind="conv", m=300, k=27, n=64),
)
"""Small layers that a design is timed on: edges on every axis, bound by weights, bound by the result."""


PINNED_ONLY = frozenset(gene for gene, drawn in enumerate(GENE_SIZES) if drawn == 1)
"""Genes of which a search draws the first value alone: links, mapping of arrays."""
SPILLING_EVERY = 3
"""Of so many draws the first may spill sums where its reuse is that of A or of B."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One random design: what its variants and its assembly showed; `cause` is empty when everything agreed."""

    number: int
    parameters: dict[str, int | str]
    variants: int
    origins: dict[str, int]
    values: int
    cause: str = ""
    cycles: tuple[LayerCycles, ...] = ()


def random_designs(
    build: Build, workload: Workload | None, *, seed: int, keep: Pins | None = None
) -> Iterator[DesignPoint]:
    """Legal designs, each drawn from its own number; half of them with partitions that the array needs, a third of
    those with reuse of A or of B on hardware that may spill sums, half with any links and any mapping of arrays.

    `keep` holds what every design keeps to (the whole space if None).
    """
    kept = {gene for gene, _ in (*keep.genes, *keep.narrowed)} if keep is not None else set()
    free = REUSE not in kept
    for number in range(MAX_DRAWS):
        draws = Draws(seed, "bench hardware", number)
        genes = random_genes(draws)
        if keep is not None:
            genes = keep.apply(genes)
        if number % 2:
            genes = repaired(genes, build)
        undrawn = Draws(seed, "bench hardware links", number)
        if undrawn.chance(0.5):
            genes = tuple(
                undrawn.below(len(values)) if gene in PINNED_ONLY - kept else index
                for gene, (index, values) in enumerate(zip(genes, GENE_VALUES.values(), strict=True))
            )
        point = point_of(genes)
        if number % SPILLING_EVERY == 0 and point.reuse != "output" and free:
            # A search draws none of these, so they are asked for here.
            point = msgspec.structs.replace(point, reuse="a_spill" if point.reuse == "a" else "b_spill")
        if not refusals(point, build, workload):
            yield point


def bench_hardware(
    template: Template, prover: DemoProver, bench: Bench, build: Build, *, samples: int, seed: int, depth: int = 0,
    pins: Mapping[str, int | str] | None = None, synthesizer: EmbeddedSynthesizer | None = None,
    told: Callable[[Sample], None] = lambda _: None,
) -> dict[str, Any]:
    """Prove `samples` random designs; `depth` 1 sets every FIFO of the assembled simulation to one token, `pins` are
    parameters that every design keeps.

    Returns samples, variants, values compared, how variants were made, and every failure with its parameters. With a
    `synthesizer` each design also runs small layers in virtual time, and `cycles` says how far the schedule and the
    analytic model are from simulated cycles, and how many counts of tokens, trips and beats were predicted wrongly.
    """
    known: dict[str, tuple[str, str, str]] = {}
    found: list[Sample] = []
    keep = Pins.of(pins or {}, narrowed_of(template))
    for number, point in enumerate(random_designs(build, None, seed=seed, keep=keep), start=1):
        if number > samples:
            break
        found.append(_sample(template, prover, bench, build, point, number, seed, depth, known, synthesizer))
        told(found[-1])
    origins: dict[str, int] = {}
    for origin, _, _ in known.values():
        origins[origin] = origins.get(origin, 0) + 1
    timed: dict[str, Any] = {"cycles": _cycles(found)} if synthesizer else {}
    return {
        "samples": len(found), "seed": seed, "fifo_depth": depth or "declared", "distinct_variants": len(known),
        "variants_by": dict(sorted(origins.items())), "values_compared": sum(s.values for s in found),
        "exact": sum(not s.cause for s in found), **timed,
        "failures": [{"number": s.number, "cause": s.cause, "parameters": s.parameters} for s in found if s.cause],
    }


def _sample(
    template: Template, prover: DemoProver, bench: Bench, build: Build, point: DesignPoint, number: int, seed: int,
    depth: int, known: dict[str, tuple[str, str, str]], synthesizer: EmbeddedSynthesizer | None,
) -> Sample:
    netlist = template.netlist(point, build)
    bodies: dict[str, str] = {}
    origins: dict[str, int] = {}
    cause = ""
    for instance in netlist.instances:
        variant = instance.variant
        if instance.author != "generator" or variant.key in bodies:
            continue
        if variant.key not in known:
            answered, proved = next(prover.coverage(variant.module, [variant_case(variant)]))
            red = proved.red if proved is not None else None
            why = "refused by the adapter" if proved is None else f"{red.rung}: {red.evidence}" if red else ""
            known[variant.key] = (answered.origin, answered.code, why)
        origin, code, why = known[variant.key]
        bodies[variant.key] = code
        origins[origin] = origins.get(origin, 0) + 1
        cause = cause or (f"{instance.name}: {why}" if why else "")
    values = 0
    if not cause:
        rng = np.random.default_rng(draw_seed(seed, "bench hardware system", number))
        test = template.system_test(netlist, point, build, (), rng)
        result = simulate_system(
            template.assemble(netlist, bodies), test.main, test.cases, sandbox=bench.sandbox, workdir=bench.workdir,
            cache=bench.cache, environment=bench.environment, fibers=True, depth_override=depth or None,
        )
        values = result.values
        cause = "" if result.passed else f"assembled: {result.cause}"
    rows: tuple[LayerCycles, ...] = ()
    if not cause and synthesizer is not None:
        layers = [layer for layer in TIMED_LAYERS if _fits(point, build, layer)]
        if layers:
            result, rows = compare_cycles(
                template, netlist, bodies, point, build, layers, synthesizer=synthesizer, bench=bench,
                rng=np.random.default_rng(draw_seed(seed, "bench hardware cycles", number)),
            )
            values += result.values
            cause = "" if result.passed else f"in virtual time: {result.cause}"
            cause = cause or next((f"predicted wrongly: {row.differs[0]}" for row in rows if row.differs), "")
    return Sample(
        number=number, parameters=point.parameters(), variants=len(bodies), origins=origins, values=values,
        cause=cause, cycles=rows,
    )


def _fits(point: DesignPoint, build: Build, layer: Layer) -> bool:
    try:
        plan_tiles(point, build, layer)
    except RefusedError:
        return False
    return True


def _cycles(samples: Sequence[Sample]) -> dict[str, Any]:
    """How far schedule and analytic model are from simulated cycles, as shares, and where most; counts predicted and
    wrong.
    """
    rows = [row for sample in samples for row in sample.cycles]
    if not rows:
        return {"layers": 0}
    schedule = sorted(abs(row.schedule_error) for row in rows)
    model = sorted(abs(row.model_error) for row in rows)
    worst = max(rows, key=lambda row: abs(row.schedule_error))
    off, of_model = max(
        ((sample, row) for sample in samples for row in sample.cycles), key=lambda pair: abs(pair[1].model_error)
    )
    return {
        "layers": len(rows), "basis": "cycles simulated in virtual time, no tool's and no board's",
        "schedule_median": round(schedule[len(rows) // 2], 4), "schedule_worst": round(schedule[-1], 4),
        "schedule_within_1_percent": sum(error <= 0.01 for error in schedule),
        "model_median": round(model[len(rows) // 2], 4), "model_worst": round(model[-1], 4),
        "model_within_10_percent": sum(error <= 0.1 for error in model),
        "counts_predicted": sum(row.counts for row in rows), "counts_wrong": sum(len(row.differs) for row in rows),
        "worst_layer": f"{worst.m}x{worst.k}x{worst.n}: {worst.estimated} estimated, {worst.simulated} simulated",
        "model_worst_layer": f"{of_model.m}x{of_model.k}x{of_model.n} of design {off.number}: {of_model.analytic} by "
        f"the model, {max(of_model.simulated, of_model.shared)} simulated",
        "model_worst_design": off.parameters,
    }

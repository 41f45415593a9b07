"""The assembled design on fibers at its declared depths, against the golden result computed outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from aigchip_tui.csim.run import simulate_system
from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.engine.reuse import keep_proof, known_proof, rests_on_machines_alone
from aigchip_tui.engine.steps.check import rung_event
from aigchip_tui.engine.steps.evaluate import bodies_of
from aigchip_tui.model import events as ev
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Netlist
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.proof.keeping import system_key
from aigchip_tui.proof.pacing import overtaken
from aigchip_tui.synth.launches import LaunchPace
from aigchip_tui.synth.protocol import KeepsVirtualTime

if TYPE_CHECKING:
    from aigchip_tui.engine.house import House


def prove(house: House, step: Step, state: SessionState) -> Prepared:
    """assembled_sim of one design: small odd layers, two launches, canaries around the memories."""
    design = state.designs[step.design]
    point = DesignPoint.from_parameters(design.parameters)
    bodies = bodies_of(house, state, design)
    seed = draw_seed(house.settings.seed, "system", step.design)
    own = rests_on_machines_alone(house, state, design.variant_keys())

    def job() -> Sequence[ev.AnyEvent]:
        netlist = house.template.netlist(point, house.build)
        files = house.template.assemble(netlist, bodies)

        def key() -> str:
            return system_key(
                files, point.parameters(), template_hash=house.template.hash, build=house.build, seed=seed,
                environment=house.bench.environment,
            )

        proven = known_proof(house, key)
        if proven:
            return [rung_event(house, proven[0], design=step.design)]
        test = house.template.system_test(netlist, point, house.build, (), np.random.default_rng(seed))
        timings, paces = _paces(house, netlist, bodies, point, test.cases)
        result = simulate_system(
            files, test.main, test.cases, sandbox=house.bench.sandbox, workdir=house.bench.workdir,
            cache=house.bench.cache, environment=house.bench.environment, fibers=True, timings=timings or None,
        )
        slow = overtaken(paces, result) if result.passed else ""
        if slow:
            finding = Finding(severity="error", kind="rate", code="SIM-CYCLES", message=slow)
            result = msgspec.structs.replace(result, outcome="failed", cause="cycles", findings=(finding,))
        if result.passed:
            outcome = RungOutcome(
                rung="assembled_sim", status="passed", findings=result.findings,
                evidence=f"{result.values} values of {result.cases_run} launches agree on fibers at declared depths"
                + (f"; the loops of {len(paces)} modules work no longer than contracted" if paces else "")
                + (f"; {test.note}" if test.note else ""),
            )
            if own:
                keep_proof(house, key, (outcome,))
            return [rung_event(house, outcome, design=step.design)]
        evidence = next((f.message for f in result.findings if f.blocking), result.cause)
        outcome = RungOutcome(
            rung="assembled_sim", status="failed", cause=result.cause, evidence=evidence, findings=result.findings,
            log=result.log,
        )
        return [
            rung_event(house, outcome, design=step.design),
            ev.DesignFailed(design=step.design, cause=f"assembled_sim: {result.cause}", message=evidence),
        ]

    return Prepared(job=job)


def _paces(
    house: House, netlist: Netlist, bodies: Mapping[str, str], point: DesignPoint, cases: Sequence[TestCase]
) -> tuple[Mapping[str, Sequence[LoopTiming]], tuple[LaunchPace, ...]]:
    """The timing of every loop, and what the commands may cost; both empty where the synthesizer does not know."""
    if not isinstance(house.synthesizer, KeepsVirtualTime):
        return {}, ()
    try:
        return house.synthesizer.launches(netlist, bodies, point, cases)
    except AigchipError:
        return {}, ()

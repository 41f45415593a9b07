"""Latency and resources of a design whose variants are all proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.engine.steps.check import rung_event
from aigchip_tui.model import events as ev
from aigchip_tui.model.device import Device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.state import Design, SessionState

if TYPE_CHECKING:
    from aigchip_tui.engine.house import House


def bodies_of(house: House, state: SessionState, design: Design) -> dict[str, str]:
    """Texts of a design's proven variants by key."""
    bodies: dict[str, str] = {}
    for key in design.variant_keys():
        attempt = state.variants[key].attempt
        assert attempt is not None
        bodies[key] = house.blobs.get_text(attempt.source)
    return bodies


def evaluate(house: House, step: Step, state: SessionState) -> Prepared:
    """Assemble, and ask the synthesizer; a design it cannot judge fails with its reason."""
    design = state.designs[step.design]
    point = DesignPoint.from_parameters(design.parameters)
    bodies = bodies_of(house, state, design)

    def job() -> Sequence[ev.AnyEvent]:
        try:
            netlist = house.template.netlist(point, house.build)
            files = house.template.assemble(netlist, bodies)
            report = house.synthesizer.evaluate(
                netlist=netlist, files=files, bodies=bodies, point=point, build=house.build, workload=house.workload,
            )
        except AigchipError as problem:
            return [ev.DesignFailed(design=step.design, cause="estimate", message=str(problem))]
        found = report.figures
        outcome = RungOutcome(rung=report.rung, status="passed", evidence=report.evidence, findings=report.findings)
        layers = house.blobs.put(msgspec.json.encode(report.layers))
        wiring = house.blobs.put_text("\n".join(text for name, text in files.items() if name.endswith(".cpp")))
        figures = ev.DesignEvaluated(
            design=step.design, latency_cycles=found.latency.cycles, latency_ms=found.latency.ms,
            clock_mhz=found.clock_mhz, dsp=found.dsp, bram18=found.bram18, uram=found.uram, lut=found.lut,
            ff=found.ff, basis=found.latency.basis, counted=found.counted, layers=layers, unknown=found.unknown,
            wiring=wiring,
        )
        judged = msgspec.structs.replace(figures, over=over_device(figures, house.build.device))
        return [rung_event(house, outcome, design=step.design), judged]

    return Prepared(job=job)


def over_device(figures: ev.DesignEvaluated, device: Device) -> str:
    """The first resource that the device does not have, with both figures; empty when the design fits."""
    for name, used, there in (
        ("DSP", figures.dsp, device.dsp), ("BRAM18", figures.bram18, device.bram18),
        ("URAM", figures.uram, device.uram), ("LUT", figures.lut, device.lut), ("FF", figures.ff, device.ff),
    ):
        if used > there:
            return f"{used} {name} of {there} on {device.name} ({figures.basis})"
    return ""

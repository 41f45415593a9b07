"""What the loop does at once: propose a design, give its modules local settings, tell results, end the search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.model import events as ev
from aigchip_tui.model.errors import AigchipError, NoResultError
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.state import SessionState
from aigchip_tui.search.searcher import Outcome, Told

if TYPE_CHECKING:
    from aigchip_tui.engine.house import House

_OUTCOMES: dict[str, Outcome] = {
    "evaluated": "evaluated", "failed": "failed", "waiting": "waiting", "damaged": "damaged",
}


def propose(house: House, step: Step, state: SessionState) -> Prepared:
    """Ask the search for design `step.design`; it sees only results told up to the fixed lag."""
    try:
        proposal = house.search.ask(_history(house, step, state))
    except NoResultError as problem:
        return Prepared(now=(ev.SearchFinished(reason=str(problem)),))
    return Prepared(now=(ev.DesignProposed(
        number=step.design, parameters=proposal.point.parameters(), origin=proposal.origin, screened=proposal.screened,
    ),))


def _history(house: House, step: Step, state: SessionState) -> list[Told]:
    """Every earlier proposal in order; results younger than the lag are pending, whatever is known by now."""
    told: list[Told] = []
    for number in range(1, step.design):
        design = state.designs[number]
        figures = design.figures if number <= step.design - house.settings.lag else None
        outcome: Outcome = "pending"
        if number <= step.design - house.settings.lag:
            outcome = _OUTCOMES.get(design.told, "pending")
        # A damaged journal may have lost a proposal; the search then sees its neighbour again, without a result.
        parameters = design.parameters or (told[-1].parameters if told else {})
        if not parameters:
            continue
        told.append(Told(
            number=number, parameters=parameters, outcome=outcome if figures or outcome != "evaluated" else "pending",
            latency_ms=figures.latency.ms if figures else math.inf, dsp=figures.dsp if figures else 0,
        ))
    return told


def elaborate(house: House, step: Step, state: SessionState) -> Prepared:
    """The template gives each module its local settings; variants that are new are declared first."""
    design = state.designs[step.design]
    try:
        netlist = house.template.netlist(DesignPoint.from_parameters(design.parameters), house.build)
    except AigchipError as problem:
        return Prepared(now=(ev.DesignFailed(design=step.design, cause="refused", message=str(problem)),))
    declared: dict[str, ev.VariantDeclared] = {}
    for instance in netlist.instances:
        variant = instance.variant
        if instance.author == "generator" and variant.key not in state.variants:
            declared[variant.key] = ev.VariantDeclared(
                key=variant.key, module=variant.module, function=variant.function, settings=variant.settings,
                instruction=variant.instruction, children=variant.children,
            )
    named = tuple(
        ev.InstanceNamed(
            name=i.name, variant=i.variant.key, module=i.variant.module, count=i.count, parent=i.parent, author=i.author
        )
        for i in netlist.instances
    )
    done = ev.DesignElaborated(design=step.design, instances=named, processes=netlist.processes)
    return Prepared(now=(*declared.values(), done))


def tell(house: House, step: Step, state: SessionState) -> Prepared:
    """The search is told an outcome, in proposal order."""
    return Prepared(now=(ev.ResultTold(design=step.design, outcome=step.message),))


def fail(house: House, step: Step, state: SessionState) -> Prepared:
    """A design ends without figures."""
    return Prepared(now=(ev.DesignFailed(design=step.design, cause=step.cause, message=step.message),))


def finish(house: House, step: Step, state: SessionState) -> Prepared:
    """No more designs."""
    return Prepared(now=(ev.SearchFinished(reason=step.message),))


def conclude(house: House, step: Step, state: SessionState) -> Prepared:
    """Every proof that can run here has run."""
    return Prepared(now=(ev.ProofsFinished(designs=house.front(state)),))

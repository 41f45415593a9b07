"""What a session has found, as plain data: the best design, the front, and the documents that `show --json` prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.figures import AnyFigures, of_one_kind
from aigchip_tui.model.limits import RANGES
from aigchip_tui.model.proof import DESIGN_RUNGS, VARIANT_RUNGS, Rung, Status
from aigchip_tui.model.session import Goal, SessionSettings, limited
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.state import Design, SessionState

LADDER: tuple[Rung, ...] = (*VARIANT_RUNGS, *DESIGN_RUNGS)
_WORST: tuple[Status, ...] = ("failed", "not run", "waived", "passed")

NEAR = 0.01
"""Relative difference in latency below which two designs are equally fast; no estimate is finer."""
SAVED = 0.1
"""Share of the DSPs that a design must save to be named beside the best."""

Rated = tuple[Design, AnyFigures]


def competing(designs: Iterable[Design]) -> list[Rated]:
    """Evaluated designs with figures of one kind, the one that most have: others are shown, and compared with none."""
    rated = [(d, d.figures) for d in designs if d.figures is not None and d.status == "evaluated"]
    kind = of_one_kind(figures for _, figures in rated)
    return [(design, figures) for design, figures in rated if figures.kind == kind]


def front(designs: Iterable[Design]) -> list[Design]:
    """Designs that no other beats in both latency and DSP, by rising latency; equal figures keep the first."""
    ordered = sorted(competing(designs), key=lambda one: (one[1].latency, one[1].dsp, one[0].number))
    kept: list[Design] = []
    fewest: int | None = None
    for design, figures in ordered:
        if fewest is None or figures.dsp < fewest:
            kept.append(design)
            fewest = figures.dsp
    return kept


def best(state: SessionState, goal: Goal) -> Design | None:
    """The design that the goal wants; damaged designs are never best. None while no design meets the goal."""
    found = competing(state.evaluated())
    if goal.latency_limit_ms:
        found = [one for one in found if one[1].latency.ms <= goal.latency_limit_ms]
    if not found:
        return None
    if goal.minimise == "dsp":
        return min(found, key=lambda one: (one[1].dsp, one[1].latency, one[0].number))[0]
    return min(found, key=lambda one: (one[1].latency, one[1].dsp, one[0].number))[0]


def thriftier(state: SessionState, goal: Goal) -> Design | None:
    """The design of fewest DSPs that is as fast as the best one, as far as figures tell, if it saves a tenth.

    Where latency is minimised only: between designs that close, an engineer takes the smaller.
    """
    chosen = best(state, goal)
    if chosen is None or chosen.figures is None or goal.minimise == "dsp":
        return None
    fastest, most = chosen.figures.latency.ms, chosen.figures.dsp
    near = [
        (figures.dsp, figures.latency.ms, design.number, design) for design, figures in competing(state.evaluated())
        if figures.latency.ms <= fastest * (1 + NEAR) and figures.dsp <= most * (1 - SAVED)
    ]
    return min(near)[-1] if near else None


def final_designs(state: SessionState, goal: Goal) -> tuple[int, ...]:
    """Numbers of the designs whose proofs are completed: the front and the best."""
    numbers = {d.number for d in front(state.evaluated())}
    chosen = best(state, goal)
    if chosen is not None:
        numbers.add(chosen.number)
    return tuple(sorted(numbers))


def ladder(state: SessionState, design: Design) -> dict[str, Status]:
    """The status of every rung of a design: a variant rung passed only if all its generated variants passed it."""
    rungs: dict[str, Status] = {}
    keys = design.variant_keys()
    for rung in VARIANT_RUNGS:
        seen: list[Status] = []
        for key in keys:
            variant = state.variants.get(key)
            attempt = variant.attempt if variant is not None else None
            outcome = attempt.rungs.get(rung) if attempt is not None else None
            seen.append(outcome.status if outcome is not None else "not run")
        rungs[rung] = next((s for s in _WORST if s in seen), "not run")
    for rung in DESIGN_RUNGS:
        found = design.rungs.get(rung)
        rungs[rung] = found.status if found is not None else "not run"
    return rungs


def design_document(state: SessionState, design: Design) -> dict[str, Any]:
    """DESIGN of the command-line contract."""
    f = design.figures
    return {
        "id": design.id,
        "parameters": dict(design.parameters),
        "latency_ms": f.latency.ms if f else None,
        "latency_cycles": f.latency.cycles if f else None,
        "clock_mhz": f.clock_mhz if f else None,
        "dsp": f.dsp if f else None,
        "macs": macs_of(design),
        "bram18": f.bram18 if f else None,
        "uram": f.uram if f else None,
        "lut": f.lut if f else None,
        "ff": f.ff if f else None,
        "basis": f.latency.basis if f else "estimate",
        "counted": f.counted if f else "",
        "state": design.status,
        "cause": design.cause or None,
        "message": design.message or None,
        "origin": design.origin,
        "processes": design.processes,
        "proof": ladder(state, design),
        "modules": [
            {
                "name": i.name, "variant": i.variant, "module": i.module, "count": i.count,
                "author": author_of(state, i.variant) if i.author == "generator" else "template",
            }
            for i in design.instances
        ],
    }


def macs_of(design: Design) -> int | None:
    """Multipliers of the array, which the DSP limit counts; None for a design whose parameters were lost."""
    try:
        return DesignPoint.from_parameters(design.parameters).multipliers
    except AigchipError:
        return None


def author_of(state: SessionState, key: str) -> str:
    """Who wrote the newest attempt of a variant: `offline adapter (fused)`, a model's name, `human`, `cure`."""
    variant = state.variants.get(key)
    attempt = variant.attempt if variant is not None else None
    return attempt.by if attempt is not None else "nobody yet"


def origins(state: SessionState) -> dict[str, int]:
    """How many variants the adapter retrieved, adapted or fused, and how many others wrote."""
    counts: dict[str, int] = {}
    for variant in state.variants.values():
        attempt = variant.attempt
        if attempt is None or not attempt.source:
            continue
        label = attempt.origin or attempt.author
        counts[label] = counts.get(label, 0) + 1
    return dict(sorted(counts.items()))


def taken(state: SessionState) -> dict[str, int]:
    """How many variants came from the user's cache instead of a call, and how many of them from other generators."""
    attempts = [v.attempt for v in state.variants.values() if v.attempt is not None and v.attempt.taken_from]
    return {"cached": len(attempts), "of_other_generators": sum(a.by_another for a in attempts)}


def run_state(state: SessionState, *, alive: bool | None = None) -> str:
    """One word: new, running, paused, waiting, stopped, done."""
    if state.proofs_finished:
        return "done"
    if not state.designs and state.engine is None:
        return "new"
    if alive is False or state.stopped:
        return "waiting" if state.open_decisions and not _moving(state) else "stopped"
    if state.paused:
        return "paused"
    if state.open_decisions and not _moving(state):
        return "waiting"
    return "running"


def _moving(state: SessionState) -> bool:
    return not state.finished


def session_document(settings: SessionSettings, state: SessionState, *, alive: bool | None = None) -> dict[str, Any]:
    """The document of `show --json`."""
    chosen, smaller = best(state, settings.goal), thriftier(state, settings.goal)
    made, settings = settings, limited(settings, state.limits)
    return {
        "name": settings.name,
        "state": run_state(state, alive=alive),
        "request": {
            "text": settings.request, "workload": settings.workload, "device": settings.device,
            "precision": settings.precision, "output": settings.output, "clock_mhz": settings.clock_mhz,
            "dsp": settings.dsp_limit,
            "understood": [list(u) for u in settings.understanding.understood],
            "assumed": [list(a) for a in settings.understanding.assumed],
            "not_understood": list(settings.understanding.not_understood),
        },
        "evaluations": {**state.counts(), "limit": settings.evaluations},
        "best": design_document(state, chosen) if chosen else None,
        "thriftier": design_document(state, smaller) if smaller else None,
        "front": [design_document(state, d) for d in front(state.evaluated())],
        "model_calls": state.spend.calls,
        "tokens": state.spend.tokens,
        "cost_usd": round(state.spend.worst_usd, 6),
        "variants": {"total": len(state.variants), "by": origins(state), **taken(state)},
        "waiting": sorted(state.open_decisions),
        "synthesizer": state.engine.synthesizer if state.engine else settings.synth,
        "template": settings.template,
        "grain": settings.grain,
        "generator": state.engine.generator if state.engine else settings.generator,
        "sandbox": {
            "name": state.engine.sandbox if state.engine else "not run",
            "denied": list(state.engine.denied) if state.engine else [],
            "not_denied": list(state.engine.not_denied) if state.engine else [],
        },
        "finished": state.finished or None,
        "limits": {name: getattr(settings, name) for name in RANGES},
        "made_with": {name: getattr(made, name) for name, _ in state.limits.given()},
        "worked_hours": round(state.worked_s / 3600, 4),
        "damaged": list(state.damaged),
    }

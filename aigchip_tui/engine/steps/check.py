"""Climb the ladder with an attempt, and decide what follows: proven, regenerated, or a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.judge import first_red, judge
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.engine.reuse import drop_variant, is_machines_own, keep_proof, keep_variant, known_proof
from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import Cure
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.state import Attempt, SessionState
from aigchip_tui.modules.protocol import pace_of
from aigchip_tui.proof.keeping import proof_key
from aigchip_tui.proof.ladder import Climb, climb, sanitize
from aigchip_tui.proof.pacing import InVirtualTime
from aigchip_tui.synth.protocol import KeepsVirtualTime

if TYPE_CHECKING:
    from aigchip_tui.engine.house import House


def check(house: House, step: Step, state: SessionState) -> Prepared:
    """Static to rate for the attempt of `step`; events are journalled together when the climb has ended."""
    known = state.variants[step.variant]
    attempt = next(a for a in known.attempts if a.number == step.attempt)
    variant = house.variant(state, step.variant)
    children = children_of(house, state, step.variant)
    body = house.blobs.get_text(attempt.source) if attempt.source else ""
    waived = dict(attempt.waived)
    seed = draw_seed(house.settings.seed, "stimulus", step.variant, step.attempt)
    own = is_machines_own(house, known, attempt)

    def key() -> str:
        return _proof_key(house, "search", variant, body, children, seed)

    def job() -> Sequence[ev.AnyEvent]:
        proven = known_proof(house, key) if body and not waived else ()
        if proven:
            climbed = Climb(outcomes=proven)
        elif body:
            climbed = climb(
                variant, body, children, house.template.modules()[variant.module], seed=seed, bench=house.bench,
                read=house.read, rate=house.synthesizer.rate, waived=waived,
                pace=pace_of(house.template, variant.module, variant.settings),
                in_virtual_time=_in_virtual_time(house),
            )
        else:
            climbed = Climb(outcomes=(_no_code(attempt),))
        cures = tuple(
            Cure(number=n, title=r["title"], cost=r["cost"], source=house.blobs.put_text(r["body"]))
            for n, r in enumerate(climbed.repairs, start=1)
        )
        events: list[ev.AnyEvent] = [
            rung_event(house, outcome, variant=step.variant, attempt=step.attempt) for outcome in climbed.outcomes
        ]
        red = first_red(climbed.outcomes)
        verdict = judge(
            known, attempt, climbed.outcomes, gate=house.settings.gate, max_attempts=house.settings.max_attempts,
            repeats=house.generator.spec.is_deterministic, cures=cures if red else (), asked=house.now_text(),
        )
        if red is not None and attempt.taken_from:
            drop_variant(house, variant)
        elif own and isinstance(verdict, ev.VariantProven):
            keep_proof(house, key, climbed.outcomes)
            keep_variant(house, variant, attempt)
        return [*events, verdict]

    return Prepared(job=job)


def sanitize_variant(house: House, step: Step, state: SessionState) -> Prepared:
    """The sanitizers rung of a proven attempt, for the designs whose proofs are completed."""
    known = state.variants[step.variant]
    attempt = next(a for a in known.attempts if a.number == step.attempt)
    variant = house.variant(state, step.variant)
    children = children_of(house, state, step.variant)
    body = house.blobs.get_text(attempt.source)
    seed = draw_seed(house.settings.seed, "stimulus", step.variant, step.attempt)
    own = is_machines_own(house, known, attempt)
    users = tuple(n for n in known.designs if state.designs[n].status == "evaluated")

    def key() -> str:
        return _proof_key(house, "sanitizers", variant, body, children, seed)

    def job() -> Sequence[ev.AnyEvent]:
        proven = known_proof(house, key)
        outcome = proven[0] if proven else sanitize(
            variant, body, children, house.template.modules()[variant.module], seed=seed, bench=house.bench
        )
        if own and outcome.status == "passed":
            keep_proof(house, key, (outcome,))
        events: list[ev.AnyEvent] = [rung_event(house, outcome, variant=step.variant, attempt=step.attempt)]
        if outcome.status == "failed":
            drop_variant(house, variant)
            events.extend(
                ev.DesignFailed(design=n, cause="sanitizers", message=f"{variant.module}: {outcome.evidence}")
                for n in users
            )
        return events

    return Prepared(job=job)


def _in_virtual_time(house: House) -> InVirtualTime | None:
    return house.synthesizer.in_virtual_time if isinstance(house.synthesizer, KeepsVirtualTime) else None


def _proof_key(
    house: House, rungs: str, variant: Variant, body: str, children: Sequence[tuple[Variant, str]], seed: int
) -> str:
    return proof_key(
        rungs, variant, body, children, template_hash=house.template.hash, headers=house.bench.headers,
        build=house.build, seed=seed, environment=house.bench.environment,
    )


def children_of(house: House, state: SessionState, key: str) -> list[tuple[Variant, str]]:
    """Proven bodies of everything that a variant calls, innermost first, each once."""
    found: dict[str, tuple[Variant, str]] = {}

    def visit(parent: str) -> None:
        for child in state.variants[parent].children:
            if child not in found and child in state.variants:
                visit(child)
                attempt = state.variants[child].attempt
                if attempt is not None:
                    found[child] = (house.variant(state, child), house.blobs.get_text(attempt.source))

    visit(key)
    return list(found.values())


def rung_event(
    house: House, outcome: RungOutcome, *, variant: str = "", attempt: int = 0, design: int = 0
) -> ev.RungFinished:
    """The event of a rung; its log becomes a blob, capped head and tail."""
    log = house.blobs.put_log(outcome.log) if outcome.log else ""
    return ev.RungFinished(
        outcome=msgspec.structs.replace(outcome, log=""), variant=variant, attempt=attempt, design=design, log=log
    )


def _no_code(attempt: Attempt) -> RungOutcome:
    message = attempt.refusal or "The reply holds no code."
    cause = attempt.no_reply or "no_code"
    return RungOutcome(
        rung="static", status="failed", cause=cause, evidence=message,
        findings=(Finding(severity="error", kind=cause, code="reply", message=message),),
    )

"""`advance`: from what the journal says to the steps that have no outcome yet. Pure: no I/O, no clock, no randomness.

Resume, waiting for a human and undo are all the same thing here: run the steps that have no outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from aigchip_tui.model.proof import DESIGN_RUNGS, FINAL_DESIGN_RUNGS, Rung
from aigchip_tui.model.state import ALL_DONE, AWAY, CAP, Design, SessionState, Variant

StepKind = Literal[
    "propose", "elaborate", "tell", "choose", "generate", "check", "evaluate", "fail", "finish", "prove", "sanitize",
    "conclude",
]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do; its `id` names design or variant, rung and attempt, so it is never begun twice."""

    kind: StepKind
    design: int = 0
    variant: str = ""
    attempt: int = 0
    cause: str = ""
    message: str = ""

    @property
    def id(self) -> str:
        """Stable name of the step."""
        return f"{self.kind}:{self.design or self.variant}:{self.attempt}"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that decide which steps may begin.

    `lag` is the fixed number of designs that may be under way while the search proposes: design n is proposed when all
    results up to n - lag have been told, whatever the number of jobs.
    """

    evaluations: int
    lag: int
    model_chooses: bool = False
    """A model chooses the demonstrations of each variant, in a call of its own before the first attempt."""
    stop_reason: str = ""
    """A cap that was reached (calls, tokens, money, hours): no new call, no new design."""


AWAY_REASON = "the generator does not answer"
FINAL_VARIANT_RUNGS: tuple[Rung, ...] = ("sanitizers",)


def advance(state: SessionState, limits: Limits, *, front: tuple[int, ...] = ()) -> list[Step]:
    """The steps without an outcome, most useful first; `front` are the designs whose proofs are completed at the end.

    An empty list means: nothing to do now (ended, or every open design waits for a human).
    """
    if state.proofs_finished or state.paused:
        return []
    steps: list[Step] = []
    steps.extend(_tell(state))
    for number in sorted(state.unresolved):
        steps.extend(_build(state, state.designs[number], limits))
    proposing = not state.finished
    if generator_is_away(state):
        # Designs proposed now would fail for what is no property of theirs; the next engine asks again.
        return steps
    if proposing:
        steps.extend(_propose(state, limits))
    elif not _still_building(state):
        steps.extend(_conclude(state, front))
    return steps


def generator_is_away(state: SessionState) -> bool:
    """True when a call of this engine found no willing server: nothing more is proposed before the next start."""
    return bool(_away(state))


def away_reason(state: SessionState) -> str:
    """Why the engine ends when the generator is away: what was said of the first call that was left unanswered."""
    said = next((v.attempt.unanswered_why for v in _away(state) if v.attempt is not None), "")
    return f"{AWAY_REASON}: {said}" if said else AWAY_REASON


def _away(state: SessionState) -> list[Variant]:
    return [variant for variant in state.variants.values() if variant.unanswered and variant.cause in AWAY]


def _tell(state: SessionState) -> Iterator[Step]:
    """Results are told in proposal order; the first design without an outcome ends the row."""
    for number in range(_first_untold(state), len(state.designs) + 1):
        design = state.designs[number]
        outcome = told_outcome(state, design)
        if not outcome:
            return
        yield Step(kind="tell", design=number, message=outcome)


def _first_untold(state: SessionState) -> int:
    number = len(state.designs)
    while number > 0 and not state.designs[number].told:
        number -= 1
    return number + 1


def told_outcome(state: SessionState, design: Design) -> str:
    """What the search may be told of a design now: its outcome, `waiting` for a human, or nothing yet.

    Nothing is told of a design that failed for what is no property of its own: it is built by a later engine, and the
    search goes on as if nothing had come between.
    """
    if design.is_unjudged:
        return ""
    if design.status in ("evaluated", "failed", "damaged"):
        return design.status
    if design.status == "building" and waits_for_human(state, design):
        return "waiting"
    return ""


def waits_for_human(state: SessionState, design: Design) -> bool:
    """True when nothing of the design can move before a human has answered."""
    waiting = False
    for key in needed_keys(state, design):
        variant = state.variants.get(key)
        if variant is None:
            return False
        if variant.status == "stuck":
            waiting = True
        elif variant.status != "proven" and (variant.status != "replied" or children_proven(state, variant)):
            return False
    return waiting


def children_proven(state: SessionState, variant: Variant) -> bool:
    """True when the bodies that a parent calls are all proven."""
    return all(state.variants[c].status == "proven" for c in variant.children if c in state.variants)


def needed_keys(state: SessionState, design: Design) -> tuple[str, ...]:
    """Variants that a design cannot be evaluated without: its own, and those that they call, children first."""
    keys: dict[str, None] = {}

    def visit(key: str) -> None:
        variant = state.variants.get(key)
        for child in variant.children if variant is not None else ():
            if child in state.variants and child not in keys:
                visit(child)
        keys[key] = None

    for key in design.variant_keys():
        visit(key)
    return tuple(keys)


def _build(state: SessionState, design: Design, limits: Limits) -> Iterator[Step]:
    if design.status == "proposed":
        yield Step(kind="elaborate", design=design.number)
    if design.status != "building":
        return
    keys = needed_keys(state, design)
    if any(key not in state.variants for key in keys):
        yield Step(kind="elaborate", design=design.number)
        return
    for key in keys:
        variant = state.variants[key]
        if variant.status in ("skipped", "failed"):
            cause = variant.cause or variant.status
            yield Step(kind="fail", design=design.number, cause=cause, message=_missing(variant))
            return
    pending = False
    for key in keys:
        variant = state.variants[key]
        if variant.status == "proven":
            continue
        pending = True
        if variant.status == "needed":
            if limits.stop_reason:
                yield Step(
                    kind="fail", design=design.number, cause=CAP,
                    message=f"{variant.module} was not generated: {limits.stop_reason}",
                )
                return
            if limits.model_chooses and not variant.chosen:
                yield Step(kind="choose", variant=key)
            else:
                yield Step(kind="generate", variant=key, attempt=len(variant.attempts) + 1)
        elif variant.status == "replied" and children_proven(state, variant):
            yield Step(kind="check", variant=key, attempt=len(variant.attempts))
    if not pending:
        yield Step(kind="evaluate", design=design.number)


def _missing(variant: Variant) -> str:
    """Why a design cannot have a variant."""
    if variant.unanswered and variant.attempt is not None:
        return f"{variant.module} was not generated: {variant.attempt.unanswered_why}"
    cause = variant.cause or variant.status
    return f"{variant.module} ({variant.key}) was {variant.status}" + (f": {cause}" if cause != variant.status else "")


def _propose(state: SessionState, limits: Limits) -> Iterator[Step]:
    number = len(state.designs) + 1
    if limits.stop_reason:
        if not _still_building(state):
            yield Step(kind="finish", message=limits.stop_reason)
        return
    if number > limits.evaluations:
        if all(design.told for design in state.designs.values()):
            yield Step(kind="finish", message=ALL_DONE)
        return
    if _first_untold(state) > number - limits.lag:
        yield Step(kind="propose", design=number)


def _still_building(state: SessionState) -> bool:
    """Designs that can still move without a human."""
    return any(
        state.designs[n].status in ("proposed", "building") and not waits_for_human(state, state.designs[n])
        for n in state.unresolved
    )


def _conclude(state: SessionState, front: tuple[int, ...]) -> Iterator[Step]:
    """The front and the best climb every rung that can run here; then the session is done unless a human is awaited."""
    open_steps = False
    for number in front:
        design = state.designs[number]
        for rung in FINAL_DESIGN_RUNGS:
            if rung in DESIGN_RUNGS and rung not in design.rungs:
                open_steps = True
                yield Step(kind="prove", design=number, cause=rung)
        for key in design.variant_keys():
            variant = state.variants[key]
            attempt = variant.attempt
            if attempt is not None and variant.status == "proven" and any(
                r not in attempt.rungs for r in FINAL_VARIANT_RUNGS
            ):
                open_steps = True
                yield Step(kind="sanitize", variant=key, attempt=attempt.number)
    if not open_steps and not state.open_decisions:
        yield Step(kind="conclude")

"""What follows from the rungs of an attempt: proven, regenerated, or a question to a human. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.model.decision import Cure, Decision, Gate, fingerprint
from aigchip_tui.model.events import AnyEvent, DecisionOpened, VariantFailed, VariantProven
from aigchip_tui.model.proof import Rung, RungOutcome
from aigchip_tui.model.state import Attempt, Variant

INTERFACE_RUNGS: tuple[Rung, ...] = ("contract",)

_LABELS: dict[Rung, str] = {
    "static": "unsafe or unreadable text",
    "contract": "interface",
    "conformance": "wrong or missing directive",
    "compile": "does not compile",
    "module_sim": "wrong result",
    "sanitizers": "memory error",
    "rate": "too slow",
}


def first_red(outcomes: Sequence[RungOutcome]) -> RungOutcome | None:
    """The first rung that failed."""
    return next((o for o in outcomes if o.status == "failed"), None)


def label_of(outcome: RungOutcome) -> str:
    """What kind of failure it is, in the words of the ladder and the diagnosis."""
    label = _LABELS.get(outcome.rung, outcome.rung)
    kinds = {f.kind for f in outcome.findings if f.blocking}
    if attempt_without_reply(outcome):
        return f"no reply: {outcome.cause.replace('_', ' ')}"
    if outcome.rung == "compile" and len(kinds) == 1:
        return f"{label}: {kinds.pop().replace('_', ' ')}"
    if outcome.rung == "module_sim" and outcome.cause and outcome.cause != "mismatch":
        return outcome.cause.replace("_", " ")
    return label


def attempt_without_reply(outcome: RungOutcome) -> bool:
    """Whether the rung is red because the call brought nothing that can be read."""
    return outcome.rung == "static" and any(f.code == "reply" and f.kind != "no_code" for f in outcome.findings)


def judge(
    variant: Variant,
    attempt: Attempt,
    outcomes: Sequence[RungOutcome],
    *,
    gate: Gate,
    max_attempts: int,
    repeats: bool,
    cures: Sequence[Cure] = (),
    asked: str = "",
) -> AnyEvent:
    """The event that follows an attempt's climb.

    `repeats` says that the generator answers the same request with the same reply, so regenerating is useless.
    `cures` are repairs the machine offers; `asked` is the time of the question, for display.
    """
    red = first_red(outcomes)
    waived = tuple(o.rung for o in outcomes if o.status == "waived")
    if red is None:
        if gate == "every" and attempt.author not in ("human", "cure") and not waived:
            return DecisionOpened(decision=_decision(
                variant, attempt, outcomes[-1], f"{variant.module} is proven: accept it?", cures=(), asked=asked,
                label="proven, asked by the gate",
            ))
        return VariantProven(variant=variant.key, attempt=attempt.number, waived=waived)
    by_machine = attempt.author not in ("human", "cure")
    generated = sum(1 for a in variant.attempts if a.author not in ("human", "cure"))
    may_retry = by_machine and not repeats and generated < max_attempts
    if gate == "interfaces" and red.rung in INTERFACE_RUNGS:
        may_retry = False
    if may_retry:
        return VariantFailed(
            variant=variant.key, attempt=attempt.number, rung=red.rung, cause=red.cause or red.rung, retry=True
        )
    if gate == "never":
        return VariantFailed(
            variant=variant.key, attempt=attempt.number, rung=red.rung, cause=red.cause or red.rung, retry=False
        )
    return DecisionOpened(decision=_decision(
        variant, attempt, red, _question(variant, red), cures=cures, asked=asked, label=label_of(red)
    ))


def _question(variant: Variant, red: RungOutcome) -> str:
    blocking = [f.message for f in red.findings if f.blocking]
    return blocking[0] if blocking else red.evidence or f"{variant.module} failed on rung {red.rung}."


def _decision(
    variant: Variant, attempt: Attempt, outcome: RungOutcome, question: str, *,
    cures: Sequence[Cure], asked: str, label: str,
) -> Decision:
    mark = fingerprint(variant.key, outcome.rung, outcome.findings, outcome.cause)
    return Decision(
        id=f"{variant.module}-{mark[:6]}-{attempt.number}", variant=variant.key, module=variant.module,
        attempt=attempt.number, rung=outcome.rung, fingerprint=f"{mark}-{attempt.number}", label=label,
        question=question, findings=outcome.findings, cures=tuple(cures), asked=asked,
    )

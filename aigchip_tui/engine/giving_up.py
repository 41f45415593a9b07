"""What becomes of a step that broke instead of ending: a typed failure of its variant or design, never a dead engine.

Also the texts that a session has lost: their variants are made again, and designs that rested on them fail.
"""

from __future__ import annotations

from typing import Protocol

from aigchip_tui.engine.advance import Step
from aigchip_tui.model import events as ev
from aigchip_tui.model.errors import AigchipError, MissingToolError
from aigchip_tui.model.state import SessionState, Variant
from aigchip_tui.store.fs import StoreError
from aigchip_tui.store.lock import LockLostError


class Texts(Protocol):
    """Where sources lie, by digest."""

    def has(self, digest: str) -> bool:
        """Whether the text is there."""
        ...


def concerns_machine(problem: BaseException) -> bool:
    """True when the machine failed rather than the step: doing the step again later may succeed."""
    if isinstance(problem, StoreError):
        return problem.errno != 0
    return isinstance(problem, LockLostError | MissingToolError | OSError | MemoryError) or not isinstance(
        problem, Exception
    )


def given_up(step: Step, problem: Exception, state: SessionState) -> tuple[ev.AnyEvent, ...]:
    """The events that end `step` after `problem`; empty when nothing can go on without it."""
    cause = "damaged" if isinstance(problem, StoreError) else "internal"
    message = str(problem) if isinstance(problem, AigchipError) else f"{type(problem).__name__}: {problem}"
    message = f"{step.kind} could not be done: {message}"[:600]
    if step.kind in ("elaborate", "evaluate", "prove"):
        return (ev.DesignFailed(design=step.design, cause=cause, message=message),)
    if step.kind in ("choose", "generate", "check", "sanitize"):
        failed = ev.VariantFailed(
            variant=step.variant, attempt=step.attempt, rung="static", cause=cause, retry=False
        )
        return (failed, *_without_figures(state, state.variants[step.variant], cause, message))
    return ()


def lost_texts(state: SessionState, texts: Texts) -> tuple[ev.AnyEvent, ...]:
    """Variants whose text is gone are asked for again; designs with figures that rest on it fail as damaged."""
    found: list[ev.AnyEvent] = []
    for variant in state.variants.values():
        attempt = variant.attempt
        if variant.status not in ("proven", "replied") or attempt is None or not attempt.source:
            continue
        if _is_there(attempt.source, texts):
            continue
        found.append(ev.VariantFailed(
            variant=variant.key, attempt=attempt.number, rung="static", cause="damaged", retry=True
        ))
        found += _without_figures(state, variant, "damaged", f"the text of {variant.module} ({variant.key}) is lost")
    return tuple(found)


def _is_there(digest: str, texts: Texts) -> bool:
    try:
        return texts.has(digest)
    except StoreError:
        return False


def _without_figures(state: SessionState, variant: Variant, cause: str, message: str) -> list[ev.AnyEvent]:
    return [
        ev.DesignFailed(design=number, cause=cause, message=message)
        for number in variant.designs if number in state.designs and state.designs[number].status == "evaluated"
    ]

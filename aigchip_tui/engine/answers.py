"""Commands of a human become events: an answer is accepted or refused with a reason, exactly once. Pure."""

from __future__ import annotations

from aigchip_tui.model.decision import NEVER_AS_IS, Command
from aigchip_tui.model.events import (
    AnyEvent,
    CommandRefused,
    DecisionAnswered,
    LimitsChanged,
    SearchPaused,
    SearchResumed,
)
from aigchip_tui.model.limits import limit_refusal
from aigchip_tui.model.state import SessionState


def answer(state: SessionState, command: Command) -> AnyEvent:
    """The event that a command leads to; a stop is the caller's business and never arrives here."""
    if command.kind == "pause":
        return SearchPaused(by=command.by, uuid=command.uuid)
    if command.kind == "resume":
        return SearchResumed(by=command.by, uuid=command.uuid)
    if command.kind == "limits":
        wrong = [why for name, value in command.limits.given() if (why := limit_refusal(name, value))]
        return CommandRefused(uuid=command.uuid, why=wrong[0]) if wrong else LimitsChanged(
            limits=command.limits, by=command.by, uuid=command.uuid
        )
    why = _refusal(state, command)
    if why:
        return CommandRefused(uuid=command.uuid, why=why)
    assert command.action is not None
    source = command.source
    if command.action == "undo":
        decision, _ = state.closed_decisions[command.decision]
    else:
        decision = state.open_decisions[command.decision]
    if command.action == "accept" and command.cure is not None:
        source = next(c.source for c in decision.cures if c.number == command.cure)
    return DecisionAnswered(
        decision=decision.id, variant=decision.variant, uuid=command.uuid, action=command.action, by=command.by,
        cure=command.cure, as_is=command.as_is, reason=command.reason, hint=command.hint, source=source,
    )


def _refusal(state: SessionState, command: Command) -> str:
    if command.action is None:
        return "The answer names no action."
    if command.action == "undo":
        return _undo_refusal(state, command)
    decision = state.open_decisions.get(command.decision)
    if decision is None:
        closed = state.closed_decisions.get(command.decision)
        if closed is not None:
            return f"{command.decision} was answered before: {closed[1].action} by {closed[1].by or 'somebody'}."
        return f"There is no open decision {command.decision!r}."
    if command.question and command.question != decision.fingerprint:
        return f"{command.decision} has changed since you saw it; look at it again."
    if command.action == "accept":
        if command.cure is not None and command.cure not in {c.number for c in decision.cures}:
            return f"{command.decision} offers no cure {command.cure}."
        if command.as_is and decision.rung in NEVER_AS_IS:
            return f"Rung {decision.rung} cannot be waived: choose a cure, regenerate, patch or skip."
        if command.as_is and not command.reason:
            return "Accepting as it is needs a reason (--reason)."
        if command.cure is None and not command.as_is and decision.label != "proven, asked by the gate":
            return f"{command.decision} is red on rung {decision.rung}: accept a cure, or accept --as-is with a reason."
    if command.action == "patch" and not command.source:
        return "The patch is empty."
    return ""


def _undo_refusal(state: SessionState, command: Command) -> str:
    closed = state.closed_decisions.get(command.decision)
    if closed is None:
        return f"There is no answered decision {command.decision!r} to undo."
    decision, answered = closed
    if answered.action == "undo":
        return f"{command.decision} was undone already."
    variant = state.variants[decision.variant]
    if any(a is not None and a.id != decision.id and a.variant == variant.key for a in state.open_decisions.values()):
        return f"{command.decision} is older than the question that {variant.module} asks now."
    used = [state.designs[n].id for n in variant.designs if state.designs[n].status == "evaluated"]
    if used:
        return f"{command.decision} cannot be undone: {', '.join(used[:3])} has figures that rest on it."
    return ""

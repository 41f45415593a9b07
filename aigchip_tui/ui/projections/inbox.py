"""Decisions as lines: the list, the question, its cures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import NEVER_AS_IS, Decision
from aigchip_tui.ui.projections.code import finding_line
from aigchip_tui.ui.projections.glyphs import Glyphs
from aigchip_tui.ui.projections.text import Line, Role, Span, crop_line, fit, plain, spread, wrap
from aigchip_tui.ui.projections.views import Snapshot


@dataclass(frozen=True, kw_only=True)
class InboxRow:
    """A decision as it stands in the list; `answer` is set when it was answered."""

    decision: Decision
    answer: ev.DecisionAnswered | None = None

    @property
    def id(self) -> str:
        """The decision's id."""
        return self.decision.id


def inbox_rows(snapshot: Snapshot) -> list[InboxRow]:
    """Open questions first, oldest first; then answered ones, newest first."""
    rows = [InboxRow(decision=d) for d in snapshot.open]
    return [*rows, *(InboxRow(decision=d, answer=a) for d, a in reversed(snapshot.closed))]


def designs_waiting(snapshot: Snapshot, decision: Decision) -> int:
    """How many designs one answer frees."""
    variant = snapshot.variants.get(decision.variant)
    return len(variant.designs) if variant is not None else 0


def queued_word(snapshot: Snapshot, decision: Decision) -> str:
    """The answer that lies in the inbox and that no engine has taken yet."""
    for queued in snapshot.queued:
        if queued.decision == decision.id:
            return queued.action
    return ""


def answer_words(answer: ev.DecisionAnswered) -> str:
    """An answer in words."""
    if answer.as_is:
        what = f"waived by {answer.by or 'somebody'}: {answer.reason}"
    elif answer.action == "accept" and answer.cure is not None:
        what = f"cure {answer.cure} by {answer.by or 'somebody'}"
    elif answer.action == "regenerate":
        what = f"regenerate by {answer.by or 'somebody'}" + (f": {answer.hint}" if answer.hint else "")
    else:
        what = f"{answer.action} by {answer.by or 'somebody'}"
    return plain(what)


def row_line(snapshot: Snapshot, row: InboxRow, width: int) -> Line:
    """One decision: where it stands, its module, what kind of failure, how many designs it frees."""
    d = row.decision
    waiting = designs_waiting(snapshot, d)
    if row.answer is not None:
        state: Span = ("answered", "dim")
        tail = answer_words(row.answer)
    else:
        queued = queued_word(snapshot, d)
        state = (f"sent {queued}" if queued else "? waits", "accent" if queued else "wait")
        tail = plain(d.question)
    return crop_line((
        (f" {fit(state[0], 11)} ", state[1]), (fit(plain(d.module), 13), "head" if row.answer is None else "dim"),
        (fit(plain(d.label), 27), "" if row.answer is None else "dim"),
        (fit(f"{waiting} design{'s' if waiting != 1 else ''}", 10), "dim"), (tail, "dim"),
    ), width)


def age_words(asked: str, now: datetime) -> str:
    """How long ago a question was asked, in words; empty when the time cannot be read."""
    try:
        seconds = (now - datetime.fromisoformat(asked.replace("Z", "+00:00"))).total_seconds()
    except (ValueError, TypeError):
        return ""
    if seconds < 60:
        return "asked just now"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"asked {minutes} min ago"
    return f"asked {minutes // 60} h ago" if minutes < 48 * 60 else f"asked {minutes // 1440} days ago"


def question_lines(snapshot: Snapshot, row: InboxRow, *, width: int, now: datetime) -> list[Line]:
    """The question with its place on the ladder and how long it waits."""
    d = row.decision
    n = designs_waiting(snapshot, d)
    head: Line = ((f" {plain(d.module)}", "head"), (f"  {plain(d.label)}", "wait" if row.answer is None else "dim"),
                  (f"  {d.rung}, attempt {d.attempt}, {n} design{'s' if n != 1 else ''}"
                   + ("" if row.answer is not None else " wait" if n != 1 else " waits"), "dim"))
    lines = [spread(head, ((age_words(d.asked, now) + " ", "dim"),), width)]
    lines += [((f" {piece}", ""),) for piece in wrap(plain(d.question), width - 2)[:3]]
    return lines


def cure_lines(row: InboxRow, *, width: int, glyphs: Glyphs) -> list[Line]:
    """The repairs that the machine offers, or what an answered question was answered."""
    if row.answer is not None:
        return [((" answered: ", "dim"), (answer_words(row.answer), "accent"))]
    lines: list[Line] = []
    for cure in row.decision.cures:
        lines.append(crop_line(((f" cure {cure.number} ", "key"), (plain(cure.title), ""),
                                (f"   {plain(cure.cost)}", "dim")), width))
    if not lines:
        lines.append(((" the machine knows no cure: regenerate, patch, or skip", "dim"),))
    return lines


def can_waive(decision: Decision) -> bool:
    """Whether this red rung may be accepted as it is."""
    return decision.rung not in NEVER_AS_IS


def is_gate(decision: Decision) -> bool:
    """Whether the gate asks about a proven attempt, so that it can simply be accepted."""
    return decision.label == "proven, asked by the gate"


def finding_lines(decision: Decision, width: int) -> list[Line]:
    """All findings of a question."""
    lines: list[Line] = []
    for finding in decision.findings:
        if finding.line:
            lines.append(((f" line {finding.line}", "dim"),))
        lines.extend(finding_line(finding, width))
    return lines or [((" no finding with a place; see the log", "dim"),)]


def answer_role(word: str) -> Role:
    """The colour of what the engine said to an answer."""
    return "good" if word == "accepted" else "bad"

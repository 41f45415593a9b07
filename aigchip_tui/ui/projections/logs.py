"""What was said: attempts as rows, prompts, replies with the source of each line, logs of the rungs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from aigchip_tui.llm.provenance import read_provenance
from aigchip_tui.model.proof import DESIGN_RUNGS, VARIANT_RUNGS, Rung
from aigchip_tui.ui.projections.highlight import Highlighter
from aigchip_tui.ui.projections.ladder import WORDS, ladder, status_role
from aigchip_tui.ui.projections.text import Line, Role, fit, plain, plain_lines, wrap
from aigchip_tui.ui.projections.views import AttemptView, DesignView, Snapshot, VariantView

ADAPTER = "offline adapter"


@dataclass(frozen=True, kw_only=True)
class LogRow:
    """One attempt at a variant, or one design with logs of its own."""

    id: str
    variant: VariantView | None = None
    attempt: AttemptView | None = None
    design: DesignView | None = None


def log_rows(snapshot: Snapshot) -> list[LogRow]:
    """Newest first, by when an attempt began or a design was last judged."""
    rows: list[tuple[int, LogRow]] = []
    for design in snapshot.designs.values():
        if design.rungs:
            rows.append((design.judged, LogRow(id=design.id, design=design)))
    for variant in snapshot.variants.values():
        for attempt in variant.attempts:
            name = f"{variant.key}#{attempt.number}"
            rows.append((attempt.begun, LogRow(id=name, variant=variant, attempt=attempt)))
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]


def log_row_line(row: LogRow, width: int) -> Line:
    """One row: what, by whom, its ladder."""
    if row.design is not None:
        design = row.design
        signs = ladder(design.rungs[r].status if r in design.rungs else "not run" for r in DESIGN_RUNGS)
        return ((" design ", "dim"), (fit(design.id, max(6, width - 26)), "head"), *signs, ("  ", ""),
                (design.status, "dim"))
    assert row.variant is not None
    assert row.attempt is not None
    attempt = row.attempt
    signs = ladder(attempt.status(r) for r in VARIANT_RUNGS)
    wide = width >= 60
    name = row.variant.key if wide else row.variant.module
    by = attempt.by if wide else attempt.origin or attempt.by
    room = max(8, width - 42) if wide else 14
    return (
        (" ", ""), (fit(plain(name), room), "head"), (f" #{attempt.number:<2}", "dim"), *signs, (" ", ""),
        (fit(plain(by), max(0, width - room - 13)), "dim"),
    )


def texts_of(row: LogRow) -> list[tuple[str, str]]:
    """The texts of a row that exist: (title, what) with what = reply, prompt, code, or a rung's name."""
    if row.design is not None:
        return [(WORDS[r], r) for r in DESIGN_RUNGS if r in row.design.rungs] or [("nothing", "")]
    attempt = row.attempt
    assert attempt is not None
    found: list[tuple[str, str]] = []
    if attempt.reply:
        found.append(("reply", "reply"))
    if attempt.prompt:
        found.append(("prompt", "prompt"))
    if attempt.source:
        found.append(("code", "code"))
    found += [(WORDS[r], r) for r in VARIANT_RUNGS if r in attempt.rungs and _speaks(attempt, r)]
    return found or [("nothing", "")]


def _speaks(attempt: AttemptView, rung: Rung) -> bool:
    outcome = attempt.rungs[rung]
    return bool(attempt.logs.get(rung) or outcome.log or outcome.findings or outcome.status != "not run")


def text_lines(text: str, width: int, *, prompt: bool = False) -> list[Line]:
    """Foreign text by lines, harmless; a prompt is taken apart into its messages and wrapped."""
    if prompt:
        return prompt_lines(text, width)
    return [((f" {line}", ""),) for line in plain_lines(text)]


def prompt_lines(text: str, width: int) -> list[Line]:
    """The messages of a prompt, each under its role."""
    try:
        messages = msgspec.json.decode(text.encode("utf-8", "replace"), type=list[dict[str, object]])
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return text_lines(text, width)
    lines: list[Line] = []
    for message in messages:
        lines.append(((f" {plain(str(message.get('role', '?')))}", "head"),))
        lines += _marked_text(str(message.get("content", "")), width)
        lines.append(())
    return lines


def reply_lines(text: str, attempt: AttemptView, width: int) -> list[Line]:
    """A reply; before one of the adapter's, where each line of the instruction was taken from."""
    head: list[Line] = [(
        (" by ", "dim"), (plain(attempt.by), "accent"), (f"  {plain(attempt.model)}" if attempt.model else "", "dim"),
    )]
    if attempt.refusal:
        head += [((f" {piece}", "bad"),) for piece in wrap(plain(attempt.refusal), width - 2)]
    if attempt.hint:
        head.append(((" hint: ", "dim"), (plain(attempt.hint), "wait")))
    if attempt.choice:
        head += [((f" {piece}", "dim"),) for piece in wrap(f"shown: {plain(attempt.choice)}", width - 2)]
    head += [((f" note: {plain(note)}", "warn"),) for note in attempt.notes]
    # A language model could write the adapter's words: they are believed only from the adapter itself.
    if attempt.author.startswith(ADAPTER):
        head += provenance_lines(text, attempt, width)
    if not text:
        return [*head, ((" no reply was recorded", "dim"),)]
    return [*head, (), *_marked_text(text, width)]


def provenance_lines(text: str, attempt: AttemptView, width: int) -> list[Line]:
    """For each line of the instruction: how it was answered, from which demonstration's line, with which numbers."""
    found = read_provenance(text)
    if found is None:
        return []
    names = _demo_names(attempt)
    lines: list[Line] = [(), ((" line  how        from", "head"),)]
    for line in found.lines:
        source = names[line.demo - 1] if 1 <= line.demo <= len(names) else f"example {line.demo}"
        role: Role = "good" if line.how == "retrieved" else "accent" if line.how == "adapted" else "warn"
        lines.append((
            (f" {line.line:>4}  ", "mark"), (f"{line.how:10} ", role),
            (f"{plain(source)} line {line.demo_line}", ""), (f"  {plain(line.numbers)}", "dim"),
        ))
        lines += [((" " * 18, ""), (piece, "dim")) for piece in wrap(plain(line.note), max(20, width - 19))]
    for number, sentence in found.refusals:
        lines += [((f" {number or '':>4}  ", "mark"), ("refused    ", "bad"), (plain(sentence), "bad"))]
    lines += [((f" note: {plain(note)}", "warn"),) for note in found.notes]
    return lines


def _demo_names(attempt: AttemptView) -> Sequence[str]:
    return attempt.demos


def _marked_text(text: str, width: int) -> list[Line]:
    lines: list[Line] = []
    fence: Highlighter | None = None
    for raw in plain_lines(text):
        if raw.startswith("```"):
            fence = None if fence is not None else Highlighter([])
            lines.append(((f" {raw}", "dim"),))
        elif fence is not None:
            fence.lines.append(raw)
            lines.append(((" ", ""), *fence.line(len(fence.lines) - 1)))
        elif raw.startswith("|"):
            lines.append(((f" {raw}", "dim"),))
        else:
            lines += [((f" {piece}", ""),) for piece in wrap(raw, width - 2) or [""]]
    return lines


def rung_text_lines(outcome_log: str, status: str, evidence: str, width: int) -> list[Line]:
    """What one rung said: its status, its evidence, its log."""
    role = status_role(status) if status in ("passed", "failed", "waived", "not run") else ""  # type: ignore[arg-type]  # checked beside it
    lines: list[Line] = [((f" {status}", role),)]
    lines += [((f" {piece}", ""),) for piece in wrap(plain(evidence), width - 2)]
    return [*lines, (), *text_lines(outcome_log, width)] if outcome_log else lines

"""The reply in words: fenced code, and outside the fence a table of where each line came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aigchip_tui.llm.adapter.faults import Injected, inject
from aigchip_tui.llm.adapter.plan import LinePlan, Plan, Refusal, make_plan
from aigchip_tui.llm.adapter.reading import read_request

HEAD = "Offline adapter (alignment of examples, not a language model)"


@dataclass(frozen=True)
class Answer:
    """A reply of the adapter.

    `text` is all that a client sees. `injected` is the mistake made on purpose, never part of the text.
    """

    text: str
    kind: Literal["retrieved", "adapted", "fused", "refused"]
    lines: tuple[LinePlan, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    injected: Injected | None = None


def write_code(plan: Plan) -> list[str]:
    """The rows of the answer's code, its marks naming the lines of the instruction."""
    by_line = {line.line.number: line for line in plan.lines}
    rows: list[str] = []
    for number, part in plan.order:
        line = by_line[number]
        before = sum(len(segment.numerals) for segment in line.segments[:part])
        exchange = {position - before: new for position, new in line.exchange.items()}
        rows.extend(line.segments[part].written(number, exchange))
    return rows


def _how(line: LinePlan) -> str:
    said = [f"{old} -> {new}" for old, new in line.changes]
    return ", ".join(said) if said else "word for word"


def _table(plan: Plan) -> list[str]:
    rows = ["| line | how | example | its line | numbers | note |", "| --- | --- | --- | --- | --- | --- |"]
    for line in plan.lines:
        rows.append(
            f"| {line.line.number} | {line.kind} | {line.example} | {line.example_line} | {_how(line)} | {line.note} |"
        )
    return rows


def _refusal_text(plan: Plan, texts: Mapping[int, str]) -> str:
    rows = [f"{HEAD}: refused.", ""]
    for refusal in plan.refusals:
        where = f'Line {refusal.line} ("{texts[refusal.line]}")' if refusal.line in texts else "The request"
        rows.append(f"- {where}: {refusal.cause}.")
    rows.extend(f"- Note: {note}." for note in plan.notes)
    return "\n".join(rows) + "\n"


def answer(messages: Sequence[Mapping[str, object]], *, fault_rate: float = 0.0, seed: int = 0) -> Answer:
    """Answers the messages of a chat request; equal messages, rate and seed have equal replies.

    With `fault_rate` > 0 one mistake of alignment is made in that share of the requests, drawn from `seed`.
    """
    request = read_request(messages)
    plan = make_plan(request)
    if plan.refusals:
        text = _refusal_text(plan, {line.number: line.text for line in request.lines})
        return Answer(text=text, kind="refused", refusals=plan.refusals)
    rows, injected = inject(plan, request, write_code, rate=fault_rate, seed=seed)
    longest = max((len(row) - len(row.lstrip("`")) for row in (r.strip() for r in rows)), default=0)
    fence = "`" * max(3, longest + 1)
    text = "\n".join(
        [
            f"{HEAD}: {plan.kind}.",
            "",
            fence + plan.language,
            *rows,
            fence,
            "",
            *_table(plan),
            *(["", *(f"- Note: {note}." for note in plan.notes)] if plan.notes else []),
            "",
        ]
    )
    return Answer(text=text, kind=plan.kind, lines=plan.lines, injected=injected)

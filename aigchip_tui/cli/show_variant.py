"""`show --variant`: one variant's attempts, what its rungs said, and where each instruction line's code came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aigchip_tui.cli.output import document, say, table
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.proof import VARIANT_RUNGS

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.model.state import Attempt, Variant


def one_variant(view: SessionView, key: str) -> Variant:
    """The variant whose key begins with `key`; AigchipError when there is none or more than one."""
    found = [v for k, v in view.state.variants.items() if k == key] or [
        v for k, v in view.state.variants.items() if k.startswith(key)
    ]
    if len(found) != 1:
        many = ", ".join(v.key for v in found[:4])
        raise AigchipError(
            f"{len(found)} variants of {view.settings.name} are named {key!r}.",
            hint=f"Say one of {many}." if found else "See show --variants.",
        )
    return found[0]


def show_variant(view: SessionView, key: str, *, as_json: bool) -> int:
    """Print one variant for a person or a program."""
    variant = one_variant(view, key)
    report = {
        "variant": variant.key, "module": variant.module, "status": variant.status, "settings": variant.settings,
        "instruction": list(variant.instruction), "designs": [f"d{n:04d}" for n in variant.designs],
        "attempts": [_attempt(view, attempt) for attempt in variant.attempts],
    }
    if as_json:
        document(report)
    else:
        _print(report)
    return 0


def _attempt(view: SessionView, attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number, "author": attempt.author, "origin": attempt.origin, "model": attempt.model,
        "taken_from": attempt.taken_from, "by_another_generator": attempt.by_another,
        "demos": list(attempt.demos), "choice": attempt.choice, "refusal": attempt.refusal, "hint": attempt.hint,
        "notes": list(attempt.notes), "prompt": attempt.prompt, "reply": attempt.reply, "source": attempt.source,
        "rungs": {
            rung: {"status": o.status, "evidence": o.told, "findings": [f.message for f in o.findings]}
            for rung in VARIANT_RUNGS if (o := attempt.rungs.get(rung)) is not None
        },
        "lines": _lines(view, attempt),
    }


def _lines(view: SessionView, attempt: Attempt) -> list[dict[str, Any]]:
    """Where the offline adapter says each line came from; nothing for a language model."""
    from aigchip_tui.llm.provenance import read_provenance

    if not attempt.reply or not attempt.origin:
        return []
    told = read_provenance(view.session.blobs.get_text(attempt.reply))
    return [
        {
            "line": line.line, "how": line.how, "demo": _demo(attempt, line.demo), "demo_line": line.demo_line,
            "numbers": line.numbers, "note": line.note,
        }
        for line in (told.lines if told is not None else ())
    ]


def _demo(attempt: Attempt, number: int) -> str:
    return attempt.demos[number - 1] if 1 <= number <= len(attempt.demos) else str(number)


def _print(report: dict[str, Any]) -> None:
    say(f"{report['variant']}: {report['status']}; used by {', '.join(report['designs'][:8])}")
    for number, line in enumerate(report["instruction"], start=1):
        say(f"  {number:2}. {line}")
    for attempt in report["attempts"]:
        by = f"{attempt['author']} ({attempt['origin']})" if attempt["origin"] else attempt["author"]
        say()
        say(f"attempt {attempt['number']} by {by}; demonstrations {', '.join(attempt['demos']) or 'none'}")
        if attempt["choice"]:
            say(f"  chosen: {attempt['choice']}")
        if attempt["taken_from"]:
            another = "; written for another generator" if attempt["by_another_generator"] else ""
            say(f"  from the cache, no call was made: {attempt['taken_from']}{another}")
        for text in (attempt["refusal"], attempt["hint"], *attempt["notes"]):
            if text:
                say(f"  {text}")
        for rung, outcome in attempt["rungs"].items():
            say(f"  {rung:12} {outcome['status']:8} {outcome['evidence']}")
            for message in outcome["findings"]:
                say(f"      {message}")
        if attempt["lines"]:
            table(
                [(row["line"], row["how"], f"{row['demo']} line {row['demo_line']}", row["numbers"], row["note"])
                 for row in attempt["lines"]],
                ("line", "how", "from", "numbers", "note"),
            )

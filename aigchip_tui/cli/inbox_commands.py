"""`inbox` and `decide`: what waits for a human, and the human's answer, exactly once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from aigchip_tui.cli.common import engine_state, open_view, seems_alive
from aigchip_tui.cli.output import counted, document, json_option, say, sessions_option
from aigchip_tui.engine.sending import answer_payload, somebody
from aigchip_tui.model.decision import Action, Decision
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView

_MAX_PATCH = 1 << 19


@click.command("inbox")
@click.argument("name")
@click.option("--closed", is_flag=True, help="Also what was answered.")
@json_option
@sessions_option
def inbox_command(name: str, closed: bool, as_json: bool, sessions: str | None) -> int:
    """List the decisions of NAME that wait for you."""
    view = open_view(sessions, name)
    rows = [_row(view, d) for d in view.state.open_decisions.values()]
    answered = [
        {**_row(view, d), "answer": a.action, "by": a.by, "reason": a.reason or a.hint}
        for d, a in view.state.closed_decisions.values()
    ] if closed else []
    if as_json:
        document({"open": rows, "closed": answered} if closed else rows)
        return 4 if rows else 0
    if not rows:
        say("Nothing waits for you.")
    for row in rows:
        say(f"{row['decision']}   {row['label']}   frees {counted(row['designs'], 'design')}   asked {row['asked']}")
        say(f"  {row['question']}")
        for finding in row["findings"][:4]:
            where = f"line {finding['line']}: " if finding["line"] else ""
            say(f"    {where}{finding['message']}" + (f"  -> {finding['suggestion']}" if finding["suggestion"] else ""))
        for cure in row["cures"]:
            say(f"  {cure['number']} {cure['title']}   {cure['cost']}")
        say(f"  aigchip-tui decide {name} {row['decision']} accept --cure N | accept --as-is --reason TEXT | "
            "regenerate --hint TEXT | patch FILE | skip")
    for row in answered:
        say(f"{row['decision']}   answered: {row['answer']} by {row['by']} {row['reason']}")
    return 4 if rows else 0


def _row(view: SessionView, decision: Decision) -> dict[str, Any]:
    variant = view.state.variants[decision.variant]
    return {
        "decision": decision.id, "module": decision.module, "variant": decision.variant, "rung": decision.rung,
        "label": decision.label, "question": decision.question, "fingerprint": decision.fingerprint,
        "designs": len(variant.designs), "asked": decision.asked,
        "findings": [msgspec.to_builtins(f) for f in decision.findings],
        "cures": [{"number": c.number, "title": c.title, "cost": c.cost} for c in decision.cures],
    }


@click.command("decide")
@click.argument("name")
@click.argument("decision")
@click.argument("action", type=click.Choice(["accept", "regenerate", "patch", "skip", "undo"]))
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@click.option("--cure", type=int, help="Number of the machine's repair to take.")
@click.option("--as-is", is_flag=True, help="Waive the red rung (needs --reason).")
@click.option("--reason", default="", help="Why; kept with the waiver.")
@click.option("--hint", default="", help="What the generator should do otherwise.")
@click.option("--take", is_flag=True, help="Take the patch at once; without it the copy in work/ is laid out for you.")
@click.option("--wait", is_flag=True, help="Wait until the engine has answered.")
@sessions_option
def decide_command(
    name: str, decision: str, action: Action, file: str | None, cure: int | None, as_is: bool, reason: str, hint: str,
    take: bool, wait: bool, sessions: str | None,
) -> int:
    """Answer DECISION of session NAME."""
    view = open_view(sessions, name)
    session = view.session
    session.require_writable()
    asked = view.state.open_decisions.get(decision)
    if asked is None and decision not in view.state.closed_decisions:
        known = ", ".join(view.state.open_decisions) or "none"
        raise AigchipError(f"{name} has no decision {decision!r}.", hint=f"Open: {known}.")
    source = ""
    if action == "patch":
        if asked is None:
            raise AigchipError(f"{decision} is answered already.", hint="Undo it first.")
        if file is None and not take:
            return _lay_out(view, asked)
        source = session.blobs.put_text(_patch_text(view, asked, file))
    payload = answer_payload(
        decision, action, by=somebody(), question=asked.fingerprint if asked else "", cure=cure, as_is=as_is,
        reason=reason, hint=hint, source=source,
    )
    _refuse_now(view, payload)
    uuid = session.send(payload)
    if not seems_alive(engine_state(session)):
        say(f"queued: no engine runs on {name}; the answer is taken when it starts (aigchip-tui start {name}).")
        return 0
    if not wait:
        say(f"sent to the engine of {name}.")
        return 0
    return _await(view, uuid)


def _refuse_now(view: SessionView, payload: Mapping[str, Any]) -> None:
    """Say at once what the engine would refuse; it judges again when it takes the answer."""
    from aigchip_tui.engine.answers import answer
    from aigchip_tui.model.decision import Command
    from aigchip_tui.model.events import CommandRefused

    told = answer(view.state, msgspec.convert({**payload, "uuid": "here"}, Command))
    if isinstance(told, CommandRefused):
        raise AigchipError(told.why)


def _lay_out(view: SessionView, decision: Decision) -> int:
    attempt = view.state.variants[decision.variant].attempts[decision.attempt - 1]
    text = view.session.blobs.get_text(attempt.source) if attempt.source else ""
    path = view.session.work.put(decision.id, f"{decision.module}.hpp", text)
    say(f"Edit {path}")
    say(f"then: aigchip-tui decide {view.settings.name} {decision.id} patch --take")
    return 0


def _patch_text(view: SessionView, decision: Decision, file: str | None) -> str:
    if file is None:
        return view.session.work.take(decision.id, f"{decision.module}.hpp").text
    try:
        data = sys.stdin.buffer.read(_MAX_PATCH + 1) if file == "-" else Path(file).read_bytes()
    except OSError as problem:
        raise AigchipError(f"Could not read {file}: {problem.strerror}.", hint="Give the path of a C++ text.") from None
    if len(data) > _MAX_PATCH:
        raise AigchipError(f"{file} is longer than {_MAX_PATCH} bytes.", hint="A module is a few kilobytes.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise AigchipError(f"{file} is not UTF-8 text.", hint="Save it as UTF-8.") from None


def _await(view: SessionView, uuid: str) -> int:
    import time

    for _ in range(600):
        view.poll()
        outcome = view.state.commands.get(uuid)
        if outcome is not None:
            say(outcome)
            return 0 if outcome == "accepted" else 2
        time.sleep(0.1)
    say("not answered within a minute; see inbox.")
    return 4

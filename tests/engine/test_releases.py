"""Journals of earlier releases read as they did; those of later ones open read-only.

Each release adds `assets/journal-VERSION.jsonl` with what it came to in `journal-VERSION.json`; neither is ever
changed. `python tests/engine/test_releases.py VERSION` writes the pair.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from aigchip_tui import __version__
from aigchip_tui.engine.history import fold, mark_damage, view
from aigchip_tui.model import events as ev
from aigchip_tui.model import upcast
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import design_document, session_document
from aigchip_tui.store.clone import clone_session
from aigchip_tui.store.hold import take_hold
from aigchip_tui.store.journal import JournalReader
from aigchip_tui.store.machine import Identity
from aigchip_tui.store.record import Entry
from aigchip_tui.store.session import Session, create_session, open_session

if TYPE_CHECKING:
    from tests.engine import workshop_kit
    from tests.engine.test_crash_points import live
    from tests.engine.workshop_kit import SETTINGS, place_at
else:
    import workshop_kit
    from test_crash_points import live
    from workshop_kit import SETTINGS, place_at

ASSETS = Path(__file__).parent / "assets"


class AnyMachine:
    """A machine that names no machine."""

    def me(self) -> Identity:
        return Identity(host="example", boot_id="example", pid_space="example", pid=1, pid_started="1")

    def started(self, pid: int) -> str | None:
        return None


def folded(journal: Path) -> SessionState:
    reader = JournalReader(journal)
    state = SessionState()
    fold(state, reader.poll())
    mark_damage(state, reader.damage)
    return state


def told(state: SessionState) -> dict[str, Any]:
    """What `show` tells of a state, and what became of every variant and question."""
    settings = SessionSettings(name="asset", workload="gemm:8x8x8", device="pynq-z2", evaluations=6)
    document: dict[str, Any] = msgspec.to_builtins({
        "show": session_document(settings, state, alive=False),
        "designs": [design_document(state, design) for design in state.designs.values()],
        "variants": {
            key: [variant.status, [[a.number, a.author, a.source, sorted(a.rungs)] for a in variant.attempts]]
            for key, variant in state.variants.items()
        },
        "answered": {name: answer.action for name, (_, answer) in state.closed_decisions.items()},
        "commands": sorted(state.commands.values()), "events": state.events,
    })
    return document


@pytest.mark.parametrize("journal", sorted(ASSETS.glob("journal-*.jsonl")), ids=lambda path: path.stem)
def test_the_journal_of_every_release_tells_what_it_told_then(journal: Path) -> None:
    then = json.loads(journal.with_suffix(".json").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(told(folded(journal))))
    # Documents may gain members, and lose none.
    assert covers(now, then) == ""


def covers(now: Any, then: Any, where: str = "") -> str:
    """Where `now` says something else than `then`; empty when nowhere."""
    if isinstance(then, dict) and isinstance(now, dict):
        return next((bad for key in then if (bad := covers(now.get(key), then[key], f"{where}.{key}"))), "")
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return next((bad for i, one in enumerate(then) if (bad := covers(now[i], one, f"{where}[{i}]"))), "")
    return "" if now == then else f"{where}: {now!r}, then {then!r}"


def test_this_release_has_its_journal() -> None:
    assert (ASSETS / f"journal-{__version__}.jsonl").is_file()


def test_a_payload_of_an_older_schema_is_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "DesignFailed", {"design": payload["number"], "cause": payload["why"]}

    def split(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        cause, _, message = payload["cause"].partition(": ")
        return "DesignFailed", {"design": payload["design"], "cause": cause, "message": message}

    monkeypatch.setattr(ev, "SCHEMA", 3)
    monkeypatch.setattr(upcast.upcast, "__kwdefaults__", {
        "steps": {("DesignLost", 1): renamed, ("DesignFailed", 2): split},
    })
    wanted = ev.DesignFailed(design=4, cause="compile", message="no such type")
    old = {"number": 4, "why": "compile: no such type"}
    assert ev.from_payload("DesignLost", old, schema=1) == wanted
    assert ev.from_payload("DesignFailed", {"design": 4, "cause": "compile: no such type"}, schema=2) == wanted
    assert ev.from_payload("DesignFailed", ev.to_payload(wanted), schema=3) == wanted


@pytest.fixture
def newer(tmp_path: Path) -> Session:
    """A session to which a later release has written, with a kind of event that this one does not know."""
    session = create_session(place_at(tmp_path), "first", SETTINGS)
    with take_hold(session, machine=AnyMachine(), clock=lambda: 0.0, monotonic=lambda: 0.0, started={}) as held:
        event = ev.DesignProposed(number=1, parameters={"lane": "m4"})
        held.append(
            Entry(kind="DesignProposed", schema=ev.SCHEMA, payload=ev.to_payload(event)),
            Entry(kind="DesignDreamt", schema=ev.SCHEMA + 1, payload={"design": 1, "dream": "of sheep"}),
        )
    return open_session(session.place, "first")


def test_a_session_of_a_newer_release_opens_read_only_and_says_so(newer: Session) -> None:
    assert newer.read_only == f"a newer release has written to it (schema {ev.SCHEMA + 1}, this one knows {ev.SCHEMA})"
    with pytest.raises(AigchipError, match="read-only: a newer release"):
        newer.send({"kind": "pause"})
    assert list(view(newer).state.designs) == [1]
    assert clone_session(newer, "second").read_only == newer.read_only


def write(version: str) -> None:
    """The pair of files of a release: six designs, a question answered, failures early and late."""
    setattr(workshop_kit, "LocalMachine", AnyMachine)  # noqa: B010  # no machine is named in an asset
    with tempfile.TemporaryDirectory() as folder:
        session = create_session(place_at(Path(folder)), "asset", SETTINGS)
        live(session, [])
        journal = ASSETS / f"journal-{version}.jsonl"
        journal.write_bytes(session.journal.read_bytes())
        text = json.dumps(told(folded(journal)), indent=1, sort_keys=True)
        journal.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1])

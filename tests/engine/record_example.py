"""Records the example session that ships with the application: `python tests/engine/record_example.py FOLDER`.

A practice session, run whole and answered as a designer would. Nothing in it is edited afterwards; only the engine is
told that its host, boot and pid are `example`, so that no machine is named.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec

from aigchip_tui.engine.history import view
from aigchip_tui.engine.making import make_settings, understand
from aigchip_tui.engine.runner import run_engine
from aigchip_tui.engine.sending import answer_payload
from aigchip_tui.model.decision import Decision
from aigchip_tui.store.machine import Identity
from aigchip_tui.store.session import Session, create_session, resolve_place

REQUEST = "ResNet-50 at 224x224 on a ZCU104, at most 512 DSPs, int8"
DESIGNER = "designer"
HINT = "Follow every line of the instruction to the letter."
SHIPPED = ("session.yaml", "journal.jsonl", "blobs")


class ExampleMachine:
    """No machine in particular."""

    def me(self) -> Identity:
        return Identity(host="example", boot_id="example", pid_space="example", pid=1, pid_started="1")

    def started(self, pid: int) -> str | None:
        return None


def plain(value: Any) -> Any:
    """Lists for tuples: YAML keeps plain values only."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def answer(decision: Decision, cured: int) -> dict[str, Any]:
    """The cure where one is offered, taken by hand as a patch the second time and left for a hint every fourth time."""
    payload = answer_payload(decision.id, "regenerate", by=DESIGNER, question=decision.fingerprint, hint=HINT)
    if decision.cures and cured % 4 != 3:
        cure = decision.cures[0]
        payload.update(hint="", action="accept", cure=cure.number)
        if cured == 1:
            payload.update(action="patch", cure=None, source=cure.source)
    return payload


def record(folder: Path) -> Session:
    """The finished session."""
    place = resolve_place(folder, environment={})
    settings = make_settings("example", understand(REQUEST, {}), {
        "practice": True, "evaluations": 3, "jobs": 2, "seed": 5, "pins": {"reuse": "output", "arrays": "1"},
    })
    values = plain(msgspec.to_builtins(settings, str_keys=True))
    session = create_session(place, "example", {k: v for k, v in values.items() if k != "name"})
    cured = 0
    while True:
        result = run_engine(session, environment=dict(os.environ), machine=ExampleMachine())
        if not result.state.open_decisions:
            return session
        for decision in list(result.state.open_decisions.values()):
            session.send(answer(decision, cured))
            cured += bool(decision.cures)


def main(folder: Path) -> None:
    """Record, then leave what ships."""
    session = record(folder)
    for path in session.folder.iterdir():
        if path.name not in SHIPPED:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for scratch in session.blobs.folder.glob(".*"):
        shutil.rmtree(scratch)
    state = view(session).state
    sys.stdout.write(f"{state.counts()}, {len(state.closed_decisions)} decisions\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

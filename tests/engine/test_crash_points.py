"""A crash at every write, sync and rename of an engine's run: whoever starts again ends where the calm run ended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aigchip_tui.model.session import Goal
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import best
from aigchip_tui.store.faults import Crash, CrashAt, PowerCut, Surviving
from aigchip_tui.store.fs import Op
from aigchip_tui.store.session import Session, create_session, open_session

if TYPE_CHECKING:
    from tests.engine.workshop_kit import SETTINGS, Stored, essence, place_at, run_stored
else:
    from workshop_kit import SETTINGS, Stored, essence, place_at, run_stored

NAME = "first"


def workshop(session: Session) -> Stored:
    """Six designs; one fails when assembled, one variant fails under the sanitizers, one is stuck until answered."""
    return Stored(
        session, bad=frozenset({"lane-1"}), bad_systems=frozenset({6}), bad_memory=frozenset({"array-0"}),
    )


@pytest.fixture(autouse=True, scope="module")
def no_real_disk() -> Iterator[None]:
    """Crashes are simulated above the system calls: waiting for a real disk proves nothing more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield


def answers(state: SessionState) -> Iterator[dict[str, Any]]:
    """A patch for every open question."""
    for decision in state.open_decisions.values():
        yield {
            "kind": "decide", "decision": decision.id, "action": "patch", "source": "p" * 64,
            "question": decision.fingerprint,
        }


def live(session: Session, asked: list[str]) -> SessionState:
    """One life of a session from wherever it stands: run, answer what is asked, run to the end."""
    for _ in range(3):
        made = workshop(session)
        try:
            reason, state = run_stored(session, made)
        finally:
            asked.extend(made.asked)
        if reason == "done":
            return state
        for payload in answers(state):
            session.inbox.send(payload)
    raise AssertionError("the session does not end")


class Recorded:
    """A calm run with every change it made, and what it came to."""

    def __init__(self, base: Path) -> None:
        base.mkdir()
        self.base = base
        self.recorder = PowerCut(base)
        session = create_session(place_at(base, self.recorder), NAME, SETTINGS)
        self.begun = len(self.recorder.ops)
        self.asked: list[str] = []
        self.state = live(session, self.asked)
        self.essence = essence(self.state)

    def leave(self, cut: int, surviving: Surviving, torn: int) -> Session:
        """The folder as a cut just before change `cut` leaves it."""
        self.recorder.leave(cut, surviving, torn=torn, seed=cut)
        return open_session(place_at(self.base), NAME)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("crash") / "base")


def lengths(op: Op) -> list[int]:
    """Torn lengths worth trying: nothing, within, all but the end, and after each whole line of a batch."""
    if op.name != "write":
        return [0]
    ends = [place + 1 for place, byte in enumerate(op.data) if byte == 10]
    return sorted({0, len(op.data) // 2, len(op.data) - 1, *ends})


def cuts(recorded: Recorded) -> list[tuple[int, int]]:
    return [
        (cut, torn) for cut in range(recorded.begun, len(recorded.recorder.ops))
        for torn in lengths(recorded.recorder.ops[cut])
    ]


def survives(recorded: Recorded, cut: int, surviving: Surviving, torn: int) -> None:
    asked: list[str] = []
    state = live(recorded.leave(cut, surviving, torn), asked)
    where = f"cut before {recorded.recorder.ops[cut].name} {cut}, {surviving}, torn {torn}"
    found = essence(state)
    for part, expected in recorded.essence.items():
        assert found[part] == expected, f"{part}: {where}"
    assert len(asked) <= len(recorded.asked), where


def test_the_calm_run_meets_every_kind_of_event(recorded: Recorded) -> None:
    state = recorded.state
    assert state.proofs_finished
    assert {d.status for d in state.designs.values()} == {"evaluated", "failed"}
    assert {d.cause for d in state.designs.values()} >= {"assembled_sim: deadlock", "sanitizers"}
    assert state.closed_decisions
    assert set(state.commands.values()) == {"accepted"}
    assert {op.name for op in recorded.recorder.ops[recorded.begun:]} >= {"write", "sync", "rename", "sync_folder"}


def test_a_kill_at_every_change_with_torn_lengths_ends_in_the_calm_result(recorded: Recorded) -> None:
    every = cuts(recorded)
    for cut, torn in every[::7] + [pair for pair in every if pair[1]][1::6]:
        survives(recorded, cut, "all", torn)


def test_a_power_cut_loses_nothing_that_was_acknowledged(recorded: Recorded) -> None:
    for cut, torn in cuts(recorded)[::13]:
        for surviving in ("synced", "random"):
            survives(recorded, cut, surviving, torn)


@pytest.mark.deep
@pytest.mark.parametrize("surviving", ["all", "synced", "names", "contents", "random"])
def test_every_cut_and_every_torn_length(recorded: Recorded, surviving: Surviving) -> None:
    for cut, torn in cuts(recorded):
        survives(recorded, cut, surviving, torn)


def test_a_crash_inside_the_engine_writes_nothing_more(tmp_path: Path, recorded: Recorded) -> None:
    calm_place = place_at(tmp_path)
    create_session(calm_place, NAME, SETTINGS)
    saved = tmp_path / "saved"
    shutil.copytree(calm_place.root / NAME, saved)
    total = len(recorded.recorder.ops) - recorded.begun
    for at in range(3, total, max(1, total // 24)):
        shutil.rmtree(calm_place.root / NAME)
        shutil.copytree(saved, calm_place.root / NAME)
        asked: list[str] = []
        with pytest.raises(Crash):
            live(open_session(place_at(tmp_path, CrashAt(at, torn=7)), NAME), asked)
        state = live(open_session(place_at(tmp_path), NAME), asked)
        assert essence(state) == recorded.essence, at
        assert len(asked) <= len(recorded.asked) + 1, "one kill costs at most the call in flight"


def test_a_design_whose_proof_failed_is_never_best_however_the_batch_was_torn(recorded: Recorded) -> None:
    failed = {n for n, d in recorded.state.designs.items() if d.cause in ("assembled_sim: deadlock", "sanitizers")}
    assert failed
    for cut in range(recorded.begun, len(recorded.recorder.ops)):
        op = recorded.recorder.ops[cut]
        if op.name != "write" or b'"status":"failed"' not in op.data:
            continue
        for torn in lengths(op):
            state = live(recorded.leave(cut, "all", torn), [])
            chosen = best(state, Goal())
            assert chosen is None or chosen.number not in failed
            assert essence(state)["designs"] == recorded.essence["designs"]

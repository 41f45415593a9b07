"""Whatever dies, and wherever: what was acknowledged is there after a restart, and work goes on."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.faults import Crash, CrashAt, PowerCut, Surviving
from aigchip_tui.store.fs import Fs, Hook
from aigchip_tui.store.hold import EngineHold, take_hold
from aigchip_tui.store.machine import LocalMachine
from aigchip_tui.store.record import ENGINE_STARTED, Entry
from aigchip_tui.store.session import Place, Session, create_session, open_session, session_names

EVENTS = 6
LONG = "x" * 5000


@dataclass
class Acknowledged:
    """What the calm part of a run was told is safe."""

    session: bool = False
    events: int = 0
    blobs: list[tuple[str, bytes]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)


def place_at(base: Path, hook: Hook | None = None) -> Place:
    return Place(root=base / "sessions", data=base / "data", cache=base / "cache", fs=Fs(hook))


def hold(session: Session) -> EngineHold:
    ticks = iter(range(0, 10_000, 10))
    return take_hold(session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: float(next(ticks)),
                     started={"version": "1"}, take_over=True)


def numbers(hold: EngineHold) -> list[int]:
    """The work done so far, as the journal tells it."""
    return [record.payload["number"] for record in hold.history if record.kind == "WorkDone"]


def go_on(session: Session, told: Acknowledged) -> None:
    """Do the work that has no outcome yet, as an engine does: two starts, blobs, a command, heartbeats."""
    for until in (EVENTS // 2, EVENTS):
        with hold(session) as held:
            done = numbers(held)
            assert done == list(range(len(done)))
            told.events = max(told.events, len(done))
            for number in range(len(done), until):
                contents = f"source {number}".encode()
                blob = session.blobs.put(contents)
                told.blobs.append((blob, contents))
                note = LONG if number % 2 else ""
                held.append(Entry(kind="WorkDone", payload={"number": number, "blob": blob, "note": note}))
                told.events = number + 1
                held.beat()
            if until == EVENTS // 2 and not held.settled and not told.sent:
                told.sent.append(session.send({"kind": "decide"}))
            for command in held.pending():
                assert command.payload == {"kind": "decide"}
                held.settle(command, Entry(kind="DecisionAnswered", payload={"uuid": command.uuid}))
                told.answered.append(command.uuid)


def run(place: Place, told: Acknowledged) -> None:
    """From nothing, or from wherever an earlier run died, to the end."""
    if "first" in session_names(place):
        session = open_session(place, "first")
    else:
        session = create_session(place, "first", {"seed": 1})
    told.session = True
    go_on(session, told)


def check(base: Path, told: Acknowledged) -> None:
    """After a crash: a prefix of the calm run with all that was acknowledged; then finish it."""
    place = place_at(base)
    if told.session:
        assert session_names(place) == ["first"]
    if session_names(place):
        session = open_session(place, "first")
        assert session.settings == {"name": "first", "seed": 1}
        assert session.read_only == ""
        with hold(session) as held:
            assert all(damage.torn for damage in held.damage), held.damage
            done = numbers(held)
            assert done == list(range(len(done)))
            assert len(done) >= told.events
            for record in held.history:
                if record.kind == "WorkDone":
                    expected = f"source {record.payload['number']}".encode()
                    assert session.blobs.get(record.payload["blob"]) == expected
                    assert record.payload["note"] == (LONG if record.payload["number"] % 2 else "")
            for blob, contents in told.blobs:
                assert session.blobs.get(blob) == contents
            assert set(told.answered) <= held.settled
            waiting = {command.uuid for command in held.pending()}
            assert not waiting & held.settled
            assert set(told.sent) <= waiting | held.settled
            epochs = [record.epoch for record in held.history if record.kind == ENGINE_STARTED]
            assert epochs == sorted(set(epochs))
    finished = Acknowledged(sent=list(told.sent))
    run(place, finished)
    assert finished.events == EVENTS
    with hold(open_session(place, "first")) as held:
        assert numbers(held) == list(range(EVENTS))
        answers = [record.payload["uuid"] for record in held.history if record.kind == "DecisionAnswered"]
        assert len(answers) == len(set(answers)), "a command was acted on twice"
        assert held.pending() == []


@pytest.fixture(autouse=True)
def _no_real_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """The syncs that matter here are those that the model of the disk sees."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


@pytest.fixture
def tape(base: Path) -> tuple[PowerCut, list[Acknowledged]]:
    """A calm run: every change, and what was acknowledged before each of them."""
    power = PowerCut(base)
    told = Acknowledged()
    before: list[Acknowledged] = []

    def hook(op: object) -> None:
        before.append(replace(told, blobs=list(told.blobs), sent=list(told.sent), answered=list(told.answered)))
        power(op)  # type: ignore[arg-type]  # the hook is called with an Op

    run(place_at(base, hook), told)
    assert told.events == EVENTS
    assert told.answered
    before.append(told)
    return power, before


SURVIVING: tuple[Surviving, ...] = ("synced", "all", "names", "contents")


@pytest.mark.parametrize("surviving", SURVIVING)
def test_a_power_cut_at_every_change_loses_nothing_acknowledged(
    tape: tuple[PowerCut, list[Acknowledged]], base: Path, surviving: Surviving,
) -> None:
    power, before = tape
    assert len(power.ops) > 100
    for cut in range(len(power.ops) + 1):
        power.leave(cut, surviving, torn=cut * 7 % 90)
        check(base, before[cut])


def test_a_power_cut_that_keeps_any_part_of_what_was_not_synced(
    tape: tuple[PowerCut, list[Acknowledged]], base: Path,
) -> None:
    power, before = tape
    for seed in range(150):
        cut = random.Random(seed).randint(0, len(power.ops))
        power.leave(cut, "random", torn=seed * 13 % 300, seed=seed)
        check(base, before[cut])


@pytest.mark.parametrize("torn", [0, 1, 40, 10_000])
def test_a_process_killed_at_every_change_ends_where_the_calm_run_ends(tmp_path: Path, torn: int) -> None:
    at = 0
    while True:
        folder = tmp_path / str(at)
        folder.mkdir()
        told = Acknowledged()
        try:
            run(place_at(folder, CrashAt(at, torn=torn)), told)
        except Crash:
            check(folder, told)
        else:
            break
        at += 1
    assert at > 100


def test_killed_again_and_again_it_still_arrives(tmp_path: Path) -> None:
    for seed in range(20):
        draw = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        told = Acknowledged()
        for _ in range(40):
            try:
                run(place_at(folder, CrashAt(draw.randint(0, 60), torn=draw.randint(0, 200))), told)
            except Crash:
                continue
            break
        check(folder, told)


@pytest.mark.parametrize(("torn", "lasting"), [(0, True), (25, False)])
def test_a_full_disk_at_every_change_is_one_clear_sentence_and_loses_nothing(
    tmp_path: Path, torn: int, lasting: bool,
) -> None:
    at = 0
    while True:
        folder = tmp_path / str(at)
        folder.mkdir()
        told = Acknowledged()
        fault = CrashAt(at, torn=torn, problem=OSError(28, "No space left on device"), lasting=lasting)
        said = ""
        try:
            run(place_at(folder, fault), told)
        except AigchipError as problem:
            said = str(problem)
        if fault.count <= at:
            break
        assert "disk is full" in said
        assert "\n" not in said
        check(folder, told)
        at += 1
    assert at > 100

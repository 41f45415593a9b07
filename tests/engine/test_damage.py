"""Damaged journals, lost texts, full and read-only disks: readers go on, engines end in one sentence or mend."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.giving_up import lost_texts
from aigchip_tui.engine.history import SessionView, view
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.model import events as ev
from aigchip_tui.model.errors import AigchipError, MissingToolError
from aigchip_tui.model.session import Goal
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import best, design_document, session_document
from aigchip_tui.store.faults import CrashAt
from aigchip_tui.store.fs import StoreError
from aigchip_tui.store.journal import JournalReader
from aigchip_tui.store.record import ENGINE_STARTED
from aigchip_tui.store.session import Session, create_session, open_session

if TYPE_CHECKING:
    from tests.engine.workshop_kit import SETTINGS, Stored, essence, place_at, run_stored
else:
    from workshop_kit import SETTINGS, Stored, essence, place_at, run_stored

NAME = "first"


@pytest.fixture(autouse=True, scope="module")
def no_real_disk() -> Iterator[None]:
    """Nothing here depends on what really reached a disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield


class Kept:
    """A finished session and a copy of it from which every test begins."""

    def __init__(self, base: Path) -> None:
        self.base = base
        session = create_session(place_at(base), NAME, SETTINGS)
        reason, self.state = run_stored(session, Stored(session))
        assert reason == "done"
        self.saved = base / "saved"
        shutil.copytree(session.folder, self.saved)
        self.journal = (self.saved / "journal.jsonl").read_bytes()

    def fresh(self, journal: bytes | None = None) -> Session:
        folder = self.base / "sessions" / NAME
        shutil.rmtree(folder)
        shutil.copytree(self.saved, folder)
        if journal is not None:
            (folder / "journal.jsonl").write_bytes(journal)
        return open_session(place_at(self.base), NAME)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("damage"))


def shown(session: Session) -> dict[str, Any]:
    """What `show` and `show --designs` print of a session, whatever state it is in."""
    seen = view(session)
    document = session_document(seen.settings, seen.state, alive=False)
    document["designs"] = [design_document(seen.state, d) for d in seen.state.designs.values()]
    return document


def is_sound(state: SessionState) -> None:
    """The best design and the front are none that damage touched, and rest on proven texts."""
    chosen = best(state, Goal())
    for design in [*state.evaluated(), *([chosen] if chosen else [])]:
        assert design.status == "evaluated"
        assert design.variant_keys()
        for key in design.variant_keys():
            assert state.variants[key].status == "proven"
    assert sorted(state.designs) == list(range(1, len(state.designs) + 1))


def flipped(journal: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(journal))
    return journal[:place] + bytes([journal[place] ^ (1 << draw.randrange(8))]) + journal[place + 1:]


def goes_on(kept: Kept, journal: bytes) -> SessionState:
    """The session is shown, goes on to its end, and is shown again as the engine left it."""
    session = kept.fresh(journal)
    shown(session)
    reason, state = run_stored(session, Stored(session))
    assert reason == "done"
    is_sound(state)
    again = view(open_session(place_at(kept.base), NAME)).state
    assert essence(again)["designs"] == essence(state)["designs"]
    assert essence(again)["best"] == essence(state)["best"]
    return state


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_anywhere_is_survived(kept: Kept, seed: int) -> None:
    goes_on(kept, flipped(kept.journal, random.Random(seed)))


@pytest.mark.deep
def test_a_flipped_byte_at_a_thousand_places_is_survived(kept: Kept) -> None:
    for seed in range(1000, 2000):
        goes_on(kept, flipped(kept.journal, random.Random(seed)))


def lines_of(kept: Kept, kind: str) -> list[int]:
    reader = JournalReader(kept.saved / "journal.jsonl")
    return [number for number, record in enumerate(reader.poll()) if record.kind == kind]


KINDS = (
    ENGINE_STARTED, "DesignProposed", "VariantDeclared", "DesignElaborated", "CallStarted", "ReplyRecorded",
    "RungFinished", "VariantProven", "DesignEvaluated", "ResultTold", "SearchFinished", "ProofsFinished",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["spoiled", "torn out", "gone"])
def test_any_line_may_be_lost(kept: Kept, kind: str, how: str) -> None:
    places = lines_of(kept, kind)
    assert places
    for place in {places[0], places[-1]}:
        lines = kept.journal.splitlines(keepends=True)
        if how == "spoiled":
            lines[place] = lines[place].replace(b'"time":"1', b'"time":"2')
        elif how == "torn out":
            lines[place] = lines[place][: len(lines[place]) // 2] + b"\n"
        else:
            del lines[place]
        goes_on(kept, b"".join(lines))


def test_the_design_that_a_spoiled_line_touched_is_damaged_and_never_best(kept: Kept) -> None:
    chosen = best(kept.state, Goal())
    assert chosen is not None
    for kind in ("DesignEvaluated", "DesignProposed", "DesignElaborated", "ResultTold"):
        lines = kept.journal.splitlines(keepends=True)
        for place in lines_of(kept, kind):
            if f'"design":{chosen.number},'.encode() in lines[place] or (
                f'"number":{chosen.number},'.encode() in lines[place]
            ):
                lines[place] = lines[place].replace(b'"time":"1', b'"time":"2')
        state = view(kept.fresh(b"".join(lines))).state
        assert state.designs[chosen.number].status == "damaged", kind
        found = best(state, Goal())
        assert found is not None
        assert found.number != chosen.number


def test_a_number_made_huge_by_damage_names_no_design(kept: Kept) -> None:
    place = lines_of(kept, "DesignEvaluated")[0]
    lines = kept.journal.splitlines(keepends=True)
    lines[place] = lines[place].replace(b'"design":', b'"design":7777777')
    state = goes_on(kept, b"".join(lines))
    assert len(state.designs) == len(kept.state.designs)


def test_everything_but_settings_journal_and_blobs_may_go(kept: Kept) -> None:
    session = kept.fresh()
    before = shown(session)
    for path in session.folder.iterdir():
        if path.name not in ("session.yaml", "journal.jsonl", "blobs"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert shown(open_session(place_at(kept.base), NAME)) == before


def test_a_lost_text_is_made_again_and_designs_that_rested_on_it_are_not_best(kept: Kept) -> None:
    chosen = best(kept.state, Goal())
    assert chosen is not None
    key = chosen.variant_keys()[0]
    attempt = kept.state.variants[key].attempt
    assert attempt is not None
    session = kept.fresh(unfinished(kept))
    session.blobs.path(attempt.source).unlink()
    users = set(kept.state.variants[key].designs)
    seen = view(session).state
    assert {seen.designs[n].cause for n in users} == {"damaged"}
    found = best(seen, Goal())
    assert found is not None
    assert found.number not in users
    reason, state = run_with_lost(session)
    assert reason == "done"
    assert state.variants[key].status == "proven"
    assert {state.designs[n].cause for n in users} == {"damaged"}
    assert {d.status for n, d in state.designs.items() if n not in users} == {"evaluated"}
    assert essence(view(session).state)["designs"] == essence(state)["designs"]
    assert not lost_texts(state, session.blobs)


def unfinished(kept: Kept) -> bytes:
    """The journal as a kill just before the end of the search left it."""
    lines = kept.journal.splitlines(keepends=True)
    return b"".join(lines[: lines_of(kept, "SearchFinished")[0]])


def run_with_lost(session: Session) -> tuple[str, SessionState]:
    """As the runner: what is lost is journalled before the first step."""

    def tell(engine: Any) -> None:
        events = lost_texts(engine.state, session.blobs)
        engine.desk.record(events)
        for event in events:
            engine.state.apply(event)

    return run_stored(session, Stored(session, evaluations=8), between=tell)


def test_all_blobs_deleted_the_session_is_shown_and_goes_on(kept: Kept) -> None:
    session = kept.fresh(unfinished(kept))
    shutil.rmtree(session.blobs.folder)
    document = shown(session)
    assert document["best"] is None
    assert all(d["cause"] == "damaged" for d in document["designs"])
    session.blobs.folder.mkdir(mode=0o700)
    reason, state = run_with_lost(session)
    assert reason == "done"
    assert best(state, Goal()) is not None, "designs proposed after the loss are made anew"


class Breaking(Stored):
    """A workshop in which one kind of step breaks, in the loop or in the worker."""

    def __init__(self, session: Session, *, kind: str, problem: Exception, in_job: bool) -> None:
        super().__init__(session)
        self.kind, self.problem, self.in_job, self.broken = kind, problem, in_job, 0

    def prepare(self, step: Step, state: SessionState) -> Prepared:
        if step.kind != self.kind or self.broken:
            return super().prepare(step, state)
        self.broken += 1
        if not self.in_job:
            raise self.problem

        def job() -> Sequence[ev.AnyEvent]:
            raise self.problem

        return Prepared(job=job)


@pytest.mark.parametrize("in_job", [False, True])
@pytest.mark.parametrize("kind", ["generate", "check", "evaluate", "prove", "sanitize"])
def test_a_step_that_breaks_fails_its_design_and_the_engine_lives(tmp_path: Path, kind: str, in_job: bool) -> None:
    session = create_session(place_at(tmp_path), NAME, SETTINGS)
    workshop = Breaking(session, kind=kind, problem=ValueError("an odd thing"), in_job=in_job)
    reason, state = run_stored(session, workshop)
    assert workshop.broken == 1
    assert reason == "done"
    failed = [d for d in state.designs.values() if d.status == "failed"]
    assert failed
    assert all(d.cause == "internal" for d in failed)
    assert any("an odd thing" in d.message or "internal" in d.message for d in failed)
    is_sound(state)


@pytest.mark.parametrize("problem", [
    OSError(errno.EMFILE, "Too many open files"), MissingToolError("The compiler is gone."),
    StoreError("The disk is full: could not append.", errno=errno.ENOSPC),
])
def test_when_the_machine_fails_the_engine_ends_and_nothing_is_blamed_on_a_design(
    tmp_path: Path, problem: Exception
) -> None:
    session = create_session(place_at(tmp_path), NAME, SETTINGS)
    with pytest.raises(type(problem)):
        run_stored(session, Breaking(session, kind="check", problem=problem, in_job=True))
    reason, state = run_stored(session, Stored(session))
    assert reason == "done"
    assert {d.status for d in state.designs.values()} == {"evaluated"}


def test_a_disk_that_is_full_from_any_write_on_stops_in_one_sentence_and_loses_nothing(
    tmp_path: Path, kept: Kept
) -> None:
    counter = CrashAt(-1)
    created = create_session(place_at(tmp_path / "count", counter), NAME, SETTINGS)
    begun = counter.count
    run_stored(created, Stored(created))
    for at in range(1, counter.count - begun, 17):
        base = tmp_path / f"at{at}"
        create_session(place_at(base), NAME, SETTINGS)
        full = CrashAt(at, torn=3, problem=OSError(errno.ENOSPC, "No space left on device"), lasting=True)
        session = open_session(place_at(base, full), NAME)
        with pytest.raises(AigchipError, match="disk is full") as told:
            run_stored(session, Stored(session))
        assert "\n" not in str(told.value)
        shown(open_session(place_at(base), NAME))
        session = open_session(place_at(base), NAME)
        reason, state = run_stored(session, Stored(session))
        assert reason == "done"
        assert essence(state) == essence(kept.state), at


def test_a_viewer_of_a_damaged_session_sees_what_the_engine_saw(kept: Kept) -> None:
    lines = kept.journal.splitlines(keepends=True)
    place = lines_of(kept, "DesignEvaluated")[1]
    lines[place] = lines[place].replace(b'"time":"1', b'"time":"2')
    session = kept.fresh(b"".join(lines))
    follower = SessionView(session=session, settings=view(session).settings)
    half = b"".join(lines[: place + 4])
    session.journal.write_bytes(half)
    follower.poll()
    session.journal.write_bytes(b"".join(lines))
    follower.poll()
    whole = view(session).state
    assert essence(follower.state)["designs"] == essence(whole)["designs"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, where this machine lets us mount one."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=160k,mode=0700", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_really_full_disk_stops_in_one_sentence_and_goes_on_when_there_is_room(tiny_disk: Path) -> None:
    session = create_session(place_at(tiny_disk), NAME, SETTINGS)
    with pytest.raises(StoreError, match="disk is full") as told:
        run_stored(session, Stored(session, evaluations=200))
    assert told.value.exit_code == 3
    document = shown(open_session(place_at(tiny_disk), NAME))
    assert document["designs"]
    subprocess.run(["mount", "-o", "remount,size=8m", str(tiny_disk)], check=True)
    reason, state = run_stored(session, Stored(session, evaluations=len(document["designs"]) + 2))
    assert reason == "done"
    assert not state.damaged


def test_a_read_only_disk_is_shown_and_refuses_an_engine_in_one_sentence(tiny_disk: Path) -> None:
    session = create_session(place_at(tiny_disk), NAME, SETTINGS)
    run_stored(session, Stored(session, evaluations=3))
    before = shown(session)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    session = open_session(place_at(tiny_disk), NAME)
    assert shown(session) == before
    with pytest.raises(StoreError, match="Read-only file system"):
        run_stored(session, Stored(session, evaluations=4))
    with pytest.raises(StoreError, match="Read-only file system"):
        session.send({"kind": "pause"})

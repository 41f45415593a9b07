"""The derived index: a help that may be deleted, damaged or out of date without any harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aigchip_tui.store.hold import take_hold
from aigchip_tui.store.index import Index
from aigchip_tui.store.journal import Checkpoint
from aigchip_tui.store.machine import LocalMachine
from aigchip_tui.store.record import Entry
from aigchip_tui.store.session import Place, Session, create_session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    place = Place(root=tmp_path / "sessions", data=tmp_path / "data", cache=tmp_path / "cache")
    session = create_session(place, "first", {})
    work(session, 3)
    return session


def work(session: Session, events: int) -> None:
    with take_hold(session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: 0.0, started={}) as held:
        held.append(*(Entry(kind="Done", payload={"number": number}) for number in range(events)))


def kept(session: Session) -> tuple[Index, Checkpoint]:
    index = Index(session.place.cache)
    reader = session.reader()
    reader.poll()
    assert index.save(session, {"designs": b"folded", "few": b"some"}, reader.checkpoint(), version="1")
    return index, reader.checkpoint()


def test_reading_goes_on_where_the_snapshot_was_taken(session: Session) -> None:
    index, point = kept(session)
    work(session, 2)
    snapshot = index.load(session, "designs", version="1")
    assert snapshot is not None
    assert (snapshot.state, snapshot.checkpoint) == (b"folded", point)
    assert session.reader(snapshot.checkpoint).poll() == session.reader().poll()[4:]


def test_another_fold_view_or_session_has_no_snapshot(session: Session) -> None:
    index, _ = kept(session)
    assert index.load(session, "designs", version="2") is None
    assert index.load(session, "variants", version="1") is None
    assert index.load(create_session(session.place, "second", {}), "designs", version="1") is None


def test_a_journal_that_is_not_the_same_any_more_has_no_snapshot(session: Session) -> None:
    index, _ = kept(session)
    data = session.journal.read_bytes()
    session.journal.write_bytes(data.replace(b'"number":1', b'"number":7'))
    assert index.load(session, "designs", version="1") is None
    session.journal.write_bytes(data[:-10])
    assert index.load(session, "designs", version="1") is None
    session.journal.write_bytes(data)
    assert index.load(session, "designs", version="1") is not None


def test_a_journal_replaced_far_before_its_end_is_noticed_whatever_its_times_say(session: Session) -> None:
    work(session, 2000)
    index, _ = kept(session)
    data, times = session.journal.read_bytes(), session.journal.stat()
    session.journal.unlink()
    session.journal.write_bytes(data.replace(b'"number":1}', b'"number":2}', 1))
    os.utime(session.journal, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert session.journal.stat().st_size == len(data)
    assert index.load(session, "designs", version="1") is None


def test_a_snapshot_of_a_copy_is_taken_by_its_contents(session: Session) -> None:
    index, point = kept(session)
    data = session.journal.read_bytes()
    session.journal.unlink()
    session.journal.write_bytes(data)
    found = index.load(session, "designs", version="1")
    assert found is not None
    assert found.checkpoint == point


def test_a_payload_kept_as_a_blob_that_was_lost_or_changed_since_is_noticed(session: Session) -> None:
    with take_hold(session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: 0.0, started={}) as held:
        held.append(Entry(kind="Done", payload={"text": "x" * 5000}))
    index, point = kept(session)
    assert len(point.spilled) == 1
    path = session.blobs.path(point.spilled[0])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"x", b"y"))
    assert index.load(session, "designs", version="1") is None
    path.unlink()
    assert index.load(session, "designs", version="1") is None
    path.write_bytes(data)
    assert index.load(session, "designs", version="1") is not None


def test_the_index_is_private_and_keeps_the_last_sessions_only(session: Session) -> None:
    index, _ = kept(session)
    assert index.path.stat().st_mode & 0o077 == 0
    others = [create_session(session.place, f"other-{i}", {}) for i in range(20)]
    for other in others:
        work(other, 1)
        kept(other)
    assert index.load(session, "designs", version="1") is None
    assert index.load(others[0], "designs", version="1") is None
    assert all(index.load(other, "few", version="1") is not None for other in others[-16:])


def test_a_damaged_or_deleted_index_is_made_anew(session: Session) -> None:
    index, _ = kept(session)
    index.delete()
    assert index.load(session, "designs", version="1") is None
    kept(session)
    index.path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    assert index.load(session, "designs", version="1") is None
    kept(session)
    assert index.load(session, "designs", version="1") is not None


def test_a_cache_folder_that_cannot_be_made_harms_nothing(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    index = Index(tmp_path / "file" / "cache")
    assert not index.save(session, {"designs": b""}, session.reader().checkpoint(), version="1")
    assert index.load(session, "designs", version="1") is None

"""The derived index: a help that may be deleted, damaged or out of date without any harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigchip_tui.store.hold import take_hold
from aigchip_tui.store.index import Index, Snapshot
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
    assert index.save(session, "designs", Snapshot(state=b"folded", checkpoint=reader.checkpoint()), version="1")
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
    snapshot = Snapshot(state=b"", checkpoint=session.reader().checkpoint())
    assert not index.save(session, "designs", snapshot, version="1")
    assert index.load(session, "designs", version="1") is None

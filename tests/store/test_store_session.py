"""Sessions as folders: made whole or not at all, opened, trusted, written by one engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.hold import EngineHold, take_hold
from aigchip_tui.store.lock import EngineRunningError
from aigchip_tui.store.machine import LocalMachine
from aigchip_tui.store.record import Entry
from aigchip_tui.store.session import Place, Session, create_session, open_session, session_names


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=tmp_path / "sessions", data=tmp_path / "data", cache=tmp_path / "cache")


def hold(session: Session, *, take_over: bool = False) -> EngineHold:
    return take_hold(
        session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: 0.0, started={}, take_over=take_over,
    )


def test_a_made_session_is_opened_with_its_settings_and_may_be_written(place: Place) -> None:
    made = create_session(place, "first", {"device": "zcu104", "dsp": 1024, "pins": {"lane": "m4"}})
    opened = open_session(place, "first")
    assert opened.settings == {"name": "first", "device": "zcu104", "dsp": 1024, "pins": {"lane": "m4"}}
    assert opened.id == made.id
    assert opened.read_only == ""
    assert session_names(place) == ["first"]
    assert made.folder.stat().st_mode & 0o777 == 0o700


def test_history_grows_over_engine_starts(place: Place) -> None:
    session = create_session(place, "first", {})
    with hold(session) as first:
        assert first.epoch == 1
        record = first.append(Entry(kind="DesignProposed", payload={"design": 7, "tiles": (1, 2)}))[0]
        assert record.payload == {"design": 7, "tiles": [1, 2]}
    with hold(session) as second:
        assert second.epoch == 2
        assert [record.kind for record in second.history] == ["EngineStarted", "DesignProposed", "EngineStarted"]
        assert second.history[1] == record
        assert [record.seq for record in second.history] == [1, 2, 3]
        assert second.damage == ()


def test_a_second_engine_is_refused_naming_host_and_pid(place: Place) -> None:
    session = create_session(place, "first", {})
    with hold(session) as first:
        owner = first.lock.info.owner
        with pytest.raises(EngineRunningError) as refused:
            hold(session)
        assert refused.value.exit_code == 2
        assert owner.host in str(refused.value)
        assert f"pid {owner.pid}" in str(refused.value)


def test_a_name_is_taken_once_and_follows_the_rule(place: Place) -> None:
    create_session(place, "first", {})
    with pytest.raises(AigchipError, match="already"):
        create_session(place, "first", {})
    for name in ("", "-a", "_a", "A", "a.b", "a/b", "..", "a" * 64, "a\n"):
        with pytest.raises(AigchipError, match="not a session name"):
            create_session(place, name, {})
    create_session(place, "a" * 63, {})

"""Sessions as folders: made whole or not at all, opened, trusted, written by one engine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.clone import archive_session, archived_names, clone_session, restore_session
from aigchip_tui.store.fs import Fs, Op
from aigchip_tui.store.hold import EngineHold, take_hold
from aigchip_tui.store.lock import EngineRunningError, LockLostError, read_lock
from aigchip_tui.store.machine import LocalMachine
from aigchip_tui.store.record import Entry
from aigchip_tui.store.session import Place, Session, create_session, open_session, resolve_place, session_names
from aigchip_tui.store.settings import parse_settings, settings_text


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


def test_a_session_from_elsewhere_opens_read_only_until_it_is_cloned(place: Place, tmp_path: Path) -> None:
    ours = create_session(place, "first", {"sandbox": "none"})
    with hold(ours) as held:
        blob = ours.blobs.put(b"source")
        held.append(Entry(kind="Done", payload={"blob": blob, "long": "x" * 5000}))
    shutil.copytree(ours.folder, place.root / "copied")
    copied = open_session(place, "copied")
    assert "neither made nor adopted" in copied.read_only
    for write in (lambda: hold(copied), lambda: copied.send({"kind": "stop"})):
        with pytest.raises(AigchipError, match="read-only") as refused:
            write()
        assert "clone copied NEW" in str(refused.value)
    assert copied.reader().poll() == ours.reader().poll()
    adopted = clone_session(copied, "adopted", settings={"sandbox": "auto"})
    assert adopted.read_only == ""
    assert adopted.id != ours.id
    assert adopted.settings == {"name": "adopted", "sandbox": "auto"}
    assert adopted.reader().poll() == ours.reader().poll()
    assert adopted.blobs.get(blob) == b"source"
    with hold(adopted) as held:
        assert held.epoch == 2


def test_a_moved_session_is_still_ours_and_a_swapped_one_is_not(place: Place) -> None:
    ours = create_session(place, "first", {})
    ours.folder.rename(place.root / "moved")
    assert open_session(place, "moved").read_only == ""
    theirs = place.root / "theirs"
    shutil.copytree(place.root / "moved", theirs)
    assert open_session(place, "theirs").read_only != ""
    other_user = Place(root=place.root, data=place.data.with_name("nobody"), cache=place.cache)
    assert open_session(other_user, "moved").read_only != ""
    (place.root / "moved").chmod(0o777)
    assert "others may write" in open_session(place, "moved").read_only


def test_a_clone_leaves_lock_inbox_and_damaged_blobs_behind_and_ends_on_a_whole_line(place: Place) -> None:
    source = create_session(place, "first", {})
    with hold(source) as held:
        good, bad = source.blobs.put(b"good"), source.blobs.put(b"bad")
        source.blobs.path(bad).write_bytes(b"rotten")
        source.send({"kind": "stop"})
        held.append(Entry(kind="Done"))
        with source.journal.open("ab") as file:
            file.write(b'{"seq":3,"cr')
        clone = clone_session(source, "second")
        assert read_lock(clone.folder) is None
        assert clone.inbox.pending() == []
        assert clone.journal.read_bytes().endswith(b"}\n")
        assert len(clone.reader().poll()) == 2
        assert clone.blobs.has(good)
        assert not clone.blobs.has(bad)
    with pytest.raises(AigchipError, match="already"):
        clone_session(source, "second")
    assert sorted(path.name for path in place.root.iterdir()) == ["first", "second"]


def test_archived_sessions_leave_the_list_and_come_back(place: Place) -> None:
    session = create_session(place, "first", {"seed": 3})
    with hold(session), pytest.raises(EngineRunningError):
        archive_session(place, "first", machine=LocalMachine())
    archive_session(place, "first", machine=LocalMachine())
    assert session_names(place) == []
    create_session(place, "first", {"seed": 4})
    archive_session(place, "first", machine=LocalMachine())
    assert archived_names(place) == ["first", "first.2"]
    back = restore_session(place, "first.2", "second")
    assert back.settings["seed"] == 4
    assert back.read_only == ""
    assert restore_session(place, "first").settings["seed"] == 3
    assert session_names(place) == ["first", "second"]


def test_an_unknown_session_is_refused_with_the_nearest_names(place: Place) -> None:
    create_session(place, "resnet50-zcu104", {})
    with pytest.raises(AigchipError, match="Did you mean resnet50-zcu104"):
        open_session(place, "resnet50-zcu14")
    (place.root / "link").symlink_to(place.root / "resnet50-zcu104")
    with pytest.raises(AigchipError, match="no session link"):
        open_session(place, "link")
    (place.root / "empty").mkdir()
    with pytest.raises(AigchipError, match="is not a session"):
        open_session(place, "empty")


@pytest.mark.parametrize(
    "text",
    ["a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: 2026-11-21\n", "1: a\n", "- a\n", "", "a: !!python/name:os.system\n",
     "a: [\n",
     "a: 1\n---\nb: 2\n", "a: " + "[" * 100 + "]" * 100, "a: " + "x" * 1_100_000, "format: x\nid: y\n", "\x00"],
)
def test_session_yaml_is_read_strictly(place: Place, text: str) -> None:
    session = create_session(place, "first", {})
    (session.folder / "session.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(AigchipError, match=r"session\.yaml") as refused:
        open_session(place, "first")
    assert "Traceback" not in str(refused.value)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(settings=st.dictionaries(st.text(max_size=8), PLAIN, max_size=4))
@hypothesis_settings(max_examples=80, deadline=None)
def test_settings_are_read_back_as_written_or_refused(settings: dict[str, Any]) -> None:
    try:
        text = settings_text(settings)
    except AigchipError:
        return
    assert parse_settings(text, name="x") == settings


def test_a_newer_layout_and_a_newer_schema_are_not_written(place: Place) -> None:
    session = create_session(place, "first", {})
    with hold(session) as held:
        held.append(Entry(kind="Done", schema=2))
    before = session.journal.read_bytes()
    with pytest.raises(AigchipError, match="newer release"):
        take_hold(session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: 0.0, started={}, known_schema=1)
    assert session.journal.read_bytes() == before
    assert read_lock(session.folder) is None
    path = session.folder / "session.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("format: 1", "format: 2"), encoding="utf-8")
    assert "newer release" in open_session(place, "first").read_only


def test_sessions_lie_where_option_environment_or_user_say(tmp_path: Path) -> None:
    environment = {"AIGCHIP_SESSIONS": str(tmp_path / "env")}
    assert resolve_place(tmp_path / "option", environment=environment).root == tmp_path / "option"
    assert resolve_place(None, environment=environment).root == tmp_path / "env"
    default = resolve_place(None, environment={})
    assert default.root == default.data / "sessions"


def test_the_heartbeat_moves_every_five_seconds_and_tells_of_a_take_over(place: Place) -> None:
    session = create_session(place, "first", {})
    now = 0.0
    held = take_hold(session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: now, started={})
    beats = []
    for now in (0.0, 1.0, 4.9, 5.0, 9.9, 10.0):  # noqa: B007  (read by `monotonic`)
        held.beat()
        lock = read_lock(session.folder)
        assert lock is not None
        beats.append(lock.beat)
    assert beats == [1, 1, 1, 2, 2, 3]
    with hold(session, take_over=True) as second:
        with pytest.raises(LockLostError):
            held.beat()
        with pytest.raises(LockLostError):
            held.append(Entry(kind="Late"))
        assert "Late" not in [record.kind for record in second.append(Entry(kind="InTime"))]
    assert [record.kind for record in session.reader().poll()] == ["EngineStarted", "EngineStarted", "InTime"]


def test_a_command_is_answered_once_and_only_with_its_uuid(place: Place) -> None:
    session = create_session(place, "first", {})
    with hold(session) as held:
        session.send({"kind": "pause"})
        (command,) = held.pending()
        with pytest.raises(ValueError, match="does not carry"):
            held.settle(command, Entry(kind="SearchPaused"))
        held.settle(command, Entry(kind="SearchPaused", payload={"uuid": command.uuid}))
        assert held.pending() == []
        with pytest.raises(ValueError, match="settled already"):
            held.settle(command, Entry(kind="SearchPaused", payload={"uuid": command.uuid}))
        session.inbox.send({"kind": "pause"}, uuid=command.uuid)
        assert held.pending() == [], "the same command sent twice counts once"
    with hold(session) as held:
        assert held.pending() == []
        assert list(session.inbox.folder.iterdir()) == []


def test_a_read_only_folder_is_one_clear_sentence(place: Place) -> None:
    def read_only(op: Op) -> None:
        raise OSError(30, "Read-only file system")

    session = create_session(place, "first", {})
    frozen = Place(root=place.root, data=place.data, cache=place.cache, fs=Fs(read_only))
    with pytest.raises(AigchipError, match="No permission") as refused:
        hold(open_session(frozen, "first"))
    assert "\n" not in str(refused.value)
    with pytest.raises(AigchipError, match="No permission"):
        create_session(frozen, "second", {})
    assert open_session(frozen, "first").reader().poll() == []
    assert session_names(place) == ["first"]
    assert session.name == "first"

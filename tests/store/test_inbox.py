"""Commands arrive whole, are acted on once, and never harm the engine."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.fs import Fs, Op
from aigchip_tui.store.inbox import COMMAND_LIMIT, Inbox


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox", fs=Fs())


def test_a_command_waits_until_it_is_done(inbox: Inbox) -> None:
    assert inbox.pending() == []
    sent = inbox.send({"kind": "decide", "action": "skip", "tiles": (1, 2)})
    (command,) = inbox.pending()
    assert command.uuid == sent
    assert command.payload == {"kind": "decide", "action": "skip", "tiles": [1, 2]}
    assert command.fault == ""
    assert inbox.pending({sent}) == []
    inbox.done(sent)
    inbox.done(sent)
    assert inbox.pending() == []


@pytest.mark.parametrize("clock", [lambda: 7, iter(range(1000, 0, -1)).__next__], ids=["one tick", "backwards"])
def test_commands_come_in_the_order_of_their_sending(tmp_path: Path, clock: Callable[[], int]) -> None:
    """Senders of one tick, or on clocks that disagree, and whatever the files' own times say."""
    folder = tmp_path / "inbox"
    sent = [Inbox(folder, fs=Fs(), clock_ns=clock).send({"number": number}) for number in range(12)]
    for name in sent:
        os.utime(folder / f"{name}.json", ns=(5, 5))
    found = Inbox(folder, fs=Fs()).pending()
    assert [command.uuid for command in found] == sent
    assert [command.payload for command in found] == [{"number": number} for number in range(12)]


@pytest.mark.parametrize("sent", [
    b"", b',"sent":"now"', b',"sent":-1', b',"sent":99999999999999999999999', b',"sent":1e99',
])
def test_a_document_without_a_usable_time_is_ordered_by_its_file(inbox: Inbox, sent: bytes) -> None:
    inbox.folder.mkdir()
    names = [str(uuid.UUID(int=number)) for number in (3, 1, 2)]
    for age, name in enumerate(names, start=1):
        (inbox.folder / f"{name}.json").write_bytes(b'{"kind":"pause"' + sent + b"}")
        os.utime(inbox.folder / f"{name}.json", ns=(age, age))
    assert [command.uuid for command in inbox.pending()] == names
    assert inbox.pending()[-1].payload == {"kind": "pause"}
    last = inbox.send({"kind": "resume"})
    assert inbox.pending()[-1].uuid == last


def test_a_command_appears_whole(tmp_path: Path) -> None:
    seen: list[list[object]] = []
    folder = tmp_path / "inbox"
    inbox = Inbox(folder, fs=Fs())

    def look(op: Op) -> None:
        seen.append([command.payload for command in inbox.pending()])

    Inbox(folder, fs=Fs(look)).send({"text": "x" * 1000})
    assert seen
    assert all(payloads in ([], [{"text": "x" * 1000}]) for payloads in seen)


def test_what_is_no_command_is_shown_with_its_fault_so_that_it_can_be_refused(inbox: Inbox, tmp_path: Path) -> None:
    inbox.send({"kind": "pause"})
    names = [str(uuid.UUID(int=number)) for number in range(6)]
    (inbox.folder / f"{names[0]}.json").write_bytes(b"{")
    (inbox.folder / f"{names[1]}.json").write_bytes(b"[1]")
    (inbox.folder / f"{names[2]}.json").write_bytes(b"x" * (COMMAND_LIMIT + 1))
    (tmp_path / "secret").write_text('{"key": "canary"}', encoding="utf-8")
    (inbox.folder / f"{names[3]}.json").symlink_to(tmp_path / "secret")
    os.mkfifo(inbox.folder / f"{names[4]}.json")
    (inbox.folder / f"{names[5]}.json").mkdir()
    (inbox.folder / "note.json").write_bytes(b"{}")
    found = {command.uuid: command for command in inbox.pending()}
    assert len(found) == 6
    for name in names[:5]:
        assert found[name].payload == {}
        assert found[name].fault
        inbox.done(name)
    assert len(inbox.pending()) == 1


def test_settled_commands_are_swept(inbox: Inbox) -> None:
    old, new = inbox.send({}), inbox.send({})
    assert inbox.sweep({old}) == 1
    assert [command.uuid for command in inbox.pending()] == [new]


def test_bad_commands_are_refused_at_the_sender(inbox: Inbox) -> None:
    cases: list[tuple[dict[str, object], str | None]] = [
        ({"a": object()}, None), ({"a": "x" * COMMAND_LIMIT}, None), ({}, "../x"), ({}, "A" * 36),
    ]
    for payload, name in cases:
        with pytest.raises(AigchipError):
            inbox.send(payload, uuid=name)
    assert inbox.pending() == []

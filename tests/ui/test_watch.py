"""Changes are told at once where the system tells them, and are found by looking where it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.ui import feed as feeding
from aigchip_tui.ui.feed import Feed
from aigchip_tui.ui.projections.views import Snapshot
from aigchip_tui.ui.watch import watch

if TYPE_CHECKING:
    from tests.ui.ui_session import Made

PATIENCE_S = 30.0


class Looks:
    """Steps that count looks and let a test wait for the next."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.count = 0
        self.looked = threading.Semaphore(0)

    def empty(self) -> Snapshot:
        return self.snapshot

    def step(self) -> Snapshot | None:
        self.count += 1
        self.looked.release()
        return None

    def next(self) -> bool:
        return self.looked.acquire(timeout=PATIENCE_S)


class Teller:
    """A watch that a test drives."""

    def __init__(self) -> None:
        self.tell: Callable[[], None] = lambda: None
        self.ended = threading.Event()

    def __call__(self, changed: Callable[[], None]) -> Callable[[], None]:
        self.tell = changed
        return self.ended.set


@pytest.mark.parametrize("what", ["journal.jsonl", "inbox/a.json"])
def test_a_write_to_journal_or_inbox_is_told_and_reading_is_not(tmp_path: Path, what: str) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "journal.jsonl").write_bytes(b"")
    told = threading.Semaphore(0)
    end = watch(tmp_path, lambda: told.release())
    try:
        (tmp_path / "journal.jsonl").read_bytes()
        (tmp_path / "engine.log").write_bytes(b"not watched")
        assert not told.acquire(timeout=1.0)
        with (tmp_path / what).open("ab") as file:
            file.write(b"line\n")
        assert told.acquire(timeout=PATIENCE_S)
    finally:
        end()


def test_a_folder_that_is_gone_cannot_be_watched_and_harms_nothing(tmp_path: Path) -> None:
    watch(tmp_path / "none", lambda: None)()


def test_told_changes_are_looked_at_long_before_the_next_look(full: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "IDLE_S", 10 * PATIENCE_S)
    looks, teller = Looks(full.snapshot()), Teller()
    feed = Feed(looks, lambda snapshot: None, interval_s=0.01, watch=teller)
    feed.start()
    assert looks.next(), "the first look"
    assert looks.next(), "one more, for what changed before the watch began"
    assert not looks.looked.acquire(timeout=0.5), "nothing is told, nothing is looked at"
    teller.tell()
    assert looks.next()
    feed.nudge()
    assert looks.next()
    feed.stop()
    assert teller.ended.wait(PATIENCE_S)


def test_looking_never_ends_where_nothing_is_told(full: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "IDLE_S", 0.02)
    for teller in (Teller(), None):
        looks = Looks(full.snapshot())
        feed = Feed(looks, lambda snapshot: None, interval_s=0.01, watch=teller)
        feed.start()
        assert all(looks.next() for _ in range(5))
        feed.stop()

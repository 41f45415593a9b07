"""The one thread that reads: it steps a follower and hands every snapshot over; it never touches a widget."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from textual.message import Message

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.ui.projections.views import Snapshot

LOCAL_S = 0.2
REMOTE_S = 0.5
IDLE_S = 2.0
"""Between two looks where changes are told; they may be lost, so looking never ends."""

Watch = Callable[[Callable[[], None]], Callable[[], None]]


class Steps(Protocol):
    """Where snapshots come from; a fake one in tests."""

    def empty(self) -> Snapshot:
        """What can be shown at once."""
        ...

    def step(self) -> Snapshot | None:
        """The newest snapshot, None when nothing changed."""
        ...


class SnapshotArrived(Message):
    """The newest look at the session; an older one that still waits in the queue is dropped for it."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """Only the newest counts."""
        return isinstance(message, SnapshotArrived)


class Feed:
    """Steps in a daemon thread until stopped: every `interval_s`, or where changes are told, then and every `IDLE_S`.

    `watch` begins to tell of changes and returns what ends it; it is asked once the first snapshot is out.
    """

    def __init__(self, steps: Steps, deliver: Callable[[Snapshot], None], *, interval_s: float,
                 monotonic: Callable[[], float] = time.monotonic, watch: Watch | None = None) -> None:
        self._monotonic = monotonic
        self._steps = steps
        self._deliver = deliver
        self._interval_s = interval_s
        self._watch = watch
        self._stop = threading.Event()
        self._nudge = threading.Event()
        self._urgent = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def nudge(self) -> None:
        """Look again at once."""
        self._urgent.set()
        self._nudge.set()

    def changed(self) -> None:
        """Look again as soon as the interval allows."""
        self._nudge.set()

    def stop(self) -> None:
        """End; returns when the thread is gone or after a second."""
        self._stop.set()
        self.nudge()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        end: Callable[[], None] | None = None
        while not self._stop.is_set():
            begun = self._monotonic()
            # Cleared before the look: what changes while it lasts is looked at again.
            self._nudge.clear()
            self._urgent.clear()
            try:
                snapshot = self._steps.step()
            except (AigchipError, OSError) as problem:
                snapshot = _with_problem(self._steps.empty(), str(problem))
            if snapshot is not None and not self._stop.is_set():
                self._deliver(snapshot)
            reading = snapshot is not None and snapshot.reading
            if not reading and end is None and self._watch is not None:
                end = self._watch(self.changed)
                # What changed before the watch began is seen by one more look.
                self._nudge.set()
            # A large session is looked at less often: reading takes at most a fifth of the time.
            rest = max(self._interval_s, 0.0 if reading else 4 * (self._monotonic() - begun))
            self._wait(rest, rest if reading or end is None else max(rest, IDLE_S))
        if end is not None:
            end()

    def _wait(self, least: float, most: float) -> None:
        """At least `least` s unless it is urgent, then until a change is told, and at most `most` s."""
        if not self._urgent.wait(least):
            self._nudge.wait(most - least)


def _with_problem(snapshot: Snapshot, problem: str) -> Snapshot:
    return dataclasses.replace(snapshot, problem=problem, reading=False)


def interval_for(environment: Mapping[str, str]) -> float:
    """Twice a second over SSH, five times locally."""
    return REMOTE_S if environment.get("SSH_CONNECTION") or environment.get("AIGCHIP_SLOW") else LOCAL_S

"""The session folder behind the engine: durable events, commands that wait, the heartbeat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import Command
from aigchip_tui.store.hold import EngineHold
from aigchip_tui.store.lock import BEAT_SECONDS
from aigchip_tui.store.record import Entry


class SessionDesk:
    """Writes through an engine's hold; `monotonic` paces the heartbeat and decides nothing else."""

    def __init__(self, hold: EngineHold, *, monotonic: Callable[[], float]) -> None:
        self._hold = hold
        self._monotonic = monotonic
        self._beaten = monotonic()
        self.faults: list[str] = []

    def record(self, events: Iterable[ev.AnyEvent]) -> None:
        """Journal a batch durably."""
        self._hold.append(*(
            Entry(kind=type(event).__name__, payload=ev.to_payload(event), schema=ev.SCHEMA) for event in events
        ))

    def commands(self) -> Sequence[Command]:
        """Commands that wait, oldest first; a file that is no command is refused and removed."""
        found: list[Command] = []
        for waiting in self._hold.session.inbox.pending():
            if waiting.uuid in self._hold.settled:
                # Its file was put back after it was taken: it had its outcome.
                self.settled(waiting.uuid)
                continue
            try:
                if waiting.fault:
                    raise msgspec.ValidationError(waiting.fault)
                command = msgspec.convert({**waiting.payload, "uuid": waiting.uuid}, Command)
            except msgspec.ValidationError as problem:
                self.record([ev.CommandRefused(uuid=waiting.uuid, why=f"not a command: {problem}")])
                self.settled(waiting.uuid)
                continue
            found.append(command)
        return found

    def settled(self, uuid: str) -> None:
        """The outcome is durable: the command's file goes."""
        self._hold.forget(uuid)

    def beat(self) -> None:
        """Move the heartbeat when it is due; raises LockLostError when another engine has taken over."""
        now = self._monotonic()
        if now - self._beaten >= BEAT_SECONDS:
            self._beaten = now
            self._hold.beat()

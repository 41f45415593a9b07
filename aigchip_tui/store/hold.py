"""An engine's hold on a session: the lock, the writer behind it, and everything journalled so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.inbox import Command, settled_commands
from aigchip_tui.store.journal import Damage, JournalWriter
from aigchip_tui.store.lock import BEAT_SECONDS, EngineLock
from aigchip_tui.store.machine import Machine
from aigchip_tui.store.record import ENGINE_STARTED, Entry, Record
from aigchip_tui.store.session import Session


@dataclass(kw_only=True)
class EngineHold:
    """What the engine holds while it runs. `history` is every accepted record, the own EngineStarted last.

    Use it as a context manager: leaving it gives the lock back. `settled` grows with each settled command.
    """

    session: Session
    lock: EngineLock
    journal: JournalWriter
    history: tuple[Record, ...]
    damage: tuple[Damage, ...]
    settled: set[str]
    monotonic: Callable[[], float]
    _beaten: float = float("-inf")

    @property
    def epoch(self) -> int:
        """The epoch of this start, from 1."""
        return self.journal.epoch

    def append(self, *entries: Entry) -> list[Record]:
        """Journal a batch durably; only then let its effects out. LockLostError: another engine took over."""
        return self.journal.append(entries)

    def pending(self) -> list[Command]:
        """Commands that wait for an answer, oldest first."""
        return self.session.inbox.pending(self.settled)

    def settle(self, command: Command, entry: Entry) -> Record:
        """Answer a command exactly once: journalled, synced, then its file removed.

        The payload of `entry` carries the command's uuid as `uuid` and the whole effect, since only one event is
        atomic. After a crash in between, the next start finds the uuid in the journal and removes the file.
        """
        if command.uuid in self.settled:
            raise ValueError(f"command {command.uuid} is settled already")
        if entry.payload.get("uuid") != command.uuid:
            raise ValueError(f"the answer to command {command.uuid} does not carry its uuid")
        record = self.append(entry)[0]
        self.forget(command.uuid)
        return record

    def forget(self, uuid: str) -> None:
        """Remove a command whose outcome is durable."""
        self.settled.add(uuid)
        self.session.inbox.done(uuid)

    def beat(self) -> None:
        """Raise LockLostError when another engine took over; move the heartbeat when 5 s have passed since the last."""
        self.lock.guard()
        now = self.monotonic()
        if now - self._beaten >= BEAT_SECONDS:
            self._beaten = now
            self.lock.beat()

    def close(self) -> None:
        """Let go: close the journal, give the lock back."""
        self.journal.close()
        self.lock.release()

    def __enter__(self) -> EngineHold:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


def take_hold(
    session: Session,
    *,
    machine: Machine,
    clock: Callable[[], float],
    monotonic: Callable[[], float],
    started: Mapping[str, Any],
    take_over: bool = False,
    known_schema: int | None = None,
    schema: int = 1,
) -> EngineHold:
    """Become the session's engine: take the lock, end a torn tail, append EngineStarted, read everything.

    `started` goes into EngineStarted beside host, boot_id, pid, nonce and, after a crash, `torn_bytes`; `clock` gives
    seconds since 1970, for display; `monotonic` times the heartbeat. A journal with a schema above `known_schema` is
    refused. Commands that were settled before a crash are cleared away.

    Raises EngineRunningError, StoreError, or AigchipError for a read-only session.
    """
    session.require_writable()
    place = session.place
    lock = EngineLock.acquire(session.folder, name=session.name, fs=place.fs, machine=machine, take_over=take_over)
    writer: JournalWriter | None = None
    try:
        newest = _newest_schema(session)
        if known_schema is not None and newest > known_schema:
            raise AigchipError(
                f"Session {session.name} was written by a newer release (schema {newest}, known {known_schema}).",
                hint="It opens read-only here; upgrade aigchip-tui to go on with it.",
            )
        writer = JournalWriter(session.journal, fs=place.fs, blobs=session.blobs, clock=clock, guard=lock.guard,
                               redact=place.redact)
        owner = lock.info.owner
        entry = Entry(kind=ENGINE_STARTED, schema=schema, payload={
            **started, "host": owner.host, "boot_id": owner.boot_id, "pid": owner.pid,
        })
        records, reader = writer.start(entry, nonce=lock.info.nonce)
        settled = settled_commands(records)
        session.blobs.sweep()
        session.inbox.sweep(settled)
    except AigchipError:
        if writer is not None:
            writer.close()
        lock.release()
        raise
    return EngineHold(session=session, lock=lock, journal=writer, history=tuple(records), damage=reader.damage,
                      settled=settled, monotonic=monotonic)


def _newest_schema(session: Session) -> int:
    reader = session.reader()
    reader.poll()
    return reader.newest_schema

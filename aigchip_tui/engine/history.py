"""From the journal's records to the state: the fold that engine, command line and screens share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from aigchip_tui.model import events as ev
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.state import SessionState
from aigchip_tui.store.journal import Damage, JournalReader
from aigchip_tui.store.record import Record
from aigchip_tui.store.session import Session


def settings_of(session: Session) -> SessionSettings:
    """The settings of session.yaml; raises AigchipError naming the place of a wrong one."""
    try:
        return msgspec.convert({**session.settings, "name": session.name}, SessionSettings)
    except msgspec.ValidationError as problem:
        raise AigchipError(
            f"Session {session.name}: session.yaml does not fit: {problem}.", hint="Correct the value in session.yaml."
        ) from problem


def fold(state: SessionState, records: Iterable[Record]) -> None:
    """Apply records to a state; a record that this release cannot read marks the design it names as damaged."""
    for record in records:
        try:
            event = ev.from_payload(record.kind, record.payload)
        except msgspec.ValidationError as problem:
            _mark(state, record.payload, f"line {record.seq} ({record.kind}) cannot be read: {problem}")
            continue
        try:
            state.apply(event)
        except (KeyError, IndexError) as problem:
            _mark(state, record.payload, f"line {record.seq} ({record.kind}) refers to what is not there: {problem}")


def mark_damage(state: SessionState, damage: Iterable[Damage]) -> None:
    """Designs that a skipped line touched are damaged and never best."""
    for each in damage:
        if each.torn:
            continue
        _mark(state, each.payload or {}, f"line at byte {each.offset}: {each.cause}")


def _mark(state: SessionState, payload: dict[str, object], why: str) -> None:
    number = payload.get("design", payload.get("number", 0))
    variant = payload.get("variant")
    if isinstance(number, int) and number:
        state.mark_damaged(number, why)
    elif isinstance(variant, str) and variant in state.variants:
        for each in state.variants[variant].designs:
            state.mark_damaged(each, why)
    else:
        state.damaged.append(why)


@dataclass
class SessionView:
    """A session as a reader sees it; `poll` brings it up to date. Never writes."""

    session: Session
    settings: SessionSettings
    state: SessionState = field(default_factory=SessionState)
    reader: JournalReader | None = None
    _damage_seen: int = 0

    def poll(self) -> int:
        """Fold what is new; the number of new records."""
        if self.reader is None:
            self.reader = self.session.reader()
        records = self.reader.poll()
        fold(self.state, records)
        mark_damage(self.state, self.reader.damage[self._damage_seen:])
        self._damage_seen = len(self.reader.damage)
        return len(records)


def view(session: Session) -> SessionView:
    """Open a session for reading and fold everything that is there."""
    opened = SessionView(session=session, settings=settings_of(session))
    opened.poll()
    return opened

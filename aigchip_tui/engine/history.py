"""From the journal's records to the state: the fold that engine, command line and screens share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from aigchip_tui.engine.giving_up import lost_texts
from aigchip_tui.engine.indexing import OUTLINE, WHOLE, Lines, keep, resume
from aigchip_tui.model import events as ev
from aigchip_tui.model.collecting import without_collection
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.state import Design, SessionState
from aigchip_tui.store.journal import Damage, JournalReader, mentioned
from aigchip_tui.store.record import Record
from aigchip_tui.store.session import Session

_LOST_IN_A_ROW = 64
PIECE_BYTES = 4 << 20
"""Journal folded in one step: a long one is seen while it is read, and its records are never all in memory."""


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
            event = ev.from_payload(record.kind, record.payload, schema=record.schema)
        except msgspec.ValidationError as problem:
            _mark(state, record.payload, f"line {record.seq} ({record.kind}) cannot be read: {problem}")
            continue
        try:
            state.apply(event)
        except (KeyError, IndexError) as problem:
            _mark(state, record.payload, f"line {record.seq} ({record.kind}) refers to what is not there: {problem}")
    if state.damaged:
        _mend(state)


def mark_damage(state: SessionState, damage: Iterable[Damage]) -> None:
    """Designs that a skipped line touched are damaged and never best."""
    for each in damage:
        if each.torn:
            continue
        why = f"line at byte {each.offset}: {each.cause}"
        if not _mark_numbers(state, _numbers(each), why) and not _mark_users(state, _variants(each), why):
            state.damaged.append(why)
    if state.damaged:
        _mend(state)


def _numbers(damage: Damage) -> list[int]:
    """Designs that a skipped line names. A bare `number` is one only in a proposal: cures are numbered too."""
    words = list(mentioned(damage, "design"))
    if damage.kind == "DesignProposed" or '"parameters":' in damage.excerpt or "parameters" in damage.payload:
        words += mentioned(damage, "number")
    return [int(word) for word in words if word.isdecimal() and len(word) < 9]


def _variants(damage: Damage) -> tuple[str, ...]:
    """Variants that a skipped line names; those that an elaboration lists are not touched by its loss."""
    if damage.kind == "DesignElaborated" or '"instances":' in damage.excerpt:
        return ()
    return (*mentioned(damage, "variant"), *mentioned(damage, "key"))


def _mark(state: SessionState, payload: dict[str, object], why: str) -> None:
    number = payload.get("design", payload.get("number", 0))
    variant = payload.get("variant", payload.get("key", ""))
    named = [number] if isinstance(number, int) else []
    keys = (variant,) if isinstance(variant, str) else ()
    if not _mark_numbers(state, named, why) and not _mark_users(state, keys, why):
        state.damaged.append(why)


def _mark_numbers(state: SessionState, numbers: Iterable[int], why: str) -> bool:
    """Mark designs; a number far beyond the last proposal is a damaged number and names nothing."""
    last = max(state.designs, default=0) + _LOST_IN_A_ROW
    found = [number for number in numbers if 1 <= number <= last]
    for number in found:
        state.mark_damaged(number, why)
    return bool(found)


def _mark_users(state: SessionState, keys: Iterable[str], why: str) -> bool:
    wanted = set(keys) - {""}
    users = [d.number for d in state.designs.values() if wanted.intersection(d.variant_keys())]
    for number in users:
        state.mark_damaged(number, why)
    return bool(users)


def _mend(state: SessionState) -> None:
    """What lost lines leave inconsistent, whatever could still be read of them.

    Proposals have no gaps; a design has figures only while all its variants are proven; every design before one that
    the search was told of has been told. None of this can happen without damage.
    """
    for number in range(1, max(state.designs, default=0)):
        if number not in state.designs:
            state.mark_damaged(number, "its proposal is lost")
    state.designs = dict(sorted(state.designs.items()))
    for design in state.designs.values():
        if design.status == "evaluated" and not _rests_on_proofs(state, design):
            state.mark_damaged(design.number, "what its figures rest on is lost")
    last = max((d.number for d in state.designs.values() if d.told), default=0)
    for design in state.designs.values():
        if design.number < last and not design.told:
            design.told = design.status if design.status in ("evaluated", "failed") else "damaged"


def _rests_on_proofs(state: SessionState, design: Design) -> bool:
    keys = design.variant_keys()
    variants = [state.variants.get(key) for key in keys]
    return bool(keys) and all(v is not None and v.status == "proven" and v.attempt is not None for v in variants)


@dataclass
class SessionView:
    """A session as a reader sees it; `poll` brings it up to date. Never writes to the session.

    An `outlined` one lacks most designs (`model.packed.outline`); the first poll that finds anything new completes it.
    """

    session: Session
    settings: SessionSettings
    state: SessionState = field(default_factory=SessionState)
    reader: JournalReader | None = None
    lines: Lines = field(default_factory=Lines)
    outlined: bool = False
    _damage_seen: int = 0
    _kept: int = 0
    @property
    def reading(self) -> bool:
        """Whether the journal is known to hold more than was folded."""
        return self.reader is not None and self.reader.behind

    def poll(self) -> int:
        """Fold what is new; the number of new records."""
        count = len(self.read()[0])
        while self.reading:
            count += len(self.read()[0])
        return count

    def read(self) -> tuple[list[Record], bool]:
        """Fold some of what is new: the records folded, and whether damage was marked.

        Damage is marked when everything there is has been folded: what it touched may be named by later lines only.
        """
        if self.reader is None:
            self._resume(WHOLE)
        assert self.reader is not None
        records = self.reader.poll(PIECE_BYTES)
        if self.outlined and (records or len(self.reader.damage) > self._damage_seen):
            self.complete()
            records = self.reader.poll(PIECE_BYTES)
        fold(self.state, records)
        self.lines.note(records)
        damage = () if self.reading else self.reader.damage[self._damage_seen:]
        self._damage_seen += len(damage)
        mark_damage(self.state, damage)
        return records, bool(damage)

    def open_outline(self) -> bool:
        """Begin with the outline that the index holds; False when it holds none."""
        return self._resume(OUTLINE)

    def complete(self) -> None:
        """Have all designs."""
        if self.outlined:
            self._resume(WHOLE)

    def keep(self) -> None:
        """Let the next reader begin here, where that is worth it. Not for a state that anything else was applied to."""
        if self.reader is None or self.outlined or self.reading:
            return
        if keep(self.session, self.state, self.lines, self.reader, since=self._kept):
            self._kept = self.reader.offset

    def _resume(self, kind: str) -> bool:
        found = resume(self.session, kind)
        if found is None and kind == OUTLINE:
            return False
        self.outlined = kind == OUTLINE
        self.state, self.lines, self._damage_seen, self._kept = SessionState(), Lines(), 0, 0
        self.reader = self.session.reader(found.checkpoint if found is not None else None)
        if found is not None:
            self.state, self.lines = found.state, found.lines
            self._damage_seen, self._kept = len(found.checkpoint.damage), found.checkpoint.offset
        return True


def view(session: Session, *, outlined: bool = False) -> SessionView:
    """Open a session for reading and fold everything that is there; what lost its text has no figures.

    `outlined` asks for no more than `model.packed.outline` holds, where that is quicker.
    """
    opened = SessionView(session=session, settings=settings_of(session))
    if outlined:
        opened.open_outline()
    with without_collection():
        opened.poll()
    opened.keep()
    lost = lost_texts(opened.state, session.blobs)
    if lost and opened.outlined:
        opened.complete()
        opened.poll()
        lost = lost_texts(opened.state, session.blobs)
    for event in lost:
        opened.state.apply(event)
    return opened

"""From the journal to frozen snapshots: only what an event touched is copied again. Knows nothing of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aigchip_tui.engine.history import SessionView, settings_of
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.session import limited
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import best, front, run_state
from aigchip_tui.store.lock import EngineState, LockObserver
from aigchip_tui.store.machine import Machine
from aigchip_tui.store.record import Record
from aigchip_tui.store.session import Session
from aigchip_tui.ui.projections.status import generator_words
from aigchip_tui.ui.projections.views import (
    DesignView,
    Queued,
    Snapshot,
    VariantView,
    freeze_design,
    freeze_variant,
)

ENGINE_LOOK_S = 2.0
PIECE = 10_000
"""Designs frozen in one step, so that a large session is seen while it is read."""


class Follower:
    """Reads a session and says what it looks like; `step` returns None while nothing has changed. Never writes."""

    def __init__(self, session: Session, *, machine: Machine, monotonic: Callable[[], float]) -> None:
        self.session = session
        self.settings = settings_of(session)
        self._view = SessionView(session=session, settings=self.settings)
        self._observer = LockObserver(session.folder, machine=machine, monotonic=monotonic)
        self._monotonic = monotonic
        self._looked = -ENGINE_LOOK_S
        self._engine = "none"
        self._unfrozen: list[int] = []
        self._designs: dict[int, DesignView] = {}
        self._variants: dict[str, VariantView] = {}
        self._front: tuple[int, ...] = ()
        self._best: int | None = None
        self._last: Snapshot | None = None

    @property
    def state(self) -> SessionState:
        """The fold so far."""
        return self._view.state

    def empty(self) -> Snapshot:
        """What can be shown before the journal is read."""
        return Snapshot(name=self.session.name, settings=self.settings, read_only=self.session.read_only, reading=True)

    def step(self) -> Snapshot | None:
        """Read what is new; the snapshot when anything that is shown has changed."""
        try:
            changed = self._read()
            queued = self._queued()
            problem = ""
        except AigchipError as error:
            changed, queued, problem = False, (), str(error)
        engine = self._look()
        last = self._last
        if last is not None and not changed and (last.queued, last.engine, last.problem) == (queued, engine, problem):
            return None
        self._last = self._snapshot(queued, engine, problem)
        return self._last

    def _read(self) -> bool:
        if self._view.reader is None and self._view.open_outline():
            self._begin()
            return True
        if self._view.outlined or self._view.reader is None:
            self._view.complete()
            self._view.read()
            self._begin()
            return True
        records, damage = self._view.read()
        designs, variants = self._touched(records)
        if damage:
            designs, variants = dict.fromkeys(self.state.designs), dict.fromkeys(self.state.variants)
        designs.update(dict.fromkeys(self._unfrozen[:PIECE]))
        changed = bool(records or damage or self._unfrozen)
        self._freeze(designs, variants)
        if self._unfrozen:
            del self._unfrozen[:PIECE]
            self._designs = dict(sorted(self._designs.items()))
        if damage or any(r.kind == "DesignEvaluated" for r in records) or self.state.damaged:
            self._choose()
        if records and not self._reading:
            self._view.keep()
        return changed or self._last is None

    @property
    def _reading(self) -> bool:
        return bool(self._view.outlined or self._view.reading or self._unfrozen)

    def _begin(self) -> None:
        """Freeze what is seen first; the other designs follow, newest first."""
        self._choose()
        newest = list(reversed(self.state.designs))
        self._designs = {}
        self._unfrozen = [] if self._view.outlined else newest[PIECE:]
        self._freeze(sorted({*self._front, *newest[:PIECE]}), self.state.variants)

    def _freeze(self, designs: Iterable[int], variants: Iterable[str]) -> None:
        lines = self._view.lines
        for number in designs:
            if number in self.state.designs:
                self._designs[number] = freeze_design(self.state.designs[number], judged=lines.judged.get(number, 0))
        for key in variants:
            if key in self.state.variants:
                self._variants[key] = freeze_variant(self.state.variants[key], lines.begun.get(key, {}))

    def _choose(self) -> None:
        self._front = tuple(d.number for d in front(self.state.evaluated()))
        chosen = best(self.state, self.settings.goal)
        self._best = chosen.number if chosen is not None else None

    def _touched(self, records: Iterable[Record]) -> tuple[dict[int, None], dict[str, None]]:
        designs: dict[int, None] = {}
        variants: dict[str, None] = {}
        for record in records:
            payload: dict[str, Any] = record.payload
            number = payload.get("number") if record.kind == "DesignProposed" else payload.get("design")
            if isinstance(number, int) and number:
                designs[number] = None
            key = payload.get("key") if record.kind == "VariantDeclared" else payload.get("variant")
            if record.kind == "DecisionOpened" and isinstance(payload.get("decision"), dict):
                key = payload["decision"].get("variant")
            if isinstance(key, str) and key:
                variants[key] = None
            if record.kind == "EngineStarted":
                variants.update(dict.fromkeys(self.state.variants))
            if record.kind == "DecisionAnswered" and isinstance(key, str) and key in self.state.variants:
                designs.update(dict.fromkeys(self.state.variants[key].designs))
            if record.kind == "DesignElaborated" and number in self.state.designs:
                variants.update(dict.fromkeys(self.state.designs[number].variant_keys()))
        return designs, variants

    def _queued(self) -> tuple[Queued, ...]:
        return tuple(
            Queued(
                uuid=c.uuid, kind=str(c.payload.get("kind", "")), decision=str(c.payload.get("decision") or ""),
                action=str(c.payload.get("action") or ""),
            )
            for c in self.session.inbox.pending(set(self.state.commands))
        )

    def _look(self) -> str:
        now = self._monotonic()
        if now - self._looked >= ENGINE_LOOK_S:
            self._looked = now
            self._engine = engine_word(self._observer.look())
        return self._engine

    def _snapshot(self, queued: tuple[Queued, ...], engine: str, problem: str) -> Snapshot:
        s = self.state
        counts = s.counts()
        started = s.engine
        return Snapshot(
            name=self.session.name, settings=limited(self.settings, s.limits), read_only=self.session.read_only,
            state=run_state(s, alive=engine in ("alive", "unknown")), engine=engine, problem=problem,
            reading=self._reading,
            designs=dict(self._designs), variants=dict(self._variants), open=tuple(s.open_decisions.values()),
            closed=tuple(s.closed_decisions.values()), commands=dict(s.commands), queued=queued, front=self._front,
            best=self._best, calls=s.spend.calls, tokens=s.spend.tokens, usd=s.spend.worst_usd, done=counts["done"],
            failed=counts["failed"], in_flight=counts["in_flight"], screened=counts["screened"],
            generator=generator_words(started.generator if started is not None else self.settings.generator),
            sandbox=started.sandbox if started is not None else "",
            not_denied=started.not_denied if started is not None else (),
            synthesizer=started.synthesizer if started is not None else self.settings.synth,
            finished=s.finished, stopped=s.stopped, cut=s.cut, damaged=tuple(s.damaged), events=s.events,
        )


def engine_word(seen: EngineState) -> str:
    """none, alive, silent, gone; before the first beat unknown when its process is here, far when it is elsewhere."""
    if seen.state == "unknown":
        return "unknown" if seen.present else "far"
    return seen.state

"""One engine on one session, from opening its house to letting go of the lock; foreground and detached alike."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aigchip_tui import __version__
from aigchip_tui.engine.desk import SessionDesk
from aigchip_tui.engine.giving_up import lost_texts
from aigchip_tui.engine.history import fold, mark_damage, settings_of, view
from aigchip_tui.engine.house import House
from aigchip_tui.engine.loop import Engine
from aigchip_tui.engine.making import MAX_JOBS
from aigchip_tui.engine.opening import open_house
from aigchip_tui.engine.stopwatch import Stopwatch
from aigchip_tui.model import events as ev
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Setting
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import front
from aigchip_tui.store.hold import EngineHold, take_hold
from aigchip_tui.store.machine import LocalMachine, Machine
from aigchip_tui.store.record import iso_utc
from aigchip_tui.store.session import Session, open_session


@dataclass
class Handle:
    """What a signal handler may touch: ask the running engine to stop."""

    engine: Engine | None = None
    asked: str = ""
    """The reason of a stop that came before the engine was there."""

    def stop(self, reason: str = "stopped") -> None:
        """Drain and end; asked twice, end without draining."""
        if self.engine is None:
            self.asked = reason
            return
        if self.engine.stop:
            self.engine.drain_s = 0.0
        self.engine.stop = reason

    def attach(self, engine: Engine) -> None:
        """The engine is there: what was asked before is asked of it."""
        self.engine = engine
        if self.asked:
            engine.stop = self.asked


@dataclass(frozen=True)
class RunResult:
    """How a run ended: done, waiting, paused, stopped or a signal; the final state, and the steps that were cut.

    `settings` are those the session was made with; limits that were changed since are in the state.
    """

    reason: str
    state: SessionState
    settings: SessionSettings
    cut: tuple[str, ...] = ()


def run_engine(
    session: Session,
    *,
    environment: Mapping[str, str],
    on_event: Callable[[ev.AnyEvent, SessionState], None] = lambda event, state: None,
    handle: Handle | None = None,
    jobs: int = 0,
    take_over: bool = False,
    upgrade: bool = False,
    wait_for_human: bool = False,
    machine: Machine | None = None,
) -> RunResult:
    """Run the session until nothing is left to do, a human is awaited, or a stop.

    Raises AigchipError: the session is read-only or has an engine, something is missing on this machine, the disk
    refused, or template or demonstrations changed since the last start and `upgrade` was not asked for.
    """
    settings = settings_of(session)
    if jobs:
        settings = _with_jobs(settings, jobs)
    work = session.place.cache / "work" / f"{session.id}-{os.getpid()}"
    try:
        house = open_house(
            session, settings, environment=environment, work=work,
            now_text=lambda: iso_utc(time.time()), stopwatch=Stopwatch(time.monotonic),
            seeds=_seeds(session, settings),
        )
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    try:
        _refuse_changed(view(session).state, house, session.name, upgrade)
        started = ev.to_payload(started_event(house))
        stale = _pending_stops(session)
        hold = take_hold(
            session, machine=machine or LocalMachine(), clock=time.time, monotonic=time.monotonic,
            take_over=take_over, known_schema=ev.SCHEMA,
            started={k: v for k, v in started.items() if k not in ("host", "boot_id", "pid", "nonce")},
        )
        with hold:
            _sweep_work(work, session.id)
            return _run(hold, house, settings, on_event, handle or Handle(), wait_for_human, stale)
    finally:
        house.close()
        shutil.rmtree(work, ignore_errors=True)


def _run(
    hold: EngineHold, house: House, settings: SessionSettings,
    on_event: Callable[[ev.AnyEvent, SessionState], None], handle: Handle, wait_for_human: bool, stale: frozenset[str],
) -> RunResult:
    state = SessionState()
    fold(state, hold.history)
    mark_damage(state, hold.damage)
    desk = SessionDesk(hold, monotonic=time.monotonic)
    _drop_stale_stops(desk, state, stale)
    lost = lost_texts(state, hold.session.blobs)
    if lost:
        desk.record(lost)
        for event in lost:
            state.apply(event)
    if state.proofs_finished and not state.open_decisions and all(c.kind != "limits" for c in desk.commands()):
        return RunResult("done", state, settings)
    engine = Engine(
        state=state, workshop=house, desk=desk, jobs=min(settings.jobs, settings.lag),
        on_event=lambda event: on_event(event, state), wait_for_human=wait_for_human, cancel=house.cancelled.set,
        stopwatch=house.stopwatch,
    )
    handle.attach(engine)
    assert state.engine is not None
    on_event(state.engine, state)
    reason = engine.run()
    stopped = ev.EngineStopped(
        reason=reason, cut=engine.cut, uuids=tuple(engine.stop_commands), worked_s=house.stopwatch.take(),
    )
    desk.record([stopped])
    for uuid in engine.stop_commands:
        desk.settled(uuid)
    state.apply(stopped)
    on_event(stopped, state)
    return RunResult(reason, state, settings, engine.cut)


def _seeds(session: Session, settings: SessionSettings) -> list[dict[str, Setting]]:
    """The front of the session that this one begins from (`--from`), least latency first."""
    if not settings.parent:
        return []
    parent = view(open_session(session.place, settings.parent))
    return [dict(design.parameters) for design in front(parent.state.evaluated())]


def started_event(house: House) -> ev.EngineStarted:
    """What this engine runs with; host, pid and nonce are the store's to add."""
    box = house.bench.sandbox
    return ev.EngineStarted(
        host="", boot_id="", pid=0, nonce="", version=__version__, template_hash=house.template.hash,
        library_hash=house.library.hash, sandbox=box.name, denied=box.denied, not_denied=box.open_powers,
        generator=house.generator_text, synthesizer=house.synthesizer.name,
    )


def _with_jobs(settings: SessionSettings, jobs: int) -> SessionSettings:
    import msgspec

    if not 1 <= jobs <= MAX_JOBS:
        raise AigchipError(f"--jobs {jobs} is outside 1 .. {MAX_JOBS}.")
    return msgspec.structs.replace(settings, jobs=jobs)


def _refuse_changed(state: SessionState, house: House, name: str, upgrade: bool) -> None:
    """An upgrade under a session must not change it silently (DESIGN sec. 4)."""
    last = state.engine
    if last is None or upgrade or not state.designs:
        return
    changed = [
        what for what, old, new in (
            ("the template", last.template_hash, house.template.hash),
            ("the demonstrations", last.library_hash, house.library.hash),
        ) if old and old != new
    ]
    if changed:
        raise AigchipError(
            f"{' and '.join(changed).capitalize()} changed since session {name} was last run.",
            hint=f"Go on with them: aigchip-tui resume {name} --upgrade.",
        )


def _sweep_work(mine: Path, session_id: str) -> None:
    """Remove what engines that were killed left in the cache; only the holder of the session may do it."""
    for folder in mine.parent.glob(f"{session_id}-*"):
        if folder != mine:
            shutil.rmtree(folder, ignore_errors=True)


def _pending_stops(session: Session) -> frozenset[str]:
    """Stops that waited before this engine took the session."""
    return frozenset(c.uuid for c in session.inbox.pending() if c.payload.get("kind") == "stop")


def _drop_stale_stops(desk: SessionDesk, state: SessionState, stale: frozenset[str]) -> None:
    """A stop that was meant for an engine that is gone must not stop this one; a later one is for this one."""
    for command in desk.commands():
        if command.uuid not in stale:
            continue
        if command.uuid not in state.commands:
            refused = ev.CommandRefused(uuid=command.uuid, why="no engine was running")
            desk.record([refused])
            state.apply(refused)
        desk.settled(command.uuid)



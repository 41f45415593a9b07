"""The simulated workshop over a real session folder: blobs, journal, lock and inbox are the store's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.desk import SessionDesk
from aigchip_tui.engine.history import fold, mark_damage
from aigchip_tui.engine.loop import Engine, Prepared
from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import Gate
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.session import Goal
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import best
from aigchip_tui.model.summary import front as front_of
from aigchip_tui.store.fs import Fs, Hook
from aigchip_tui.store.hold import EngineHold, take_hold
from aigchip_tui.store.machine import LocalMachine
from aigchip_tui.store.session import Place, Session

if TYPE_CHECKING:
    from tests.engine.test_loop import Simulated
else:
    from test_loop import Simulated

SETTINGS = {"workload": "gemm:8x8x8", "device": "pynq-z2", "evaluations": 6}


def place_at(base: Path, hook: Hook | None = None) -> Place:
    """A place of sessions below `base`; `hook` sees every change to it."""
    return Place(root=base / "sessions", data=base / "data", cache=base / "cache", fs=Fs(hook))


class Stored(Simulated):
    """Prompts, replies and sources are blobs; designs named in `bad_systems` fail when they are assembled."""

    def __init__(
        self, session: Session, *, evaluations: int = 6, lag: int = 2, gate: Gate = "stuck",
        bad: frozenset[str] = frozenset(), bad_systems: frozenset[int] = frozenset(),
        bad_memory: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(evaluations=evaluations, lag=lag, gate=gate, bad=bad)
        self.blobs = session.blobs
        self.bad_systems, self.bad_memory = bad_systems, bad_memory
        self.asked: list[str] = []

    def _generate(self, step: Step, state: SessionState) -> Prepared:
        self.asked.append(f"{step.variant}:{step.attempt}")
        prepared = super()._generate(step, state)
        (started,) = prepared.now
        assert isinstance(started, ev.CallStarted)
        prompt = self.blobs.put_text(f"prompt of {step.id}")

        def job() -> Sequence[ev.AnyEvent]:
            assert prepared.job is not None
            (reply,) = prepared.job()
            assert isinstance(reply, ev.ReplyRecorded)
            return [msgspec.structs.replace(
                reply, reply=self.blobs.put_text(f"reply to {step.id}"), source=self.blobs.put_text(f"// {step.id}"),
            )]

        return Prepared(now=(msgspec.structs.replace(started, prompt=prompt),), job=job)

    def _prove(self, step: Step, state: SessionState) -> Prepared:
        if step.design not in self.bad_systems:
            return super()._prove(step, state)
        red = RungOutcome(rung="assembled_sim", status="failed", cause="deadlock", evidence="stands still")
        return self._delayed((
            ev.RungFinished(design=step.design, outcome=red),
            ev.DesignFailed(design=step.design, cause="assembled_sim: deadlock", message="stands still"),
        ))

    def _sanitize(self, step: Step, state: SessionState) -> Prepared:
        if step.variant not in self.bad_memory:
            return super()._sanitize(step, state)
        red = RungOutcome(rung="sanitizers", status="failed", cause="out_of_bounds", evidence="reads beyond")
        users = [n for n in state.variants[step.variant].designs if state.designs[n].status == "evaluated"]
        return self._delayed((
            ev.RungFinished(variant=step.variant, attempt=step.attempt, outcome=red),
            *(ev.DesignFailed(design=n, cause="sanitizers", message="array: reads beyond") for n in users),
        ))


def hold_of(session: Session) -> EngineHold:
    """The engine's hold, whoever held it before: an earlier life of this process is dead by definition."""
    ticks = iter(range(0, 10_000_000, 10))
    return take_hold(
        session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: float(next(ticks)), take_over=True,
        known_schema=ev.SCHEMA, started={"version": "1", "generator": "offline"},
    )


def run_stored(
    session: Session, workshop: Simulated, *, jobs: int = 1,
    between: Callable[[Engine], None] = lambda engine: None,
) -> tuple[str, SessionState]:
    """Run a session as the runner does: hold, fold, mark damage, loop; `between` may touch the engine before it runs.

    A Crash leaves everything as it lies: nothing is closed, as nothing is closed by a kill.
    """
    hold = hold_of(session)
    state = SessionState()
    fold(state, hold.history)
    mark_damage(state, hold.damage)
    ticks = iter(range(0, 10_000_000))
    engine = Engine(
        state=state, workshop=workshop, desk=SessionDesk(hold, monotonic=lambda: float(next(ticks))), jobs=jobs
    )
    between(engine)
    reason = engine.run()
    hold.close()
    return reason, state


def essence(state: SessionState) -> dict[str, Any]:
    """What a session found, without how often it was started and what that cost."""
    chosen = best(state, Goal())
    return {
        "designs": {
            n: (d.parameters, d.status, d.cause, d.figures, d.told, sorted(d.rungs.items()), d.instances)
            for n, d in sorted(state.designs.items())
        },
        "variants": {
            k: (v.status, [(a.number, a.author, a.source, sorted(a.rungs.items())) for a in v.attempts])
            for k, v in sorted(state.variants.items())
        },
        "open": sorted(state.open_decisions), "closed": sorted(state.closed_decisions),
        "commands": sorted(state.commands.values()),
        "best": chosen.id if chosen else None, "front": [d.id for d in front_of(state.evaluated())],
        "finished": state.finished, "proofs": state.proofs_finished, "damaged": state.damaged,
    }

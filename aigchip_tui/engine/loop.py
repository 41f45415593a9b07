"""The loop around `advance`: journal first, then the effect; commands in, steps out, nothing decided by a clock."""

from __future__ import annotations

import concurrent.futures as futures
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aigchip_tui.engine.advance import Limits, Step, advance, away_reason, generator_is_away
from aigchip_tui.engine.answers import answer
from aigchip_tui.engine.giving_up import concerns_machine, given_up
from aigchip_tui.engine.stopwatch import Stopwatch
from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import Command
from aigchip_tui.model.state import SessionState

Job = Callable[[], Sequence[ev.AnyEvent]]
POLL_S = 0.25
COUNT_EVERY_S = 60.0
"""A kill loses no more than this of the time that `--max-hours` counts."""
DRAIN_S = 30.0
"""How long a stop waits for steps under way."""


@dataclass(frozen=True)
class Prepared:
    """A step made ready: events to journal at once, and work to do elsewhere whose outcome is events again."""

    now: tuple[ev.AnyEvent, ...] = ()
    job: Job | None = None


class Workshop(Protocol):
    """Does the steps. `prepare` runs in the loop and may read the state; a job runs in a worker and may not."""

    def prepare(self, step: Step, state: SessionState) -> Prepared:
        """Make a step ready."""
        ...

    def limits(self, state: SessionState) -> Limits:
        """The settings and caps as they stand now."""
        ...

    def front(self, state: SessionState) -> tuple[int, ...]:
        """Designs whose proofs are completed at the end: the front and the best."""
        ...


class Desk(Protocol):
    """The session folder as the loop needs it: durable events, pending commands, a heartbeat."""

    def record(self, events: Iterable[ev.AnyEvent]) -> None:
        """Make events durable; only then may effects follow. Raises when the session is no longer ours."""
        ...

    def commands(self) -> Sequence[Command]:
        """Commands that have no outcome yet."""
        ...

    def settled(self, uuid: str) -> None:
        """The outcome of a command is durable: forget it."""
        ...

    def beat(self) -> None:
        """Show that this engine lives; raises when another engine has taken over."""
        ...


@dataclass
class Engine:
    """One engine on one session. `stop` may be set from a signal handler; the loop then drains and ends."""

    state: SessionState
    workshop: Workshop
    desk: Desk
    jobs: int
    on_event: Callable[[ev.AnyEvent], None] = lambda event: None
    stop: str = ""
    drain_s: float = DRAIN_S
    """How long a stop waits for steps under way; what is left is cut and begins anew at the next start."""
    monotonic: Callable[[], float] = time.monotonic
    cancel: Callable[[], None] = lambda: None
    stopwatch: Stopwatch = field(default_factory=lambda: Stopwatch(time.monotonic))
    wait_for_human: bool = False
    """Stay alive while only humans can move the search on (the detached engine); otherwise return."""
    stop_commands: list[str] = field(default_factory=list)
    """Commands that asked for the stop; their outcome is durable once EngineStopped is."""
    cut: tuple[str, ...] = ()
    _flight: dict[str, tuple[Step, futures.Future[Sequence[ev.AnyEvent]]]] = field(default_factory=dict)
    _stopping_since: float | None = None

    def run(self) -> str:
        """Run steps until nothing is left; returns why it ended: done, waiting, paused or the reason of a stop.

        After a stop `cut` names the steps that were still under way; their threads may still run when this returns.
        """
        pool = futures.ThreadPoolExecutor(max_workers=self.jobs, thread_name_prefix="step")
        try:
            return self._run(pool)
        except BaseException:
            self.cancel()
            raise
        finally:
            pool.shutdown(wait=not self.cut, cancel_futures=True)

    def _run(self, pool: futures.ThreadPoolExecutor) -> str:
        while True:
            self.desk.beat()
            self._count_work()
            self._obey()
            self._land()
            if self.stop:
                if self._drained():
                    return self.stop
            elif self._launch(pool):
                continue
            if not self._flight:
                if self.desk.commands():
                    # An undo that waited for the last step, or what came during it.
                    continue
                if self.state.proofs_finished:
                    return "done"
                if generator_is_away(self.state):
                    return away_reason(self.state)
                if not self.wait_for_human:
                    return "paused" if self.state.paused else "waiting"
            self._wait()

    def _count_work(self) -> None:
        self.stopwatch.note(busy=bool(self._flight))
        if self.stopwatch.uncounted_s >= COUNT_EVERY_S:
            self._record([ev.WorkCounted(seconds=self.stopwatch.take())])

    def _drained(self) -> bool:
        """True when nothing is under way, or the patience with it has ended and it is cut."""
        if self._stopping_since is None:
            self._stopping_since = self.monotonic()
        if self._flight and self.monotonic() - self._stopping_since >= self.drain_s:
            self.cancel()
            self.cut = tuple(self._flight)
            self._flight.clear()
        return not self._flight

    def _wait(self) -> None:
        if self._flight:
            futures.wait([job for _, job in self._flight.values()], timeout=POLL_S, return_when=futures.FIRST_COMPLETED)
        else:
            futures.wait([futures.Future[None]()], timeout=POLL_S)

    def _record(self, events: Sequence[ev.AnyEvent]) -> None:
        if not events:
            return
        self.desk.record(events)
        for event in events:
            self.state.apply(event)
            self.on_event(event)

    def _obey(self) -> None:
        for command in self.desk.commands():
            if command.uuid not in self.state.commands:
                if command.action == "undo" and self._works_on(command.decision):
                    continue
                if command.kind == "stop":
                    self.stop = self.stop or "stopped"
                    self.drain_s = 0.0 if command.as_is else self.drain_s
                    if command.uuid not in self.stop_commands:
                        self.stop_commands.append(command.uuid)
                    continue
                self._record([answer(self.state, command)])
            self.desk.settled(command.uuid)

    def _works_on(self, decision: str) -> bool:
        """True while a step under way rests on the answer to `decision`: an undo waits for its outcome."""
        closed = self.state.closed_decisions.get(decision)
        if closed is None:
            return False
        variant = self.state.variants[closed[0].variant]
        return any(
            step.variant == variant.key or step.design in variant.designs for step, _ in self._flight.values()
        )

    def _land(self) -> None:
        """Record what finished, in the order in which the steps were begun."""
        for name in [n for n, (_, job) in self._flight.items() if job.done()]:
            step, job = self._flight.pop(name)
            try:
                events = list(job.result())
            except Exception as problem:
                events = self._given_up(step, problem)
            self._record(events)

    def _prepared(self, step: Step) -> Prepared:
        try:
            return self.workshop.prepare(step, self.state)
        except Exception as problem:
            return Prepared(now=tuple(self._given_up(step, problem)))

    def _given_up(self, step: Step, problem: Exception) -> list[ev.AnyEvent]:
        """A step that broke fails its variant or design; raises again when the machine is at fault."""
        events = [] if concerns_machine(problem) else list(given_up(step, problem, self.state))
        if not events:
            raise problem
        return events

    def _launch(self, pool: futures.ThreadPoolExecutor) -> bool:
        """Begin what can begin; True when the state moved, so that `advance` is asked again before waiting."""
        steps = advance(self.state, self.workshop.limits(self.state), front=self.workshop.front(self.state))
        for step in steps:
            if step.id in self._flight:
                continue
            instant = step.kind in ("tell", "fail", "finish", "conclude", "propose", "elaborate")
            if not instant and len(self._flight) >= self.jobs:
                continue
            prepared = self._prepared(step)
            self._record(prepared.now)
            if prepared.job is not None:
                self._flight[step.id] = (step, pool.submit(prepared.job))
            if prepared.now:
                return True
        return False

"""The engine on a simulated workshop: the same designs for any number of jobs, after any kill, with humans waiting."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence

import pytest

from aigchip_tui.engine.advance import Limits, Step
from aigchip_tui.engine.judge import judge
from aigchip_tui.engine.loop import Engine, Prepared
from aigchip_tui.engine.steps.check import _no_code
from aigchip_tui.engine.stopwatch import Stopwatch
from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import Command, Gate
from aigchip_tui.model.limits import SessionLimits
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.session import Goal
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import final_designs

STARTED = ev.EngineStarted(host="h", boot_id="b", pid=1, nonce="n")


class Killed(BaseException):
    """The process is gone."""


class MemoryDesk:
    """A journal in memory that can be told to die before or after a write."""

    def __init__(self, journal: list[ev.AnyEvent], *, die_after: int | None = None) -> None:
        self.journal = journal
        self.inbox: dict[str, Command] = {}
        self.die_after = die_after

    def record(self, events: Iterable[ev.AnyEvent]) -> None:
        for event in events:
            if self.die_after is not None and len(self.journal) >= self.die_after:
                raise Killed
            self.journal.append(ev.from_payload(type(event).__name__, ev.to_payload(event)))

    def commands(self) -> Sequence[Command]:
        return list(self.inbox.values())

    def settled(self, uuid: str) -> None:
        del self.inbox[uuid]

    def beat(self) -> None:
        pass


class Simulated:
    """Designs of three variants, the third shared by design parity; every call is counted; some variants are bad."""

    def __init__(self, *, evaluations: int = 12, lag: int = 4, gate: Gate = "stuck", bad: frozenset[str] = frozenset(),
                 shuffle: random.Random | None = None) -> None:
        self.evaluations, self.lag, self.gate, self.bad, self.shuffle = evaluations, lag, gate, bad, shuffle
        self.calls = 0

    def limits(self, state: SessionState) -> Limits:
        return Limits(evaluations=self.evaluations, lag=self.lag)

    def front(self, state: SessionState) -> tuple[int, ...]:
        return final_designs(state, Goal())

    def prepare(self, step: Step, state: SessionState) -> Prepared:
        return getattr(self, f"_{step.kind}")(step, state)  # type: ignore[no-any-return]  # a table of methods

    def _delayed(self, events: Sequence[ev.AnyEvent]) -> Prepared:
        delay = self.shuffle.random() * 0.004 if self.shuffle else 0.0

        def job() -> Sequence[ev.AnyEvent]:
            time.sleep(delay)
            return events

        return Prepared(job=job)

    def _propose(self, step: Step, state: SessionState) -> Prepared:
        known = [
            (d.told, d.figures.latency.ms if d.figures else 0.0)
            for n, d in sorted(state.designs.items()) if n <= step.design - self.lag
        ]
        gene = draw_seed(1, "propose", step.design, str(known)) % 1000
        return Prepared(now=(ev.DesignProposed(number=step.design, parameters={"gene": gene}),))

    def _elaborate(self, step: Step, state: SessionState) -> Prepared:
        gene = int(state.designs[step.design].parameters["gene"])
        keys = [f"lane-{gene % 3}", f"array-{gene % 5}", f"ctrl-{gene % 2}"]
        declared = tuple(
            ev.VariantDeclared(key=k, module=k.split("-")[0], function="f", settings={}, instruction=(),
                               children=(keys[0],) if k.startswith("array") else ())
            for k in keys if k not in state.variants
        )
        named = tuple(ev.InstanceNamed(name=k.split("-")[0], variant=k, module=k.split("-")[0]) for k in keys)
        return Prepared(now=(*declared, ev.DesignElaborated(design=step.design, instances=named, processes=3)))

    def _tell(self, step: Step, state: SessionState) -> Prepared:
        return Prepared(now=(ev.ResultTold(design=step.design, outcome=step.message),))

    def _fail(self, step: Step, state: SessionState) -> Prepared:
        return Prepared(now=(ev.DesignFailed(design=step.design, cause=step.cause, message=step.message),))

    def _finish(self, step: Step, state: SessionState) -> Prepared:
        return Prepared(now=(ev.SearchFinished(reason=step.message),))

    def _conclude(self, step: Step, state: SessionState) -> Prepared:
        return Prepared(now=(ev.ProofsFinished(designs=self.front(state)),))

    def _generate(self, step: Step, state: SessionState) -> Prepared:
        self.calls += 1
        call = f"{step.variant}:{step.attempt}"
        started = ev.CallStarted(call=call, variant=step.variant, attempt=step.attempt, seed=1, prompt="p",
                                 demos=("a", "b"), reserved_tokens=10)
        reply = ev.ReplyRecorded(call=call, variant=step.variant, attempt=step.attempt, reply="r", source="s",
                                 model="m", generator="offline", prompt_tokens=3, completion_tokens=2)
        return Prepared(now=(started,), job=self._delayed((reply,)).job)

    def _check(self, step: Step, state: SessionState) -> Prepared:
        variant = state.variants[step.variant]
        attempt = variant.attempts[step.attempt - 1]
        bad = step.variant in self.bad and attempt.author not in ("human", "cure")
        waived = attempt.waived.get("contract")
        outcome = RungOutcome(rung="contract", status="waived" if waived else "failed" if bad else "passed")
        follow = judge(variant, attempt, [outcome], gate=self.gate, max_attempts=2, repeats=False)
        finished = ev.RungFinished(variant=step.variant, attempt=step.attempt, outcome=outcome)
        return self._delayed((finished, follow))

    def _evaluate(self, step: Step, state: SessionState) -> Prepared:
        gene = int(state.designs[step.design].parameters["gene"])
        return self._delayed((ev.DesignEvaluated(
            design=step.design, latency_cycles=gene, latency_ms=float(gene), clock_mhz=200, dsp=1000 - gene,
            bram18=0, uram=0, lut=0, ff=0),))

    def _prove(self, step: Step, state: SessionState) -> Prepared:
        return self._delayed((ev.RungFinished(
            design=step.design, outcome=RungOutcome(rung="assembled_sim", status="passed")),))

    def _sanitize(self, step: Step, state: SessionState) -> Prepared:
        return self._delayed((ev.RungFinished(
            variant=step.variant, attempt=step.attempt, outcome=RungOutcome(rung="sanitizers", status="passed")),))


def fold(journal: Iterable[ev.AnyEvent]) -> SessionState:
    state = SessionState()
    for event in journal:
        state.apply(event)
    return state


def run(workshop: Simulated, journal: list[ev.AnyEvent], *, jobs: int = 2, die_after: int | None = None) -> str:
    desk = MemoryDesk(journal, die_after=None)
    desk.record([STARTED])
    desk.die_after = die_after
    return Engine(state=fold(journal), workshop=workshop, desk=desk, jobs=jobs).run()


def proposals(journal: Iterable[ev.AnyEvent]) -> list[object]:
    return [e.parameters["gene"] for e in journal if isinstance(e, ev.DesignProposed)]


@pytest.fixture(scope="module")
def calm() -> list[ev.AnyEvent]:
    journal: list[ev.AnyEvent] = []
    assert run(Simulated(), journal, jobs=1) == "done"
    return journal


@pytest.mark.parametrize("jobs", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", [1, 2])
def test_any_number_of_jobs_proposes_the_same_designs(calm: list[ev.AnyEvent], jobs: int, seed: int) -> None:
    journal: list[ev.AnyEvent] = []
    assert run(Simulated(shuffle=random.Random(seed)), journal, jobs=jobs) == "done"
    assert proposals(journal) == proposals(calm)
    state, expected = fold(journal), fold(calm)
    assert state.counts() == expected.counts()
    assert final_designs(state, Goal()) == final_designs(expected, Goal())


def test_after_a_kill_at_every_event_the_designs_are_those_of_the_calm_run(calm: list[ev.AnyEvent]) -> None:
    calm_calls = sum(isinstance(e, ev.CallStarted) for e in calm)
    for die_after in range(2, len(calm), 3):
        journal: list[ev.AnyEvent] = []
        workshop = Simulated()
        with pytest.raises(Killed):
            run(workshop, journal, die_after=die_after)
        assert run(workshop, journal) == "done"
        assert proposals(journal) == proposals(calm)
        assert fold(journal).counts() == fold(calm).counts()
        assert workshop.calls <= calm_calls + 2, "at most the calls in flight are asked again"


def test_a_stuck_variant_waits_for_a_human_and_frees_every_design_at_once() -> None:
    workshop = Simulated(bad=frozenset({"lane-0", "lane-1", "lane-2"}))
    journal: list[ev.AnyEvent] = []
    assert run(workshop, journal) == "waiting"
    state = fold(journal)
    assert len(state.open_decisions) == 3
    assert {d.told for d in state.designs.values()} == {"waiting"}
    desk = MemoryDesk(journal)
    for index, decision in enumerate(state.open_decisions.values()):
        desk.inbox[str(index)] = Command(uuid=str(index), kind="decide", decision=decision.id, action="patch",
                                         source="blob", question=decision.fingerprint)
    desk.record([STARTED])
    assert Engine(state=fold(journal), workshop=workshop, desk=desk, jobs=2).run() == "done"
    done = fold(journal)
    assert done.counts()["done"] == workshop.evaluations
    assert not desk.inbox


def test_an_answer_to_a_superseded_question_is_refused_and_a_second_answer_too() -> None:
    workshop = Simulated(bad=frozenset({"lane-0", "lane-1", "lane-2"}), evaluations=1)
    journal: list[ev.AnyEvent] = []
    assert run(workshop, journal) == "waiting"
    (decision,) = fold(journal).open_decisions.values()
    desk = MemoryDesk(journal)
    old = Command(uuid="old", kind="decide", decision=decision.id, action="skip", question="something else")
    first = Command(uuid="one", kind="decide", decision=decision.id, action="accept", as_is=True, reason="known",
                    question=decision.fingerprint)
    second = Command(uuid="two", kind="decide", decision=decision.id, action="skip")
    desk.inbox = {"old": old, "one": first, "two": second}
    Engine(state=fold(journal), workshop=workshop, desk=desk, jobs=1).run()
    state = fold(journal)
    assert state.commands["old"].startswith("refused")
    assert state.commands["one"] == "accepted"
    assert "answered before" in state.commands["two"]
    variant = state.variants[decision.variant]
    assert variant.attempts[-1].rungs["contract"].status == "waived"


def test_skip_fails_the_designs_and_undo_brings_them_back() -> None:
    workshop = Simulated(bad=frozenset({"lane-0", "lane-1", "lane-2"}), evaluations=1)
    journal: list[ev.AnyEvent] = []
    run(workshop, journal)
    (decision,) = fold(journal).open_decisions.values()
    desk = MemoryDesk(journal)
    desk.inbox["1"] = Command(uuid="1", kind="decide", decision=decision.id, action="skip")
    Engine(state=fold(journal), workshop=workshop, desk=desk, jobs=1).run()
    assert fold(journal).designs[1].cause == "skipped"
    desk.inbox["2"] = Command(uuid="2", kind="decide", decision=decision.id, action="undo")
    Engine(state=fold(journal), workshop=workshop, desk=desk, jobs=1).run()
    state = fold(journal)
    assert state.designs[1].status == "building"
    assert list(state.open_decisions) == [decision.id]


def test_gate_never_fails_the_design_instead_of_asking() -> None:
    workshop = Simulated(bad=frozenset({"lane-0"}), gate="never")
    journal: list[ev.AnyEvent] = []
    assert run(workshop, journal) == "done"
    state = fold(journal)
    assert not state.open_decisions
    assert any(d.status == "failed" and d.cause for d in state.designs.values())


class Outage(Simulated):
    """A generator that does not answer until it is told to."""

    away = True

    def _generate(self, step: Step, state: SessionState) -> Prepared:
        if not self.away:
            return super()._generate(step, state)
        call = f"{step.variant}:{step.attempt}"
        started = ev.CallStarted(call=call, variant=step.variant, attempt=step.attempt, seed=1, prompt="p", demos=())
        failed = ev.CallFailed(call=call, variant=step.variant, attempt=step.attempt, cause="unreachable", message="no")
        return Prepared(now=(started,), job=self._delayed((failed,)).job)


def test_what_a_dead_server_left_unanswered_is_asked_again_by_the_next_engine(calm: list[ev.AnyEvent]) -> None:
    journal: list[ev.AnyEvent] = []
    workshop = Outage()
    assert run(workshop, journal) == "the generator does not answer: no"
    dead = fold(journal)
    assert {d.cause for d in dead.designs.values()} == {"unreachable"}
    assert len(dead.designs) < workshop.evaluations, "the rest of the search is kept for a generator that answers"
    workshop.away = False
    assert run(workshop, journal) == "done"
    state = fold(journal)
    assert state.counts()["done"] == workshop.evaluations
    assert not state.unresolved


class Flaky(Simulated):
    """A server that is there, and whose first `lost` replies for each variant cannot be read."""

    lost = 1

    def _generate(self, step: Step, state: SessionState) -> Prepared:
        if step.attempt > self.lost:
            return super()._generate(step, state)
        self.calls += 1
        call = f"{step.variant}:{step.attempt}"
        started = ev.CallStarted(call=call, variant=step.variant, attempt=step.attempt, seed=1, prompt="p", demos=())
        failed = ev.CallFailed(call=call, variant=step.variant, attempt=step.attempt, cause="cut_stream",
                               message="The reply broke off.", spent=True)
        return Prepared(now=(started,), job=self._delayed((failed,)).job)

    def _check(self, step: Step, state: SessionState) -> Prepared:
        variant = state.variants[step.variant]
        attempt = variant.attempts[step.attempt - 1]
        if not attempt.no_reply:
            return super()._check(step, state)
        outcome = _no_code(attempt)
        follow = judge(variant, attempt, [outcome], gate=self.gate, max_attempts=2, repeats=False)
        finished = ev.RungFinished(variant=step.variant, attempt=step.attempt, outcome=outcome)
        return self._delayed((finished, follow))


def test_a_reply_that_cannot_be_read_is_asked_for_again_and_changes_no_design(calm: list[ev.AnyEvent]) -> None:
    journal: list[ev.AnyEvent] = []
    workshop = Flaky()
    assert run(workshop, journal) == "done"
    state, expected = fold(journal), fold(calm)
    assert proposals(journal) == proposals(calm)
    assert state.counts() == expected.counts()
    assert {len(v.attempts) for v in state.variants.values()} == {2}
    assert workshop.calls == 2 * len(state.variants)


@pytest.mark.parametrize("gate", ["stuck", "never"])
def test_replies_that_never_can_be_read_are_a_question_or_a_typed_failure(gate: Gate) -> None:
    journal: list[ev.AnyEvent] = []
    workshop = Flaky(gate=gate, evaluations=4)
    workshop.lost = 9
    reason = run(workshop, journal)
    state = fold(journal)
    assert max(len(v.attempts) for v in state.variants.values()) == 2, "up to the limit, no further"
    if gate == "never":
        assert reason == "done"
        assert {d.cause for d in state.designs.values()} == {"cut_stream"}
        return
    assert reason == "waiting"
    assert {d.label for d in state.open_decisions.values()} == {"no reply: cut stream"}
    assert {d.question for d in state.open_decisions.values()} == {"cut_stream: The reply broke off."}


class Capped(Simulated):
    """A session whose cap counts calls."""

    max_calls = 0

    def limits(self, state: SessionState) -> Limits:
        reached = self.max_calls and state.spend.calls >= self.max_calls
        return Limits(evaluations=self.evaluations, lag=self.lag,
                      stop_reason=f"cap reached: --max-calls {self.max_calls}" if reached else "")


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("cap", [1, 2, 5, 8])
def test_a_cap_ends_the_search_and_a_raised_one_goes_on_as_if_there_had_been_none(
    calm: list[ev.AnyEvent], cap: int, jobs: int
) -> None:
    journal: list[ev.AnyEvent] = []
    workshop = Capped()
    workshop.max_calls = cap
    assert run(workshop, journal, jobs=jobs) == "done"
    capped, whole = fold(journal), fold(calm)
    assert capped.finished == f"cap reached: --max-calls {cap}"
    assert len(capped.designs) < workshop.evaluations, "nothing more is proposed"
    assert {d.cause for d in capped.designs.values() if d.status != "evaluated"} == {"cap"}
    assert not capped.unresolved
    assert run(workshop, journal, jobs=jobs) == "done"
    assert fold(journal).finished == capped.finished, "the cap still stands"
    assert fold(journal).counts() == capped.counts()
    workshop.max_calls = 0
    assert run(workshop, journal, jobs=jobs) == "done"
    state = fold(journal)
    assert proposals(journal) == proposals(calm)
    assert state.counts() == whole.counts()
    assert {n: d.told for n, d in state.designs.items()} == {n: d.told for n, d in whole.designs.items()}
    assert final_designs(state, Goal()) == final_designs(whole, Goal())


class Limited(Simulated):
    """A session whose evaluations a human may change."""

    def limits(self, state: SessionState) -> Limits:
        return Limits(evaluations=state.limits.evaluations or self.evaluations, lag=self.lag)


def test_more_evaluations_go_on_with_a_finished_search_as_if_they_had_been_asked_for_at_once(
    calm: list[ev.AnyEvent],
) -> None:
    journal: list[ev.AnyEvent] = []
    workshop = Limited(evaluations=5)
    assert run(workshop, journal) == "done"
    assert fold(journal).proofs_finished
    desk = MemoryDesk(journal)
    desk.inbox["1"] = Command(uuid="1", kind="limits", by="me", limits=SessionLimits(evaluations=12))
    journal.append(STARTED)
    assert Engine(state=fold(journal), workshop=workshop, desk=desk, jobs=2).run() == "done"
    state = fold(journal)
    assert state.commands["1"] == "accepted"
    assert proposals(journal) == proposals(calm)
    assert state.counts() == fold(calm).counts()
    desk.inbox["2"] = Command(uuid="2", kind="limits", limits=SessionLimits(evaluations=0))
    Engine(state=fold(journal), workshop=workshop, desk=desk, jobs=2).run()
    assert fold(journal).commands["2"] == "refused: --evaluations 0 is outside 1 .. 1000000."
    assert fold(journal).limits == SessionLimits(evaluations=12)


def test_hours_count_while_steps_are_under_way_and_no_event_tells_them_twice() -> None:
    now = [0.0]
    watch = Stopwatch(lambda: now[0])
    for busy, seconds in ((True, 40.0), (True, 5.0), (False, 9000.0), (True, 15.0)):
        watch.note(busy=busy)
        now[0] += seconds
    assert watch.take() == 60.0, "waiting for a human costs nothing"
    now[0] += 2.0
    assert watch.uncounted_s == 2.0
    journal: list[ev.AnyEvent] = [
        STARTED, ev.WorkCounted(seconds=60.0), STARTED, ev.EngineStopped(reason="stopped", worked_s=2.0),
    ]
    assert fold(journal).worked_s == 62.0


def test_a_call_lost_to_a_kill_stays_charged_when_it_is_asked_again(calm: list[ev.AnyEvent]) -> None:
    first = next(n for n, e in enumerate(calm) if isinstance(e, ev.CallStarted))
    journal: list[ev.AnyEvent] = []
    with pytest.raises(Killed):
        run(Simulated(), journal, jobs=1, die_after=first + 1)
    assert isinstance(journal[-1], ev.CallStarted)
    assert run(Simulated(), journal, jobs=1) == "done"
    lost, whole = fold(journal).spend, fold(calm).spend
    assert lost.tokens == whole.tokens + 10, "the worst case of the call whose outcome nobody knows"
    assert lost.calls == whole.calls + 1


def test_a_variant_red_under_the_sanitizers_takes_every_design_with_it(calm: list[ev.AnyEvent]) -> None:
    state = fold(calm)
    key = next(k for k, v in state.variants.items() if len(v.designs) > 1)
    red = RungOutcome(rung="sanitizers", status="failed", cause="out_of_bounds", evidence="reads beyond")
    state.apply(ev.RungFinished(variant=key, attempt=1, outcome=red))
    assert {state.designs[n].cause for n in state.variants[key].designs} == {"sanitizers"}
    assert not set(final_designs(state, Goal())).intersection(state.variants[key].designs)
    assert state.variants[key].status == "failed"

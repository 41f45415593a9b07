"""The follower copies only what was touched, and ends at what a fresh reader sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aigchip_tui.bench.synthetic import synthetic_session
from aigchip_tui.engine import indexing
from aigchip_tui.model import events as ev
from aigchip_tui.store.lock import EngineState
from aigchip_tui.store.session import Place
from aigchip_tui.ui.feed import Feed, SnapshotArrived, interval_for
from aigchip_tui.ui.follower import Follower, engine_word
from aigchip_tui.ui.projections.views import Snapshot

if TYPE_CHECKING:
    from tests.ui.ui_session import Made, StillMachine
else:
    from ui_session import StillMachine


def same(a: Snapshot, b: Snapshot) -> bool:
    return (a.designs, a.variants, a.open, a.closed, a.front, a.best, a.done, a.calls) == (
        b.designs, b.variants, b.open, b.closed, b.front, b.best, b.done, b.calls)


def test_following_event_by_event_ends_at_the_whole(full: Made) -> None:
    follower = full.follow(full.session)
    follower.step()
    decision = full.snapshot().open[0]
    steps: list[list[Any]] = [
        [ev.DesignProposed(number=9, parameters={"lane": "m2"})],
        [ev.DesignEvaluated(design=9, latency_cycles=1, latency_ms=1.0, clock_mhz=200, dsp=9, bram18=1, uram=0,
                            lut=1, ff=1)],
        [ev.DecisionAnswered(decision=decision.id, variant=decision.variant, uuid="u1", action="skip", by="ada")],
        [ev.DesignFailed(design=4, cause="skipped", message="skipped by ada")],
        [ev.DecisionAnswered(decision=decision.id, variant=decision.variant, uuid="u2", action="undo", by="ada")],
    ]
    for events in steps:
        full.record(*events)
        followed = follower.step()
        assert followed is not None
        assert same(followed, full.snapshot())
    assert full.snapshot().designs[4].status == "building"


def test_an_indexed_session_is_shown_from_its_outline_first_and_ends_at_the_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "WORTH_BYTES", 1)
    session = synthetic_session(place, "many", designs=1500)

    def followed() -> list[Snapshot]:
        follower = Follower(session, machine=StillMachine(), monotonic=lambda: 0.0)
        seen = [snapshot for _ in range(20) if (snapshot := follower.step()) is not None]
        assert follower.step() is None
        return seen

    cold = followed()
    assert indexing.resume(session, indexing.OUTLINE) is not None, "the follower keeps what it has folded"
    warm = followed()
    assert warm[0].reading
    assert len(warm[0].designs) < len(warm[-1].designs) == 1500
    assert not warm[-1].reading
    for shown in (warm[0], cold[-1]):
        assert (shown.front, shown.best, shown.done, shown.failed, shown.calls) == (
            warm[-1].front, warm[-1].best, warm[-1].done, warm[-1].failed, warm[-1].calls)
    assert same(warm[-1], cold[-1])
    assert list(warm[-1].designs) == list(cold[-1].designs)


def test_nothing_new_is_no_snapshot_and_costs_no_copies(full: Made) -> None:
    follower = full.follow(full.session)
    first = follower.step()
    assert first is not None
    assert follower.step() is None
    full.evaluated(4, 5.0, 64)
    second = follower.step()
    assert second is not None
    assert second.variants["ctrl-1"] is first.variants["ctrl-1"]
    assert second.designs[1] is first.designs[1]
    assert second.designs[4] is not first.designs[4]
    assert second.best == 4


def test_a_snapshot_never_changes_once_it_is_out(full: Made) -> None:
    follower = full.follow(full.session)
    first = follower.step()
    assert first is not None
    seen = (len(first.designs), first.designs[4].status, len(first.variants["pe_lane-2"].attempts), len(first.open))
    full.record(ev.DesignProposed(number=10, parameters={}))
    full.record(ev.DesignFailed(design=4, cause="x", message="y"))
    full.attempt("pe_lane-2", 2)
    follower.step()
    assert seen == (
        len(first.designs), first.designs[4].status, len(first.variants["pe_lane-2"].attempts), len(first.open))


def test_a_command_that_no_engine_took_is_shown_as_queued(full: Made) -> None:
    follower = full.follow(full.session)
    follower.step()
    uuid = full.session.send({"kind": "decide", "decision": "pe_lane-1", "action": "skip"})
    queued = follower.step()
    assert queued is not None
    assert [(q.uuid, q.decision, q.action) for q in queued.queued] == [(uuid, "pe_lane-1", "skip")]
    full.record(ev.CommandRefused(uuid=uuid, why="no"))
    settled = follower.step()
    assert settled is not None
    assert settled.queued == ()
    assert settled.commands[uuid] == "refused: no"


def test_a_damaged_line_marks_its_design_and_it_is_no_longer_best(full: Made) -> None:
    journal = full.session.journal
    lines = journal.read_bytes().splitlines(keepends=True)
    target = next(i for i, line in enumerate(lines) if b'"DesignEvaluated"' in line and b"24.1" in line)
    lines[target] = lines[target].replace(b"24.1", b"14.1")
    journal.write_bytes(b"".join(lines))
    snapshot = full.snapshot()
    assert snapshot.damaged
    assert snapshot.best == 2


def test_engine_words_come_from_beats_not_from_files() -> None:
    assert engine_word(EngineState(state="alive", present=True)) == "alive"
    assert engine_word(EngineState(state="unknown", present=True)) == "unknown"
    assert engine_word(EngineState(state="unknown", present=None)) == "far"
    assert engine_word(EngineState(state="silent", present=True)) == "silent"


class Script:
    """Steps that were written down."""

    def __init__(self, empty: Snapshot, steps: list[Any]) -> None:
        self._empty, self._steps = empty, steps

    def empty(self) -> Snapshot:
        return self._empty

    def step(self) -> Snapshot | None:
        step = self._steps.pop(0) if self._steps else None
        if isinstance(step, Exception):
            raise step
        assert step is None or isinstance(step, Snapshot)
        return step


def test_the_feed_hands_over_snapshots_and_problems_and_ends(made: Made) -> None:
    import threading

    seen: list[Snapshot] = []
    enough = threading.Event()

    def deliver(snapshot: Snapshot) -> None:
        seen.append(snapshot)
        if len(seen) == 3:
            enough.set()

    first = made.snapshot()
    feed = Feed(Script(first, [first, None, OSError("the disk is gone"), first]), deliver, interval_s=0.001)
    feed.start()
    assert enough.wait(5)
    feed.stop()
    assert [s.problem for s in seen] == ["", "the disk is gone", ""]
    assert not any(t.name == "feed" and t.is_alive() for t in threading.enumerate())


def test_only_the_newest_snapshot_stays_in_the_queue(made: Made) -> None:
    first = made.snapshot()
    assert SnapshotArrived(first).can_replace(SnapshotArrived(first))


def test_the_feed_is_slower_over_ssh() -> None:
    assert interval_for({"SSH_CONNECTION": "1 2 3 4"}) == 0.5
    assert interval_for({}) == 0.2

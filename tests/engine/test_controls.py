"""Stop, pause, resume, answers and undo in every order: exactly once, by one engine, with or without one running."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.desk import SessionDesk
from aigchip_tui.engine.history import view
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.engine.runner import Handle, _drop_stale_stops, _pending_stops
from aigchip_tui.model import events as ev
from aigchip_tui.model.state import SessionState
from aigchip_tui.store.lock import EngineRunningError, LockLostError
from aigchip_tui.store.machine import Identity, LocalMachine
from aigchip_tui.store.session import Session, create_session

if TYPE_CHECKING:
    from tests.engine.test_loop import proposals
    from tests.engine.workshop_kit import SETTINGS, Stored, essence, hold_of, place_at, run_stored
else:
    from test_loop import proposals
    from workshop_kit import SETTINGS, Stored, essence, hold_of, place_at, run_stored

NAME = "first"


@pytest.fixture(autouse=True, scope="module")
def no_real_disk() -> Iterator[None]:
    """Nothing here depends on what really reached a disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return create_session(place_at(tmp_path), NAME, SETTINGS)


def events(session: Session) -> list[str]:
    return [record.kind for record in session.reader().poll()]


def outcomes(session: Session) -> dict[str, str]:
    return view(session).state.commands


class At(Stored):
    """Does something to the session when a step is made ready."""

    def __init__(self, session: Session, when: str, what: Any, **options: Any) -> None:
        super().__init__(session, **options)
        self.when, self.what, self.done = when, what, False

    def prepare(self, step: Step, state: SessionState) -> Prepared:
        if not self.done and step.id == self.when:
            self.done = True
            self.what()
        return super().prepare(step, state)


def test_a_stop_in_the_middle_and_a_new_start_end_as_the_calm_run(tmp_path: Path) -> None:
    calm = create_session(place_at(tmp_path / "calm"), NAME, SETTINGS)
    _, expected = run_stored(calm, Stored(calm))
    session = create_session(place_at(tmp_path / "cut"), NAME, SETTINGS)
    sent: list[str] = []
    for when in ("propose:2:0", "evaluate:3:0", "evaluate:5:0"):
        reason, _ = run_stored(session, At(session, when, lambda: sent.append(session.send({"kind": "stop"}))))
        assert reason == "stopped"
        stopped = ev.EngineStopped(reason=reason, uuids=tuple(sent[-1:]))
        with hold_of(session) as hold:
            desk = SessionDesk(hold, monotonic=lambda: 0.0)
            desk.record([stopped])
            for uuid in sent[-1:]:
                desk.settled(uuid)
    reason, state = run_stored(session, Stored(session))
    assert reason == "done"
    assert essence(state)["designs"] == essence(expected)["designs"]
    assert not session.inbox.pending()
    assert [outcomes(session)[uuid] for uuid in sent] == ["accepted"] * 3


@pytest.mark.parametrize("order", [
    *itertools.permutations(["pause", "resume", "pause"]),
    ("resume",), ("pause", "resume", "resume"), ("pause", "pause", "resume"), ("resume", "pause"),
])
def test_pause_and_resume_queued_without_an_engine_are_taken_in_the_order_they_came(
    session: Session, order: Sequence[str]
) -> None:
    for kind in order:
        session.send({"kind": kind})
    reason, state = run_stored(session, Stored(session))
    assert reason == ("paused" if order[-1] == "pause" else "done")
    assert state.paused == (order[-1] == "pause")
    assert not session.inbox.pending()
    assert events(session).count("SearchPaused") == order.count("pause")
    if state.paused:
        assert not state.designs, "a paused search begins nothing"
        session.send({"kind": "resume"})
        reason, state = run_stored(session, Stored(session))
    assert reason == "done"
    assert len(state.designs) == 6


def test_a_paused_search_finishes_what_is_under_way_and_begins_nothing(session: Session) -> None:
    workshop = At(session, "generate:lane-2:1", lambda: session.send({"kind": "pause"}))
    reason, state = run_stored(session, workshop, jobs=2)
    assert reason == "paused"
    assert "ReplyRecorded" in events(session)
    assert not any(v.status == "calling" for v in state.variants.values())
    assert not any(d.status == "evaluated" for d in state.designs.values())


def test_a_command_file_put_back_after_it_was_taken_has_no_second_effect(session: Session) -> None:
    kept: dict[str, bytes] = {}
    for kind in ("pause", "resume", "dance"):
        uuid = session.send({"kind": kind})
        kept[uuid] = (session.inbox.folder / f"{uuid}.json").read_bytes()

    def put_back() -> None:
        for uuid, data in kept.items():
            assert not (session.inbox.folder / f"{uuid}.json").exists()
            (session.inbox.folder / f"{uuid}.json").write_bytes(data)

    reason, _ = run_stored(session, At(session, "propose:3:0", put_back))
    assert reason == "done"
    assert not session.inbox.pending()
    put_back()
    reason, _ = run_stored(session, Stored(session))
    assert reason == "done"
    assert not session.inbox.pending()
    found = events(session)
    assert (found.count("SearchPaused"), found.count("SearchResumed"), found.count("CommandRefused")) == (1, 1, 1)


@pytest.mark.parametrize("junk", [b"", b"{", b"[1]", b"null", b'{"kind":"decide"}', b'{"kind":"stop","as_is":"yes"}',
                                  b'{"kind":"decide","action":"undo","decision":7}', b"\xff\xfe", b"{" * 5000])
def test_a_file_that_is_no_command_is_refused_once_and_the_search_goes_on(session: Session, junk: bytes) -> None:
    uuid = session.send({"kind": "pause"})
    (session.inbox.folder / f"{uuid}.json").write_bytes(junk)
    reason, _ = run_stored(session, Stored(session))
    assert reason == "done"
    assert outcomes(session)[uuid].startswith("refused: ")
    assert not session.inbox.pending()


def test_a_stop_sent_just_after_the_start_is_for_this_engine_and_an_older_one_is_not(session: Session) -> None:
    old = session.send({"kind": "stop"})
    stale = _pending_stops(session)
    young = session.send({"kind": "stop"})
    reason, _ = run_stored(
        session, Stored(session),
        between=lambda engine: _drop_stale_stops(engine.desk, engine.state, stale),  # type: ignore[arg-type]  # it is one
    )
    assert reason == "stopped"
    assert "no engine was running" in outcomes(session)[old]
    assert young not in outcomes(session) or outcomes(session)[young] == "accepted"


def test_a_stop_asked_before_the_engine_is_there_is_not_forgotten(session: Session) -> None:
    handle = Handle()
    handle.stop("signal SIGINT")
    reason, state = run_stored(session, Stored(session), between=handle.attach)
    assert reason == "signal SIGINT"
    assert not state.designs


def stuck(session: Session) -> tuple[Stored, SessionState]:
    workshop = Stored(session, bad=frozenset({"lane-0", "lane-1", "lane-2"}), evaluations=1)
    reason, state = run_stored(session, workshop)
    assert reason == "waiting"
    return workshop, state


def answer(session: Session, decision: str, action: str, **more: Any) -> str:
    return session.send({"kind": "decide", "decision": decision, "action": action, **more})


def test_an_answer_to_a_superseded_question_is_refused(session: Session) -> None:
    workshop, state = stuck(session)
    (decision,) = state.open_decisions.values()
    answer(session, decision.id, "regenerate", question=decision.fingerprint)
    reason, state = run_stored(session, workshop)
    assert reason == "waiting"
    (newer,) = state.open_decisions.values()
    assert newer.id != decision.id
    late = answer(session, decision.id, "skip", question=decision.fingerprint)
    wrong = answer(session, newer.id, "skip", question=decision.fingerprint)
    unknown = answer(session, "lane-ffffff-9", "skip")
    run_stored(session, workshop)
    said = outcomes(session)
    assert "answered before" in said[late]
    assert "changed since" in said[wrong]
    assert "no open decision" in said[unknown]
    assert list(view(session).state.open_decisions) == [newer.id]


@pytest.mark.parametrize("action", ["skip", "regenerate", "patch", "accept"])
def test_undo_brings_the_question_back_whatever_the_answer_was(session: Session, action: str) -> None:
    workshop, state = stuck(session)
    (decision,) = state.open_decisions.values()
    more: dict[str, dict[str, Any]] = {
        "patch": {"source": session.blobs.put_text("// by hand")}, "accept": {"as_is": True, "reason": "known"},
    }
    answer(session, decision.id, action, **more.get(action, {}))
    undo = answer(session, decision.id, "undo")
    run_stored(session, workshop)
    assert outcomes(session)[undo] == "accepted"
    again = view(session).state
    assert list(again.open_decisions) == [decision.id]
    answer(session, decision.id, "skip", question=decision.fingerprint)
    reason, state = run_stored(session, workshop)
    assert reason == "done"
    assert state.designs[1].cause == "skipped"


@pytest.mark.parametrize("source", ["f" * 64, "../../secret", "s" * 64])
def test_a_patch_that_names_no_text_fails_the_variant_and_nothing_else(session: Session, source: str) -> None:
    workshop, state = stuck(session)
    (decision,) = state.open_decisions.values()
    answer(session, decision.id, "patch", source=source)

    class Reading(Stored):
        def _check(self, step: Step, state: SessionState) -> Prepared:
            self.blobs.get_text(state.variants[step.variant].attempts[step.attempt - 1].source)
            return super()._check(step, state)

    run_stored(session, Reading(session, bad=workshop.bad, evaluations=1))
    state = view(session).state
    assert state.variants[decision.variant].cause == "damaged"
    assert state.designs[1].status == "failed"


def test_an_undo_while_the_answer_is_being_carried_out_waits_for_its_outcome(session: Session) -> None:
    workshop, state = stuck(session)
    (decision,) = state.open_decisions.values()
    answer(session, decision.id, "regenerate")
    undo = ""

    def change_of_mind() -> None:
        nonlocal undo
        undo = answer(session, decision.id, "undo")

    step = f"generate:{decision.variant}:{decision.attempt + 1}"
    again = At(session, step, change_of_mind, bad=workshop.bad, evaluations=1)
    run_stored(session, again)
    assert again.done
    state = view(session).state
    assert undo in state.commands
    for variant in state.variants.values():
        open_here = [d.id for d in state.open_decisions.values() if d.variant == variant.key]
        assert (variant.status == "stuck") == bool(open_here), "a question is open exactly while its variant is stuck"
        assert len(open_here) <= 1


def test_a_second_engine_is_refused_and_names_host_and_pid(session: Session) -> None:
    from aigchip_tui.store.hold import take_hold

    def again(take_over: bool) -> Any:
        return take_hold(session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: 0.0,
                         started={}, take_over=take_over)

    with again(False) as first:
        me = LocalMachine().me()
        with pytest.raises(EngineRunningError) as told:
            again(False)
        assert told.value.exit_code == 2
        assert me.host in str(told.value)
        assert str(me.pid) in str(told.value)
        with again(True), pytest.raises(LockLostError):
            SessionDesk(first, monotonic=lambda: 0.0).record([ev.SearchPaused()])
        assert "SearchPaused" not in events(session)


def test_an_engine_that_was_taken_over_stops_and_what_it_wrote_since_does_not_count(session: Session) -> None:
    other: list[Any] = []

    def taken() -> None:
        other.append(hold_of(session))

    with pytest.raises(LockLostError):
        run_stored(session, At(session, "evaluate:2:0", taken))
    other[0].close()
    reason, state = run_stored(session, Stored(session))
    assert reason == "done"
    journal = [ev.from_payload(r.kind, r.payload) for r in session.reader().poll()]
    assert len(proposals(journal)) == 6
    assert {d.status for d in state.designs.values()} == {"evaluated"}


def test_an_engine_of_another_host_is_not_taken_for_dead(session: Session) -> None:
    from aigchip_tui.store.hold import take_hold

    class Elsewhere(LocalMachine):
        def me(self) -> Identity:
            return Identity(host="elsewhere", boot_id="b", pid_space="p", pid=1, pid_started="1")

    hold = take_hold(session, machine=Elsewhere(), clock=lambda: 0.0, monotonic=lambda: 0.0, started={})
    with pytest.raises(EngineRunningError, match="elsewhere, pid 1"):
        take_hold(session, machine=LocalMachine(), clock=lambda: 0.0, monotonic=lambda: 0.0, started={})
    del hold


def test_a_session_of_somebody_else_takes_no_command_and_no_engine(session: Session, tmp_path: Path) -> None:
    from aigchip_tui.model.errors import AigchipError
    from aigchip_tui.store.clone import clone_session
    from aigchip_tui.store.session import open_session

    run_stored(session, Stored(session))
    shutil.copytree(session.folder, session.folder.parent / "found")
    found = open_session(session.place, "found")
    with pytest.raises(AigchipError, match="read-only"):
        found.send({"kind": "stop"})
    with pytest.raises(AigchipError, match="clone"):
        run_stored(found, Stored(found))
    assert essence(view(found).state)["designs"] == essence(view(session).state)["designs"]
    mine = clone_session(found, "mine")
    assert essence(view(mine).state) == essence(view(session).state)
    mine.send({"kind": "pause"})



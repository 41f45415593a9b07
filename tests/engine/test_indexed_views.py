"""Sessions opened from the index: whatever the journal has become since, the state is the fold of the journal."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aigchip_tui.bench.synthetic import synthetic_session
from aigchip_tui.engine import indexing
from aigchip_tui.engine.history import SessionView, settings_of, view
from aigchip_tui.engine.indexing import OUTLINE, WHOLE, resume
from aigchip_tui.model.packed import outline, pack, unpack
from aigchip_tui.model.session import Goal
from aigchip_tui.model.summary import best, session_document
from aigchip_tui.store.session import Session, create_session, open_session

if TYPE_CHECKING:
    from tests.engine.test_crash_points import live
    from tests.engine.workshop_kit import SETTINGS, place_at
else:
    from test_crash_points import live
    from workshop_kit import SETTINGS, place_at

GOALS = (Goal(), Goal(minimise="dsp"), Goal(minimise="dsp", latency_limit_ms=500), Goal(latency_limit_ms=1e-9))


@pytest.fixture(autouse=True, scope="module")
def any_journal_is_worth_it() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        patch.setattr(indexing, "WORTH_BYTES", 1)
        yield


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Every kind of event, three epochs, an answered question, a design that failed late."""
    session = create_session(place_at(tmp_path_factory.mktemp("lived")), "first", SETTINGS)
    live(session, [])
    (session.folder / "calm").write_bytes(session.journal.read_bytes())
    return session


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return synthetic_session(place_at(tmp_path_factory.mktemp("many")), "many", designs=2000)


def opened(session: Session, *, index: bool = True) -> SessionView:
    """The session as it is folded with the index, or without any."""
    if not index:
        place = dataclasses.replace(session.place, cache=session.folder / "no" / "cache" / "here")
        session = dataclasses.replace(session, place=place)
    seen = SessionView(session=session, settings=settings_of(session))
    seen.poll()
    return seen


def assert_same(session: Session) -> SessionView:
    with_index, without = opened(session), opened(session, index=False)
    assert with_index.state == without.state
    assert with_index.lines == without.lines
    assert with_index.reader is not None
    assert without.reader is not None
    assert with_index.reader.checkpoint() == without.reader.checkpoint()
    return with_index


def spoiled(journal: bytes, how: str, draw: random.Random) -> bytes:
    lines = journal.splitlines(keepends=True)
    place = draw.randrange(len(lines))
    if how == "flipped":
        at = draw.randrange(len(journal))
        return journal[:at] + bytes([journal[at] ^ (1 << draw.randrange(8))]) + journal[at + 1:]
    if how == "gone":
        return b"".join(lines[:place] + lines[place + 1:])
    if how == "twice":
        return b"".join([*lines[: place + 1], lines[draw.randrange(place + 1)], *lines[place + 1:]])
    if how == "glued":
        return b"".join([*lines[:place], lines[place].rstrip(b"\n"), *lines[place + 1:]])
    return journal


@given(
    seed=st.integers(0, 2**32), first=st.floats(0, 1), second=st.floats(0, 1),
    before=st.sampled_from(["whole", "flipped", "gone", "twice", "glued"]),
    after=st.sampled_from(["whole", "flipped", "gone", "twice", "glued"]),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_index_and_tail_are_the_whole_fold(
    lived: Session, seed: int, first: float, second: float, before: str, after: str
) -> None:
    """Cut anywhere (also within a line), damaged before the snapshot was taken or after it, in the tail or anywhere."""
    draw = random.Random(seed)
    whole = (lived.folder / "calm").read_bytes()
    journal = spoiled(whole, before, draw)
    early, late = sorted((int(first * len(journal)), int(second * len(journal))))
    lived.journal.write_bytes(journal[:early])
    opened(lived).keep()
    lived.journal.write_bytes(journal[:late])
    assert_same(lived).keep()
    lived.journal.write_bytes(journal)
    assert_same(lived)
    lived.journal.write_bytes(spoiled(journal, after, draw))
    assert_same(lived)


def test_a_state_survives_packing(lived: Session, many: Session) -> None:
    lived.journal.write_bytes((lived.folder / "calm").read_bytes())
    for session in (lived, many):
        state = opened(session, index=False).state
        again = unpack(pack(state))
        assert again == state
        assert again.named == state.named
        assert list(again.designs) == list(state.designs)


def test_an_outline_says_what_the_whole_says(lived: Session, many: Session) -> None:
    lived.journal.write_bytes((lived.folder / "calm").read_bytes())
    for session in (lived, many):
        state = opened(session, index=False).state
        few = unpack(pack(outline(state)))
        assert session_document(settings_of(session), few) == session_document(settings_of(session), state)
        for goal in GOALS:
            one, other = best(few, goal), best(state, goal)
            assert (one and one.number) == (other and other.number)
    assert len(few.designs) < len(state.designs) / 2


def test_the_index_is_used_and_outlines_are_completed(many: Session) -> None:
    many.place.cache.mkdir(exist_ok=True)
    whole = view(many).state
    few = view(many, outlined=True)
    assert few.outlined
    assert len(few.state.designs) < len(whole.designs)
    assert few.state.counts() == whole.counts()
    few.complete()
    assert few.poll() == 0
    assert few.state == whole


def test_an_outline_of_a_session_that_went_on_is_not_taken(many: Session) -> None:
    journal = many.journal.read_bytes()
    cut = journal.rindex(b"\n", 0, len(journal) // 2) + 1
    many.journal.write_bytes(journal[:cut])
    view(many)
    assert resume(many, OUTLINE) is not None
    many.journal.write_bytes(journal)
    seen = view(many, outlined=True)
    assert not seen.outlined
    assert seen.state == opened(many, index=False).state


def test_a_journal_changed_anywhere_before_the_snapshot_is_read_whole(many: Session) -> None:
    view(many)
    assert resume(many, WHOLE) is not None
    journal, times = many.journal.read_bytes(), many.journal.stat()
    place = journal.index(b'"dsp":', len(journal) // 3) + len(b'"dsp":')
    many.journal.write_bytes(journal[:place] + b"7" + journal[place + 1:])
    os.utime(many.journal, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert resume(many, WHOLE) is None
    assert_same(many)
    many.journal.write_bytes(journal)


def test_the_code_of_another_fold_does_not_read_it(many: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    view(many)
    assert resume(many, WHOLE) is not None
    monkeypatch.setattr(indexing, "fold_version", lambda: "another")
    assert resume(many, WHOLE) is None


@pytest.mark.parametrize("spoil", [b"", b"no database" * 1000, None])
def test_an_index_that_is_gone_or_nonsense_changes_nothing(many: Session, spoil: bytes | None) -> None:
    view(many)
    path = many.place.cache / "index.sqlite"
    assert path.stat().st_mode & 0o077 == 0
    if spoil is None:
        path.unlink()
    else:
        path.write_bytes(spoil)
    assert_same(many)
    view(open_session(many.place, many.name))
    assert resume(many, WHOLE) is not None

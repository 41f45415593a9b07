"""Code of one generator is never served to another's session unless it asks; what a human touched is never kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from aigchip_tui.cli.show_commands import variants_line
from aigchip_tui.engine.history import view
from aigchip_tui.engine.making import make_settings, understand
from aigchip_tui.engine.reuse import Reuse, is_machines_own
from aigchip_tui.engine.runner import Handle, RunResult, run_engine
from aigchip_tui.model import events as ev
from aigchip_tui.model.state import Attempt, SessionState, Variant, written_by
from aigchip_tui.model.summary import session_document, taken
from aigchip_tui.proof.keeping import Kept
from aigchip_tui.store.session import Place, Session, create_session

if TYPE_CHECKING:
    from tests.engine.test_servers import quick_limits, serving
else:
    from test_servers import quick_limits, serving

__all__ = ["quick_limits"]
PROVEN = 3


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=tmp_path / "sessions", data=tmp_path / "data", cache=tmp_path / "cache")


def begin(place: Place, name: str, **options: object) -> Session:
    settings = make_settings(name, understand("gemm:8x8x8 on a PYNQ-Z2, at most 16 DSPs", {}), {
        "generator": "openai:some-model", "evaluations": 1, "gate": "never", "sandbox": "none",
        "selection": "numeric", "jobs": 1, **options,
    })
    values = msgspec.json.decode(msgspec.json.encode(settings), type=dict[str, Any])
    del values["name"]
    return create_session(place, name, values)


def run(session: Session, base_url: str = "") -> RunResult:
    """Run until a few variants are proven: the rest would only cost time."""
    handle = Handle()

    def enough(event: ev.AnyEvent, state: SessionState) -> None:
        if sum(v.status == "proven" for v in state.variants.values()) >= PROVEN:
            handle.stop()

    return run_engine(session, environment={
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "none",
    }, handle=handle, on_event=enough)


def newest(session: Session) -> list[Attempt]:
    return [v.attempt for v in view(session).state.variants.values() if v.status == "proven" and v.attempt is not None]


def test_code_of_one_generator_is_served_to_no_other_unless_it_is_asked_for_and_then_it_is_shown(place: Place) -> None:
    run(begin(place, "adapter", generator="offline"))
    with serving("good") as server:
        own = begin(place, "own")
        run(own, server.base_url)
        assert server.requests >= PROVEN
        assert not any(a.taken_from for a in newest(own))
        asked = server.requests
        again = begin(place, "again")
        run(again, server.base_url)
        assert server.requests == asked, "the same model on the same server has answered this before"
        assert all(a.taken_from and not a.by_another for a in newest(again))
        run(begin(place, "seeded", seed=2), server.base_url)
        assert server.requests > asked, "another seed asks a language model for other draws"
    with serving("good") as other:
        elsewhere = begin(place, "elsewhere")
        run(elsewhere, other.base_url)
        assert other.requests, "a model of that name on another server is another generator"
        assert not any(a.taken_from for a in newest(elsewhere))
        before = other.requests
        reusing = begin(place, "reusing", generator="openai:third-model", reuse=True)
        result = run(reusing, other.base_url)
        assert other.requests == before
    assert "reuse: true" in (reusing.folder / "session.yaml").read_text()
    assert newest(reusing)
    assert all(a.by_another for a in newest(reusing))
    assert all(a.by.startswith("reused: ") for a in newest(reusing))
    report = session_document(result.settings, result.state)
    assert report["variants"]["of_other_generators"] == len(newest(reusing)) == report["variants"]["cached"]
    assert "written for another generator" in variants_line(report["variants"])


def test_a_session_whose_model_chooses_makes_no_call_for_what_is_known(place: Place) -> None:
    with serving("good") as server:
        run(begin(place, "first", selection="model"), server.base_url)
        asked = server.requests
        second = begin(place, "second", selection="model")
        run(second, server.base_url)
        assert server.requests == asked
        assert newest(second)
        assert view(second).state.spend.calls == 0


def test_a_dead_server_gives_no_module_that_its_own_model_did_not_write(place: Place) -> None:
    run(begin(place, "adapter", generator="offline"))
    session = begin(place, "dead")
    result = run(session, "http://127.0.0.1:9/v1")
    assert result.reason.startswith("the generator does not answer")
    assert not newest(session)
    assert taken(result.state) == {"cached": 0, "of_other_generators": 0}


def test_a_text_that_a_human_accepted_is_not_kept(place: Place) -> None:
    session = begin(place, "asked", generator="offline", gate="every")
    result = run(session)
    assert result.reason == "waiting"
    decision = next(iter(result.state.open_decisions.values()))
    session.send({"kind": "decide", "decision": decision.id, "action": "accept", "question": decision.fingerprint})
    assert run(session).state.variants[decision.variant].status == "proven"
    assert not (place.cache / "variants").exists()


@pytest.mark.parametrize(("attempts", "kept"), [
    ([Attempt(number=1, author="offline adapter", call="own:1")], True),
    ([Attempt(number=1, author="offline adapter", taken_from="session a, now")], True),
    ([Attempt(number=1, author="offline adapter", call="own:0"), Attempt(number=2, author="m", call="own:1")], True),
    ([Attempt(number=1, author="offline adapter", call="of an engine before this one")], False),
    ([Attempt(number=1, author="human")], False),
    ([Attempt(number=1, author="cure")], False),
    ([Attempt(number=1, author="cure"), Attempt(number=2, author="offline adapter", call="own:1")], False),
    ([Attempt(number=1, author="m", call="own:1", hint="use a shift")], False),
    ([Attempt(number=1, author="m", call="own:0", hint="a"), Attempt(number=2, author="m", call="own:1")], False),
    ([Attempt(number=1, author="m", call="own:1", waived={"module_sim": ("me", "known")})], False),
])
def test_only_what_the_generator_wrote_for_this_engine_alone_is_kept(
    tmp_path: Path, attempts: list[Attempt], kept: bool
) -> None:
    @dataclass
    class Rooms:
        reuse: Reuse | None

    reuse = Reuse(kept=Kept.below(tmp_path), session="s", answer_key="a" * 64, other_generators=False,
                  now_text=lambda: "now", answered={"own:0", "own:1"})
    known = Variant(key="k", module="m", function="f", settings={}, instruction=(), children=(), attempts=attempts)
    assert is_machines_own(Rooms(reuse), known, attempts[-1]) == kept  # type: ignore[arg-type]  # all that is asked of it
    assert not is_machines_own(Rooms(None), known, attempts[-1])  # type: ignore[arg-type]  # all that is asked of it


def test_author_and_cache_are_said_in_one_breath() -> None:
    assert written_by("", "", "", False) == "nobody yet"
    assert written_by("human", "", "", False) == "human"
    assert written_by("offline adapter", "fused", "", False) == "offline adapter (fused)"
    assert written_by("offline adapter", "fused", "session a, now", False) == "cached: offline adapter (fused)"
    assert written_by("gpt", "", "session a, now", True) == "reused: gpt"

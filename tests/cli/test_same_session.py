"""`run` of a session that is there: flags are compared, never ignored; a paused one says so; settings are effective."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from aigchip_tui.cli.limit_options import raise_it, send_limits, taken_limits
from aigchip_tui.cli.main import app
from aigchip_tui.cli.same_session import refuse_other_flags
from aigchip_tui.engine.making import make_settings, understand
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.limits import SessionLimits
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.store.session import Place, Session, create_session

REQUEST = "gemm:16x16x16 on a PYNQ-Z2, at most 16 DSPs"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=tmp_path / "sessions", data=tmp_path / "data", cache=tmp_path / "cache",
                 redact=lambda data: data.replace(b"sk-secret", b"***"))


def made(place: Place, request: str = REQUEST, **options: object) -> Session:
    settings = make_settings("first", understand(request, {}), {"evaluations": 12, **options})
    values: dict[str, Any] = json.loads(msgspec.json.encode(settings))
    del values["name"]
    return create_session(place, "first", values)


@pytest.mark.parametrize("options", [
    {}, {"request_text": REQUEST}, {"evaluations": 12, "jobs": 7}, {"workload": "gemm:16x16x16", "device": "PYNQ-Z2"},
    {"dsp_limit": 16, "clock_mhz": 150, "precision": "int8"}, {"pins": ("reuse=output",)}, {"population": 32},
    {"practice": False, "reuse": False, "no_cache": False, "seed": None, "generator": "offline"},
])
def test_flags_that_say_what_the_session_says_are_taken(place: Place, options: dict[str, Any]) -> None:
    refuse_other_flags(made(place, pins={"reuse": "output"}), options)


@pytest.mark.parametrize(("options", "flag"), [
    ({"request_text": "gemm:8x8x8 on a PYNQ-Z2"}, "--request"), ({"evaluations": 13}, "--evaluations"),
    ({"workload": "resnet50"}, "--workload"), ({"device": "zcu104"}, "--device"), ({"dsp_limit": 64}, "--dsp"),
    ({"clock_mhz": 200}, "--clock"), ({"pins": ("reuse=a",)}, "--pin"), ({"population": 2}, "--population"),
    ({"generator": "openai:m"}, "--generator"), ({"max_calls": 5}, "--max-calls"), ({"reuse": True}, "--reuse"),
    ({"no_cache": True}, "--no-cache"), ({"seed": 2}, "--seed"), ({"gate": "never"}, "--gate"),
    ({"practice": True}, "--practice"), ({"max_usd": 0.0}, "--max-usd"),
    ({"parent": "other"}, "--from"), ({"precision": "int16"}, "--precision"),
])
def test_a_flag_that_says_something_else_is_refused_by_name(place: Place, options: dict[str, Any], flag: str) -> None:
    with pytest.raises(AigchipError, match=f"another {flag}: ") as told:
        refuse_other_flags(made(place, max_usd=3.0), options)
    assert told.value.exit_code == 2
    assert "\n" not in told.value.message


def test_limits_of_a_session_that_is_there_are_left_for_its_engine(place: Place) -> None:
    session = made(place, max_calls=5)
    options: dict[str, Any] = {"max_calls": 9, "evaluations": 12, "max_usd": None, "seed": 2}
    limits = taken_limits(options)
    assert options == {"seed": 2}, "what is left is compared with the settings"
    assert send_limits(session, limits) == SessionLimits(max_calls=9), "twelve evaluations it has already"
    (waiting,) = session.inbox.pending()
    assert waiting.payload["limits"] == {"max_calls": 9}
    assert not send_limits(session, SessionLimits(max_calls=5))
    with pytest.raises(AigchipError, match="--max-calls -1 is outside"):
        taken_limits({"max_calls": -1})
    words = raise_it("cap reached: --max-calls 5", "first")
    assert "run first --max-calls N" in words


def test_a_switch_is_told_in_words(place: Place) -> None:
    with pytest.raises(AigchipError, match="another --no-cache: off, not on"):
        refuse_other_flags(made(place), {"no_cache": True, "reuse": False})


def test_every_flag_of_new_is_compared() -> None:
    """A flag that names no setting would break on its first use."""
    known = set(SessionSettings.__struct_fields__) | {"request_text", "no_cache"}
    command = app.get_command(None, "run")  # type: ignore[arg-type]  # no context is needed to find a command
    assert command is not None
    of_the_run = {"take_over", "upgrade", "as_json", "sessions", "record", "replay", "name", "help"}
    assert {p.name for p in command.params} - of_the_run <= known


def test_a_session_writes_out_the_values_that_count(place: Place) -> None:
    session = made(place, "VGG-16 at 128 on a PYNQ-Z2", population=0)
    written = yaml.safe_load((session.folder / "session.yaml").read_text())
    assert written["dsp_limit"] == 154, "70 % of 220"
    assert written["population"] == 3, "a quarter of the evaluations"
    assert written["cache"] is True
    assert written["reuse"] is False

"""`show --design` says where the fan-out of a design puts its clock in doubt."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aigchip_tui.cli.main import main
from aigchip_tui.model import rules

SESSIONS = Path(__file__).resolve().parents[2] / "sessions"


def _shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        main(["show", "example", "--design", "best", "--sessions", str(SESSIONS), *words])
    return capsys.readouterr().out


def test_a_design_shows_the_fan_out_that_its_clock_may_not_allow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "in doubt" not in _shown(capsys)
    monkeypatch.setattr(rules, "FANOUT_AT_200_MHZ", 1)
    said = json.loads(_shown(capsys, "--json"))["doubts"]
    assert said
    drives = r"Each word of [AB] drives \d+ multipliers; above 1 the clock of 200 MHz is in doubt\."
    for each in said:
        assert re.fullmatch(drives, each)
        assert f"  in doubt: {each}\n" in _shown(capsys)

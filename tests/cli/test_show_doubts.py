"""`show --design` says where the fan-out of a design puts its clock in doubt."""

from __future__ import annotations

import json
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
    monkeypatch.setattr(rules, "FANOUT_AT_200_MHZ", 4)
    said = "Each word of A drives 32 multipliers; above 4 the clock of 200 MHz is in doubt."
    assert f"  in doubt: {said}\n" in _shown(capsys)
    assert said in json.loads(_shown(capsys, "--json"))["doubts"]

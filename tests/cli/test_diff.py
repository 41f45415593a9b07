"""`diff` names what two designs or variants do not share, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aigchip_tui.cli.main import main

SESSIONS = Path(__file__).resolve().parents[2] / "sessions"


def _said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--sessions", str(SESSIONS)])
    out, err = capsys.readouterr()
    assert ended.value.code == code
    return out or err


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(_said(capsys, *words, "--json"))


def test_designs_differ_in_parameters_figures_and_modules(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (_json(capsys, "show", "example", "--design", name) for name in ("d0001", "d0003"))
    found = _json(capsys, "diff", "example", "d0001", "d0003")
    assert found["parameters"] == {
        name: [value, other["parameters"].get(name)] for name, value in one["parameters"].items()
        if value != other["parameters"].get(name)
    }
    assert found["parameters"]
    assert found["figures"]["dsp"] == [one["dsp"], other["dsp"]]
    assert found["basis"] == "estimate"
    variants = [{m["name"]: m["variant"] for m in design["modules"]} for design in (one, other)]
    differing = {name for name in {**variants[0], **variants[1]}
                 if variants[0].get(name) != variants[1].get(name)} - {"gemm"}
    named = {name for module in found["modules"] for name in module["names"]} - {"top"}
    assert named == differing
    for module in found["modules"]:
        texts = [_said(capsys, "show", "example", "--source", key).splitlines() for key in module["variants"] if key]
        if len(texts) == 2:
            assert {line[1:] for line in module["text"] if line.startswith("-") and not line.startswith("---")} <= set(
                texts[0]
            )
            assert {line[1:] for line in module["text"] if line.startswith("+") and not line.startswith("+++")} <= set(
                texts[1]
            )
    printed = _said(capsys, "diff", "example", "d0001", "d0003")
    assert "figure (estimate)" in printed
    assert all(pair in printed for pair in (" -> ".join(m["variants"]) for m in found["modules"] if m["variants"]))


def test_a_design_does_not_differ_from_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert _said(capsys, "diff", "example", "d0001", "d0001") == "d0001 and d0001 do not differ.\n"


def test_variants_differ_in_settings_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    drains = [row for row in _json(capsys, "show", "example", "--variants") if row["module"] == "drain"][:2]
    (module,) = _json(capsys, "diff", "example", *(row["variant"] for row in drains))["modules"]
    settings = [row["settings"] for row in drains]
    assert module["settings"] == {
        name: [settings[0].get(name), settings[1].get(name)] for name in {**settings[0], **settings[1]}
        if settings[0].get(name) != settings[1].get(name)
    }
    assert module["text"][0].startswith("---")


def test_what_is_no_pair_is_refused_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert "are not both designs" in _said(capsys, "diff", "example", "d0001", "d0999", code=2)
    assert "are named 'nothing'" in _said(capsys, "diff", "example", "nothing", "drain", code=2)

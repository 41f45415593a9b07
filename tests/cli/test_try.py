"""`try` says what other parameters would change, by rules, model and modules, and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aigchip_tui.cli.main import main
from aigchip_tui.model.device import device
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.workload import workload
from aigchip_tui.search.encoding import genes_of
from aigchip_tui.search.searcher import analytic_screen

SESSIONS = Path(__file__).resolve().parents[2] / "sessions"


def _said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--sessions", str(SESSIONS)])
    out, err = capsys.readouterr()
    assert ended.value.code == code
    return out or err


def _json(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    return json.loads(_said(capsys, *words, "--json", code=code))


def test_equal_parameters_change_nothing_and_every_module_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    design = _json(capsys, "show", "example", "--design", "d0001")
    found = _json(capsys, "try", "example", "--design", "d0001", "--set", f"buf_a={design['parameters']['buf_a']}")
    assert all(pair[0] == pair[1] for pair in found["figures"].values())
    assert found["figures"]["dsp"][0] == DesignPoint.from_parameters(design["parameters"]).multipliers


def test_other_parameters_have_the_figures_of_the_model_that_the_search_uses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    design = _json(capsys, "show", "example", "--design", "d0001")
    request = _json(capsys, "show", "example")["request"]
    found = _json(capsys, "try", "example", "--design", "d0001", "--set", "buf_c=512")
    point = DesignPoint.from_parameters({**design["parameters"], "buf_c": 512})
    build = Build(device=device(request["device"]), clock_mhz=request["clock_mhz"])
    ((latency, dsp),) = analytic_screen(build, workload(request["workload"]))([genes_of(point)])
    assert found["figures"]["latency_ms"][1] == pytest.approx(latency)
    assert found["figures"]["dsp"][1] == dsp
    assert found["was"] == {"buf_c": design["parameters"]["buf_c"]}
    written = {module["name"] for module in found["modules"]["to_write"]}
    assert written == {"accumulate", "flush"}, "the processes at buffer C"
    printed = _said(capsys, "try", "example", "--design", "d0001", "--set", "buf_c=512")
    assert "figure (analytic model)" in printed
    assert "Nothing was written" in printed


def test_what_the_rules_refuse_names_rule_and_figure(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("try", "example", "--design", "d0001", "--set", "part_b_w=64")
    (refusal,) = _json(capsys, *words, code=1)["refusals"]
    assert refusal["rule"] == "lut"
    assert refusal["figure"] > 161280
    assert f"refused by rule lut: {refusal['message']}" in _said(capsys, *words, code=1)
    assert "--set 'reuse' is not PARAM=VALUE" in _said(capsys, "try", "example", "--set", "reuse", code=2)

"""`demos check` reports what it proved, and refuses what it does not understand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigchip_tui.cli.main import main

SHIPPED = Path(__file__).resolve().parents[2] / "demos" / "gemm"


def _run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_a_module_is_checked_in_all_respects(capsys: pytest.CaptureFixture[str]) -> None:
    code = _run("demos", "check", "--module", "mac", "--mutants", "1", "--json")
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    row = document["modules"][0]
    assert code == 0, printed
    assert (row["module"], row["demos"], row["mutants"], row["wrong"]) == ("mac", 8, 8, [])
    assert row["lines"] in ("100 %", "not run: no gcov")
    others = document["leave_one_out"]
    assert others["demonstrations"] == 8
    assert 0 < others["proven"] == 8 - others["refused"]
    assert row["each_from_the_others"] == f"{others['proven']} of 8 proven, {others['refused']} refused"
    assert "mac/byte_dsp" in printed.err


def test_laws_alone_compile_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("demos", "check", "--quick", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    others = document["leave_one_out"]
    assert (document["laws"], document["modules"]) == (0, [])
    assert others["word for word"] + others["refused"] <= others["demonstrations"] == len(list(SHIPPED.glob("*/*")))
    assert others["word for word"] > 0.85 * others["demonstrations"]
    assert others["basis"].endswith("not run")


@pytest.mark.parametrize("number", ["0", "-1", "some", "²"])
def test_a_number_of_mutants_is_a_number_or_all(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("demos", "check", "--module", "mac", "--mutants", number) == 2
    assert "or all" in capsys.readouterr().err

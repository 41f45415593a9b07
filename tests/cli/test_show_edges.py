"""`show --edges` lists the streams that the wiring declares, with their depths and what they cost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aigchip_tui.cli.main import main

SESSIONS = Path(__file__).resolve().parents[2] / "sessions"


def _shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        main(["show", "example", *words, "--sessions", str(SESSIONS)])
    return capsys.readouterr().out


def test_every_stream_of_the_wiring_is_listed_with_its_depth_and_its_cost(capsys: pytest.CaptureFixture[str]) -> None:
    top = _shown(capsys, "--source", "top")
    shown = json.loads(_shown(capsys, "--edges", "--json"))
    rows = {f"{row['from'].split('.')[0]}_to_{row['to'].split('.')[0]}": row for row in shown["edges"]}
    declared = {name: int(depth) for name, depth in re.findall(r"HLS STREAM variable=(\w+) depth=(\d+)", top)}
    blocks = dict.fromkeys(re.findall(r"stream_of_blocks<.*, 2> (\w+);", top), 2)
    assert len(shown["edges"]) == len(rows)
    assert {name: row["depth"] for name, row in rows.items()} == declared | blocks
    for lanes, name in re.findall(r"hls::stream<hls::vector<data_t, (\d+)>> (\w+)", top):
        assert rows[name]["bits"] == 8 * int(lanes)
    for resource in ("lut", "ff", "bram18", "uram"):
        assert shown["total"][resource] == sum(row[resource] for row in shown["edges"])
    assert all(row["why"] and row["lut"] + row["bram18"] + row["uram"] for row in shown["edges"])
    said = _shown(capsys, "--edges")
    assert f"{len(rows)} edges, {shown['total']['lut']} LUT" in said
    assert "(estimate)" in said


def test_a_stream_says_in_how_many_cycles_a_command_crosses_it(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(_shown(capsys, "--edges", "--json"))["edges"]
    cycles = {row["to"]: row["cycles"] for row in rows}
    assert cycles["post.in"] == {
        "flush.out": "first within 40, all within rows * row_words",
        "post.in": "first within row_words + 100, all within rows * row_words",
    }
    assert cycles["post.cmd"] == {}
    assert "post.in        first within row_words + 100, all within rows * row_words\n" in _shown(capsys, "--edges")

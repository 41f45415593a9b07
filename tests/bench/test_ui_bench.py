"""The measurement of openings opens what it says: the same session, each time in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigchip_tui.bench.ui_bench import Opening, bench_ui


def test_each_way_is_opened_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    told: list[Opening] = []
    report = bench_ui(designs=40, seed=1, told=told.append)
    assert [(o.command, o.indexed) for o in report.openings] == [
        ("show", False), ("show", True), ("ls", True), ("attach", True)]
    assert tuple(told) == report.openings
    assert all(o.wall_s > 0 and o.cpu_s > 0 and o.peak_mib > 0 for o in report.openings)
    assert report.ratio == report.openings[0].wall_s / report.openings[1].wall_s
    assert list(tmp_path.iterdir()) == []

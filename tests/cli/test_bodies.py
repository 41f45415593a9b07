"""Bodies that other files of the project hold are looked for, and said; what is ambiguous stays unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigchip_tui.cli.main import main

TOP = '#include "parts.h"\nvoid top(int a[64], int b[64]) { int t[64]; first(a, t); second(t, b); }\n'
FILES = {
    "top.cpp": TOP,
    "parts.h": "void first(int a[64], int b[64]);\nvoid second(int a[64], int b[64]);\n",
    "first.cpp": '#include "factor.h"\nvoid first(int a[64], int b[64]) { b[0] = a[0] * K; }\n',
    "factor.h": "#define K 7\n",
    "second.c": "int of(int x);\nvoid second(int a[64], int b[64]) { for (int i = 0; i < 64; i++) b[i] = of(a[i]); }",
    "of.c": "int of(int x) { return x * x; }\n",
    "bench.cpp": '#include "parts.h"\nvoid first(int *a, int *b) {}\nint main() { return 0; }\n',
}


def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, object], str]:
    with pytest.raises(SystemExit):
        main(["estimate", str(folder / "top.cpp"), "--json"])
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def test_bodies_of_the_project_are_read_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    found, said = told(tmp_path, capsys)
    assert found["top"] == "top"
    assert found["unknown"] == []
    assert isinstance(found["latency_max"], int)
    assert all(f"{name}" in said for name in ("first.cpp", "second.c", "of.c"))
    assert "bench.cpp" not in said


def test_a_file_of_a_flood_is_passed_over_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "flood.c").write_text("of(" * 300_000)
    (tmp_path / "larger.c").write_text(FILES["of.c"] + " " * 3_000_000)
    assert told(tmp_path, capsys)[0]["unknown"] == []


def test_a_body_of_two_files_stays_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in {**FILES, "of_too.c": FILES["of.c"]}.items():
        (tmp_path / name).write_text(text)
    found, said = told(tmp_path, capsys)
    assert found["latency_max"] is None
    assert "of.c" not in said
    assert any("'of' is declared, but its body is not in these files" in why for why in found["unknown"])  # type: ignore[attr-defined]


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, outside = tmp_path / "a" / "project", tmp_path / "outside"
    project.mkdir(parents=True)
    outside.mkdir()
    (project / "top.cpp").write_text(FILES["of.c"].replace("{", ";//") + "int top(int x) { return of(x); }\n")
    (outside / "of.c").write_text(FILES["of.c"])
    (project / "of.c").symlink_to(outside / "of.c")
    found, said = told(project, capsys)
    assert found["latency_max"] is None
    assert said == ""

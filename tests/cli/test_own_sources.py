"""`estimate` and `check` read the headers that a designer's files quote, and nothing outside of the project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigchip_tui.cli.code_commands import CHECKED
from aigchip_tui.cli.main import main
from aigchip_tui.cli.own_sources import project_folder, with_headers

TOP = '#include "lane/lane.hpp"\nvoid top(int v[64]) {\n    lane(v);\n}\n'
LANE = '#pragma once\n#include "../sizes.h"\nvoid lane(int v[64]) {\n    L: for (int i = 0; i < N; ++i) v[i] += 1;\n}\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src" / "lane").mkdir(parents=True)
    (folder / "src" / "top.cpp").write_text(TOP)
    (folder / "src" / "lane" / "lane.hpp").write_text(LANE)
    (folder / "src" / "sizes.h").write_text("const int N = 24;\n")
    return folder


def _said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().out


def test_quoted_headers_are_read_from_the_project(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    code, out = _said(capsys, "estimate", "src/top.cpp", "--top", "top", "--json")
    found = json.loads(out)
    assert code == 0
    assert [(loop["trip"], loop["file"], loop["line"]) for loop in found["loops"]] == [(24, "src/lane/lane.hpp", 4)]
    assert found["unknown"] == []
    assert found["basis"] == "estimate"


def test_headers_are_found_in_the_usual_folders_upwards(project: Path) -> None:
    (project / "include" / "lane").mkdir(parents=True)
    (project / "include" / "lane" / "widths.hpp").write_text("#define W 8\n")
    (project / "include" / "ap_int.h").write_text("copied\n")
    top = project / "src" / "lane" / "own.cpp"
    top.write_text('#include <lane/widths.hpp>\n#include "sizes.h"\n#include <ap_int.h>\n#include <vector>\n')
    _, headers = with_headers([top], project)
    assert set(headers) == {"include/lane/widths.hpp", "src/sizes.h"}
    _, headers = with_headers([top], project / "src" / "lane")
    assert headers == {}


@pytest.mark.parametrize("how", ["path", "link"])
def test_a_header_outside_of_the_project_is_not_read(
    project: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    secret = project.parent / "secret.h"
    secret.write_text("const int N = 24;\n")
    (project / "src" / "sizes.h").unlink()
    if how == "link":
        (project / "src" / "sizes.h").symlink_to(secret)
    else:
        (project / "src" / "lane" / "lane.hpp").write_text(LANE.replace("../sizes.h", "../../../secret.h"))
    files = [project / "src" / "top.cpp"]
    folder = project_folder(files, project)
    sources, headers = with_headers(files, folder)
    assert set(sources) == {"src/top.cpp"}
    assert set(headers) == {"src/lane/lane.hpp"}
    code, out = _said(capsys, "estimate", str(files[0]), "--json")
    assert code == 0
    assert any("is not among these files" in why for why in json.loads(out)["unknown"])


def test_without_the_body_nothing_that_looks_like_a_total_is_printed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "lane" / "lane.hpp").write_text("void lane(int v[64]);\n")
    code, out = _said(capsys, "estimate", str(project / "src" / "top.cpp"), "--explain")
    assert code == 0
    assert "'lane' is declared, but its body is not in these files" in out
    assert "DSP" not in out
    assert "timing met" not in out


def test_check_allows_what_estimate_reads(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '#include "sizes.h"\n#include <ap_int.h>\n#define STEP 2\n#pragma once\nint f(int x) { return x * STEP; }\n'
    (project / "src" / "own.cpp").write_text(text)
    assert _said(capsys, "check", str(project / "src" / "own.cpp")) == (0, f"0 findings {CHECKED}\n")
    (project / "src" / "own.cpp").write_text(text + 'void g() { asm("nop"); }\n')
    code, out = _said(capsys, "check", str(project / "src" / "own.cpp"))
    assert code == 1
    assert "assembler" in out


def test_what_is_no_text_is_refused_and_marked_encodings_are_read(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = project / "src" / "own.cpp"
    text = "void top(int a[4]) { for (int i = 0; i < 4; i++) a[i]++; }\n"
    found = set()
    for data in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16"), text.replace("\n", "\r\n").encode()):
        own.write_bytes(data)
        found.add(_said(capsys, "estimate", str(own), "--json"))
    assert {code for code, _ in found} == {0}
    assert len(found) == 1
    own.write_bytes(b"\x7fELF\0\0" + bytes(range(256)))
    with pytest.raises(SystemExit) as left:
        main(["estimate", str(own)])
    assert left.value.code == 2
    assert "own.cpp is no text: byte 4 is zero" in capsys.readouterr().err

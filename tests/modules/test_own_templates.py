"""A template outside the package comes from the user's own path; a session holds its name and can add none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aigchip_tui.cli.main import main
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.modules.own_templates import named_template, own_list, own_templates, template_given

PAGE = Path(__file__).resolve().parents[2] / "docs" / "template.md"
FILE = re.compile(r"^`(tiny[\w./-]+)`\n\n```\w+\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's template and demonstrations in a folder of their own, and a user who has named none."""
    for variable in ("DATA", "CACHE", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / variable.lower()))
    monkeypatch.setenv("AIGCHIP_SESSIONS", str(tmp_path / "sessions"))
    for name, text in FILE.findall(PAGE.read_text(encoding="utf-8")):
        path = tmp_path / "outside" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "outside"


def _run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_path_that_the_user_gives_is_kept_by_its_name(outside: Path) -> None:
    assert template_given(str(outside / "tiny")).name == "tiny"
    assert own_templates() == {}
    assert template_given(str(outside / "tiny"), keep=True).name == "tiny"
    assert own_templates() == {"tiny": (outside / "tiny").resolve()}
    assert own_list().stat().st_mode & 0o077 == 0
    assert named_template("tiny").hash == template_given("tiny").hash


def test_a_session_cannot_name_a_folder(outside: Path) -> None:
    mark = outside / "ran"
    (outside / "tiny" / "__init__.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    for text in (str(outside / "tiny"), "../tiny", "tiny/", "./tiny"):
        with pytest.raises(AigchipError, match="A session names its template"):
            named_template(text)
    with pytest.raises(AigchipError, match="No template 'tiny' is known here"):
        named_template("tiny")
    assert not mark.exists()


def test_a_name_in_the_working_folder_is_no_template_either(outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(outside)
    with pytest.raises(AigchipError, match="known here"):
        named_template("tiny")
    assert template_given("tiny").name == "tiny"


def test_a_shipped_name_and_a_name_of_another_folder_are_refused(outside: Path) -> None:
    template_given(str(outside / "tiny"), keep=True)
    moved = outside / "moved" / "tiny"
    moved.parent.mkdir()
    (outside / "tiny").rename(moved)
    with pytest.raises(AigchipError, match="has a template 'tiny' already"):
        template_given(str(moved), keep=True)
    source = moved / "template.py"
    source.write_text(source.read_text().replace('name = "tiny"', 'name = "gemm"'))
    with pytest.raises(AigchipError, match="calls itself 'gemm'"):
        template_given(str(moved), keep=True)


@pytest.mark.parametrize("text", ["tiny: relative/path\n", "- tiny\n", "Tiny: /x\n", "tiny: 3\n"])
def test_a_list_that_is_none_is_refused_in_one_sentence(outside: Path, text: str) -> None:
    own_list().parent.mkdir(parents=True, exist_ok=True)
    own_list().write_text(text)
    with pytest.raises(AigchipError, match=r"templates\.yaml"):
        own_templates()


def test_demonstrations_outside_are_checked_beside_their_template(
    outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("demos", "check", "--template", str(outside / "tiny"))
    assert _run(*words, "--quick") == 2
    assert "--demos FOLDER" in capsys.readouterr().err
    code = _run(*words, "--demos", str(outside / "tiny-demos"), "--coverage", "--sample", "2", "--json")
    printed = capsys.readouterr()
    row = json.loads(printed.out)["modules"][0]
    assert (row["module"], row["asked"], row["simulated green"], row["red"]) == ("lane_sum", 10, 2, 0)
    # The page's two demonstrations are two too few, and it says so.
    assert code == 1
    assert "stands in kept-8 alone" in printed.err


def test_a_demo_is_proven_before_it_is_added(outside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demos = outside / "tiny-demos"
    assert _run("demos", "add", str(demos)) == 2
    assert "No template 'tiny' is known here" in capsys.readouterr().err
    code = demos / "tiny" / "lane_sum" / "kept-8" / "code.hpp"
    right = code.read_text()
    code.write_text(right.replace("+=", "-="))
    other = demos / "tiny" / "lane_sum" / "clamped-32" / "code.hpp"
    other.write_text(other.read_text().replace("+=", "-="))
    assert _run("demos", "add", str(demos), "--template", str(outside / "tiny")) == 1
    assert "is not proven" in capsys.readouterr().err
    code.write_text(right)
    other.write_text(other.read_text().replace("-=", "+="))
    assert _run("demos", "add", str(demos)) == 0
    assert "added lane_sum/kept-8: proven" in capsys.readouterr().out


def test_demonstrations_of_a_template_outside_are_listed_once_they_are_added(
    outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("demos", "ls", "--template", str(outside / "tiny"))
    assert _run(*words) == 2
    assert "no demonstrations of 'tiny'" in capsys.readouterr().err
    assert _run("demos", "add", str(outside / "tiny-demos"), "--template", str(outside / "tiny")) == 0
    assert _run(*words) == 0
    assert "lane_sum/kept-8" in capsys.readouterr().out


def test_a_new_session_holds_the_name_of_the_template(outside: Path, tmp_path: Path) -> None:
    assert _run("new", "own", "--workload", "gemm:8x8x8", "--template", str(outside / "tiny")) == 0
    settings = (tmp_path / "sessions" / "own" / "session.yaml").read_text()
    assert "template: tiny" in settings
    assert str(outside) not in settings


def test_who_teaches_nothing_is_told_before_the_search(outside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--workload", "gemm:8x8x8", "--template", str(outside / "tiny"))
    assert _run("new", "untaught", *words) == 0
    assert "Nothing teaches lane_sum of tiny yet" in capsys.readouterr().err
    assert _run("bench", "hardware", "--template", "tiny", "--samples", "1") == 2
    assert "Ask with --no-cycles." in capsys.readouterr().err
    assert _run("new", "gemm", "--workload", "gemm:8x8x8", "--template", "gemm") == 0
    assert "Nothing teaches" not in capsys.readouterr().err

"""Every command with nonsense: one clear sentence on stderr, the exit code of the contract, never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from aigchip_tui.cli.main import _COMMANDS, main
from aigchip_tui.model.errors import AigchipError


class Said:
    """What one command left: exit code, stdout, stderr."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Shell:
    """Runs commands in this process on folders of their own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, out, err)

    def refused(self, *words: str, code: int = 2) -> str:
        """A refusal: nothing on stdout, one sentence on stderr."""
        said = self(*words)
        assert said.code == code, (words, said.code, said.err)
        assert said.out == ""
        assert said.err.startswith("aigchip-tui: ")
        assert said.err.count("\n") == 1, said.err
        assert said.err.rstrip().endswith((".", "?", ")", "]", "1")), said.err
        assert "fault of aigchip-tui itself" not in said.err, said.err
        return said.err


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("AIGCHIP_SESSIONS", str(tmp_path / "sessions"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AIGCHIP_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AIGCHIP_RECORD", "AIGCHIP_REPLAY"):
        # What --record and --replay set for the engine that they start must not outlive the test.
        monkeypatch.setenv(name, "")
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


NEW = ("new", "first", "--request", "gemm:8x8x8 on a PYNQ-Z2, at most 16 DSPs")


@pytest.fixture
def session(shell: Shell) -> str:
    assert shell(*NEW).code == 0
    return "first"


def test_nonsense_names_the_nearest(shell: Shell, session: str) -> None:
    assert "show" in shell.refused("shwo")
    assert "first" in shell.refused("show", "frist")
    assert "--evaluations" in shell.refused(*NEW, "--evaluation", "3")
    assert "zcu104" in shell.refused("new", "x", "--workload", "resnet50@224", "--device", "zcu1O4").lower()
    assert "resnet50" in shell.refused("new", "x", "--workload", "resnet5O@224", "--device", "zcu104").lower()
    assert "reuse" in shell.refused(*NEW[:1], "x", *NEW[2:], "--pin", "reus=output")
    assert "gemm" in shell.refused("demos", "ls", "--template", "gem")


WITH_A_NAME = ("start", "stop", "pause", "resume", "archive", "show", "inbox")


@pytest.mark.parametrize("name", [
    "missing", "", ".", "..", "../..", "/etc", "a/b", "A", "x" * 64, "-", "--", "\x00", "\udcff", "läuft", "a b",
])
def test_names_that_are_none(shell: Shell, session: str, name: str) -> None:
    for command in WITH_A_NAME:
        words = [command, name] if not name.startswith("-") else [command, "--", name]
        shell.refused(*words)
    shell.refused("clone", session, "../x")
    shell.refused("new", "--", name if name != "missing" else "Missing", )


WRONG: tuple[tuple[str, ...], ...] = (
    ("--no-such-flag",), ("show",), ("show", "first", "extra"), ("show", "first", "--design", "d9999"),
    ("show", "first", "--design", "x"), ("show", "first", "--source", "nothing"), ("show", "first", "--no"),
    ("decide", "first", "d", "dance"), ("decide", "first", "none", "skip"), ("decide", "first"),
    ("clone", "first", "first"), ("clone", "first", "Upper"), ("clone", "first"),
    ("start", "first", "--jobs", "x"), ("stop", "first", "--wait", "soon"),
    ("run", "first", "--jobs", "-1"), ("run", "first", "--jobs", "1000"),
    ("new", "y"), ("new", "first", "--workload", "gemm:1x1x1"), ("new", "y", "--workload", "gemm:0x1x1"),
    ("new", "y", "--workload", "gemm:axbxc"), ("new", "y", "--workload", "gemm:-1x2x3"), ("new", "y", "--workload", ""),
    ("new", "y", "--workload", "gemm:99999999999999999999x1x1"), ("new", "y", "--workload", "resnet50@-3"),
    ("new", "y", "--workload", "resnet50@0"), ("new", "y", "--workload", "no-such.yaml"),
    ("new", "y", "--workload", "gemm:8x8x8", "--device", ""), ("new", "y", "--workload", "gemm:8x8x8", "--dsp", "-4"),
    ("new", "y", "--workload", "gemm:8x8x8", "--dsp", "many"), ("new", "y", "--workload", "gemm:8x8x8", "--clock", "0"),
    ("new", "y", "--workload", "gemm:8x8x8", "--clock", "99999"),
    ("new", "y", "--workload", "gemm:8x8x8", "--axi", "7"),
    ("new", "y", "--workload", "gemm:8x8x8", "--precision", "int7"),
    ("new", "y", "--workload", "gemm:8x8x8", "--evaluations", "0"),
    ("new", "y", "--workload", "gemm:8x8x8", "--evaluations", "-5"),
    ("new", "y", "--workload", "gemm:8x8x8", "--max-usd", "nan"),
    ("new", "y", "--workload", "gemm:8x8x8", "--max-usd", "-1"),
    ("new", "y", "--workload", "gemm:8x8x8", "--max-hours", "inf"),
    ("new", "y", "--workload", "gemm:8x8x8", "--max-calls", "-1"),
    ("new", "y", "--workload", "gemm:8x8x8", "--generator", "oracle"),
    ("new", "y", "--workload", "gemm:8x8x8", "--generator", "openai:"),
    ("new", "y", "--workload", "gemm:8x8x8", "--generator", "offline:faults=2"),
    ("new", "y", "--workload", "gemm:8x8x8", "--pin", "nonsense"),
    ("new", "y", "--workload", "gemm:8x8x8", "--pin", "reuse=sideways"),
    ("new", "y", "--workload", "gemm:8x8x8", "--from", "nobody"),
    ("new", "y", "--workload", "gemm:8x8x8", "--executor", "dask:x"),
    ("new", "y", "--workload", "gemm:8x8x8", "--synth", "vitis"),
    ("new", "y", "--workload", "gemm:8x8x8", "--gate", "perhaps"),
    ("new", "y", "--workload", "gemm:8x8x8", "--seed", "x"),
    ("new", "y", "--request", "qwertz uiop"), ("new", "y", "--request", ""), ("new", "y", "--request", "\x00\x1b[31m"),
    ("demos", "dance"), ("demos", "check", "--module", "no_such_module", "--quick"),
    ("demos", "add", "nowhere"), ("estimate",), ("estimate", "nowhere.cpp"), ("check",), ("check", "nowhere.cpp"),
    ("export", "first"), ("export", "nobody", "--out", "o"), ("export", "first", "--design", "d77", "--out", "o"),
    ("decide", "first", "d"), ("new", "first", "--workload"), ("new", "y", "--workload", "resnet50@"),
    ("estimate", "k.cpp", "--clock", "0"), ("estimate", "k.cpp", "--clock", "nan"),
    ("estimate", "k.cpp", "--part", "x"),
    ("run", "first", "--replay", "nowhere"), ("run", "first", "--record", "a", "--replay", "b"),
    ("start", "first", "--max-calls", "-1"), ("run", "first", "--evaluations", "0"),
    ("ls", "--sessions", "/etc/passwd"),
)


@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(words).encode("unicode_escape").decode()[:60])
def test_wrong_use_is_one_sentence_and_exits_2(
    shell: Shell, session: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    before = sorted((tmp_path / "sessions").iterdir())
    shell.refused(*words)
    assert sorted((tmp_path / "sessions").iterdir()) == before, "a refusal makes nothing"


def test_a_run_that_a_server_ends_prints_where_the_session_stands(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    said = shell("run", "away", *NEW[2:], "--generator", "openai:m", "--evaluations", "1", "--no-cache")
    assert said.code == 4
    assert "  designs     0 evaluated, 1 failed" in said.out
    assert "the generator does not answer: The server cannot be reached" in said.err
    assert said.err.rstrip().endswith("asked again by: aigchip-tui run away")


@pytest.mark.parametrize("group", ["demos", "bench"])
def test_a_group_alone_says_what_it_can_do(shell: Shell, group: str) -> None:
    said = shell(group)
    assert said.code in (0, 2)
    words = said.err or said.out
    assert f"aigchip-tui {group}" in words
    assert not said.err or said.err.startswith("aigchip-tui: Say what to do: ")


def test_a_start_that_fails_tells_its_own_reason_only(shell: Shell, session: str) -> None:
    first = shell("start", session, "--jobs", "-1")
    assert "--jobs -1 is outside" in first.err
    second = shell("start", session, "--jobs", "1000")
    assert "--jobs 1000 is outside" in second.err
    assert "--jobs -1" not in second.err, "what an engine before it said is not why this one ended"


def test_a_session_without_a_design_exports_nothing_and_exits_1(shell: Shell, session: str, tmp_path: Path) -> None:
    assert "no design" in shell.refused("export", session, "--out", str(tmp_path / "out"), code=1)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def odd_files(tmp_path: Path) -> Mapping[str, Path]:
    """Files that nobody wants to be given."""
    files = {
        "empty": b"", "zeros": bytes(4096), "binary": bytes(range(256)) * 64, "latin": b"int caf\xe9;\n",
        "huge": b"// x\n" * (2 << 20), "deep": b"(" * 200_000, "bomb": b"a: &a [x, x]\nb: [*a, *a]\n",
        "twice": b"layers: 1\nlayers: 2\n", "tag": b"!!python/object/apply:os.system [id]\n", "line": b"x" * 2_000_000,
    }
    found = {}
    for name, data in files.items():
        found[name] = tmp_path / f"{name}.yaml"
        found[name].write_bytes(data)
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    return {**found, "folder": tmp_path / "folder.yaml", "loop": tmp_path / "loop.yaml", "pipe": tmp_path / "pipe.yaml"}


ODD = ("empty", "zeros", "binary", "latin", "huge", "deep", "bomb", "twice", "tag", "line", "folder", "loop", "pipe")


@pytest.mark.parametrize("name", ODD)
def test_odd_workload_files_are_refused(shell: Shell, odd_files: Mapping[str, Path], name: str) -> None:
    shell.refused("new", "y", "--workload", str(odd_files[name]), "--device", "zcu104")


@pytest.mark.parametrize("name", ODD)
def test_odd_sources_are_findings_or_refusals(shell: Shell, odd_files: Mapping[str, Path], name: str) -> None:
    for command in (("check",), ("estimate", "--top", "f")):
        said = shell(command[0], str(odd_files[name]), *command[1:])
        assert said.code in (0, 1, 2)
        assert "fault of aigchip-tui itself" not in said.err, said.err
        if said.code == 2:
            assert said.err.count("\n") == 1


@pytest.mark.parametrize("name", ["empty", "zeros", "binary", "huge", "bomb", "twice", "tag", "folder", "loop", "pipe"])
def test_an_odd_session_file_is_refused_and_the_others_are_listed(
    shell: Shell, session: str, odd_files: Mapping[str, Path], tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "sessions" / "broken"
    shutil.copytree(tmp_path / "sessions" / session, folder)
    (folder / "session.yaml").unlink()
    os.rename(odd_files[name], folder / "session.yaml")
    said = shell("show", "broken")
    assert said.code in (2, 3)
    assert said.err.count("\n") == 1
    listed = shell("ls", "--json")
    assert listed.code == 0
    assert session in {row["name"] for row in json.loads(listed.out)}


REPORTING: tuple[tuple[str, ...], ...] = (
    ("ls",), ("show", "first"), ("show", "first", "--designs"), ("show", "first", "--variants"), ("inbox", "first"),
    ("inbox", "first", "--closed"), ("demos", "ls"), ("doctor",),
)


@pytest.mark.parametrize("words", REPORTING, ids=" ".join)
def test_json_is_exactly_one_document(shell: Shell, session: str, words: tuple[str, ...]) -> None:
    said = shell(*words, "--json")
    assert said.code in (0, 3)
    json.loads(said.out)
    assert said.err == ""
    early = shell("--sessions", os.environ["AIGCHIP_SESSIONS"], *words, "--json")
    assert type(json.loads(early.out)) is type(json.loads(said.out))


def test_show_has_what_the_contract_promises(shell: Shell, session: str) -> None:
    report = json.loads(shell("show", session, "--json").out)
    assert set(report) >= {
        "name", "state", "request", "evaluations", "best", "front", "model_calls", "tokens", "cost_usd", "waiting",
        "synthesizer", "generator", "sandbox",
    }
    assert set(report["evaluations"]) >= {"done", "failed", "screened", "in_flight", "limit"}


def test_a_missing_key_and_a_missing_compiler_exit_3(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert shell("new", "asked", *NEW[2:], "--generator", "openai:some-model").code == 0
    assert "OPENAI_API_KEY" in shell.refused("run", "asked", code=3)
    assert shell("new", "bare", *NEW[2:]).code == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert "compiler" in shell.refused("run", "bare", code=3)


def test_a_fault_of_our_own_is_a_sentence_and_its_traceback_is_there_when_asked_for(
    shell: Shell, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aigchip_tui.cli.show_commands as show

    def broken(*_: object, **__: object) -> object:
        raise KeyError("an odd thing")

    monkeypatch.setattr(show, "open_view", broken)
    said = shell("show", session)
    assert said.code == 1
    assert "fault of aigchip-tui itself: KeyError" in said.err
    monkeypatch.setenv("AIGCHIP_TRACEBACK", "1")
    with pytest.raises(KeyError):
        main(["show", session])


def test_a_key_in_an_error_is_not_printed(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-4711-0815")
    said = shell("show", "canary-4711-0815")
    assert said.code == 2
    assert "canary-4711" not in said.err
    assert "[redacted]" in said.err


def test_text_of_a_model_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from aigchip_tui.cli.output import say

    say("a\x1b[2Jb\x9b31mc\rd\x07e\u202ef")
    out = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\r", "\x07", "\u202e"}.intersection(out)


def command(words: Sequence[str], tmp_path: Path, **changes: str | None) -> subprocess.CompletedProcess[bytes]:
    """A real process, with `changes` to its environment (None takes a variable away)."""
    environment = {
        **{k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "LANG")},
        "HOME": str(tmp_path), "AIGCHIP_SESSIONS": str(tmp_path / "sessions"), "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    for name, value in changes.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return subprocess.run(
        [sys.executable, "-m", "aigchip_tui", *words], capture_output=True, check=False, env=environment, timeout=120,
        stdin=subprocess.DEVNULL, cwd=tmp_path,
    )


def test_a_reader_that_has_had_enough_is_no_error(tmp_path: Path) -> None:
    words = f"{sys.executable} -m aigchip_tui demos ls --json"
    done = subprocess.run(
        ["bash", "-c", f"{words} | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True,
        check=False, timeout=120, cwd=tmp_path,
    )
    assert done.stdout.split() == ["0"]
    assert done.stderr == ""


def test_an_ascii_terminal_and_no_home(tmp_path: Path, shell: Shell) -> None:
    assert shell("new", "first", "--request", "gemm:8x8x8 for the Überauto → on a PYNQ-Z2, at most 16 DSPs").code == 0
    for changes in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = command(["show", "first"], tmp_path, **changes)
        assert done.returncode == 0, done.stderr
        assert b"gemm:8x8x8" in done.stdout
        report = command(["show", "first", "--json"], tmp_path, **changes)
        assert json.loads(report.stdout)["request"]["text"].endswith("16 DSPs")
    done = command(["ls", "--json"], tmp_path, HOME=None, XDG_DATA_HOME=None, XDG_CACHE_HOME=None)
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(done.stdout)] == ["first"]


def test_a_place_that_is_a_file_or_cannot_be_made(tmp_path: Path, shell: Shell) -> None:
    (tmp_path / "file").write_text("here")
    for where in ("file", "file/below", "/proc/nowhere", "/dev/null"):
        said = shell(*NEW, "--sessions", where)
        assert said.code in (2, 3)
        assert said.err.count("\n") == 1
        assert "fault of aigchip-tui itself" not in said.err
        if Path(where).exists():
            assert "is not a folder" in shell.refused("ls", "--sessions", where)
        else:
            assert shell("ls", "--sessions", where, "--json").out.strip() == "[]"


def test_a_folder_whose_name_is_no_text_holds_sessions_like_any_other(tmp_path: Path, shell: Shell) -> None:
    odd = tmp_path / os.fsdecode(b"l\xe4\xff")
    try:
        odd.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert shell(*NEW, "--sessions", str(odd)).code == 0
    assert json.loads(shell("ls", "--sessions", str(odd), "--json").out)[0]["read_only"] == "", "it is trusted"
    layers = odd / "layers.yaml"
    layers.write_text("layers: [{name: one, m: 1, k: 1, n: 1}]")
    said = shell.refused("new", "x", "--workload", str(layers), "--sessions", str(odd))
    assert "not UTF-8" in said


def test_an_unwritable_cache_is_one_sentence(tmp_path: Path, shell: Shell, session: str,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocked").write_text("a file where the cache should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "blocked"))
    assert "XDG_CACHE_HOME" in shell.refused("run", session, code=3)
    assert shell("show", session).code == 0


def test_every_command_has_help_that_names_it(shell: Shell) -> None:
    for name in _COMMANDS:
        if name in ("bench", "attach"):
            continue
        said = shell(name, "--help")
        assert said.code == 0
        assert said.out.startswith("Usage: aigchip-tui " + name)


def test_exit_codes_of_our_errors_are_those_of_the_contract() -> None:
    from aigchip_tui.llm.errors import CallError
    from aigchip_tui.model.errors import MissingToolError, NoResultError
    from aigchip_tui.store.fs import StoreError

    kinds = (AigchipError, MissingToolError, NoResultError, StoreError, CallError)
    assert {k.exit_code for k in kinds} == {1, 2, 3}

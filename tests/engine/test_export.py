"""An exported project proves itself with g++ or clang on fresh data, and a broken module turns it red."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import CommandLine


def _make(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-C", str(project), *words], capture_output=True, text=True, check=False)


@pytest.fixture
def project(command_line: CommandLine, tmp_path: Path) -> Path:
    if shutil.which("make") is None:
        pytest.skip("there is no make on this machine")
    command_line.run(
        "run", "out", "--request", "gemm:40x24x36 on a ZCU104, at most 64 DSPs", "--evaluations", "1", "--seed", "2"
    )
    command_line.run("export", "out", "--out", str(tmp_path / "project"))
    return tmp_path / "project"


def test_the_project_passes_its_own_test_and_a_broken_module_fails_it(project: Path) -> None:
    compiler = "clang++" if shutil.which("clang++") else "g++"
    passed = _make(project, "test", f"CXX={compiler}", "SEED=5")
    assert passed.returncode == 0, passed.stderr
    assert " 0 differ (seed 5)" in passed.stdout
    compared = re.search(r"(\d+) values compared", passed.stdout)
    assert compared is not None
    assert int(compared.group(1)) > 1000
    (program,) = (project / "build").glob("bench-*")
    short = subprocess.run([str(program), "5", "cosim"], capture_output=True, text=True, check=False)
    assert short.returncode == 0
    copied = re.search(r"(\d+) values compared, 0 differ", short.stdout)
    assert copied is not None
    assert 100 < int(copied.group(1)) <= int(compared.group(1))
    files = [str(project / name) for name in ("test/gemm_test.cpp", "src/gemm.cpp")]
    folders = [f"-I{folder}" for folder in (Path(__file__).parent / "cpp14", project / "src", project / "test")]
    words = ["g++", "-std=c++14", "-pedantic-errors", "-fsyntax-only", "-Wno-unknown-pragmas", *folders,
             "-isystem", str(project / "include" / "ap"), *files]
    by_default = subprocess.run(words, capture_output=True, text=True, check=False)
    assert by_default.returncode == 0, by_default.stderr
    lane = project / "src" / "mac.hpp"
    text = lane.read_text(encoding="utf-8")
    assert "sum_in + product" in text
    lane.write_text(text.replace("sum_in + product", "sum_in - product"), encoding="utf-8")
    failed = _make(project, "test", "CXX=g++")
    assert failed.returncode != 0
    assert " 0 differ" not in failed.stdout


def test_the_pages_mark_estimates_say_how_to_call_and_prove_and_the_tcl_names_the_part(
    project: Path, command_line: CommandLine
) -> None:
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert "estimates: no vendor tool has confirmed them" in readme
    assert "without any sandbox" in readme
    assert "| cosim | not run |" in readme
    page = (project / "STREAMS.md").read_text(encoding="utf-8")
    streams = re.findall(r"^\| (\w+)\.\w+ -> (\w+)\.\w+ \| .*? \| \d+ \| (\d+) \((?:\d+)\) \|", page, re.MULTILINE)
    wiring = (project / "src" / "gemm.cpp").read_text(encoding="utf-8")
    for sender, receiver, depth in streams:
        assert re.search(rf"variable={sender}_to_{receiver} depth={depth}\b|, {depth}> {sender}_to_{receiver};", wiring)
    assert len(streams) == len(re.findall(r"_to_\w+(?:\[\d+\])?;", wiring))
    (region,) = command_line.json("contracts", str(project))["regions"]
    assert len(region["edges"]) == len(streams)
    assert all(edge["fits"] and edge["bits"] and edge["producers"] and edge["consumers"] for edge in region["edges"])
    rungs = dict(re.findall(r"^\| (\w+) \| (?:not run|passed) \| (.*?) ?\|$", readme, re.MULTILINE))
    assert re.fullmatch(r"\d+ modules: \d+ passed", rungs["static"])
    assert re.fullmatch(r"\d+ modules: \d+ passed; \d+ values compared in all", rungs["module_sim"])
    assert rungs["cosim"] == ""
    modules = (project / "PROOF.md").read_text(encoding="utf-8").split("### ")[1:]
    design = command_line.json("show", "out", "--design", "best")
    assert len(modules) == len({m["variant"] for m in design["modules"] if m["author"] != "template"})
    assert all("| module_sim | passed | " in module and " values in " in module for module in modules)
    assert len(re.findall(r"^\| \w+ \| \d+ \| [^|]+ \| all 7 passed \|", readme, re.MULTILINE)) == sum(
        m["author"] != "template" for m in design["modules"]
    )
    assert "| gemm | 40 | 36 | 24 |" in readme
    header = (project / "src" / "gemm.hpp").read_text(encoding="utf-8")
    parameters = re.findall(r"[*>t] (\w+)(?:,|\);)", header[header.index("void gemm(") :])
    assert parameters == ["table", "layers", "a", "b", "bias", "c"]
    assert all(f"`{name}`" in readme for name in parameters)
    for name in ("layout::append(", "result(", "gemm(memory.table.data()"):
        assert name in readme
        assert name in "".join(path.read_text(encoding="utf-8") for path in (project / "test").iterdir())
    tcl = (project / "run_hls.tcl").read_text(encoding="utf-8")
    steps = [tcl.index(step) for step in ("csim_design -argv 1", "csynth_design", "cosim_design -argv {1 cosim}")]
    assert steps == sorted(steps)
    assert "set_part {xczu7ev" in tcl
    assert "csynth_design" in tcl
    command_line.run("export", "out", "--out", str(project), expect=2)


@pytest.mark.deep
def test_a_project_of_int16_brings_its_wide_types(command_line: CommandLine, tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("there is no make on this machine")
    command_line.run(
        "run", "half", "--request", "gemm:40x24x36 on a ZCU104, at most 64 DSPs", "--precision", "int16",
        "--evaluations", "1", "--seed", "2",
    )
    folder = tmp_path / "half"
    command_line.run("export", "half", "--out", str(folder))
    assert "ap_int<48> acc_t" in (folder / "src" / "gemm_types.hpp").read_text(encoding="utf-8")
    assert "typedef std::int16_t data_t" not in (folder / "src" / "accumulate.hpp").read_text(encoding="utf-8")
    for compiler in (name for name in ("g++", "clang++") if shutil.which(name)):
        passed = _make(folder, "test", f"CXX={compiler}", "SEED=5")
        assert passed.returncode == 0, passed.stderr
        assert " 0 differ (seed 5)" in passed.stdout
        assert not passed.stderr, "a wall of warnings about the vendor's headers hides what is ours"

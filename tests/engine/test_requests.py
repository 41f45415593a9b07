"""Requests of other people, secrets of the user, and the number of jobs: whole sessions through the command line."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import CommandLine

CANARY = "canary-key-0815-4711"
SMALL = "gemm:40x24x36 on a PYNQ-Z2, at most 64 DSPs"


def essence(line: CommandLine, name: str) -> list[Any]:
    return [
        {k: v for k, v in design.items() if k not in ("message",)} for design in line.json("show", name, "--designs")
    ]


def honest(line: CommandLine, name: str, *words: str) -> dict[str, Any]:
    """Run a session; it ends with proven designs, with questions for a human, or with failures that say why."""
    line.run("run", name, *words, expect=None)
    report: dict[str, Any] = line.json("show", name)
    assert report["state"] in ("done", "waiting")
    for design in line.json("show", name, "--designs"):
        if design["state"] == "evaluated":
            assert design["latency_ms"] > 0
            assert design["basis"] == "estimate"
            assert "failed" not in design["proof"].values()
        elif design["state"] == "failed":
            assert design["cause"]
            assert design["message"]
    if report["best"] and report["state"] == "done":
        assert report["best"]["proof"]["assembled_sim"] == "passed"
    return report


def test_run_says_that_a_session_is_paused_and_that_flags_name_another_one(command_line: CommandLine) -> None:
    command_line.run("new", "still", "--request", SMALL, "--evaluations", "2")
    command_line.run("pause", "still")
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "aigchip_tui", "run", "still", "--request", SMALL], capture_output=True, text=True,
            env=command_line.environment, stdin=subprocess.DEVNULL, check=False,
        )
        assert done.returncode == 4
        assert "still is paused, and nothing is begun before you say so: aigchip-tui resume still" in done.stderr
    assert not command_line.json("show", "still", "--designs")
    said = command_line.run("run", "still", "--seed", "9", expect=2)
    assert "another --seed: 1, not 9" in said


def test_a_session_with_a_key_keeps_it_to_itself(command_line: CommandLine, tmp_path: Path) -> None:
    keyed = {"OPENAI_API_KEY": CANARY, "OPENAI_BASE_URL": f"http://user:{CANARY}@127.0.0.1:9/v1"}
    command_line.run("new", "keyed", "--request", f"{SMALL}; my key is {CANARY}", "--generator", "openai:m",
                     "--evaluations", "1", "--max-calls", "1", "--gate", "never", extra=keyed)
    said = command_line.run("run", "keyed", expect=None, extra=keyed)
    said += command_line.run("show", "keyed", extra=keyed) + command_line.run("show", "keyed", "--json", extra=keyed)
    command_line.run("start", "keyed", expect=None, extra=keyed)
    command_line.run("stop", "keyed", expect=None, extra=keyed)
    assert CANARY not in said
    folder = command_line.root / "keyed"
    stored = [path for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert stored == []
    settings = (folder / "session.yaml").read_text()
    assert "127.0.0.1:9" not in settings, "the base URL comes from the environment only"


def test_what_the_space_cannot_serve_is_refused_by_rule(command_line: CommandLine) -> None:
    for request, word in (
        ("VGG-17 at 128 on a PYNQ-Z2", "vgg16"), ("ResNet-50 on a Commodore 64", "commodore"),
        ("please make me a sandwich", ""), ("gemm:0x1x1 on a PYNQ-Z2", ""),
    ):
        said = command_line.run("new", "odd", "--request", request, expect=2)
        assert said.count("\n") == 1
        assert word in said.lower()
    command_line.run("new", "half", "--request", "gemm:8x8x8 on a PYNQ-Z2, fp16", "--evaluations", "1", expect=None)
    if (command_line.root / "half").exists():
        assert "fp16" in command_line.run("run", "half", expect=None)


@pytest.mark.deep
@pytest.mark.parametrize("words", [
    ("--request", "VGG-16 at 128 on a PYNQ-Z2"), ("--workload", "gemm:384x1536x77", "--device", "pynq-z2"),
])
def test_other_requests_end_proven_or_say_why(command_line: CommandLine, words: tuple[str, ...]) -> None:
    report = honest(command_line, "other", *words, "--evaluations", "2")
    assert report["evaluations"]["done"] or report["waiting"] or report["evaluations"]["failed"]


@pytest.mark.deep
def test_odd_sizes_from_a_file(command_line: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(
        "name: odd\nlayers:\n" + "".join(
            f"  - {{name: l{n}, kind: gemm, m: {m}, k: {k}, n: {w}, count: 1}}\n"
            for n, (m, k, w) in enumerate([(1, 1, 1), (7, 13, 5), (1000, 3, 1)])
        )
    )
    report = honest(command_line, "odd", "--workload", str(file), "--device", "pynq-z2", "--evaluations", "2")
    assert report["evaluations"]["done"] or report["waiting"] or report["evaluations"]["failed"]


@pytest.mark.deep
def test_one_job_and_two_find_the_same_designs(command_line: CommandLine) -> None:
    for jobs in ("1", "2"):
        command_line.run("new", f"jobs{jobs}", "--request", SMALL, "--evaluations", "6")
        command_line.run("run", f"jobs{jobs}", "--jobs", jobs, expect=None)
    assert essence(command_line, "jobs1") == essence(command_line, "jobs2")


@pytest.mark.deep
def test_twenty_random_kills_change_nothing(command_line: CommandLine) -> None:
    command_line.run("run", "calm", "--request", SMALL, "--evaluations", "4", expect=None)
    command_line.run("new", "hard", "--request", SMALL, "--evaluations", "4")
    draw = random.Random(int(os.environ.get("AIGCHIP_TEST_SEED", "7")))
    for _ in range(20):
        child = command_line.popen(["run", "hard"])
        time.sleep(0.5 + 2.0 * draw.random())
        child.kill()
        child.wait()
    command_line.run("run", "hard", expect=None)
    assert essence(command_line, "hard") == essence(command_line, "calm")
    assert command_line.json("show", "hard")["waiting"] == command_line.json("show", "calm")["waiting"]


def test_start_while_running_exits_2_and_names_who_runs(command_line: CommandLine) -> None:
    command_line.run("new", "away", "--request", SMALL, "--evaluations", "40")
    command_line.run("start", "away")
    said = command_line.run("start", "away", expect=2)
    assert "pid" in said
    assert os.uname().nodename in said
    assert "--take-over" in said
    assert "queued" not in command_line.run("pause", "away")
    command_line.run("resume", "away")
    command_line.run("start", "away", "--take-over")
    command_line.run("stop", "away", "--now")
    assert command_line.json("show", "away")["state"] in ("stopped", "waiting")


def test_a_template_is_part_of_the_request(command_line: CommandLine) -> None:
    command_line.run("new", "dot", "--workload", "gemm:40x24x36", "--device", "pynq-z2", "--template", "inner_product")
    assert "template: inner_product" in (command_line.root / "dot" / "session.yaml").read_text()
    assert command_line.json("show", "dot")["template"] == "inner_product"
    for words, says in (
        (("--template", "inner_prodct"), "Did you mean inner_product?"),
        (("--template", "pe_array", "--pin", "reuse=a"), "template has no reuse=a"),
        (("--pin", "reuse=output", "--pin", "reuse=a_spill"), "reuse two values, output and a_spill"),
        (("--pin", "arrays=1", "--pin", "arrays_link=forward"), "the design has 1 array."),
        (("--precision", "int16", "--pin", "dsp_pack=2"), "Two MACs share a DSP in int8 alone"),
        (("--pin", "arrays=n2k2", "--pin", "arrays_map=run_time"), "arrays n2k2 are written m2k2 then"),
    ):
        refused = command_line.run(
            "new", "refused", "--workload", "gemm:40x24x36", "--device", "zcu104", *words, expect=2
        )
        assert says in refused
    assert not (command_line.root / "refused").exists()


@pytest.mark.deep
@pytest.mark.parametrize("template", ["inner_product", "rowwise", "pe_array"])
def test_every_template_is_searched_proven_and_exported(
    template: str, command_line: CommandLine, tmp_path: Path
) -> None:
    report = honest(command_line, f"whole-{template}".replace("_", "-"), "--request", SMALL, "--template", template,
                    "--evaluations", "4")
    assert report["state"] == "done"
    assert report["best"]["proof"]["assembled_sim"] == "passed"
    command_line.run("export", report["name"], "--out", str(tmp_path / "out"))
    done = subprocess.run(["make", "test"], cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 differ" in done.stdout

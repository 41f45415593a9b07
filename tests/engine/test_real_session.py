"""From one sentence to a proven accelerator: real journal, prompts, compiler, simulation; then kills and losses."""

from __future__ import annotations

import random
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import CommandLine

REQUEST = "gemm:40x24x36 on a PYNQ-Z2, at most 64 DSPs"


def _designs(line: CommandLine, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line.json("show", name, "--designs")
    return found


def _essence(designs: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(d["id"], d["parameters"], d["state"], d["latency_cycles"], d["dsp"], d["proof"]) for d in designs]


@pytest.fixture
def calm(command_line: CommandLine) -> list[dict[str, Any]]:
    command_line.run("run", "calm", "--request", REQUEST, "--evaluations", "3")
    return _designs(command_line, "calm")


def test_a_session_ends_with_proven_designs_and_says_who_wrote_them(
    command_line: CommandLine, calm: list[dict[str, Any]]
) -> None:
    report = command_line.json("show", "calm")
    assert report["state"] == "done"
    counts = report["evaluations"]
    assert counts["done"] >= 1
    assert counts["done"] + counts["failed"] == 3
    best = report["best"]
    assert best["basis"] == "estimate"
    proof = best["proof"]
    ran = (
        "static", "contract", "conformance", "compile", "module_sim", "sanitizers", "rate", "assembled_sim", "estimate",
    )
    assert {r: proof[r] for r in ran} == dict.fromkeys(ran, "passed")
    assert {proof[r] for r in ("synthesis", "cosim", "measured")} == {"not run"}
    authors = {m["author"] for m in best["modules"]}
    assert any("offline adapter" in a for a in authors)
    assert "template" in authors
    assert "not a language model" in report["generator"]
    assert report["model_calls"] == report["variants"]["total"]
    top = command_line.run("show", "calm", "--source", "top", "--design", best["id"])
    assert "#pragma HLS DATAFLOW" in top


def test_the_journal_alone_tells_the_same_story(command_line: CommandLine, calm: list[dict[str, Any]]) -> None:
    before = command_line.json("show", "calm")
    folder = command_line.root / "calm"
    for path in folder.iterdir():
        if path.name not in ("session.yaml", "journal.jsonl", "blobs"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert command_line.json("show", "calm") == before


def test_a_second_run_of_a_finished_session_changes_nothing(
    command_line: CommandLine, calm: list[dict[str, Any]]
) -> None:
    command_line.run("run", "calm")
    assert _designs(command_line, "calm") == calm


def test_killed_at_random_it_ends_in_the_designs_of_the_calm_run(
    command_line: CommandLine, calm: list[dict[str, Any]]
) -> None:
    command_line.run("new", "hard", "--request", REQUEST, "--evaluations", "3")
    draw = random.Random(5)
    for _ in range(4):
        child = command_line.popen(["run", "hard"])
        time.sleep(0.8 + 2.0 * draw.random())
        child.kill()
        child.wait()
    command_line.run("run", "hard")
    assert _essence(_designs(command_line, "hard")) == _essence(calm)


def test_a_detached_engine_starts_refuses_a_second_and_stops(command_line: CommandLine) -> None:
    command_line.run("new", "away", "--request", REQUEST, "--evaluations", "40")
    said = command_line.run("start", "away")
    assert "pid" in said
    refused = command_line.run("run", "away", expect=2)
    assert "pid" in refused
    assert command_line.json("show", "away")["state"] == "running"
    command_line.run("stop", "away", "--now")
    report = command_line.json("show", "away")
    assert report["state"] == "stopped"
    assert report["evaluations"]["done"] < 40


def test_an_answer_without_an_engine_is_queued_and_taken_at_the_next_start(command_line: CommandLine) -> None:
    command_line.run("run", "stuck", "--request", REQUEST, "--evaluations", "1", "--practice", "--seed", "3", expect=4)
    waiting = command_line.json("inbox", "stuck", expect=4)
    assert waiting
    for row in waiting:
        assert row["label"]
        words = ["accept", "--cure", "1"] if row["cures"] else ["skip"]
        assert "queued" in command_line.run("decide", "stuck", row["decision"], *words)
    command_line.run("run", "stuck", expect=None)
    closed = command_line.json("inbox", "stuck", "--closed", expect=None)
    answered = {row["decision"] for row in closed["closed"]}
    assert {row["decision"] for row in waiting} <= answered

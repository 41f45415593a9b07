"""Recycled workers: answers, causes, and that the caller outlives whatever happens inside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aigchip_tui.sandbox.box import Sandbox
from aigchip_tui.sandbox.choose import Probes, choose
from aigchip_tui.sandbox.worker import Worker, run_python


@pytest.fixture(scope="module", params=["bwrap", "namespaces", "landlock", "none"])
def confined(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Every tier that holds here."""
    probes = Probes(scratch=tmp_path_factory.mktemp("probes"), environment=os.environ)
    if request.param != "none" and probes.examine(request.param).problem:
        pytest.skip(f"{request.param} does not hold on this machine")
    return choose(probes, wanted=request.param)


@pytest.fixture
def worker(confined: Sandbox) -> Iterator[Worker]:
    """A worker that is ended after the test."""
    with Worker(confined, memory_bytes=300 << 20) as one:
        yield one


def test_values_go_there_and_back_and_the_process_stays(worker: Worker) -> None:
    assert worker.run("os.path:basename", "/a/b").value == "b"
    first = worker.run("os:getpgid", 0).value
    assert worker.run("os:getpgid", 0).value == first
    assert worker.run("builtins:sorted", [3, 1, 2]).value == [1, 2, 3]


def test_our_own_readers_run_there(worker: Worker) -> None:
    answer = worker.run("aigchip_tui.csim.rewrite:rewrite_dataflow", "void f() {\n#pragma HLS DATAFLOW\n g(a);\n}\n")
    assert answer.ok, answer
    assert "spawn" in answer.value


def test_an_exception_is_data_and_keeps_the_worker(worker: Worker) -> None:
    answer = worker.run("json:loads", "[")
    assert (answer.cause, answer.message.split(":")[0]) == ("exception", "JSONDecodeError")
    assert worker.run("builtins:len", "abc").value == 3


@pytest.mark.parametrize(
    ("function", "payload", "cause"),
    [
        ("time:sleep", 30, "timeout"),
        ("math:factorial", 20_000_000, "timeout"),
        ("ctypes:string_at", 0, "crash"),
        ("os:_exit", 0, "crash"),
        ("builtins:bytearray", 2 << 30, "memory"),
        ("builtins:no_such_function", 0, "exception"),
        ("no_such_module:f", 0, "exception"),
    ],
)
def test_whatever_happens_is_a_cause_and_the_next_call_works(
    worker: Worker, function: str, payload: int, cause: str
) -> None:
    assert worker.run(function, payload, wall_s=0.4).cause == cause
    assert worker.run("builtins:len", "abc").value == 3


def test_what_waits_for_the_machine_is_not_ended_and_what_works_too_long_is(worker: Worker) -> None:
    assert worker.run("time:sleep", 0.9, wall_s=0.4).ok
    assert "time limit" in worker.run("time:sleep", 30, wall_s=0.1).message
    assert "CPU time" in worker.run("math:factorial", 20_000_000, wall_s=0.1).message


def test_what_a_library_prints_is_not_an_answer(worker: Worker) -> None:
    assert worker.run("builtins:print", "PASS").value is None
    assert worker.run("builtins:len", "abc").value == 3


def test_a_worker_is_recycled(confined: Sandbox) -> None:
    with Worker(confined, recycle_after=2) as worker:
        marks = [worker.run("builtins:id", "x").ok for _ in range(5)]
    assert marks == [True] * 5


def test_a_confined_reader_sees_no_secret(confined: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    answer = run_python("linecache:getline", None, sandbox=confined)
    assert answer.cause == "exception"
    listed = run_python("os:listdir", str(tmp_path), sandbox=confined)
    assert (listed.value == ["secret"]) == (confined.name == "none")

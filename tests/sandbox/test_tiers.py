"""Every tier that this machine offers: what its probes saw denied is denied, and its limits hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.sandbox.box import UNCONFINED, Sandbox, Tier, python_folders
from aigchip_tui.sandbox.choose import REQUIRED, Attempt, Probes, choose
from aigchip_tui.sandbox.supervise import CappedOutput, RunResult, weight

TIERS: tuple[Tier, ...] = ("bwrap", "namespaces", "landlock")


@pytest.fixture(scope="session")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sandbox]:
    """The tiers that hold on this machine."""
    probes = Probes(scratch=tmp_path_factory.mktemp("probes"), environment=os.environ)
    found: dict[str, Sandbox] = {"none": UNCONFINED}
    for tier in TIERS:
        if not probes.examine(tier).problem:
            found[tier] = choose(probes, wanted=tier)
    return found


@pytest.fixture(params=TIERS)
def box(request: pytest.FixtureRequest, boxes: dict[str, Sandbox]) -> Sandbox:
    """One confining tier."""
    if request.param not in boxes:
        pytest.skip(f"{request.param} does not hold on this machine")
    return boxes[request.param]


def run(box: Sandbox, script: str, cwd: Path, **options: Any) -> RunResult:
    """A line of shell in a sandbox."""
    settings: dict[str, Any] = {"cpu_s": 5, "wall_s": 10, "memory_bytes": 1 << 30, "allow_fork": True}
    return box.run(["/bin/sh", "-c", script], cwd=cwd, writable=[cwd], **(settings | options))


def python(box: Sandbox, code: str, cwd: Path, **options: Any) -> RunResult:
    """A line of Python in a sandbox."""
    settings: dict[str, Any] = {"cpu_s": 5, "wall_s": 10, "memory_bytes": 1 << 30}
    return box.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=cwd, writable=[cwd], read_only=python_folders(),
        **(settings | options),
    )


def test_a_tier_denies_what_makes_it_a_sandbox(box: Sandbox) -> None:
    assert set(REQUIRED) <= set(box.denied)
    assert not set(box.denied) & set(box.open_powers)


def test_the_probe_sees_every_power_without_a_sandbox(tmp_path: Path) -> None:
    attempt = Probes(scratch=tmp_path, environment=os.environ).examine("none")
    assert set(REQUIRED) <= set(attempt.granted)


def test_without_bubblewrap_on_the_path_another_tier_is_chosen(tmp_path: Path, boxes: dict[str, Sandbox]) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    chosen = choose(Probes(scratch=tmp_path, environment={**os.environ, "PATH": str(empty)}))
    weaker = [tier for tier in ("namespaces", "landlock") if tier in boxes]
    assert chosen.name == (weaker[0] if weaker else "none")


def test_a_fake_bubblewrap_is_found_out(tmp_path: Path) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done; shift; exec "$@"\n')
    fake.chmod(0o755)
    probes = Probes(scratch=tmp_path, environment={**os.environ, "PATH": str(tmp_path)})
    assert "does not deny" in probes.examine("bwrap").problem
    assert choose(probes).name != "bwrap"
    with pytest.raises(AigchipError, match="The sandbox bwrap does not hold here"):
        choose(probes, wanted="bwrap")


def test_no_tier_at_all_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Probes, tier: Tier) -> Attempt:
        return Attempt(tier=tier, problem="the kernel refuses")

    monkeypatch.setattr(Probes, "examine", refuse)
    chosen = choose(Probes(scratch=tmp_path, environment=os.environ))
    assert chosen.name == "none"
    assert chosen.denied == ()
    assert chosen.problems == tuple(f"{tier}: the kernel refuses" for tier in TIERS)


def test_nothing_but_scratch_can_be_written(box: Sandbox, tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    assert run(box, f"echo x > {outside}/file", inside).exit_code != 0
    assert run(box, "echo x > file && cat file", inside).stdout == b"x\n"
    assert not list(outside.iterdir())
    assert (inside / "file").read_text() == "x\n"
    assert run(box, "echo x > /usr/aigchip-probe || echo x > /lib/aigchip-probe", inside).exit_code != 0


def test_files_of_the_user_cannot_be_read(box: Sandbox, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_text("canary")
    got = run(box, f"cat {tmp_path}/secret /etc/passwd /proc/{os.getpid()}/environ", inside)
    assert b"canary" not in got.stdout + got.stderr
    assert b"root:" not in got.stdout


def test_a_link_in_scratch_leads_nowhere(box: Sandbox, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_text("canary")
    (inside / "link").symlink_to(tmp_path / "secret")
    assert b"canary" not in run(box, "cat link", inside).stdout


def test_no_environment_passes_through(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    got = run(box, "env", tmp_path, env={"ASAN_OPTIONS": "x=1"})
    names = {line.split("=")[0] for line in got.stdout.decode().splitlines()}
    assert b"canary" not in got.stdout
    assert names <= {"PATH", "LC_ALL", "HOME", "TMPDIR", "ASAN_OPTIONS", "PWD", "_", "SHLVL", "OLDPWD"}
    assert "ASAN_OPTIONS" in names


def test_no_socket_of_any_kind(box: Sandbox, tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):\n"
        "    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):\n"
        "        try:\n            socket.socket(family, kind); print('open')\n"
        "        except OSError:\n            pass\n"
    )
    assert python(box, code, tmp_path).stdout == b""


def test_no_new_process_unless_allowed(box: Sandbox, tmp_path: Path) -> None:
    fork = "import os; os.fork(); print('forked')"
    assert b"forked" not in python(box, fork, tmp_path).stdout
    assert b"forked" in python(box, fork, tmp_path, allow_fork=True).stdout
    thread = "import threading; t = threading.Thread(target=print, args=('ran',)); t.start(); t.join()"
    assert b"ran" in python(box, thread, tmp_path).stdout


@pytest.mark.parametrize(
    ("script", "options", "cause"),
    [
        ("exit 3", {}, "exit"),
        ("kill -SEGV $$", {}, "signal"),
        ("sleep 20", {"wall_s": 0.5}, "timeout"),
        ("while :; do :; done", {"cpu_s": 1}, "cpu"),
        ("yes", {}, "output_flood"),
        ("yes > file", {"file_bytes": 1 << 20}, "file_size"),
        ("for i in 1 2 3 4 5 6 7 8 9; do head -c 1000000 /dev/zero > f$i; done; sleep 5", {"file_bytes": 1 << 20},
         "file_size"),
    ],
)
def test_limits_end_a_program_with_a_cause(
    boxes: dict[str, Sandbox], tmp_path: Path, script: str, options: dict[str, Any], cause: str
) -> None:
    for name, box in boxes.items():
        scratch = tmp_path / name
        scratch.mkdir()
        result = run(box, f"exec {script}" if script in ("yes", "sleep 20") else script, scratch, **options)
        assert result.cause == cause or (cause == "file_size" and result.cause == "exit"), (name, result)
        assert weight([scratch]) <= 12 << 20
        assert len(result.stdout) < 300 << 10


def test_memory_is_limited(boxes: dict[str, Sandbox], tmp_path: Path) -> None:
    for box in boxes.values():
        assert not python(box, "bytearray(1 << 30)", tmp_path, memory_bytes=256 << 20).ok
        assert python(box, "bytearray(1 << 26)", tmp_path, memory_bytes=256 << 20).ok


def test_nothing_outlives_its_run(boxes: dict[str, Sandbox], tmp_path: Path) -> None:
    for name, box in boxes.items():
        scratch = tmp_path / name
        scratch.mkdir()
        script = "(sleep 1.5; echo late > late) & echo started"
        assert run(box, script, scratch).stdout == b"started\n"
        run(UNCONFINED, "sleep 1.8", tmp_path)
        assert not (scratch / "late").exists(), name


def test_a_program_that_is_not_there_is_not_started(boxes: dict[str, Sandbox], tmp_path: Path) -> None:
    for name, box in boxes.items():
        result = box.run(["/nowhere"], cwd=tmp_path, cpu_s=1, wall_s=5, memory_bytes=0)
        assert not result.ok, name


def test_input_reaches_the_program(boxes: dict[str, Sandbox], tmp_path: Path) -> None:
    for box in boxes.values():
        assert run(box, "wc -c", tmp_path, stdin=b"x" * 300_000).stdout.strip() == b"300000"


def _join(chunks: Sequence[bytes], head: int, tail: int) -> bytes:
    output = CappedOutput(head_bytes=head, tail_bytes=tail)
    for chunk in chunks:
        output.add(chunk)
    return output.text()


def test_capped_output_keeps_head_and_tail() -> None:
    assert _join([b"abc", b"def"], 4, 4) == b"abcdef"
    assert _join([b"ab"], 4, 4) == b"ab"
    assert _join([b"abcdefghij"] * 10, 4, 3) == b"abcd\n[... 93 bytes cut ...]\nhij"
    assert len(_join([b"x" * 1000] * 1000, 10, 10)) < 60

"""One engine per session: refusal, take-over, heartbeat, and what observers may believe."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.fs import Fs, Op
from aigchip_tui.store.lock import (
    ALIVE_SECONDS,
    EngineLock,
    EngineRunningError,
    LockLostError,
    LockObserver,
    read_lock,
)
from aigchip_tui.store.machine import Identity, LocalMachine, is_gone


class PaperMachine:
    """A machine on paper: its processes are a dictionary of pid and start."""

    def __init__(self, pid: int, processes: dict[int, str], *, host: str = "board", boot: str = "boot-1",
                 space: str = "ns-1") -> None:
        self.pid = pid
        self.processes = processes
        self.host, self.boot, self.space = host, boot, space

    def me(self) -> Identity:
        return Identity(host=self.host, boot_id=self.boot, pid_space=self.space, pid=self.pid,
                        pid_started=self.processes.get(self.pid, ""))

    def started(self, pid: int) -> str | None:
        return self.processes.get(pid)


def take(folder: Path, machine: PaperMachine, *, take_over: bool = False, fs: Fs | None = None) -> EngineLock:
    return EngineLock.acquire(folder, name="first", fs=fs or Fs(), machine=machine, take_over=take_over)


def test_the_second_engine_is_refused_and_the_first_keeps_the_lock(tmp_path: Path) -> None:
    processes = {10: "a", 20: "b"}
    first = take(tmp_path, PaperMachine(10, processes))
    with pytest.raises(EngineRunningError) as refused:
        take(tmp_path, PaperMachine(20, processes))
    assert "host board, pid 10" in str(refused.value)
    assert "--take-over" in str(refused.value)
    assert refused.value.exit_code == 2
    assert first.still_mine()
    first.guard()
    assert [path.name for path in tmp_path.iterdir()] == ["engine.lock"]
    first.release()
    assert list(tmp_path.iterdir()) == []
    take(tmp_path, PaperMachine(20, processes))


@pytest.mark.parametrize(
    ("successor", "by_itself"),
    [
        (PaperMachine(20, {20: "b"}), True),
        (PaperMachine(20, {10: "later", 20: "b"}), True),
        (PaperMachine(10, {10: "later"}), True),
        (PaperMachine(20, {10: "a", 20: "b"}), False),
        (PaperMachine(20, {10: "", 20: "b"}), False),
        (PaperMachine(20, {20: "b"}, host="other"), False),
        (PaperMachine(20, {20: "b"}, boot="boot-2"), False),
        (PaperMachine(20, {20: "b"}, boot=""), False),
        (PaperMachine(20, {20: "b"}, space="ns-2"), False),
    ],
    ids=["pid gone", "pid reused", "own pid reused", "pid there", "start unknown", "other host", "other boot",
         "boot unknown", "other container"],
)
def test_it_takes_over_by_itself_only_on_the_same_boot_with_the_process_gone(
    tmp_path: Path, successor: PaperMachine, by_itself: bool,
) -> None:
    first = take(tmp_path, PaperMachine(10, {10: "a"}, boot=successor.boot and "boot-1"))
    if not by_itself:
        with pytest.raises(EngineRunningError):
            take(tmp_path, successor)
        assert first.still_mine()
    second = take(tmp_path, successor, take_over=not by_itself)
    assert second.still_mine()
    assert not first.still_mine()
    with pytest.raises(LockLostError, match=f"pid {successor.pid}"):
        first.guard()


def test_a_replaced_engine_disturbs_nobody(tmp_path: Path) -> None:
    first = take(tmp_path, PaperMachine(10, {10: "a"}))
    second = take(tmp_path, PaperMachine(20, {20: "b"}))
    before = (tmp_path / "engine.lock").read_bytes()
    first.beat()
    first.release()
    assert (tmp_path / "engine.lock").read_bytes() == before
    assert second.still_mine()


def test_a_removed_lock_stops_its_engine(tmp_path: Path) -> None:
    first = take(tmp_path, PaperMachine(10, {10: "a"}))
    (tmp_path / "engine.lock").unlink()
    assert not first.still_mine()
    with pytest.raises(LockLostError, match="removed"):
        first.guard()


@pytest.mark.parametrize("contents", [b"", b"{", b"[]", b'{"nonce":1}', b"\xff" * 2000])
def test_an_unreadable_lock_is_not_taken_for_a_free_one(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "engine.lock").write_bytes(contents)
    with pytest.raises(EngineRunningError, match="unknown host"):
        take(tmp_path, PaperMachine(20, {}))
    assert take(tmp_path, PaperMachine(20, {}), take_over=True).still_mine()


def test_of_two_that_start_at_once_without_advisory_locks_one_goes_on(tmp_path: Path) -> None:
    rivals: list[EngineLock] = []

    def rival_first(op: Op) -> None:
        if op.name == "link" and not rivals:
            rivals.append(take(tmp_path, PaperMachine(20, {20: "b"}), fs=_Unlocked()))

    with pytest.raises(EngineRunningError, match="pid 20"):
        take(tmp_path, PaperMachine(10, {10: "a", 20: "b"}), fs=_Unlocked(rival_first))
    assert rivals[0].still_mine()
    assert [path.name for path in tmp_path.iterdir()] == ["engine.lock"]


class _Unlocked(Fs):
    """A file system without advisory locks, as some NFS mounts are."""

    @contextlib.contextmanager
    def exclusive(self, folder: Path) -> Iterator[None]:
        yield


def test_a_file_system_without_hard_links_is_served_too(tmp_path: Path) -> None:
    def no_links(op: Op) -> None:
        if op.name == "link":
            raise OSError(1, "Operation not permitted")

    lock = take(tmp_path, PaperMachine(10, {10: "a"}), fs=Fs(no_links))
    assert lock.still_mine()


def test_observers_judge_by_beats_and_their_own_clock(tmp_path: Path) -> None:
    now = 0.0
    far = PaperMachine(1, {1: "x"}, host="viewer")
    near = PaperMachine(30, {10: "a", 30: "c"})
    observers = [LockObserver(tmp_path, machine=machine, monotonic=lambda: now) for machine in (far, near)]
    assert [observer.look().state for observer in observers] == ["none", "none"]
    lock = take(tmp_path, PaperMachine(10, {10: "a"}))
    first = [observer.look() for observer in observers]
    assert [(look.state, look.present) for look in first] == [("unknown", None), ("unknown", True)]
    now = 5.0
    lock.beat()
    assert [observer.look().state for observer in observers] == ["alive", "alive"]
    now = 5.0 + ALIVE_SECONDS
    assert [observer.look().state for observer in observers] == ["alive", "alive"]
    now += 0.1
    assert [observer.look().state for observer in observers] == ["silent", "silent"]
    lock.beat()
    assert [observer.look().state for observer in observers] == ["alive", "alive"]
    del near.processes[10]
    assert [observer.look().state for observer in observers] == ["alive", "gone"]
    take(tmp_path, PaperMachine(40, {40: "d"}))
    assert observers[0].look().state == "unknown", "another engine has yet to show its beat"


def test_this_machine_knows_itself_and_its_dead() -> None:
    machine = LocalMachine()
    me = machine.me()
    assert me.pid == os.getpid()
    assert me.host
    assert not is_gone(me, machine)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = machine.started(child.pid)
    assert started is not None
    child.communicate(b"\n")
    assert machine.started(child.pid) is None
    if me.boot_id:
        assert is_gone(msgspec.structs.replace(me, pid=child.pid, pid_started=started), machine)
        assert is_gone(msgspec.structs.replace(me, pid_started="1"), machine)


def test_a_killed_engine_is_a_zombie_and_still_gone(tmp_path: Path) -> None:
    machine = LocalMachine()
    if not machine.me().boot_id:
        pytest.skip("no /proc on this machine")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = msgspec.structs.replace(machine.me(), pid=child.pid, pid_started=machine.started(child.pid) or "")
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(owner, machine)
    child.communicate()


def test_a_lock_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    def read_only(op: Op) -> None:
        raise OSError(30, "Read-only file system")

    with pytest.raises(AigchipError, match="No permission to create") as refused:
        take(tmp_path, PaperMachine(10, {10: "a"}), fs=Fs(read_only))
    assert "\n" not in str(refused.value)
    assert read_lock(tmp_path) is None

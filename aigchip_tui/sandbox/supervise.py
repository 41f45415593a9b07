"""Starts one process, keeps its output within bounds, and ends its whole group at the deadline."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

Cause = Literal["", "exit", "signal", "timeout", "cpu", "memory", "output_flood", "file_size", "not_started"]
HEAD_BYTES = 64 * 1024
TAIL_BYTES = 192 * 1024


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a process that has ended.

    `exit_code` is -1 when a signal ended it. `cause` is empty after exit 0, else why it ended: `exit` (its own
    code), `signal`, `timeout` (wall), `cpu`, `memory`, `output_flood` (pipe), `file_size`, `not_started`. Output
    beyond 256 KiB a stream keeps its head and tail. Times are seconds.
    """

    exit_code: int
    signal: int = 0
    cause: Cause = ""
    stdout: bytes = b""
    stderr: bytes = b""
    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.cause == ""


class CappedOutput:
    """Collects a stream of unknown length in bounded memory: its first and its last bytes."""

    def __init__(self, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES) -> None:
        self.total = 0
        self._head = bytearray()
        self._tail = bytearray()
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes

    def add(self, chunk: bytes) -> None:
        """Appends a chunk, forgetting what lies between head and tail."""
        self.total += len(chunk)
        room = self._head_bytes - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        if len(self._tail) > 2 * self._tail_bytes:
            del self._tail[: -self._tail_bytes]

    def text(self) -> bytes:
        """Head and tail, and between them how many bytes were cut."""
        cut = self.total - len(self._head) - len(self._tail)
        if cut <= 0 and len(self._tail) <= self._tail_bytes:
            return bytes(self._head + self._tail)
        tail = self._tail[-self._tail_bytes :]
        cut = self.total - len(self._head) - len(tail)
        return bytes(self._head) + b"\n[... %d bytes cut ...]\n" % cut + bytes(tail)


def supervise(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    wall_s: float,
    stdin: bytes = b"",
    output_bytes: int = 64 << 20,
    pass_fds: Sequence[int] = (),
    exit_is_128_plus_signal: bool = False,
    scratch: Sequence[Path] = (),
    scratch_bytes: int = 1 << 40,
    clock: Callable[[], float] = time.monotonic,
) -> RunResult:
    """Runs a process to its end or to one of its limits; nothing of its group survives the call.

    `output_bytes` caps what it may print in all before it is ended. `exit_is_128_plus_signal` decodes the exit code
    of a wrapper that reports the signal of its child so. The files below `scratch` are weighed several times a
    second and may hold `scratch_bytes` in all.
    """
    began = clock()
    try:
        process = subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, pass_fds=tuple(pass_fds),
        )
    except OSError as error:
        return RunResult(exit_code=-1, cause="not_started", stderr=f"{argv[0]}: {error.strerror}".encode())
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    outputs = {process.stdout.fileno(): CappedOutput(), process.stderr.fileno(): CappedOutput()}
    forced: Cause = ""
    status: int | None = None
    cpu_s = 0.0
    pending = memoryview(stdin)
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe.fileno(), selectors.EVENT_READ)
        if pending:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin.fileno(), selectors.EVENT_WRITE)
        else:
            process.stdin.close()
        ended_at = weighed_at = 0.0
        while True:
            if status is None:
                got, raw, usage = os.wait4(process.pid, os.WNOHANG)
                if got == process.pid:
                    status, cpu_s, ended_at = raw, usage.ru_utime + usage.ru_stime, clock()
            open_pipes = [key for key in selector.get_map().values() if key.fd in outputs]
            if status is not None and (not open_pipes or clock() - ended_at > 0.5):
                break
            now = clock()
            if status is None and now - began > wall_s and not forced:
                forced = "timeout"
                _end_group(process.pid)
            if status is None and scratch and now - weighed_at > 0.2 and not forced:
                weighed_at = now
                if weight(scratch) > scratch_bytes:
                    forced = "file_size"
                    _end_group(process.pid)
            for key, _ in selector.select(timeout=0.004 if not open_pipes or status is not None else 0.02):
                if key.fd in outputs:
                    chunk = _read(key.fd)
                    if chunk == b"":
                        selector.unregister(key.fd)
                    elif chunk is not None:
                        outputs[key.fd].add(chunk)
                else:
                    pending = _write(key.fd, pending)
                    if not pending:
                        selector.unregister(key.fd)
                        with contextlib.suppress(OSError):
                            process.stdin.close()
            if sum(output.total for output in outputs.values()) > output_bytes and not forced:
                forced = "output_flood"
                _end_group(process.pid)
    _end_group(process.pid)
    process.returncode = status
    out_text, err_text = (outputs[pipe.fileno()].text() for pipe in (process.stdout, process.stderr))
    for stream in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(OSError):
            stream.close()
    return _result(status, forced, exit_is_128_plus_signal, out_text, err_text, cpu_s, clock() - began)


def _result(
    status: int, forced: Cause, wrapped: bool, stdout: bytes, stderr: bytes, cpu_s: float, wall_s: float
) -> RunResult:
    code = os.waitstatus_to_exitcode(status)
    number = 0
    if code < 0:
        number, code = -code, -1
    elif wrapped and code > 128:
        number, code = code - 128, -1
    cause: Cause = forced
    if not cause and number:
        cause = "signal"
        if number == signal.SIGXCPU:
            cause = "cpu"
        elif number == signal.SIGXFSZ:
            cause = "file_size"
    elif not cause and code:
        cause = "exit"
    return RunResult(
        exit_code=code, signal=number, cause=cause, stdout=stdout, stderr=stderr, cpu_s=cpu_s, wall_s=wall_s
    )


def weight(folders: Sequence[Path]) -> int:
    """Bytes on disk below some folders, links not followed, at most 100000 entries counted."""
    total = counted = 0
    pending = [str(folder) for folder in folders]
    while pending and counted < 100_000:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    counted += 1
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return total if counted < 100_000 else 1 << 62


def _end_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _read(fd: int) -> bytes | None:
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _write(fd: int, pending: memoryview) -> memoryview:
    try:
        return pending[os.write(fd, pending[: 1 << 16]) :]
    except BlockingIOError:
        return pending
    except OSError:
        return memoryview(b"")

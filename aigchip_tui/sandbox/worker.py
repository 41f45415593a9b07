"""Readers of hostile C++ in a sandboxed Python process that is used again and again.

A function is named by `module:function`, takes one JSON value and returns one. A request that costs too much time or
memory, or crashes the interpreter, ends the worker and not the caller; the next request gets a fresh one.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec

from aigchip_tui.sandbox.box import Sandbox, launch_words, python_folders, site_folders

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
SERVER = Path(__file__).with_name("serve.py")
WorkerCause = Literal["", "timeout", "memory", "crash", "exception", "not_started", "answer_size"]
ANSWER_BYTES = 64 << 20
PATIENCE = 5
"""Times as long as a request may work, by the clock: a loaded machine is no verdict on what is read."""
_HEAD = struct.Struct("<I")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker returned: `value` when `cause` is empty, else why there is none."""

    value: Any = None
    cause: WorkerCause = ""
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether the function returned."""
        return self.cause == ""


class Worker:
    """One recycled process; requests are served in turn, and from any thread."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        memory_bytes: int = 500 << 20,
        read_only: Sequence[Path] = (),
        recycle_after: int = 200,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sandbox = sandbox
        self._memory_bytes = memory_bytes
        self._read_only = tuple(read_only)
        self._recycle_after = recycle_after
        self._clock = clock
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._served = 0

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, function: str, payload: Any, *, wall_s: float = 2.0) -> Answer:
        """Calls `module:function` with `payload` in the worker; never raises for what the function does.

        The call may take `wall_s` on a machine of its own: that much CPU time, and `PATIENCE` times as long by the
        clock. Starting a worker and importing the module have twenty seconds of their own.
        """
        with self._lock:
            if self._served >= self._recycle_after:
                self._stop()
            if self._process is None:
                problem = self._start()
                if problem:
                    self._stop()
                    return Answer(cause="not_started", message=problem)
            for words, limit in (({"import": function}, 20.0), ({"call": function, "payload": payload}, wall_s)):
                answer = self._exchange({**words, "cpu_s": limit}, limit)
                if not answer.ok:
                    if answer.cause != "exception":
                        self._stop()
                    return answer
            self._served += 1
            return answer

    def close(self) -> None:
        """Ends the process, if there is one."""
        with self._lock:
            self._stop()

    def _start(self) -> str:
        self._scratch = tempfile.TemporaryDirectory(prefix="aigchip-worker-")
        folder = Path(self._scratch.name)
        program = [sys.executable, "-I", str(SERVER), str(PACKAGE_ROOT), *map(str, site_folders())]
        words, env = launch_words(
            self._sandbox, program, cwd=folder,
            read_only=[PACKAGE_ROOT / "aigchip_tui", *python_folders(), *self._read_only], writable=[folder],
            cpu_s=600, memory_bytes=self._memory_bytes, file_bytes=1 << 20,
        )
        self._process = subprocess.Popen(
            words, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )
        self._served = 0
        hello = self._exchange(None, 20.0)
        return "" if hello.ok else f"The worker did not start ({hello.cause})."

    def _exchange(self, words: dict[str, Any] | None, wall_s: float) -> Answer:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = self._clock() + PATIENCE * wall_s
        if words is not None:
            text = json.dumps(words).encode()
            try:
                process.stdin.write(_HEAD.pack(len(text)) + text)
                process.stdin.flush()
            except OSError:
                return self._ended()
        head = self._receive(process.stdout.fileno(), _HEAD.size, deadline)
        if not isinstance(head, bytes):
            return head
        (size,) = _HEAD.unpack(head)
        if size > ANSWER_BYTES:
            return Answer(cause="answer_size", message=f"The worker announced an answer of {size} bytes.")
        text_back = self._receive(process.stdout.fileno(), size, deadline)
        if not isinstance(text_back, bytes):
            return text_back
        try:
            return msgspec.json.decode(text_back, type=Answer)
        except msgspec.MsgspecError:
            return Answer(cause="crash", message="The worker's answer could not be read.")

    def _receive(self, fd: int, size: int, deadline: float) -> bytes | Answer:
        got = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(fd, selectors.EVENT_READ)
            while len(got) < size:
                left = deadline - self._clock()
                if left <= 0:
                    return Answer(cause="timeout", message="The worker was ended at its time limit.")
                if selector.select(timeout=left):
                    chunk = os.read(fd, min(1 << 20, size - len(got)))
                    if not chunk:
                        return self._ended()
                    got += chunk
        return bytes(got)

    def _ended(self) -> Answer:
        process = self._process
        code = 0
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=2)
        number = -code if code < 0 else code - 128 if code > 128 else 0
        if number == signal.SIGPROF:
            return Answer(cause="timeout", message="The worker was ended at its limit of CPU time.")
        if number in (signal.SIGKILL, signal.SIGXCPU):
            return Answer(cause="memory", message="The worker was ended by the system, most likely for its memory.")
        return Answer(cause="crash", message=f"The worker ended (exit {code}).")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None


def run_python(
    function: str, payload: Any, *, sandbox: Sandbox, wall_s: float = 2.0, memory_bytes: int = 500 << 20,
    read_only: Sequence[Path] = (),
) -> Answer:
    """Calls `module:function` once in a fresh sandboxed process."""
    with Worker(sandbox, memory_bytes=memory_bytes, read_only=read_only) as worker:
        return worker.run(function, payload, wall_s=wall_s)

"""The detached engine: a process of its own that outlives the terminal, and what starts it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from aigchip_tui.engine.runner import Handle, run_engine
from aigchip_tui.model.errors import AigchipError, NoResultError
from aigchip_tui.store.fs import disk_error
from aigchip_tui.store.lock import read_lock, refusal
from aigchip_tui.store.machine import LocalMachine, is_gone
from aigchip_tui.store.record import ENGINE_STARTED
from aigchip_tui.store.session import Session, open_session

START_WAIT_S = 60.0
_TYPED_EXITS = (2, 3)
"""Exit codes of the command-line contract that an engine which cannot begin passes on."""
LOG_LINES = 12


def spawn(session: Session, *, environment: Mapping[str, str], arguments: tuple[str, ...] = ()) -> int:
    """Start the engine of `session` in a process of its own; returns its pid after EngineStarted is journalled.

    Raises EngineRunningError when another engine holds the session, StoreError when engine.log cannot be written,
    NoResultError with the last lines of engine.log and the engine's exit code when it ends before that.
    """
    session.require_writable()
    holder = read_lock(session.folder)
    if holder is not None and "--take-over" not in arguments and not is_gone(holder.owner, LocalMachine()):
        raise refusal(session.name, holder)
    reader = session.reader()
    reader.poll()
    epoch = reader.epoch
    command = [
        *_scope(environment), sys.executable, "-m", "aigchip_tui.engine.detached", str(session.place.root),
        session.name, *arguments,
    ]
    try:
        log = os.open(session.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise disk_error(problem, session.log, "write") from problem
    since = os.fstat(log).st_size
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True,
            cwd="/", env=dict(environment),
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline:
        for record in reader.poll():
            if record.kind == ENGINE_STARTED and record.epoch > epoch:
                return int(record.payload.get("pid", child.pid))
        if child.poll() is not None:
            ended = NoResultError(f"The engine of {session.name} ended at once:\n{_tail(session.log, since)}")
            if child.returncode in _TYPED_EXITS:
                ended.exit_code = child.returncode
            raise ended
        time.sleep(0.05)
    raise NoResultError(f"The engine of {session.name} has not started within {START_WAIT_S:.0f} s:\n"
                        f"{_tail(session.log, since)}")


def _scope(environment: Mapping[str, str]) -> list[str]:
    """A systemd scope of the user where there is one: it survives a logout that ends the session's processes."""
    runner = shutil.which("systemd-run", path=environment.get("PATH", ""))
    if runner is None or not environment.get("XDG_RUNTIME_DIR"):
        return []
    if not Path(environment["XDG_RUNTIME_DIR"], "systemd", "private").exists():
        return []
    return [runner, "--user", "--scope", "--quiet", "--collect"]


def _tail(path: Path, since: int) -> str:
    """The last lines of what was logged from byte `since` on: an engine before this one has nothing to say of it."""
    try:
        with path.open("rb") as log:
            log.seek(since)
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(lines[-LOG_LINES:])


def install_signals(handle: Handle, *, stop_on: tuple[signal.Signals, ...]) -> Callable[[], None]:
    """SIGTERM and friends ask the engine to drain and end; returns what puts the old handlers back."""
    old = {}
    for number in stop_on:
        old[number] = signal.signal(number, lambda got, frame: handle.stop(f"signal {signal.Signals(got).name}"))

    def restore() -> None:
        for number, previous in old.items():
            signal.signal(number, previous)

    return restore


def main(arguments: list[str]) -> int:
    """Entry of the detached process: ROOT NAME [--take-over] [--upgrade] [--jobs N]."""
    from aigchip_tui.llm.redact import redactor
    from aigchip_tui.store.session import resolve_place

    root, name, *options = arguments
    with contextlib.suppress(ValueError, OSError):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    redact = redactor(os.environ)
    session = open_session(resolve_place(root, environment=os.environ, redact=redact), name)
    handle = Handle()
    install_signals(handle, stop_on=(signal.SIGTERM, signal.SIGINT))
    jobs = int(options[options.index("--jobs") + 1]) if "--jobs" in options else 0
    try:
        result = run_engine(
            session, environment=dict(os.environ), handle=handle, jobs=jobs, take_over="--take-over" in options,
            upgrade="--upgrade" in options, wait_for_human=True,
        )
    except AigchipError as problem:
        _log(redact.text(f"aigchip-tui: {problem}"))
        return problem.exit_code
    except Exception:
        _log(redact.text(f"aigchip-tui: the engine has a fault of its own:\n{traceback.format_exc()}"))
        return 1
    cut = f"; cut: {', '.join(result.cut)}" if result.cut else ""
    _log(f"engine of {name} ended: {result.reason}{cut}")
    leave(0, cut=bool(result.cut))
    return 0


def _log(text: str) -> None:
    """A line for engine.log, which is this process's stderr; a full disk does not change how it ended."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def leave(code: int, *, cut: bool) -> None:
    """End the process at once where steps were cut: their threads wait for programs that die with this process."""
    if cut:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

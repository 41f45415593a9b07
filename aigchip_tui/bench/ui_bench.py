"""What opening a large session costs, in processes of their own: before the index knows it, and from then on."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from aigchip_tui.bench.synthetic import synthetic_session
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.session import resolve_place

_NAME = "invented"
_PATIENCE_S = 600.0


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """One command on the session: seconds to its end (attach: to the best design on the screen), CPU, memory."""

    command: str
    indexed: bool
    wall_s: float
    cpu_s: float
    peak_mib: float


class OpeningReport(msgspec.Struct, frozen=True, kw_only=True):
    """All openings of one session of `designs` designs; `ratio` is show without the index over show with it."""

    designs: int
    journal_mib: float
    openings: tuple[Opening, ...]
    ratio: float


def bench_ui(*, designs: int, seed: int, told: Callable[[Opening], None]) -> OpeningReport:
    """Make an invented session in a temporary folder and open it again and again; a pseudo terminal of 80x24."""
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        environment = {
            **os.environ, "AIGCHIP_SESSIONS": str(base / "sessions"), "XDG_DATA_HOME": str(base / "data"),
            "XDG_CACHE_HOME": str(base / "cache"), "TERM": "xterm-256color",
        }
        place = resolve_place(base / "sessions", environment={})
        session = synthetic_session(place, _NAME, designs=designs, seed=seed)
        openings: list[Opening] = []
        for indexed, command in ((False, "show"), (True, "show"), (True, "ls"), (True, "attach")):
            words = [command] if command == "ls" else [command, _NAME]
            until = _best(environment) if command == "attach" else ""
            opening = _open(words, environment, indexed=indexed, until=until)
            openings.append(opening)
            told(opening)
        return OpeningReport(
            designs=designs, journal_mib=session.journal.stat().st_size / 2**20, openings=tuple(openings),
            ratio=openings[0].wall_s / openings[1].wall_s,
        )


def _best(environment: Mapping[str, str]) -> str:
    """Asked of a process of its own: this one stays small, since a child's peak begins with its parent's memory."""
    told = subprocess.run([sys.executable, "-m", "aigchip_tui", "show", _NAME, "--json"], env=dict(environment),
                          capture_output=True, check=True).stdout
    return str(json.loads(told)["best"]["id"])


def _open(words: list[str], environment: Mapping[str, str], *, indexed: bool, until: str) -> Opening:
    begun = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-m", "aigchip_tui", *words], dict(environment))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        shown = _read(terminal, until.encode(), begun)
        wall = time.monotonic() - begun
        if until:
            os.kill(child, signal.SIGHUP)
    finally:
        os.close(terminal)
    _, status, used = os.wait4(child, 0)
    if not until and status != 0:
        text = shown.decode("utf-8", "replace")[-400:]
        raise AigchipError(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}: {text}")
    return Opening(
        command=words[0], indexed=indexed, wall_s=wall, cpu_s=used.ru_utime + used.ru_stime,
        peak_mib=used.ru_maxrss / 1024,
    )


def _read(terminal: int, until: bytes, begun: float) -> bytes:
    """What the terminal shows up to `until`, or to the end of the process."""
    shown = b""
    while time.monotonic() - begun < _PATIENCE_S:
        if not select.select([terminal], [], [], 1.0)[0]:
            continue
        try:
            part = os.read(terminal, 1 << 16)
        except OSError:
            return shown
        shown += part
        if not part or (until and until in shown):
            return shown
    raise AigchipError(f"Nothing was shown within {_PATIENCE_S:.0f} s.")

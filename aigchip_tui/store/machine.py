"""Who an engine is: host, boot, process space, pid and its start, so that a reused pid deceives nobody."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import Protocol

import msgspec


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """One process on one boot of one host. Empty strings are unknown and never equal to anything."""

    host: str
    boot_id: str
    pid_space: str
    pid: int
    pid_started: str


class Machine(Protocol):
    """What the lock asks of the operating system."""

    def me(self) -> Identity:
        """The calling process."""
        ...

    def started(self, pid: int) -> str | None:
        """A mark of when `pid` started (empty when unknown), None when there is no such process."""
        ...


class LocalMachine:
    """This machine, read from /proc where there is one."""

    def me(self) -> Identity:
        """The calling process; call it after the last fork."""
        pid = os.getpid()
        space = ""
        with contextlib.suppress(OSError):
            space = os.readlink("/proc/self/ns/pid")
        boot = ""
        with contextlib.suppress(OSError):
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return Identity(host=socket.gethostname(), boot_id=boot, pid_space=space, pid=pid,
                        pid_started=self.started(pid) or "")

    def started(self, pid: int) -> str | None:
        """Start of `pid` in clock ticks since boot; a zombie counts as gone."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except FileNotFoundError:
            if Path("/proc/self/stat").exists():
                return None
        except OSError:
            return ""
        else:
            return None if fields[0] in {"Z", "X"} else fields[19]
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except OSError:
            pass
        return ""


def same_machine(a: Identity, b: Identity) -> bool:
    """Whether both are known to live on the same boot of the same host and to see the same processes."""
    return bool(a.boot_id) and a.boot_id == b.boot_id and a.host == b.host and a.pid_space == b.pid_space


def is_gone(owner: Identity, machine: Machine) -> bool:
    """Whether `owner` certainly no longer runs: same machine, and its pid free or given to another process."""
    if not same_machine(owner, machine.me()):
        return False
    started = machine.started(owner.pid)
    return started is None or bool(started and owner.pid_started and started != owner.pid_started)

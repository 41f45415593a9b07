"""One sandbox: a tier of confinement that was verified on this machine, and the way to run a program in it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from aigchip_tui.sandbox.kernel import filter_is_known
from aigchip_tui.sandbox.supervise import RunResult, supervise

Tier = Literal["bwrap", "namespaces", "landlock", "none"]
LAUNCHER = Path(__file__).with_name("launcher.py")
LAUNCHER_FAILED = 125


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """A tier of confinement.

    `denied` are the powers that probes saw refused, `open_powers` those they saw granted; `problems` says of the tier
    `none` why the others do not hold on this machine.
    """

    name: Tier
    denied: tuple[str, ...] = ()
    open_powers: tuple[str, ...] = ()
    bwrap: str = ""
    problems: tuple[str, ...] = ()

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        read_only: Sequence[Path] = (),
        writable: Sequence[Path] = (),
        cpu_s: float,
        wall_s: float,
        memory_bytes: int,
        file_bytes: int = 256 << 20,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        allow_fork: bool = False,
        output_bytes: int = 64 << 20,
    ) -> RunResult:
        """Runs a program to its end or to a limit.

        It sees the system's programs and libraries and `read_only`, writes only into `writable`, and gets no
        environment but a minimal one and `env`. `memory_bytes` 0 leaves the address space unlimited (sanitizers
        reserve terabytes: they bound themselves); `file_bytes` bounds each file it writes. New processes need
        `allow_fork`. Never raises for what the program does.
        """
        words, minimal = launch_words(
            self, argv, cwd=cwd, read_only=read_only, writable=writable, cpu_s=cpu_s, memory_bytes=memory_bytes,
            file_bytes=file_bytes, env=env, allow_fork=allow_fork,
        )
        result = supervise(
            words, cwd=cwd, env=minimal, wall_s=wall_s, stdin=stdin, scratch=writable, scratch_bytes=2 * file_bytes,
            output_bytes=output_bytes, exit_is_128_plus_signal=self.name in ("bwrap", "namespaces"),
        )
        if result.exit_code == LAUNCHER_FAILED and b"AIGCHIP-LAUNCHER" in result.stderr:
            return msgspec.structs.replace(result, cause="not_started")
        return result


def launch_words(
    box: Sandbox,
    argv: Sequence[str],
    *,
    cwd: Path,
    read_only: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    cpu_s: float,
    memory_bytes: int,
    file_bytes: int,
    env: Mapping[str, str] | None = None,
    allow_fork: bool = False,
) -> tuple[list[str], dict[str, str]]:
    """The command and environment that start a program in a sandbox; the arguments are those of `Sandbox.run`."""
    folder = cwd.resolve()
    limits = {"CORE": 0, "CPU": max(1, round(cpu_s)), "FSIZE": file_bytes, "NOFILE": 256, "STACK": 64 << 20}
    if memory_bytes:
        limits["AS"] = memory_bytes
    if allow_fork and os.getuid() != 0:
        limits["NPROC"] = _processes_of_user() + 64
    minimal = {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(folder), "TMPDIR": str(folder),
    }
    config: dict[str, Any] = {
        "tier": box.name, "bwrap": box.bwrap, "parent": os.getpid(), "argv": list(argv), "cwd": str(folder),
        "env": minimal | dict(env or {}), "limits": limits, "allow_fork": allow_fork,
        "filter": filter_is_known(),
        "read_only": [str(path.resolve()) for path in read_only],
        "writable": [str(path.resolve()) for path in writable],
    }
    return [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(config)], minimal


def python_folders() -> tuple[Path, ...]:
    """What this Python interpreter needs to start inside a sandbox: its own installation and its environment."""
    folders = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent, *site_folders()}
    return tuple(sorted(folder for folder in folders if not folder.is_relative_to("/usr") and folder != Path("/")))


def site_folders() -> tuple[Path, ...]:
    """Where this interpreter finds installed packages, those of the user and of PYTHONPATH included."""
    names = ("site-packages", "dist-packages")
    return tuple(Path(entry) for entry in sys.path if Path(entry).name in names and Path(entry).is_dir())


def _processes_of_user() -> int:
    """Processes and threads of this user now; RLIMIT_NPROC counts all of them."""
    mine = os.getuid()
    total = 0
    try:
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    if os.stat(f"/proc/{name}").st_uid == mine:
                        total += len(os.listdir(f"/proc/{name}/task"))
                except OSError:
                    continue
    except OSError:
        return 512
    return total


UNCONFINED = Sandbox(name="none")

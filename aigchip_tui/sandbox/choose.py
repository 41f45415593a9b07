"""Chooses the sandbox by what it is seen to deny, never by what is installed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.sandbox.box import UNCONFINED, Sandbox, Tier, python_folders

PROBE = Path(__file__).with_name("probe.py")
REQUIRED = ("read home", "network", "see the engine", "write outside scratch")
"""Powers that a tier must deny to be a sandbox at all."""
POWERS = (*REQUIRED, "read other files", "signal other processes", "new processes")


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one tier; `problem` says why it cannot be used, empty when it can."""

    tier: Tier
    denied: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    problem: str = ""


class Probes:
    """The traps that a tier must not reach: a canary at home, a listening socket, /proc of a process, a folder.

    `scratch` is a folder for short-lived files; `environment` gives HOME and PATH.
    """

    def __init__(self, *, scratch: Path, environment: Mapping[str, str]) -> None:
        self._scratch = scratch
        self._environment = environment

    @property
    def bwrap(self) -> str:
        """Path of bubblewrap, empty when the PATH has none."""
        return shutil.which("bwrap", path=self._environment.get("PATH", os.defpath)) or ""

    def examine(self, tier: Tier) -> Attempt:
        """Runs the probe inside a tier and reports what it could do."""
        if tier == "bwrap" and not self.bwrap:
            return Attempt(tier=tier, problem="bubblewrap is not on the PATH")
        box = Sandbox(name=tier, bwrap=self.bwrap)
        with contextlib.ExitStack() as stack:
            inside = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self._scratch, prefix="in-")))
            outside = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self._scratch, prefix="out-")))
            (outside / "secret").write_text("secret")
            traps = {
                "home": str(stack.enter_context(_canary(self._home(outside)))),
                "port": stack.enter_context(_listener()),
                "nonce": (nonce := secrets.token_hex(16)),
                "decoy": stack.enter_context(_decoy(nonce)),
                "outside": str(outside),
            }
            result = box.run(
                [sys.executable, "-I", "-S", str(PROBE), json.dumps(traps)], cwd=inside, writable=[inside],
                read_only=[*python_folders(), PROBE.parent], cpu_s=10, wall_s=20, memory_bytes=1 << 30,
            )
        if not result.ok:
            last = result.stderr.decode(errors="replace").strip().splitlines()[-1:] or [result.cause]
            return Attempt(tier=tier, problem=last[0].removeprefix("AIGCHIP-LAUNCHER ")[:200])
        try:
            could = json.loads(result.stdout)
        except ValueError:
            return Attempt(tier=tier, problem="the probe gave no answer")
        denied = tuple(power for power in POWERS if could.get(power) is False)
        granted = tuple(power for power in POWERS if could.get(power) is not False)
        missing = [power for power in REQUIRED if power not in denied]
        problem = f"does not deny: {', '.join(missing)}" if missing else ""
        return Attempt(tier=tier, denied=denied, granted=granted, problem=problem)

    def _home(self, fallback: Path) -> Path:
        home = Path(self._environment.get("HOME", ""))
        return home if home.is_absolute() and os.access(home, os.W_OK) else fallback


def choose(probes: Probes, *, wanted: Literal["auto", "bwrap", "namespaces", "landlock", "none"] = "auto") -> Sandbox:
    """The strongest tier whose probes failed to get out; `none` when no tier holds or `wanted` says so.

    Raises:
        AigchipError: a tier was asked for by name and does not hold here.
    """
    if wanted == "none":
        return UNCONFINED
    tiers: tuple[Tier, ...] = ("bwrap", "namespaces", "landlock") if wanted == "auto" else (wanted,)
    problems = []
    for tier in tiers:
        attempt = probes.examine(tier)
        if not attempt.problem:
            return Sandbox(
                name=tier, denied=attempt.denied, open_powers=attempt.granted, bwrap=probes.bwrap,
            )
        problems.append(f"{tier}: {attempt.problem}")
    if wanted != "auto":
        raise AigchipError(f"The sandbox {wanted} does not hold here ({problems[0]}).", hint="Use --sandbox auto.")
    return msgspec.structs.replace(UNCONFINED, problems=tuple(problems))


@contextlib.contextmanager
def _canary(home: Path) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(prefix=".aigchip-canary-", dir=home)
    os.write(descriptor, b"canary")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        os.unlink(name)


@contextlib.contextmanager
def _listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(4)
        yield int(server.getsockname()[1])


@contextlib.contextmanager
def _decoy(nonce: str) -> Iterator[int]:
    """A process of ours, in place of the engine: its environment must stay unseen, and signals must not reach it."""
    process = subprocess.Popen(
        ["/bin/sleep", "30"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={"AIGCHIP_DECOY": nonce}
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()

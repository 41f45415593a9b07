"""Tries to get out of a sandbox and reports, as one JSON object on stdout, which powers it had.

Started as `python -I -S probe.py TRAPS` inside the tier under examination; a power is true when the attempt worked.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any


def powers(traps: dict[str, Any]) -> dict[str, bool]:
    """Every attempt by the name of its power."""
    outside = traps["outside"]
    return {
        "read home": _works(lambda: _read(traps["home"])),
        "read other files": _works(lambda: _read(f"{outside}/secret")) or _works(lambda: _read("/etc/passwd")),
        "network": _works(lambda: socket.create_connection(("127.0.0.1", traps["port"]), timeout=2).close()),
        "see the engine": _works(lambda: _read(f"/proc/{traps['decoy']}/environ"), traps["nonce"].encode()),
        "write outside scratch": _works(lambda: _write(f"{outside}/written")),
        "signal other processes": _works(lambda: os.kill(traps["decoy"], 0)),
        "new processes": _works(_fork),
    }


def _works(attempt: Callable[[], Any], contains: bytes = b"") -> bool:
    try:
        got = attempt()
    except OSError:
        return False
    return not contains or contains in got


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(1 << 16)


def _write(path: str) -> None:
    with open(path, "wb") as file:
        file.write(b"written")


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(powers(json.loads(sys.argv[1]))))

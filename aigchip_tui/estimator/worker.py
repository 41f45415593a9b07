"""`estimate_safely`: the estimate of untrusted text in a process of its own, bounded in time and memory.

A hostile file costs at most the limits here and a clear sentence; the caller's process never parses it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from aigchip_tui.cpp.limits import SOURCE_LIMITS
from aigchip_tui.estimator.result import Estimate, SweptPoint
from aigchip_tui.model.errors import AigchipError

CPU_SECONDS = 2
WALL_SECONDS = 20.0
MEMORY_BYTES = 500 << 20
_POINTS_A_SECOND = 20
"""Points for which a sweep may take a second of CPU time more: a point costs at most what a file costs."""
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker is asked, as JSON on its standard input; with `points` it is a sweep."""

    sources: dict[str, str]
    include: dict[str, str] = {}
    top: str = ""
    clock_ns: float = 10.0
    part: str = ""
    sets: dict[str, int] = {}
    directives: str = ""
    unsafe_math: bool = False
    points: list[dict[str, int]] = []
    cpu_seconds: int = CPU_SECONDS
    memory_bytes: int = MEMORY_BYTES


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker answers: an estimate, the points of a sweep, or one sentence."""

    estimate: Estimate | None = None
    points: list[SweptPoint] = []
    error: str = ""
    hint: str = ""


def estimate_safely(
    sources: Mapping[str, str],
    *,
    top: str = "",
    clock_ns: float = 10.0,
    part: str = "xczu7ev",
    sets: Mapping[str, int] | None = None,
    directives: str = "",
    include: Mapping[str, str] | None = None,
    unsafe_math: bool = False,
    cpu_seconds: int = CPU_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> Estimate:
    """Estimates sources (path to text) in a process of at most 2 s of CPU time and 500 MB.

    Raises AigchipError with one sentence when the text cannot be read or costs more than that.
    """
    request = Request(
        sources=dict(sources),
        include=dict(include or {}),
        top=top,
        clock_ns=clock_ns,
        part=part,
        sets=dict(sets or {}),
        directives=directives,
        unsafe_math=unsafe_math,
        cpu_seconds=cpu_seconds,
        memory_bytes=memory_bytes,
    )
    found = _answered(request).estimate
    assert found is not None
    return found


def sweep_safely(
    sources: Mapping[str, str],
    points: Sequence[Mapping[str, int]],
    *,
    top: str = "",
    clock_ns: float = 10.0,
    part: str = "xczu7ev",
    sets: Mapping[str, int] | None = None,
    directives: str = "",
    include: Mapping[str, str] | None = None,
) -> list[SweptPoint]:
    """A `sweep` in a process as that of `estimate_safely`, with 50 ms of CPU time more for each point.

    Raises AigchipError with one sentence when the text cannot be read or costs more than that.
    """
    request = Request(
        sources=dict(sources),
        include=dict(include or {}),
        top=top,
        clock_ns=clock_ns,
        part=part,
        sets=dict(sets or {}),
        directives=directives,
        points=[dict(one) for one in points],
        cpu_seconds=CPU_SECONDS + len(points) // _POINTS_A_SECOND,
    )
    return _answered(request).points


def _answered(request: Request) -> Reply:
    for path, text in (*request.sources.items(), *request.include.items()):
        if len(text) > SOURCE_LIMITS.characters:
            raise AigchipError(
                f"'{path}' has {len(text)} characters, at most {SOURCE_LIMITS.characters} are read.",
                hint="Give the kernel alone.",
            )
    command = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(_PACKAGE_ROOT)!r}); from aigchip_tui.estimator.serve import main; main()",
    ]
    try:
        done = subprocess.run(
            command,
            input=msgspec.json.encode(request),
            capture_output=True,
            timeout=WALL_SECONDS + 2 * (request.cpu_seconds - CPU_SECONDS),
            check=False,
            env={"PYTHONHASHSEED": "0"},
            cwd="/",
        )
    except subprocess.TimeoutExpired as error:
        raise AigchipError("The source takes too long to be read.", hint="Is it larger than a kernel?") from error
    if done.returncode != 0 or not done.stdout:
        raise AigchipError(
            f"The source costs more than {request.cpu_seconds} s or {request.memory_bytes >> 20} MB to be read.",
            hint="Give the kernel alone, or lower its unroll factors.",
        )
    reply = msgspec.json.decode(done.stdout, type=Reply)
    if reply.error:
        raise AigchipError(reply.error, hint=reply.hint)
    return reply

"""The process behind `estimate_safely`: limits itself first, then reads the request, answers once and ends."""

from __future__ import annotations

import gc
import resource
import signal
import sys
from typing import Any, NoReturn

import msgspec

_TO_SAY_SO_S = 0.1
"""CPU time that is kept for the answer."""


def _spent(limit: str) -> NoReturn:
    from aigchip_tui.estimator.options import SpentError

    raise SpentError(limit)


def main() -> None:
    """Reads one request from standard input and writes one reply to standard output."""
    from aigchip_tui.estimator.estimate import estimate
    from aigchip_tui.estimator.options import Options, SpentError
    from aigchip_tui.estimator.settable import refuse_unknown_names
    from aigchip_tui.estimator.sweeps import sweep
    from aigchip_tui.estimator.worker import Reply, Request
    from aigchip_tui.model.errors import AigchipError

    # One answer, then the process ends: looking for cycles costs a tenth of its time and frees nothing of use.
    gc.disable()
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    # The timer counts fractions of a second, start-up included, and leaves time to say where the walk stood; the limit
    # ends what does not come back to say so.
    signal.signal(signal.SIGPROF, lambda *_: _spent(f"{request.cpu_seconds} s of CPU time"))
    signal.setitimer(signal.ITIMER_PROF, max(0.1, request.cpu_seconds - _TO_SAY_SO_S - used))
    resource.setrlimit(resource.RLIMIT_CPU, (request.cpu_seconds, request.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (request.memory_bytes, request.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)) if not sys.stdout.seekable() else None
    try:
        asked: dict[str, Any] = {
            "top": request.top,
            "clock_ns": request.clock_ns,
            "part": request.part,
            "sets": request.sets,
            "directives": request.directives,
            "include": request.include,
            "options": Options(unsafe_math=request.unsafe_math),
        }
        if request.points:
            reply = Reply(points=list(sweep(request.sources, request.points, **asked)))
        else:
            refuse_unknown_names((*request.sources.values(), *request.include.values()), request.sets)
            reply = Reply(estimate=estimate(request.sources, **asked))
    except AigchipError as error:
        reply = Reply(error=error.message, hint=error.hint)
    except (RecursionError, MemoryError):
        reply = Reply(error="The source is nested too deeply or too large to be read.")
    except SpentError as error:
        reply = Reply(error=f"The source costs more than {error} to be read.", hint="Give the kernel alone.")
    except Exception as error:
        where = type(error).__name__
        reply = Reply(error=f"The source holds something the estimator cannot read ({where}).")
    sys.stdout.buffer.write(msgspec.json.encode(reply))
    sys.stdout.flush()

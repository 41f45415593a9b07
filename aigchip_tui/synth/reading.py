"""Reads one module's C++ with the estimator; runs in a sandboxed worker and takes and gives plain JSON values."""

from __future__ import annotations

from typing import Any


def read_module(payload: dict[str, Any]) -> dict[str, Any]:
    """Rate, depth and resources of one module. `payload`: headers, children (texts), body, function, clock_ns, part.

    `ii` and `depth` are those of the pipelined loop that works through a command; a loop that is not pipelined counts
    with its whole iteration as II.
    """
    from aigchip_tui.estimator.estimate import estimate

    text = "\n".join([*payload["headers"].values(), *payload["children"], payload["body"]])
    found = estimate(
        {"module.hpp": text}, top=payload["function"], clock_ns=payload["clock_ns"], part=payload["part"],
    )
    ii, depth = 1, 1
    for loop in found.loops:
        if loop.ii is not None and loop.pipelined:
            ii, depth = max(ii, loop.ii), max(depth, loop.depth or 1)
    return {
        "ii": ii, "depth": depth, "dsp": found.dsp, "bram18": found.bram18, "uram": found.uram, "lut": found.lut,
        "ff": found.ff, "unknown": list(found.unknown),
    }

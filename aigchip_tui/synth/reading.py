"""Reads one module's C++ with the estimator; runs in a sandboxed worker and takes and gives plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aigchip_tui.model.module import Variant


def module_request(
    variant: Variant, body: str, children: Sequence[tuple[Variant, str]], *, headers: Mapping[str, str],
    clock_ns: float, part: str,
) -> dict[str, Any]:
    """What `read_module` is asked: the module and its children in their files and namespaces, as they are assembled."""
    files = dict(headers)
    for one, text in (*children, (variant, body)):
        files[_file(one)] = f"{one.prologue}{text}\n{one.epilogue}"
    return {
        "files": files, "main": _file(variant), "function": variant.function, "clock_ns": clock_ns, "part": part,
    }


def _file(variant: Variant) -> str:
    return f"{variant.key.replace('-', '_')}.hpp"


def read_module(payload: dict[str, Any]) -> dict[str, Any]:
    """Rate, depth and resources of one module.

    `payload` is a `module_request`. `ii` and `depth` are those of the pipelined loop that works through a command.
    Raises AigchipError when a part of the module cannot be read.
    """
    from aigchip_tui.estimator.estimate import estimate
    from aigchip_tui.model.errors import AigchipError

    files = dict(payload["files"])
    main = payload["main"]
    found = estimate(
        {main: files.pop(main)}, include=files, top=payload["function"], clock_ns=payload["clock_ns"],
        part=payload["part"],
    )
    if found.dsp is None:
        raise AigchipError(f"{payload['function']} cannot be read whole: {found.unknown[0]}.")
    ii, depth = 1, 1
    for loop in found.loops:
        if loop.ii is not None and loop.pipelined:
            ii, depth = max(ii, loop.ii), max(depth, loop.depth or 1)
    return {
        "ii": ii, "depth": depth, "dsp": found.dsp, "bram18": found.bram18, "uram": found.uram, "lut": found.lut,
        "ff": found.ff, "unknown": [each for each in found.unknown if "known only at run time" not in each],
    }

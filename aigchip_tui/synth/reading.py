"""Reads one module's C++ with the estimator; runs in a sandboxed worker and takes and gives plain JSON values."""

from __future__ import annotations

import re
from typing import Any

_DECLARED = re.compile(
    r"^(?:static\s+)?(?:constexpr|const)\s+[\w: ]+?\s(\w+)\s*="
    r"|^typedef\s+[^;]*?\b(\w+)\s*(?:\[[^;]*)?;"
    r"|^using\s+(\w+)\s*=",
    re.M,
)


def read_module(payload: dict[str, Any]) -> dict[str, Any]:
    """Rate, depth and resources of one module. `payload`: headers, children (texts), body, function, clock_ns, part.

    `ii` and `depth` are those of the pipelined loop that works through a command. Names that a child declares in its
    namespace are kept apart from the caller's.
    """
    from aigchip_tui.estimator.estimate import estimate

    children = [_apart(text, f"c{number}_") for number, text in enumerate(payload["children"])]
    text = "\n".join([*payload["headers"].values(), *children, payload["body"]])
    found = estimate(
        {"module.hpp": text}, top=payload["function"], clock_ns=payload["clock_ns"], part=payload["part"],
    )
    ii, depth = 1, 1
    for loop in found.loops:
        if loop.ii is not None and loop.pipelined:
            ii, depth = max(ii, loop.ii), max(depth, loop.depth or 1)
    return {
        "ii": ii, "depth": depth, "dsp": found.dsp, "bram18": found.bram18, "uram": found.uram, "lut": found.lut,
        "ff": found.ff, "unknown": [each for each in found.unknown if "known only at run time" not in each],
    }


def _apart(text: str, prefix: str) -> str:
    """The child's text with the constants and types of its namespace under names of their own."""
    names = {name for groups in _DECLARED.findall(text) for name in groups if name}
    if not names:
        return text
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, sorted(names))) + r")\b")
    return pattern.sub(lambda found: prefix + found.group(), text)

"""`--sweep` of `estimate`: values of constants, and the table of what each costs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

from aigchip_tui.cli.output import counted, say, table
from aigchip_tui.model.errors import AigchipError

MOST_POINTS = 1024
"""Points of one sweep."""
_RANGE = re.compile(r"(-?\d+):(-?\d+)(?::(\*?)(-?\d+))?")
_LIST = re.compile(r"-?\d+(?:,-?\d+)*")
_FIGURES = (("latency", "latency_max"), ("interval", "interval"), ("DSP", "dsp"), ("BRAM18", "bram18"),
            ("URAM", "uram"), ("LUT", "lut"), ("FF", "ff"))


def points_of(texts: Sequence[str]) -> list[dict[str, int]]:
    """Every combination of the values that `NAME=1,2,4`, `NAME=16:64:16` (64 included) or `NAME=16:1024:*2` list.

    Raises AigchipError for anything else, and for more than `MOST_POINTS` combinations.
    """
    names: dict[str, list[int]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        found = list(itertools.islice(_values(values), MOST_POINTS + 1))
        if not re.fullmatch(r"[A-Za-z_]\w*", name) or not found:
            raise AigchipError(
                f"--sweep {text!r} lists no values of a name.",
                hint="For instance --sweep N=16,32,64, --sweep N=16:256:16 or --sweep N=16:1024:*2.",
            )
        if name in names:
            raise AigchipError(f"--sweep has '{name}' twice.", hint="Give all its values at once.")
        names[name] = list(dict.fromkeys(found))
    total = 1
    for found in names.values():
        total *= len(found)
    if total > MOST_POINTS:
        raise AigchipError(f"--sweep asks for more than {MOST_POINTS} points.", hint="Take larger steps.")
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*names.values())]


def _values(text: str) -> Iterator[int]:
    if _LIST.fullmatch(text):
        yield from map(int, text.split(","))
        return
    found = _RANGE.fullmatch(text)
    if found is None:
        return
    value, last, by = int(found[1]), int(found[2]), int(found[4] or 1)
    times = bool(found[3])
    if by < 1 or (times and (by < 2 or value < 1)):
        return
    while value <= last:
        yield value
        value = value * by if times else value + by


def print_sweep(points: Sequence[Any]) -> None:
    """One row a point; `unknown` where a figure is not known, and below why."""
    say(f"{counted(len(points), 'point')} (every figure is an estimate)")
    rows = []
    for point in points:
        figures = [getattr(point, name) for _, name in _FIGURES]
        slowest = point.estimated_clock_ns
        timing = ("met" if point.timing_met else "NOT met") if point.timing_met is not None else "unknown"
        rows.append((*point.values.values(), *("unknown" if one is None else one for one in figures),
                     "unknown" if slowest is None else f"{slowest:.2f}", timing))
    table(rows, (*points[0].values, *(word for word, _ in _FIGURES), "slowest ns", "timing"))
    for why in dict.fromkeys(why for point in points for why in (point.error, *point.unknown) if why):
        say(f"  unknown: {why}")

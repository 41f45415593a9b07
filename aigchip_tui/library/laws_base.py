"""What the laws share: the finding about a demo, its segments by line, their numerals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import CodeSegment
from aigchip_tui.model.finding import Finding, Severity

TOO_COMMON = frozenset({"0", "1", "2"})
"""Numerals that stand everywhere: meeting one in foreign code proves nothing."""


def demo_finding(
    law: str,
    demo: Demo,
    message: str,
    *,
    file: str = "code.hpp",
    row: int = 0,
    severity: Severity = "error",
    suggestion: str = "",
) -> Finding:
    """A finding about one file of a demo; errors block, warnings do not."""
    return Finding(
        severity=severity,
        kind="demo",
        code=law,
        message=f"{demo.label}: {message}",
        file=f"{demo.template}/{demo.module}/{demo.name}/{file}",
        line=row,
        blocking=severity == "error",
        suggestion=suggestion,
    )


def segments_by_line(demo: Demo) -> Mapping[int, tuple[CodeSegment, ...]]:
    """The segments of each instruction line, in reading order."""
    found: dict[int, list[CodeSegment]] = defaultdict(list)
    for segment in demo.segments:
        found[segment.line].append(segment)
    return {line: tuple(segments) for line, segments in found.items()}


def numerals_of(segments: Sequence[CodeSegment]) -> tuple[str, ...]:
    """The numerals of several segments in reading order, comments left aside."""
    return tuple(numeral for segment in segments for numeral in segment.numerals)

"""Latency against DSP as text cells, the front highlighted; both axes say their unit and who measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from aigchip_tui.model.figures import Kind, digits
from aigchip_tui.ui.projections.glyphs import Glyphs
from aigchip_tui.ui.projections.status import kinds_words
from aigchip_tui.ui.projections.text import Line, Role, fit
from aigchip_tui.ui.projections.views import DesignView, Snapshot

LABEL = 7
_MARKS: Mapping[Kind, str] = {"tool": "t", "measured": "m"}
"""Marks of figures that are no estimates."""


def scatter(snapshot: Snapshot, *, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The plot in `height` lines of `width` columns: a title, the cells, the axis, its labels."""
    designs = [d for d in snapshot.designs.values() if d.figures is not None and d.status == "evaluated"]
    basis = kinds_words(designs)
    title: Line = ((fit(f" latency ms ({basis}), log", width - 14), "dim"), (fit(f"{glyphs.front} front", 8), "accent"),
                   (f"{glyphs.best} best", "good"))
    rows, columns = height - 3, width - LABEL - 2
    if rows < 3 or columns < 10:
        return [title]
    if not designs:
        return [title, (), ((" no design has figures yet", "dim"),)]
    grid = _cells(snapshot, designs, rows=rows, columns=columns, glyphs=glyphs)
    latencies = [d.figures.latency.ms for d in designs if d.figures]
    low, high = min(latencies), max(latencies)
    labels = {0: digits(high), rows - 1: digits(low)}
    if rows >= 7 and high > low:
        labels[(rows - 1) // 2] = digits(_middle(low, high))
    if high == low:
        labels = {(rows - 1) // 2: digits(low)}
    lines = [title]
    for y in range(rows):
        lines.append(((fit(labels.get(y, ""), LABEL, right=True), "dim"), (f" {glyphs.axis}", "dim"), *grid[y]))
    lines.append(((" " * (LABEL + 1), ""), (glyphs.corner + glyphs.rule * columns, "dim")))
    dsps = [d.figures.dsp for d in designs if d.figures]
    left, right = str(min(dsps)), str(max(dsps))
    centre = f"DSP ({basis}), log"
    if left == right:
        axis = fit(f"{' ' * (columns // 2)}{left}  {centre}", columns)
    else:
        gap = columns - len(left) - len(right)
        axis = left + centre.center(gap)[:gap] + right if gap > 0 else fit(left, columns)
    lines.append(((" " * (LABEL + 2) + axis, "dim"),))
    return lines


def _cells(
    snapshot: Snapshot, designs: Sequence[DesignView], *, rows: int, columns: int, glyphs: Glyphs
) -> list[Line]:
    latencies = [d.figures.latency.ms for d in designs if d.figures]
    dsps = [d.figures.dsp for d in designs if d.figures]
    fastest, slowest, fewest, most = min(latencies), max(latencies), min(dsps), max(dsps)
    grid: list[list[tuple[str, Role]]] = [[(" ", "")] * columns for _ in range(rows)]
    rank = {"": 0, "dim": 1, "accent": 2, "good": 3}
    front = set(snapshot.front)
    for design in designs:
        assert design.figures is not None
        kind = design.figures.kind
        x = round(_place(design.figures.dsp, fewest, most) * (columns - 1))
        y = rows - 1 - round(_place(design.figures.latency.ms, fastest, slowest) * (rows - 1))
        cell: tuple[str, Role] = (
            (glyphs.best, "good") if design.number == snapshot.best
            else (glyphs.front, "accent") if design.number in front else (_MARKS.get(kind, glyphs.dot), "dim")
        )
        if rank[cell[1]] >= rank[grid[y][x][1]]:
            grid[y][x] = cell
    return [_joined(row) for row in grid]


def _joined(row: Sequence[tuple[str, Role]]) -> Line:
    """Cells as few spans: a blank has no colour of its own."""
    spans: list[tuple[str, Role]] = []
    for text, role in row:
        if spans and (text == " " or role == spans[-1][1]):
            spans[-1] = (spans[-1][0] + text, spans[-1][1])
        else:
            spans.append((text, role))
    return tuple(spans)


def _place(value: float, low: float, high: float) -> float:
    if high <= low or value <= 0 or low <= 0:
        return 0.5
    return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))


def _middle(low: float, high: float) -> float:
    return math.sqrt(low * high) if low > 0 else (low + high) / 2

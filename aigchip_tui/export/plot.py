"""Latency against DSP of a session's designs as an SVG: the front joined, every figure's basis said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from aigchip_tui.model.figures import Kind
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.state import Design, SessionState
from aigchip_tui.model.summary import best, front

WIDTH, HEIGHT = 760, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 56, 60


def latency_plot(settings: SessionSettings, state: SessionState) -> str:
    """Both axes logarithmic; a mark is a design, its shape says whose figures; the line is their front, the filled
    mark the best.
    """
    designs = [d for d in state.evaluated() if d.figures is not None]
    title = f"{settings.workload} on {settings.device}, {settings.precision}, {settings.clock_mhz} MHz"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{escape(title)}</text>',
        f'<text x="{LEFT}" y="42" fill="#555">{escape(_subtitle(designs))}</text>',
    ]
    if designs:
        parts += _body(settings, state, designs)
    return "\n".join([*parts, "</svg>", ""])


_SHAPES: Mapping[Kind, str] = {"estimate": "circles", "tool": "squares", "measured": "triangles"}


def _mark(kind: Kind, x: float, y: float) -> tuple[str, str]:
    """SVG element of a design's mark, and its place: what is no estimate has corners."""
    if kind == "tool":
        return "rect", f'x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"'
    if kind == "measured":
        return "polygon", f'points="{x - 5:.1f},{y + 4:.1f} {x + 5:.1f},{y + 4:.1f} {x:.1f},{y - 5:.1f}"'
    return "circle", f'cx="{x:.1f}" cy="{y:.1f}" r="4"'


def _subtitle(designs: Sequence[Design]) -> str:
    if not designs:
        return "no design evaluated yet"
    bases = sorted({f"{d.figures.latency.basis} ({_SHAPES[d.figures.kind]})" for d in designs if d.figures})
    counted = next(d.figures.counted for d in designs if d.figures)
    return f"{len(designs)} designs, {', '.join(bases)}; {counted}"


def _body(settings: SessionSettings, state: SessionState, designs: Sequence[Design]) -> list[str]:
    xs = _range([float(d.figures.dsp) for d in designs if d.figures])
    ys = _range([d.figures.latency.ms for d in designs if d.figures])
    parts = [*_axis_x(xs), *_axis_y(ys)]

    def place(design: Design) -> tuple[float, float]:
        assert design.figures is not None
        return _scale(float(design.figures.dsp), xs, LEFT, WIDTH - RIGHT), _scale(
            design.figures.latency.ms, ys, HEIGHT - BOTTOM, TOP
        )

    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, front(designs)))
    parts.append(f'<polyline points="{line}" fill="none" stroke="#1f77b4" stroke-width="1.5"/>')
    numbers = {d.number for d in front(designs)}
    chosen = best(state, settings.goal)
    for design in designs:
        x, y = place(design)
        assert design.figures is not None
        fill = "#d62728" if chosen is design else "#1f77b4" if design.number in numbers else "white"
        label = f"{design.id}: {design.figures.latency}, {design.figures.dsp} DSP"
        shape, place_of = _mark(design.figures.kind, x, y)
        parts.append(f'<{shape} {place_of} fill="{fill}" stroke="#1f77b4"><title>{escape(label)}</title></{shape}>')
        if chosen is design:
            anchor = "end" if x > WIDTH * 0.6 else "start"
            shift = -8 if anchor == "end" else 8
            parts.append(
                f'<text x="{x + shift:.1f}" y="{y - 8:.1f}" text-anchor="{anchor}">best {escape(label)}</text>'
            )
    return parts


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return low / 1.25, high * 1.25


def _scale(value: float, span: tuple[float, float], start: float, end: float) -> float:
    share = (math.log(value) - math.log(span[0])) / (math.log(span[1]) - math.log(span[0]))
    return start + share * (end - start)


def _ticks(span: tuple[float, float]) -> list[float]:
    found = []
    decade = 10.0 ** math.floor(math.log10(span[0]))
    while decade <= span[1]:
        found += [m * decade for m in (1, 2, 5) if span[0] <= m * decade <= span[1]]
        decade *= 10
    return found


def _axis_x(span: tuple[float, float]) -> list[str]:
    base = HEIGHT - BOTTOM
    parts = [f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}" stroke="black"/>']
    for value in _ticks(span):
        x = _scale(value, span, LEFT, WIDTH - RIGHT)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{base}" stroke="#eee"/>')
        parts.append(f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle">{value:g}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 16}" text-anchor="middle">DSP</text>')
    return parts


def _axis_y(span: tuple[float, float]) -> list[str]:
    base = HEIGHT - BOTTOM
    parts = [f'<line x1="{LEFT}" y1="{TOP}" x2="{LEFT}" y2="{base}" stroke="black"/>']
    for value in _ticks(span):
        y = _scale(value, span, base, TOP)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#eee"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    middle = (TOP + base) / 2
    parts.append(
        f'<text x="20" y="{middle:.0f}" text-anchor="middle" transform="rotate(-90 20 {middle:.0f})">latency, ms</text>'
    )
    return parts

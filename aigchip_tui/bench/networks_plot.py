"""Bars of `bench networks` as an SVG: estimates hatched, the scope of every bar written beside it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from aigchip_tui.bench.networks_bench import Bar

ROW, LEFT, WIDTH, TEXT = 22, 330, 420, 600
FILLS = {"aigchip": "#1f77b4", "CHaiDNN v2": "#999999"}


def networks_plot(bars: Sequence[Bar]) -> str:
    """One row a bar, frames a second to the right, each network on its own scale."""
    ordered = sorted(bars, key=lambda b: (b.network, b.dsp, b.fc != "out", b.who == "aigchip", b.macs_per_dsp))
    names = list(dict.fromkeys(bar.network for bar in ordered))
    height = 60 + ROW * len(ordered) + 30 * len(names)
    total = LEFT + WIDTH + TEXT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{height}" font-family="sans-serif" '
        'font-size="12">',
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="white"/>'
        f'<rect width="3" height="6" fill="{FILLS["aigchip"]}"/></pattern></defs>',
        f'<rect width="{total}" height="{height}" fill="white"/>',
        '<text x="10" y="24" font-size="16">Frames a second; hatched: estimate; scopes differ, so no winner is named'
        "</text>",
    ]
    y = 44
    for name in names:
        group = [bar for bar in ordered if bar.network == name]
        most = max(bar.fps for bar in group)
        parts.append(f'<text x="10" y="{y + 14}" font-weight="bold">{escape(name)}</text>')
        y += 20
        for bar in group:
            parts += _row(bar, y, WIDTH * bar.fps / most)
            y += ROW
        y += 10
    return "\n".join([*parts, "</svg>", ""])


def _row(bar: Bar, y: int, length: float) -> list[str]:
    fill = "url(#hatch)" if bar.basis == "estimate" else FILLS.get(bar.who, "#999999")
    label = f"{bar.who}, {bar.device}, {bar.clock_mhz} MHz, {bar.macs_per_dsp:g} MAC/DSP, {bar.dsp} DSP"
    scope = f"{bar.fps:.1f} fps; FC {bar.fc}; im2col {bar.im2col}; pooling {bar.pooling}; {bar.basis}"
    return [
        f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{max(length, 1):.1f}" height="{ROW - 6}" fill="{fill}" stroke="#333"/>',
        f'<text x="{LEFT + WIDTH + 8}" y="{y + 13}" fill="#333">{escape(scope)}</text>',
    ]

"""The measurement of the estimator as a table and as a scatter plot."""

from __future__ import annotations

from xml.sax.saxutils import escape

from aigchip_tui.bench.estimator_again import sentence
from aigchip_tui.bench.estimator_bench import FIGURES, EstimatorBench


def table_lines(bench: EstimatorBench) -> list[str]:
    """The measurement as plain text, one line a group; groups under 20 kernels are marked as no claim."""
    head = f"{'group':28} {'rows':>5} {'est':>5} {'lat med':>8} {'p90':>7} {'<=10%':>6} {'rank':>6}"
    lines = [head + "".join(f" {figure:>7}" for figure in FIGURES[1:]) + f" {'met':>5}"]
    for group in bench.groups:
        latency = group.figures.get("latency")
        line = f"{group.name[:28]:28} {group.rows:5d} {group.estimated:5d} "
        line += f"{latency.median:8.1%} {latency.p90:7.0%} {latency.within_10:6.0%} " if latency else " " * 24
        line += f"{group.rank:6.3f}" if group.rank is not None else "     -"
        for figure in FIGURES[1:]:
            found = group.figures.get(figure)
            line += f" {found.median:7.1%}" if found else "       -"
        line += "     -" if group.timing_agreed is None else f" {group.timing_agreed:5.0%}"
        lines.append(line + ("" if group.claimed else "  (fewer than 20: no claim)"))
    lines += side_by_side(bench)
    lines.append(
        f"{bench.estimated_share:.1%} of {bench.rows} files estimated, {bench.absent_sources} sources absent,"
        f" CPU {bench.cpu_ms_median:.0f} ms a file in the median, {bench.cpu_ms_p90:.0f} ms at the 90th percentile"
    )
    lines.append(f"{bench.within_50_ms:.0%} of the files within 50 ms of CPU")
    if bench.again is not None:
        lines.append(sentence(bench.again))
    return lines


def side_by_side(bench: EstimatorBench) -> list[str]:
    """What was fitted beside what was held out, one line a figure; nothing when one of them is empty."""
    groups = {group.name: group for group in bench.groups}
    if not {"FITTED", "HELD OUT"} <= set(groups):
        return []
    pair = (groups["FITTED"], groups["HELD OUT"])
    lines = ["", f"{'':24} {'FITTED':>10} {'HELD OUT':>10}"]
    lines.append(f"{'files estimated':24} " + " ".join(f"{f'{one.estimated}/{one.rows}':>10}" for one in pair))
    ranks = " ".join(f"{one.rank:10.3f}" if one.rank is not None else f"{'-':>10}" for one in pair)
    lines.append(f"{'rank of latency, mean':24} {ranks}")
    for figure in FIGURES:
        for label, name in (("median", "median"), ("90th percentile", "p90"), ("within 10 %", "within_10")):
            found = [one.figures.get(figure) for one in pair]
            shown = " ".join(f"{getattr(one, name):10.1%}" if one is not None else f"{'-':>10}" for one in found)
            lines.append(f"{f'{figure}, {label}':24} {shown}")
    agreed = " ".join(f"{one.timing_agreed:10.1%}" if one.timing_agreed is not None else f"{'-':>10}" for one in pair)
    lines.append(f"{'clock met or not, agreed':24} {agreed}")
    return [*lines, ""]


def scatter_svg(bench: EstimatorBench) -> str:
    """Estimated against reported latency, both logarithmic: a dot for each kernel, a ring when it was held out.

    The dashed lines stand at half and twice the reported latency.
    """
    from math import log10

    points = [
        (one.reported["latency"], one.estimated["latency"], one)
        for one in bench.outcomes
        if one.reported.get("latency") and one.estimated.get("latency")
    ]
    colours = ("#1b6ca8", "#d1495b", "#3a7d44", "#8f5ea2", "#b8860b")
    names = sorted({one.group for _, _, one in points})
    top = max([3.0, *(log10(max(real or 1, ours or 1)) for real, ours, _ in points)]) + 0.2
    scale = 400 / top
    body = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 460" font-family="sans-serif" font-size="11">',
        '<rect width="460" height="460" fill="white"/>',
        '<path d="M40 20V420H440" fill="none" stroke="#555"/>',
        '<line x1="40" y1="420" x2="440" y2="20" stroke="#999"/>',
        '<text x="240" y="452" text-anchor="middle">reported latency, log10 cycles</text>',
        '<text x="-220" y="14" transform="rotate(-90)" text-anchor="middle">estimated latency, log10 cycles</text>',
    ]
    shift = scale * log10(2)
    for x1, y1, x2, y2 in ((40.0, 420 - shift, 440 - shift, 20.0), (40 + shift, 420.0, 440.0, 20 + shift)):
        body.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ccc" stroke-dasharray="4 3"/>'
        )
    for power in range(int(top) + 1):
        x, y = 40 + scale * power, 420 - scale * power
        body.append(f'<text x="{x:.1f}" y="434" text-anchor="middle">{power}</text>')
        body.append(f'<text x="34" y="{y + 4:.1f}" text-anchor="end">{power}</text>')
    for real, ours, one in points:
        x, y = 40 + scale * log10(max(1, real or 1)), 420 - scale * log10(max(1, ours or 1))
        colour = colours[names.index(one.group) % len(colours)]
        paint = f'fill="none" stroke="{colour}"' if one.held_out else f'fill="{colour}" fill-opacity="0.7"'
        body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" {paint}><title>{escape(one.id)}</title></circle>')
    for position, name in enumerate(names):
        y = 36 + 14 * position
        body.append(f'<circle cx="54" cy="{y - 4}" r="3" fill="{colours[position % len(colours)]}"/>')
        body.append(f'<text x="62" y="{y}">{escape(name)}</text>')
    if any(one.held_out for _, _, one in points):
        body.append(f'<text x="50" y="{36 + 14 * len(names)}">rings: held out</text>')
    body.append("</svg>")
    return "\n".join(body)

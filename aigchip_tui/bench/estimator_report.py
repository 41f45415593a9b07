"""The measurement of the estimator as a table and as a scatter plot."""

from __future__ import annotations

from aigchip_tui.bench.estimator_bench import FIGURES, EstimatorBench


def table_lines(bench: EstimatorBench) -> list[str]:
    """The measurement as plain text, one line a group; groups under 20 kernels are marked as no claim."""
    head = f"{'group':28} {'rows':>5} {'est':>5} {'lat med':>8} {'p90':>7} {'<=10%':>6} {'rank':>6}"
    lines = [head + "".join(f" {figure:>7}" for figure in FIGURES[1:])]
    for group in bench.groups:
        latency = group.figures.get("latency")
        line = f"{group.name[:28]:28} {group.rows:5d} {group.estimated:5d} "
        line += f"{latency.median:8.1%} {latency.p90:7.0%} {latency.within_10:6.0%} " if latency else " " * 24
        line += f"{group.rank:6.3f}" if group.rank is not None else "     -"
        for figure in FIGURES[1:]:
            found = group.figures.get(figure)
            line += f" {found.median:7.1%}" if found else "       -"
        lines.append(line + ("" if group.claimed else "  (fewer than 20: no claim)"))
    lines.append(
        f"{bench.estimated_share:.1%} of {bench.rows} files estimated, {bench.absent_sources} sources absent,"
        f" CPU {bench.cpu_ms_median:.0f} ms a file in the median, {bench.cpu_ms_p90:.0f} ms at the 90th percentile"
    )
    return lines


def scatter_svg(bench: EstimatorBench) -> str:
    """Estimated against reported latency, both logarithmic, one dot a kernel, as an SVG picture."""
    from math import log10

    points = [
        (one.reported["latency"], one.estimated["latency"], one.group, one.id)
        for one in bench.outcomes
        if one.reported.get("latency") and one.estimated.get("latency")
    ]
    colours = ("#1b6ca8", "#d1495b", "#3a7d44", "#8f5ea2", "#b8860b")
    names = sorted({group for _, _, group, _ in points})
    body = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 460" font-family="sans-serif" font-size="11">',
        '<rect width="460" height="460" fill="white"/>',
        '<line x1="40" y1="420" x2="440" y2="20" stroke="#999"/>',
        '<text x="150" y="450">reported latency, log10 cycles</text>',
        '<text x="-300" y="14" transform="rotate(-90)">estimated latency, log10 cycles</text>',
    ]
    for power in range(1, 10):
        at = 40 + power * 40
        body.append(f'<text x="{at - 3}" y="434">{power}</text><text x="24" y="{464 - at}">{power}</text>')
    for real, ours, group, name in points:
        assert real is not None
        assert ours is not None
        x, y = 40 + 40 * log10(max(1, real)), 420 - 40 * log10(max(1, ours))
        colour = colours[names.index(group) % len(colours)]
        body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"><title>{name}</title></circle>')
    for position, name in enumerate(names):
        body.append(f'<text x="50" y="{36 + 14 * position}" fill="{colours[position % len(colours)]}">{name}</text>')
    body.append("</svg>")
    return "\n".join(body)

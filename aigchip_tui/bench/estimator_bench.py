"""`bench estimator`: our estimates against what Vitis HLS reported for public kernels.

A pairs file names kernels, tools, clocks and reported figures; the sources stand in public repositories and
are looked for below a folder. Nothing here changes an estimate: it only measures.
"""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import mean, median

import msgspec

from aigchip_tui.estimator.estimate import Estimate, LoopEstimate, estimate
from aigchip_tui.estimator.options import Options
from aigchip_tui.model.errors import AigchipError

FIGURES = ("latency", "dsp", "bram18", "ff", "lut")
LEAST_ROWS = 20
_TEMPLATES = "sharc-lab/HLSFactory/hlsfactory/hls_dataset_sources/hlsyn-vitis/vivado-target"


class PairOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One kernel: reported and estimated figures (None where absent), CPU time, or why it was not estimated."""

    id: str
    group: str
    category: str
    kernel: str
    reported: dict[str, int | None]
    estimated: dict[str, int | None]
    cpu_ms: float = 0.0
    error: str = ""
    unknown: tuple[str, ...] = ()

    def relative_error(self, figure: str) -> float | None:
        """Signed relative error of a figure, None when either side is unknown or the reported value is zero."""
        real, ours = self.reported.get(figure), self.estimated.get(figure)
        return None if not real or ours is None else (ours - real) / real


class FigureSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Absolute relative errors of one figure over a set of kernels."""

    count: int
    median: float
    p90: float
    within_10: float


class GroupSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One set or category: how many kernels, how many estimated, errors by figure, rank correlation of
    latency.

    `claimed` is false for fewer than 20 kernels: then the figures are shown and nothing is claimed.
    """

    name: str
    rows: int
    estimated: int
    figures: dict[str, FigureSummary]
    rank: float | None
    rank_kernels: int
    claimed: bool


class EstimatorBench(msgspec.Struct, frozen=True, kw_only=True):
    """The whole measurement: groups, the share of kernels estimated, CPU time a file."""

    groups: tuple[GroupSummary, ...]
    rows: int
    absent_sources: int
    estimated_share: float
    cpu_ms_median: float
    cpu_ms_p90: float
    outcomes: tuple[PairOutcome, ...]


def _whole(text: str) -> int | None:
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return None


def part_of(device: str) -> str:
    """Part name in a device column such as `U200 (xcu200)`."""
    inner = re.search(r"\((\w+)\)", device)
    return inner.group(1) if inner else device


def options_for(tool: str, note: str) -> Options:
    """What the tool of a row does unasked: by its version, and by the compile options named in the note."""
    year = _whole(tool.split(".")[0]) or 2024
    return Options(
        unsafe_math="unsafe_math" in note,
        auto_pipeline=64 if year >= 2020 else 0,
        imperfect_flatten=year >= 2022,
        auto_partition=year >= 2020,
    )


class Sources:
    """Finds the source of a row below a folder; design points of templates are made by substituting their
    pragmas.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._points: dict[str, list[dict[str, object]]] = {}

    def read(self, row: dict[str, str]) -> tuple[dict[str, str], dict[str, str], str] | None:
        """Sources, headers and directives of a row, or None when the folder does not hold them."""
        path = self.root / row["source"]
        directives = self._text(self.root / row["directives"]) if row.get("directives") else ""
        if path.is_file():
            headers = {one.name: self._text(one) for one in sorted(path.parent.glob("*.h*"))}
            return {path.name: self._text(path)}, headers, directives
        if row["set"].startswith("hlsyn"):
            return self._template(row)
        return None

    @staticmethod
    def _text(path: Path) -> str:
        try:
            return path.read_text(errors="replace")
        except OSError:
            return ""

    def _template(self, row: dict[str, str]) -> tuple[dict[str, str], dict[str, str], str] | None:
        name = row["source"].split("/")[-2]
        base = self.root / _TEMPLATES
        template = self._text(base / "sources" / name / f"{name}.cpp")
        if not template:
            return None
        if name not in self._points:
            text = self._text(base / "designs" / f"{name}.json") or "{}"
            self._points[name] = list(json.loads(text).values())
        for point in self._points[name]:
            used = point.get("res_util")
            if not isinstance(used, dict) or point.get("perf") != _whole(row["lat_max"]):
                continue
            if used.get("total-DSP") == _whole(row["dsp"]) and used.get("total-LUT") == _whole(row["lut"]):
                settings = point.get("point")
                headers = {f"{name}.h": self._text(base / "sources" / name / f"{name}.h")}
                body = substitute(template, settings if isinstance(settings, dict) else {})
                return {f"{name}.cpp": body}, headers, ""
        return None


def substitute(template: str, point: dict[str, object]) -> str:
    """A template with `auto{NAME}` in its pragmas replaced; a pipeline that is not asked for loses its line."""

    def line(match: re.Match[str]) -> str:
        text = match.group(0)
        for name, value in point.items():
            marker = "auto{" + name + "}"
            if marker in text:
                if name.startswith("__PIPE__"):
                    return "" if value in ("", "NA") else text.replace(marker, "")
                return text.replace(marker, str(value))
        return text

    return re.sub(r"#pragma[^\n]*auto\{[^\n]*", line, template)


def measure(
    pairs: Path,
    sources: Path,
    *,
    clock: Callable[[], float] = time.process_time,
    only: str = "",
    progress: Callable[[PairOutcome], None] | None = None,
) -> EstimatorBench:
    """Estimates every row of a pairs file whose source is below `sources` and compares; `only` filters by
    set.

    Raises AigchipError when the pairs file cannot be read or no source is found.
    """
    try:
        with pairs.open(newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
    except OSError as error:
        raise AigchipError(f"The pairs file '{pairs}' cannot be read: {error.strerror}.") from error
    if not rows or "source" not in rows[0] or "lat_max" not in rows[0]:
        raise AigchipError(f"'{pairs}' is not a pairs file: it needs the columns source and lat_max.")
    finder = Sources(sources)
    outcomes: list[PairOutcome] = []
    absent = 0
    for row in rows:
        if only and row["set"] != only:
            continue
        found = finder.read(row)
        if found is None:
            absent += 1
            continue
        outcome = compare(row, *found, clock=clock)
        outcomes.append(outcome)
        if progress is not None:
            progress(outcome)
    if not outcomes:
        raise AigchipError(
            f"None of the {absent} sources is below '{sources}'.",
            hint="Check out the public repositories that the pairs file names, as OWNER/NAME folders.",
        )
    return summarise(outcomes, absent)


def compare(
    row: dict[str, str],
    texts: dict[str, str],
    headers: dict[str, str],
    directives: str,
    *,
    clock: Callable[[], float] = time.process_time,
) -> PairOutcome:
    """One row: estimate and reported figures side by side; a failure is an outcome with its sentence."""
    reported = {
        "latency": _whole(row["lat_max"]),
        "dsp": _whole(row["dsp"]),
        "bram18": _whole(row["bram"]),
        "ff": _whole(row["ff"]),
        "lut": _whole(row["lut"]),
    }
    begin = clock()
    found: Estimate | None = None
    error = ""
    try:
        found = estimate_row(row, texts, headers, directives)
    except AigchipError as problem:
        error = str(problem)
    spent = (clock() - begin) * 1000
    estimated: dict[str, int | None] = {}
    if found is not None:
        estimated = {
            "latency": found.latency_max,
            "dsp": found.dsp,
            "bram18": found.bram18,
            "ff": found.ff,
            "lut": found.lut,
        }
    return PairOutcome(
        id=row["id"],
        group=row["set"],
        category=row.get("category", ""),
        kernel=f"{row['set']}/{_family(row)}",
        reported=reported,
        estimated=estimated,
        cpu_ms=spent,
        error=error,
        unknown=found.unknown if found is not None else (),
    )


def estimate_row(
    row: dict[str, str], texts: dict[str, str], headers: dict[str, str], directives: str
) -> Estimate:
    """Estimate of one row for its device, clock and tool."""
    clock_ns = float(row["clock"])
    return estimate(
        texts,
        top="",
        clock_ns=clock_ns,
        part=part_of(row["device"]),
        directives=directives,
        include=headers,
        options=options_for(row["tool"], row.get("note", "")),
        uncertainty_ns=clock_ns * 0.125 if row["tool"].startswith(("2018", "2019")) else None,
    )


def _family(row: dict[str, str]) -> str:
    parts = row["source"].split("/")
    return parts[-2] if row["set"].startswith("hlsyn") else row["kernel"]


def summarise(outcomes: Sequence[PairOutcome], absent: int) -> EstimatorBench:
    """Groups by set and by category, and everything."""
    groups: dict[str, list[PairOutcome]] = {"all": list(outcomes)}
    for outcome in outcomes:
        groups.setdefault(f"set {outcome.group}", []).append(outcome)
        for category in outcome.category.split(","):
            groups.setdefault(f"category {category}", []).append(outcome)
    times = sorted(outcome.cpu_ms for outcome in outcomes)
    done = sum(1 for outcome in outcomes if outcome.estimated.get("latency") is not None)
    return EstimatorBench(
        groups=tuple(_group(name, members) for name, members in groups.items()),
        rows=len(outcomes),
        absent_sources=absent,
        estimated_share=done / len(outcomes),
        cpu_ms_median=median(times),
        cpu_ms_p90=_quantile(times, 0.9),
        outcomes=tuple(outcomes),
    )


def _group(name: str, members: Sequence[PairOutcome]) -> GroupSummary:
    figures: dict[str, FigureSummary] = {}
    for figure in FIGURES:
        errors = sorted(abs(error) for one in members if (error := one.relative_error(figure)) is not None)
        if errors:
            figures[figure] = FigureSummary(
                count=len(errors),
                median=median(errors),
                p90=_quantile(errors, 0.9),
                within_10=sum(error <= 0.1 for error in errors) / len(errors),
            )
    ranks = list(_ranks(members))
    return GroupSummary(
        name=name,
        rows=len(members),
        estimated=sum(1 for one in members if one.estimated.get("latency") is not None),
        figures=figures,
        rank=mean(ranks) if ranks else None,
        rank_kernels=len(ranks),
        claimed=len(members) >= LEAST_ROWS,
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _ranks(members: Iterable[PairOutcome]) -> Iterator[float]:
    """Spearman correlation of latency among the design points of each kernel with at least four different
    ones.
    """
    kernels: dict[str, list[tuple[int, int]]] = {}
    for one in members:
        real, ours = one.reported.get("latency"), one.estimated.get("latency")
        if real is not None and ours is not None:
            kernels.setdefault(one.kernel, []).append((real, ours))
    for points in kernels.values():
        if len(points) >= 4 and len({real for real, _ in points}) >= 3:
            found = spearman([real for real, _ in points], [ours for _, ours in points])
            if found is not None:
                yield found


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation with ties shared; None when one side does not vary."""
    a, b = _rank(first), _rank(second)
    center_a, center_b = mean(a), mean(b)
    var_a = sum((x - center_a) ** 2 for x in a)
    var_b = sum((x - center_b) ** 2 for x in b)
    if var_a == 0 or var_b == 0:
        return None
    return float(sum((x - center_a) * (y - center_b) for x, y in zip(a, b, strict=True)) / (var_a * var_b) ** 0.5)


def _rank(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=lambda position: values[position])
    ranks = [0.0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end + 1 < len(order) and values[order[end + 1]] == values[order[begin]]:
            end += 1
        for position in range(begin, end + 1):
            ranks[order[position]] = (begin + end) / 2
        begin = end + 1
    return ranks


class LoopArithmetic(msgspec.Struct, frozen=True, kw_only=True):
    """How many reported pipelined loops obey latency = II * (trip - 1) + max(depth - 1, II)."""

    loops: int
    exact: int


def loop_arithmetic(table: Path) -> LoopArithmetic:
    """Checks the arithmetic of the estimator on reported loop tables (`loops.json`)."""
    loops = exact = 0
    for kernel in json.loads(table.read_text()):
        for loop in kernel["loops"]:
            if loop["pipelined"] != "yes" or None in (loop["II"], loop["depth"], loop["trip"], loop["lat"]):
                continue
            loops += 1
            expected = pipelined_cycles(loop["trip"], loop["II"], loop["depth"])
            exact += expected == loop["lat"]
    return LoopArithmetic(loops=loops, exact=exact)


class LoopFit(msgspec.Struct, frozen=True, kw_only=True):
    """Reported pipelined loops against estimated ones of the same name: how many agree in trip count and interval.

    `unmatched` are those of which no estimated loop has the name: the tool flattened, unrolled or named them
    otherwise, or made them itself (the clearing of an array). They count in no share.
    """

    matched: int
    unmatched: int
    trips_exact: int
    intervals_exact: int


def loop_fit(pairs: Path, sources: Path, table: Path) -> LoopFit:
    """Estimates every kernel of a loop table and compares trip counts and intervals of its pipelined loops."""
    finder = Sources(sources)
    with pairs.open(newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream, delimiter="\t")}
    matched = unmatched = trips = intervals = 0
    for kernel in json.loads(table.read_text()):
        row = rows.get(kernel["id"])
        found = finder.read(row) if row is not None else None
        if row is None or found is None:
            continue
        try:
            estimated = estimate_row(row, *found)
        except AigchipError:
            continue
        named: dict[str, list[LoopEstimate]] = {}
        for loop in estimated.loops:
            named.setdefault(loop.name, []).append(loop)
        for reported in kernel["loops"]:
            if reported["pipelined"] != "yes" or reported["trip"] is None:
                continue
            same = named.get(own_name(reported["name"]), [])
            exact = [loop for loop in same if loop.trip == reported["trip"]]
            matched += bool(same)
            unmatched += not same
            trips += bool(exact)
            intervals += any(loop.ii == reported["II"] for loop in exact or same)
    return LoopFit(matched=matched, unmatched=unmatched, trips_exact=trips, intervals_exact=intervals)


def own_name(reported: str) -> str:
    """Our name of a reported loop: `VITIS_LOOP_12_3` is the loop of line 12, labels stay."""
    parts = re.findall(r"VITIS_LOOP_(\d+)_\d+|([A-Za-z]\w*?)(?=_VITIS_LOOP|$)", reported)
    return "_".join(f"loop_{line}" if line else label for line, label in parts if line or label)


def pipelined_cycles(trip: int, interval: int, depth: int) -> int:
    """Cycles of a pipelined loop from its trip count, interval and depth."""
    return interval * (trip - 1) + max(depth - 1, interval) if trip > 0 else 0


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

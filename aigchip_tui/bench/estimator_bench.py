"""`bench estimator`: our estimates against what Vitis HLS reported for public kernels.

A pairs file names kernels, tools, clocks and reported figures; the sources stand in public repositories and
are looked for below a folder. Nothing here changes an estimate: it only measures.
"""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import mean, median

import msgspec

from aigchip_tui.bench.estimator_again import Again, AgainSummary, estimates_again, summary
from aigchip_tui.bench.estimator_sources import Sources, estimate_read, reported_clock, whole
from aigchip_tui.estimator.estimate import Estimate, read_design
from aigchip_tui.model.errors import AigchipError

FIGURES = ("latency", "dsp", "bram18", "ff", "lut", "clock")
LEAST_ROWS = 20
_ROUNDED_PS = 10
"""Reports name clock periods to a hundredth of a ns."""
_QUICK_MS = 50.0
"""CPU time within which a file is to be estimated from its text."""


class PairOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One kernel: reported and estimated figures (None where absent), CPU time, or why it was not estimated.

    `clock` among the figures is the estimated clock period in ps; `timing_met` says whether it fits what the clock
    that was asked for leaves, as the report has it and as we have it.
    """

    id: str
    group: str
    category: str
    kernel: str
    reported: dict[str, int | None]
    estimated: dict[str, int | None]
    cpu_ms: float = 0.0
    again: Again | None = None
    error: str = ""
    unknown: tuple[str, ...] = ()
    held_out: bool = False
    timing_met: tuple[bool, bool] | None = None

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

    `timing_agreed` is the share of kernels of which report and estimate agree whether the clock is met, and
    `timing_missed` how many reports say that it is not. `claimed` is false for fewer than 20 kernels: then the figures
    are shown and nothing is claimed.
    """

    name: str
    rows: int
    estimated: int
    figures: dict[str, FigureSummary]
    rank: float | None
    rank_kernels: int
    claimed: bool
    timing_agreed: float | None = None
    timing_missed: int = 0


class EstimatorBench(msgspec.Struct, frozen=True, kw_only=True):
    """The whole measurement: groups, the share of kernels estimated, CPU time a file.

    `again` is how fast kernels whose first estimate took at most 50 ms are estimated with other constants.
    """

    groups: tuple[GroupSummary, ...]
    rows: int
    absent_sources: int
    estimated_share: float
    cpu_ms_median: float
    cpu_ms_p90: float
    within_50_ms: float
    again: AgainSummary | None
    outcomes: tuple[PairOutcome, ...]


def measure(
    pairs: Path,
    sources: Path,
    *,
    clock: Callable[[], float] = time.process_time,
    only: str = "",
    held_out: Path | None = None,
    progress: Callable[[PairOutcome], None] | None = None,
) -> EstimatorBench:
    """Estimates every row of a pairs file whose source is below `sources` and compares; `only` filters by set.

    `held_out` is a second pairs file, of kernels that nobody fitted to; within the first one kernels are held out by
    the hash of their names (`held_out_by_name`). Raises AigchipError when a file cannot be read or no source is found.
    """
    rows = [(row, held_out_by_name(row["kernel"])) for row in _rows(pairs)]
    if held_out is not None:
        rows += [(row, True) for row in _rows(held_out)]
    finder = Sources(sources)
    outcomes: list[PairOutcome] = []
    absent = 0
    for row, held in rows:
        if only and row["set"] != only:
            continue
        found = finder.read(row)
        if found is None:
            absent += 1
            continue
        outcome = compare(row, *found, clock=clock, estimated_clock=reported_clock(row, pairs.parent, sources))
        outcome = msgspec.structs.replace(outcome, held_out=held)
        outcomes.append(outcome)
        if progress is not None:
            progress(outcome)
    if not outcomes:
        raise AigchipError(
            f"None of the {absent} sources is below '{sources}'.",
            hint="Check out the public repositories that the pairs file names, as OWNER/NAME folders.",
        )
    return summarise(outcomes, absent)


def _rows(pairs: Path) -> list[dict[str, str]]:
    try:
        with pairs.open(newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
    except OSError as error:
        raise AigchipError(f"The pairs file '{pairs}' cannot be read: {error.strerror}.") from error
    if not rows or not {"source", "kernel", "lat_max"} <= set(rows[0]):
        raise AigchipError(f"'{pairs}' is not a pairs file: it needs the columns source, kernel and lat_max.")
    return rows


def held_out_by_name(kernel: str) -> bool:
    """The declared split: a fifth of the kernels, by the hash of their names, is never looked at when fitting."""
    return hashlib.sha256(kernel.encode()).digest()[0] % 5 == 0


def compare(
    row: dict[str, str],
    texts: dict[str, str],
    headers: dict[str, str],
    directives: str,
    *,
    clock: Callable[[], float] = time.process_time,
    estimated_clock: float | None = None,
) -> PairOutcome:
    """One row: estimate and reported figures side by side; a failure is an outcome with its sentence.

    `estimated_clock` is the clock period in ns that the report estimates.
    """
    reported = {
        "latency": whole(row["lat_max"]),
        "dsp": whole(row["dsp"]),
        "bram18": whole(row["bram"]),
        "ff": whole(row["ff"]),
        "lut": whole(row["lut"]),
        "clock": None if estimated_clock is None else round(estimated_clock * 1000),
    }
    begin = clock()
    found: Estimate | None = None
    error = ""
    try:
        design = read_design(texts, directives=directives, include=headers)
        found = estimate_read(row, design)
    except AigchipError as problem:
        error = str(problem)
    spent = (clock() - begin) * 1000
    again: Again | None = None
    if found is not None and spent <= _QUICK_MS:
        again = estimates_again(row, texts, headers, directives, clock)
    estimated: dict[str, int | None] = {}
    if found is not None:
        estimated = {
            "latency": found.latency_max,
            "dsp": found.dsp,
            "bram18": found.bram18,
            "ff": found.ff,
            "lut": found.lut,
            "clock": None if found.estimated_clock_ns is None else round(found.estimated_clock_ns * 1000),
        }
    return PairOutcome(
        id=row["id"],
        group=row["set"],
        category=row.get("category", ""),
        kernel=f"{row['set']}/{_family(row)}",
        reported=reported,
        estimated=estimated,
        cpu_ms=spent,
        again=again,
        error=error,
        unknown=found.unknown if found is not None else (),
        timing_met=_timing(estimated_clock, found),
    )


def _timing(estimated_clock: float | None, found: Estimate | None) -> tuple[bool, bool] | None:
    """Whether the clock is met, as reported and as estimated; None where either is not known."""
    if estimated_clock is None or found is None or found.timing_met is None:
        return None
    return 1000 * estimated_clock <= 1000 * found.budget_ns + _ROUNDED_PS, found.timing_met


def _family(row: dict[str, str]) -> str:
    parts = row["source"].split("/")
    return parts[-2] if row["set"].startswith("hlsyn") else row["kernel"]


def summarise(outcomes: Sequence[PairOutcome], absent: int) -> EstimatorBench:
    """Groups by set and by category, and everything."""
    groups: dict[str, list[PairOutcome]] = {"all": list(outcomes)}
    for outcome in outcomes:
        groups.setdefault("HELD OUT" if outcome.held_out else "FITTED", []).append(outcome)
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
        within_50_ms=sum(one <= _QUICK_MS for one in times) / len(times),
        again=summary(outcome.again for outcome in outcomes),
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
    timing = [one.timing_met for one in members if one.timing_met is not None]
    return GroupSummary(
        name=name,
        rows=len(members),
        estimated=sum(1 for one in members if one.estimated.get("latency") is not None),
        figures=figures,
        rank=mean(ranks) if ranks else None,
        rank_kernels=len(ranks),
        claimed=len(members) >= LEAST_ROWS,
        timing_agreed=sum(reported == ours for reported, ours in timing) / len(timing) if timing else None,
        timing_missed=sum(not reported for reported, _ in timing),
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

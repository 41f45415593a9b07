"""`bench estimator --collect`: a pairs file from a folder of synthesis reports and the sources beside them.

A report is paired with a source only where the source can be what was synthesized: it defines the top function, has a
loop wherever the report names one, as many trips where its text fixes them, the ports that the report names, and where
the project kept the preprocessed text it is that text.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from aigchip_tui.bench.estimator_origin import bare, has_loops, has_ports, has_trips
from aigchip_tui.cpp.preprocess import preprocess
from aigchip_tui.cpp.tokens import significant
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.synth.csynth_report import CsynthReport, read_csynth

COLUMNS = (
    "id", "set", "kernel", "tool", "device", "clock", "lat_min", "lat_max", "ii", "bram", "dsp", "ff", "lut", "uram",
    "estimated_clock", "uncertainty", "category", "npragma", "report_file", "source", "directives", "note",
)
_MAX_REPORT = 20_000_000
_MAX_SOURCE = 400_000
_SOURCES = frozenset([".c", ".cpp", ".cc", ".cxx"])
_NO_SOURCE = re.compile(r"(^|[/_.-])(tb|test|testbench|test_?bench|apatb)([/_.-]|\d|$)|_tb\b", re.IGNORECASE)
_TOOL_FOLDERS = frozenset([".autopilot", "syn", "impl", "sim", "csim", "xilinx.com"])


Row = dict[str, str]


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a pairs file, and how many reports were passed over for which reason."""

    rows: tuple[Row, ...]
    passed_over: dict[str, int]


class _PassedOverError(Exception):
    """Why a report gives no row."""


def collect(root: Path, *, group: str = "collected") -> Collected:
    """Pairs of every report below `root` with its source; rows are told apart by top, latency, FF and LUT.

    `group` becomes the column `set`. Raises AigchipError when the folder holds no report at all.
    """
    rows: list[Row] = []
    passed_over: Counter[str] = Counter()
    seen: set[tuple[object, ...]] = set()
    kept = _Texts(root)
    found = False
    for folder, paths in _folders(root):
        found = True
        try:
            path, report = _top_report(folder, paths)
            mark = (report.top, report.latency_max, report.ff, report.lut)
            if report.latency_max is None:
                raise _PassedOverError("latency not known to the tool")
            if mark in seen:
                raise _PassedOverError("same figures as another report")
            source = _source_of(root, folder, report, kept)
        except _PassedOverError as reason:
            passed_over[str(reason)] += 1
            continue
        seen.add(mark)
        rows.append(_row(root, path, report, source, kept, group))
    rows = _unmistakable(root, rows, kept, passed_over)
    if not found:
        raise AigchipError(
            f"There is no synthesis report below '{root}'.",
            hint="Give a folder with csynth.xml, NAME_csynth.rpt or csynth.rpt files and the sources beside them.",
        )
    return Collected(rows=tuple(rows), passed_over=dict(passed_over))


def _unmistakable(root: Path, rows: list[Row], kept: _Texts, passed_over: Counter[str]) -> list[Row]:
    """Rows without those whose source stands beside several reports of one part, clock and tool that differ.

    It was edited between them, so that nobody knows which one is of today's text.
    """
    def mark(row: Row) -> tuple[str, ...]:
        directives = kept.text(root / row["directives"]) if row["directives"] else ""
        return row["source"], row["kernel"], row["tool"], row["device"], row["clock"], directives

    several = {one for one, count in Counter(map(mark, rows)).items() if count > 1}
    clear = [row for row in rows if mark(row) not in several]
    if len(clear) < len(rows):
        passed_over["several reports of one source"] += len(rows) - len(clear)
    return clear


def write_pairs(rows: Iterable[Row], path: Path) -> None:
    """Writes rows as a pairs file: tab-separated, one line a kernel."""
    with path.open("w", newline="") as stream:
        out = csv.DictWriter(stream, COLUMNS, delimiter="\t", restval="")
        out.writeheader()
        out.writerows(rows)


def _folders(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Folders that hold reports, with the reports of each."""
    folders: dict[Path, list[Path]] = {}
    for path in sorted(root.rglob("*csynth.*")):
        if path.suffix in (".xml", ".rpt") and ".autopilot" not in path.parts and path.is_file():
            folders.setdefault(path.parent, []).append(path)
    yield from folders.items()


def _read(path: Path) -> CsynthReport | None:
    try:
        return read_csynth(path.read_text(errors="replace")) if path.stat().st_size <= _MAX_REPORT else None
    except (AigchipError, OSError):
        return None


def _top_report(folder: Path, paths: list[Path]) -> tuple[Path, CsynthReport]:
    """The report of the top function, with the loops of all reports beside it."""
    reports = {path: found for path in paths if (found := _read(path)) is not None}
    below = {name for report in reports.values() for name in report.modules}
    order = sorted(
        (path for path, report in reports.items() if path.stem == "csynth" or report.top not in below),
        key=lambda path: (path.suffix != ".xml", path.name != "csynth.xml", path.name == "csynth.rpt", path.name),
    )
    if not order:
        raise _PassedOverError("no report of C synthesis")
    tops = {reports[path].top for path in order}
    named = {reports[path].top for path in order if path.stem == "csynth"}
    if len(tops) > 1 and len(named) != 1:
        raise _PassedOverError("several top functions in one folder")
    chosen = next(path for path in order if not named or reports[path].top in named)
    loops = dict.fromkeys(name for report in reports.values() for name in report.loops)
    trips = dict.fromkeys(one for report in reports.values() for one in report.trips)
    protocols = frozenset().union(*(one.protocols for one in reports.values() if one.top == reports[chosen].top))
    return chosen, msgspec.structs.replace(reports[chosen], loops=tuple(loops), trips=tuple(trips), protocols=protocols)


class _Texts:
    """Sources below a folder, read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._texts: dict[Path, str] = {}
        self._below: dict[Path, list[Path]] = {}

    def text(self, path: Path) -> str:
        if path not in self._texts:
            try:
                self._texts[path] = path.read_text(errors="replace") if path.stat().st_size <= _MAX_SOURCE else ""
            except OSError:
                self._texts[path] = ""
        return self._texts[path]

    def sources(self, folder: Path) -> list[Path]:
        """C and C++ files below a folder that are neither test benches nor the tool's own."""
        if folder not in self._below:
            self._below[folder] = [
                path
                for path in sorted(folder.rglob("*"))
                if path.suffix.lower() in _SOURCES
                and not _TOOL_FOLDERS.intersection(path.relative_to(self.root).parts)
                and not _NO_SOURCE.search(path.name)
            ]
        return self._below[folder]

    def headers(self, source: Path) -> dict[str, str]:
        return {one.name: self.text(one) for one in sorted(source.parent.glob("*.h*")) if one.is_file()}


def _source_of(root: Path, folder: Path, report: CsynthReport, kept: _Texts) -> Path:
    """The source beside a report: of the nearest folder above it in which a file defines the top function."""
    defines = re.compile(rf"\b{re.escape(report.top)}\s*\([^;{{]*\)\s*\{{")
    base = folder
    while True:
        candidates = [path for path in kept.sources(base) if defines.search(bare(kept.text(path)))]
        if candidates or base == root:
            break
        base = base.parent
    if not candidates:
        raise _PassedOverError("no source defines the top function")
    expanded = _expanded_texts(folder, root)
    if expanded:
        fitting = [path for path in candidates if _is_one_of(path, kept, expanded)]
        if not fitting:
            raise _PassedOverError("another text than the source was synthesized")
    else:
        fitting = _of_report(report, candidates, folder, kept)
    if len({bare(kept.text(path)) for path in fitting}) > 1:
        raise _PassedOverError("several sources fit the report")
    return fitting[0]


def _of_report(report: CsynthReport, candidates: list[Path], folder: Path, kept: _Texts) -> list[Path]:
    """Candidates that a report can be of by its loops, their trip counts and its ports."""
    found = [path for path in candidates if has_loops(report, [kept.text(path), *kept.headers(path).values()])]
    if not found:
        raise _PassedOverError("the source's loops are not those of the report")
    path = _directives(folder)
    asked = kept.text(path) if path is not None else ""
    found = [one for one in found if has_trips(report, {one.name: kept.text(one)}, kept.headers(one), asked)]
    if not found:
        raise _PassedOverError("the source's trip counts are not those of the report")
    found = [one for one in found if has_ports(report, {one.name: kept.text(one)}, kept.headers(one))]
    if not found:
        raise _PassedOverError("the source's ports are not those of the report")
    return found


def _directives(folder: Path) -> Path | None:
    """The Tcl file of directives of the solution that a report's folder belongs to."""
    folders = (folder, *list(folder.parents)[:3])
    return next((one / "directives.tcl" for one in folders if (one / "directives.tcl").is_file()), None)


def _expanded_texts(folder: Path, root: Path) -> dict[str, str]:
    """What the tool's front end read of its design files, by their stems, where the project kept it."""
    base = folder
    while base not in (root, base.parent):
        found = {
            path.name.partition(".pp.0.")[0]: _main_part(path.read_text(errors="replace"))
            for path in sorted((base / ".autopilot" / "db").glob("*.pp.0.c*"))
            if path.suffix in _SOURCES and path.stat().st_size <= _MAX_REPORT
        }
        if found:
            return found
        base = base.parent
    return {}


def _main_part(text: str) -> str:
    """Lines of the first file named in a preprocessed text."""
    first, here, out = "", "", []
    for line in text.split("\n"):
        mark = re.match(r'#\s*(?:line)?\s*\d+\s+"([^"]*)"', line)
        if mark is not None:
            here = mark.group(1)
            first = first or here
        elif here == first:
            out.append(line)
    return "\n".join(out)


def _is_one_of(path: Path, kept: _Texts, expanded: dict[str, str]) -> bool:
    """Whether a source is the design file of its name; a project of one file may have renamed it since."""
    if path.stem not in expanded and len(expanded) > 1:
        return False
    read = expanded.get(path.stem, next(iter(expanded.values())))
    try:
        resolved = preprocess(kept.text(path), kept.headers(path), {}, path=path.name).text
    except AigchipError:
        return False
    return _words(resolved) == _words(read)


_ADDED = re.compile(
    r"^\s*#[^\n]*|__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)|\bVITIS_LOOP_\d+_\d+\s*:"
    r"|\b_ssdm_\w+\s*\([^;]*\)\s*;", re.MULTILINE
)
"""What the front end adds: directives, the mark of the top function, labels of loops, notes on arrays."""


def _words(text: str) -> list[str]:
    return [token.text for token in significant(_ADDED.sub("", text))]


def _row(root: Path, path: Path, report: CsynthReport, source: Path, kept: _Texts, group: str) -> Row:
    where = str(path.relative_to(root))
    directives = _directives(path.parent)

    def shown(value: int | None) -> str:
        return "" if value is None else str(value)

    return {
        "id": f"C-{hashlib.sha256(where.encode()).hexdigest()[:8]}",
        "set": group,
        "kernel": report.top,
        "tool": report.tool,
        "device": report.device,
        "clock": f"{report.clock_ns:g}",
        "lat_min": shown(report.latency_min),
        "lat_max": shown(report.latency_max),
        "ii": shown(report.interval),
        "bram": shown(report.bram18),
        "dsp": shown(report.dsp),
        "ff": shown(report.ff),
        "lut": shown(report.lut),
        "uram": shown(report.uram),
        "estimated_clock": "" if report.estimated_clock_ns is None else f"{report.estimated_clock_ns:g}",
        "uncertainty": "" if report.uncertainty_ns is None else f"{report.uncertainty_ns:g}",
        "category": ",".join(_categories(report, bare(kept.text(source)), "\n".join(kept.headers(source).values()))),
        "npragma": str(len(re.findall(r"#\s*pragma\s+HLS", kept.text(source), re.IGNORECASE))),
        "report_file": where,
        "source": str(source.relative_to(root)),
        "directives": "" if directives is None else str(directives.relative_to(root)),
        "note": "; ".join(_notes(root, path, source, report)),
    }


def _notes(root: Path, path: Path, source: Path, report: CsynthReport) -> list[str]:
    """What the tool was told besides the text, as `options_for` reads it: the flow, and what scripts beside say."""
    folders = dict.fromkeys((source.parent, source.parent.parent, *list(path.parents)[:5]))
    scripts = (one for folder in folders if root in (folder, *folder.parents) for one in sorted(folder.glob("*.tcl")))
    unsafe = any(re.search(r"^\s*config_compile\b.*-unsafe_math", _start_of(one), re.MULTILINE) for one in scripts)
    return ["Vitis kernel flow"] * report.vitis_flow + ["unsafe_math_optimizations"] * unsafe


def _start_of(path: Path) -> str:
    """The text of a script, as far as one is worth reading."""
    try:
        with path.open(errors="replace") as stream:
            return stream.read(_MAX_SOURCE)
    except OSError:
        return ""


_NARROW = re.compile(r"\bap_u?(int|fixed)\s*<|\bu?int8_t\b|\bap_u?int\d+\b|\bu?int8\b|\b(un)?signed\s+char\b")


def _categories(report: CsynthReport, text: str, headers: str) -> list[str]:
    """What a kernel is made of: its ports as the report lists them, its types as its text writes them."""
    found = {
        "m_axi": "m_axi" in report.protocols,
        "stream": bool({"axis", "ap_fifo"} & report.protocols) or "hls::stream" in text,
        "dataflow": re.search(r"pragma\s+HLS\s+dataflow", text, re.IGNORECASE) is not None,
        "int8/ap_int": _NARROW.search(text + bare(headers)) is not None,
        "fp": re.search(r"\b(float|double|half)\b", text) is not None,
    }
    return [name for name, holds in found.items() if holds] or ["other"]

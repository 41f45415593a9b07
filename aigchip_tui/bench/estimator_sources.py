"""Rows of a pairs file and the sources, parts, clocks and tool options that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from aigchip_tui.bench.estimator_project import Project
from aigchip_tui.estimator.estimate import Design, Estimate, estimate_design, read_design
from aigchip_tui.estimator.options import Options
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.synth.csynth_report import read_csynth

_TEMPLATES = "sharc-lab/HLSFactory/hlsfactory/hls_dataset_sources/hlsyn-vitis/vivado-target"


def whole(text: str) -> int | None:
    """An integer column, None when it is empty or no number."""
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return None


_INTEGER_MACRO = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)[ \t]+\(?(\d+)\)?[ \t]*(?://.*|/\*.*)?$", re.MULTILINE
)


def integer_macros(texts: Iterable[str]) -> dict[str, int]:
    """Macros of sources that stand for one integer above 1: the sizes that a designer turns."""
    found = {name: int(value) for text in texts for name, value in _INTEGER_MACRO.findall(text)}
    return {name: value for name, value in found.items() if value > 1}


def part_of(device: str) -> str:
    """Part name in a device column such as `U200 (xcu200)`."""
    inner = re.search(r"\((\w+)\)", device)
    return inner.group(1) if inner else device


def options_for(tool: str, note: str) -> Options:
    """What the tool of a row does unasked: by its version, and by the compile options named in the note.

    HLS_SYN_LAT of a packaged core is the average case: for triangular loops it grows with half of their greatest trips.
    """
    year = whole(tool.split(".")[0]) or 2024
    return Options(
        unsafe_math="unsafe_math" in note,
        auto_pipeline=64 if year >= 2020 else 0,
        imperfect_flatten=year >= 2022,
        auto_partition=year >= 2020,
        deal_arrays=year >= 2023,
        forward_stores=2020 <= year < 2023,
        average_trips="HLS_SYN_LAT" in note,
        bind_arguments=year < 2020,
        tool_year=year,
    ).configured({"platform": int("Vitis kernel flow" in note)})


class Sources:
    """Finds the source of a row below a folder; design points of templates are made by substituting their
    pragmas.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._points: dict[str, list[dict[str, object]]] = {}
        self._projects: dict[Path, Project] = {}

    def read(self, row: dict[str, str]) -> tuple[dict[str, str], dict[str, str], str] | None:
        """Sources, headers and directives of a row, or None when the folder does not hold them."""
        path = self.root / row["source"]
        directives = self._text(self.root / row["directives"]) if row.get("directives") else ""
        if path.is_file():
            texts, headers = self._project(path).read(path)
            renamed = re.search(r"([\w.]+) = <kernel>\.h beside the source", row.get("note", ""))
            if renamed is not None:
                beside = path.parent / renamed.group(1)
                headers[renamed.group(1)] = self._text(beside if beside.is_file() else path.with_suffix(".h"))
            return texts, headers, directives
        if row["set"].startswith("hlsyn"):
            return self._template(row)
        return None

    def _project(self, source: Path) -> Project:
        """The repository that a source lies in: two folders below the root."""
        place = source.relative_to(self.root).parts
        base = self.root.joinpath(*place[:2]) if len(place) > 2 else source.parent
        return self._projects.setdefault(base, Project(base))

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
            if not isinstance(used, dict) or point.get("perf") != whole(row["lat_max"]):
                continue
            if used.get("total-DSP") == whole(row["dsp"]) and used.get("total-LUT") == whole(row["lut"]):
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


def estimate_row(row: dict[str, str], texts: dict[str, str], headers: dict[str, str], directives: str) -> Estimate:
    """Estimate of one row for its device, clock and tool."""
    return estimate_read(row, read_design(texts, directives=directives, include=headers))


def estimate_read(row: dict[str, str], design: Design, sets: dict[str, int] | None = None) -> Estimate:
    """Estimate of a row whose source was read before, with other constants if `sets` gives any."""
    clock_ns = float(row["clock"])
    named = design.unit.functions.get(row["kernel"], ())
    return estimate_design(
        design,
        top=row["kernel"] if any(one.body is not None for one in named) else "",
        clock_ns=clock_ns,
        part=part_of(row["device"]),
        sets=sets,
        options=options_for(row["tool"], row.get("note", "")),
        uncertainty_ns=kept_back(row),
    )


def kept_back(row: dict[str, str]) -> float | None:
    """What the tool of a row keeps back of the clock period, in ns; None where it is the usual share."""
    if row.get("uncertainty"):
        return float(row["uncertainty"])
    return float(row["clock"]) * 0.125 if row["tool"].startswith(("2018", "2019")) else None


def reported_clock(row: dict[str, str], *folders: Path) -> float | None:
    """The clock period in ns that the report of a row estimates: a column of its own, or its report below a folder."""
    if row.get("estimated_clock"):
        return float(row["estimated_clock"])
    for folder in folders if row.get("report_file") else ():
        with suppress(AigchipError, OSError):
            return read_csynth((folder / row["report_file"]).read_text(errors="replace")).estimated_clock_ns
    return None

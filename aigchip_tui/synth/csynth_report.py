"""Reads what Vitis HLS and Vivado HLS reported of one function: `csynth.xml`, `NAME_csynth.rpt`, the summary
`csynth.rpt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

import msgspec

from aigchip_tui.model.errors import AigchipError


class CsynthReport(msgspec.Struct, frozen=True, kw_only=True):
    """A synthesis report of one function, as the tool wrote it; None is what it does not say.

    Latencies and the interval in cycles, the clock period asked for in ns, and where the report tells them the period
    that the tool estimates and what it keeps back of the asked one, both in ns; blocks of 18 Kbit. `loops` are names of
    loops as the report spells them, `trips` names and trip counts of those whose count is fixed, `protocols` those of
    its ports where the report lists them (`m_axi`, `axis`, ...), `arguments` names of what its ports carry, `modules`
    the functions that became modules below it; `vitis_flow`: made as a kernel for a platform.
    """

    top: str
    tool: str
    device: str
    clock_ns: float
    latency_min: int | None
    latency_max: int | None
    interval: int | None = None
    estimated_clock_ns: float | None = None
    uncertainty_ns: float | None = None
    bram18: int | None = None
    dsp: int | None = None
    ff: int | None = None
    lut: int | None = None
    uram: int | None = None
    loops: tuple[str, ...] = ()
    trips: tuple[tuple[str, int], ...] = ()
    arguments: frozenset[str] = frozenset()
    protocols: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    vitis_flow: bool = False


def read_csynth(text: str) -> CsynthReport:
    """A report from its text, whichever of the three forms it has; raises AigchipError when it is none of them."""
    try:
        found = _from_xml(text) if text.lstrip().startswith("<") else _from_detail(text) or _from_summary(text)
    except ElementTree.ParseError as error:
        raise AigchipError(f"The synthesis report is no whole XML file: {error}.") from error
    if found is None:
        raise AigchipError(
            "This is no report of C synthesis.", hint="Give a csynth.xml, NAME_csynth.rpt or csynth.rpt of syn/report."
        )
    return found


def _whole(text: str | None) -> int | None:
    """An integer figure; what the tool leaves open (`?`, `-`, `undef`) is None."""
    match = re.match(r"\s*~?(\d+)\b", text or "")
    return int(match.group(1)) if match else None


def _fixed(text: str | None) -> int | None:
    """A trip count that is one number: neither a range nor open."""
    match = re.fullmatch(r"\s*(\d+)\s*", text or "")
    return int(match.group(1)) if match else None


def _known(rows: Iterable[tuple[str, str | None]]) -> tuple[tuple[str, int], ...]:
    """Names and trip counts of the loops whose count is fixed."""
    found = [(name, trips) for name, text in rows if (trips := _fixed(text)) is not None]
    return tuple(dict.fromkeys(found))


def _period(text: str | None) -> float | None:
    """A period in ns; one that is not there or zero, as for a function without states, is None."""
    match = re.match(r"\s*(\d+(?:\.\d+)?)", text or "")
    return float(match.group(1)) or None if match else None


def _from_xml(text: str) -> CsynthReport | None:
    root = ElementTree.fromstring(text)
    latency = root.find("PerformanceEstimates/SummaryOfOverallLatency")
    top = (root.findtext("UserAssignments/TopModelName") or "").strip()
    clock = root.findtext("UserAssignments/TargetClockPeriod")
    if latency is None or not top or not clock:
        return None
    used = root.find("AreaEstimates/Resources")

    def resource(*names: str) -> int | None:
        return next((_whole(used.findtext(name)) for name in names if used.find(name) is not None), None) \
            if used is not None else None

    loops = list(_xml_loops(root))
    return CsynthReport(
        top=top,
        tool=(root.findtext("ReportVersion/Version") or "").split(" ")[0],
        device=(root.findtext("UserAssignments/Part") or "").strip(),
        clock_ns=float(clock),
        latency_min=_whole(latency.findtext("Best-caseLatency")),
        latency_max=_whole(latency.findtext("Worst-caseLatency")),
        interval=_whole(latency.findtext("Interval-max")),
        estimated_clock_ns=_period(root.findtext("PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod")),
        uncertainty_ns=_period(root.findtext("UserAssignments/ClockUncertainty")),
        bram18=resource("BRAM_18K"),
        dsp=resource("DSP", "DSP48E"),
        ff=resource("FF"),
        lut=resource("LUT"),
        uram=resource("URAM"),
        loops=tuple(dict.fromkeys(name for name, _ in loops)),
        trips=_known(loops),
        arguments=frozenset(
            name.strip() for port in root.iter("RtlPorts")
            if (port.findtext("IOProtocol") or "").strip() in _CARRYING and (name := port.findtext("Object"))
        ),
        protocols=frozenset(one.text.strip() for one in root.iter("IOProtocol") if one.text),
        modules=frozenset(one.text.strip() for one in root.iter("ModuleName") if one.text),
        vitis_flow=(root.findtext("UserAssignments/FlowTarget") or "").strip() == "vitis",
    )


_CARRYING = frozenset(["ap_none", "ap_vld", "ap_ack", "ap_hs", "ap_ovld", "ap_memory", "ap_fifo", "axis", "bram"])
"""Protocols of ports that bear the name of what they carry."""


def _xml_loops(root: ElementTree.Element) -> Iterator[tuple[str, str | None]]:
    """Names and trip counts as they stand."""
    for summary in root.iter("SummaryOfLoopLatency"):
        for loop in summary.iter():
            if loop.find("TripCount") is not None or loop.find("Latency") is not None:
                yield (loop.findtext("Name") or loop.tag).strip(), loop.findtext("TripCount")


_DETAIL = re.compile(r"== (?:Vitis|Vivado) HLS Report for '([^']+)'")
_LATENCY = re.compile(
    r"^\+ Latency.*?Summary:.*?\n(?:[^\n]*\n){1,6}?\s*\|\s*([\d?]+)\|\s*([\d?]+)\|(?:[^|\n]*[num]s *\|[^|\n]*s *\|)?"
    r"\s*([\d?]+)\|\s*([\d?]+)\|",
    re.DOTALL | re.MULTILINE,
)
_VITIS_FLOW = "(Vitis Kernel Flow Target)"
_LOOP_ROW = re.compile(r"^\s*\|\s*(?:\+\s*|-\s*)+([A-Za-z_][\w. ]*?)\s*\|([^\n]*)\|", re.MULTILINE)
_CLOCK_ROW = re.compile(
    r"^\s*\|ap_clk\s*\|\s*([\d.]+)\s*([num]s)?"
    r"(?:\s*\|\s*([\d.]+)\s*([num]s)?\s*\|\s*([\d.]+)\s*([num]s)?)?", re.MULTILINE
)
"""Asked for, estimated, uncertainty."""
_UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "ps": 1e-3}


def _from_detail(text: str) -> CsynthReport | None:
    """`NAME_csynth.rpt`: one function with its loops and tables of resources."""
    top = _DETAIL.search(text)
    clock = _CLOCK_ROW.search(text)
    latency = _LATENCY.search(text)
    if top is None or clock is None or latency is None:
        return None
    heads = re.search(r"^\|\s*Name\s*\|\s*BRAM_18K\s*\|([^\n]*)", text, re.MULTILINE)
    total = re.search(r"^\|Total\s*\|([^\n]*)", text, re.MULTILINE)
    used: dict[str, int | None] = {}
    if heads is not None and total is not None:
        names = ["BRAM_18K", *(one.strip().replace("DSP48E", "DSP") for one in heads.group(1).split("|"))]
        used = dict(zip(names, map(_whole, total.group(1).split("|")), strict=False))
    asked, estimated, uncertainty = (
        float(clock[at] or 0) * _UNITS[clock[at + 1] or "ns"] for at in (1, 3, 5)
    )
    begin = text.find("* Loop:")
    end = text.find("== Utilization", begin)
    rows = _LOOP_ROW.findall(text[begin:end]) if 0 <= begin < end else []
    return CsynthReport(
        top=top.group(1),
        tool=_general(text, "Version"),
        device=_general(text, "Target device"),
        clock_ns=asked,
        latency_min=_whole(latency.group(1)),
        latency_max=_whole(latency.group(2)),
        interval=_whole(latency.group(4)),
        estimated_clock_ns=estimated or None,
        uncertainty_ns=uncertainty or None,
        bram18=used.get("BRAM_18K"),
        dsp=used.get("DSP"),
        ff=used.get("FF"),
        lut=used.get("LUT"),
        uram=used.get("URAM"),
        loops=tuple(dict.fromkeys(name for name, _ in rows)),
        trips=_known((name, (figures.split("|")[-2:] or [None])[0]) for name, figures in rows),
        protocols=frozenset(re.findall(r"\|\s*(m_axi|axis|ap_fifo|ap_memory|s_axi)\s*\|", text)),
        modules=frozenset(re.findall(r"^\s*\|\w+\s*\|([A-Za-z_]\w*)\s*\|", text, re.MULTILINE)),
        vitis_flow=_VITIS_FLOW in text,
    )


def _general(text: str, name: str) -> str:
    match = re.search(rf"^\s*\*\s*{name}:\s+(\S+)", text, re.MULTILINE)
    return match.group(1) if match else ""


_SUMMARY_ROW = re.compile(r"^\s*\|( *)([+o])\s(\S[^|]*?)\*?\s*\|([^\n]*)\|\s*$", re.MULTILINE)


_UNCERTAINTY = 0.27
"""Share of the period that the tool keeps back unless it is told otherwise."""
_STEP = 0.05


def _from_summary(text: str) -> CsynthReport | None:
    """`csynth.rpt`: the tree of modules and loops; it tells the clock only by its latencies in cycles and in ns."""
    top = re.search(r"== Synthesis Summary Report of '([^']+)'", text)
    names = _summary_columns(text)
    # Later tables of newer releases list the modules again, with other columns.
    rows = [row for row in _SUMMARY_ROW.finditer(text) if row.group(4).count("|") + 1 == len(names)]
    if top is None or not rows or not {"cycles", "ns", "DSP", "LUT"} <= set(names):
        return None
    figures = [dict(zip(names, row.group(4).split("|"), strict=False)) for row in rows]
    first = figures[0]
    clock = _clock_of(figures)
    if clock is None:
        return None
    slack = re.match(r"\s*(-\d+\.\d+)", first.get("Slack", ""))
    if slack is not None and -float(slack.group(1)) > _UNCERTAINTY * clock:
        # Latencies in ns are then those of the clock that is reached; the period asked for is left after the slack.
        clock = round((clock + float(slack.group(1))) / (1 - _UNCERTAINTY) / _STEP) * _STEP
    room = re.match(r"\s*(-?\d+\.\d+)", first.get("Slack", ""))
    interfaces = {name for name in ("M_AXI", "AXIS", "AP_FIFO", "AP_MEMORY", "S_AXILITE") if f"* {name}" in text}
    cycles = _whole(first["cycles"])
    return CsynthReport(
        top=top.group(1),
        tool=_general(text, "Version"),
        device=_general(text, "Target device"),
        clock_ns=round(clock, 3),
        latency_min=cycles,
        latency_max=cycles,
        interval=_whole(first.get("Interval")),
        estimated_clock_ns=round((1 - _UNCERTAINTY) * clock - float(room.group(1)), 3) if room is not None else None,
        bram18=_whole(first.get("BRAM")) or 0,
        dsp=_whole(first["DSP"]) or 0,
        ff=_whole(first.get("FF")) or 0,
        lut=_whole(first["LUT"]) or 0,
        uram=_whole(first.get("URAM")) or 0,
        loops=tuple(dict.fromkeys(row.group(3) for row in rows if row.group(2) == "o")),
        trips=_known(
            (row.group(3), one.get("Count")) for row, one in zip(rows, figures, strict=True) if row.group(2) == "o"
        ),
        protocols=frozenset(one.lower() for one in interfaces),
        modules=frozenset(row.group(3) for row in rows[1:] if row.group(2) == "+"),
        vitis_flow=_VITIS_FLOW in text,
    )


def _summary_columns(text: str) -> list[str]:
    """Names of the columns after the first; the head has two lines, and the last word of each names a column."""
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1]):
        if re.match(r"\s*\|\s*Modules\s*\|", line):
            upper, lower = (one.strip().strip("|").split("|")[1:] for one in lines[number:number + 2])
            both = [f"{a.strip()} {b.strip()}".split() for a, b in zip(upper, lower, strict=False)]
            named = ["".join(words[-1:]).strip("()") for words in both]
            return ["Iteration" if words[:1] == ["Iteration"] else name
                    for words, name in zip(both, named, strict=True)]
    return []


def _clock_of(figures: list[dict[str, str]]) -> float | None:
    """The clock period: ns by cycles of the row that gives most digits."""
    best: tuple[float, float] | None = None
    for row in figures:
        cycles, text = _whole(row["cycles"]), row["ns"].strip()
        if not cycles or not re.fullmatch(r"\d[\d.]*(e\+\d+)?", text):
            continue
        digits = sum(one.isdigit() for one in text.partition("e")[0])
        worth = min(float(digits), 4.0) if "e" in text else float(digits)
        if best is None or worth > best[0]:
            best = worth, float(text) / cycles
    return None if best is None else round(best[1], 3)

"""Designs as rows of a table, in the orders and selections that the screen offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from aigchip_tui.model.figures import digits
from aigchip_tui.model.summary import LADDER
from aigchip_tui.ui.projections.glyphs import Glyphs
from aigchip_tui.ui.projections.ladder import WORDS, ladder, status_role
from aigchip_tui.ui.projections.status import KIND_ROLES
from aigchip_tui.ui.projections.text import Line, Role, Span, crop_line, fit, plain, width_of, wrap
from aigchip_tui.ui.projections.views import DesignView, Snapshot, design_ladder

Sort = Literal["newest", "latency", "dsp", "state"]
Only = Literal["all", "front", "in flight", "failed"]
_LATENCY = 14
"""Cells of a latency with its kind; a longer one takes its room from the shape."""
SORTS: tuple[Sort, ...] = ("newest", "latency", "dsp", "state")
FILTERS: tuple[Only, ...] = ("all", "front", "in flight", "failed")
_STATES: Mapping[str, tuple[str, Role]] = {
    "proposed": ("proposed", "dim"), "building": ("building", "accent"), "waiting": ("waiting", "wait"),
    "evaluated": ("evaluated", "good"), "failed": ("failed", "bad"), "damaged": ("damaged", "bad"),
}
_WEIGHT = {"building": 0, "waiting": 1, "proposed": 2, "evaluated": 3, "failed": 4, "damaged": 5}
_FAR = float("inf")


def waits(snapshot: Snapshot, design: DesignView) -> bool:
    """Whether one of its modules waits for a human."""
    if design.status not in ("building", "waiting"):
        return False
    return any(
        (v := snapshot.variants.get(i.variant)) is not None and v.status == "stuck" for i in design.instances
    )


def population_ids(snapshot: Snapshot, *, sort: Sort, only: Only) -> list[str]:
    """Ids (numbers as texts) of the designs to show, in their order."""
    front = set(snapshot.front)
    designs = [
        d for d in snapshot.designs.values()
        if only == "all" or (only == "front" and d.number in front)
        or (only == "in flight" and d.status in ("proposed", "building", "waiting"))
        or (only == "failed" and d.status in ("failed", "damaged"))
    ]
    if sort == "newest":
        designs.sort(key=lambda d: -d.number)
    elif sort == "latency":
        designs.sort(key=lambda d: (d.figures.latency.ms if d.figures else _FAR, d.number))
    elif sort == "dsp":
        designs.sort(key=lambda d: (d.figures.dsp if d.figures else _FAR, d.number))
    else:
        designs.sort(key=lambda d: (_WEIGHT.get(d.status, 9), -d.number))
    return [str(d.number) for d in designs]


def _columns(width: int) -> list[tuple[str, int]]:
    """Figures beyond DSP that there is room for: (member, cells)."""
    more: list[tuple[str, int]] = []
    room = width - 74
    for name, cells in (("bram18", 7), ("lut", 8), ("uram", 5), ("ff", 8)):
        if room < cells:
            break
        more.append((name, cells))
        room -= cells
    return more


def population_head(sort: int, only: int, width: int) -> Line:
    """The names of the columns, with units, and the order in force."""
    spans: list[Span] = [("   design ", "dim"), (fit("state", 10), "dim"), (fit("latency ms", _LATENCY), "dim"),
                         (fit("DSP", 5, right=True), "dim")]
    for name, cells in _columns(width):
        spans.append((fit({"bram18": "BRAM18"}.get(name, name.upper()), cells, right=True), "dim"))
    spans += [("  ", ""), (fit("proof", len(LADDER) + 1), "dim")]
    order = f"  by {SORTS[sort]}" + (f", only {FILTERS[only]}" if only else "")
    room = width - width_of(tuple(spans)) - len(order)
    shape = next((words for words in ("lane/array/arrays reuse", "splits, reuse", "shape") if len(words) <= room), "")
    return crop_line((*spans, (shape, "dim"), (order if shape else order.strip(), "accent")), width)


def population_line(snapshot: Snapshot, design: DesignView, width: int, glyphs: Glyphs) -> Line:
    """One design: sign, name, state, figures with their basis, ladder, shape or cause of failure."""
    sign: Span = (" ", "")
    if design.number == snapshot.best:
        sign = (glyphs.best, "good")
    elif design.number in snapshot.front:
        sign = (glyphs.front, "accent")
    state: Span = ("? waits", "wait") if waits(snapshot, design) else _STATES.get(design.status, (design.status, ""))
    f = design.figures
    latency = f"{digits(f.latency.ms):>8} {f.latency.word} " if f is not None else ""
    latency = latency if len(latency) <= _LATENCY else latency.lstrip()
    spans: list[Span] = [
        (" ", ""), sign, (" ", ""), (fit(design.id, 7), "head"), (fit(state[0], 10), state[1]),
        (fit(latency, max(_LATENCY, len(latency))), ""),
        (fit(str(f.dsp) if f is not None else "", 5, right=True), ""),
    ]
    for name, cells in _columns(width):
        spans.append((fit(str(getattr(f, name)) if f is not None else "", cells, right=True), ""))
    spans += [("  ", ""), *ladder(design_ladder(snapshot, design)), (" ", "")]
    if design.cause:
        spans.append((plain(f"{design.cause}: {design.message}"), "bad"))
    else:
        spans.append((plain(design.shape), "dim"))
    return crop_line(tuple(spans), width)


def design_detail(snapshot: Snapshot, design: DesignView, width: int) -> list[Line]:
    """Everything about one design."""
    f = design.figures
    lines: list[Line] = [((design.id, "head"), (f"  {design.status}", _STATES.get(design.status, ("", ""))[1]),
                          (f"  {plain(design.origin)}", "dim"))]
    if design.cause:
        lines += [((piece, "bad"),) for piece in wrap(plain(f"{design.cause}: {design.message}"), width)]
    if f is not None:
        amount, word = f.latency.short.rsplit(" ", 1)
        kind: Span = (word, KIND_ROLES[f.kind])
        lines += [
            ((f"{amount} ", "head"), kind, (f"  {f.latency.cycles} cycles", "dim")),
            ((f"at {f.clock_mhz:g} MHz", "dim"),),
            ((f"DSP {f.dsp}  BRAM18 {f.bram18}  URAM {f.uram} ", ""), kind),
            ((f"LUT {f.lut}  FF {f.ff} ", ""), kind),
        ]
        lines += [((piece, "dim"),) for piece in wrap(plain(f.counted), width)]
        if f.unknown:
            lines += [((piece, "warn"),) for piece in wrap(plain("unknown: " + ", ".join(f.unknown)), width)]
    lines += [(), (("Parameters", "head"), (f"  {design.processes} processes" if design.processes else "", "dim"))]
    words = "  ".join(f"{k}={v}" for k, v in design.parameters.items())
    lines += [((piece, ""),) for piece in wrap(plain(words), width)]
    lines += [(), (("Proof", "head"),)]
    for rung, status in zip(LADDER, design_ladder(snapshot, design), strict=True):
        outcome = design.rungs.get(rung)
        evidence = plain(outcome.evidence) if outcome is not None else ""
        pieces = wrap(evidence, max(12, width - 24)) or [""]
        lines.append(((f"{WORDS[rung]:13} ", "dim"), (f"{status:8} ", status_role(status)), (pieces[0], "dim")))
        lines += [((" " * 23, ""), (piece, "dim")) for piece in pieces[1:]]
    return lines

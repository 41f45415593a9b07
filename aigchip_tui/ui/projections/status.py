"""The lines that stand on every screen: status above, provenance below, tabs between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aigchip_tui.model.figures import Kind
from aigchip_tui.ui.projections.text import Line, Role, Span, crop_line, spread, width_of
from aigchip_tui.ui.projections.views import DesignView, Snapshot

TABS = ("Overview", "Population", "Modules", "Inbox", "Logs")
STATES = {
    "new": "NEW", "running": "RUN", "paused": "PAUSED", "waiting": "WAITS", "stopped": "STOPPED", "done": "DONE",
}
ENGINE_WORDS = {
    "none": "off", "alive": "alive", "gone": "gone", "silent": "silent for 20 s", "unknown": "alive?",
    "far": "on another host?",
}
KIND_ROLES: Mapping[Kind, Role] = {"estimate": "warn", "tool": "accent", "measured": "good"}
"""What colours the word of a kind; the word itself is always there."""


def kinds_words(designs: Iterable[DesignView]) -> str:
    """Who says the figures of several designs, in short words joined; `est` while there are none."""
    return "+".join(sorted({d.figures.latency.word for d in designs if d.figures is not None})) or "est"


def status_line(snapshot: Snapshot, width: int) -> Line:
    """Session, state, evaluations, best with its basis, front, calls, and how many questions wait."""
    s = snapshot
    state = "PROVES" if s.state == "running" and s.finished else STATES.get(s.state, s.state.upper())
    left: list[Span] = [(" aigchip ", "dim"), (s.name, "head"), ("  ", "")]
    if s.problem:
        return crop_line((*left, ("CANNOT READ ", "bar_bad"), (s.problem, "bar_bad")), width)
    left.append((state, "bar_wait" if s.state in ("waiting", "paused", "stopped") else "accent"))
    if s.reading:
        left.append((" reading the journal", "dim"))
    if s.read_only:
        left.append((" READ-ONLY", "bar_wait"))
    left.append((f" {s.done}/{s.settings.evaluations}", ""))
    best = s.best_design()
    if best is not None and best.figures is not None:
        amount, word = best.figures.latency.short.rsplit(" ", 1)
        left += [("  best ", "dim"), (amount, "head"), (f" {word}", KIND_ROLES[best.figures.kind])]
    left += [("  front ", "dim"), (str(len(s.front)), ""), ("  calls ", "dim"), (str(s.calls), "")]
    if s.usd:
        left.append((f" ${s.usd:.2f}", ""))
    if s.failed:
        left.append((f"  failed {s.failed}", "bar_bad"))
    waiting: Line = ((f"  ? {len(s.open)} ", "bar_wait" if s.open else "dim"),)
    return spread(tuple(left), waiting, width)


def tab_line(current: int, width: int, *, note: str = "") -> Line:
    """The screens by number; the current one is reversed and bracketed by its own blanks."""
    spans: list[Span] = [(" ", "")]
    for number, title in enumerate(TABS, 1):
        spans.append((f" {number} {title} ", "tab" if number == current else ""))
    right: Line = ((note + "  " if note else "", "wait"), ("? help ", "key"))
    if width_of(tuple(spans)) + width_of(right) > width:
        right = ((note, "wait"), (" ? ", "key"))
    return spread(tuple(spans), right, width)


def bottom_line(snapshot: Snapshot, width: int, *, bar: str) -> Line:
    """Basis of the figures, sandbox, engine, and who writes the code: in fewer words where the line is short."""
    line: Line = ()
    for short in (False, True):
        line = _bottom(snapshot, bar, short=short)
        if width_of(line) <= width:
            return line
    return crop_line(line, width)


def _bottom(snapshot: Snapshot, bar: str, *, short: bool) -> Line:
    s = snapshot
    word = kinds_words(s.designs[n] for n in s.front if n in s.designs)
    parts: list[Span] = [(f" {word}", "warn"), (f" {bar} ", "dim")]
    box = "" if short else "sandbox "
    if s.not_denied or s.sandbox == "none":
        opened = f" NOT DENIED: {', '.join(s.not_denied)}" if s.not_denied else ""
        parts.append((f"sandbox {s.sandbox}{opened}", "bar_bad"))
    else:
        parts.append((f"{box}{s.sandbox}", "") if s.sandbox else ("sandbox not run", "dim"))
    alive = s.engine in ("alive", "unknown")
    writer = s.generator or s.settings.generator
    parts += [
        (f" {bar} ", "dim"), (f"engine {ENGINE_WORDS.get(s.engine, s.engine)}", "" if alive else "bar_wait"),
        (f" {bar} ", "dim"), (writer.replace("offline adapter (", "adapter (") if short else writer, ""),
    ]
    return tuple(parts)


def generator_words(generator: str) -> str:
    """The generator without its specification when that would only repeat it."""
    spec, _, words = generator.partition(": ")
    if words and spec.startswith("offline"):
        faults = spec.partition("faults=")[2]
        return f"{words}, faults {faults}" if faults else words
    return generator

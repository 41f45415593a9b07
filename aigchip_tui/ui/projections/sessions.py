"""Sessions as rows of a list."""

from __future__ import annotations

from dataclasses import dataclass

from aigchip_tui.model.figures import digits
from aigchip_tui.ui.projections.status import STATES
from aigchip_tui.ui.projections.text import Line, Role, crop_line, fit, plain
from aigchip_tui.ui.projections.views import Snapshot

_ORDER = {"waiting": 0, "running": 1, "paused": 2, "stopped": 3, "new": 4, "done": 5}
_ROLES: dict[str, Role] = {"waiting": "wait", "running": "accent", "paused": "wait", "stopped": "warn", "done": "good"}


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """One session as a look at it said; `problem` when it could not be read."""

    name: str
    snapshot: Snapshot | None = None
    problem: str = ""

    @property
    def order(self) -> tuple[int, str]:
        """Those that wait, then those that run, then by name."""
        return (_ORDER.get(self.snapshot.state, 6) if self.snapshot is not None else 7, self.name)


def unreadable(name: str, problem: str) -> SessionRow:
    """A session that cannot be read, and why."""
    return SessionRow(name=name, problem=problem)


def sessions_head(width: int) -> Line:
    """The names of the columns."""
    return crop_line(((fit(" session", _name(width)), "dim"), (fit("state", 8), "dim"), (fit("designs", 8), "dim"),
                      (fit("best ms", 12), "dim"), (fit("DSP", 6), "dim"), (fit("waits", 6), "dim"),
                      ("workload on device", "dim")), width)


def _name(width: int) -> int:
    return 17 if width < 100 else 32


def session_line(row: SessionRow, width: int) -> Line:
    """One session: state, progress, best with its basis, questions, what for."""
    name = (fit(f" {row.name}", _name(width) - 1) + " ", "head")
    s = row.snapshot
    if s is None:
        return crop_line(((name[0], "head"), ("unreadable: ", "bad"), (plain(row.problem), "bad")), width)
    best = s.best_design()
    f = best.figures if best is not None else None
    latency = f"{digits(f.latency.ms)} {f.latency.word} " if f is not None else ""
    return crop_line((
        (name[0], "head"), (fit(STATES.get(s.state, s.state), 8), _ROLES.get(s.state, "dim")),
        (fit(f"{s.done}/{s.settings.evaluations}", 8), ""),
        (fit(latency, max(12, len(latency))), ""),
        (fit(str(f.dsp) if f is not None else "", 6), ""),
        (fit(f"? {len(s.open)}" if s.open else "", 6), "wait"),
        (plain(f"{s.settings.workload} on {s.settings.device}"), ""),
        ("  read-only" if s.read_only else "", "dim"),
    ), width)

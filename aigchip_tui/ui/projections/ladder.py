"""The proof ladder as signs: = passed, x failed, w waived, . not run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aigchip_tui.model.proof import Rung, Status
from aigchip_tui.ui.projections.text import Line, Role, Span

SIGNS: dict[Status, Span] = {
    "passed": ("=", "good"), "failed": ("x", "bad"), "waived": ("w", "warn"), "not run": (".", "dim"),
}
LEGEND = "= passed  x failed  w waived  . not run"
WORDS: dict[Rung, str] = {
    "static": "static", "contract": "contract", "conformance": "conformance", "compile": "compile",
    "module_sim": "module sim", "sanitizers": "sanitizers", "rate": "rate", "assembled_sim": "assembled sim",
    "estimate": "estimate", "synthesis": "synthesis", "cosim": "cosimulation", "measured": "measured",
}


def ladder(statuses: Iterable[Status]) -> Line:
    """One sign a rung."""
    return tuple(SIGNS[status] for status in statuses)


def worst(statuses: Sequence[Status]) -> Span:
    """What the ladder comes to, as a word: red if any rung is red, waived before passed."""
    if "failed" in statuses:
        return ("red", "bad")
    if "waived" in statuses:
        return ("waived", "warn")
    if "passed" not in statuses:
        return ("not run", "dim")
    return ("ok", "good")


def status_role(status: Status) -> Role:
    """The colour of a status."""
    return SIGNS[status][1]

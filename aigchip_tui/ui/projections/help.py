"""The help of a screen as lines."""

from __future__ import annotations

from aigchip_tui.ui.projections.actions import ACTIONS, Scope
from aigchip_tui.ui.projections.ladder import LEGEND, WORDS
from aigchip_tui.ui.projections.text import Line, fit


def help_lines(scope: Scope) -> list[Line]:
    """Keys of this screen, keys of everywhere, and what the signs mean."""
    lines: list[Line] = []
    here = [a for a in ACTIONS if a.scope == scope and scope != "workbench"]
    everywhere = [a for a in ACTIONS if a.scope == ("sessions" if scope == "sessions" else "workbench")]
    for title, actions in (("On this screen", here), ("Everywhere", everywhere)):
        if not actions or (title == "On this screen" and actions == everywhere):
            continue
        lines += [((f" {title}", "head"),)]
        for action in actions:
            lines.append(((f"  {fit(action.key, 10)}", "key"), (action.tooltip, "")))
        lines.append(())
    lines += [((" In lists", "head"),), (("  up down    ", "key"), ("move; also j k, page keys, home, end", "")), ()]
    lines += [((" The proof ladder", "head"),), ((f"  {LEGEND}", ""),)]
    lines += [((f"  {i}  {word}", "dim"),) for i, word in enumerate(WORDS.values(), 1)]
    lines += [
        (), ((" Figures", "head"),),
        (("  est", "warn"), ("       the embedded estimator's reading of the C++, never a measurement", "")),
        (("  csynth", "warn"), ("    Vitis HLS synthesis report;  cosim, measured: as they say", "")),
    ]
    return lines

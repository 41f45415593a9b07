"""What an answer would change: a unified diff of two sources."""

from __future__ import annotations

import difflib

from aigchip_tui.ui.projections.text import Line, plain_lines


def diff_lines(before: str, after: str, *, old_name: str = "attempt", new_name: str = "answer") -> list[Line]:
    """The unified diff with signs and colours; one line that says so when nothing changes."""
    lines: list[Line] = []
    for raw in difflib.unified_diff(
        plain_lines(before), plain_lines(after), fromfile=old_name, tofile=new_name, lineterm="", n=3
    ):
        if raw.startswith(("---", "+++")) and len(lines) < 2:
            lines.append(((raw, "head"),))
        elif raw.startswith("@@"):
            lines.append(((raw, "hunk"),))
        elif raw.startswith("+"):
            lines.append(((raw, "add"),))
        elif raw.startswith("-"):
            lines.append(((raw, "del"),))
        else:
            lines.append(((raw, ""),))
    return lines or [(("the two texts are the same", "dim"),)]


def diff_counts(before: str, after: str) -> tuple[int, int]:
    """Lines added and removed."""
    added = removed = 0
    for raw in difflib.ndiff(plain_lines(before), plain_lines(after)):
        added += raw.startswith("+ ")
        removed += raw.startswith("- ")
    return added, removed

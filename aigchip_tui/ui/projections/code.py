"""Source text with line numbers and the findings of the ladder under their lines."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.model.finding import Finding
from aigchip_tui.ui.projections.highlight import Highlighter
from aigchip_tui.ui.projections.text import Line, Role, Span, plain, plain_lines, wrap
from aigchip_tui.ui.projections.views import AttemptView

GUTTER = 5
_SIGNS: dict[str, tuple[str, Role]] = {"error": ("!", "bad"), "warning": ("?", "warn"), "note": ("i", "accent")}


def findings_of(attempt: AttemptView | None) -> tuple[Finding, ...]:
    """All findings of an attempt, in the order of the ladder, each once."""
    if attempt is None:
        return ()
    return tuple(dict.fromkeys(f for outcome in attempt.rungs.values() for f in outcome.findings))


def finding_line(finding: Finding, width: int, *, indent: int = 1) -> list[Line]:
    """A finding with its cure in words, wrapped."""
    sign, role = _SIGNS.get(finding.severity, ("!", "bad"))
    times = f" ({finding.count} times)" if finding.count > 1 else ""
    text = f"{plain(finding.message)}{times}"
    lines: list[Line] = []
    for i, piece in enumerate(wrap(text, max(16, width - indent - 2)) or [""]):
        lines.append(((" " * indent, ""), (f"{sign if not i else ' '} ", role), (piece, role)))
    for piece in wrap(plain(finding.suggestion), max(16, width - indent - 5)):
        lines.append(((" " * (indent + 2), ""), ("-> ", "accent"), (piece, "accent")))
    return lines


class CodeText:
    """A source ready to be shown: its lines, and between them the findings."""

    def __init__(self, text: str, findings: Sequence[Finding] = (), *, width: int = 80) -> None:
        self._source = plain_lines(text)
        self._highlighter = Highlighter(self._source)
        by_line: dict[int, list[Finding]] = {}
        loose: list[Finding] = []
        for finding in findings:
            if 1 <= finding.line <= len(self._source):
                by_line.setdefault(finding.line, []).append(finding)
            else:
                loose.append(finding)
        self._rows: list[int | Line] = []
        for finding in loose:
            self._rows.extend(finding_line(finding, width))
        self.first_finding = 0 if loose else -1
        for number in range(1, len(self._source) + 1):
            self._rows.append(number)
            for finding in by_line.get(number, ()):
                if self.first_finding < 0:
                    self.first_finding = len(self._rows) - 1
                self._rows.extend(finding_line(finding, width, indent=GUTTER + 1))
        self._marked = frozenset(by_line)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def source(self) -> list[str]:
        """The harmless lines of the text itself."""
        return self._source

    def line(self, index: int) -> Line:
        """The line to paint at `index`; colour is made when it is first asked for."""
        row = self._rows[index]
        if not isinstance(row, int):
            return row
        marked = row in self._marked
        gutter: Span = (f"{'>' if marked else ' '}{row:>{GUTTER - 2}} ", "bad" if marked else "dim")
        return (gutter, *self._highlighter.line(row - 1))

    def lines(self) -> list[Line]:
        """All lines; for tests and small texts."""
        return [self.line(i) for i in range(len(self))]

    @property
    def widest(self) -> int:
        """An upper bound of the columns of any line."""
        from aigchip_tui.ui.projections.text import cells, width_of

        loose = max((width_of(r) for r in self._rows if not isinstance(r, int)), default=0)
        return max(loose, GUTTER + max((cells(t) for t in self._source), default=0))

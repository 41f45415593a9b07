"""Screen 5: every attempt with its prompt, its reply and what the rungs said."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from aigchip_tui.ui.keys import bindings_of
from aigchip_tui.ui.projections.code import CodeText, finding_line, findings_of
from aigchip_tui.ui.projections.logs import (
    LogRow,
    log_row_line,
    log_rows,
    reply_lines,
    rung_text_lines,
    text_lines,
    texts_of,
)
from aigchip_tui.ui.projections.text import EMPTY, Line
from aigchip_tui.ui.projections.views import Snapshot
from aigchip_tui.ui.screens.pane import Pane
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.lines import FocusLines
from aigchip_tui.ui.widgets.table import LineTable


class LogsPane(Pane):
    """Attempts at the left, the chosen text at the right; Enter moves the keys into the text."""

    scope = "logs"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("logs", without=["enter"])
    DEFAULT_CSS = """
    LogsPane { layout: horizontal; }
    LogsPane #logs-side { width: 38; border-right: vkey $panel; }
    LogsPane #logs-text-side { width: 1fr; }
    LogsPane.-wide #logs-side { width: 72; }
    LogsPane.-reading #logs-side { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, LogRow] = {}
        self._what = "reply"
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        with Container(id="logs-side"):
            yield LineTable("logs-table", self._row_line)
        with Container(id="logs-text-side"):
            yield Bar("logs-title")
            yield FocusLines("logs-text")

    def on_resize(self) -> None:
        self.set_class(self.app.size.width >= 132, "-wide")
        self._shown = ()
        self.call_after_refresh(lambda: self.show(self.snapshot))

    def show(self, snapshot: Snapshot) -> None:
        rows = log_rows(snapshot)
        self._rows = {row.id: row for row in rows}
        self.query_one(LineTable).set_rows([row.id for row in rows])
        self._show_text()

    def _row_line(self, name: str, width: int) -> Line:
        row = self._rows.get(name)
        return log_row_line(row, width) if row is not None else EMPTY

    def _show_text(self) -> None:
        row = self._rows.get(self.query_one(LineTable).cursor)
        bar, view = self.query_one("#logs-title", Bar), self.query_one("#logs-text", FocusLines)
        if row is None:
            bar.show(((" nothing was said yet", "dim"),))
            view.show([])
            return
        texts = texts_of(row)
        what = self._what if self._what in [w for _, w in texts] else texts[0][1]
        bar.show(tuple((f" {title} ", "tab" if w == what else "dim") for title, w in texts))
        width = view.size.width or 40
        shown = (row, what, width)
        if shown == self._shown:
            return
        same = self._shown and (row.id, what, width) == (
            self._shown[0].id if isinstance(self._shown[0], LogRow) else "", *self._shown[1:])
        self._shown = shown
        if not same:
            view.scroll_to(0, 0, animate=False)
        view.show(self._lines(row, what, width))

    def _lines(self, row: LogRow, what: str, width: int) -> list[Line]:
        texts = self.workbench.texts
        if row.attempt is not None:
            if what == "reply":
                return reply_lines(texts.get(row.attempt.reply), row.attempt, width)
            if what == "prompt":
                return text_lines(texts.get(row.attempt.prompt), width, prompt=True)
            if what == "code":
                return CodeText(texts.get(row.attempt.source), findings_of(row.attempt), width=width).lines()
        holder = row.attempt or row.design
        assert holder is not None
        for rung, outcome in holder.rungs.items():
            if rung == what:
                log = texts.get(holder.logs.get(rung, "")) or outcome.log
                status = row.attempt.status(rung) if row.attempt is not None else outcome.status
                lines = rung_text_lines(log, status, outcome.told, width)
                for finding in outcome.findings:
                    where = f" line {finding.line}" if finding.line else ""
                    lines += [((where, "dim"),)] if where else []
                    lines += finding_line(finding, width)
                return lines
        return [((" nothing was recorded", "dim"),)]

    def first_focus(self) -> Widget | None:
        return self.query_one(LineTable)

    def take_latest(self) -> None:
        self.query_one(LineTable).take_latest()

    def go_back(self) -> bool:
        if self.has_class("-reading"):
            self.remove_class("-reading")
            self.query_one(LineTable).focus()
            self._shown = ()
            self.call_after_refresh(self._show_text)
            return True
        return False

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        event.stop()
        self._show_text()

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Read the text over the whole width."""
        self.add_class("-reading")
        self._shown = ()

        def then() -> None:
            self._show_text()
            self.query_one("#logs-text").focus()

        self.call_after_refresh(then)

    def action_page(self, step: int) -> None:
        """The next text of this row."""
        row = self._rows.get(self.query_one(LineTable).cursor)
        if row is None:
            return
        names = [what for _, what in texts_of(row)]
        here = names.index(self._what) if self._what in names else 0
        self._what = names[(here + step) % len(names)]
        self._show_text()

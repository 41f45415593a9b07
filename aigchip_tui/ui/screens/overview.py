"""Screen 1: what was asked, found, is going on, and waits."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widget import Widget

from aigchip_tui.ui.projections.overview import overview_lines
from aigchip_tui.ui.projections.text import Line
from aigchip_tui.ui.projections.views import Snapshot
from aigchip_tui.ui.screens.pane import Pane
from aigchip_tui.ui.widgets.lines import FocusLines


class OverviewPane(Pane):
    """One view of lines; a changed cell repaints its own line only."""

    def compose(self) -> ComposeResult:
        yield FocusLines("overview-lines")

    def show(self, snapshot: Snapshot) -> None:
        view = self.query_one(FocusLines)
        width = view.size.width or self.app.size.width
        height = view.size.height or max(5, self.app.size.height - 4)
        view.show(overview_lines(snapshot, width=width, height=height, glyphs=self.workbench.glyphs))

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self.show(self.snapshot))

    def first_focus(self) -> Widget | None:
        return self.query_one(FocusLines)

    def hint(self) -> Line:
        waiting = len(self.snapshot.open)
        line: Line = ((" 2", "key"), (" designs ", ""), (" 3", "key"), (" modules and code ", ""), (" 4", "key"),
                      (" answer ", ""), (" 5", "key"), (" prompts and logs ", ""), (" :", "key"), (" palette ", ""))
        return line if not waiting else ((f" ? {waiting} waiting: press 4 ", "wait"), *line)

"""Screen 1: what was asked, found, is going on, and waits."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget

from aigchip_tui.ui.projections.overview import fact_lines, facts_width, plot_lines, request_lines
from aigchip_tui.ui.projections.text import Line, crop_line
from aigchip_tui.ui.projections.views import Snapshot
from aigchip_tui.ui.screens.pane import Pane
from aigchip_tui.ui.widgets.lines import FocusLines, LinesView


class OverviewPane(Pane):
    """Request, plot and facts in a view each, so that a count that moves does not send the plot again."""

    DEFAULT_CSS = """
    OverviewPane { layout: vertical; }
    OverviewPane #overview-request { height: auto; }
    OverviewPane #overview-plot { width: 1fr; }
    OverviewPane #overview-facts { border-left: vkey $panel; padding: 0 0 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._plotted: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield LinesView("overview-request")
        with Horizontal():
            yield LinesView("overview-plot")
            yield FocusLines("overview-facts")

    def show(self, snapshot: Snapshot) -> None:
        width = self.size.width or self.app.size.width
        height = self.size.height or max(5, self.app.size.height - 4)
        request = [crop_line(line, width) for line in request_lines(snapshot, width)]
        self.query_one("#overview-request", LinesView).show(request)
        facts = self.query_one("#overview-facts", LinesView)
        right = facts_width(width)
        facts.styles.width = right + 2
        facts.show([crop_line(line, right - 1) for line in fact_lines(snapshot, right - 1)])
        size = (width - right - 2, height - len(request))
        # Of many designs one more hardly shows: the plot follows the front, and each hundredth part of the rest.
        done = snapshot.done - snapshot.done % max(1, snapshot.done // 100)
        plotted = (snapshot.front, snapshot.best, done, snapshot.damaged, size)
        if plotted != self._plotted:
            self._plotted = plotted
            plot = plot_lines(snapshot, width=size[0], height=size[1], glyphs=self.workbench.glyphs)
            self.query_one("#overview-plot", LinesView).show(plot)

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self.show(self.snapshot))

    def first_focus(self) -> Widget | None:
        return self.query_one("#overview-facts")

    def hint(self) -> Line:
        waiting = len(self.snapshot.open)
        line: Line = ((" 2", "key"), (" designs ", ""), (" 3", "key"), (" modules and code ", ""), (" 4", "key"),
                      (" answer ", ""), (" 5", "key"), (" prompts and logs ", ""), (" :", "key"), (" palette ", ""))
        return line if not waiting else ((f" ? {waiting} waiting: press 4 ", "wait"), *line)

"""Screen 2: all designs, live; the cursor stays on its design whatever arrives."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from aigchip_tui.ui.keys import bindings_of
from aigchip_tui.ui.projections.population import (
    FILTERS,
    SORTS,
    design_detail,
    population_head,
    population_ids,
    population_line,
)
from aigchip_tui.ui.projections.text import EMPTY, Line
from aigchip_tui.ui.projections.views import Snapshot
from aigchip_tui.ui.screens.pane import Pane
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.lines import LinesView
from aigchip_tui.ui.widgets.table import LineTable

_DETAIL = 52


class PopulationPane(Pane):
    """The table; beside it, where there is room, everything about the design under the cursor."""

    scope = "population"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("population", without=["enter"])
    DEFAULT_CSS = """
    PopulationPane { layout: horizontal; }
    PopulationPane #population-side { width: 1fr; }
    PopulationPane #population-detail { width: 52; display: none; border-left: vkey $panel; padding: 0 1; }
    PopulationPane.-wide #population-detail { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.sort = 0
        self.only = 0

    def compose(self) -> ComposeResult:
        with Container(id="population-side"):
            yield Bar("population-head")
            yield LineTable("population-table", self._row)
        yield LinesView("population-detail")

    def on_resize(self) -> None:
        self.set_class(self.app.size.width >= 132, "-wide")
        self.call_after_refresh(lambda: self.show(self.snapshot))

    def show(self, snapshot: Snapshot) -> None:
        self._fill(snapshot, force=False)

    def _fill(self, snapshot: Snapshot, *, force: bool) -> None:
        table = self.query_one(LineTable)
        width = table.size.width or self.app.size.width
        self.query_one("#population-head", Bar).show(population_head(self.sort, self.only, width))
        table.set_rows(population_ids(snapshot, sort=SORTS[self.sort], only=FILTERS[self.only]), force=force)
        self._detail()

    def _row(self, name: str, width: int) -> Line:
        snapshot = self.snapshot
        design = snapshot.designs.get(int(name))
        return population_line(snapshot, design, width, self.workbench.glyphs) if design is not None else EMPTY

    def _detail(self) -> None:
        if self.has_class("-wide"):
            name = self.query_one(LineTable).cursor
            design = self.snapshot.designs.get(int(name)) if name else None
            view = self.query_one("#population-detail", LinesView)
            view.show(design_detail(self.snapshot, design, _DETAIL - 3) if design is not None else [])

    def first_focus(self) -> Widget | None:
        return self.query_one(LineTable)

    def take_latest(self) -> None:
        self.query_one(LineTable).take_latest()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        event.stop()
        self._detail()

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        self.workbench.open_design(int(event.row))

    def action_open(self) -> None:
        """The modules of the design under the cursor."""
        name = self.query_one(LineTable).cursor
        if name:
            self.workbench.open_design(int(name))

    def action_sort(self) -> None:
        """The next order."""
        self.sort = (self.sort + 1) % len(SORTS)
        self._fill(self.snapshot, force=True)

    def action_only(self) -> None:
        """The next filter."""
        self.only = (self.only + 1) % len(FILTERS)
        self._fill(self.snapshot, force=True)

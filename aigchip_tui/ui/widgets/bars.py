"""Single lines at the edges of the screen: status, tabs, hints."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from aigchip_tui.ui.projections.text import EMPTY, Line, changed_cells, pad_line
from aigchip_tui.ui.widgets.palette import style_of


class Bar(Widget):
    """One line that is repainted only when it changes."""

    DEFAULT_CSS = """
    Bar { height: 1; background: $background; color: $foreground; }
    Bar.-status { background: $panel; }
    """

    def __init__(self, widget_id: str, *, classes: str = "") -> None:
        super().__init__(id=widget_id, classes=classes)
        self._line: Line = EMPTY

    @property
    def line(self) -> Line:
        """What is shown."""
        return self._line

    def show(self, line: Line) -> None:
        """Show a line."""
        if line != self._line:
            cells = min(changed_cells(self._line, line), self.size.width)
            self._line = line
            if self.size.width:
                self.refresh(Region(0, 0, cells, 1))
            else:
                self.refresh()

    def render_line(self, y: int) -> Strip:
        """The painted line."""
        dark = self.app.current_theme.dark
        width = self.size.width
        strip = Strip([Segment(t, style_of(r, dark=dark)) for t, r in pad_line(self._line, width) if t])
        return strip.crop_extend(0, width, None).apply_style(self.rich_style).simplify()

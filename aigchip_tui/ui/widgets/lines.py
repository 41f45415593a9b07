"""A scrolling view of given lines: only lines that changed are painted again, one dirty region each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from aigchip_tui.ui.projections.text import EMPTY, Line, changed_cells, width_of
from aigchip_tui.ui.widgets.palette import style_of


class LinesView(ScrollView):
    """Draws lines; `show` compares with what is painted, so that an unchanged line costs nothing."""

    can_focus = False
    DEFAULT_CSS = """
    LinesView { background: $background; color: $foreground; scrollbar-size-vertical: 1;
                scrollbar-size-horizontal: 0; height: 1fr; }
    """

    def __init__(self, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._lines: list[Line] = []

    @property
    def lines(self) -> list[Line]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines; the scroll position stays, and only changed lines are repainted."""
        old, self._lines = self._lines, list(lines)
        self._fit()
        top, height = self.scroll_offset.y, self.size.height
        for y in range(top, top + height):
            before = old[y] if y < len(old) else EMPTY
            after = self._lines[y] if y < len(self._lines) else EMPTY
            if before != after:
                # What is sent reaches from the widget's left edge to the region's right edge, so end it early.
                cells = changed_cells(before, after) - self.scroll_offset.x
                self.refresh(Region(0, y - top, max(0, min(cells, self.size.width)), 1))

    def _fit(self) -> None:
        widest = max((width_of(line) for line in self._lines), default=0)
        size = Size(widest, len(self._lines))
        if size != self.virtual_size:
            self.virtual_size = size

    def line_at(self, index: int) -> Line:
        """The line to paint; lines beyond the end are empty."""
        return self._lines[index] if 0 <= index < len(self._lines) else EMPTY

    def render_line(self, y: int) -> Strip:
        """One painted line (Line API)."""
        x, top = self.scroll_offset
        return self._strip(self.line_at(top + y), x)

    def _strip(self, line: Line, x: int) -> Strip:
        dark = self.app.current_theme.dark
        segments = [Segment(text, style_of(role, dark=dark)) for text, role in line if text]
        width = self.size.width
        strip = Strip(segments).crop_extend(x, x + width, None)
        return strip.apply_style(self.rich_style).simplify()


class FocusLines(LinesView, can_focus=True):
    """Lines that can be scrolled with the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("left,h", "scroll_left", "Left", show=False),
        Binding("right,l", "scroll_right", "Right", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown,space", "page_down", "Page down", show=False),
        Binding("home,g", "scroll_home", "Begin", show=False),
        Binding("end,G", "scroll_end", "End", show=False),
    ]

    def go_to(self, index: int) -> None:
        """Bring a line into sight, a third from the top."""
        top = self.scroll_offset.y
        if not top <= index < top + max(1, self.size.height - 1):
            self.scroll_to(y=max(0, index - self.size.height // 3), animate=False)

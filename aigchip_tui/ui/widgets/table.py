"""A table whose cursor follows a row's id: live data changes cells in place and never moves what is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from aigchip_tui.ui.projections.text import EMPTY, Line, changed_cells, pad_line
from aigchip_tui.ui.widgets.palette import cursor_style, style_of


class LineTable(ScrollView, can_focus=True):
    """Rows by id. `order` is frozen while the table has the focus; `pending` counts what a refresh would bring."""

    DEFAULT_CSS = """
    LineTable { background: $background; color: $foreground; scrollbar-size-vertical: 1;
                scrollbar-size-horizontal: 0; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    @dataclass
    class Highlighted(Message):
        """The cursor came to another row."""

        table: LineTable
        row: str

    @dataclass
    class Chosen(Message):
        """Enter on a row."""

        table: LineTable
        row: str

    @dataclass
    class PendingChanged(Message):
        """How many rows wait for a refresh of the frozen order."""

        table: LineTable
        pending: int

    def __init__(self, widget_id: str, render_row: Callable[[str, int], Line], *, freezes: bool = True) -> None:
        super().__init__(id=widget_id)
        self._render_row = render_row
        self._order: list[str] = []
        self._index: dict[str, int] = {}
        self._latest: list[str] = []
        self._painted: dict[int, Line] = {}
        self._cursor = ""
        self._pending = 0
        self._freezes = freezes

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> str:
        """Id of the row under the cursor, empty when there is none."""
        return self._cursor

    @property
    def order(self) -> list[str]:
        """Ids as they stand on the screen."""
        return self._order

    @property
    def pending(self) -> int:
        """Rows that came, went or moved since the order was frozen."""
        return self._pending

    def set_rows(self, ids: Sequence[str], *, force: bool = False) -> None:
        """The newest order; it is taken at once unless somebody is in the table. Changed rows are repainted."""
        self._latest = list(ids)
        if force or not self._freezes or not self._order or not self.has_focus:
            self._take()
        else:
            self._set_pending(len(set(self._latest) ^ self._index.keys()) or int(self._latest != self._order))
            self.repaint()

    def take_latest(self) -> None:
        """Unfreeze: show the newest order; the cursor stays on its row."""
        self._take()

    def _take(self) -> None:
        top = self.scroll_offset.y
        offset = self._index.get(self._cursor, top) - top
        old = self._index.get(self._cursor, 0)
        self._order = self._latest
        self._index = {row: i for i, row in enumerate(self._order)}
        self._set_pending(0)
        size = Size(self.size.width, len(self._order))
        if size != self.virtual_size:
            self.virtual_size = size
        if self._cursor not in self._index:
            self._set_cursor(self._order[min(old, len(self._order) - 1)] if self._order else "")
        elif self._index[self._cursor] - top != offset:
            self.scroll_to(y=max(0, self._index[self._cursor] - offset), animate=False)
        self.repaint()

    def _set_pending(self, pending: int) -> None:
        if pending != self._pending:
            self._pending = pending
            self.post_message(self.PendingChanged(self, pending))

    def repaint(self) -> None:
        """Repaint the visible rows that differ from what is painted."""
        top = self.scroll_offset.y
        for y in range(top, top + self.size.height):
            painted, row = self._painted.get(y), self._row(y)
            if painted is None:
                self.refresh_line(y)
            elif painted != row:
                cells = min(changed_cells(painted, row), self.size.width)
                self.refresh(Region(0, y - top, cells, 1))

    def on_focus(self) -> None:
        self._refresh_cursor()

    def on_blur(self) -> None:
        self._refresh_cursor()
        if self._latest != self._order:
            self._take()

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._order))
        self._painted.clear()
        self._reveal()

    # -- the cursor ------------------------------------------------------------------------------------------------

    def go_to(self, row: str) -> None:
        """Put the cursor on a row, if it is there."""
        if row in self._index:
            self._set_cursor(row)

    def _set_cursor(self, row: str) -> None:
        if row == self._cursor:
            return
        self._refresh_cursor()
        self._cursor = row
        self._refresh_cursor()
        self._reveal()
        self.post_message(self.Highlighted(self, row))

    def _refresh_cursor(self) -> None:
        if self._cursor in self._index:
            self._painted.pop(self._index[self._cursor], None)
            self.refresh_line(self._index[self._cursor])

    def _reveal(self) -> None:
        index = self._index.get(self._cursor)
        if index is None or not self.size.height:
            return
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to(y=index, animate=False)
        elif index >= top + self.size.height:
            self.scroll_to(y=index - self.size.height + 1, animate=False)

    def action_move(self, step: int) -> None:
        """Up or down."""
        self._move_to(self._index.get(self._cursor, 0) + step)

    def action_page(self, step: int) -> None:
        """A screenful up or down."""
        self._move_to(self._index.get(self._cursor, 0) + step * max(1, self.size.height - 1))

    def action_edge(self, end: int) -> None:
        """First or last row."""
        self._move_to(0 if end < 0 else len(self._order) - 1)

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self._cursor:
            self.post_message(self.Chosen(self, self._cursor))

    def _move_to(self, index: int) -> None:
        if self._order:
            self._set_cursor(self._order[min(max(0, index), len(self._order) - 1)])

    async def on_click(self, event: Click) -> None:
        index = event.y + self.scroll_offset.y
        if index < len(self._order):
            again = self._order[index] == self._cursor
            self._set_cursor(self._order[index])
            if again:
                self.action_choose()

    # -- painting --------------------------------------------------------------------------------------------------

    def _row(self, index: int) -> Line:
        return self._render_row(self._order[index], self.size.width) if index < len(self._order) else EMPTY

    def render_line(self, y: int) -> Strip:
        """One painted row (Line API)."""
        index = y + self.scroll_offset.y
        line = self._row(index)
        self._painted[index] = line
        if len(self._painted) > 4 * (self.size.height + 1):
            self._painted = {i: painted for i, painted in self._painted.items() if abs(i - index) <= self.size.height}
        dark = self.app.current_theme.dark
        width = self.size.width
        strip = Strip([Segment(text, style_of(role, dark=dark)) for text, role in pad_line(line, width) if text])
        strip = strip.crop_extend(0, width, None)
        if index < len(self._order) and self._order[index] == self._cursor:
            look = cursor_style(focused=self.has_focus, dark=dark, colour=not self.app.no_color)
            strip = strip.apply_style(self.rich_style)
            return Strip([Segment(s.text, (s.style or look) + look) for s in strip], width).simplify()
        return strip.apply_style(self.rich_style).simplify()

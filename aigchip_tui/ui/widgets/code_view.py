"""Source with findings; colour is made for the lines in sight only."""

from __future__ import annotations

from textual.geometry import Size

from aigchip_tui.ui.projections.code import CodeText
from aigchip_tui.ui.projections.text import EMPTY, Line
from aigchip_tui.ui.widgets.lines import FocusLines


class CodeView(FocusLines):
    """Draws a `CodeText` without making all its lines."""

    def __init__(self, widget_id: str) -> None:
        self._code = CodeText("")
        super().__init__(widget_id)

    @property
    def code(self) -> CodeText:
        """What is shown."""
        return self._code

    def show_code(self, code: CodeText, *, keep: bool = False) -> None:
        """Show a source from its first line, or where the view stands when `keep`."""
        self._code = code
        self.virtual_size = Size(code.widest, len(code))
        if not keep:
            self.scroll_to(0, 0, animate=False)
        self.refresh()

    def line_at(self, index: int) -> Line:
        """One line, coloured now."""
        return self._code.line(index) if 0 <= index < len(self._code) else EMPTY

    def go_to_finding(self) -> bool:
        """Bring the first finding into sight."""
        if self._code.first_finding < 0:
            return False
        self.go_to(self._code.first_finding)
        return True

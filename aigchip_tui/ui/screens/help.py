"""Keys and signs, made from the registry."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from aigchip_tui.ui.projections.actions import Scope
from aigchip_tui.ui.projections.help import help_lines
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.lines import FocusLines


class HelpScreen(ModalScreen[None]):
    """All keys of the screen that asked, then those of everywhere, then the signs."""

    DEFAULT_CSS = "HelpScreen > Vertical { width: 100%; height: 100%; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", "close", id="help.close", tooltip="Back."),
    ]

    def __init__(self, scope: Scope, title: str) -> None:
        super().__init__()
        self._scope, self._title = scope, title

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("help-title", classes="-status")
            yield FocusLines("help-lines")

    def on_mount(self) -> None:
        self.query_one(Bar).show(((f" Help: {self._title}", "head"), ("   esc closes", "dim")))
        view = self.query_one(FocusLines)
        view.show(help_lines(self._scope))
        view.focus()

    def action_close(self) -> None:
        """Back to where it was."""
        self.dismiss(None)

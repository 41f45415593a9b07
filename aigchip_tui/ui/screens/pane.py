"""What the five panes of the workbench share."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.containers import Container
from textual.widget import Widget

from aigchip_tui.ui.projections.actions import Scope, actions_of
from aigchip_tui.ui.projections.text import Line, Span
from aigchip_tui.ui.projections.views import Snapshot

if TYPE_CHECKING:
    from aigchip_tui.ui.screens.workbench import Workbench


class Pane(Container):
    """One numbered screen: it is shown snapshots, and says which keys matter here."""

    scope: Scope = "workbench"
    DEFAULT_CSS = "Pane { height: 1fr; width: 1fr; }"

    @property
    def workbench(self) -> Workbench:
        """The screen this pane stands in."""
        return cast("Workbench", self.screen)

    @property
    def snapshot(self) -> Snapshot:
        """The newest look at the session."""
        return self.workbench.snapshot

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""
        raise NotImplementedError

    def first_focus(self) -> Widget | None:
        """The widget that the keys go to."""
        return None

    def go_back(self) -> bool:
        """Leave what was drilled into; False when there is nothing to leave."""
        return False

    def take_latest(self) -> None:
        """Take the newest order of a frozen list."""

    def hint(self) -> Line:
        """The keys that matter here."""
        return hint_line(self.scope, read_only=bool(self.snapshot.read_only or self.workbench.read_only))


def hint_line(*scopes: Scope, read_only: bool = False) -> Line:
    """Keys and words of the actions that belong on the hint line; those that write only where one may."""
    spans: list[Span] = []
    for action in actions_of(*scopes):
        if action.hint and not (read_only and action.writes):
            spans += [(f" {action.key}", "key"), (f" {action.word} ", "")]
    if read_only:
        spans.append((" read-only ", "wait"))
    return tuple(spans)

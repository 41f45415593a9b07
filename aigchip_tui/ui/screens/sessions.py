"""The list of sessions, read in a worker; Enter opens one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.ui.feed import SnapshotArrived
from aigchip_tui.ui.keys import bindings_of
from aigchip_tui.ui.projections.sessions import SessionRow, session_line, sessions_head, unreadable
from aigchip_tui.ui.projections.text import EMPTY, Line, plain
from aigchip_tui.ui.screens.pane import hint_line
from aigchip_tui.ui.surroundings import Surroundings
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.lines import LinesView
from aigchip_tui.ui.widgets.table import LineTable

if TYPE_CHECKING:
    from aigchip_tui.ui.app import WorkbenchApp


class SessionsScreen(Screen[None]):
    """All sessions of the place, those that wait or run first."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of("sessions", without=["enter"])
    DEFAULT_CSS = """
    SessionsScreen { layout: vertical; background: $background; }
    SessionsScreen #sessions-none { height: auto; display: none; }
    SessionsScreen.-none #sessions-none { display: block; }
    """

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self.surroundings = surroundings
        self._rows: dict[str, SessionRow] = {}

    def compose(self) -> ComposeResult:
        yield Bar("sessions-title", classes="-status")
        yield Bar("sessions-head")
        yield LinesView("sessions-none")
        yield LineTable("sessions-table", self._row)
        yield Bar("sessions-hint")

    def on_mount(self) -> None:
        self.query_one(LineTable).focus()
        self.action_reload()

    def on_screen_resume(self) -> None:
        self.query_one(LineTable).focus()

    def on_resize(self) -> None:
        self._draw()

    def action_reload(self) -> None:
        """Read the sessions again, in a worker."""
        self.run_worker(self._read, thread=True, exclusive=True, group="sessions")

    def _read(self) -> None:
        names = list(self.surroundings.names())
        rows: dict[str, SessionRow] = {}
        for name in names:
            rows[name] = self._one(name)
        self.app.call_from_thread(self._take, rows)

    def _one(self, name: str) -> SessionRow:
        assert self.surroundings.open is not None
        try:
            snapshot = self.surroundings.follow(self.surroundings.open(name)).step()
        except (AigchipError, OSError) as problem:
            return unreadable(name, str(problem))
        return SessionRow(name=name, snapshot=snapshot)

    def _take(self, rows: dict[str, SessionRow]) -> None:
        self._rows = rows
        names = sorted(rows, key=lambda n: rows[n].order)
        self.query_one(LineTable).set_rows(names, force=True)
        self._draw()

    def _draw(self) -> None:
        width = self.size.width or 80
        self.query_one("#sessions-title", Bar).show(
            ((" aigchip-tui ", "head"), (f" sessions in {plain(str(self.surroundings.root))}", "dim")))
        self.query_one("#sessions-head", Bar).show(sessions_head(width) if self._rows else EMPTY)
        self.query_one("#sessions-hint", Bar).show(hint_line("sessions"))
        self.set_class(not self._rows, "-none")
        self.query_one("#sessions-none", LinesView).show([
            (), ((" There is no session here yet. Begin with one of:", ""),), (),
            ((" aigchip-tui demo", "key"), ("                    ResNet-50 on a ZCU104, no key, no Vitis", "dim")),
            ((" aigchip-tui attach example", "key"), ("          a finished search to look at, read-only", "dim")),
            ((" aigchip-tui run NAME --request \"...\"", "key"), ("   what you need, in plain words", "dim")),
        ])

    def _row(self, name: str, width: int) -> Line:
        row = self._rows.get(name)
        return session_line(row, width) if row is not None else EMPTY

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        assert self.surroundings.open is not None
        try:
            session = self.surroundings.open(event.row)
            cast("WorkbenchApp", self.app).open(session)
        except (AigchipError, OSError) as problem:
            self.query_one("#sessions-hint", Bar).show(((f" {plain(str(problem))}", "bad"),))

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        message.stop()

    def action_help(self) -> None:
        """Keys and signs."""
        from aigchip_tui.ui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen("sessions", "Sessions"))

    def action_quit_view(self) -> None:
        """Close the view."""
        self.app.exit(0)

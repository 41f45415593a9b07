"""The Textual application: wiring, palette, and a clean end when the terminal goes away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.screen import Screen

from aigchip_tui.ui.projections.actions import ACTIONS
from aigchip_tui.ui.surroundings import Surroundings

if TYPE_CHECKING:
    from aigchip_tui.store.session import Session

LEAVE_S = 2.0


class WorkbenchApp(App[int]):
    """Opens on a session, or on the list of sessions."""

    TITLE = "aigchip-tui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    CSS: ClassVar[str] = """
    Input, Input:focus { border: none; height: 1; padding: 0; background: $background; }
    TextArea, TextArea:focus { border: none; padding: 0; background: $background; }
    """

    def __init__(self, surroundings: Surroundings, *, session: Session | None = None, read_only: bool = False) -> None:
        # Without colours the terminal's own ground is used, and nothing but attributes is sent.
        super().__init__(ansi_color=True if "NO_COLOR" in surroundings.environment else None)
        self.surroundings = surroundings
        self._session = session
        self._read_only = read_only
        self.animation_level = "none"

    def on_mount(self) -> None:
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            # Also under nohup, which would have us ignore it and live on without a terminal.
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hung_up)
        if self._session is not None:
            self.open(self._session)
        else:
            from aigchip_tui.ui.screens.sessions import SessionsScreen

            self.push_screen(SessionsScreen(self.surroundings))

    def open(self, session: Session) -> None:
        """Open the workbench on a session."""
        from aigchip_tui.ui.screens.workbench import Workbench

        self.push_screen(Workbench(session, self.surroundings, read_only=self._read_only))

    def _hung_up(self) -> None:
        """The terminal is gone: end, and make sure of it."""
        timer = threading.Timer(LEAVE_S, os._exit, (0,))
        timer.daemon = True
        timer.start()
        self.exit(0)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette is the registry, and Textual's own theme and screenshot."""
        from aigchip_tui.ui.screens.workbench import Workbench

        if isinstance(screen, Workbench):
            for action in ACTIONS:
                if action.palette and action.scope == "workbench":
                    yield SystemCommand(
                        f"{action.word} ({action.key})", action.tooltip,
                        lambda command=action.action: self.call_later(screen.run_action, command),
                    )
        for command in super().get_system_commands(screen):
            if command.title in ("Theme", "Screenshot", "Save screenshot"):
                yield command

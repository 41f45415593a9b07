"""`attach`, and `aigchip-tui` alone: open the workbench. The view may be closed or killed; the engine goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aigchip_tui.cli.common import engine_state, open_session, place, seems_alive
from aigchip_tui.cli.output import say, sessions_option

if TYPE_CHECKING:
    from aigchip_tui.store.session import Place, Session


@click.command("attach")
@click.argument("name", required=False)
@click.option("--read-only", is_flag=True, help="Look only: nothing can be answered from this view.")
@sessions_option
def attach_command(name: str | None, read_only: bool, sessions: str | None) -> int:
    """Open the workbench on the session NAME; without a name, on the one that ran last."""
    return open_application(sessions, name or _last_run(place(sessions)), read_only)


def open_application(sessions: str | None, name: str | None = None, read_only: bool = False) -> int:
    """Open the workbench on a session, or on the list of sessions; the exit code."""
    from aigchip_tui.ui.entry import run_application

    session = open_session(sessions, name) if name else None
    code = run_application(place(sessions), session, read_only=read_only)
    if session is not None and seems_alive(engine_state(session)):
        say(f"The view is closed; the engine of {session.name} goes on. "
            f"Back: aigchip-tui attach {session.name}   Stop it: aigchip-tui stop {session.name}")
    return code


def _last_run(where: Place) -> str | None:
    """The session with a living engine, else the one whose journal changed last; None when there is none."""
    from aigchip_tui.model.errors import AigchipError
    from aigchip_tui.store.session import open_session as opened
    from aigchip_tui.store.session import session_names

    found: list[tuple[bool, float, str]] = []
    for name in session_names(where):
        try:
            session: Session = opened(where, name)
            changed = session.journal.stat().st_mtime
        except (AigchipError, OSError):
            continue
        found.append((seems_alive(engine_state(session)), changed, name))
    return max(found)[2] if found else None

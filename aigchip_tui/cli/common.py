"""What several commands need: the place of the sessions, an opened session, and whether its engine lives."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.store.lock import EngineState
    from aigchip_tui.store.session import Place, Session


def place(sessions: str | None) -> Place:
    """Where sessions live, with the one redactor in front of the disk."""
    from aigchip_tui.llm.redact import redactor
    from aigchip_tui.store.session import resolve_place

    found = resolve_place(sessions, environment=os.environ, redact=redactor(os.environ))
    if found.root.exists() and not found.root.is_dir():
        raise AigchipError(f"{found.root} is not a folder.", hint="Name a folder of sessions with --sessions.")
    return found


def open_session(sessions: str | None, name: str) -> Session:
    """A session by name; refused with the nearest names."""
    from aigchip_tui.store.session import open_session as opened

    return opened(place(sessions), name)


def open_view(sessions: str | None, name: str, *, outlined: bool = False) -> SessionView:
    """A session with its journal folded; `outlined` where front, best, variants and counts are enough."""
    from aigchip_tui.engine.history import view

    return view(open_session(sessions, name), outlined=outlined)


def engine_state(session: Session) -> EngineState:
    """One look at the engine's lock."""
    from aigchip_tui.store.lock import LockObserver
    from aigchip_tui.store.machine import LocalMachine

    return LockObserver(session.folder, machine=LocalMachine(), monotonic=time.monotonic).look()


def seems_alive(state: EngineState) -> bool:
    """What one look can tell: a beat was seen, or the process of the lock is there."""
    return state.state == "alive" or (state.state == "unknown" and state.present is not False)

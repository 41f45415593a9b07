"""The one function that the command line calls: run the application in this terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aigchip_tui.engine.sending import somebody
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.ui.projections.glyphs import choose_glyphs

if TYPE_CHECKING:
    from aigchip_tui.store.session import Place, Session
    from aigchip_tui.ui.surroundings import Surroundings


def prepare(environment: dict[str, str]) -> None:
    """What Textual reads when it is imported: no animations, and no pixel mouse in multiplexers or over SSH."""
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    if environment.get("SSH_CONNECTION") or environment.get("TMUX"):
        environment.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    environment.setdefault("ESCDELAY", "50")


def surroundings(place: Place, environment: Mapping[str, str], *, encoding: str) -> Surroundings:
    """The real world for the application."""
    from aigchip_tui.store.machine import LocalMachine
    from aigchip_tui.store.session import open_session, session_names
    from aigchip_tui.ui.feed import interval_for
    from aigchip_tui.ui.follower import Follower
    from aigchip_tui.ui.surroundings import Surroundings
    from aigchip_tui.ui.watch import watch

    def start_engine(session: Session) -> str:
        from aigchip_tui.engine.detached import spawn

        return f"the engine runs (pid {spawn(session, environment=dict(environment))})"

    def run_editor(command: Sequence[str]) -> int:
        return subprocess.run(list(command), check=False).returncode

    return Surroundings(
        environment=environment, now=lambda: datetime.now(UTC), by=somebody(), interval_s=interval_for(environment),
        follow=lambda session: Follower(session, machine=LocalMachine(), monotonic=time.monotonic),
        run_editor=run_editor, start_engine=start_engine, names=lambda: session_names(place),
        open=lambda name: open_session(place, name), glyphs=choose_glyphs(environment, encoding), root=place.root,
        watch=watch,
    )


def run_application(place: Place, session: Session | None, *, read_only: bool = False) -> int:
    """Run until the person leaves; the exit code. Refused without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise AigchipError("The workbench needs a terminal.", hint="Without one, use `aigchip-tui show NAME`.")
    prepare(os.environ)  # type: ignore[arg-type]  # os.environ behaves as a dict of texts
    from aigchip_tui.ui.app import WorkbenchApp

    # The thread that reads a long journal shall not keep the keys waiting.
    sys.setswitchinterval(0.0005)
    world = surroundings(place, os.environ, encoding=sys.stdout.encoding or "ascii")
    return WorkbenchApp(world, session=session, read_only=read_only).run() or 0

"""`start`, `stop`, `pause`, `resume`: the detached engine and its reins."""

from __future__ import annotations

import os
import time
from typing import Any

import click

from aigchip_tui.cli.common import engine_state, open_session, seems_alive
from aigchip_tui.cli.limit_options import limit_options, send_limits, taken_limits
from aigchip_tui.cli.output import note, say, sessions_option, tape_options
from aigchip_tui.engine.sending import control_payload, somebody
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.limits import SessionLimits
from aigchip_tui.store.session import Session


@click.command("start")
@click.argument("name")
@click.option("--take-over", is_flag=True, help="Take the session from an engine that cannot be known to be gone.")
@click.option("--upgrade", is_flag=True, help="Go on although template or demonstrations changed.")
@click.option("--jobs", type=int, default=0, help="Steps at a time.")
@limit_options
@tape_options
@sessions_option
def start_command(
    name: str, take_over: bool, upgrade: bool, jobs: int, sessions: str | None, **options: Any
) -> int:
    """Start the detached engine of NAME; returns when it has begun.

    Limits may be changed at any time: an engine that runs already takes them at once.
    """
    limits = taken_limits(options)
    session = open_session(sessions, name)
    new = send_limits(session, limits)
    if limits and seems_alive(engine_state(session)):
        say(_sent(name, new) if new else f"{name} has these limits already.")
        return 0
    say(_start(session, take_over=take_over, upgrade=upgrade, jobs=jobs))
    return 0


def _sent(name: str, limits: SessionLimits) -> str:
    return f"{limits.words()} sent to the engine of {name}."


def _start(session: Session, *, take_over: bool = False, upgrade: bool = False, jobs: int = 0) -> str:
    from aigchip_tui.engine.detached import spawn

    arguments = [flag for flag, given in (("--take-over", take_over), ("--upgrade", upgrade)) if given]
    if jobs:
        arguments += ["--jobs", str(jobs)]
    pid = spawn(session, environment=dict(os.environ), arguments=tuple(arguments))
    return f"engine of {session.name} runs (pid {pid}); watch: aigchip-tui attach {session.name}"


def start_detached(session: Session) -> str:
    """Start the engine unless one runs; what to say of it."""
    if seems_alive(engine_state(session)):
        return f"engine of {session.name} runs already"
    return _start(session)


@click.command("stop")
@click.argument("name")
@click.option("--now", is_flag=True, help="Do not wait for steps under way: end them.")
@click.option("--wait", "patience", type=float, default=120.0, help="Seconds to wait for the engine to drain.")
@sessions_option
def stop_command(name: str, now: bool, patience: float, sessions: str | None) -> int:
    """Stop the engine of NAME: it drains, then says what was cut."""
    session = open_session(sessions, name)
    state = engine_state(session)
    if state.state in ("none", "gone"):
        say(f"no engine runs on {name}.")
        return 0
    session.send(control_payload("stop", by=somebody(), now=now))
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        state = engine_state(session)
        if state.state in ("none", "gone"):
            say(f"engine of {name} has ended; {_cut(session)}nothing is lost: aigchip-tui start {name} goes on.")
            return 0
        time.sleep(0.1)
    holder = state.holder
    where = f"pid {holder.owner.pid} on {holder.owner.host}" if holder else "unknown"
    raise AigchipError(f"The engine of {name} ({where}) has not ended within {patience:.0f} s.",
                       hint="It may be finishing a long step; wait, or end that process.")


def _cut(session: Session) -> str:
    """What the last engine had to cut, as its journal says."""
    reader = session.reader()
    stopped = [record for record in reader.poll() if record.kind == "EngineStopped"]
    cut = stopped[-1].payload.get("cut", ()) if stopped else ()
    return f"cut, to be done again: {', '.join(cut)}; " if cut else ""


@click.command("pause")
@click.argument("name")
@sessions_option
def pause_command(name: str, sessions: str | None) -> int:
    """Begin no new steps in NAME; what is under way is finished."""
    return _send(sessions, name, "pause")


@click.command("resume")
@click.argument("name")
@click.option("--upgrade", is_flag=True, help="Go on although template or demonstrations changed.")
@limit_options
@tape_options
@sessions_option
def resume_command(name: str, upgrade: bool, sessions: str | None, **options: Any) -> int:
    """Go on with NAME after a pause or a stop."""
    from aigchip_tui.engine.history import view

    limits = taken_limits(options)
    session = open_session(sessions, name)
    new = send_limits(session, limits)
    alive = seems_alive(engine_state(session))
    paused = view(session).state.paused or any(c.payload.get("kind") == "pause" for c in session.inbox.pending())
    if paused:
        session.send(control_payload("resume", by=somebody()))
        say(f"resume sent to {name}.")
    if not alive:
        say(_start(session, upgrade=upgrade))
    elif new:
        say(_sent(name, new))
    elif not paused:
        note(f"{name} is running already.")
    return 0


def _send(sessions: str | None, name: str, kind: str) -> int:
    session = open_session(sessions, name)
    alive = seems_alive(engine_state(session))
    session.send(control_payload(kind, by=somebody()))
    say(f"{kind} sent to {name}." if alive else f"queued: no engine runs on {name}.")
    return 0

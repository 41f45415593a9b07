"""`ls`, `clone`, `archive`: sessions as folders."""

from __future__ import annotations

import click

from aigchip_tui.cli.common import engine_state, open_session, place, seems_alive
from aigchip_tui.cli.output import document, json_option, say, sessions_option, table
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.figures import latency_words
from aigchip_tui.model.summary import best, run_state


@click.command("ls")
@json_option
@sessions_option
def ls_command(as_json: bool, sessions: str | None) -> int:
    """List the sessions."""
    from aigchip_tui.engine.history import view
    from aigchip_tui.model.session import limited
    from aigchip_tui.store.session import open_session as opened
    from aigchip_tui.store.session import session_names

    where = place(sessions)
    rows: list[dict[str, object]] = []
    for name in session_names(where):
        try:
            seen = view(opened(where, name), outlined=True)
        except AigchipError as problem:
            rows.append({"name": name, "state": "unreadable", "problem": str(problem)})
            continue
        chosen = best(seen.state, seen.settings.goal)
        figures = chosen.figures if chosen else None
        rows.append({
            "name": name, "state": run_state(seen.state, alive=seems_alive(engine_state(seen.session))),
            "done": seen.state.counts()["done"], "limit": limited(seen.settings, seen.state.limits).evaluations,
            "best_ms": figures.latency.ms if figures else None, "basis": figures.latency.basis if figures else "",
            "dsp": figures.dsp if figures else None, "waiting": len(seen.state.open_decisions),
            "workload": seen.settings.workload, "device": seen.settings.device,
            "read_only": seen.session.read_only,
        })
    if as_json:
        document(rows)
    elif not rows:
        say(f"No sessions in {where.root}. Begin with: aigchip-tui demo   or look at one: aigchip-tui attach example")
    else:
        table(
            [
                (
                    r["name"], r["state"], f"{r.get('done', '')}/{r.get('limit', '')}",
                    latency_words(ms, str(r["basis"])) if isinstance(ms := r.get("best_ms"), float) else "",
                    r.get("dsp"), r.get("waiting"), r.get("workload", r.get("problem")), r.get("device"),
                )
                for r in rows
            ],
            ("session", "state", "designs", "best", "DSP", "waiting", "workload", "device"),
        )
    return 0


@click.command("clone")
@click.argument("name")
@click.argument("new")
@sessions_option
def clone_command(name: str, new: str, sessions: str | None) -> int:
    """Copy the session NAME to NEW, which is then yours."""
    from aigchip_tui.store.clone import clone_session

    made = clone_session(open_session(sessions, name), new)
    say(f"{made.name} is yours: {made.folder}")
    return 0


@click.command("archive")
@click.argument("name")
@sessions_option
def archive_command(name: str, sessions: str | None) -> int:
    """Pack the session NAME away; nothing is deleted."""
    from aigchip_tui.store.clone import archive_session
    from aigchip_tui.store.machine import LocalMachine

    where = archive_session(place(sessions), name, machine=LocalMachine())
    say(f"{name} now lies in {where}")
    return 0

"""`export`: a design as a project of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aigchip_tui.cli.common import open_view
from aigchip_tui.cli.output import document, json_option, say, sessions_option
from aigchip_tui.model.errors import AigchipError, NoResultError
from aigchip_tui.model.summary import best

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.model.state import Design
    from aigchip_tui.store.session import Session


@click.command("export")
@click.argument("name")
@click.option("--design", default="best", show_default=True, help="d0007, or best.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to make.")
@json_option
@sessions_option
def export_command(name: str, design: str, out: Path, as_json: bool, sessions: str | None) -> int:
    """Write a design of NAME as a project: sources, test bench, make, Tcl, README."""
    from aigchip_tui.export.project import export_design

    view = open_view(sessions, name)
    chosen = _chosen(view, design)
    written = export_design(view, chosen, out)
    if as_json:
        document({"design": chosen.id, "out": str(out), "files": [str(p.relative_to(out)) for p in written]})
    else:
        say(f"{chosen.id}: {len(written)} files in {out}; make -C {out} test   (runs generated code unsandboxed)")
    return 0


def _chosen(view: SessionView, name: str) -> Design:
    found = best(view.state, view.settings.goal) if name == "best" else view.state.design(name)
    if found is None and name == "best":
        hint = "Ask for less, or evaluate more designs." if view.state.finished else "Let the search go on."
        raise NoResultError(f"Session {view.settings.name} has no design that meets the goal.", hint=hint)
    if found is None:
        raise AigchipError(f"Session {view.settings.name} has no design {name!r}.", hint="See show NAME --designs.")
    return found


def export_best(session: Session) -> list[str]:
    """Write the best design and the plot beside the sessions; what to say of it."""
    from aigchip_tui.engine.history import view as opened
    from aigchip_tui.export.plot import latency_plot
    from aigchip_tui.export.project import export_design

    view = opened(session)
    out = _free(session.place.root / f"{session.name}-export")
    out.mkdir(parents=True, mode=0o700)
    chosen = _chosen(view, "best")
    export_design(view, chosen, out / "project")
    (out / "latency-dsp.svg").write_text(latency_plot(view.settings, view.state), encoding="utf-8")
    return [
        f"plot     {out / 'latency-dsp.svg'}",
        f"project  {out / 'project'}   (make -C {out / 'project'} test; runs generated code unsandboxed)",
    ]


def _free(path: Path) -> Path:
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate

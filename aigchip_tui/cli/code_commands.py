"""`estimate` and `check`: what our readers say of HLS C++ files of your own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import msgspec

from aigchip_tui.cli.output import counted, document, json_option, say, sessions_option, table
from aigchip_tui.cli.own_sources import project_folder, read_text, with_headers
from aigchip_tui.cli.sweep_option import points_of, print_sweep
from aigchip_tui.model.errors import AigchipError

CHECKED = "(looked for: what no reader takes, and text that must not be run; syntax and pragmas are not judged)"
MIN_CLOCK_NS, MAX_CLOCK_NS = 0.1, 1000.0


@click.command("estimate")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--top", default="", help="Top function.")
@click.option("--clock", "clock_ns", type=float, default=10.0, show_default=True, help="Clock period in ns.")
@click.option("--part", default="xczu7ev-ffvc1156-2-e", show_default=True)
@click.option("--set", "sets", multiple=True, help="NAME=VALUE of a constant or run-time bound.")
@click.option("--sweep", "sweeps", multiple=True,
              help="NAME=1,2,4 or NAME=16:256:16 or NAME=16:1024:*2: a row for each combination of values.")
@click.option("--directives", type=click.Path(dir_okay=False, path_type=Path), help="Tcl directives (read, never run).")
@click.option("--explain", is_flag=True, help="What bounds each loop, and what the resources are made of.")
@json_option
@sessions_option
def estimate_command(
    files: tuple[Path, ...], top: str, clock_ns: float, part: str, sets: tuple[str, ...], sweeps: tuple[str, ...],
    directives: Path | None, explain: bool, as_json: bool, sessions: str | None,
) -> int:
    """Estimate latency and resources of HLS C or C++; every figure is an estimate."""
    from aigchip_tui.estimator.worker import estimate_safely, sweep_safely

    if not MIN_CLOCK_NS <= clock_ns <= MAX_CLOCK_NS:
        raise AigchipError(f"--clock {clock_ns:g} is no period from {MIN_CLOCK_NS:g} to {MAX_CLOCK_NS:g} ns.")
    if not re.fullmatch(r"xc\w+(?:-\w+)*", part, re.IGNORECASE):
        raise AigchipError(f"--part {part!r} is not the name of a part.", hint="For instance xczu7ev-ffvc1156-2-e.")
    if sweeps and explain:
        raise AigchipError("--explain is about one point, --sweep about many.", hint="Give one of them.")
    points = points_of(sweeps)
    sources, headers = with_headers(files, project_folder(files, Path.cwd()))
    asked: dict[str, Any] = {
        "include": headers, "top": top, "clock_ns": clock_ns, "part": part, "sets": _sets(sets),
        "directives": read_text(directives, what="Tcl directives") if directives else "",
    }
    if sweeps:
        swept = sweep_safely(sources, points, **asked)
        if as_json:
            document(msgspec.to_builtins(swept))
        else:
            print_sweep(swept)
        return 1 if all(one.error for one in swept) else 0
    found = estimate_safely(sources, **asked)
    found = _with_bodies(found, list(files), asked)
    if as_json:
        document(msgspec.to_builtins(found))
        return 0
    _print(found, explain=explain)
    return 0


def _with_bodies(found: Any, files: list[Path], asked: dict[str, Any]) -> Any:
    """The estimate with the bodies that other files of the project hold; those that were read are said on stderr."""
    from aigchip_tui.cli.bodies import files_with_bodies, missing_bodies
    from aigchip_tui.estimator.worker import estimate_safely

    missing = missing_bodies(found.unknown)
    while missing:
        folder = project_folder(files, Path.cwd())
        more = files_with_bodies(missing, files, [folder / name for name in asked["include"]], found.top)
        if not more:
            break
        files = [*files, *more]
        sources, headers = with_headers(files, folder)
        try:
            found = estimate_safely(sources, **{**asked, "include": headers, "top": asked["top"] or found.top})
        except AigchipError as problem:
            click.echo(f"aigchip-tui: {problem.message} So bodies of other files are left out.", err=True)
            break
        click.echo(f"aigchip-tui: also read: {', '.join(str(path) for path in more)}", err=True)
        missing = [name for name in missing_bodies(found.unknown) if name not in missing]
    return found


def _sets(texts: tuple[str, ...]) -> dict[str, int]:
    values: dict[str, int] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier() or not value.lstrip("-").isdigit():
            raise AigchipError(f"--set {text!r} is not NAME=NUMBER.", hint="For instance --set N=1024.")
        values[name] = int(value)
    return values


def _print(found: Any, *, explain: bool) -> None:
    from aigchip_tui.estimator.explain import bound_word, sentence

    def cycles(value: int | None) -> str:
        return "unknown" if value is None else str(value)

    same = found.latency_min == found.latency_max
    latency = cycles(found.latency_max) if same else f"{cycles(found.latency_min)} to {cycles(found.latency_max)}"
    if found.dsp is None:
        say(f"{found.top}: latency, interval and resources unknown, since a part of it could not be read (estimate)")
    else:
        unit = "cycle" if latency == "1" else "cycles"
        lasts = "" if found.latency_max is None else f" = {_absolute(found.latency_max * found.clock_ns)}"
        lasts = lasts if same else lasts.replace("=", "= at most")
        say(f"{found.top}: latency {latency} {unit}{lasts}, interval {cycles(found.interval)} (estimate)")
        met = "met" if found.timing_met else "NOT met"
        slowest = f"slowest state {found.estimated_clock_ns:.2f} of {found.budget_ns:.2f} ns"
        say(f"  clock {found.clock_ns:g} ns, {slowest}: timing {met} (estimate)")
        say(f"  DSP {found.dsp}  BRAM18 {found.bram18}  URAM {found.uram}  LUT {found.lut}  FF {found.ff} (estimate)")
    table(
        [
            (f"{'  ' * loop.level}{loop.name}", f"{'' if loop.file == found.file else f'{loop.file}:'}{loop.line}",
             cycles(loop.trip), cycles(loop.ii), cycles(loop.depth), cycles(loop.latency),
             "yes" if loop.pipelined else "no", bound_word(loop))
            for loop in found.loops
        ],
        ("loop", "line", "trip", "II", "depth", "latency", "pipelined", "II bound by"),
    )
    if explain and found.parts:
        table(
            [(one.name, one.bram18, one.uram, one.dsp, one.ff, one.lut) for one in found.parts],
            ("part (estimate)", "BRAM18", "URAM", "DSP", "FF", "LUT"),
        )
    for loop in found.loops if explain else ():
        say(f"  {'  ' * loop.level}{sentence(loop, found.file)}")
    for text in found.warnings:
        say(f"  warning: {text}")
    for why in found.unknown:
        say(f"  unknown: {why}")


def _absolute(nanoseconds: float) -> str:
    """A time in the unit in which a report gives it: 26.000 ns, 0.131 us, 2.621 ms."""
    for unit, size in (("ns", 1.0), ("us", 1e3), ("ms", 1e6)):
        if nanoseconds < 100 * size:
            return f"{nanoseconds / size:.3f} {unit}"
    return f"{nanoseconds / 1e9:.3f} sec"


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@json_option
@sessions_option
def check_command(files: tuple[Path, ...], as_json: bool, sessions: str | None) -> int:
    """Findings on HLS C++ of your own; includes and macros may stand in it, as `estimate` reads them."""
    from aigchip_tui.cpp.limits import screen_source

    findings = [
        msgspec.structs.replace(f, file=path.name) for path in files for f in screen_source(read_text(path))
    ]
    if as_json:
        document([msgspec.to_builtins(f) for f in findings])
    else:
        for finding in findings:
            place = f"{finding.file}:{finding.line}:{finding.col}"
            say(f"{place}: {finding.severity}: {finding.message} {finding.suggestion}")
        say(f"{counted(len(findings), 'finding')} {CHECKED}")
    return 1 if any(f.blocking for f in findings) else 0

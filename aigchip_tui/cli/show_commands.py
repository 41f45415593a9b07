"""`show`: where a session stands, what it found, and who wrote what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from aigchip_tui.cli.common import engine_state, open_view, seems_alive
from aigchip_tui.cli.output import counted, document, json_option, say, sessions_option, table
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.evidence import evidence_of
from aigchip_tui.model.figures import latency_words
from aigchip_tui.model.limits import flag
from aigchip_tui.model.rules import timing_flags
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.summary import LADDER, best, design_document, session_document

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.model.session import SessionSettings
    from aigchip_tui.model.state import Design, SessionState

_GLYPHS = {"passed": "=", "failed": "x", "waived": "w", "not run": "."}
_SHORT = ("static", "contract", "conform", "compile", "csim", "sanitize", "rate", "assembled", "estimate",
          "csynth", "cosim", "board")


@click.command("show")
@click.argument("name")
@click.option("--design", help="One design: d0007.")
@click.option("--designs", is_flag=True, help="All designs.")
@click.option("--variants", is_flag=True, help="All module variants and who wrote them.")
@click.option("--variant", help="One variant: attempts, rungs, and where each line came from.")
@click.option("--edges", is_flag=True, help="Streams of --design or of the best: tokens, depths and why, costs.")
@click.option("--source", help="Print the newest text of a variant; 'top' is the wiring of --design or of the best.")
@json_option
@sessions_option
def show_command(
    name: str, design: str | None, designs: bool, variants: bool, variant: str | None, edges: bool,
    source: str | None, as_json: bool, sessions: str | None,
) -> int:
    """Say where the session NAME stands."""
    view = open_view(sessions, name, outlined=not (designs or design))
    if variant:
        from aigchip_tui.cli.show_variant import show_variant

        return show_variant(view, variant, as_json=as_json)
    if source == "top":
        return _show_wiring(view, design)
    if edges:
        from aigchip_tui.cli.show_edges import show_edges

        return show_edges(view, chosen_design(view, design or "best"), as_json=as_json)
    if source:
        return _show_source(view, source)
    if design:
        return _show_design(view, design, as_json=as_json)
    if variants:
        return _show_variants(view, as_json=as_json)
    if designs:
        return _show_designs(view, as_json=as_json)
    alive = seems_alive(engine_state(view.session))
    report = session_report(view.settings, view.state, alive=alive)
    if as_json:
        document(report)
    else:
        print_session(report, read_only=view.session.read_only, alive=alive)
    return 0


def print_session(report: dict[str, Any], *, read_only: str = "", alive: bool = False) -> None:
    """A `session_report` for a person."""
    asked, counts = report["request"], report["evaluations"]
    say(f"{report['name']}: {report['state']}, engine {'alive' if alive else 'not running'}")
    if asked["text"]:
        say(f"  request     {asked['text']}")
    for key, value, words in asked["understood"]:
        say(f"    understood  {key} = {value}  ({words})")
    for key, value, reason in asked["assumed"]:
        say(f"    assumed     {key} = {value}  ({reason})")
    if asked["not_understood"]:
        say(f"    not understood: {', '.join(asked['not_understood'])}")
    say(f"  template    {report['template']}" + (", high-level instructions" if report["grain"] == "high" else ""))
    say(f"  generator   {report['generator']}   calls {report['model_calls']}, tokens {report['tokens']}, "
        f"USD {report['cost_usd']:.2f}")
    say(f"  variants    {variants_line(report['variants'])}")
    say(f"  synthesizer {report['synthesizer']}")
    box = report["sandbox"]
    say(f"  sandbox     {box['name']}" + (f"; verified denied: {', '.join(box['denied'])}" if box["denied"] else "")
        + (f"; NOT denied: {', '.join(box['not_denied'])}" if box["not_denied"] else ""))
    say(f"  designs     {counts['done']} evaluated, {counts['failed']} failed, {counts['screened']} screened by the "
        f"model, {counts['in_flight']} in flight, limit {counts['limit']}")
    for line in limit_lines(report):
        say(line)
    if read_only:
        say(f"  read-only   {read_only}")
    if report["finished"]:
        left = f"; {counted(counts['in_flight'], 'design')} not finished" if counts["in_flight"] else ""
        say(f"  search      ended: {report['finished']}{left}")
    for each in report["damaged"]:
        say(f"  damaged     {each}")
    if report["waiting"]:
        say(f"  waiting     {len(report['waiting'])} for you: {', '.join(report['waiting'][:6])}")
    if report["best"]:
        say(f"  best        {design_line(report['best'])}")
    if report["thriftier"]:
        say(f"  nearly      {design_line(report['thriftier'])}; within 1 % of the best")
    for each in report["kinds"]:
        say(f"  {each['kind']:<11} {each['ms']:.2f} ms of it, {each['share']:.0%} (analytic model): {each['why']}")
    if report["front"]:
        say()
        design_table(report["front"])


def session_report(settings: SessionSettings, state: SessionState, *, alive: bool) -> dict[str, Any]:
    """The document of `show`: what the journal says, and what the layers that a GEMM is bad at cost the best design."""
    report = session_document(settings, state, alive=alive)
    return {**report, "kinds": _kinds(settings, report["best"])}


def _kinds(settings: SessionSettings, chosen: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What the layers that a GEMM is bad at cost the best design, and why; none where there are no such layers."""
    from aigchip_tui.engine.making import build_of, workload_of
    from aigchip_tui.model.crippled import kind_costs

    if chosen is None or chosen["latency_ms"] is None:
        return []
    try:
        point = DesignPoint.from_parameters(chosen["parameters"])
        costs = kind_costs(point, build_of(settings), workload_of(settings))
    except AigchipError:  # a workload whose file is gone, a point of another release: nothing can be said
        return []
    found: list[dict[str, Any]] = msgspec.to_builtins(costs)
    return found


def limit_lines(report: dict[str, Any]) -> list[str]:
    """The caps beside what they count, and the limits that are not those the session was made with."""
    used = {"max_calls": (report["model_calls"], "calls"), "max_tokens": (report["tokens"], "tokens"),
            "max_usd": (report["cost_usd"], "USD"), "max_hours": (report["worked_hours"], "hours of work")}
    caps = [f"{spent:.4g} of {report['limits'][name]:g} {unit}" if isinstance(spent, float)
            else f"{spent} of {report['limits'][name]} {unit}"
            for name, (spent, unit) in used.items() if report["limits"][name]]
    lines = [f"  caps        {', '.join(caps)}"] if caps else []
    changed = [f"{flag(name)} {report['limits'][name]:g} (made with {made:g})" if isinstance(made, float)
               else f"{flag(name)} {report['limits'][name]} (made with {made})"
               for name, made in report["made_with"].items()]
    return [*lines, f"  changed     {', '.join(changed)}"] if changed else lines


def variants_line(variants: dict[str, Any]) -> str:
    """How many modules there are, how they were written, and how many of them the cache gave."""
    line = f"{variants['total']}: " + (", ".join(f"{n} {k}" for k, n in variants["by"].items()) or "none yet")
    if variants["cached"]:
        line += f"; {variants['cached']} from the cache instead of a call"
    if variants["of_other_generators"]:
        line += f", {variants['of_other_generators']} of them written for another generator (--reuse)"
    return line


def design_line(design: dict[str, Any]) -> str:
    """One design on one line; the basis of its figures is always said."""
    if design["latency_ms"] is None:
        return f"{design['id']} {design['state']}: {design['message'] or ''}"
    array = f", {design['macs']} of them in the array" if design["macs"] else ""
    return (f"{design['id']}  {latency_words(design['latency_ms'], design['basis'])}  {design['dsp']} DSP{array}  "
            f"{design['bram18']} BRAM18  {design['lut']} LUT")


def design_table(designs: list[dict[str, Any]]) -> None:
    """Designs with figures, rungs as glyphs: = passed, x failed, w waived, . not run."""
    table(
        [
            (
                d["id"], d["state"],
                "" if d["latency_ms"] is None else latency_words(d["latency_ms"], d["basis"]),
                d["dsp"], d["bram18"], d["uram"], d["lut"],
                "".join(_GLYPHS[d["proof"][r]] for r in LADDER),
                f"{d['parameters'].get('lane', '?')}/{d['parameters'].get('array', '?')}/"
                f"{d['parameters'].get('arrays', '?')} {d['parameters'].get('reuse', '?')}",
                d["cause"] or "",
            )
            for d in designs
        ],
        ("design", "state", "latency", "DSP", "BRAM18", "URAM", "LUT", "proof", "lane/array/arrays reuse", "cause"),
    )
    say(f"proof, left to right: {', '.join(_SHORT)};  = passed  x failed  w waived  . not run")


def _show_designs(view: SessionView, *, as_json: bool) -> int:
    rows = [design_document(view.state, d) for d in view.state.designs.values()]
    if as_json:
        document(rows)
    else:
        design_table(rows)
    return 0


def _show_design(view: SessionView, name: str, *, as_json: bool) -> int:
    found = chosen_design(view, name)
    report = {**design_document(view.state, found), "doubts": _doubts(view, found), "spills": _spills(view, found)}
    if as_json:
        document(report)
        return 0
    say(design_line(report))
    if found.message:
        say(f"  {found.status}: {found.message}")
    say(f"  {found.processes} processes; {report['counted']}")
    say("  " + "  ".join(f"{k}={v}" for k, v in report["parameters"].items()))
    if report["spills"]:
        say(f"  spilled sums: {report['spills']}")
    for doubt in report["doubts"]:
        say(f"  in doubt: {doubt}")
    say()
    for rung in LADDER:
        say(f"  {rung:14} {report['proof'][rung]:8} {evidence_of(view.state, found, rung)}".rstrip())
    say()
    table(
        [(m["name"], m["count"], m["variant"], m["author"]) for m in report["modules"]],
        ("module", "count", "variant", "author"),
    )
    return 0


def _spills(view: SessionView, design: Design) -> str:
    """Whether sums really leave for memory, where the design's hardware can; nothing where that cannot be said."""
    from aigchip_tui.engine.making import build_of, workload_of
    from aigchip_tui.model.spilling import spilling_text

    try:
        point = DesignPoint.from_parameters(design.parameters)
        return spilling_text(point, build_of(view.settings), workload_of(view.settings))
    except AigchipError:
        return ""


def _doubts(view: SessionView, design: Design) -> list[str]:
    """What is legal but doubtful at the session's clock; nothing of a design whose parameters were lost."""
    from aigchip_tui.engine.making import build_of

    try:
        point = DesignPoint.from_parameters(design.parameters)
    except AigchipError:
        return []
    return [flag.message for flag in timing_flags(point, build_of(view.settings))]


def _show_variants(view: SessionView, *, as_json: bool) -> int:
    rows: list[dict[str, Any]] = []
    for variant in view.state.variants.values():
        attempt = variant.attempt
        rows.append({
            "variant": variant.key, "module": variant.module, "settings": variant.settings, "status": variant.status,
            "attempts": len(variant.attempts), "author": attempt.author if attempt else "",
            "origin": attempt.origin if attempt else "", "by": attempt.by if attempt else "",
            "taken_from": attempt.taken_from if attempt else "", "demos": list(attempt.demos) if attempt else [],
            "instruction": list(variant.instruction),
            "proof": {r: o.status for r, o in attempt.rungs.items()} if attempt else {},
            "designs": len(variant.designs), "refusal": attempt.refusal if attempt else "",
        })
    if as_json:
        document(rows)
        return 0
    table(
        [
            (
                r["variant"], r["status"], r["by"], r["attempts"], r["designs"],
                " ".join(f"{k}={v}" for k, v in r["settings"].items()),
            )
            for r in rows
        ],
        ("variant", "status", "author", "attempts", "designs", "local settings"),
    )
    return 0


def chosen_design(view: SessionView, name: str) -> Design:
    """A design by its id, or the best; AigchipError where there is none."""
    found = best(view.state, view.settings.goal) if name == "best" else view.state.design(name)
    if found is None:
        what = "no design that meets the goal" if name == "best" else f"no design {name!r}"
        raise AigchipError(f"Session {view.settings.name} has {what}.", hint="See show --designs.")
    return found


def _show_wiring(view: SessionView, design: str | None) -> int:
    chosen = chosen_design(view, design or "best")
    if chosen.figures is None or not chosen.figures.wiring:
        raise AigchipError(f"{chosen.id} was not assembled, so there is no top to show.", hint="See show --designs.")
    say(view.session.blobs.get_text(chosen.figures.wiring))
    return 0


def _show_source(view: SessionView, key: str) -> int:
    from aigchip_tui.cli.show_variant import one_variant

    attempt = one_variant(view, key).attempt
    if attempt is None or not attempt.source:
        raise AigchipError(f"{key} has no text yet.", hint="See show --variants.")
    say(view.session.blobs.get_text(attempt.source))
    return 0

"""`try`: what if a design had other parameters: rules, analytic model and modules, without writing anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from aigchip_tui.cli.common import open_view
from aigchip_tui.cli.output import counted, document, json_option, say, sessions_option, table
from aigchip_tui.cli.show_commands import chosen_design
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.rules import refusals, timing_flags
from aigchip_tui.model.space import LATER, DesignPoint

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.model.space import Build
    from aigchip_tui.model.workload import Workload

_FIGURES = ("latency_ms", "dsp", "lut", "bram18", "uram")


@click.command("try")
@click.argument("name")
@click.option("--design", default="best", show_default=True, help="d0007, or best.")
@click.option("--set", "sets", multiple=True, required=True, help="PARAM=VALUE that would be otherwise.")
@json_option
@sessions_option
def try_command(name: str, design: str, sets: tuple[str, ...], as_json: bool, sessions: str | None) -> int:
    """What if a design of NAME had other parameters: by rules and analytic model; nothing is written or proven."""
    view = open_view(sessions, name)
    report = what_if(view, design, sets)
    if as_json:
        document(report)
    else:
        _print(report)
    return 1 if report["refusals"] else 0


def what_if(view: SessionView, design: str, sets: tuple[str, ...]) -> dict[str, Any]:
    """The document of `try`. Raises AigchipError for a parameter or a value that the template does not have."""
    from aigchip_tui.engine.making import build_of, parse_pins, workload_of
    from aigchip_tui.modules.own_templates import named_template
    from aigchip_tui.modules.protocol import narrowed_of

    found = chosen_design(view, design)
    template, build = named_template(view.settings.template), build_of(view.settings)
    workload = workload_of(view.settings)
    changes = parse_pins(sets, flag="--set")
    for parameter, value in changes.items():
        has = narrowed_of(template).get(parameter)
        if has is not None and value not in has:
            raise AigchipError(f"The template {template.name} has no {parameter}={value}.",
                               hint=f"It has {parameter} {', '.join(map(str, has))}.")
    before = DesignPoint.from_parameters(found.parameters)
    after = DesignPoint.from_parameters({**found.parameters, **changes})
    refused = refusals(after, build, workload)
    report: dict[str, Any] = {
        "design": found.id, "basis": "analytic model", "set": changes,
        "was": _was(before, changes),
        "refusals": [{"rule": one.rule, "figure": one.figure, "message": one.message} for one in refused],
        "figures": {}, "doubts": [], "modules": {"proven": [], "to_write": []},
    }
    if refused:
        return report
    ours, theirs = _figures(before, build, workload), _figures(after, build, workload)
    report["figures"] = {name: [ours[name], theirs[name]] for name in _FIGURES}
    report["doubts"] = [flag.message for flag in timing_flags(after, build)]
    for instance in template.netlist(after, build).instances:
        if instance.author == "generator":
            known = view.state.variants.get(instance.variant.key)
            kind = "proven" if known is not None and known.status == "proven" else "to_write"
            report["modules"][kind].append({"name": instance.name, "variant": instance.variant.key})
    return report


def _was(point: DesignPoint, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the design has; parameters that it does not name have the value they had before there was a choice."""
    flat = {**LATER, **point.parameters()}
    return {name: flat[name] for name in changes}


def _figures(point: DesignPoint, build: Build, workload: Workload) -> dict[str, float]:
    from aigchip_tui.model.resources import screened_resources
    from aigchip_tui.model.tiling import plan_tiles

    cycles = sum(plan_tiles(point, build, layer).cycles * layer.count for layer in workload.layers)
    needs = screened_resources(point, build)
    return {"latency_ms": cycles / (1000.0 * build.clock_mhz), "dsp": needs.dsp, "lut": needs.lut,
            "bram18": needs.bram18, "uram": needs.uram}


def _print(report: dict[str, Any]) -> None:
    rows = [(name, report["was"][name], value) for name, value in report["set"].items()]
    table(rows, ("parameter", report["design"], "instead"))
    say()
    for refusal in report["refusals"]:
        say(f"refused by rule {refusal['rule']}: {refusal['message']}")
    if report["refusals"]:
        return
    table(
        [(name, *(f"{value:.4g}" if isinstance(value, float) else value for value in pair))
         for name, pair in report["figures"].items()],
        ("figure (analytic model)", report["design"], "instead"),
    )
    for doubt in report["doubts"]:
        say(f"  in doubt: {doubt}")
    say()
    proven, new = report["modules"]["proven"], report["modules"]["to_write"]
    say(f"{counted(len(proven) + len(new), 'module')}, {len(proven)} of them proven in this session")
    if new:
        say(f"to write and to prove: {', '.join(one['name'] for one in new)}")
    say("Nothing was written, estimated or proven; `new` with these as --pin makes a session of it.")

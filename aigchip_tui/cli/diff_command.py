"""`diff`: two designs, or two variants, of a session: parameters, figures, proofs, and the modules' texts."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from aigchip_tui.cli.common import open_view
from aigchip_tui.cli.output import document, json_option, say, sessions_option, table
from aigchip_tui.cli.show_variant import one_variant
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.proof import VARIANT_RUNGS
from aigchip_tui.model.summary import LADDER, best, design_document

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.model.state import Design, Variant

_FIGURES = ("latency_ms", "latency_cycles", "clock_mhz", "dsp", "bram18", "uram", "lut", "ff")
_CONTEXT = 3


@click.command("diff")
@click.argument("name")
@click.argument("one")
@click.argument("other")
@json_option
@sessions_option
def diff_command(name: str, one: str, other: str, as_json: bool, sessions: str | None) -> int:
    """Compare ONE and OTHER of the session NAME: designs (d0007, best) or variants (the beginning of a key)."""
    view = open_view(sessions, name)
    designs = [_design(view, each) for each in (one, other)]
    if designs[0] is not None and designs[1] is not None:
        report = _designs(view, designs[0], designs[1])
    elif designs[0] is None and designs[1] is None:
        report = _variants(view, one_variant(view, one), one_variant(view, other))
    else:
        raise AigchipError(
            f"{one!r} and {other!r} are not both designs.", hint="Give two designs (d0007, best), or two variants."
        )
    if as_json:
        document(report)
    else:
        _print(report)
    return 0


def _design(view: SessionView, name: str) -> Design | None:
    found = best(view.state, view.settings.goal) if name == "best" else view.state.design(name)
    if found is None and name == "best":
        what = f"Session {view.settings.name} has no design that meets the goal."
        raise AigchipError(what, hint="See show --designs.")
    return found


def _designs(view: SessionView, one: Design, other: Design) -> dict[str, Any]:
    left, right = (design_document(view.state, design) for design in (one, other))
    figures = {name: [left[name], right[name]] for name in _FIGURES if left[name] != right[name]}
    if left["basis"] != right["basis"]:
        figures["basis"] = [left["basis"], right["basis"]]
    return {
        "one": one.id, "other": other.id, "basis": left["basis"] if left["basis"] == right["basis"] else "",
        "parameters": _differences(left["parameters"], right["parameters"]), "figures": figures,
        "proof": {rung: [left["proof"][rung], right["proof"][rung]] for rung in LADDER
                  if left["proof"][rung] != right["proof"][rung]},
        "modules": list(_modules(view, one, other)),
    }


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Values by name where they differ, None where one lacks the name."""
    return {name: [one.get(name), other.get(name)] for name in {**one, **other} if one.get(name) != other.get(name)}


def _modules(view: SessionView, one: Design, other: Design) -> Iterator[dict[str, Any]]:
    """Modules that differ, in the order of the tree; instances with the same two variants stand together."""
    left, right = ({m.name: m for m in design.instances} for design in (one, other))
    together: dict[tuple[str, str], list[str]] = {}
    copies: dict[str, list[int]] = {}
    for name in {**left, **right}:
        pair = (left[name].variant if name in left else "", right[name].variant if name in right else "")
        counts = [side[name].count if name in side else 0 for side in (left, right)]
        if all(counts) and counts[0] != counts[1]:
            copies[name] = counts
        generated = "generator" in {side[name].author for side in (left, right) if name in side}
        if generated and (pair[0] != pair[1] or name in copies):
            together.setdefault(pair, []).append(name)
    for (key, counterpart), names in together.items():
        pair = (key, counterpart)
        known = [view.state.variants.get(each) for each in pair]
        texts = [_text(view, variant) for variant in known]
        settings = [dict(variant.settings) if variant is not None else {} for variant in known]
        yield {
            "names": names, "variants": list(pair), "copies": {name: copies[name] for name in names if name in copies},
            "settings": _differences(*settings),
            "text": _unified(texts[0], texts[1], key, counterpart) if all(pair) else [],
        }
    texts = [_wiring(view, design) for design in (one, other)]
    if all(texts) and texts[0] != texts[1]:
        yield {"names": ["top"], "variants": [], "copies": {}, "settings": {},
               "text": _unified(texts[0], texts[1], f"top of {one.id}", f"top of {other.id}")}


def _text(view: SessionView, variant: Variant | None) -> str:
    attempt = variant.attempt if variant is not None else None
    return view.session.blobs.get_text(attempt.source) if attempt is not None and attempt.source else ""


def _wiring(view: SessionView, design: Design) -> str:
    """The top with modules by their names: keys of variants differ wherever the variants do."""
    if design.figures is None or not design.figures.wiring:
        return ""
    text = view.session.blobs.get_text(design.figures.wiring)
    for module in design.instances:
        text = text.replace(module.variant.replace("-", "_"), module.name)
    return text


def _unified(one: str, other: str, one_name: str, other_name: str) -> list[str]:
    left, right = one.splitlines(), other.splitlines()
    return list(difflib.unified_diff(left, right, fromfile=one_name, tofile=other_name, lineterm="", n=_CONTEXT))


def _variants(view: SessionView, one: Variant, other: Variant) -> dict[str, Any]:
    rungs = [_rungs(variant) for variant in (one, other)]
    return {
        "one": one.key, "other": other.key, "basis": "", "parameters": {}, "figures": {},
        "proof": _differences(rungs[0], rungs[1]),
        "modules": [{
            "names": sorted({one.module, other.module}), "variants": [one.key, other.key], "copies": {},
            "settings": _differences(one.settings, other.settings),
            "text": _unified(_text(view, one), _text(view, other), one.key, other.key),
        }],
    }


def _rungs(variant: Variant) -> dict[str, str]:
    outcomes = variant.attempt.rungs if variant.attempt is not None else {}
    return {str(rung): outcomes[rung].status if rung in outcomes else "not run" for rung in VARIANT_RUNGS}


def _print(report: dict[str, Any]) -> None:
    heads = (report["one"], report["other"])
    for what, title in (("parameters", "parameter"), ("figures", "figure"), ("proof", "rung")):
        rows = [(name, *("" if value is None else value for value in pair)) for name, pair in report[what].items()]
        if rows:
            basis = f" ({report['basis']})" if what == "figures" and report["basis"] else ""
            table(rows, (f"{title}{basis}", *heads))
            say()
    for module in report["modules"]:
        say(f"{', '.join(module['names'])}: {_said(module)}")
        for line in module["text"]:
            say(f"  {line}")
        say()
    if not any(report[what] for what in ("parameters", "figures", "proof", "modules")):
        say(f"{heads[0]} and {heads[1]} do not differ.")


def _said(module: dict[str, Any]) -> str:
    if not module["variants"]:
        return "the wiring"
    one, other = module["variants"]
    if not one or not other:
        return f"only in the {'second' if other else 'first'} ({one or other})"
    settings = ", ".join(f"{name} {_word(pair[0])} -> {_word(pair[1])}" for name, pair in module["settings"].items())
    copies = "".join(f"; {pair[0]} copies of {name} -> {pair[1]}" for name, pair in module["copies"].items())
    if one == other:
        return f"{one} in both{copies}"
    same = "" if module["text"] else "; the texts are equal"
    return f"{one} -> {other}" + (f" ({settings})" if settings else "") + same + copies


def _word(value: Any) -> str:
    return "none" if value is None else str(value)

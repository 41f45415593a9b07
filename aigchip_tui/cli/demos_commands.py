"""`demos`: list the demonstrations, prove them, prove what the adapter can build from them, add your own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aigchip_tui.cli.output import document, json_option, note, say, sessions_option, table
from aigchip_tui.cli.prompts_commands import prompts_command, replies_command
from aigchip_tui.cli.proving import coverage_file, prove_added, prover_and_bench
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from aigchip_tui.library.demos import DemoLibrary
    from aigchip_tui.modules.protocol import Template
    from aigchip_tui.proof.checking import ModuleCheck
    from aigchip_tui.proof.covered import Covered
    from aigchip_tui.proof.covering import Coverer, Select

SHOWN = 40
"""Red or refused settings that are printed of a module."""

@click.group("demos")
def demos_command() -> None:
    """Demonstrations: an instruction and the code that answers it, line linked to line, proven."""


@demos_command.command("ls")
@click.option("--template", default="gemm", show_default=True, metavar="NAME|FOLDER")
@json_option
@sessions_option
def ls_command(template: str, as_json: bool, sessions: str | None) -> int:
    """List the demonstrations of a template."""
    from aigchip_tui.library.demos import load_demos, templates, unproven_demos
    from aigchip_tui.modules.own_templates import template_given

    if template not in templates():
        template = template_given(template).name
    if template not in templates():
        raise AigchipError(f"There are no demonstrations of {template!r}.", hint=f"Known: {', '.join(templates())}.")
    library = load_demos(template)
    rows: list[dict[str, Any]] = [
        {"demo": d.label, "module": d.module, "settings": dict(d.settings), "lines": len(d.instruction),
         "author": d.author}
        for module in library.modules for d in library.of(module)
    ]
    if as_json:
        document(rows)
    else:
        table([(r["demo"], r["lines"], r["author"], " ".join(f"{k}={v}" for k, v in r["settings"].items()))
               for r in rows], ("demonstration", "lines", "author", "local settings"))
    for demo in unproven_demos(template):
        note(f"not used, for it is not proven as it stands: {demo.path} (aigchip-tui demos add proves and adds)")
    return 0


@demos_command.command("check")
@click.option("--template", default="gemm", show_default=True, metavar="NAME|FOLDER",
              help="A template's name, or the folder of your own: its Python runs with your rights.")
@click.option("--module", "modules", multiple=True, help="Only this module (may be given more than once).")
@click.option("--mutants", default="4", show_default=True, metavar="N|all",
              help="How many mutants of each demo must turn a rung red, drawn by --seed.")
@click.option("--coverage", is_flag=True,
              help="Every legal setting: answered by the adapter, compiled, simulated; goes on where it stopped.")
@click.option("--sample", type=click.IntRange(min=0), default=None,
              help="With --coverage: of the answers simulate only so many, drawn by --seed (0: none).")
@click.option("--pairwise", is_flag=True,
              help="With --coverage: of the answers simulate only so many that each pair of values stands in one.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--quick", is_flag=True, help="Laws and the template's words only: nothing is compiled.")
@click.option("--demos", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Demonstrations that are not added yet: a folder with <template>/<module>/<name> below it.")
@json_option
@sessions_option
def check_command(
    template: str, modules: tuple[str, ...], mutants: str, coverage: bool, sample: int | None, pairwise: bool,
    seed: int, quick: bool, demos: tuple[Path, ...], as_json: bool, sessions: str | None,
) -> int:
    """Prove the laws, every demo, its numbers at their extremes, its lines, and that its mutants turn a rung red."""
    from aigchip_tui.library.against_template import template_findings
    from aigchip_tui.library.demos import load_library, shipped_root, user_root
    from aigchip_tui.library.laws import law_findings
    from aigchip_tui.library.laws_pairs import template_pair_findings
    from aigchip_tui.modules.own_templates import template_given
    from aigchip_tui.modules.protocol import borrowed_of
    from aigchip_tui.proof.checking import check_module
    from aigchip_tui.proof.covering import Coverer

    family = template_given(template)
    borrowed = borrowed_of(family)
    library = load_library(family.name, borrowed, roots=(shipped_root(), user_root(), *demos) if demos else None)
    own = tuple(name for name in family.modules() if name not in borrowed)
    wanted = modules or own
    unknown = [m for m in wanted if m not in library.modules]
    if unknown:
        known = ", ".join(library.modules) or "none"
        raise AigchipError(
            f"There are no demonstrations of {unknown[0]!r} in {family.name}.",
            hint=f"Known: {known}. Elsewhere: --demos FOLDER, with {family.name}/<module>/<name> below it.",
        )
    drawn, how = _mutants(mutants), _selection(sample, pairwise, seed)
    laws = [f for m in wanted for f in (
        *law_findings(library, m), *template_findings(library.of(m), family),
        *template_pair_findings(library.of(m), family),
    )]
    for finding in laws:
        note(f"{finding.severity}: {finding.file}:{finding.line}: {finding.message}")
    rows: list[dict[str, object]] = []
    checks: list[ModuleCheck] = []
    if not quick:
        with prover_and_bench(family, library, seed) as (prover, bench):
            coverer = Coverer(family, library, prover, bench, seed=seed, tell=note)
            for module in wanted:
                if coverage:
                    rows.append(_cover(coverer, module, coverage_file(family, library, module), how))
                else:
                    checks.append(check_module(prover, library, module, mutants=drawn, tell=note))
                    rows.append(_checked(checks[-1]))
                if not as_json:
                    say("  ".join(f"{k} {v}" for k, v in rows[-1].items() if not isinstance(v, list | dict)))
                    for key, before in (("wrong", ""), ("refused_settings", ""), ("equivalent", "equivalent: ")):
                        for line in _some(_texts(rows[-1].get(key))):
                            say(f"    {before}{line}")
    others = _answered_from_others(family, library, wanted) if quick else _proven_from_others(checks)
    broken = any(f.blocking and f.severity == "error" for f in laws)
    wrong = any(_texts(r.get("wrong")) or _texts(r.get("refused_settings")) for r in rows)
    if as_json:
        document({"laws": len(laws), "modules": rows, "leave_one_out": others})
    else:
        say(f"laws: {len(laws)} findings in {len(wanted)} modules")
        if others is not None:
            rate = " ".join(f"{name} {count}," for name, count in others.items() if name != "basis").rstrip(",")
            say(f"leave-one-out: {rate} ({others['basis']})")
    return 1 if broken or wrong else 0


def _mutants(text: str) -> int:
    """A number of mutants, 0 for all."""
    if text == "all":
        return 0
    if not text.isascii() or not text.isdigit() or not int(text):
        raise AigchipError(f"--mutants is {text!r}.", hint="Give a number from 1 on, or all.")
    return int(text)


def _selection(sample: int | None, pairwise: bool, seed: int) -> Select | None:
    """Which of the answered settings are simulated; None for none of them."""
    from aigchip_tui.proof import selecting

    if pairwise and sample is not None:
        raise AigchipError("--pairwise and --sample exclude each other.", hint="Give one of them, or none for all.")
    if pairwise:
        return lambda settings: selecting.pairwise(settings, seed)
    if sample is None:
        return lambda settings: settings
    return (lambda settings: selecting.sampled(settings, sample, seed)) if sample else None


def _cover(coverer: Coverer, module: str, covered: Covered, how: Select | None) -> dict[str, object]:
    done = coverer.cover(module, covered, how)
    return {
        "module": module, "legal": done.legal, "asked": done.asked, **done.origins, "simulated green": done.simulated,
        "red": len(done.red), "of equal text": done.alike, "simulation not run": done.not_run, "rate": "not run",
        "wrong": list(done.red), "refused_settings": list(done.refused),
    }


def _some(lines: list[str]) -> list[str]:
    """As many lines as somebody reads; --json has all of them."""
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"... and {len(lines) - SHOWN} more (--json lists all)"]


def _texts(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def _proven_from_others(checks: list[ModuleCheck]) -> dict[str, int | str] | None:
    """How many demonstrations' settings were proven from the other ones; None where nobody asked."""
    if not checks:
        return None
    return {
        "demonstrations": sum(c.demos for c in checks), "proven": sum(c.left_out for c in checks),
        "refused": sum(c.left_out_refused for c in checks),
        "basis": "each setting answered from the other demonstrations alone, then on the ladder",
    }


def _answered_from_others(family: Template, library: DemoLibrary, modules: Sequence[str]) -> dict[str, int | str]:
    """The same where nothing is compiled: an answer that is the demonstration itself is as good as that one."""
    from aigchip_tui.proof.demonstrations import left_out

    found = [(demo, answered) for module in modules for demo, answered in left_out(family, library, module)]
    return {
        "demonstrations": len(found),
        "word for word": sum(answered.code.strip() == demo.code.strip() for demo, answered in found),
        "refused": sum(not answered.code for _, answered in found),
        "basis": "each setting answered from the other demonstrations alone; not run",
    }


def _checked(done: ModuleCheck) -> dict[str, object]:
    rate = f"{done.left_out} of {done.demos} proven, {done.left_out_refused} refused"
    return {
        "module": done.module, "demos": done.demos, "extremes": done.extremes, "mutants": done.mutants,
        "red": " ".join(f"{rung}={count}" for rung, count in sorted(done.red.items())), "lines": done.lines,
        "each_from_the_others": rate, "equivalent": list(done.equivalent), "wrong": list(done.wrong),
    }


@demos_command.command("add")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--template", default=None, metavar="NAME|FOLDER", help="Their template, if it is not known yet.")
@sessions_option
def add_command(folder: Path, template: str | None, sessions: str | None) -> int:
    """Add your own demonstrations: the laws are checked and each is proven before it is copied and used."""
    from aigchip_tui.library.adding import add_demos, read_folder
    from aigchip_tui.library.demos import load_library
    from aigchip_tui.modules.own_templates import named_template, template_given
    from aigchip_tui.modules.protocol import borrowed_of

    given = template_given(template, keep=True) if template is not None else None
    names = dict.fromkeys(demo.template for demo in read_folder(folder))
    families = {
        name: given if given is not None and given.name == name else named_template(name) for name in names
    }
    added = add_demos(
        folder, known=[load_library(name, borrowed_of(family)) for name, family in families.items()],
        modules={name: tuple(family.modules()) for name, family in families.items()},
        prove=lambda demo, library: prove_added(families[demo.template], library, demo),
    )
    for demo in added:
        say(f"added {demo.label}: proven as it stands and with each number at its least and greatest value")
    return 0


demos_command.add_command(prompts_command)
demos_command.add_command(replies_command)

"""`demos prompts`, `demos replies`: real prompts as files, and whatever answered them on the proof ladder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aigchip_tui.cli.output import document, json_option, note, say, sessions_option, table

if TYPE_CHECKING:
    from aigchip_tui.model.session import Grain


@click.command("prompts")
@click.option("--template", default="gemm", show_default=True)
@click.option("--sample", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many prompts.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--device", default="zcu104", show_default=True)
@click.option("--module", "modules", multiple=True,
              help="Any settings of this module, in place of those of random designs (may be given more than once).")
@click.option("--grain", type=click.Choice(["explicit", "high"]), default="explicit", show_default=True,
              help="Instructions line by line, or what is wanted alone.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@json_option
@sessions_option
def prompts_command(
    template: str, sample: int, seed: int, device: str, modules: tuple[str, ...], grain: Grain, out: Path,
    as_json: bool, sessions: str | None,
) -> int:
    """Write the prompts of random variants, as a session would send them, each to a folder of its own."""
    from aigchip_tui.bench.prompts_bench import REPLY, write_prompts
    from aigchip_tui.library.demos import load_library
    from aigchip_tui.model.device import device as device_named
    from aigchip_tui.model.space import Build
    from aigchip_tui.modules.own_templates import template_given
    from aigchip_tui.modules.protocol import borrowed_of

    family = template_given(template)
    library = load_library(family.name, borrowed_of(family))
    build = Build(device=device_named(device))
    asked = write_prompts(family, library, build, out, count=sample, seed=seed, grain=grain, modules=modules)
    if as_json:
        document(asked)
    else:
        table([(a.folder, a.tokens, " ".join(a.demos)) for a in asked], ("prompt", "tokens", "demonstrations"))
        say(f"Put each answer beside its prompt as {REPLY}, then: aigchip-tui demos replies {out}")
    return 0


@click.command("replies")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@sessions_option
def replies_command(folder: Path, as_json: bool, sessions: str | None) -> int:
    """Prove the answers to the prompts of FOLDER; ends with 1 when one is red, or none was answered."""
    from aigchip_tui.bench.prompts_bench import judge_replies, read_sample
    from aigchip_tui.cli.proving import prover_and_bench
    from aigchip_tui.library.demos import load_library
    from aigchip_tui.modules.own_templates import named_template
    from aigchip_tui.modules.protocol import borrowed_of

    sampled = read_sample(folder)
    family = named_template(sampled.template)
    library = load_library(family.name, borrowed_of(family))
    with prover_and_bench(family, library, sampled.seed) as (prover, _):
        judged = list(judge_replies(
            family, prover, folder, sampled.prompts,
            told=lambda j: note(f"{j.folder}: {j.rung or 'proven'}" + (f": {j.cause}" if j.cause else "")),
        ))
    answered = [j for j in judged if j.rung != "not answered"]
    passed = sum(not j.rung for j in answered)
    if as_json:
        document({"prompts": len(judged), "answered": len(answered), "proven": passed, "replies": judged})
    else:
        say(f"{passed} of {len(answered)} answers proven; {len(judged) - len(answered)} of {len(judged)} prompts not "
            "answered")
    return 0 if answered and passed == len(answered) else 1

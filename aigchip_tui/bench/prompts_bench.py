"""Real prompts of random variants as files, and whatever answered them on the proof ladder."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from aigchip_tui.bench.hardware_bench import random_designs
from aigchip_tui.library.demos import DemoLibrary
from aigchip_tui.library.grains import demos_in, instruction_in
from aigchip_tui.library.similarity import choose_pair
from aigchip_tui.llm.coverage import variant_case
from aigchip_tui.llm.extract import extract_code
from aigchip_tui.llm.prompts import Prompt, build_prompt
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Variant
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.session import PROMPT_BUDGET_TOKENS, Grain
from aigchip_tui.model.space import Build
from aigchip_tui.modules.protocol import Template, narrowed_of
from aigchip_tui.proof.demonstrations import DemoProver
from aigchip_tui.search.encoding import Pins

PROMPT, REPLY, INDEX = "prompt.md", "reply.md", "index.json"
PATIENCE = 100
"""Random designs in a row without a wanted variant before the sample is held to be complete."""
MAX_REPLY_BYTES = 1 << 20
_FOLDER = re.compile(r"[0-9]{3,}-[a-z0-9_]+")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt of a sample: its folder, the variant and the demonstrations that it shows."""

    folder: str
    module: str
    settings: dict[str, int | str]
    demos: tuple[str, ...]
    tokens: int


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of prompts as its index file holds it."""

    template: str
    seed: int
    grain: Grain = "explicit"
    prompts: tuple[Asked, ...]


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one reply: `rung` is the first red one, "" when all are green, "not answered" without a reply."""

    folder: str
    module: str
    rung: str
    cause: str = ""


def sample_variants(template: Template, library: DemoLibrary, build: Build, *, count: int, seed: int) -> list[Variant]:
    """Distinct variants of random legal designs, the modules in turn; what a demonstration shows as it stands is left
    out.
    """
    shown = {demo.instruction for demo in library.demos}
    found: dict[str, dict[str, Variant]] = {name: {} for name in template.modules()}
    keep = Pins.of({}, narrowed_of(template))
    newest = 0
    for number, point in enumerate(random_designs(build, None, seed=seed, keep=keep)):
        turns = _turns([len(variants) for variants in found.values()], count)
        for instance in template.netlist(point, build).instances:
            variant = instance.variant
            if instance.author == "generator" and variant.instruction not in shown:
                known = found[variant.module]
                if variant.key not in known and len(known) < turns:
                    newest = number
                    known[variant.key] = variant
        if number - newest == PATIENCE:
            break
    taken: list[Variant] = []
    queues = [list(variants.values()) for variants in found.values() if variants]
    while len(taken) < count and any(queues):
        taken += [queue.pop(0) for queue in queues if queue]
    return taken[:count]


def _turns(held: Sequence[int], count: int) -> int:
    """Variants of each module that a sample of `count` takes at most, of modules that have so many."""
    return next((t for t in range(1, count) if sum(min(have, t) for have in held) >= count), count)


def sample_of_modules(
    template: Template, library: DemoLibrary, modules: Sequence[str], *, count: int, seed: int
) -> list[Variant]:
    """Distinct variants of these modules, drawn from all their legal settings, the modules in turn; what a
    demonstration shows as it stands is left out.
    """
    shown = {demo.instruction for demo in library.demos}
    queues = []
    for name in modules:
        drawn = list(template.modules()[name].legal_settings())
        random.Random(draw_seed(seed, "prompts", name)).shuffle(drawn)
        made = (template.variant(name, settings) for settings in drawn)
        queues.append({v.key: v for v in itertools.islice((v for v in made if v.instruction not in shown), count)})
    rounds = itertools.zip_longest(*(found.values() for found in queues))
    return [variant for each in rounds for variant in each if variant is not None][:count]


def prompt_of(
    template: Template, variant: Variant, library: DemoLibrary, *, grain: Grain = "explicit",
    budget_tokens: int = PROMPT_BUDGET_TOKENS,
) -> Prompt:
    """The prompt of a variant as a session asks it, its demonstrations chosen by numbers."""
    case = variant_case(variant)
    choice = choose_pair(case.instruction, library.of(variant.module))
    return build_prompt(
        instruction_in(grain, template, variant), case.signatures, demos_in(grain, template, choice.demos),
        types=case.types, grain=grain, budget_tokens=budget_tokens,
    )


def write_prompts(
    template: Template, library: DemoLibrary, build: Build, out: Path, *, count: int, seed: int,
    grain: Grain = "explicit", modules: Sequence[str] = (),
) -> tuple[Asked, ...]:
    """Writes `count` prompts to new folders below `out`, and an index: of the variants of random designs, or of any
    settings of `modules`. AigchipError when `out` is not empty or no module has such a name.
    """
    unknown = [name for name in modules if name not in template.modules()]
    if unknown:
        known = ", ".join(template.modules())
        raise AigchipError(f"{template.name} has no module {unknown[0]!r}.", hint=f"It has {known}.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise AigchipError(f"{out} is there already.", hint="Choose a new folder with --out.")
    asked: list[Asked] = []
    variants = (
        sample_of_modules(template, library, modules, count=count, seed=seed) if modules
        else sample_variants(template, library, build, count=count, seed=seed)
    )
    for number, variant in enumerate(variants, start=1):
        prompt = prompt_of(template, variant, library, grain=grain)
        folder = f"{number:03}-{variant.module}"
        (out / folder).mkdir(parents=True)
        text = "\n\n".join(f"<!-- {message['role']} -->\n{message['content']}" for message in prompt.messages)
        (out / folder / PROMPT).write_text(text, encoding="utf-8")
        asked.append(Asked(
            folder=folder, module=variant.module, settings=dict(variant.settings),
            demos=tuple(demo.label for demo in prompt.demos_used), tokens=prompt.tokens,
        ))
    index = Sampled(template=template.name, seed=seed, grain=grain, prompts=tuple(asked))
    (out / INDEX).write_bytes(msgspec.json.format(msgspec.json.encode(index), indent=1))
    return index.prompts


def read_sample(folder: Path) -> Sampled:
    """The index of a sample; AigchipError when the folder holds none."""
    try:
        sampled = msgspec.json.decode((folder / INDEX).read_bytes(), type=Sampled)
    except (OSError, msgspec.DecodeError) as problem:
        raise AigchipError(
            f"{folder} holds no sample of prompts ({problem}).", hint="Write one: aigchip-tui demos prompts --out DIR."
        ) from problem
    for each in sampled.prompts:
        if not _FOLDER.fullmatch(each.folder):
            raise AigchipError(f"{folder / INDEX} names {each.folder!r}, which is no folder of a prompt.")
    return sampled


def judge_replies(
    template: Template, prover: DemoProver, folder: Path, asked: Sequence[Asked],
    told: Callable[[Judged], None] = lambda _: None,
) -> Iterator[Judged]:
    """Each reply on the ladder, its code read out of it as in a session; children are answered by the adapter."""
    for each in asked:
        judged = _judge(template, prover, folder / each.folder / REPLY, each)
        told(judged)
        yield judged


def _judge(template: Template, prover: DemoProver, reply: Path, asked: Asked) -> Judged:
    if asked.module not in template.modules():
        raise AigchipError(f"The template {template.name} has no module {asked.module!r}.")
    try:
        template.variant(asked.module, dict(asked.settings))
    except (KeyError, TypeError, ValueError) as problem:
        raise AigchipError(f"{asked.folder}: its settings are not those of {asked.module} ({problem}).") from problem
    try:
        with reply.open("rb") as opened:
            text = opened.read(MAX_REPLY_BYTES + 1)
    except FileNotFoundError:
        return Judged(folder=asked.folder, module=asked.module, rung="not answered")
    if len(text) > MAX_REPLY_BYTES:
        return Judged(folder=asked.folder, module=asked.module, rung="reply", cause="larger than 1 MiB")
    extracted = extract_code(text.decode("utf-8", "replace"), supplied_includes=template.supplied_includes())
    if not extracted.code:
        return Judged(folder=asked.folder, module=asked.module, rung="reply", cause="; ".join(extracted.notes))
    red = prover.text(asked.folder, asked.module, dict(asked.settings), extracted.code).red
    return Judged(
        folder=asked.folder, module=asked.module, rung=red.rung if red else "", cause=red.evidence if red else ""
    )

"""How the tests of the buffers' modules ask the adapter for a body, judge it and run it."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from aigchip_tui.csim.run import SimulationResult, simulate_variant
from aigchip_tui.library.demos import Demo, load_demos
from aigchip_tui.library.extremes import Extreme, extremes
from aigchip_tui.library.laws import law_findings
from aigchip_tui.library.similarity import choose_pair
from aigchip_tui.llm.adapter import answer
from aigchip_tui.model.module import Settings
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import ModuleSpec, Template
from aigchip_tui.proof.conformance import conformance_findings
from aigchip_tui.sandbox.box import UNCONFINED

_FENCED = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])\d+(?!\w)")


@cache
def template() -> Template:
    """The gemm template of the checkout."""
    return load_template("gemm")


def spec(module: str) -> ModuleSpec:
    """One module of the template."""
    return template().modules()[module]


@cache
def demos(module: str) -> tuple[Demo, ...]:
    """The shipped demonstrations of a module."""
    return load_demos("gemm").of(module)


def demo(module: str, name: str) -> Demo:
    """One shipped demonstration."""
    return next(found for found in demos(module) if found.name == name)


@cache
def legal(module: str) -> tuple[tuple[tuple[str, int | str], ...], ...]:
    """All legal settings, hashable."""
    return tuple(
        tuple(settings.items()) for settings in spec(module).legal_settings() if "precision" not in settings
    )


def sampled(module: str, count: int, *, seed: int = 11) -> tuple[Settings, ...]:
    """Up to `count` legal settings, drawn."""
    everything = legal(module)
    drawn = everything if count >= len(everything) else random.Random(seed).sample(everything, count)
    return tuple(dict(settings) for settings in drawn)


def words(module: str, settings: Settings) -> tuple[str, ...]:
    """The instruction with numbers left out: settings of equal words differ in numbers only."""
    return tuple(_NUMBER.sub("#", line) for line in spec(module).instruction(settings))


def one_of_each_wording(module: str, *, seed: int = 11) -> tuple[Settings, ...]:
    """A drawn setting for every wording of the module's instruction."""
    found: dict[tuple[str, ...], Settings] = {}
    for settings in sampled(module, 3000, seed=seed):
        found.setdefault(words(module, settings), settings)
    return tuple(found.values())


def numbered(lines: tuple[str, ...]) -> str:
    """Instruction lines as a prompt shows them."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def ask(module: str, settings: Settings) -> str:
    """The body that the offline adapter writes from the two demonstrations chosen for these settings."""
    instruction = spec(module).instruction(settings)
    chosen = choose_pair(instruction, demos(module)).demos
    shown = [f"{numbered(one.instruction)}\n\n```cpp\n{one.code}```\n" for one in chosen]
    reply = answer([{"role": "user", "content": "\n\n".join((*shown, "The module:\n", numbered(instruction)))}])
    assert not reply.refusals, (settings, reply.text)
    code = _FENCED.search(reply.text)
    assert code is not None
    return code.group(1)


def nonconforming(module: str, settings: Settings, body: str) -> list[str]:
    """What the conformance rung says of a body."""
    rules = spec(module).conformance(settings)
    return [finding.message for finding in conformance_findings(body, spec(module).function, rules)]


def run(
    module: str, settings: Settings, body: str, folder: Path, *, sanitize: bool = False, seed: int = 5
) -> SimulationResult:
    """Compiles a body in the template's frame and simulates its cases, unconfined (the sandbox has its own tests)."""
    return simulate_variant(
        template().variant(module, settings),
        body,
        {},
        spec(module).cases(settings, np.random.default_rng(seed)),
        sandbox=UNCONFINED,
        workdir=folder,
        cache=folder / "programs",
        environment=os.environ,
        headers=template().headers(),
        sanitize=sanitize,
    )


def mutated(text: str, old: str, new: str) -> str:
    """The text with one piece exchanged, which has to be there."""
    assert old in text, old
    return text.replace(old, new)


def faults_of_demos(module: str) -> Iterator[str]:
    """Demonstrations that do not state their settings' instruction or break a law."""
    for one in demos(module):
        if one.instruction != spec(module).instruction(dict(one.settings)):
            yield f"{one.name}: the instruction is not that of its settings"
        if tuple(one.settings.items()) not in legal(module):
            yield f"{one.name}: its settings are not legal"
    for finding in law_findings(load_demos("gemm"), module):
        yield f"{finding.code}: {finding.message}"


def ends(module: str) -> Iterator[Extreme]:
    """Every demonstration with each of its numbers at its least and its greatest legal value."""
    for one in demos(module):
        near = [
            settings
            for settings in map(dict, legal(module))
            if sum(settings[key] != value for key, value in one.settings.items()) == 1
        ]
        yield from extremes(one, [(settings, spec(module).instruction(settings)) for settings in near])

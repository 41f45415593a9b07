"""How the tests of the compute modules ask, check and simulate: shared by mac, lane, array and their neighbours."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from aigchip_tui.cpp.limits import screen
from aigchip_tui.cpp.signatures import namespace_constants
from aigchip_tui.csim.run import SimulationResult, simulate_variant
from aigchip_tui.library.demos import Demo, DemoLibrary, load_demos
from aigchip_tui.library.extremes import Extreme, extremes
from aigchip_tui.library.laws import law_findings
from aigchip_tui.library.similarity import choose_pair
from aigchip_tui.llm.adapter.answer import Answer, answer
from aigchip_tui.model.module import Settings, Variant
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import ModuleSpec, Template
from aigchip_tui.proof.conformance import conformance_findings
from aigchip_tui.proof.contract import contract_findings
from aigchip_tui.sandbox.box import UNCONFINED

REPO = Path(__file__).resolve().parents[2]


@cache
def template() -> Template:
    """The checkout's gemm template."""
    return load_template("gemm")


@cache
def library() -> DemoLibrary:
    """The shipped demonstrations."""
    return load_demos("gemm", roots=[REPO / "demos"])


def spec_of(module: str) -> ModuleSpec:
    """A module kind."""
    return template().modules()[module]


def legal(module: str, count: int = 0, *, seed: int = 1, precision: str = "int8", pack: int = 1) -> list[Settings]:
    """Legal settings of a number format ("": of all), with `pack` 2 also in pairs; or `count` of them by `seed`."""
    everything = [
        settings
        for settings in spec_of(module).legal_settings()
        if precision in ("", settings.get("precision", "int8")) and settings.get("pack", 1) in (1, pack)
    ]
    return random.Random(seed).sample(everything, count) if count else everything


def _numbered(lines: Sequence[str]) -> str:
    return "".join(f"{number}. {text}\n" for number, text in enumerate(lines, 1))


def ask(module: str, settings: Settings) -> Answer:
    """The adapter's answer to the module's instruction with the pair of demos that production would choose."""
    lines = spec_of(module).instruction(settings)
    shown = [
        f"{_numbered(demo.instruction)}\n```cpp\n{demo.code}```\n"
        for demo in choose_pair(lines, library().of(module)).demos
    ]
    return answer([{"role": "user", "content": "\n".join((*shown, "Write this module.\n", _numbered(lines)))}])


def body_of(module: str, settings: Settings) -> str:
    """The answered code; fails the test with the adapter's cause when it refuses."""
    got = ask(module, settings)
    assert got.kind != "refused", (settings, got.text)
    return got.text.split("```cpp\n")[1].split("```")[0]


def refused(module: str) -> list[tuple[Settings, str]]:
    """Legal settings that the adapter refuses, with its cause."""
    found = []
    for settings in spec_of(module).legal_settings():
        got = ask(module, settings)
        if got.kind == "refused":
            found.append((settings, got.refusals[0].cause))
    return found


def _children(variant: Variant) -> Mapping[str, str]:
    files: dict[str, str] = {}
    spec = spec_of(variant.module)
    for module, settings in spec.children(variant.settings):
        child = template().variant(module, settings)
        files |= _children(child)
        name = child.key.replace("-", "_") + ".hpp"
        files[name] = f"{child.prologue}\n{body_of(module, settings)}\n{child.epilogue}"
    return files


def simulate(
    module: str, settings: Settings, workdir: Path, *, body: str = "", seed: int = 2026, sanitize: bool = False
) -> SimulationResult:
    """Compiles and runs the answered code, or `body`, with its answered children on fresh data."""
    variant = template().variant(module, settings)
    return simulate_variant(
        variant,
        body or body_of(module, settings),
        _children(variant),
        spec_of(module).cases(settings, np.random.default_rng(seed)),
        sandbox=UNCONFINED,
        workdir=workdir,
        cache=workdir / "programs",
        environment=os.environ,
        headers=template().headers(),
        sanitize=sanitize,
    )


def proven(module: str, settings: Settings, workdir: Path, *, sanitize: bool = False) -> int:
    """Number of values that agreed; fails the test with findings when the module is not right."""
    result = simulate(module, settings, workdir, sanitize=sanitize)
    assert result.passed, (settings, result.cause, result.findings, result.mismatches[:2])
    assert result.values > 0
    return result.values


def prove_extremes(module: str, workdir: Path) -> int:
    """Proves every demo with each of its numbers at its least and greatest legal value; returns how many."""
    spec = spec_of(module)
    stretched: list[Extreme] = []
    for shown in library().of(module):
        own = legal(module, precision=str(shown.settings.get("precision", "int8")), pack=2)
        stretched += extremes(shown, [(settings, spec.instruction(settings)) for settings in own])
    for extreme in stretched:
        result = simulate(module, extreme.settings, workdir, body=extreme.code)
        assert result.passed, (extreme.demo.label, extreme.line, extreme.new, result.cause, result.findings)
        assert contract_faults(module, extreme.settings, extreme.code) == []
    return len(stretched)


def surviving(module: str, demo: Demo, mutations: Sequence[tuple[str, str]], workdir: Path) -> list[str]:
    """Mutations of a demonstration's code that simulation does not notice."""
    alive = []
    for old, new in mutations:
        assert old in demo.code, (demo.label, old)
        if simulate(module, demo.settings, workdir, body=demo.code.replace(old, new, 1)).passed:
            alive.append(f"{demo.label}: {old} -> {new}")
    return alive


def demo(module: str, name: str) -> Demo:
    """A shipped demonstration."""
    return next(demo for demo in library().of(module) if demo.name == name)


def demo_faults(module: str) -> list[str]:
    """What is wrong with the demonstrations: laws, instructions that are not the spec's, forbidden text."""
    demos = library().of(module)
    found = [finding.message for finding in law_findings(demos)]
    settings = legal(module, precision="", pack=2)
    for shown in demos:
        if shown.settings not in settings:
            found.append(f"{shown.label}: its settings are not legal")
        elif shown.instruction != spec_of(module).instruction(shown.settings):
            found.append(f"{shown.label}: its instruction is not the spec's")
        found += [f"{shown.label}: {finding.message}" for finding in screen(shown.code)]
    return found


def contract_faults(module: str, settings: Settings, body: str) -> list[str]:
    """What the contract and the conformance rung say of a body."""
    spec = spec_of(module)
    known: dict[str, int] = {}
    for text in template().headers().values():
        known = namespace_constants(text, known)
    # As on the ladder: names of the body hide those of the header.
    own = set(re.findall(r"\b(?:constexpr|const)\s+[\w: ]+?\s+(\w+)\s*=", body))
    known = {name: value for name, value in known.items() if name not in own}
    found = contract_findings(body, spec.function, spec.ports(settings), known)
    found += conformance_findings(body, spec.function, spec.conformance(settings), known)
    return [finding.message for finding in found]


def unseen_pragmas(module: str) -> set[str]:
    """Pragmas of the demonstrations whose removal neither rung notices, without their arguments."""
    found = set()
    for shown in library().of(module):
        lines = shown.code.splitlines()
        for number, line in enumerate(lines):
            if line.startswith("#pragma HLS"):
                left = "\n".join(lines[:number] + lines[number + 1 :])
                if not contract_faults(module, shown.settings, left):
                    found.add(line.split()[2])
    return found


def without(body: str, pragma: str) -> str:
    """The body without the first line that holds `pragma`."""
    lines = body.splitlines()
    lines.remove(next(line for line in lines if pragma in line))
    return "\n".join(lines)

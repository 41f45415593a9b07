"""What it saves to write and prove each variant once: model calls and proofs of the same designs, shared and whole.

Both arms ask the offline adapter through the real client, in the same run, design by design in turn. `shared` keeps
what it has proven, as a session does. `whole` writes and proves every module of every design anew. Neither has a
cache from before. Assembly and its simulation are the same in both and not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from aigchip_tui.bench.prompts_bench import prompt_of
from aigchip_tui.library.demos import DemoLibrary
from aigchip_tui.llm.client import Generator
from aigchip_tui.llm.extract import extract_code
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Variant
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.workload import Workload
from aigchip_tui.modules.protocol import Template, narrowed_of
from aigchip_tui.proof.demonstrations import DemoProver
from aigchip_tui.search.encoding import Pins, genes_of
from aigchip_tui.search.searcher import Searcher, SearchSettings, Told, analytic_screen

NewProver = Callable[[], AbstractContextManager[DemoProver]]
"""A prover with an empty compile cache; it ends with the block."""


class Arm(msgspec.Struct, kw_only=True):
    """Counts of one arm: calls and their tokens, proofs (red ones among them), seconds of asking and proving."""

    designs: int = 0
    calls: int = 0
    tokens: int = 0
    proven: int = 0
    red: int = 0
    seconds: float = 0.0

    def report(self) -> dict[str, float]:
        """The counts and what follows from them."""
        minutes = self.seconds / 60
        return {
            "designs": self.designs, "model_calls": self.calls, "tokens": self.tokens, "variants_proven": self.proven,
            "red": self.red, "seconds": round(self.seconds, 2),
            "calls_per_design": round(self.calls / self.designs, 2) if self.designs else 0.0,
            "variants_proven_per_minute": round(self.proven / minutes, 1) if minutes else 0.0,
            "designs_per_minute": round(self.designs / minutes, 2) if minutes else 0.0,
        }


def searched_designs(
    template: Template, build: Build, workload: Workload, *, count: int, seed: int
) -> Iterator[DesignPoint]:
    """The designs that a search proposes one after the other when the analytic model is the judge."""
    screen = analytic_screen(build, workload)
    settings = SearchSettings(evaluations=max(8, count), pins=Pins.of({}, narrowed_of(template)))
    searcher = Searcher(build, workload, settings, session_seed=seed, screen=screen)
    history: list[Told] = []
    for number in range(1, count + 1):
        proposal = searcher.ask(history)
        ((latency, dsp),) = screen([genes_of(proposal.point)])
        history.append(Told(
            number=number, parameters=proposal.parameters, outcome="evaluated", latency_ms=latency, dsp=dsp
        ))
        yield proposal.point


def bench_engine(
    template: Template, library: DemoLibrary, build: Build, workload: Workload, generator: Generator,
    new_prover: NewProver, *, designs: int, seed: int, clock: Callable[[], float] = time.perf_counter,
    told: Callable[[int, Arm, Arm], None] = lambda number, shared, whole: None,
) -> dict[str, Any]:
    """Write and prove the same `designs` in both arms. Returns the arms' figures side by side."""
    shared, whole = Arm(), Arm()
    known: set[str] = set()
    with new_prover() as keeping:
        for number, point in enumerate(searched_designs(template, build, workload, count=designs, seed=seed), start=1):
            variants = {
                instance.variant.key: instance.variant for instance in template.netlist(point, build).instances
                if instance.author == "generator"
            }
            new = [variant for key, variant in variants.items() if key not in known]
            _count(shared, new, template, library, generator, keeping, seed, clock)
            known |= variants.keys()
            with new_prover() as forgetting:
                _count(whole, list(variants.values()), template, library, generator, forgetting, seed, clock)
            told(number, shared, whole)
    return {
        "template": template.name, "workload": workload.name, "seed": seed, "generator": generator.spec.text,
        "shared": shared.report(), "whole": whole.report(),
        "calls_saved": round(1 - shared.calls / whole.calls, 3) if whole.calls else 0.0,
    }


def _count(
    arm: Arm, variants: list[Variant], template: Template, library: DemoLibrary, generator: Generator,
    prover: DemoProver, seed: int, clock: Callable[[], float],
) -> None:
    began = clock()
    for variant in variants:
        prompt = prompt_of(template, variant, library)
        reply = generator.generate(
            prompt.messages, seed=draw_seed(seed, "bench engine", variant.key), max_tokens=prompt.reply_tokens
        )
        arm.calls += 1
        arm.tokens += reply.prompt_tokens + reply.completion_tokens
        code = extract_code(reply.text, supplied_includes=template.supplied_includes()).code
        if not code:
            raise AigchipError(f"The generator wrote no code for {variant.key}.", hint="See demos check --coverage.")
        red = prover.text(variant.key, variant.module, variant.settings, code).red
        arm.proven += red is None
        arm.red += red is not None
    arm.designs += 1
    arm.seconds += clock() - began

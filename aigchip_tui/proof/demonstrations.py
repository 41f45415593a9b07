"""Proves demonstrations on the same ladder as everything else: as they stand, at extremes, and mutated."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from aigchip_tui.csim.bench import Bench
from aigchip_tui.library.demos import Demo, DemoLibrary
from aigchip_tui.library.extremes import extremes
from aigchip_tui.llm.coverage import Answered, CoverageCase, answers, variant_case
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Settings, Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.modules.protocol import Conformance, ListsEquivalentMutants, ModuleSpec, Template, pace_of
from aigchip_tui.proof.ladder import Reader, climb, header_name
from aigchip_tui.proof.pacing import InVirtualTime
from aigchip_tui.proof.switchboard import Switchboard

Rate = Callable[[Variant, str, Sequence[tuple[Variant, str]], Conformance], RungOutcome]


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """One text that climbed: what it is, and the first red rung if there is one."""

    subject: str
    outcomes: tuple[RungOutcome, ...]

    @property
    def red(self) -> RungOutcome | None:
        """The first rung that failed."""
        return next((o for o in self.outcomes if o.status == "failed"), None)


class Mutated(msgspec.Struct, frozen=True, kw_only=True):
    """One mutant of a demonstration: the rung that turned red ("" when none did) and why.

    `equivalent` is the template's reason why no rung can see it.
    """

    demo: str
    name: str
    rung: str
    cause: str = ""
    equivalent: str = ""

    @property
    def survived(self) -> bool:
        """Whether nothing saw it although it is no equivalent."""
        return not self.rung and not self.equivalent


def subject_of(module: str, settings: Settings) -> str:
    """How settings of a module are called in reports."""
    return f"{module} {' '.join(f'{key}={value}' for key, value in settings.items())}"


def left_out(template: Template, library: DemoLibrary, module: str) -> Iterator[tuple[Demo, Answered]]:
    """Each demo of a module with what the adapter makes of its settings from the other ones."""
    demos = library.of(module)
    for demo in demos:
        case = variant_case(template.variant(module, dict(demo.settings)))
        yield demo, next(iter(answers([case], [each for each in demos if each is not demo])))


class DemoProver:
    """Climbs with texts of a template's modules; children are answered by the adapter from the same library."""

    def __init__(
        self, template: Template, library: DemoLibrary, *, bench: Bench, read: Reader, rate: Rate, seed: int = 1,
        in_virtual_time: InVirtualTime | None = None,
    ) -> None:
        self._template = template
        self._library = library
        self._bench = bench
        self._read = read
        self._rate = rate
        self._in_virtual_time = in_virtual_time
        self._seed = seed
        self._children: dict[str, str] = {}

    def demonstration(self, demo: Demo) -> Proved:
        """The demo as it stands; its instruction must be the template's for its settings."""
        variant = self._template.variant(demo.module, dict(demo.settings))
        if tuple(demo.instruction) != variant.instruction:
            red = RungOutcome(
                rung="static", status="failed", cause="instruction",
                evidence="instruction.md is not the template's instruction for the settings of demo.yaml",
            )
            return Proved(subject=demo.label, outcomes=(red,))
        return self._climb(demo.label, demo.module, dict(demo.settings), demo.code)

    def text(self, subject: str, module: str, settings: Settings, body: str) -> Proved:
        """Any text for a variant, as a generator would have written it."""
        return self._climb(subject, module, settings, body)

    def at_extremes(self, demo: Demo) -> Iterator[Proved]:
        """The demo with each number at its least and greatest legal value."""
        spec = self._template.modules()[demo.module]
        elements = self._template.variant(demo.module, dict(demo.settings)).elements
        variants = ((s, self._template.variant(demo.module, s)) for s in spec.legal_settings())
        legal = ((settings, variant.instruction) for settings, variant in variants if variant.elements == elements)
        for each in extremes(demo, legal):
            subject = f"{demo.label} with {each.old} -> {each.new} in line {each.line}"
            yield self._climb(subject, demo.module, dict(each.settings), each.code)

    def mutants(self, demo: Demo, *, number: int = 0) -> Iterator[Mutated]:
        """Each mutant of a demo that is proven as it stands, or a seeded sample of `number`, with the rung that saw it.

        Reading rungs first, then simulation of all switchable mutants from one program, with sanitizers for those that
        it does not see; what is still green climbs the whole ladder by itself.
        """
        from aigchip_tui.proof.mutations import mutants_of

        made = mutants_of(demo.code)
        asked = list(made.mutants)
        if number and number < len(asked):
            asked = random.Random(draw_seed(self._seed, "mutants", demo.label)).sample(asked, number)
        settings = dict(demo.settings)
        variant, spec = self._template.variant(demo.module, settings), self._template.modules()[demo.module]
        known = spec.equivalent_mutants if isinstance(spec, ListsEquivalentMutants) else ()
        reasons = {(each.was, each.now): each.reason for each in known}
        boards: dict[bool, Switchboard] = {}
        inlined = self.inlined(demo.module, settings)

        def board(sanitize: bool) -> Switchboard:
            if sanitize not in boards:
                children = {header_name(v): f"{v.prologue}{text}\n{v.epilogue}" for v, text in inlined}
                cases = spec.cases(settings, np.random.default_rng(draw_seed(self._seed, "mutants", demo.label)))
                boards[sanitize] = Switchboard(
                    variant, made.switched, children, cases, bench=self._bench, sanitize=sanitize
                )
            return boards[sanitize]

        for mutant in asked:
            rung, cause = self.read_by_rungs(variant, mutant.text, spec, inlined)
            if not rung and mutant.switch:
                for sanitize, name in ((False, "module_sim"), (True, "sanitizers")):
                    cause = board(sanitize).cause(mutant.switch) if board(sanitize).works else ""
                    if cause:
                        rung = name
                        break
            if not rung:
                climbed = self._climb(f"{demo.label} {mutant.name}", demo.module, settings, mutant.text)
                rung, cause = (climbed.red.rung, climbed.red.evidence) if climbed.red else ("", "")
            folded = " ".join(mutant.was.split()), " ".join(mutant.now.split())
            yield Mutated(
                demo=demo.label, name=mutant.name, rung=rung, cause=cause,
                equivalent="" if rung else reasons.get(folded, ""),
            )

    def read_by_rungs(
        self, variant: Variant, body: str, spec: ModuleSpec, inlined: Sequence[tuple[Variant, str]]
    ) -> tuple[str, str]:
        """The first red rung of those that only read, and why; two empty texts when all are green."""
        answer = self._read({
            "body": body, "function": variant.function, "ports": msgspec.to_builtins(variant.ports), "cures": False,
            "undemanded": False, "conformance": msgspec.to_builtins(spec.conformance(variant.settings)),
            "headers": list(self._bench.headers.values()),
            "callable": [*variant.supplied_functions, *(child.function for child, _ in inlined)],
        })
        if isinstance(answer, Finding):
            return "static", answer.message
        for rung, findings in (
            ("static", answer.static), ("contract", answer.contract), ("conformance", answer.conformance),
        ):
            red = next((f for f in findings if f.blocking and f.severity == "error"), None)
            if red is not None:
                return rung, red.message
        return "", ""

    def left_out(self, module: str) -> Iterator[tuple[Demo, Answered]]:
        """Each demo's settings answered from the other demos of its module."""
        return left_out(self._template, self._library, module)

    def uncovered(self, demo: Demo) -> tuple[int, ...] | None:
        """Lines of a demo that its own test bench never runs; None where this machine has no gcov."""
        from aigchip_tui.proof.line_coverage import uncovered_lines

        settings = dict(demo.settings)
        cases = self._template.modules()[demo.module].cases(
            settings, np.random.default_rng(draw_seed(self._seed, "lines", demo.label))
        )
        children = {header_name(v): f"{v.prologue}{text}\n{v.epilogue}" for v, text in
                    self.inlined(demo.module, settings)}
        return uncovered_lines(
            self._template.variant(demo.module, settings), demo.code, children, cases, bench=self._bench
        )

    def coverage(self, module: str, cases: Sequence[CoverageCase]) -> Iterator[tuple[Answered, Proved | None]]:
        """What the adapter answers for each case, compiled and simulated; None where it refused."""
        for answered in answers(cases, self._library.of(module)):
            yield answered, self.answer(module, answered) if answered.code else None

    def answer(self, module: str, answered: Answered) -> Proved:
        """One answer of the adapter on the whole ladder."""
        settings = dict(answered.case.settings)
        return self._climb(subject_of(module, settings), module, settings, answered.code)

    def _climb(self, subject: str, module: str, settings: Settings, body: str) -> Proved:
        variant = self._template.variant(module, settings)
        seed = draw_seed(self._seed, "demo", subject)
        climbed = climb(
            variant, body, self.inlined(module, settings), self._template.modules()[module], seed=seed,
            bench=self._bench, read=self._read, rate=self._rate, pace=pace_of(self._template, module, settings),
            in_virtual_time=self._in_virtual_time,
        )
        return Proved(subject=subject, outcomes=climbed.outcomes)

    def inlined(self, module: str, settings: Settings) -> list[tuple[Variant, str]]:
        """The variants that these settings call, innermost first, each with the adapter's answer."""
        found: dict[str, tuple[Variant, str]] = {}
        for name, child in self._template.modules()[module].children(settings):
            for variant, text in self.inlined(name, child):
                found.setdefault(variant.key, (variant, text))
            variant = self._template.variant(name, child)
            if variant.key not in self._children:
                answered = next(iter(answers([variant_case(variant)], self._library.of(name))))
                self._children[variant.key] = answered.code
            found[variant.key] = (variant, self._children[variant.key])
        return list(found.values())

"""Proves demonstrations on the same ladder as everything else: as they stand, at extremes, and mutated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from aigchip_tui.library.demos import Demo, DemoLibrary
from aigchip_tui.library.extremes import extremes
from aigchip_tui.llm.coverage import Answered, CoverageCase, answers, variant_case
from aigchip_tui.model.module import Settings, Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.modules.protocol import Conformance, Template
from aigchip_tui.proof.ladder import Bench, Reader, climb

Rate = Callable[[Variant, str, Sequence[tuple[Variant, str]], Conformance], RungOutcome]


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """One text that climbed: what it is, and the first red rung if there is one."""

    subject: str
    outcomes: tuple[RungOutcome, ...]

    @property
    def red(self) -> RungOutcome | None:
        """The first rung that failed."""
        return next((o for o in self.outcomes if o.status == "failed"), None)


class DemoProver:
    """Climbs with texts of a template's modules; children are answered by the adapter from the same library."""

    def __init__(
        self, template: Template, library: DemoLibrary, *, bench: Bench, read: Reader, rate: Rate, seed: int = 1
    ) -> None:
        self._template = template
        self._library = library
        self._bench = bench
        self._read = read
        self._rate = rate
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

    def at_extremes(self, demo: Demo) -> Iterator[Proved]:
        """The demo with each number at its least and greatest legal value."""
        spec = self._template.modules()[demo.module]
        legal = ((s, self._template.variant(demo.module, s).instruction) for s in spec.legal_settings())
        for each in extremes(demo, legal):
            subject = f"{demo.label} with {each.old} -> {each.new} in line {each.line}"
            yield self._climb(subject, demo.module, dict(each.settings), each.code)

    def mutants(self, demo: Demo) -> Iterator[Proved]:
        """The demo with one thing wrong; each must turn a rung red."""
        for name, text in mutations(demo.code):
            yield self._climb(f"{demo.label} mutated: {name}", demo.module, dict(demo.settings), text)

    def coverage(self, module: str, cases: Sequence[CoverageCase]) -> Iterator[tuple[Answered, Proved | None]]:
        """What the adapter answers for each case, compiled and simulated; None where it refused."""
        for answered in answers(cases, self._library.of(module)):
            settings = dict(answered.case.settings)
            subject = f"{module} {' '.join(f'{k}={v}' for k, v in settings.items())}"
            yield answered, self._climb(subject, module, settings, answered.code) if answered.code else None

    def _climb(self, subject: str, module: str, settings: Settings, body: str) -> Proved:
        variant = self._template.variant(module, settings)
        seed = draw_seed(self._seed, "demo", subject)
        climbed = climb(
            variant, body, self._inlined(module, settings), self._template.modules()[module], seed=seed,
            bench=self._bench, read=self._read, rate=self._rate,
        )
        return Proved(subject=subject, outcomes=climbed.outcomes)

    def _inlined(self, module: str, settings: Settings) -> list[tuple[Variant, str]]:
        found: dict[str, tuple[Variant, str]] = {}
        for name, child in self._template.modules()[module].children(settings):
            for variant, text in self._inlined(name, child):
                found.setdefault(variant.key, (variant, text))
            variant = self._template.variant(name, child)
            if variant.key not in self._children:
                answered = next(iter(answers([variant_case(variant)], self._library.of(name))))
                self._children[variant.key] = answered.code
            found[variant.key] = (variant, self._children[variant.key])
        return list(found.values())


_MUTATIONS: Mapping[str, tuple[str, str]] = {
    "a loop bound one too far": (" < ", " <= "),
    "a stream write dropped": ("out.write(", "(void)("),
    "a pipeline dropped": ("#pragma HLS PIPELINE II=1\n", ""),
    "an unrolling dropped": ("#pragma HLS UNROLL\n", ""),
    "a partition in the wrong dimension": (" dim=1", " dim=3"),
    "a sum that subtracts": (" + ", " - "),
}


def mutations(code: str) -> Iterator[tuple[str, str]]:
    """The code with one mutation each, at the first place where it applies."""
    for name, (old, new) in _MUTATIONS.items():
        at = code.find(old)
        if at >= 0:
            yield name, code[:at] + new + code[at + len(old):]

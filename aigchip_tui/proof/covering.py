"""Every legal setting of a module: answered by the adapter from two demonstrations, then compiled and simulated.

Both keep what they found (`proof.covered`), so that an interrupted run goes on where it stopped. What was only
answered is counted apart: it is not proven.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from aigchip_tui.csim.batch import Member, simulate_batch
from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.compile import Optimise
from aigchip_tui.library.demos import DemoLibrary
from aigchip_tui.llm.coverage import Answered, CoverageCase, answers, module_cases, variant_case
from aigchip_tui.model.module import Settings, Variant
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.modules.protocol import Template
from aigchip_tui.proof.covered import Answer, Covered, Simulated
from aigchip_tui.proof.demonstrations import DemoProver, subject_of
from aigchip_tui.proof.ladder import header_name

BATCH = 384
"""Settings that share a compilation."""
FEW = 8
"""Members of a batch of which none is green that are no longer asked in halves."""
TOLD = 1000
"""Answers after which the first pass tells how far it is."""

Select = Callable[[Sequence[Settings]], Sequence[Settings]]


class CoverageReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a module's legal settings.

    `legal` settings are `asked` distinct variants; `origins` counts how they were answered. Of the answers
    `simulated` are green from static to module simulation (rate is not asked), `alike` of them because another setting
    has the same text and stimuli; `not_run` were answered and not simulated. `refused` and `red` name settings and
    causes.
    """

    module: str
    legal: int
    asked: int
    origins: dict[str, int]
    refused: tuple[str, ...]
    simulated: int
    alike: int
    red: tuple[str, ...]
    not_run: int


class Coverer:
    """Covers modules of one template with one library."""

    def __init__(
        self, template: Template, library: DemoLibrary, prover: DemoProver, bench: Bench, *, seed: int,
        tell: Callable[[str], None],
    ) -> None:
        self._template = template
        self._library = library
        self._prover = prover
        self._bench = bench
        self._seed = seed
        self._tell = tell

    def cover(self, module: str, covered: Covered, select: Select | None) -> CoverageReport:
        """Answers every legal setting, then simulates those that `select` takes of them (None: no simulation)."""
        settings = list(self._template.modules()[module].legal_settings())
        verdicts = self.simulate(module, list(select(settings)) if select is not None else [], covered)
        found = self._answer(module, covered)
        origins = Counter(answer.origin for answer in found.values())
        refused = tuple(
            f"{answer.subject}: {answer.why}" for answer in found.values() if answer.origin == "refused"
        )
        green = [verdict for verdict in verdicts if not verdict.rung]
        return CoverageReport(
            module=module, legal=len(settings), asked=len(found), origins=dict(sorted(origins.items())),
            refused=refused, simulated=len(green), alike=sum(verdict.alike for verdict in green),
            red=tuple(f"{v.subject}: {v.rung}: {v.why}" for v in verdicts if v.rung),
            not_run=len(found) - len(refused) - len(verdicts),
        )

    def _answer(self, module: str, covered: Covered) -> dict[str, Answer]:
        """What the adapter makes of each variant, by its digest; those that were simulated are answered already."""
        found: dict[str, Answer] = {}
        waiting: list[CoverageCase] = []

        def put(cases: Sequence[CoverageCase]) -> None:
            made = [_told(module, answered) for answered in answers(cases, self._library.of(module))]
            found.update((answer.digest, answer) for answer in made)
            covered.answered(made)
            self._tell(f"{module}: {len(found)} settings answered")

        for case in module_cases(self._template, module):
            digest = digest_of(case)
            known = covered.answers.get(digest)
            if known is not None:
                found[digest] = known
            elif digest not in found:
                waiting.append(case)
            if len(waiting) == TOLD:
                put(waiting)
                waiting = []
        if waiting:
            put(waiting)
        return found

    def simulate(self, module: str, chosen: Sequence[Settings], covered: Covered) -> list[Simulated]:
        """Answers these settings and simulates what is not refused; settings of equal ports come one after the other.

        A verdict for each variant that was answered now or before; answers and verdicts stand in `covered`.
        """
        verdicts: dict[str, Simulated] = {}
        texts: dict[str, Simulated] = {}
        fresh: dict[str, tuple[tuple[str, ...], Settings]] = {}
        for settings in chosen:
            variant = self._template.variant(module, settings)
            digest = digest_of(variant_case(variant))
            known = covered.simulated.get((digest, self._seed))
            if known is not None:
                verdicts[digest] = texts[known.text] = known
            elif digest not in fresh:
                fresh[digest] = (variant.elements, *(port.cpp_type for port in variant.ports)), settings
        waiting = [settings for _, settings in sorted(fresh.values(), key=lambda each: each[0])]
        for start in range(0, len(waiting), BATCH):
            cases = [variant_case(self._template.variant(module, each)) for each in waiting[start : start + BATCH]]
            answered = list(answers(cases, self._library.of(module)))
            covered.answered([_told(module, each) for each in answered])
            for verdict in self._batch(module, [each for each in answered if each.origin != "refused"], texts):
                verdicts[verdict.digest] = verdict
                covered.add(verdict)
            red = sum(bool(verdict.rung) for verdict in verdicts.values())
            self._tell(f"{module}: {len(verdicts)} of {len(chosen)} simulated, {red} red")
        return list(verdicts.values())

    def _batch(self, module: str, batch: Sequence[Answered], texts: dict[str, Simulated]) -> Iterator[Simulated]:
        spec = self._template.modules()[module]
        members: list[tuple[Answered, str, Member]] = []
        for answered in batch:
            settings = dict(answered.case.settings)
            variant = self._template.variant(module, settings)
            inlined = self._prover.inlined(module, settings)
            rng = np.random.default_rng(draw_seed(self._seed, "coverage", module))
            cases = spec.cases(settings, rng)
            text = text_digest(variant, answered.code, inlined, cases)
            if text in texts:
                yield msgspec.structs.replace(
                    texts[text], digest=digest_of(answered.case), subject=subject_of(module, settings),
                    alike=True,
                )
                continue
            rung, why = self._prover.read_by_rungs(variant, answered.code, spec, inlined)
            if rung:
                yield self._verdict(module, answered, text, rung, why, texts)
                continue
            children = {header_name(v): f"{v.prologue}{body}\n{v.epilogue}" for v, body in inlined}
            member = Member(variant=variant, body=answered.code, children=children, cases=tuple(cases))
            members.append((answered, text, member))
        if not members:
            return
        # A module that calls others works through all of them in each step: such programs run longer than they compile.
        agreed = self._agreed(
            [member for *_, member in members], "-O1" if any(member.children for *_, member in members) else "-Og"
        )
        for (answered, text, _), green in zip(members, agreed, strict=True):
            # What a batch does not show green climbs by itself, where causes are told apart.
            red = None if green else self._prover.answer(module, answered).red
            yield self._verdict(
                module, answered, text, red.rung if red is not None else "",
                red.evidence if red is not None else "", texts,
            )

    def _agreed(self, members: Sequence[Member], optimise: Optimise) -> tuple[bool, ...]:
        """Which members are green; where none is, one may have hidden the others, so each half is asked again."""
        agreed = simulate_batch(
            members, sandbox=self._bench.sandbox, workdir=self._bench.workdir, environment=self._bench.environment,
            headers=self._bench.headers, optimise=optimise,
        )
        if any(agreed) or len(members) <= FEW:
            return agreed
        half = len(members) // 2
        return (*self._agreed(members[:half], optimise), *self._agreed(members[half:], optimise))

    def _verdict(
        self, module: str, answered: Answered, text: str, rung: str, why: str, texts: dict[str, Simulated]
    ) -> Simulated:
        texts[text] = Simulated(
            digest=digest_of(answered.case), seed=self._seed, text=text, rung=rung, why=why,
            subject=subject_of(module, answered.case.settings),
        )
        return texts[text]


def _told(module: str, answered: Answered) -> Answer:
    """How the adapter answered, as it is kept."""
    why = "; ".join(f"line {line}: {cause}" for line, cause in answered.refusals)
    return Answer(
        digest=digest_of(answered.case), origin=answered.origin,
        subject=subject_of(module, answered.case.settings) if why else "", why=why,
    )


def digest_of(case: CoverageCase) -> str:
    """Identity of a variant within its module: settings of equal lines and element types are one."""
    return hashlib.sha256("\n".join((case.elements, *case.instruction)).encode()).hexdigest()[:20]


def text_digest(
    variant: Variant, body: str, inlined: Sequence[tuple[Variant, str]], cases: Sequence[object]
) -> str:
    """What is compiled and run: body, children, ports and stimuli, the variant's own namespace left aside."""
    own = variant.key.replace("-", "_")
    digest = hashlib.sha256(variant.prologue.replace(own, "").encode() + b"\0" + body.encode())
    for child, text in inlined:
        digest.update(child.key.encode() + b"\0" + text.encode())
    digest.update(msgspec.msgpack.encode([variant.ports, cases]))
    return digest.hexdigest()[:20]

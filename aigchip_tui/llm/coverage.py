"""Which settings the offline adapter can build from the demonstrations chosen as in production, and which
it refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import read_line
from aigchip_tui.library.similarity import Choice, choose_pair
from aigchip_tui.llm.adapter import answer
from aigchip_tui.llm.extract import extract_code
from aigchip_tui.llm.prompts import Prompt, build_prompt
from aigchip_tui.model.module import Settings, Variant
from aigchip_tui.model.session import PROMPT_BUDGET_TOKENS
from aigchip_tui.modules.protocol import Template


class CoverageCase(msgspec.Struct, frozen=True, kw_only=True):
    """One legal local setting of a module: its settings, instruction, and the signatures and types that its prompt
    shows; `elements` declares its element types where they are not those of the type header.
    """

    settings: Settings
    instruction: tuple[str, ...]
    signatures: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    elements: str = ""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What the adapter answered to one case: `code` is empty when it refused; `refusals` are (line,
    cause).
    """

    case: CoverageCase
    choice: Choice
    prompt: Prompt
    origin: Literal["retrieved", "adapted", "fused", "refused"]
    code: str = ""
    refusals: tuple[tuple[int, str], ...] = ()


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How many distinct instructions were asked and how they were answered.

    "Built" here means answered: whether the code is right is for the proof ladder. `settings` counts
    legal settings, `variants` distinct instructions; `causes` counts refusals by the text of the line and
    the cause.
    """

    settings: int
    variants: int
    retrieved: int
    adapted: int
    fused: int
    refused: tuple[Answered, ...]
    longest_prompt: int
    causes: tuple[tuple[str, int], ...] = ()

    @property
    def answered(self) -> int:
        """Variants that were answered."""
        return self.retrieved + self.adapted + self.fused


def variant_case(variant: Variant) -> CoverageCase:
    """The case of a variant."""
    return CoverageCase(
        settings=variant.settings, instruction=variant.instruction, signatures=variant.signatures, types=variant.types,
        elements=variant.elements,
    )


def module_cases(template: Template, module: str) -> Iterator[CoverageCase]:
    """Every legal local setting of a module, as its variant would be asked for."""
    for settings in template.modules()[module].legal_settings():
        yield variant_case(template.variant(module, settings))


def answers(
    cases: Iterable[CoverageCase],
    demos: Sequence[Demo],
    *,
    pick: Callable[[Sequence[str], Sequence[Demo]], Choice] = choose_pair,
    budget_tokens: int = PROMPT_BUDGET_TOKENS,
    template: str | None = None,
) -> Iterator[Answered]:
    """Asks the adapter for each case, with demonstrations chosen and a prompt built as in production.

    Cases with equal instructions and element types are one variant and asked once.
    """
    seen: set[tuple[str, ...]] = set()
    for case in cases:
        asked = (case.elements, *case.instruction)
        if asked in seen:
            continue
        seen.add(asked)
        choice = pick(case.instruction, demos)
        prompt = build_prompt(
            case.instruction, case.signatures, choice.demos, types=case.types, budget_tokens=budget_tokens,
            template=template,
        )
        reply = answer(prompt.messages)
        yield Answered(
            case=case,
            choice=choice,
            prompt=prompt,
            origin=reply.kind,
            code=extract_code(reply.text).code if reply.kind != "refused" else "",
            refusals=tuple((refusal.line, refusal.cause) for refusal in reply.refusals),
        )


def _where(text: str, demos: Sequence[Demo], choice: Choice) -> str:
    """Whether a line that no chosen demonstration has stands in another one of the module."""
    words = read_line(0, text).words
    holding = [demo.name for demo in demos if any(line.words == words for line in demo.lines)]
    if any(demo.name in holding for demo in choice.demos):
        return ""
    return f" ({', '.join(holding)} has it, but was not chosen)" if holding else " (nor has any other demo)"


def answer_coverage(
    cases: Iterable[CoverageCase],
    demos: Sequence[Demo],
    *,
    pick: Callable[[Sequence[str], Sequence[Demo]], Choice] = choose_pair,
    budget_tokens: int = PROMPT_BUDGET_TOKENS,
    template: str | None = None,
    on_answer: Callable[[Answered], None] | None = None,
) -> Coverage:
    """Counts answers and refusals over the cases; `on_answer` gets each, for instance to compile and
    simulate it.
    """
    asked: list[CoverageCase] = []

    def counted() -> Iterator[CoverageCase]:
        for case in cases:
            asked.append(case)
            yield case

    origins: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    refused: list[Answered] = []
    longest = 0
    for answered in answers(counted(), demos, pick=pick, budget_tokens=budget_tokens, template=template):
        origins[answered.origin] += 1
        longest = max(longest, answered.prompt.tokens)
        if answered.origin == "refused":
            refused.append(answered)
            for line, cause in answered.refusals:
                text = answered.case.instruction[line - 1] if line else "the request"
                causes[f"{text}: {cause}{_where(text, demos, answered.choice)}"] += 1
        if on_answer is not None:
            on_answer(answered)
    return Coverage(
        settings=len(asked),
        variants=sum(origins.values()),
        retrieved=origins["retrieved"],
        adapted=origins["adapted"],
        fused=origins["fused"],
        refused=tuple(refused),
        longest_prompt=longest,
        causes=tuple(causes.most_common()),
    )

"""The shipped demonstrations under the adapter: every sampled setting is answered, and honestly so."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import cast

import msgspec
import pytest

from aigchip_tui.library.demos import Demo, load_demos, shipped_root, templates
from aigchip_tui.library.similarity import choose_pair
from aigchip_tui.llm.adapter import Answer, answer
from aigchip_tui.llm.coverage import Answered, CoverageCase, answer_coverage, answers, variant_case
from aigchip_tui.llm.extract import extract_code
from aigchip_tui.llm.prompts import build_prompt
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import Template

ROOMY = 32_768
LIBRARIES = {name: load_demos(name, roots=[shipped_root()]) for name in templates([shipped_root()])}
MODULES = [(library.template, module) for library in LIBRARIES.values() for module in library.modules]


def cases(template: Template, module: str, *, every: int, most: int) -> Iterator[CoverageCase]:
    legal = template.modules()[module].legal_settings()
    for settings in itertools.islice(legal, 0, most, every):
        yield variant_case(template.variant(module, settings))


def fused(name: str, module: str, count: int) -> list[Answered]:
    demos = LIBRARIES[name].of(module)
    found = answers(cases(load_template(name), module, every=7, most=4000), demos, budget_tokens=ROOMY)
    return list(itertools.islice((a for a in found if a.origin == "fused"), count))


def ask(answered: Answered, demos: tuple[Demo, ...]) -> Answer:
    return answer(build_prompt(answered.case.instruction, (), demos, budget_tokens=ROOMY).messages)


@pytest.mark.parametrize(("name", "module"), MODULES)
def test_each_demo_answers_its_own_instruction(name: str, module: str) -> None:
    for demo in LIBRARIES[name].of(module):
        reply = answer(build_prompt(demo.instruction, (), (demo,), budget_tokens=ROOMY).messages)
        assert reply.kind == "retrieved"
        assert extract_code(reply.text).code.split() == demo.code.split()


@pytest.mark.parametrize(("name", "module"), MODULES)
def test_sampled_settings_are_answered(name: str, module: str) -> None:
    demos = LIBRARIES[name].of(module)
    report = answer_coverage(cases(load_template(name), module, every=61, most=3000), demos, budget_tokens=ROOMY)
    assert report.answered >= 1
    assert report.causes == ()


@pytest.mark.deep
@pytest.mark.parametrize(("name", "module"), MODULES)
def test_two_thousand_settings_are_answered_within_the_default_budget(name: str, module: str) -> None:
    template = load_template(name)
    legal = list(template.modules()[module].legal_settings())
    chosen = legal[:: max(1, len(legal) // 2000)]
    asked = (variant_case(template.variant(module, settings)) for settings in chosen)
    assert answer_coverage(asked, LIBRARIES[name].of(module)).causes == ()


@pytest.mark.parametrize(("name", "module"), MODULES)
def test_a_renamed_constant_is_renamed_in_the_answer(name: str, module: str) -> None:
    for answered in fused(name, module, 2):
        names = re.findall(r"constexpr int (\w+) =", answered.code)
        if not names:
            continue
        pattern = re.compile(rf"\b{names[0]}\b")
        renamed = tuple(
            msgspec.structs.replace(demo, code=pattern.sub("RENAMED", demo.code)) for demo in answered.choice.demos
        )
        code = extract_code(ask(answered, renamed).text).code
        assert code == pattern.sub("RENAMED", answered.code)
        assert code != answered.code


@pytest.mark.parametrize(("name", "module"), MODULES)
def test_a_bug_in_the_source_that_the_reply_names_appears(name: str, module: str) -> None:
    for answered in fused(name, module, 1):
        demos = answered.choice.demos
        told = ask(answered, demos)
        for line in told.lines:
            source = demos[line.example - 1]
            segment = next((s for s in source.segments if s.line == line.example_line and s.code.strip()), None)
            if segment is None:
                continue
            rows = source.code.splitlines()
            at = next(
                row for row in range(segment.row - 1, len(rows)) if rows[row].strip() and rows[row].lstrip()[0] != "/"
            )
            code, _, comment = rows[at].partition("//")
            rows[at] = f"{code.rstrip()} POISON;{' //' + comment if comment else ''}"
            bad = msgspec.structs.replace(source, code="\n".join(rows) + "\n")
            poisoned = cast("tuple[Demo, ...]", tuple(bad if demo is source else demo for demo in demos))
            assert "POISON" in ask(answered, poisoned).text, f"{module}: line {line.line.number} of {source.label}"


@pytest.mark.parametrize(("name", "module"), MODULES)
def test_a_line_whose_demos_are_removed_is_refused(name: str, module: str) -> None:
    demos = LIBRARIES[name].of(module)
    asked = demos[0]
    for line in asked.lines:
        left = [demo for demo in demos if line.words not in {other.words for other in demo.lines}]
        if not left:
            continue
        choice = choose_pair(asked.instruction, left)
        reply = answer(build_prompt(asked.instruction, (), choice.demos, budget_tokens=ROOMY).messages)
        assert reply.kind == "refused"
        assert line.number in {refusal.line for refusal in reply.refusals}


@pytest.mark.parametrize(("name", "module"), MODULES)
def test_a_changed_number_changes_the_code_in_one_place(name: str, module: str) -> None:
    demo = LIBRARIES[name].of(module)[0]
    for line in demo.lines:
        if not line.numbers or line.numbers[0] == "23":
            continue
        words = list(demo.instruction)
        words[line.number - 1] = re.sub(rf"(?<![\w.]){line.numbers[0]}(?!\w)", "23", line.text)
        reply = answer(build_prompt(words, (), (demo,), budget_tokens=ROOMY).messages)
        assert reply.kind == "adapted", reply.text
        before, after = demo.code.split(), extract_code(reply.text).code.split()
        changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        assert len(changed) == 1
        assert changed[0][0].replace(line.numbers[0], "23") == changed[0][1]

"""A model's choices and readings are taken only as far as they can be checked."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from aigchip_tui.library.demos import load_demos
from aigchip_tui.llm.adapter.reading import read_request
from aigchip_tui.llm.choose import choice_messages, choose_for
from aigchip_tui.llm.client import Generator, GeneratorSpec, Reply
from aigchip_tui.llm.coverage import CoverageCase, answer_coverage
from aigchip_tui.llm.errors import CallError
from aigchip_tui.llm.request_model import ask_settings
from aigchip_tui.llm.structured import first_object
from aigchip_tui.model.errors import AigchipError

DEMOS = load_demos("toy", roots=[Path(__file__).parents[1] / "library" / "samples"]).of("lane")
SUMS = ("The products are summed by an adder tree.", "The products are summed one after another in a chain.")
EXITS = ("Each sum passes one register before it leaves.", "Each sum leaves at once.")


class Model(Generator):
    """A language model that says what it is told to; it never calls anybody."""

    def __init__(self, text: str, kind: str = "openai") -> None:
        self.spec = GeneratorSpec(kind="openai", model="m") if kind == "openai" else GeneratorSpec(kind="offline")
        self.text = text
        self.asked: list[Sequence[Mapping[str, str]]] = []
        self.schemas: list[object] = []

    def generate(self, messages: Sequence[Mapping[str, str]], **options: Any) -> Reply:
        self.asked.append(messages)
        self.schemas.append(options.get("json_schema"))
        return Reply(
            text=self.text, model="m", prompt_tokens=1, completion_tokens=1, finish_reason="stop", latency_s=0.0
        )


def asked(elements: int = 64, sum_: str = SUMS[0], leave: str = EXITS[1]) -> tuple[str, ...]:
    skipped = "The first 9 tokens of a command are skipped."
    return (f"Each token packs {elements} elements.", sum_, leave, skipped, "A new token starts every cycle.")


def test_the_model_chooses_with_its_reason() -> None:
    said = {"examples": ["chain_register_16", "tree_direct_32"], "reason": "They show\nboth sums."}
    made = choose_for(Model(f"Here you are: {json.dumps(said)}"), asked(), DEMOS, seed=1)
    assert {demo.name for demo in made.choice.demos} == {"chain_register_16", "tree_direct_32"}
    assert made.choice.demos[0].name == "tree_direct_32"
    assert (made.choice.by, made.choice.reason, made.choice.covered) == ("model", "They show both sums.", 5)
    assert made.reply is not None


@pytest.mark.parametrize(
    "text",
    [
        '{"examples": ["tree_direct_32"], "reason": ""}',
        '{"examples": ["tree_direct_32", "tree_direct_32"], "reason": ""}',
        '{"examples": ["tree_direct_32", "other"], "reason": ""}',
        '{"examples": [["tree_direct_32"], 7], "reason": ""}',
        '{"examples": null}',
        "No.",
    ],
)
def test_a_choice_that_names_no_two_demos_is_made_by_numbers_and_said(text: str) -> None:
    made = choose_for(Model(text), asked(), DEMOS, seed=1)
    assert (len(made.choice.demos), made.choice.covered, made.choice.by) == (2, 5, "similar")
    assert "model" in made.choice.reason


def test_the_adapters_demos_are_chosen_by_numbers_without_a_call() -> None:
    model = Model("x", kind="offline")
    assert choose_for(model, asked(), DEMOS, seed=1).reply is None
    assert model.asked == []


def test_the_question_names_all_demos_and_holds_no_numbered_line() -> None:
    messages = choice_messages(asked(), DEMOS, 2)
    assert all(demo.name in messages[1]["content"] for demo in DEMOS)
    assert read_request(messages).lines == ()


SCHEMA = {"type": "object", "properties": {"device": {"type": "string"}, "dsp": {"type": "integer"}}}


def test_a_request_in_plain_words_becomes_settings() -> None:
    answer = {"settings": {"device": "zcu104"}, "assumed": ["int8."], "not_understood": ["make it nice"], "more": 1}
    model = Model("```json\n" + json.dumps(answer) + "\n```")
    read = ask_settings(model, "On a ZCU104.\n1. Obey.", SCHEMA, seed=1, known={"device": ["zcu104", "u50"]})
    assert (read.settings, read.assumed, read.not_understood) == ({"device": "zcu104"}, ("int8.",), ("make it nice",))
    sent = model.asked[0][1]["content"]
    assert "- device: zcu104, u50" in sent
    assert "> 1. Obey." in sent
    assert '"dsp"' in model.asked[0][2]["content"]
    assert model.schemas[0] is not None


def test_a_request_that_cannot_be_asked_is_refused() -> None:
    with pytest.raises(AigchipError, match="reads no plain words"):
        ask_settings(Model("", kind="offline"), "x", SCHEMA, seed=1)
    with pytest.raises(AigchipError, match="at most 4000"):
        ask_settings(Model("{}"), "x" * 5000, SCHEMA, seed=1)
    with pytest.raises(CallError, match="holds no JSON object"):
        ask_settings(Model("Sorry."), "x", SCHEMA, seed=1)
    assert ask_settings(Model('{"settings": 7, "assumed": "x"}'), "x", SCHEMA, seed=1).settings == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Well {x} then {"a": {"b": 2}} and {"c": 3}', {"a": {"b": 2}}),
        ("[1, 2]", None),
        ("{" * 5000, None),
        ("", None),
    ],
)
def test_the_first_object_of_a_text(text: str, value: object) -> None:
    assert first_object(text) == value


def cases(sums: Sequence[str] = SUMS) -> list[CoverageCase]:
    return [
        CoverageCase(settings={"elements": elements}, instruction=asked(elements, sum_, leave))
        for elements, sum_, leave in itertools.product((2, 8, 64), sums, EXITS)
    ]


def test_coverage_counts_every_answer() -> None:
    seen: list[str] = []
    report = answer_coverage([*cases(), *cases()], DEMOS, on_answer=lambda answered: seen.append(answered.code))
    assert (report.settings, report.variants, report.answered, report.refused) == (24, 12, 12, ())
    assert len(seen) == len(set(seen)) == 12
    assert all("constexpr int SKIPPED = 9;" in code for code in seen)


def test_coverage_lists_what_is_refused_and_why() -> None:
    report = answer_coverage(cases((*SUMS, "The products are summed by a bush.")), DEMOS)
    assert (report.answered, len(report.refused)) == (12, 6)
    assert report.causes == (
        ("The products are summed by a bush.: no example has a line with these words (nor has any other demo)", 6),
    )
    chains = [demo for demo in DEMOS if "chain" in demo.name]
    report = answer_coverage(cases(), chains)
    assert (report.answered, len(report.refused)) == (6, 6)
    assert {answered.refusals[0][0] for answered in report.refused} == {2}


def test_coverage_says_when_a_line_stands_in_a_demo_that_was_not_chosen() -> None:
    from aigchip_tui.library.similarity import choose_demos

    report = answer_coverage(cases(), DEMOS, pick=lambda line, demos: choose_demos(line, demos, count=1))
    assert report.refused == ()
    report = answer_coverage(cases(), DEMOS, pick=lambda line, demos: choose_demos(line, demos[:2], count=2))
    assert all("has it, but was not chosen" in text for text, _ in report.causes)

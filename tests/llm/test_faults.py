"""Mistakes of alignment: drawn from the seed, told nowhere in the reply, each kind reachable."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigchip_tui.library.demos import load_demos
from aigchip_tui.llm.adapter import answer
from aigchip_tui.llm.adapter.faults import MISTAKES
from aigchip_tui.llm.client import open_generator
from aigchip_tui.llm.extract import extract_code
from aigchip_tui.llm.prompts import build_prompt
from aigchip_tui.llm.provenance import read_provenance

DEMOS = load_demos("toy", roots=[Path(__file__).parents[1] / "library" / "samples"]).of("lane")
ASKED = (
    "Each token packs 64 elements.",
    "The products are summed by an adder tree.",
    "Each sum leaves at once.",
    "The first 9 tokens of a command are skipped.",
    "A new token starts every cycle.",
)
PROMPT = build_prompt(ASKED, (), (DEMOS[3], DEMOS[0]))
RIGHT = extract_code(answer(PROMPT.messages).text).code


def mistakes(kind: str) -> list[tuple[str, str]]:
    """Codes and details of all replies with this mistake among many seeds."""
    found = []
    for seed in range(150):
        reply = answer(PROMPT.messages, fault_rate=1.0, seed=seed)
        assert reply.injected is not None
        if reply.injected.kind == kind:
            found.append((extract_code(reply.text).code, reply.injected.detail))
    assert found, f"no seed of 150 draws {kind}"
    return found


def test_keeping_a_number() -> None:
    wrong = {RIGHT.replace("= 64;", "= 8;"), RIGHT.replace("= 9;", "= 3;")}
    assert {code for code, _ in mistakes("keep_number")} == wrong


def test_answering_as_the_other_demo() -> None:
    codes = {code for code, _ in mistakes("answer_as_other")}
    assert any("held = sum[0]" in code for code in codes)
    assert any("sum[0] +=" in code for code in codes)


def test_dropping_a_balanced_segment() -> None:
    for code, _ in mistakes("drop_segment"):
        assert len(code.splitlines()) < len(RIGHT.splitlines())
        assert code.count("{") == code.count("}")


def test_dropping_a_row_that_begins_with_a_sign() -> None:
    for code, detail in mistakes("drop_signed_row"):
        assert detail.startswith("#pragma")
        assert len(code.splitlines()) == len(RIGHT.splitlines()) - 1
        assert code.count("#pragma") == RIGHT.count("#pragma") - 1


def test_misspelling_a_name_once() -> None:
    for code, detail in mistakes("misspell"):
        name, _, wrong = detail.partition(" as ")
        assert code.count(wrong) == RIGHT.count(wrong) + 1
        assert code.count(name) == RIGHT.count(name) - 1


def test_widening_a_comparison() -> None:
    for code, _ in mistakes("widen"):
        assert code.count(" <= ") == 1
        assert code.replace(" <= ", " < ") == RIGHT


def test_there_are_these_kinds() -> None:
    assert sorted(MISTAKES) == [
        "answer_as_other", "drop_segment", "drop_signed_row", "keep_number", "misspell", "widen",
    ]  # fmt: skip


def test_the_rate_is_the_share_of_wrong_replies() -> None:
    wrong = sum(answer(PROMPT.messages, fault_rate=0.3, seed=seed).injected is not None for seed in range(300))
    assert 60 <= wrong <= 120
    assert answer(PROMPT.messages, fault_rate=0.0, seed=1).injected is None


def test_another_seed_makes_another_mistake_and_the_same_seed_the_same() -> None:
    first = answer(PROMPT.messages, fault_rate=1.0, seed=1)
    assert answer(PROMPT.messages, fault_rate=1.0, seed=1) == first
    assert len({answer(PROMPT.messages, fault_rate=1.0, seed=seed).text for seed in range(10)}) > 5


def test_the_reply_does_not_tell_of_its_mistake() -> None:
    for seed in range(20):
        reply = answer(PROMPT.messages, fault_rate=1.0, seed=seed)
        assert reply.injected is not None
        told = read_provenance(reply.text)
        assert told == read_provenance(answer(PROMPT.messages).text)
        assert reply.injected.kind not in reply.text


@pytest.mark.parametrize("spec", ["offline", "offline:faults=0"])
def test_without_a_rate_the_seed_changes_nothing(spec: str) -> None:
    generator = open_generator(spec, environment={})
    texts = {generator.generate(PROMPT.messages, seed=seed).text for seed in range(3)}
    assert len(texts) == 1


def test_the_record_travels_beside_the_reply() -> None:
    generator = open_generator("offline:faults=1", environment={})
    reply = generator.generate(PROMPT.messages, seed=4)
    expected = answer(PROMPT.messages, fault_rate=1.0, seed=4).injected
    assert expected is not None
    assert f'"kind": "{expected.kind}"' in reply.injected

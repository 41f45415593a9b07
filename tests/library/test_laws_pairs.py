"""L10: two demonstrations cover whatever is asked, and each value of a choice stands in two that differ otherwise."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest

from aigchip_tui.library.demos import Demo, load_demos, shipped_root
from aigchip_tui.library.laws import law_findings
from aigchip_tui.library.laws_pairs import Wording, legal_wordings, pair_findings, template_pair_findings
from aigchip_tui.modules.loader import load_template

LIBRARY = load_demos("gemm", roots=[shipped_root()])


@functools.cache
def _legal(module: str) -> Counter[Wording]:
    kind = load_template("gemm").modules()[module]
    return legal_wordings(kind.instruction(settings) for settings in kind.legal_settings())


def _red(demos: Sequence[Demo], module: str) -> list[str]:
    return [f.message for f in (*law_findings(demos), *pair_findings(demos, _legal(module))) if f.blocking]


@pytest.mark.parametrize("module", LIBRARY.modules)
def test_the_shipped_demos_suffice_and_none_can_be_left_out(module: str) -> None:
    demos = LIBRARY.of(module)
    assert _red(demos, module) == []
    for gone in demos:
        assert _red([demo for demo in demos if demo is not gone], module), f"{gone.label} is not needed"


def _demo(name: str, *lines: str) -> Demo:
    return Demo(template="toy", module="unit", name=name, settings={}, instruction=lines, code="// [1] it\nint a;\n")


LEGAL = legal_wordings(
    (f"{lanes} lanes.", link, sums)
    for lanes in (2, 4) for link in ("Fanned out.", "Forwarded.") for sums in ("In a tree.", "In a chain.")
)


def test_numbers_are_no_choice() -> None:
    assert len(LEGAL) == 4
    assert set(LEGAL.values()) == {2}


def test_a_choice_that_only_one_demo_shows_is_named() -> None:
    demos = [
        _demo("a", "2 lanes.", "Fanned out.", "In a tree."), _demo("b", "4 lanes.", "Fanned out.", "In a chain."),
        _demo("c", "2 lanes.", "Forwarded.", "In a tree."),
    ]
    said = [f.message for f in pair_findings(demos, LEGAL)]
    assert '"Forwarded." stands in c alone.' in said[0]
    assert pair_findings([*demos, _demo("d", "4 lanes.", "Forwarded.", "In a chain.")], LEGAL) == []


def test_two_demos_of_a_choice_that_agree_in_another_are_named() -> None:
    demos = [
        _demo("a", "2 lanes.", "Fanned out.", "In a tree."), _demo("b", "4 lanes.", "Fanned out.", "In a tree."),
        _demo("c", "2 lanes.", "Forwarded.", "In a chain."), _demo("d", "4 lanes.", "Forwarded.", "In a chain."),
    ]
    said = [f.message for f in pair_findings(demos, LEGAL)]
    assert len(said) == 4
    assert all("differ in all other choices" in each for each in said)


def test_words_that_no_two_demos_cover_are_named_with_the_number_of_settings() -> None:
    demos = [_demo("a", "2 lanes.", "Fanned out.", "In a tree."), _demo("b", "4 lanes.", "Fanned out.", "In a chain.")]
    said = [f.message for f in pair_findings(demos, LEGAL) if "cover" in f.message]
    assert len(said) == 2
    assert all('cover 2 legal settings: the best two lack "Forwarded."' in each for each in said)


def test_two_demos_of_equal_instructions_are_one() -> None:
    single = legal_wordings([("2 lanes.", "One."), ("4 lanes.", "One."), ("2 lanes.", "Two."), ("4 lanes.", "Two.")])
    demos = [_demo("a", "2 lanes.", "One."), _demo("b", "4 lanes.", "One."), _demo("c", "2 lanes.", "Two.")]
    twice = [*demos, _demo("d", "2 lanes.", "Two.")]
    said = [f.message for f in pair_findings(twice, single)]
    assert said == ['unit/c: "Two.": no two of c and d differ in all other choices.']
    assert pair_findings([*demos, _demo("d", "4 lanes.", "Two.")], single) == []


def test_a_module_that_the_template_does_not_have_is_left_to_the_other_laws() -> None:
    strange = msgspec.structs.replace(LIBRARY.demos[0], module="strange")
    assert template_pair_findings([strange], load_template("gemm")) == []
    assert template_pair_findings([], load_template("gemm")) == []

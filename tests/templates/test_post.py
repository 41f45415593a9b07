"""Post: bias, scale, activation and saturation, for every width of a word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.templates import bank_bench as bench
else:
    import bank_bench as bench

MODULE = "post"


def test_post_has_as_many_settings_as_its_rules_leave() -> None:
    assert len(bench.legal(MODULE)) == 70
    assert len({bench.words(MODULE, settings) for settings in bench.sampled(MODULE, 3000)}) == 1


def test_post_demonstrations_state_their_settings_and_keep_the_laws() -> None:
    assert list(bench.faults_of_demos(MODULE)) == []


@pytest.mark.parametrize(("name", "old", "new"), [
    ("narrow", "result < 0", "result < 1000"),
    ("narrow", "+ half)", ")"),
    ("axi-word", "c.shift != 0", "c.shift >= 0"),
    ("axi-word", "bias[c.bias_addr + i]", "bias[i]"),
    ("short", "HIGHEST = DATA_HIGHEST", "HIGHEST = DATA_HIGHEST - 1"),
    ("short", "LOWEST = DATA_LOWEST", "LOWEST = DATA_LOWEST + 1"),
    ("wide", "held[word]", "held[0]"),
    ("wide", "static_cast<scaled_t>(sums[l]) + offsets[l]", "sums[l] + offsets[l]"),
])
def test_post_mutants_fail(name: str, old: str, new: str, tmp_path: Path) -> None:
    shown = bench.demo(MODULE, name)
    result = bench.run(MODULE, dict(shown.settings), bench.mutated(shown.code, old, new), tmp_path)
    assert not result.passed


def test_post_conformance_sees_missing_directives() -> None:
    shown = bench.demo(MODULE, "short")
    for directive in (
        "#pragma HLS PIPELINE II=1\n",
        "#pragma HLS UNROLL\n",
    ):
        body = bench.mutated(shown.code, directive, "")
        assert bench.nonconforming(MODULE, dict(shown.settings), body), directive


@pytest.mark.deep
def test_post_is_answered_for_every_legal_setting() -> None:
    for settings in bench.legal(MODULE):
        bench.ask(MODULE, dict(settings))


@pytest.mark.deep
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_post_answers_simulate_with_sanitizers(seed: int, tmp_path: Path) -> None:
    for settings in bench.one_of_each_wording(MODULE, seed=seed):
        result = bench.run(MODULE, settings, bench.ask(MODULE, settings), tmp_path, sanitize=True, seed=seed)
        assert result.passed, (settings, result.cause, result.findings, result.mismatches[:3])


@pytest.mark.deep
def test_post_demonstrations_hold_with_every_number_at_its_ends(tmp_path: Path) -> None:
    stretched = list(bench.ends(MODULE))
    assert stretched
    for one in stretched:
        assert bench.nonconforming(MODULE, one.settings, one.code) == []
        result = bench.run(MODULE, one.settings, one.code, tmp_path)
        assert result.passed, (one.demo.name, one.line, one.new, result.cause, result.mismatches[:3])

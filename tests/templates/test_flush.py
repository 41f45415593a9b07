"""Flush: a tile of sums out of banks, for every partition and size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.templates import bank_bench as bench
else:
    import bank_bench as bench

MODULE = "flush"


def test_flush_has_as_many_settings_as_its_rules_leave() -> None:
    assert len(bench.legal(MODULE)) == 342
    assert len({bench.words(MODULE, settings) for settings in bench.sampled(MODULE, 3000)}) == 2


def test_flush_demonstrations_state_their_settings_and_keep_the_laws() -> None:
    assert list(bench.faults_of_demos(MODULE)) == []


@pytest.mark.parametrize(("name", "old", "new"), [
    ("single-row", "row_start += c.row_depth", "row_start += c.row_words"),
    ("eight-rows", "bank_words[bank]", "bank_words[0]"),
    ("eight-rows", "if (round_done) row_start", "row_start"),
    ("many-rows", "word = row_sent ? 0 : word + 1", "word = word + 1"),
    ("deep-row", "last = c.last != 0", "last = true"),
])
def test_flush_mutants_fail(name: str, old: str, new: str, tmp_path: Path) -> None:
    shown = bench.demo(MODULE, name)
    result = bench.run(MODULE, dict(shown.settings), bench.mutated(shown.code, old, new), tmp_path)
    assert not result.passed


def test_flush_conformance_sees_missing_directives() -> None:
    shown = bench.demo(MODULE, "eight-rows")
    for directive in (
        "#pragma HLS PIPELINE II=1\n",
        "#pragma HLS UNROLL\n",
        "#pragma HLS ARRAY_PARTITION variable=in type=complete dim=1\n",
        "#pragma HLS ARRAY_PARTITION variable=bank_words type=complete dim=1\n",
    ):
        body = bench.mutated(shown.code, directive, "")
        assert bench.nonconforming(MODULE, dict(shown.settings), body), directive


@pytest.mark.deep
def test_flush_is_answered_for_every_legal_setting() -> None:
    for settings in bench.legal(MODULE):
        bench.ask(MODULE, dict(settings))


@pytest.mark.deep
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_flush_answers_simulate_with_sanitizers(seed: int, tmp_path: Path) -> None:
    for settings in bench.one_of_each_wording(MODULE, seed=seed):
        result = bench.run(MODULE, settings, bench.ask(MODULE, settings), tmp_path, sanitize=True, seed=seed)
        assert result.passed, (settings, result.cause, result.findings, result.mismatches[:3])


@pytest.mark.deep
def test_flush_demonstrations_hold_with_every_number_at_its_ends(tmp_path: Path) -> None:
    stretched = list(bench.ends(MODULE))
    assert stretched
    for one in stretched:
        assert bench.nonconforming(MODULE, one.settings, one.code) == []
        result = bench.run(MODULE, one.settings, one.code, tmp_path)
        assert result.passed, (one.demo.name, one.line, one.new, result.cause, result.mismatches[:3])

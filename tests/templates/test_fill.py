"""Fill: words of a tile into banks, for every partition, port and size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.templates import bank_bench as bench
else:
    import bank_bench as bench

MODULE = "fill"


def test_fill_has_as_many_settings_as_its_rules_leave() -> None:
    assert len(bench.legal(MODULE)) == 1372
    assert len({bench.words(MODULE, settings) for settings in bench.sampled(MODULE, 3000)}) == 6


def test_fill_demonstrations_state_their_settings_and_keep_the_laws() -> None:
    assert list(bench.faults_of_demos(MODULE)) == []


@pytest.mark.parametrize(("name", "old", "new"), [
    ("word-by-word", "row_start += c.row_depth", "row_start += c.row_words + 1"),
    ("word-by-word", "h == bank", "h >= bank"),
    ("single-wide-bank", "e / WORD == group", "e / WORD >= group"),
    ("single-wide-bank", "column = row_stored ? 0 : column + 1", "column = column + 1"),
    ("single-wide-bank", "group == GROUPS - 1 || word == last_word", "group == GROUPS - 1"),
    ("single-wide-bank", "group == GROUPS - 1 || word == last_word", "word == last_word"),
    ("narrow-banks", "column = row_stored ? 0 : column + 1", "column = column + 1"),
    ("narrow-banks", "p * BANK_LANES + e", "e"),
    ("wide-banks", "bank_word[e] = 0;", "bank_word[e] += 0;"),
    ("wide-banks", "DEPTH = 2048", "DEPTH = 1024"),
    ("wide-banks", "last = c.last != 0", "last = true"),
])
def test_fill_mutants_fail(name: str, old: str, new: str, tmp_path: Path) -> None:
    shown = bench.demo(MODULE, name)
    result = bench.run(MODULE, dict(shown.settings), bench.mutated(shown.code, old, new), tmp_path)
    assert not result.passed


def test_fill_conformance_sees_missing_directives() -> None:
    shown = bench.demo(MODULE, "word-by-word")
    for directive in (
        "#pragma HLS PIPELINE II=1\n",
        "#pragma HLS UNROLL\n",
        "#pragma HLS ARRAY_PARTITION variable=out type=complete dim=1\n",
    ):
        body = bench.mutated(shown.code, directive, "")
        assert bench.nonconforming(MODULE, dict(shown.settings), body), directive


@pytest.mark.deep
def test_fill_is_answered_for_every_legal_setting() -> None:
    for settings in bench.legal(MODULE):
        bench.ask(MODULE, dict(settings))


@pytest.mark.deep
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_fill_answers_simulate_with_sanitizers(seed: int, tmp_path: Path) -> None:
    for settings in bench.one_of_each_wording(MODULE, seed=seed):
        result = bench.run(MODULE, settings, bench.ask(MODULE, settings), tmp_path, sanitize=True, seed=seed)
        assert result.passed, (settings, result.cause, result.findings, result.mismatches[:3])


@pytest.mark.deep
def test_fill_demonstrations_hold_with_every_number_at_its_ends(tmp_path: Path) -> None:
    stretched = list(bench.ends(MODULE))
    assert stretched
    for one in stretched:
        assert bench.nonconforming(MODULE, one.settings, one.code) == []
        result = bench.run(MODULE, one.settings, one.code, tmp_path)
        assert result.passed, (one.demo.name, one.line, one.new, result.cause, result.mismatches[:3])

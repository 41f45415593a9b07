"""Accumulate: slices of sums into banks, for every partition, block, slicing and size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.templates import bank_bench as bench
else:
    import bank_bench as bench

MODULE = "accumulate"


def test_accumulate_has_as_many_settings_as_its_rules_leave() -> None:
    assert len(bench.legal(MODULE)) == 44702
    assert len({bench.words(MODULE, settings) for settings in bench.sampled(MODULE, 3000)}) == 12


def test_accumulate_demonstrations_state_their_settings_and_keep_the_laws() -> None:
    assert list(bench.faults_of_demos(MODULE)) == []


@pytest.mark.parametrize(("name", "old", "new"), [
    ("serial", "c.first != 0 ? acc_t(0) : sums[w]", "sums[w]"),
    ("serial", "c.first != 0 ? acc_t(0) : sums[w]", "0"),
    ("serial", "first_row + e / PART_COLUMNS", "e / PART_COLUMNS"),
    ("serial", "+ first_column + e % PART_COLUMNS", "+ e % PART_COLUMNS"),
    ("narrow-words", "column_start = 0;  // [8] back", "column_part = 0;  // [8] back"),
    ("narrow-words", "column_part = 0;\n                row_address", "row_address"),
    ("many-rows", "row_group = block_group;", "row_address = block_start;"),
    ("many-rows", "block_group = row_group;", ""),
    ("slices-exact", "row_address = block_start;", "row_address += 0;"),
    ("slices-abundant", "complete = c.final != 0", "complete = true"),
    ("slices-serial", "next_part == PARTS - 1 ?", "next_part == PARTS ?"),
])
def test_accumulate_mutants_fail(name: str, old: str, new: str, tmp_path: Path) -> None:
    shown = bench.demo(MODULE, name)
    result = bench.run(MODULE, dict(shown.settings), bench.mutated(shown.code, old, new), tmp_path)
    assert not result.passed


def test_accumulate_conformance_sees_missing_directives() -> None:
    shown = bench.demo(MODULE, "serial")
    for directive in (
        "#pragma HLS PIPELINE II=1\n",
        "#pragma HLS UNROLL\n",
        "#pragma HLS ARRAY_PARTITION variable=out type=complete dim=1\n",
    ):
        body = bench.mutated(shown.code, directive, "")
        assert bench.nonconforming(MODULE, dict(shown.settings), body), directive


@pytest.mark.deep
def test_accumulate_is_answered_for_every_legal_setting() -> None:
    for settings in bench.legal(MODULE):
        bench.ask(MODULE, dict(settings))


@pytest.mark.deep
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_accumulate_answers_simulate_with_sanitizers(seed: int, tmp_path: Path) -> None:
    for settings in bench.one_of_each_wording(MODULE, seed=seed):
        result = bench.run(MODULE, settings, bench.ask(MODULE, settings), tmp_path, sanitize=True, seed=seed)
        assert result.passed, (settings, result.cause, result.findings, result.mismatches[:3])


@pytest.mark.deep
def test_accumulate_demonstrations_hold_with_every_number_at_its_ends(tmp_path: Path) -> None:
    stretched = list(bench.ends(MODULE))
    assert stretched
    for one in stretched:
        assert bench.nonconforming(MODULE, one.settings, one.code) == []
        result = bench.run(MODULE, one.settings, one.code, tmp_path)
        assert result.passed, (one.demo.name, one.line, one.new, result.cause, result.mismatches[:3])

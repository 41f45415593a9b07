"""Arbiter: narrow tokens into wide ones, for every partition below the need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.templates import bank_bench as bench
else:
    import bank_bench as bench

MODULE = "arbiter"


def test_arbiter_has_as_many_settings_as_its_rules_leave() -> None:
    assert len(bench.legal(MODULE)) == 642
    assert len({bench.words(MODULE, settings) for settings in bench.sampled(MODULE, 3000)}) == 3


def test_arbiter_demonstrations_state_their_settings_and_keep_the_laws() -> None:
    assert list(bench.faults_of_demos(MODULE)) == []


@pytest.mark.parametrize(("name", "old", "new"), [
    ("rows", "r / IN_ROWS == row_part", "r / IN_ROWS <= row_part"),
    ("columns", "k / IN_COLUMNS == column_part", "k / IN_COLUMNS <= column_part"),
    ("both", "row * IN_COLUMNS + column", "column * IN_ROWS + row"),
    ("both", "if (complete) out", "if (rows_come) out"),
    ("tall", "c.tokens * ROW_PARTS", "c.tokens"),
])
def test_arbiter_mutants_fail(name: str, old: str, new: str, tmp_path: Path) -> None:
    shown = bench.demo(MODULE, name)
    result = bench.run(MODULE, dict(shown.settings), bench.mutated(shown.code, old, new), tmp_path)
    assert not result.passed


def test_arbiter_conformance_sees_missing_directives() -> None:
    shown = bench.demo(MODULE, "rows")
    for directive in (
        "#pragma HLS PIPELINE II=1\n",
        "#pragma HLS UNROLL\n",
    ):
        body = bench.mutated(shown.code, directive, "")
        assert bench.nonconforming(MODULE, dict(shown.settings), body), directive


@pytest.mark.deep
def test_arbiter_is_answered_for_every_legal_setting() -> None:
    for settings in bench.legal(MODULE):
        bench.ask(MODULE, dict(settings))


@pytest.mark.deep
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_arbiter_answers_simulate_with_sanitizers(seed: int, tmp_path: Path) -> None:
    for settings in bench.one_of_each_wording(MODULE, seed=seed):
        result = bench.run(MODULE, settings, bench.ask(MODULE, settings), tmp_path, sanitize=True, seed=seed)
        assert result.passed, (settings, result.cause, result.findings, result.mismatches[:3])


@pytest.mark.deep
def test_arbiter_demonstrations_hold_with_every_number_at_its_ends(tmp_path: Path) -> None:
    stretched = list(bench.ends(MODULE))
    assert stretched
    for one in stretched:
        assert bench.nonconforming(MODULE, one.settings, one.code) == []
        result = bench.run(MODULE, one.settings, one.code, tmp_path)
        assert result.passed, (one.demo.name, one.line, one.new, result.cause, result.mismatches[:3])

"""Drain: replays of a tile out of banks, for every partition, token, operand and size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.templates import bank_bench as bench
else:
    import bank_bench as bench

MODULE = "drain"


def test_drain_has_as_many_settings_as_its_rules_leave() -> None:
    assert len(bench.legal(MODULE)) == 36596
    assert len({bench.words(MODULE, settings) for settings in bench.sampled(MODULE, 3000)}) == 18


def test_drain_demonstrations_state_their_settings_and_keep_the_laws() -> None:
    assert list(bench.faults_of_demos(MODULE)) == []


@pytest.mark.parametrize(("name", "old", "new"), [
    ("a-serial", "pass == c.replays - 1 ? c.other_last : c.other_full", "c.other_full"),
    ("a-serial", "c.replays == 1 ? c.other_last : c.other_full", "c.other_full"),
    ("a-serial", "part_start = token_sent ? 0 : part_start", "part_start = part_start"),
    ("a-deep-rows", "block_sent || address_sent ? 0", "address_sent ? 0"),
    ("a-many-rows", "h / ROWS == row_group", "h / ROWS >= row_group"),
    ("b-few-rows", "row_start = tile_done ? 0 : row_start", "row_start = row_start"),
    ("b-exact", "row_address + c.row_depth", "row_address + c.kb"),
    ("b-tall", "tile_done || address_done ? 0", "address_done ? 0"),
])
def test_drain_mutants_fail(name: str, old: str, new: str, tmp_path: Path) -> None:
    shown = bench.demo(MODULE, name)
    result = bench.run(MODULE, dict(shown.settings), bench.mutated(shown.code, old, new), tmp_path)
    assert not result.passed


def test_drain_cases_tell_the_operands_apart() -> None:
    cases = bench.spec(MODULE).cases
    for settings in bench.sampled(MODULE, 20):
        a, b = (cases({**settings, "operand": operand}, np.random.default_rng(1))[0] for operand in "ab")
        assert (a.inputs, a.counts) == (b.inputs, b.counts)
        assert a.expected != b.expected, settings


def test_drain_conformance_sees_missing_directives() -> None:
    shown = bench.demo(MODULE, "a-serial")
    for directive in (
        "#pragma HLS PIPELINE II=1\n",
        "#pragma HLS UNROLL\n",
        "#pragma HLS ARRAY_PARTITION variable=in type=complete dim=1\n",
    ):
        body = bench.mutated(shown.code, directive, "")
        assert bench.nonconforming(MODULE, dict(shown.settings), body), directive


@pytest.mark.deep
def test_drain_is_answered_for_every_legal_setting() -> None:
    for settings in bench.legal(MODULE):
        bench.ask(MODULE, dict(settings))


@pytest.mark.deep
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_drain_answers_simulate_with_sanitizers(seed: int, tmp_path: Path) -> None:
    for settings in bench.one_of_each_wording(MODULE, seed=seed):
        result = bench.run(MODULE, settings, bench.ask(MODULE, settings), tmp_path, sanitize=True, seed=seed)
        assert result.passed, (settings, result.cause, result.findings, result.mismatches[:3])


@pytest.mark.deep
def test_drain_demonstrations_hold_with_every_number_at_its_ends(tmp_path: Path) -> None:
    stretched = list(bench.ends(MODULE))
    assert stretched
    for one in stretched:
        assert bench.nonconforming(MODULE, one.settings, one.code) == []
        result = bench.run(MODULE, one.settings, one.code, tmp_path)
        assert result.passed, (one.demo.name, one.line, one.new, result.cause, result.mismatches[:3])

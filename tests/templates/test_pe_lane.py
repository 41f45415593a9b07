"""pe_lane: demonstrations, coverage of all 83 splits, golden results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
else:
    import compute_bench as bench

Settings = dict[str, int | str]


def test_demonstrations_keep_the_laws() -> None:
    assert bench.demo_faults("pe_lane") == []


def test_all_splits_are_answered_within_their_contract() -> None:
    settings = bench.legal("pe_lane")
    # The splits of a lane, and the single MAC of a grid of linked ones.
    assert len({tuple(choice.items()) for choice in settings}) == 83 + 1
    for choice in settings:
        body = bench.body_of("pe_lane", choice)
        assert bench.contract_faults("pe_lane", choice, body) == []
        assert ("a_register" in body) == (choice["n"] != 1)
        assert ("b_register" in body) == (choice["m"] != 1)


@pytest.mark.deep
@pytest.mark.parametrize("sanitize", [False, True])
def test_all_answers_are_right(sanitize: bool, tmp_path: Path) -> None:
    for settings in bench.legal("pe_lane"):
        bench.proven("pe_lane", settings, tmp_path, sanitize=sanitize)


@pytest.mark.deep
def test_demonstrations_hold_at_their_extremes(tmp_path: Path) -> None:
    assert bench.prove_extremes("pe_lane", tmp_path) > 0


def test_golden_results_are_plain_sums() -> None:
    settings: Settings = {"m": 2, "n": 4, "k": 8}
    seen = set()
    for case in bench.spec_of("pe_lane").cases(settings, np.random.default_rng(3)):
        a, b = (np.frombuffer(case.inputs[name], np.int8).tolist() for name in "ab")
        sums = [sum(a[i * 8 + word] * b[j * 8 + word] for word in range(8)) for i in range(2) for j in range(4)]
        assert np.frombuffer(case.expected["c"], "<i4").tolist() == sums
        seen.update(sums)
    assert 8 * 128 * 128 in seen


@pytest.mark.parametrize(
    ("name", "mutations"),
    [
        ("m4n8", [("i * COLUMNS + j", "j * ROWS + i"), ("a_register[i * WORDS", "a_register[j % ROWS * WORDS")]),
        ("k16", [("acc_t sum = 0;", "acc_t sum = 1;"), ("b_word, sum, sum", "b_word, 0, sum"), ("k < WORDS", "k < 8")]),
        ("n2k8", [("b[j * WORDS + k]", "b[k * COLUMNS + j]"), ("b[j * WORDS", "b[WORDS - j * WORDS")]),
    ],
)
def test_mutations_are_seen(name: str, mutations: list[tuple[str, str]], tmp_path: Path) -> None:
    assert bench.surviving("pe_lane", bench.demo("pe_lane", name), mutations, tmp_path) == []


def test_every_missing_pragma_is_seen() -> None:
    assert bench.unseen_pragmas("pe_lane") == set()

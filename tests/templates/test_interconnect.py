"""interconnect: demonstrations, coverage, golden results."""

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
    assert bench.demo_faults("interconnect") == []


def test_every_setting_is_answered_within_its_contract() -> None:
    settings = bench.legal("interconnect")
    assert len(settings) == 438
    assert bench.refused("interconnect") == []
    for choice in settings[::10]:
        assert bench.contract_faults("interconnect", choice, bench.body_of("interconnect", choice)) == []


@pytest.mark.deep
def test_a_broad_sample_is_right(tmp_path: Path) -> None:
    for settings in bench.legal("interconnect", 100, seed=7):
        bench.proven("interconnect", settings, tmp_path)
    for settings in bench.legal("interconnect", 12, seed=8):
        bench.proven("interconnect", settings, tmp_path, sanitize=True)


@pytest.mark.deep
def test_demonstrations_hold_at_their_extremes(tmp_path: Path) -> None:
    assert bench.prove_extremes("interconnect", tmp_path) > 0


@pytest.mark.parametrize(
    ("mode", "arrays", "share"),
    [
        ("dealt", 2, [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]]),
        ("sliced", 2, [[0, 1, 4, 5, 8, 9, 12, 13], [2, 3, 6, 7, 10, 11, 14, 15]]),
        ("broadcast", 2, [list(range(16)), list(range(16))]),
        ("single", 1, [list(range(16))]),
    ],
)
def test_golden_shares(mode: str, arrays: int, share: list[list[int]]) -> None:
    """A token of four rows of four words: row r goes to array r % 2, words of k are cut in the middle."""
    settings: Settings = {"mode": mode, "arrays": arrays, "rows": 4, "k": 4}
    for case in bench.spec_of("interconnect").cases(settings, np.random.default_rng(9)):
        token = np.frombuffer(case.inputs["in"], np.int8).reshape(-1, 16)
        assert token.shape[0] == case.counts["in"]
        for index, words in enumerate(share):
            got = np.frombuffer(case.expected[f"out[{index}]"], np.int8).reshape(-1, len(words))
            assert got.tolist() == token[:, words].tolist()


@pytest.mark.parametrize(
    ("name", "mutations"),
    [
        (
            "dealt",
            [("* ARRAYS + g) * WORDS", "+ g * (ROWS / ARRAYS)) * WORDS"), ("x % WORDS", "0"), ("g < ARRAYS", "g < 3")],
        ),
        ("sliced", [("g * PART", "0 * PART"), ("x / PART * WORDS", "x / PART * PART")]),
        ("broadcast", [("out[g].write", "out[0].write"), ("t < command.tokens", "t <= command.tokens")]),
        ("single", [("t < command.tokens", "t < 1"), ("last = command.last != 0", "last = true")]),
    ],
)
def test_mutations_are_seen(name: str, mutations: list[tuple[str, str]], tmp_path: Path) -> None:
    assert bench.surviving("interconnect", bench.demo("interconnect", name), mutations, tmp_path) == []


def test_every_missing_pragma_is_seen() -> None:
    assert bench.unseen_pragmas("interconnect") == set()

"""pe_array: demonstrations, coverage, golden results, rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
else:
    import compute_bench as bench

Settings = dict[str, int | str]


def _settings(lane: tuple[int, int, int], array: tuple[int, int, int], slices: int) -> Settings:
    names = ("lane_m", "lane_n", "lane_k", "m", "n", "k", "slices")
    return dict(zip(names, (*lane, *array, slices), strict=True))


def test_demonstrations_keep_the_laws() -> None:
    assert bench.demo_faults("pe_array") == []


def test_legal_settings_are_all_mixes_whose_tokens_fit() -> None:
    have = {tuple(settings.values()) for settings in bench.legal("pe_array")}
    want = set()
    for lane in LANE_SPLITS:
        for array in ARRAY_SPLITS:
            rows, columns, words = lane.m * array.m, lane.n * array.n, lane.k * array.k
            for slices in (2**power for power in range(13)):
                fits = rows * words * 8 <= 4096 and columns * words * 8 <= 4096
                if fits and rows % slices == 0 and rows // slices * columns * 32 <= 4096:
                    want.add((lane.m, lane.n, lane.k, array.m, array.n, array.k, slices))
    assert have == want
    assert len(have) == 20128


def test_a_sample_is_answered_within_its_contract() -> None:
    for settings in bench.legal("pe_array", 60):
        body = bench.body_of("pe_array", settings)
        assert bench.contract_faults("pe_array", settings, body) == []
        assert ("a_register" in body) == (settings["n"] != 1)
        assert ("b_register" in body) == (settings["m"] != 1)
        assert ("held" in body) == (settings["slices"] != 1)


@pytest.mark.deep
def test_every_setting_is_answered() -> None:
    assert bench.refused("pe_array") == []


@pytest.mark.deep
def test_a_broad_sample_is_right(tmp_path: Path) -> None:
    for settings in bench.legal("pe_array", 120, seed=7):
        bench.proven("pe_array", settings, tmp_path)
    for settings in bench.legal("pe_array", 12, seed=8):
        bench.proven("pe_array", settings, tmp_path, sanitize=True)


@pytest.mark.deep
def test_demonstrations_hold_at_their_extremes(tmp_path: Path) -> None:
    assert bench.prove_extremes("pe_array", tmp_path) > 0


def test_golden_results_are_plain_sums() -> None:
    settings = _settings((2, 1, 2), (1, 2, 1), 2)
    case = bench.spec_of("pe_array").cases(settings, np.random.default_rng(3))[1]
    visits = np.frombuffer(case.inputs["cmd"], "<i4").reshape(-1, 3).tolist()
    assert [visit[2] for visit in visits] == [0] * (len(visits) - 1) + [1]
    a, b = (np.frombuffer(case.inputs[name], np.int8).tolist() for name in ("in_a", "in_b"))
    rows = columns = words = 2
    expected, step = [], 0
    for blocks, kb, _ in visits:
        for _ in range(blocks):
            for i in range(rows):
                for j in range(columns):
                    total = 0
                    for t in range(step, step + kb):
                        for word in range(words):
                            total += a[(t * rows + i) * words + word] * b[(t * columns + j) * words + word]
                    expected.append(total)
            step += kb
    assert np.frombuffer(case.expected["out"], "<i4").tolist() == expected
    assert case.counts["out"] * rows * columns // 2 == len(expected)
    assert step == case.counts["in_a"] == case.counts["in_b"]


@pytest.mark.parametrize(
    ("name", "mutations"),
    [
        (
            "mn_sliced",
            [
                ("step < SLICES", "step < SLICES - 1"),
                ("command.kb > SLICES ? command.kb : SLICES", "command.kb"),
                ("= summing + SLICES", "= summing"),
                ("held[x + SLICE]", "held[x]"),
                ("block > 0", "block >= 0"),
            ],
        ),
        (
            "k",
            [
                ("tile[x] += lane_c[x]", "tile[x] = lane_c[x]"),
                ("tile[x] = 0;", ""),
                ("lk * LANE_WORDS", "0 * LANE_WORDS"),
                ("(first ? acc_t(0) : sum)", "sum"),
            ],
        ),
        (
            "mk",
            [
                ("step == command.kb - 1", "step == command.kb"),
                ("lm * LANE_ROWS + x / LANE_COLUMNS", "x / LANE_COLUMNS"),
                ("last = command.last != 0", "last = true"),
            ],
        ),
    ],
)
def test_mutations_are_seen(name: str, mutations: list[tuple[str, str]], tmp_path: Path) -> None:
    assert bench.surviving("pe_array", bench.demo("pe_array", name), mutations, tmp_path) == []


def test_every_missing_pragma_is_seen() -> None:
    assert bench.unseen_pragmas("pe_array") == set()


def test_iterations_of_a_visit_are_the_model_s() -> None:
    # SPACE sec. 2: slices overlap the next block, so a visit takes blocks * max(kb, slices) + slices steps.
    sliced, whole = bench.demo("pe_array", "mn_sliced").code, bench.demo("pe_array", "k").code
    assert "period = command.kb > SLICES ? command.kb : SLICES;" in sliced
    assert "summing = command.blocks * period;" in sliced
    assert "iterations = summing + SLICES;" in sliced
    assert "iterations = command.blocks * command.kb;" in whole

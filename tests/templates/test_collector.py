"""collector: demonstrations, coverage, golden results."""

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
    assert bench.demo_faults("collector") == []


def test_every_setting_is_answered_within_its_contract() -> None:
    settings = bench.legal("collector")
    assert len(settings) == 1771
    for choice in settings[::40]:
        assert bench.contract_faults("collector", choice, bench.body_of("collector", choice)) == []
    assert bench.refused("collector") == []


@pytest.mark.deep
def test_a_broad_sample_is_right(tmp_path: Path) -> None:
    for settings in bench.legal("collector", 100, seed=7):
        bench.proven("collector", settings, tmp_path)
    for settings in bench.legal("collector", 12, seed=8):
        bench.proven("collector", settings, tmp_path, sanitize=True)


@pytest.mark.deep
def test_demonstrations_hold_at_their_extremes(tmp_path: Path) -> None:
    assert bench.prove_extremes("collector", tmp_path) > 0


def test_golden_tokens() -> None:
    """Two arrays with slices of two rows and two columns: rows alternate, columns alternate, or sums meet."""
    for mode in ("rows", "columns", "sum"):
        settings: Settings = {"mode": mode, "arrays": 2, "rows": 4, "columns": 2, "slices": 2}
        for case in bench.spec_of("collector").cases(settings, np.random.default_rng(9)):
            left, right = (np.frombuffer(case.inputs[f"in[{i}]"], "<i4").reshape(-1, 4).tolist() for i in (0, 1))
            tokens: list[int] = []
            for (a, b, c, d), (e, f, g, h) in zip(left, right, strict=True):
                if mode == "rows":
                    tokens += [a, b, e, f, c, d, g, h]
                elif mode == "columns":
                    tokens += [a, e, b, f, c, g, d, h]
                else:
                    tokens += [a + e, b + f, c + g, d + h]
            assert np.frombuffer(case.expected["out"], "<i4").tolist() == tokens


@pytest.mark.parametrize(
    ("name", "mutations"),
    [
        (
            "rows",
            [
                ("(i * ARRAYS + g)", "(g * SLICE_ROWS + i)"),
                ("part[g][i", "part[0][i"),
                ("part[g] = in[g]", "part[g] = in[0]"),
            ],
        ),
        ("columns", [("* ARRAYS + g]", "+ g * COLUMNS * SLICE_ROWS]"), ("j < COLUMNS", "j < 8")]),
        ("sum", [("sum += part", "sum = part"), ("acc_t sum = 0", "acc_t sum = 1")]),
        (
            "single",
            [("token = part[0];", ""), ("t < command.tokens", "t < 1"), ("last = command.last != 0", "last = true")],
        ),
    ],
)
def test_mutations_are_seen(name: str, mutations: list[tuple[str, str]], tmp_path: Path) -> None:
    assert bench.surviving("collector", bench.demo("collector", name), mutations, tmp_path) == []


def test_every_missing_pragma_is_seen() -> None:
    assert bench.unseen_pragmas("collector") == set()

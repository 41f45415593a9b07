"""Of every module so many settings are answered, compiled and simulated that each pair of values stands in one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.model.module import Settings
from aigchip_tui.proof.selecting import pairwise

if TYPE_CHECKING:
    from tests.proof.covering_house import TEMPLATE, House
else:
    from covering_house import TEMPLATE, House

LARGE = ("pe_array", "systolic_array", "drain", "accumulate", "accumulate_spill", "flush_spill")
"""Modules with so many settings (`MANY`) that the plain tests see every value of them, and the deep ones every pair."""
MANY = 50_000


def _with_every_value(settings: Sequence[Settings]) -> list[Settings]:
    """Those of some settings that bring a value of a parameter that none before them has."""
    seen: set[tuple[str, int | str]] = set()
    chosen = []
    for each in settings:
        if not seen.issuperset(each.items()):
            seen |= set(each.items())
            chosen.append(each)
    return chosen


def _cover_is_green(module: str, chosen: list[Settings], folder: Path) -> None:
    house = House(folder)
    covered = house.covered(module)
    verdicts = house.coverer.simulate(module, chosen, covered)
    assert [answer for answer in covered.answers.values() if answer.why] == []
    assert [verdict for verdict in verdicts if verdict.rung] == []
    assert len(verdicts) == len(covered.answers) > 0


@pytest.mark.parametrize("module", TEMPLATE.modules())
def test_a_cover_of_all_pairs_of_values_is_green(module: str, tmp_path: Path) -> None:
    """Of the large modules a cover of all values."""
    legal = list(TEMPLATE.modules()[module].legal_settings())
    assert (len(legal) > MANY) == (module in LARGE)
    chosen = pairwise(legal, 1)
    _cover_is_green(module, _with_every_value(chosen) if module in LARGE else chosen, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("module", LARGE)
def test_a_cover_of_all_pairs_is_green_for_large_modules(module: str, tmp_path: Path) -> None:
    _cover_is_green(module, pairwise(list(TEMPLATE.modules()[module].legal_settings()), 1), tmp_path)

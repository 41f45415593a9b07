"""Of every module so many settings are answered, compiled and simulated that each pair of values stands in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.proof.selecting import pairwise

if TYPE_CHECKING:
    from tests.proof.covering_house import TEMPLATE, House
else:
    from covering_house import TEMPLATE, House


@pytest.mark.parametrize("module", TEMPLATE.modules())
def test_a_cover_of_all_pairs_of_values_is_green(module: str, tmp_path: Path) -> None:
    chosen = pairwise(list(TEMPLATE.modules()[module].legal_settings()), 1)
    house = House(tmp_path)
    covered = house.covered(module)
    verdicts = house.coverer.simulate(module, chosen, covered)
    assert [answer for answer in covered.answers.values() if answer.why] == []
    assert [verdict for verdict in verdicts if verdict.rung] == []
    assert len(verdicts) == len(covered.answers) > 0

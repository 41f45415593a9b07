"""Arrays mapped to m or n in each layer: much where their split lies badly, next to nothing where it lies well."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aigchip_tui.model.device import device
from aigchip_tui.model.rules import BUILT_ARRAYS
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS, Build, Split
from aigchip_tui.model.workload import workload
from aigchip_tui.search import encoding as gene
from aigchip_tui.search import oracle
from aigchip_tui.search.analytic import LayerTable, columns, latency_cycles
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.encoding import Pins, point_of
from aigchip_tui.search.operators import random_genes
from aigchip_tui.search.screening import screen

BUILD = Build(device=device("zcu104"), dsp_limit=1024)
RESNET = LayerTable.of(workload("resnet50"))


def _fewest_cycles(levels: tuple[Split, Split, Split], *, mapped: bool) -> float:
    """Of the canonical designs with these splits; where arrays are mapped, the banks of B give whole tokens."""
    lane, array, arrays = levels
    shape = lane.m * array.m * arrays.m, lane.n * array.n * arrays.n, lane.k * array.k * arrays.k
    indices = LANE_SPLITS.index(lane), ARRAY_SPLITS.index(array), BUILT_ARRAYS.index(arrays)
    genes = oracle._designs_of_shape(shape, (*indices, 0), BUILD)
    if mapped:
        genes[gene.ARRAYS_MAP] = 1
        genes[gene.PART_B_H] = np.minimum(genes[gene.PART_B_H] + int(math.log2(arrays.m)), 6)
    designs = columns(genes, BUILD)
    legal = np.flatnonzero(screen(genes, BUILD, designs).legal)
    return float(latency_cycles(designs.take(legal), BUILD, RESNET).min())


def test_rows_that_small_layers_leave_idle_work_once_arrays_are_mapped_to_n() -> None:
    tall = Split(m=8), Split(m=4), Split(m=8)
    assert _fewest_cycles(tall, mapped=True) < 0.25 * _fewest_cycles(tall, mapped=False)


@pytest.mark.parametrize(("fixed", "mapped"), [
    ((Split(n=2, k=16), Split(m=2, n=8), Split(k=2)), (Split(m=2, k=16), Split(n=16), Split(m=2))),
    ((Split(k=16), Split(n=16), Split(k=2)), (Split(k=8), Split(n=16), Split(m=4))),
])  # fmt: skip
def test_the_fastest_designs_are_as_fast_without(
    fixed: tuple[Split, Split, Split], mapped: tuple[Split, Split, Split]
) -> None:
    """The fastest of all canonical designs of 1024 and of 512 multipliers, with arrays as they are and mapped."""
    assert _fewest_cycles(mapped, mapped=True) >= 0.99 * _fewest_cycles(fixed, mapped=False)


def test_a_search_draws_none_of_them_and_a_pin_asks_for_one() -> None:
    drawn = [random_genes(Draws(1, "mapping", number)) for number in range(50)]
    assert {point_of(genes).arrays_map for genes in drawn} == {"fixed"}
    assert {point_of(Pins.of({"arrays_map": "run_time"}).apply(genes)).arrays_map for genes in drawn} == {"run_time"}

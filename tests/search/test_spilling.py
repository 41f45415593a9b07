"""Reuse patterns that spill sums: built where they are asked for, not searched, because they win next to nothing."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from aigchip_tui.bench.hardware_bench import random_designs
from aigchip_tui.model.device import device
from aigchip_tui.model.space import SEARCHED_REUSES, Build, may_spill
from aigchip_tui.model.workload import workload
from aigchip_tui.search import encoding as gene
from aigchip_tui.search import oracle
from aigchip_tui.search.analytic import LayerTable, columns, latency_cycles
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.encoding import Pins, point_of
from aigchip_tui.search.operators import random_genes
from aigchip_tui.search.screening import screen

BUILD = Build(device=device("zcu104"), dsp_limit=1024)
SHAPES = 16


@pytest.mark.parametrize("name", ["resnet50", "alexnet", "gemm:64x64x8192"])
def test_spilled_sums_win_no_array_shape_a_fiftieth_over_reuse_of_the_output(name: str) -> None:
    layers = LayerTable.of(workload(name))
    shapes = [(shape, levels) for shape, levels in oracle.shapes().items() if math.prod(shape) <= BUILD.dsp_budget]
    compared = 0
    for index in np.random.default_rng(4).permutation(len(shapes))[:SHAPES]:
        shape, levels = shapes[index]
        genes = oracle._designs_of_shape(shape, (*levels, 0), BUILD)
        genes = genes[:, genes[gene.REUSE] == SEARCHED_REUSES.index("output")]
        best = {}
        for code, reuse in enumerate(gene.GENE_VALUES["reuse"]):
            if reuse == "output" or may_spill(str(reuse)):
                genes[gene.REUSE] = code
                designs = columns(genes, BUILD)
                legal = screen(genes, BUILD, designs).legal
                best[reuse] = np.where(legal, latency_cycles(designs, BUILD, layers), np.inf).min()
        if math.isfinite(best["output"]):
            compared += 1
            assert min(best.values()) >= 0.98 * best["output"], (shape, best)
    assert compared > SHAPES // 2


def test_a_search_draws_none_of_them_and_a_pin_asks_for_one() -> None:
    drawn = [random_genes(Draws(1, "spilling", number)) for number in range(200)]
    assert {point_of(genes).reuse for genes in drawn} == set(SEARCHED_REUSES)
    pins = Pins.of({"reuse": "b_spill"})
    assert {point_of(pins.apply(genes)).reuse for genes in drawn} == {"b_spill"}


def test_random_designs_of_the_bench_spill_too_unless_the_reuse_is_pinned() -> None:
    some = itertools.islice(random_designs(BUILD, None, seed=11), 30)
    assert {point.reuse for point in some} == {"a", "b", "output", "a_spill", "b_spill"}
    pinned = itertools.islice(random_designs(BUILD, None, seed=11, keep=Pins.of({"reuse": "a"})), 10)
    assert {point.reuse for point in pinned} == {"a"}


def test_random_designs_of_the_bench_have_every_link_and_mapping_unless_they_are_pinned() -> None:
    """A search proposes none of these, so nothing else would draw them."""
    some = list(itertools.islice(random_designs(BUILD, None, seed=11), 200))
    assert all({point.links[level] for point in some} == {"fanout", "forward"} for level in range(3))
    assert {point.arrays_map for point in some} == {"fixed", "run_time"}
    pins = {"array_link": "fanout", "arrays_link": "fanout", "lane_link": "fanout", "arrays_map": "fixed"}
    kept = itertools.islice(random_designs(BUILD, None, seed=11, keep=Pins.of(pins)), 20)
    assert {(*point.links, point.arrays_map) for point in kept} == {("fanout",) * 3 + ("fixed",)}

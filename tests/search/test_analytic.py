"""The vectorised model equals plan_tiles to the cycle; nothing lies below its roofline; the oracle is not beaten."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigchip_tui.model.device import device
from aigchip_tui.model.resources import screened_resources
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.space import Build
from aigchip_tui.model.tiling import RefusedError, plan_tiles
from aigchip_tui.model.workload import Workload, read_workload, workload
from aigchip_tui.search import encoding, oracle
from aigchip_tui.search.analytic import LayerTable, columns, gene_matrix, latency, latency_cycles, roofline_cycles
from aigchip_tui.search.canonical import canonical_parts
from aigchip_tui.search.legality import Legality, shape_of
from aigchip_tui.search.screening import screen

BUILD = Build(device=device("zcu104"), dsp_limit=1024)
WIDE = Build(device=device("u50"), dsp_limit=2048, axi_bytes=32, clock_mhz=250)
HALF = Build(device=device("zcu104"), precision="int16", axi_bytes=32)
SMALL = workload("alexnet@64")
genes_of_space = st.tuples(*(st.integers(0, len(values) - 1) for values in encoding.GENE_VALUES.values()))


def scalar_cycles(genes: encoding.Genes, build: Build, work: Workload) -> float:
    try:
        return sum(plan_tiles(encoding.point_of(genes), build, x).cycles * x.count for x in work.unique())
    except RefusedError:
        return math.inf


@settings(max_examples=60, deadline=None)
@given(st.lists(genes_of_space, min_size=1, max_size=5), st.sampled_from([BUILD, WIDE, HALF]))
def test_the_vectorised_model_equals_the_scalar_one_to_the_cycle(many: list[encoding.Genes], build: Build) -> None:
    points = [encoding.point_of(genes) for genes in many]
    assert [encoding.genes_of(point) for point in points] == many
    assert latency(points, build, SMALL).tolist() == [scalar_cycles(genes, build, SMALL) for genes in many]


@settings(max_examples=100, deadline=None)
@given(genes_of_space, st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 4000))
def test_odd_layers_agree_too(genes: encoding.Genes, m: int, k: int, n: int) -> None:
    work = read_workload(f"layers: [{{m: {m}, k: {k}, n: {n}}}]", source="t", name="t")
    assert latency([encoding.point_of(genes)], BUILD, work)[0] == scalar_cycles(genes, BUILD, work)


@settings(max_examples=250, deadline=None)
@given(genes_of_space, st.booleans(), st.sampled_from([BUILD, HALF]))
def test_fast_legality_and_screening_equal_the_rules(genes: encoding.Genes, repair: bool, build: Build) -> None:
    if repair:
        factors = canonical_parts(shape_of(genes), build)
        genes = (*genes[:6], *(factor.bit_length() - 1 for factor in factors), *genes[12:])
    point = encoding.point_of(genes)
    found = refusals(point, build, SMALL)
    assert Legality(build, SMALL)(genes) == (not found)
    screened, used = screen(gene_matrix([genes]), build), screened_resources(point, build)
    assert screened.legal[0] == all(refusal.rule == "spill" for refusal in found)
    if not any(refusal.rule == "partition" for refusal in found):
        figures = (screened.dsp[0], screened.lut[0], screened.bram18[0], screened.uram[0])
        assert figures == (used.dsp, used.lut, used.bram18, used.uram)


@pytest.mark.parametrize("build", [BUILD, WIDE, HALF, Build(device=device("pynq-z2"))])
def test_fast_legality_equals_screening_near_every_budget(build: Build) -> None:
    """Shapes and partitions kept small enough that each budget decides some of the designs."""
    rng = np.random.default_rng(3)
    genes = (rng.random((len(encoding.GENE_SIZES), 12_000)) * np.array(encoding.GENE_SIZES)[:, None]).astype(np.int64)
    genes[encoding.LANE] %= 30
    genes[encoding.ARRAY] %= 30
    genes[encoding.REUSE] = 2
    screened, legal = screen(genes, build), Legality(build, SMALL)
    assert [legal(tuple(map(int, column))) for column in genes.T] == screened.legal.tolist()
    limits = (build.device.lut * 0.7, build.device.bram18)
    for used, limit in zip((screened.lut, screened.bram18), limits, strict=True):
        near = (used > 0.6 * limit) & (used < 1.6 * limit)
        assert build is WIDE or 0 < screened.legal[near].sum() < near.sum()


@settings(max_examples=100, deadline=None)
@given(genes_of_space)
def test_no_latency_lies_below_its_roofline(genes: encoding.Genes) -> None:
    cycles = latency([encoding.point_of(genes)], BUILD, SMALL)[0]
    assert cycles >= roofline_cycles(BUILD, SMALL, math.prod(shape_of(genes)))


def test_roofline_is_the_published_one() -> None:
    """SPACE sec. 3: 1024 MACs at 200 MHz, 12.8 GB/s."""
    for name, published_ms in (("resnet50", 20.1), ("vgg16", 84.6), ("alexnet", 7.8), ("googlenet", 7.8)):
        assert roofline_cycles(BUILD, workload(name), 1024) / 2e5 == pytest.approx(published_ms, abs=0.06)


def test_canonical_space_has_282_shapes() -> None:
    shapes = oracle.shapes()
    assert sum(math.prod(shape) <= 1024 for shape in shapes) == 282
    for shape, levels in list(shapes.items())[::7]:
        assert shape_of((*levels, *(0 for _ in range(10)))) == shape


@pytest.fixture(scope="module")
def small_oracle() -> oracle.Oracle:
    return oracle.solve(Build(device=device("pynq-z2"), dsp_limit=32), workload("gemm:100x300x70"))


def test_oracle_is_not_beaten_by_random_or_neighbouring_designs(small_oracle: oracle.Oracle) -> None:
    build, work = Build(device=device("pynq-z2"), dsp_limit=32), workload("gemm:100x300x70")
    rng = np.random.default_rng(5)
    shape = (len(encoding.GENE_SIZES), 80_000)
    random = (rng.random(shape) * np.array(encoding.GENE_SIZES)[:, None]).astype(np.int64)
    near = [genes for _, best in small_oracle.best.values() for genes in oracle.neighbours(best)]
    matrix = np.concatenate([random, gene_matrix(near)], axis=1)
    designs = columns(matrix, build)
    screened = screen(matrix, build, designs)
    legal = np.flatnonzero(screened.legal)
    assert legal.size > 150
    cycles = latency_cycles(designs.take(legal), build, LayerTable.of(work))
    for dsp in (4, 8, 16, 32):
        among = cycles[screened.dsp[legal] <= dsp]
        assert among.min() >= small_oracle.fastest(dsp) * 0.999


def test_oracle_designs_are_legal_and_cost_what_it_says(small_oracle: oracle.Oracle) -> None:
    build, work = Build(device=device("pynq-z2"), dsp_limit=32), workload("gemm:100x300x70")
    assert small_oracle.evaluated == small_oracle.shapes * 343 * 3
    front = small_oracle.front()
    assert [x for x, _, _ in front] == sorted(x for x, _, _ in front)
    for cycles, dsp, _ in front:
        best = small_oracle.best[int(dsp)]
        assert best[0] == cycles == scalar_cycles(best[1], build, work)
        assert refusals(encoding.point_of(best[1]), build, work) == ()


@pytest.mark.deep
def test_resnet50_oracle_reaches_the_published_optimum() -> None:
    """SPACE sec. 3: 22.6 ms at 1024 DSP, 200 MHz; ours may differ by the rounding of tiles and by scope."""
    found = oracle.solve(BUILD, workload("resnet50@224"))
    assert found.evaluated == 290178
    assert found.fastest(1024) / 2e5 == pytest.approx(22.58, rel=0.02)
    assert found.fastest(1024) / roofline_cycles(BUILD, workload("resnet50@224"), 1024) < 1.15

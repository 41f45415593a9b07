"""The true front: every array shape, buffer triple and reuse, with the partitions that the shape needs.

For a given shape a wider partition buys nothing and a narrower one only stalls, except where it is hidden; so the
canonical space (282 shapes x 343 buffer triples x 3 reuses, SPACE sec. 3) holds the optimum of each DSP count but for
the rounding of tiles, worth a few parts in a thousand. The best canonical designs are therefore tried with every
rounding, then improved gene by gene until no neighbour is better.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from aigchip_tui.model.rules import BUILT_ARRAYS
from aigchip_tui.model.space import (
    ACC_BITS,
    ARRAY_SPLITS,
    BUFFER_KIB,
    DSP_PACKS,
    LANE_SPLITS,
    MAX_TOKEN_BITS,
    SEARCHED_REUSES,
    Build,
    Split,
)
from aigchip_tui.model.workload import Workload
from aigchip_tui.search import encoding as gene
from aigchip_tui.search.analytic import LayerTable, columns, gene_matrix, latency_cycles
from aigchip_tui.search.canonical import canonical_parts
from aigchip_tui.search.pareto import Front
from aigchip_tui.search.screening import screen

# Canonical designs of each DSP count that are improved.
LEADERS = 24
_TRIPLES = np.array(list(itertools.product(range(len(BUFFER_KIB)), repeat=3)), dtype=np.int64)


@dataclass(frozen=True)
class Oracle:
    """The best design of each DSP count: `best[dsp] = (cycles, genes)`, and how many designs were evaluated."""

    best: dict[int, tuple[float, gene.Genes]]
    evaluated: int
    shapes: int

    def fastest(self, dsp: int) -> float:
        """Fewest cycles with at most `dsp` multipliers, infinite if no design is legal."""
        return min((cycles for macs, (cycles, _) in self.best.items() if macs <= dsp), default=math.inf)

    def front(self) -> list[tuple[float, float, int]]:
        """(cycles, dsp, dsp) by rising cycles."""
        front = Front()
        for macs in sorted(self.best):
            front.add(self.best[macs][0], macs, macs)
        return front.points


@cache
def shapes(pack: int = 1) -> dict[tuple[int, int, int], gene.Genes]:
    """Every array shape (Pm, Pn, Pk) that three levels can give, with the level genes that realise it best; with
    `pack` 2 those whose lane has MACs to pair.

    Best is: tokens within 4096 bits first, then the fewest multicast levels, then the order of the genes.
    """
    best: dict[tuple[int, int, int], tuple[tuple[bool, int], gene.Genes]] = {}
    for (i, lane), (j, array), (k, arrays) in itertools.product(
        *map(enumerate, (LANE_SPLITS, ARRAY_SPLITS, BUILT_ARRAYS))
    ):
        if pack == 2 and lane.m * lane.n == 1:
            continue
        shape = (lane.m * array.m * arrays.m, lane.n * array.n * arrays.n, lane.k * array.k * arrays.k)
        rows = max(1, math.ceil(shape[0] * shape[1] * ACC_BITS / MAX_TOKEN_BITS))
        cost = (rows > lane.m * array.m, sum(_multicast(split) for split in (lane, array, arrays)))
        if shape not in best or cost < best[shape][0]:
            best[shape] = (cost, (i, j, k))
    return {shape: levels for shape, (_, levels) in best.items()}


def _multicast(split: Split) -> bool:
    return len(split.axes) > 1


def solve(build: Build, workload: Workload) -> Oracle:
    """The oracle of a build and workload by exhaustive evaluation, one shape at a time."""
    layers = LayerTable.of(workload)
    leaders: dict[int, list[tuple[float, gene.Genes]]] = {}
    evaluated = counted = 0
    packs = DSP_PACKS if build.pairs_fit else DSP_PACKS[:1]
    candidates = [(pack, shape, levels) for pack in packs for shape, levels in shapes(pack).items()]
    for pack, shape, levels in candidates:
        dsp = math.prod(shape) // pack
        if dsp > build.dsp_budget:
            continue
        counted += 1
        genes = _designs_of_shape(shape, (*levels, DSP_PACKS.index(pack)), build)
        designs = columns(genes, build)
        legal = np.flatnonzero(screen(genes, build, designs).legal)
        evaluated += genes.shape[1]
        if not legal.size:
            continue
        cycles = latency_cycles(designs.take(legal), build, layers)
        for winner in np.argsort(cycles, kind="stable")[:LEADERS]:
            if math.isfinite(cycles[winner]):
                design = tuple(int(x) for x in genes[:, legal[winner]])
                leaders.setdefault(dsp, []).append((float(cycles[winner]), design))
    best = {}
    for dsp, found in leaders.items():
        rounded = _rounded([genes for _, genes in sorted(found)[:LEADERS]], build, layers)
        best[dsp] = min(_climbed(start, build, layers) for start in rounded)
    return Oracle(best=best, evaluated=evaluated, shapes=counted)


def _rounded(leaders: list[gene.Genes], build: Build, layers: LayerTable) -> list[tuple[float, gene.Genes]]:
    """The best three of the leaders with every rounding of their tiles, which banks beyond the need bring about."""
    many = []
    for genes in leaders:
        heights = range(genes[gene.PART_A_H], 7), range(genes[gene.PART_B_H], 7), range(genes[gene.PART_A_W], 7)
        for rows_a, rows_b, words in itertools.product(*heights):
            changed = list(genes)
            changed[gene.PART_A_H], changed[gene.PART_B_H], changed[gene.PART_A_W] = rows_a, rows_b, words
            many.append(tuple(changed))
    matrix = gene_matrix(many)
    designs = columns(matrix, build)
    allowed = np.flatnonzero(screen(matrix, build, designs).legal)
    cycles = latency_cycles(designs.take(allowed), build, layers)
    order = np.argsort(cycles, kind="stable")[:3]
    return [(float(cycles[i]), many[allowed[i]]) for i in order]


def _climbed(start: tuple[float, gene.Genes], build: Build, layers: LayerTable) -> tuple[float, gene.Genes]:
    """The design reached from `start` by the best change of one gene, again and again, at no more multipliers."""
    cycles, genes = start
    while True:
        nearby = neighbours(genes)
        matrix = gene_matrix([genes, *nearby])
        designs = columns(matrix, build)
        screened = screen(matrix, build, designs)
        allowed = np.flatnonzero(screened.legal & (screened.dsp <= screened.dsp[0]))
        found = latency_cycles(designs.take(allowed), build, layers)
        winner = int(np.argmin(found))
        if not found[winner] < cycles:
            return cycles, genes
        cycles, genes = float(found[winner]), [genes, *nearby][allowed[winner]]


def _designs_of_shape(shape: tuple[int, int, int], levels: gene.Genes, build: Build) -> npt.NDArray[np.int64]:
    count = len(_TRIPLES) * len(SEARCHED_REUSES)
    # Every link fans out: a forward link takes no multiplier less and no cycle less.
    genes = np.zeros((len(gene.GENE_NAMES), count), dtype=np.int64)
    genes[gene.LANE], genes[gene.ARRAY], genes[gene.ARRAYS], genes[gene.DSP_PACK] = levels
    genes[gene.BUF_A : gene.BUF_C + 1] = np.tile(_TRIPLES.T, len(SEARCHED_REUSES))
    for offset, factor in enumerate(canonical_parts(shape, build)):
        genes[gene.PART_A_H + offset] = factor.bit_length() - 1
    genes[gene.REUSE] = np.repeat(np.arange(len(SEARCHED_REUSES)), len(_TRIPLES))
    return genes


def neighbours(genes: gene.Genes) -> list[gene.Genes]:
    """Every design that differs in one gene."""
    return [
        (*genes[:position], value, *genes[position + 1 :])
        for position, size in enumerate(gene.GENE_SIZES)
        for value in range(size)
        if value != genes[position]
    ]

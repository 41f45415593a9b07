"""The analytic model of SPACE sec. 3 for many designs at once, equal to `model.tiling.plan_tiles` to the cycle.

Every quantity is a whole number held in float64 (exact below 2**53), which divides several times faster than int64.
Arrays have the axes (candidate cut, design, layer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aigchip_tui.model.rules import BUILT_ARRAYS
from aigchip_tui.model.space import (
    ARRAY_SPLITS,
    BUFFER_KIB,
    LANE_SPLITS,
    LINKS,
    MAX_TOKEN_BITS,
    PARTITION_FACTORS,
    REUSES,
    Build,
    DesignPoint,
    Split,
    may_spill,
    stays,
)
from aigchip_tui.model.tiling import (
    BURST_START,
    FREE_M,
    FREE_N,
    LAYER_OVERHEAD,
    MAX_TILE_COLUMNS,
    STORE_START,
    VISIT_COMMANDS,
    VISIT_START,
    WHOLE_M,
    WHOLE_N,
)
from aigchip_tui.model.workload import Workload
from aigchip_tui.search import encoding as gene

Floats = npt.NDArray[np.float64]
# Designs per pass: three dozen arrays of this size stay in the second-level cache.
CHUNK = 128


@dataclass(frozen=True)
class Columns:
    """What the model needs of each design, one array per quantity (design,)."""

    pm: Floats
    pn: Floats
    pk: Floats
    fill: Floats
    visit_start: Floats
    least_steps: Floats
    drain_stall: Floats
    block_cycles: Floats
    grain_m: Floats
    grain_n: Floats
    grain_k: Floats
    capacity_a: Floats
    capacity_b: Floats
    capacity_c: Floats
    rate_a: Floats
    rate_b: Floats
    rate_c: Floats
    rate_sums: Floats
    part_c_w: Floats
    reuse: npt.NDArray[np.int64]

    def take(self, index: npt.NDArray[np.int64] | slice) -> Columns:
        """The same quantities of some of the designs."""
        return Columns(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class LayerTable:
    """Distinct shapes of a workload, one array per dimension (layer,)."""

    m: Floats
    n: Floats
    k: Floats
    count: Floats

    @classmethod
    def of(cls, workload: Workload) -> LayerTable:
        """The table of a workload's unique layers."""
        unique = workload.unique()
        return cls(
            *(np.array([getattr(x, name) for x in unique], dtype=np.float64) for name in ("m", "n", "k", "count"))
        )


def _split_table(splits: Sequence[Split]) -> Floats:
    return np.array([(s.m, s.n, s.k, "mul" in s.styles) for s in splits], dtype=np.float64).T


_LANE, _ARRAY, _ARRAYS = _split_table(LANE_SPLITS), _split_table(ARRAY_SPLITS), _split_table(BUILT_ARRAYS)
_KIB = np.array(BUFFER_KIB, dtype=np.float64)
_PART = np.array(PARTITION_FACTORS, dtype=np.float64)


def gene_matrix(genes: Sequence[gene.Genes]) -> npt.NDArray[np.int64]:
    """Gene tuples as a matrix (gene, design)."""
    return np.array(genes, dtype=np.int64).reshape(len(genes), len(gene.GENE_NAMES)).T


def columns(genes: npt.NDArray[np.int64], build: Build) -> Columns:
    """The model's view of designs given as a gene matrix (gene, design)."""
    lane, array, arrays = _LANE[:, genes[gene.LANE]], _ARRAY[:, genes[gene.ARRAY]], _ARRAYS[:, genes[gene.ARRAYS]]
    pm, pn, pk = (lane[i] * array[i] * arrays[i] for i in range(3))
    multicast = lane[3] + array[3] + arrays[3]
    in_lane, of_array, along_arrays = (
        genes[link] == LINKS.index("forward") for link in (gene.LANE_LINK, gene.ARRAY_LINK, gene.ARRAYS_LINK)
    )
    forward, cells = in_lane | of_array, linked_cells(genes)
    beyond_first = cells[0] + cells[1] - 2
    return columns_of(
        build,
        shape=(pm, pn, pk),
        rows_of_array=gene_rows_of_array(genes),
        multicast=multicast,
        chain=np.where(forward, beyond_first + cells[2] - 1, 0)
        + np.where(along_arrays, arrays[0] * arrays[1] * arrays[2] - 1, 0),
        held_back=np.where(forward, beyond_first, -np.inf),
        kib=(_KIB[genes[gene.BUF_A]], _KIB[genes[gene.BUF_B]], _KIB[genes[gene.BUF_C]]),
        parts=tuple(_PART[genes[i]] for i in range(gene.PART_A_H, gene.PART_C_W + 1)),
        reuse=genes[gene.REUSE],
    )


def gene_rows_of_array(genes: npt.NDArray[np.int64]) -> Floats:
    """Rows of C of one array (qm) for a gene matrix."""
    rows: Floats = _LANE[0, genes[gene.LANE]] * _ARRAY[0, genes[gene.ARRAY]]
    return rows


def lane_pairs(genes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the lane has rows or columns that two MACs of a DSP can share an operand in, for a gene matrix."""
    pairs: npt.NDArray[np.bool_] = _LANE[0, genes[gene.LANE]] * _LANE[1, genes[gene.LANE]] > 1
    return pairs


def linked_cells(genes: npt.NDArray[np.int64]) -> Floats:
    """Cells of an array along m, n and k (`DesignPoint.grid`) for a gene matrix: (axis, design)."""
    lane, array = _LANE[:3, genes[gene.LANE]], _ARRAY[:3, genes[gene.ARRAY]]
    in_lane, of_array = (genes[link] == LINKS.index("forward") for link in (gene.LANE_LINK, gene.ARRAY_LINK))
    cell = np.where(of_array, 1.0, array)
    paired = (genes[gene.DSP_PACK] > 0) & (cell[0] * cell[1] == 1)
    cell[1] *= np.where(paired & (lane[1] > 1), 2, 1)
    cell[0] *= np.where(paired & (lane[1] == 1) & (lane[0] > 1), 2, 1)
    cells: Floats = np.where(in_lane, lane * array // cell, array)
    return cells


def links_no_axis(genes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether a forward link between arrays has no axis of its own: a single array, or several axes; a gene matrix."""
    axes = (_ARRAYS[:3] > 1).sum(axis=0)
    none: npt.NDArray[np.bool_] = (axes != 1)[genes[gene.ARRAYS]] & (genes[gene.ARRAYS_LINK] == LINKS.index("forward"))
    return none


def columns_of(
    build: Build,
    *,
    shape: tuple[Floats, Floats, Floats],
    rows_of_array: Floats,
    multicast: Floats,
    chain: Floats,
    held_back: Floats,
    kib: tuple[Floats, Floats, Floats],
    parts: tuple[Floats, ...],
    reuse: npt.NDArray[np.int64],
) -> Columns:
    """Columns from array shapes, buffers (KiB) and the six partition factors (a_h, a_w, b_h, b_w, c_h, c_w).

    `chain` is the length of the forward links; `held_back` the steps for which they hold a block back besides those of
    its tokens, minus infinity without them.
    """
    pm, pn, pk = shape
    a_h, a_w, b_h, b_w, c_h, c_w = parts
    axi, size, out = float(build.axi_bytes), float(build.data_bytes), float(build.output_bytes)
    stall = np.maximum(np.ceil(pm / a_h) * np.ceil(pk / a_w), np.ceil(pn / b_h) * np.ceil(pk / b_w))
    slices = c_slices(pm, pn, c_h, rows_of_array, build.sum_bits)
    return Columns(
        pm=pm,
        pn=pn,
        pk=pk,
        fill=6 + np.log2(pn) + np.log2(pm) + 2 * np.log2(pk) + 2 * multicast,
        visit_start=VISIT_START + chain,
        least_steps=np.maximum(held_back + c_slices(pm, pn, pm, rows_of_array, build.sum_bits), 0),
        drain_stall=stall,
        block_cycles=slices * np.ceil(pm / slices / c_h) * np.ceil(pn / c_w),
        grain_m=np.maximum(np.maximum(pm, a_h), c_h),
        grain_n=np.maximum(np.maximum(pn, b_h), np.maximum(c_w, build.axi_bytes // build.output_bytes)),
        grain_k=np.maximum(np.maximum(pk, build.axi_elements), np.maximum(a_w, b_w)),
        capacity_a=kib[0] * 1024 / size,
        capacity_b=kib[1] * 1024 / size,
        capacity_c=kib[2] * 1024 / build.sum_cell_bytes,
        rate_a=np.minimum(axi, a_w * size),
        rate_b=np.minimum(axi, b_w * size),
        rate_c=np.minimum(axi, c_w * out),
        rate_sums=np.minimum(axi, np.minimum(c_h, pm / slices) * c_w * build.sum_cell_bytes),
        part_c_w=c_w,
        reuse=reuse,
    )


def c_slices(pm: Floats, pn: Floats, part_c_h: Floats, rows_of_array: Floats, sum_bits: int) -> Floats:
    """Vector form of `DesignPoint.c_slices`."""
    wanted = np.maximum(np.ceil(pm / part_c_h), np.ceil(pm * pn * sum_bits / MAX_TOKEN_BITS))
    slices: Floats = np.minimum(np.exp2(np.ceil(np.log2(wanted))), rows_of_array)
    return slices


def latency(points: Sequence[DesignPoint], build: Build, workload: Workload) -> Floats:
    """Cycles of one inference for each point (design,); infinite where a layer has no cut that fits without
    spilling.
    """
    matrix = gene_matrix([gene.genes_of(point) for point in points])
    return latency_cycles(columns(matrix, build), build, LayerTable.of(workload))


def latency_cycles(designs: Columns, build: Build, layers: LayerTable) -> Floats:
    """Cycles of one inference for each design (design,), infinite where a layer is refused."""
    total = np.empty(designs.pm.shape[0])
    for code in range(len(REUSES)):
        members = np.flatnonzero(designs.reuse == code)
        for start in range(0, members.size, CHUNK):
            some = members[start : start + CHUNK]
            total[some] = _of_one_reuse(designs.take(some), build, layers, REUSES[code])
    return total


@dataclass(frozen=True)
class _Grid:
    """Designs down, layers across: everything that all cuts share, broadcast to (design, layer)."""

    d: Columns
    build: Build
    table: LayerTable
    m: Floats
    n: Floats
    k: Floats
    rows_a: Floats
    rows_b: Floats
    lda: Floats
    ldc: Floats


def _of_one_reuse(flat: Columns, build: Build, layers: LayerTable, reuse: str) -> Floats:
    names = [name for name in flat.__dataclass_fields__ if name != "reuse"]
    d = Columns(**{name: getattr(flat, name)[:, None] for name in names}, reuse=flat.reuse)
    grid = _Grid(
        d=d,
        build=build,
        table=layers,
        m=_up(layers.m, d.grain_m),
        n=_up(layers.n, d.grain_n),
        k=_up(layers.k, d.grain_k),
        rows_a=_up(layers.m, d.pm),
        rows_b=_up(layers.n, d.pn),
        lda=_up(layers.k, np.maximum(d.pk, build.axi_elements)),
        ldc=_up(layers.n, np.maximum(d.pn, d.part_c_w)),
    )
    fits = (d.grain_m * d.grain_k <= d.capacity_a) & (d.grain_n * d.grain_k <= d.capacity_b)
    fits &= d.grain_m * d.grain_n <= d.capacity_c
    whole = fits & (d.grain_m * grid.k <= d.capacity_a) & (d.grain_n * grid.k <= d.capacity_b)
    best = np.where(whole, _whole_k(grid, reuse, whole), np.inf)
    free = fits & np.ones_like(whole)
    if reuse == "a":
        free &= (
            (grid.n <= MAX_TILE_COLUMNS) & (grid.n * d.grain_k <= d.capacity_b) & (d.grain_m * grid.n <= d.capacity_c)
        )
    elif reuse == "b":
        free &= (grid.m * d.grain_k <= d.capacity_a) & (grid.m * d.grain_n <= d.capacity_c)
    if free.any():
        best = np.minimum(best, np.where(free, _free_k(grid, reuse), np.inf))
    return np.asarray((best * layers.count).sum(axis=1))


def _whole_k(grid: _Grid, reuse: str, where: npt.NDArray[np.bool_]) -> Floats:
    d = grid.d
    if not where.any():
        return np.full(where.shape, np.inf)
    most_m = _down(_least(grid.m, np.floor(d.capacity_a / grid.k), np.floor(d.capacity_c / d.grain_n)), d.grain_m)
    tm = _share(grid.m, most_m, _axis(WHOLE_M), d.grain_m)[:, None]
    most_n = _down(_least(grid.n, np.floor(d.capacity_b / grid.k), np.floor(d.capacity_c / tm)), d.grain_n)
    most_n = np.minimum(most_n, MAX_TILE_COLUMNS)
    tn = _share(grid.n, most_n, _axis(WHOLE_N), d.grain_n)
    return _cheapest(grid, reuse, tm, tn, grid.k)


def _free_k(grid: _Grid, reuse: str) -> Floats:
    d = grid.d
    divides_m = (1,) if reuse == "b" else FREE_M
    divides_n = {"a": (1,), "b": FREE_M}.get(reuse, FREE_N)
    least_n = grid.n if reuse == "a" else d.grain_n
    most_m = _down(_least(grid.m, np.floor(d.capacity_a / d.grain_k), np.floor(d.capacity_c / least_n)), d.grain_m)
    tm = _share(grid.m, most_m, _axis(divides_m), d.grain_m)[:, None]
    most_n = _down(_least(grid.n, np.floor(d.capacity_b / d.grain_k), np.floor(d.capacity_c / tm)), d.grain_n)
    most_n = np.minimum(most_n, MAX_TILE_COLUMNS)
    tn = _share(grid.n, most_n, _axis(divides_n), d.grain_n)
    most_k = _down(_least(grid.k, np.floor(d.capacity_a / tm), np.floor(d.capacity_b / tn)), d.grain_k)
    return _cheapest(grid, reuse, tm, tn, _share(grid.k, most_k, np.float64(1), d.grain_k))


def _cheapest(grid: _Grid, reuse: str, tm: Floats, tn: Floats, tk: Floats) -> Floats:
    """Fewest cycles over the cuts; `tm` has axes (cut m, 1, design, layer), `tn` (cut m, cut n, design, layer)."""
    d, build, out = grid.d, grid.build, grid.build.output_bytes
    size = build.data_bytes
    m, n, k = grid.table.m, grid.table.n, grid.table.k
    rows_a, rows_b, lda, ldc = grid.rows_a, grid.rows_b, grid.lda, grid.ldc
    nm, nn, nk = np.ceil(m / tm), np.ceil(n / tn), np.ceil(k / tk)
    reads_a: Floats | float = np.where(nk == 1, 1, nn)
    reads_b: Floats | float = np.where(nn * nk == 1, 1, nm)
    if stays(reuse) == "a":
        reads_a = 1.0
    elif stays(reuse) == "b":
        reads_a, reads_b = np.where(nm * nk == 1, 1, nn), 1.0
    a_bytes, b_bytes, result_bytes = rows_a * lda * reads_a * size, rows_b * lda * reads_b * size, rows_a * ldc * out
    c_bytes: Floats = result_bytes
    blocks = np.ceil(m / d.pm) * np.ceil(n / d.pn)
    steps = (nk - 1) * _block_steps(d, tk / d.pk) + _block_steps(d, np.ceil((k - (nk - 1) * tk) / d.pk))
    visits = nm * nn * nk
    compute = np.maximum(blocks * steps + visits * d.visit_start, visits * VISIT_COMMANDS) + d.fill
    memory = np.maximum(
        np.ceil(a_bytes / d.rate_a) + nm * nk * reads_a * BURST_START,
        np.ceil(b_bytes / d.rate_b) + nn * nk * reads_b * BURST_START,
    )
    stores = nm * nn * (BURST_START + STORE_START) + nm * (ldc / d.part_c_w)
    memory = np.maximum(memory, np.ceil(result_bytes / d.rate_c) + stores)
    if may_spill(reuse):
        inner = nn if stays(reuse) == "a" else nm
        moves = np.where((nk > 1) & (inner > 1), 2 * nk - 2, 0)
        sum_bytes = rows_a * _up(n, d.pn) * build.sum_cell_bytes * moves
        bursts = nm * nn * (moves + 1) * BURST_START
        memory = np.maximum(memory, np.ceil(result_bytes / d.rate_c) + np.ceil(sum_bytes / d.rate_sums) + bursts)
        c_bytes = result_bytes + sum_bytes
    memory = np.maximum(memory, np.ceil((a_bytes + b_bytes + c_bytes) / build.dram_bytes_per_cycle))
    loaded_k = np.minimum(tk, lda) * size
    first = np.maximum(
        np.ceil(np.minimum(tm, rows_a) * loaded_k / d.rate_a), np.ceil(np.minimum(tn, rows_b) * loaded_k / d.rate_b)
    )
    last = (rows_a - (nm - 1) * tm) * (ldc - (nn - 1) * tn) * out
    edge = first + np.ceil(last / d.rate_c) + LAYER_OVERHEAD
    cycles = np.maximum(compute, memory) + edge
    return np.asarray(cycles.reshape(-1, *cycles.shape[-2:]).min(axis=0))


def _block_steps(d: Columns, kb: Floats) -> Floats:
    """Cycles of a block of sums over kb steps."""
    held_back = np.maximum(d.least_steps - kb, 0)
    return np.maximum(kb * d.drain_stall + held_back, d.block_cycles)


def _axis(divides: tuple[int, ...]) -> Floats:
    return np.array(divides, dtype=np.float64)[:, None, None]


def _least(a: Floats, b: Floats, c: Floats) -> Floats:
    return np.minimum(np.minimum(a, b), c)


def _share(size: Floats, most: Floats, divide: Floats | np.float64, step: Floats) -> Floats:
    tile = np.maximum(np.floor(most / (divide * step)) * step, step)
    return np.asarray(np.ceil(size / (np.ceil(size / tile) * step)) * step)


def _up(value: Floats, step: Floats) -> Floats:
    return np.asarray(np.ceil(value / step) * step)


def _down(value: Floats, step: Floats) -> Floats:
    return np.asarray(np.floor(value / step) * step)


def roofline_cycles(build: Build, workload: Workload, macs: float) -> float:
    """Cycles that no design with `macs` multipliers can beat: arithmetic, or bytes once over 4 ports (SPACE sec.
    3).
    """
    # Four high-performance ports of the requested width, never above the memory's peak.
    peak = min(4.0 * build.axi_bytes, build.device.ddr_gbps * 1000.0 / build.clock_mhz)
    total = 0.0
    for layer in workload.layers:
        moved = (layer.m + layer.n) * layer.k * build.data_bytes + layer.m * layer.n * build.output_bytes
        total += layer.count * max(layer.m * layer.k * layer.n / macs, moved / peak)
    return total

"""The analytic model of SPACE sec. 3 for many designs at once, equal to `model.tiling.plan_tiles` to the cycle.

Every quantity is a whole number held in float64 (exact below 2**53), which divides several times faster than int64.
Arrays have the axes (candidate cut, design, layer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aigchip_tui.model.layer_cycles import VISIT_START
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
)
from aigchip_tui.model.workload import Workload
from aigchip_tui.search import encoding as gene
from aigchip_tui.search.cuts import cycles_of, grid_of

Floats = npt.NDArray[np.float64]
# Designs per pass: three dozen arrays of this size stay in the second-level cache.
CHUNK = 128


@dataclass(frozen=True)
class Columns:
    """What the model needs of each design, one array per quantity (design,).

    Designs that map arrays in each layer (`share` is how many, 1 for all others) are described as mapped to m;
    `grain_n_of_n` and `visit_start_of_n` are those where they are mapped to n, see `along_n`.
    """

    pm: Floats
    pn: Floats
    pk: Floats
    fill: Floats
    visit_start: Floats
    visit_start_of_n: Floats
    least_steps: Floats
    cycles_a: Floats
    cycles_b: Floats
    share: Floats
    share_a: Floats
    share_b: Floats
    block_cycles: Floats
    grain_m: Floats
    grain_n: Floats
    grain_k: Floats
    grain_n_of_n: Floats
    capacity_a: Floats
    capacity_b: Floats
    capacity_c: Floats
    rate_a: Floats
    rate_b: Floats
    rate_c: Floats
    rate_sums: Floats
    part_c_w: Floats
    reuse: npt.NDArray[np.int64]

    def along_n(self) -> Columns:
        """The same designs with their arrays mapped to n."""
        return replace(
            self,
            pm=self.pm / self.share,
            pn=self.pn * self.share,
            share_a=self.share,
            share_b=np.ones_like(self.share),
            grain_m=self.grain_m / self.share,
            grain_n=self.grain_n_of_n,
            visit_start=self.visit_start_of_n,
        )

    def take(self, index: npt.NDArray[np.int64] | slice) -> Columns:
        """The same quantities of some of the designs."""
        return Columns(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})

    def down(self) -> Columns:
        """The same with an axis of layers behind that of designs (design, 1); `reuse` as it is."""
        names = [name for name in self.__dataclass_fields__ if name != "reuse"]
        return Columns(**{name: getattr(self, name)[:, None] for name in names}, reuse=self.reuse)


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
    chained = np.where(forward, beyond_first + cells[2] - 1, 0)
    return columns_of(
        build,
        shape=(pm, pn, pk),
        rows_of_array=gene_rows_of_array(genes),
        multicast=multicast,
        chain=(
            chained + np.where(along_arrays, np.maximum(arrays[0], arrays[1]) + arrays[2] - 2, 0),
            chained + np.where(along_arrays, arrays[0] + arrays[1] + arrays[2] - 3, 0),
        ),
        held_back=np.where(forward, beyond_first, -np.inf),
        kib=(_KIB[genes[gene.BUF_A]], _KIB[genes[gene.BUF_B]], _KIB[genes[gene.BUF_C]]),
        parts=tuple(_PART[genes[i]] for i in range(gene.PART_A_H, gene.PART_C_W + 1)),
        reuse=genes[gene.REUSE],
        share=np.where(genes[gene.ARRAYS_MAP] > 0, arrays[0], 1.0),
    )


def gene_rows_of_array(genes: npt.NDArray[np.int64]) -> Floats:
    """Rows of C of one array (qm) for a gene matrix."""
    rows: Floats = _LANE[0, genes[gene.LANE]] * _ARRAY[0, genes[gene.ARRAY]]
    return rows


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


def columns_of(
    build: Build,
    *,
    shape: tuple[Floats, Floats, Floats],
    rows_of_array: Floats,
    multicast: Floats,
    chain: tuple[Floats, Floats],
    held_back: Floats,
    kib: tuple[Floats, Floats, Floats],
    parts: tuple[Floats, ...],
    reuse: npt.NDArray[np.int64],
    share: Floats | float = 1.0,
) -> Columns:
    """Columns from array shapes, buffers (KiB) and the six partition factors (a_h, a_w, b_h, b_w, c_h, c_w).

    `chain` is the length of the forward links, and the same where arrays are mapped to n; `held_back` the steps for
    which they hold a block back besides those of its tokens, minus infinity without them. `share`: arrays that each
    layer maps to m or to n, 1 where the split decides.
    """
    pm, pn, pk = shape
    a_h, a_w, b_h, b_w, c_h, c_w = parts
    axi, size, out = float(build.axi_bytes), float(build.data_bytes), float(build.output_bytes)
    share = np.broadcast_to(np.asarray(share), pm.shape)
    words_c = float(build.axi_bytes // build.output_bytes)
    slices = c_slices(pm, pn, c_h, rows_of_array, build.sum_bits)
    return Columns(
        pm=pm,
        pn=pn,
        pk=pk,
        fill=6 + np.log2(pn) + np.log2(pm) + 2 * np.log2(pk) + 2 * multicast,
        visit_start=VISIT_START + chain[0],
        visit_start_of_n=VISIT_START + chain[1],
        least_steps=np.maximum(held_back + c_slices(pm, pn, pm, rows_of_array, build.sum_bits), 0),
        cycles_a=np.ceil(pm / a_h) * np.ceil(pk / a_w),
        cycles_b=np.ceil(pn * share / b_h) * np.ceil(pk / b_w),
        share=share,
        share_a=np.ones_like(share),
        share_b=share,
        block_cycles=slices * np.ceil(pm / slices / c_h) * np.ceil(pn / c_w),
        grain_m=np.maximum(np.maximum(pm, a_h), c_h),
        grain_n=np.maximum(np.maximum(pn, np.ceil(b_h / share)), np.maximum(c_w, words_c)),
        grain_n_of_n=np.maximum(np.maximum(pn * share, b_h), np.maximum(share * c_w, words_c)),
        grain_k=share * np.maximum(np.maximum(pk, build.axi_elements), np.maximum(a_w, b_w)),
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
            chosen = designs.take(some)
            cycles = cycles_of(grid_of(chosen.down(), build, layers), REUSES[code])
            mapped = np.flatnonzero(chosen.share > 1)
            if mapped.size:
                turned = grid_of(chosen.take(mapped).along_n().down(), build, layers)
                cycles[mapped] = np.minimum(cycles[mapped], cycles_of(turned, REUSES[code]))
            total[some] = (cycles * layers.count).sum(axis=1)
    return total


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

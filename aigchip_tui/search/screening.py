"""The rules and the resources of many designs at once, equal to `model.rules` and `model.resources`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from aigchip_tui.model import resources
from aigchip_tui.model.rules import BUILT_ARRAYS
from aigchip_tui.model.space import (
    BUFFER_KIB,
    LINKS,
    MAX_TOKEN_BITS,
    PARTITION_FACTORS,
    REUSES,
    Build,
    Partition,
    may_spill,
)
from aigchip_tui.model.tiling import MAX_TILE_COLUMNS
from aigchip_tui.search import encoding as gene
from aigchip_tui.search.analytic import (
    Columns,
    Floats,
    c_slices,
    columns,
    gene_rows_of_array,
    linked_cells,
)
from aigchip_tui.search.gene_rules import lane_pairs, links_nothing, maps_nothing

Bools = npt.NDArray[np.bool_]
_SPILLS = np.array([may_spill(reuse) for reuse in REUSES])
_ARRAYS_K = np.array([split.k for split in BUILT_ARRAYS])
_ARRAYS_PRODUCT = np.array([split.product for split in BUILT_ARRAYS])


@dataclass(frozen=True)
class Screened:
    """Resources of designs (design,), and which of them break no rule that is independent of layers."""

    dsp: Floats
    lut: Floats
    bram18: Floats
    uram: Floats
    legal: Bools


@cache
def _buffer_table(element_bits: int, uram_allowed: bool) -> Floats:
    """(LUT, BRAM18, URAM) by indices of KiB, height and width."""
    table = np.zeros((3, len(BUFFER_KIB), len(PARTITION_FACTORS), len(PARTITION_FACTORS)))
    for i, kib in enumerate(BUFFER_KIB):
        for j, h in enumerate(PARTITION_FACTORS):
            for k, w in enumerate(PARTITION_FACTORS):
                part = Partition(h=h, w=w)
                if kib * 1024 * 8 // (1 << (element_bits - 1).bit_length()) >= part.banks:
                    table[:, i, j, k] = resources.buffer_resources(kib, part, element_bits, uram_allowed=uram_allowed)
    return table


@cache
def _port_table(port_bits: int, sum_bits: int) -> Floats:
    """(LUT, BRAM18) of the top's ports by index of the width of a bank of C, and whether sums spill."""
    return np.array([
        [resources.port_resources(port_bits, width * sum_bits, spills=spills) for spills in (False, True)]
        for width in PARTITION_FACTORS
    ], dtype=float).transpose(2, 0, 1)


def screen(genes: npt.NDArray[np.int64], build: Build, designs: Columns | None = None) -> Screened:
    """Resources and legality of designs given as a gene matrix (gene, design)."""
    d = designs if designs is not None else columns(genes, build)
    small, large = (_buffer_table(bits, build.device.has_uram) for bits in (build.data_bits, build.sum_bits))
    used = small[:, genes[gene.BUF_A], genes[gene.PART_A_H], genes[gene.PART_A_W]]
    used = used + small[:, genes[gene.BUF_B], genes[gene.PART_B_H], genes[gene.PART_B_W]]
    of_c = large[:, genes[gene.BUF_C], genes[gene.PART_C_H], genes[gene.PART_C_W]]
    # A third copy of buffer C, as `resources.with_third_copy` has it.
    spills = _SPILLS[genes[gene.REUSE]]
    used = used + np.where(spills, np.floor(1.5 * of_c), of_c)
    part_c_h = np.exp2(genes[gene.PART_C_H])
    lanes_c = d.pm / c_slices(d.pm, d.pn, part_c_h, gene_rows_of_array(genes), build.sum_bits) * d.pn
    macs = d.pm * d.pn * d.pk
    pack = 1 + genes[gene.DSP_PACK]
    dsp = macs / pack
    tokens = (build.data_bits * d.pm * d.pk, build.data_bits * d.pn * d.share * d.pk, build.sum_bits * lanes_c)
    array = np.array(resources.LUT_PER_MAC)[genes[gene.DSP_PACK]] * macs
    array = array + resources.LUT_PER_SUM * d.pm * d.pn * _ARRAYS_K[genes[gene.ARRAYS]]
    array = array + resources.LUT_PER_ARRAY * _ARRAYS_PRODUCT[genes[gene.ARRAYS]]
    part_c_w = np.exp2(genes[gene.PART_C_W])
    in_parts = (part_c_h < d.pm) | (part_c_w < d.pn)
    array = array + resources.LUT_PER_ADDED_SUM * part_c_h * part_c_w
    array = array + resources.LUT_PER_WAITING_SUM * np.where(in_parts, d.pm * d.pn, 0)
    lut = used[0] + resources.LUT_BASE + np.floor(array * build.sum_bits / 32)
    lut = lut + resources.LUT_PER_POST_LANE[build.output] * part_c_w
    for height, width, rows in (
        (gene.PART_A_H, gene.PART_A_W, d.pm), (gene.PART_B_H, gene.PART_B_W, d.pn * d.share)
    ):
        held, sent = np.exp2(genes[height] + genes[width]), np.minimum(np.exp2(genes[height]), rows)
        chosen = held - sent * np.minimum(np.exp2(genes[width]), d.pk)
        lut = lut + resources.LUT_PER_CHOSEN_BYTE * chosen * build.data_bytes
    tokens_of_both = (d.pm + d.pn * d.share) * d.pk * build.data_bytes
    lut = lut + resources.LUT_PER_SHARED_BYTE * np.where(d.share > 1, tokens_of_both, 0)
    words = np.floor(np.floor(d.capacity_c / (part_c_h * part_c_w)) / np.ceil(d.pm / part_c_h)) * d.share
    words = np.maximum(1, np.minimum(words, np.floor(MAX_TILE_COLUMNS / part_c_w)))
    bits = part_c_w * build.sum_bits
    shapes = resources.BRAM18_SHAPES
    bias = np.minimum.reduce([np.ceil(bits / width) * np.ceil(words / depth) for width, depth in shapes])
    bram18 = used[1] + np.where(bits * words >= resources.UNASKED_LUTRAM_BITS, bias, 0)
    ports = _port_table(8 * build.axi_bytes, build.sum_bits)[:, genes[gene.PART_C_W], spills.astype(int)]
    lut, bram18 = lut + ports[0], bram18 + ports[1]
    device, share = build.device, build.resource_share
    legal = (dsp <= build.dsp_budget) & (lut <= int(device.lut * share))
    legal &= (bram18 <= device.bram18) & (used[2] <= device.uram)
    legal &= ~links_nothing(genes)
    legal &= (pack == 1) | (lane_pairs(genes) & build.pairs_fit)
    cells = linked_cells(genes)
    legal &= (genes[gene.LANE_LINK] != LINKS.index("forward")) | (cells[0] * cells[1] * cells[2] > 1)
    legal &= ~maps_nothing(genes)
    for bits in tokens:
        legal &= bits <= MAX_TOKEN_BITS
    legal &= part_c_w <= d.pn
    legal &= np.exp2(genes[gene.PART_A_H] + genes[gene.PART_A_W]) <= d.capacity_a
    legal &= np.exp2(genes[gene.PART_B_H] + genes[gene.PART_B_W]) <= d.capacity_b
    legal &= np.exp2(genes[gene.PART_C_H] + genes[gene.PART_C_W]) <= d.capacity_c
    for each in (d, d.along_n()):
        legal &= (each.grain_m * each.grain_k <= d.capacity_a) & (each.grain_n * each.grain_k <= d.capacity_b)
        legal &= each.grain_m * each.grain_n <= d.capacity_c
    return Screened(dsp=dsp, lut=lut, bram18=bram18, uram=used[2], legal=legal)

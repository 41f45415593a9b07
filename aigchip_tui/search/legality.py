"""The rules of the space for one gene tuple in microseconds, equal to `model.rules.refusals`; searchers ask it
often.
"""

from __future__ import annotations

from functools import cache

from aigchip_tui.model import resources
from aigchip_tui.model.rules import BUILT_ARRAYS
from aigchip_tui.model.space import (
    ARRAY_SPLITS,
    BUFFER_KIB,
    DSP_PACKS,
    LANE_SPLITS,
    LINKS,
    MAX_TOKEN_BITS,
    PARTITION_FACTORS,
    REUSES,
    Build,
    Partition,
    may_spill,
)
from aigchip_tui.model.tiling import MAX_TILE_COLUMNS
from aigchip_tui.model.workload import Workload
from aigchip_tui.search import encoding as gene

_LANE = tuple((s.m, s.n, s.k) for s in LANE_SPLITS)
_ARRAY = tuple((s.m, s.n, s.k) for s in ARRAY_SPLITS)
_ARRAYS = tuple((s.m, s.n, s.k) for s in BUILT_ARRAYS)


@cache
def _buffer(kib: int, h: int, w: int, bits: int, uram: bool) -> tuple[int, int, int]:
    return resources.buffer_resources(kib, Partition(h=h, w=w), bits, uram_allowed=uram)


def shape_of(genes: gene.Genes) -> tuple[int, int, int]:
    """(Pm, Pn, Pk) of a gene tuple."""
    lane, array, arrays = _LANE[genes[gene.LANE]], _ARRAY[genes[gene.ARRAY]], _ARRAYS[genes[gene.ARRAYS]]
    return lane[0] * array[0] * arrays[0], lane[1] * array[1] * arrays[1], lane[2] * array[2] * arrays[2]


def dsp_of(genes: gene.Genes) -> int:
    """DSP blocks of the array of a gene tuple."""
    pm, pn, pk = shape_of(genes)
    return pm * pn * pk // DSP_PACKS[genes[gene.DSP_PACK]]


class Legality:
    """Says of gene tuples whether a build and a workload allow them; answers are remembered."""

    def __init__(self, build: Build, workload: Workload) -> None:
        self.build = build
        self.shapes = tuple(layer.shape for layer in workload.unique())
        self._known: dict[gene.Genes, bool] = {}

    def __call__(self, genes: gene.Genes) -> bool:
        """True if no rule refuses the design."""
        known = self._known.get(genes)
        if known is None:
            known = self._known[genes] = self._legal(genes)
        return known

    def _legal(self, genes: gene.Genes) -> bool:
        build = self.build
        pm, pn, pk = shape_of(genes)
        macs = pm * pn * pk
        pack = DSP_PACKS[genes[gene.DSP_PACK]]
        lane = _LANE[genes[gene.LANE]]
        if pack == 2 and (not build.pairs_fit or lane[0] * lane[1] == 1):
            return False
        in_lane, along_arrays = (LINKS[genes[link]] == "forward" for link in (gene.LANE_LINK, gene.ARRAYS_LINK))
        if along_arrays and _ARRAYS[genes[gene.ARRAYS]] == (1, 1, 1):
            return False
        mapped, arrays = genes[gene.ARRAYS_MAP] > 0, _ARRAYS[genes[gene.ARRAYS]]
        if mapped and arrays[0] == 1:
            return False
        if in_lane and gene.point_of(genes).grid.product == 1:
            return False
        share = arrays[0] if mapped else 1
        if macs // pack > build.dsp_budget or max(pm, pn * share) * pk * build.data_bits > MAX_TOKEN_BITS:
            return False
        kib = tuple(BUFFER_KIB[g] for g in genes[gene.BUF_A : gene.BUF_C + 1])
        a_h, a_w, b_h, b_w, c_h, c_w = (PARTITION_FACTORS[g] for g in genes[gene.PART_A_H : gene.REUSE])
        if c_w > pn:
            return False
        wanted = max(-(-pm // c_h), -(-pm * pn * build.sum_bits // MAX_TOKEN_BITS))
        rows = lane[0] * _ARRAY[genes[gene.ARRAY]][0]
        lanes_c = pm // min(1 << (wanted - 1).bit_length(), rows) * pn
        if lanes_c * build.sum_bits > MAX_TOKEN_BITS:
            return False
        size = build.data_bytes
        capacity_a, capacity_b = kib[0] * 1024 // size, kib[1] * 1024 // size
        capacity_c = kib[2] * 1024 // build.sum_cell_bytes
        if a_h * a_w > capacity_a or b_h * b_w > capacity_b or c_h * c_w > capacity_c:
            return False
        grains = _grains(share, (pm, pn, pk), (a_h, a_w, b_h, b_w, c_h, c_w), build)
        if any(m * k > capacity_a or n * k > capacity_b or m * n > capacity_c for m, n, k in grains):
            return False
        uram = build.device.has_uram
        used = (
            _buffer(kib[0], a_h, a_w, build.data_bits, uram),
            _buffer(kib[1], b_h, b_w, build.data_bits, uram),
            _buffer(kib[2], c_h, c_w, build.sum_bits, uram),
        )
        reuse = REUSES[genes[gene.REUSE]]
        if may_spill(reuse):
            used = (used[0], used[1], resources.with_third_copy(used[2]))
        chosen = resources.chosen_elements(a_h, a_w, pm, pk) + resources.chosen_elements(b_h, b_w, pn * share, pk)
        lut = resources.logic_luts(
            arrays=arrays[0] * arrays[1] * arrays[2], macs=macs, pack=pack, sums=pm * pn * arrays[2], post_lanes=c_w,
            chosen_bytes=chosen * size, added=c_h * c_w, waiting=resources.waiting_sums(c_h, c_w, pm, pn),
            sum_bits=build.sum_bits, output=build.output, shared=(pm + pn * share) * pk * size if mapped else 0,
        )
        ports = _ports(8 * build.axi_bytes, c_w * build.sum_bits, may_spill(reuse))
        if lut + ports[0] + sum(u[0] for u in used) > int(build.device.lut * build.resource_share):
            return False
        words = resources.bias_words(capacity_c // (c_h * c_w), c_h, c_w, pm=pm, share=share)
        bram18 = sum(u[1] for u in used) + resources.bias_rams(c_w * build.sum_bits, words)
        if bram18 + ports[1] > build.device.bram18 or sum(u[2] for u in used) > build.device.uram:
            return False
        if reuse == "output" or may_spill(reuse):
            return True
        capacity = (capacity_a, capacity_b, capacity_c)
        return all(any(_stays(reuse, shape, grain, capacity) for grain in grains) for shape in self.shapes)


@cache
def _ports(port_bits: int, bias_bits: int, spills: bool) -> tuple[int, int]:
    return resources.port_resources(port_bits, bias_bits, spills=spills)


def _grains(
    share: int, shape: tuple[int, int, int], parts: tuple[int, int, int, int, int, int], build: Build
) -> tuple[tuple[int, int, int], ...]:
    """Granules along m, n and k for each mapping of `share` arrays that a layer may choose; one if it is 1."""
    pm, pn, pk = shape
    a_h, a_w, b_h, b_w, c_h, c_w = parts
    words = build.axi_bytes // build.output_bytes
    k = share * max(pk, a_w, b_w, build.axi_elements)
    m = max(pm, a_h, c_h)
    along_m = m, max(pn, -(-b_h // share), c_w, words), k
    return (along_m,) if share == 1 else (along_m, (m // share, max(pn * share, b_h, c_w * share, words), k))


def _stays(reuse: str, shape: tuple[int, int, int], grain: tuple[int, int, int], capacity: tuple[int, ...]) -> bool:
    """Whether a layer has a cut under which no sums leave, under reuse of A or of B."""
    (m, n, k), (grain_m, grain_n, grain_k) = shape, grain
    whole_k = -(-k // grain_k) * grain_k
    if grain_m * whole_k <= capacity[0] and grain_n * whole_k <= capacity[1]:
        return True
    if reuse == "a":
        whole_n = -(-n // grain_n) * grain_n
        return (
            whole_n <= MAX_TILE_COLUMNS
            and whole_n * grain_k <= capacity[1]
            and grain_m * whole_n <= capacity[2]
        )
    whole_m = -(-m // grain_m) * grain_m
    return whole_m * grain_k <= capacity[0] and whole_m * grain_n <= capacity[2]

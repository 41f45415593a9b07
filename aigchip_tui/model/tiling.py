"""Tile plans: how a layer is cut into tiles that fit the buffers, and what the analytic model says of each
cut.

One function, `plan_tiles`, is used by driver, estimate and analytic model. All figures are whole cycles and
bytes, so that the vectorised model of `search/analytic.py` gives the same numbers exactly (SPACE sec. 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from aigchip_tui.model.busy import busy, traffic
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.layer_cycles import VISIT_START, Cut, layer_cycles
from aigchip_tui.model.mapping import Axis, Mapping, mappings
from aigchip_tui.model.overlap import WHOLE
from aigchip_tui.model.space import Build, DesignPoint

# Columns whose bias the post module holds: no tile of C is wider.
MAX_TILE_COLUMNS = 4096


class RefusedError(AigchipError):
    """A design that no rule of the space allows for this layer; `rule` names the rule."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


# The short name that callers use.
Refused = RefusedError


class TilePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One layer cut into nm x nn x nk tiles of at most tm x tn x tk.

    tm, tn, tk are multiples of the granules (array, banks and AXI word), so only the last tile of an axis is
    shorter. `lda`, `ldb`, `ldc` are padded row lengths in elements: k of A and B, n of C. A and B lie in
    memory tile by tile (a refresh is one burst), C row by row. Bytes are the traffic of one GEMM of the
    layer; `cycles` are the analytic model's. `compute_cycles` and `memory_cycles` are what the array and the busiest
    port have to do in all, `edge_cycles` the first loads and the last store; cuts are compared by these sums. `along`:
    the axis that this layer maps the arrays to, where it may choose.
    """

    m: int
    n: int
    k: int
    tm: int
    tn: int
    tk: int
    nm: int
    nn: int
    nk: int
    lda: int
    ldb: int
    ldc: int
    a_bytes: int
    b_bytes: int
    c_bytes: int
    compute_cycles: int
    memory_cycles: int
    edge_cycles: int
    cycles: int
    along: Axis | Literal[""] = ""

    @property
    def visits(self) -> int:
        """Tile visits: times that the array works through a tile of C along one tile of k."""
        return self.nm * self.nn * self.nk

    @property
    def bound_by(self) -> str:
        """What the analytic model says the layer waits for: `compute` or `memory`."""
        return "compute" if self.compute_cycles >= self.memory_cycles else "memory"


class Granules(msgspec.Struct, frozen=True, kw_only=True):
    """What tile sizes are multiples of, and how much the buffers hold (elements of one copy)."""

    m: int
    n: int
    k: int
    capacity_a: int
    capacity_b: int
    capacity_c: int

    @property
    def fits(self) -> bool:
        """True if each buffer holds the smallest tile."""
        return (
            self.m * self.k <= self.capacity_a
            and self.n * self.k <= self.capacity_b
            and self.m * self.n <= self.capacity_c
        )


def granules(point: DesignPoint, build: Build, mapping: Mapping | None = None) -> Granules:
    """Granules of a design: array shape, banks, and the AXI word along k (A, B) and along n (C).

    `mapping`: one of the design's, the first if None. In buffers and in C a row that serves several steps, or all
    arrays, is as many rows.
    """
    over = mapping or mappings(point)[0]
    share = max(over.share_a, over.share_b)
    rows, columns = point.pm // over.pm, over.pn // point.pn
    return Granules(
        m=max(over.pm, _ceil(max(point.part_a.h, point.part_c.h), rows)),
        n=max(over.pn, _ceil(point.part_b.h, over.share_b), columns * point.part_c.w,
              build.axi_bytes // build.output_bytes),
        k=share * max(point.pk, point.part_a.w, point.part_b.w, build.axi_elements),
        capacity_a=point.buf_a * 1024 // build.data_bytes,
        capacity_b=point.buf_b * 1024 // build.data_bytes,
        capacity_c=point.buf_c * 1024 // build.sum_cell_bytes,
    )


def fill_cycles(point: DesignPoint) -> int:
    """Pipeline fill of a layer: 6 + log2 Pn + log2 Pm + 2 log2 Pk + 2 per multicast level (SPACE sec.
    3).
    """
    multicast = sum("mul" in level.styles for level in point.levels)
    return 6 + _log2(point.pn) + _log2(point.pm) + 2 * _log2(point.pk) + 2 * multicast


def chain_cycles(point: DesignPoint, mapping: Mapping | None = None) -> int:
    """Cycles of each visit until its first step has gone on over the forward links to the farthest unit: the length
    of the chain; `mapping`: one of the design's, the first if None.
    """
    grid = point.grid
    cells = grid.m + grid.n + grid.k - 3 if point.linked else 0
    arrays = point.arrays
    if point.arrays_link == "fanout":
        return cells
    # Both operands go along the arrays at once, sums behind them; what is mapped to n takes the same rows of A, which
    # go on along both axes.
    to_n = mapping is not None and mapping.along == "n"
    return cells + (arrays.m + arrays.n - 1 if to_n else max(arrays.m, arrays.n)) + arrays.k - 2


def least_steps(point: DesignPoint, build: Build) -> int:
    """Steps that a block of sums takes at least: with forward links in an array the near cells wait with their next
    block until the far ones' sums have left.
    """
    if not point.linked:
        return 0
    return point.grid.m + point.grid.n - 2 + point.block_tokens(build.sum_bits)


def plan_tiles(point: DesignPoint, build: Build, layer: Layer) -> TilePlan:
    """The cut of `layer` with the fewest cycles of the analytic model among the candidates; first one wins a
    tie.

    Raises RefusedError with rule `tile` if a buffer does not hold the smallest tile, and rule `spill` if
    every cut would spill partial sums and the design's reuse has nothing that brings them back.
    """
    grains = [(mapping, granules(point, build, mapping)) for mapping in mappings(point)]
    if not any(grain.fits for _, grain in grains):
        _, grain = grains[0]
        raise RefusedError(
            "tile",
            f"A buffer does not hold one tile of {grain.m} x {grain.n} x {grain.k} "
            f"(m x n x k): {point.buf_a}, {point.buf_b}, {point.buf_c} KiB for A, B, C.",
        )
    plans = [_plan_of(point, build, layer, mapping, grain) for mapping, grain in grains if grain.fits]
    best = min((plan for plan in plans if plan is not None), key=lambda plan: plan.cycles, default=None)
    if best is None:
        raise RefusedError(
            "spill",
            f"Layer {layer.name} ({layer.m} x {layer.n} x {layer.k}) would spill partial sums "
            f"under reuse {point.reuse} with buffers of {point.buf_a}, {point.buf_b}, {point.buf_c} KiB; "
            f"reuse {point.reuse}_spill keeps them in memory.",
        )
    return best


def _plan_of(point: DesignPoint, build: Build, layer: Layer, mapping: Mapping, grain: Granules) -> TilePlan | None:
    """The best plan in one mapping, None if every cut would spill."""
    best: Cut | None = None
    least = 0
    uncut = _uncut(point, build, layer, mapping)
    for tm, tn, tk in tile_candidates(grain, layer, point.reuse):
        cut = _tiled(uncut, layer, tm, tn, tk)
        moved = traffic(cut, point.stays, point.spills, WHOLE)
        cycles = busy(cut, moved, point.spills, WHOLE).cycles(WHOLE)
        if best is None or cycles < least:
            best, least = cut, cycles
    return None if best is None else _planned(point, layer, best, mapping)


# Each list halves the largest tile that fits so often; 1 in the order of preference.
FREE_M, FREE_N = (1, 2, 4, 8, 16, 32), (1, 2, 4)
WHOLE_M, WHOLE_N = (1, 2, 8), (1, 4)


def tile_candidates(grain: Granules, layer: Layer, reuse: str) -> Iterator[tuple[int, int, int]]:
    """Cuts (tm, tn, tk) worth comparing, of which only a reuse that may spill does: the whole of k in one tile, then
    the freer ones.

    Under output reuse k may be cut anywhere, and where sums may be spilled. Under reuse of A sums stay in place only if
    k or n is whole, under reuse of B only if k or m is whole; the whole axis is then the free one.
    """
    m, n, k = (_up(size, step) for size, step in ((layer.m, grain.m), (layer.n, grain.n), (layer.k, grain.k)))
    if grain.m * k <= grain.capacity_a and grain.n * k <= grain.capacity_b:
        most_m = _down(min(m, grain.capacity_a // k, grain.capacity_c // grain.n), grain.m)
        for divide_m in WHOLE_M:
            tm = _share(m, most_m, divide_m, grain.m)
            most_n = _down(min(n, grain.capacity_b // k, grain.capacity_c // tm, MAX_TILE_COLUMNS), grain.n)
            for divide_n in WHOLE_N:
                yield tm, _share(n, most_n, divide_n, grain.n), k
    divides_m: tuple[int, ...] = FREE_M
    divides_n: tuple[int, ...] = (1,)
    if reuse == "a":
        free = n <= MAX_TILE_COLUMNS and n * grain.k <= grain.capacity_b and grain.m * n <= grain.capacity_c
        least_n = n
    elif reuse == "b":
        free = m * grain.k <= grain.capacity_a and m * grain.n <= grain.capacity_c
        least_n, divides_m, divides_n = grain.n, (1,), FREE_M
    else:
        free, least_n, divides_n = True, grain.n, FREE_N
    if not free:
        return
    most_m = _down(min(m, grain.capacity_a // grain.k, grain.capacity_c // least_n), grain.m)
    for divide_m in divides_m:
        tm = _share(m, most_m, divide_m, grain.m)
        most_n = _down(min(n, grain.capacity_b // grain.k, grain.capacity_c // tm, MAX_TILE_COLUMNS), grain.n)
        for divide_n in divides_n:
            tn = _share(n, most_n, divide_n, grain.n)
            most_k = _down(min(k, grain.capacity_a // tm, grain.capacity_b // tn), grain.k)
            yield tm, tn, _share(k, most_k, 1, grain.k)


def _uncut(point: DesignPoint, build: Build, layer: Layer, over: Mapping) -> Cut:
    """A design and a layer in one tile."""
    axi, size, out = build.axi_bytes, build.data_bytes, build.output_bytes
    # Tiles lie in memory as the buffers hold them: whole blocks of the array, whole words of the port and of the
    # banks.
    rows_a, rows_b = _up(layer.m, over.pm), _up(layer.n, over.pn)
    (lda, ldb), ldc = over.row_elements(point, build, layer.k), _up(layer.n, max(over.pn, point.part_c.w))
    cycles_a, cycles_b = point.token_cycles
    return Cut(
        pm=over.pm, pn=over.pn, pk=point.pk, part_c_w=point.part_c.w, cycles_a=cycles_a, cycles_b=cycles_b,
        share_a=over.share_a, share_b=over.share_b, least_steps=least_steps(point, build),
        block_cycles=point.c_cycles_per_block(build.sum_bits), visit_start=VISIT_START + chain_cycles(point, over),
        fill=fill_cycles(point), rate_a=min(axi, point.part_a.w * size), rate_b=min(axi, point.part_b.w * size),
        rate_c=min(axi, point.part_c.w * out),
        rate_sums=min(axi, point.part_lanes(build.sum_bits) * build.sum_cell_bytes), data_bytes=size,
        output_bytes=out, sum_bytes=build.sum_cell_bytes, rows_a=rows_a, rows_b=rows_b, k=layer.k, lda=lda, ldb=ldb,
        ldc=ldc, memory_rate=build.dram_bytes_per_cycle, tm=layer.m, tn=layer.n, tk=layer.k, nm=1, nn=1, nk=1,
    )  # fmt: skip


def _tiled(cut: Cut, layer: Layer, tm: int, tn: int, tk: int) -> Cut:
    """The same in tiles of at most tm x tn x tk."""
    return cut._replace(
        tm=tm, tn=tn, tk=tk, nm=_ceil(layer.m, tm), nn=_ceil(layer.n, tn), nk=_ceil(layer.k, tk)
    )  # fmt: skip


def cost_tiles(
    point: DesignPoint, build: Build, layer: Layer, tm: int, tn: int, tk: int, mapping: Mapping | None = None
) -> TilePlan:
    """The plan with these tile sizes and the analytic model's cycles for it (one GEMM of the layer, SPACE
    sec. 3); `mapping`: one of the design's, the first if None.
    """
    over = mapping or mappings(point)[0]
    return _planned(point, layer, _tiled(_uncut(point, build, layer, over), layer, tm, tn, tk), over)


def _planned(point: DesignPoint, layer: Layer, cut: Cut, over: Mapping) -> TilePlan:
    moved = traffic(cut, point.stays, point.spills, WHOLE)
    sums = busy(cut, moved, point.spills, WHOLE)
    return TilePlan(
        m=layer.m, n=layer.n, k=layer.k, tm=cut.tm, tn=cut.tn, tk=cut.tk, nm=cut.nm, nn=cut.nn, nk=cut.nk,
        lda=cut.lda, ldb=cut.ldb, ldc=cut.ldc, a_bytes=moved.a_bytes, b_bytes=moved.b_bytes, c_bytes=moved.c_bytes,
        compute_cycles=sums.compute, memory_cycles=sums.memory, edge_cycles=sums.edge,
        cycles=max(layer_cycles(cut, point.stays, point.spills, WHOLE), moved.shared_cycles(cut, WHOLE)),
        along=over.along,
    )  # fmt: skip


def spills(reuse: str, nm: int, nn: int, nk: int) -> bool:
    """True if partial sums would leave for memory: reuse of A with k and n cut, or of B with k and m cut."""
    return nk > 1 and ((reuse == "a" and nn > 1) or (reuse == "b" and nm > 1))


def _share(size: int, most: int, divide: int, step: int) -> int:
    # Equal tiles: the fewest that fit, none larger than needed, so that first loads are short.
    tile = max(_down(most // divide, step), step)
    return _up(_ceil(size, _ceil(size, tile)), step)


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


def _up(value: int, step: int) -> int:
    return _ceil(value, step) * step


def _down(value: int, step: int) -> int:
    return value // step * step


def _log2(value: int) -> int:
    return value.bit_length() - 1

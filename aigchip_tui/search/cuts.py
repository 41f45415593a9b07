"""The cuts of a layer into tiles, and the analytic model's cycles of the best, for many designs at once.

Equal to `model.tiling.plan_tiles` to the cycle. Arrays have the axes (candidate cut, design, layer).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aigchip_tui.model.busy import busy, traffic
from aigchip_tui.model.layer_cycles import Cut, layer_cycles
from aigchip_tui.model.space import Build, may_spill, stays
from aigchip_tui.model.tiling import FREE_M, FREE_N, MAX_TILE_COLUMNS, WHOLE_M, WHOLE_N

if TYPE_CHECKING:
    from aigchip_tui.search.analytic import Columns, LayerTable

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
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
    ldb: Floats
    ldc: Floats


def grid_of(d: Columns, build: Build, layers: LayerTable) -> Grid:
    """Designs (design, 1) and layers broadcast to each other."""
    return Grid(
        d=d,
        build=build,
        table=layers,
        m=_up(layers.m, d.grain_m),
        n=_up(layers.n, d.grain_n),
        k=_up(layers.k, d.grain_k),
        rows_a=_up(layers.m, d.pm),
        rows_b=_up(layers.n, d.pn),
        lda=_row_elements(layers.k, d, d.share_a, build),
        ldb=_row_elements(layers.k, d, d.share_b, build),
        ldc=_up(layers.n, np.maximum(d.pn, d.part_c_w)),
    )


def _row_elements(k: Floats, d: Columns, share: Floats, build: Build) -> Floats:
    """Vector form of `Mapping.row_elements` for one operand."""
    return share * _up(np.ceil(np.ceil(k / d.pk) / share) * d.pk, np.maximum(d.pk, build.axi_elements))


def cycles_of(grid: Grid, reuse: str) -> Floats:
    """Cycles of each layer with its best cut (design, layer), infinite where it has none."""
    d = grid.d
    fits = (d.grain_m * d.grain_k <= d.capacity_a) & (d.grain_n * d.grain_k <= d.capacity_b)
    fits &= d.grain_m * d.grain_n <= d.capacity_c
    whole = fits & (d.grain_m * grid.k <= d.capacity_a) & (d.grain_n * grid.k <= d.capacity_b)
    best = _Best.where(whole, _whole_k(grid, reuse, whole))
    free = fits & np.ones_like(whole)
    if reuse == "a":
        free &= (
            (grid.n <= MAX_TILE_COLUMNS) & (grid.n * d.grain_k <= d.capacity_b) & (d.grain_m * grid.n <= d.capacity_c)
        )
    elif reuse == "b":
        free &= (grid.m * d.grain_k <= d.capacity_a) & (grid.m * d.grain_n <= d.capacity_c)
    if free.any():
        best = best.or_less(_Best.where(free, _free_k(grid, reuse)))
    return _overlapping(grid, reuse, best)


@dataclass(frozen=True)
class _Best:
    """The cut that keeps array and ports least busy, and for how many cycles (design, layer); infinite without one."""

    cycles: Floats
    tm: Floats
    tn: Floats
    tk: Floats

    @classmethod
    def where(cls, allowed: npt.NDArray[np.bool_], found: _Best) -> _Best:
        """The same where it is allowed."""
        return cls(np.where(allowed, found.cycles, np.inf), found.tm, found.tn, found.tk)

    def or_less(self, other: _Best) -> _Best:
        """The other cut where that takes fewer cycles."""
        less = other.cycles < self.cycles
        return _Best(*(
            np.where(less, b, a) for a, b in (
                (self.cycles, other.cycles), (self.tm, other.tm), (self.tn, other.tn), (self.tk, other.tk),
            )
        ))  # fmt: skip


class _Arrays:
    """Arithmetic of arrays."""

    def largest(self, first: Floats, *others: Floats) -> Floats:
        for other in others:
            first = np.maximum(first, other)
        return first

    def choose(self, condition: npt.NDArray[np.bool_], yes: Floats, no: Floats) -> Floats:
        return np.where(condition, yes, no)

    def smallest(self, first: Floats, second: Floats) -> Floats:
        return np.minimum(first, second)

    def ceil_div(self, value: Floats, by: Floats) -> Floats:
        return np.asarray(np.ceil(value / by))

    def whole(self, value: Floats) -> Floats:
        return np.asarray(np.ceil(value))


_ARRAYS_OF = _Arrays()


def _cut(grid: Grid, tm: Floats, tn: Floats, tk: Floats) -> Cut:
    """Designs and layers in tiles of at most tm x tn x tk."""
    d, build, table = grid.d, grid.build, grid.table
    return Cut(
        pm=d.pm, pn=d.pn, pk=d.pk, part_c_w=d.part_c_w, cycles_a=d.cycles_a, cycles_b=d.cycles_b, share_a=d.share_a,
        share_b=d.share_b, least_steps=d.least_steps,
        block_cycles=d.block_cycles, visit_start=d.visit_start, fill=d.fill, rate_a=d.rate_a, rate_b=d.rate_b,
        rate_c=d.rate_c, rate_sums=d.rate_sums, data_bytes=build.data_bytes, output_bytes=build.output_bytes,
        sum_bytes=build.sum_cell_bytes, rows_a=grid.rows_a, rows_b=grid.rows_b, k=table.k, lda=grid.lda,
        ldb=grid.ldb, ldc=grid.ldc, memory_rate=build.dram_bytes_per_cycle, tm=tm, tn=tn, tk=tk,
        nm=np.ceil(table.m / tm), nn=np.ceil(table.n / tn), nk=np.ceil(table.k / tk),
    )  # fmt: skip


def _overlapping(grid: Grid, reuse: str, best: _Best) -> Floats:
    """Cycles of each layer with its cut (design, layer), infinite where there is none."""
    cut = _cut(grid, best.tm, best.tn, best.tk)
    cycles = layer_cycles(cut, stays(reuse), may_spill(reuse), _ARRAYS_OF)
    shared = traffic(cut, stays(reuse), may_spill(reuse), _ARRAYS_OF).shared_cycles(cut, _ARRAYS_OF)
    return np.where(np.isfinite(best.cycles), np.maximum(cycles, shared), np.inf)


def _whole_k(grid: Grid, reuse: str, where: npt.NDArray[np.bool_]) -> _Best:
    d = grid.d
    if not where.any():
        return _Best(*(np.full(where.shape, value) for value in (np.inf, 1.0, 1.0, 1.0)))
    most_m = _down(_least(grid.m, np.floor(d.capacity_a / grid.k), np.floor(d.capacity_c / d.grain_n)), d.grain_m)
    tm = _share(grid.m, most_m, _axis(WHOLE_M), d.grain_m)[:, None]
    most_n = _down(_least(grid.n, np.floor(d.capacity_b / grid.k), np.floor(d.capacity_c / tm)), d.grain_n)
    most_n = np.minimum(most_n, MAX_TILE_COLUMNS)
    tn = _share(grid.n, most_n, _axis(WHOLE_N), d.grain_n)
    return _cheapest(grid, reuse, tm, tn, grid.k)


def _free_k(grid: Grid, reuse: str) -> _Best:
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


def _cheapest(grid: Grid, reuse: str, tm: Floats, tn: Floats, tk: Floats) -> _Best:
    """The cut with the fewest cycles of array, ports and edges; the first one wins a tie.

    `tm` has axes (cut m, 1, design, layer), `tn` (cut m, cut n, design, layer).
    """
    cut = _cut(grid, tm, tn, tk)
    moved = traffic(cut, stays(reuse), may_spill(reuse), _ARRAYS_OF)
    cycles = busy(cut, moved, may_spill(reuse), _ARRAYS_OF).cycles(_ARRAYS_OF)
    shape = cycles.shape[-2:]
    first_least = cycles.reshape(-1, *shape).argmin(axis=0)[None]

    def chosen(of_cuts: Floats) -> Floats:
        spread = np.broadcast_to(of_cuts, cycles.shape).reshape(-1, *shape)
        return np.asarray(np.take_along_axis(spread, first_least, axis=0)[0])

    return _Best(*(chosen(each) for each in (cycles, tm, tn, tk)))


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

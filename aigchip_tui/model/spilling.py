"""Whether the sums of a design really leave for memory: hardware that can spill does so where the tiles ask for it."""

from __future__ import annotations

from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.tiling import TilePlan, plan_tiles, spills
from aigchip_tui.model.workload import Workload


def spilling_text(point: DesignPoint, build: Build, workload: Workload) -> str:
    """One sentence for a design that may spill sums, empty for all others.

    Raises RefusedError where a layer has no tiles under this design.
    """
    if not point.spills:
        return ""
    layers = workload.unique()
    plans = [plan_tiles(point, build, layer) for layer in layers]
    spilled = [plan for plan in plans if spills(point.stays, plan.nm, plan.nn, plan.nk)]
    if not spilled:
        return (
            f"the hardware could, but in none of {len(layers)} distinct layers do sums leave: the tiles of each hold "
            f"all of k, or of the axis that runs inside; reuse={point.stays} does the same with less"
        )
    moved = sum(plan.c_bytes - _rows(point, plan) * plan.ldc * build.output_bytes for plan in spilled)
    tiles = sorted({plan.nk for plan in spilled})
    along = str(tiles[0]) if len(tiles) == 1 else f"{tiles[0]} to {tiles[-1]}"
    return (
        f"in {len(spilled)} of {len(layers)} distinct layers, between {along} tiles along k; {moved / 1e6:.2f} MB of "
        f"sums out and back in one GEMM of each"
    )


def _rows(point: DesignPoint, plan: TilePlan) -> int:
    return _up(plan.m, point.qm if plan.along == "n" else point.pm)


def _up(value: int, step: int) -> int:
    return -(-value // step) * step

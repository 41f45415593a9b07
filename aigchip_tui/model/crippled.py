"""Layers that use a GEMM badly: depthwise convolutions and fully connected layers of a single input.

A depthwise layer is one GEMM of n = 1 for each channel. `model.packing` lays several channels side by side into one
GEMM whose B has their weights on its diagonal: the array works on zeros too, but each tile and each launch of a layer
is shared. A fully connected layer at batch 1 uses each weight once, so the port that brings the weights bounds it.
"""

from __future__ import annotations

import msgspec

from aigchip_tui.model.layer import LayerKind
from aigchip_tui.model.layer_cycles import LAYER_OVERHEAD
from aigchip_tui.model.packing import USUAL_CHANNELS
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.tiling import plan_tiles
from aigchip_tui.model.workload import Workload

KINDS: tuple[LayerKind, ...] = ("depthwise", "fc")


class KindCost(msgspec.Struct, frozen=True, kw_only=True):
    """What the layers of a kind cost a design by the analytic model, and why they cost so much."""

    kind: LayerKind
    ms: float
    share: float
    why: str


def kind_costs(point: DesignPoint, build: Build, workload: Workload) -> tuple[KindCost, ...]:
    """Milliseconds of the depthwise and of the fully connected layers of a workload, and their share of all of it.

    Raises RefusedError where a layer has no tiles under this design.
    """
    cycles: dict[LayerKind, int] = {}
    for layer in workload.layers:
        cycles[layer.kind] = cycles.get(layer.kind, 0) + plan_tiles(point, build, layer).cycles * layer.count
    total = sum(cycles.values())
    return tuple(
        KindCost(kind=kind, ms=cycles[kind] / build.clock_mhz / 1000, share=cycles[kind] / total, why=why)
        for kind, why in notes(build, workload).items()
    )


def notes(build: Build, workload: Workload) -> dict[LayerKind, str]:
    """Why the layers of each kind that a GEMM is bad at cost what they cost, with the figure that no design changes."""
    found: dict[LayerKind, str] = {}
    layers = {kind: [layer for layer in workload.layers if layer.kind == kind] for kind in KINDS}
    single = [layer for layer in layers["depthwise"] if layer.n == 1]
    if single:
        count = sum(layer.count for layer in single)
        least = count * LAYER_OVERHEAD / build.clock_mhz / 1000
        found["depthwise"] = (
            f"one GEMM of a single column for each channel: {count} GEMMs, {least:.1f} ms to begin and to end them "
            f"alone; /dw{USUAL_CHANNELS} behind the workload packs {USUAL_CHANNELS} channels into one"
        )
    elif layers["depthwise"]:
        most = max(layer.n for layer in layers["depthwise"])
        found["depthwise"] = (
            f"up to {most} channels in a GEMM, their weights on the diagonal of B: 1 of {most} products counts"
        )
    flat = [layer for layer in layers["fc"] if layer.m == 1]
    if flat:
        weights = sum(layer.k * layer.n * layer.count for layer in flat) * build.data_bytes
        ms = weights / build.axi_bytes / build.clock_mhz / 1000
        found["fc"] = (
            f"bound by the weights at batch 1: {weights / 1e6:.1f} MB, each used once, take {ms:.2f} ms through a port "
            f"of {build.axi_bytes} bytes at {build.clock_mhz} MHz whatever the array"
        )
    return found

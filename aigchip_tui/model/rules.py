"""The rules of the space: what cannot work, or is not built yet, is refused before any model is called (SPACE
sec. 1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from aigchip_tui.model.mapping import mappings
from aigchip_tui.model.resources import screened_resources
from aigchip_tui.model.space import (
    ARRAY_PRODUCTS,
    ARRAYS_MAPS,
    ARRAYS_PRODUCTS,
    ARRAYS_SPLITS,
    AXI_BYTES,
    BUFFER_KIB,
    CLOCKS_MHZ,
    LANE_PRODUCTS,
    LINKS,
    MAX_TOKEN_BITS,
    PARTITION_FACTORS,
    REUSES,
    Build,
    DesignPoint,
    Split,
)
from aigchip_tui.model.tiling import RefusedError, granules, plan_tiles
from aigchip_tui.model.workload import Workload

# Above this fan-out a broadcast at 200 MHz is unlikely to meet timing; it scales with the clock period.
FANOUT_AT_200_MHZ = 256
# Splits of the arrays level in the order of the search's gene: a single array, one axis, then several.
BUILT_ARRAYS = (
    *(
        split
        for product in ARRAYS_PRODUCTS
        for split in ((Split(),) if product == 1 else (Split(m=product), Split(n=product), Split(k=product)))
    ),
    *(split for split in ARRAYS_SPLITS if len(split.axes) > 1),
)


LINK_NAMES = ("lane_link", "array_link", "arrays_link")


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a design is not tried: a rule's name, the figure that broke it, and the sentence to show."""

    rule: str
    figure: float
    message: str


def build_refusals(build: Build) -> tuple[Refusal, ...]:
    """What cannot be built whatever the design: precision, clock, AXI width, budget above the device."""
    return tuple(_build_rules(build))


def refusals(point: DesignPoint, build: Build, workload: Workload | None = None) -> tuple[Refusal, ...]:
    """Every rule that the design breaks, empty if it is legal.

    Rules of vocabulary and scope come first; tiles and spills of `workload` are looked at only if those hold.
    Without a workload the rules that depend on layers are left out.
    """
    found = [*_build_rules(build), *_vocabulary_rules(point)]
    if found:
        return tuple(found)
    found = [*_structure_rules(point, build), *_budget_rules(point, build)]
    found += [*_link_rules(point), *_map_rules(point)]
    if workload is not None and not any(refusal.rule == "tile" for refusal in found):
        found += _layer_rules(point, build, workload)
    return tuple(found)


def timing_flags(point: DesignPoint, build: Build) -> tuple[Refusal, ...]:
    """What is legal but doubtful: fan-out of one word to more multipliers than the clock is likely to allow.

    Over a forward link a word goes from neighbour to neighbour, so that level multiplies no fan-out.
    """
    limit = FANOUT_AT_200_MHZ * 200 / build.clock_mhz
    return tuple(
        Refusal(
            rule="fanout",
            figure=fanout,
            message=f"Each word of {operand} drives {fanout} multipliers; above {limit:.0f} the clock of "
            f"{build.clock_mhz} MHz is in doubt.",
        )
        for operand, fanout in zip("AB", fanouts(point), strict=True)
        if fanout > limit
    )


def fanouts(point: DesignPoint) -> tuple[int, int]:
    """Multipliers that a word of A and a word of B drive at once, over all levels that fan out."""
    levels = [level for level, link in zip(point.levels, point.links, strict=True) if link == "fanout"]
    return math.prod(level.n for level in levels), math.prod(level.m for level in levels)


def _build_rules(build: Build) -> Iterator[Refusal]:
    if build.precision == "fp16":
        message = "not built yet: precision fp16; int8 and int16 are."
        yield Refusal(rule="not_built", figure=0, message=message)
    if not CLOCKS_MHZ[0] <= build.clock_mhz <= CLOCKS_MHZ[1]:
        yield Refusal(
            rule="clock",
            figure=build.clock_mhz,
            message=(f"A clock of {build.clock_mhz} MHz is outside {CLOCKS_MHZ[0]} .. {CLOCKS_MHZ[1]} MHz."),
        )
    if build.axi_bytes not in AXI_BYTES:
        yield Refusal(
            rule="axi",
            figure=build.axi_bytes,
            message=(f"An AXI port of {build.axi_bytes} bytes is none of {', '.join(map(str, AXI_BYTES))}."),
        )
    if build.dsp_budget > build.device.dsp:
        yield Refusal(
            rule="dsp",
            figure=build.dsp_budget,
            message=(f"{build.dsp_budget} DSPs are asked for, {build.device.name} has {build.device.dsp}."),
        )


def _vocabulary_rules(point: DesignPoint) -> Iterator[Refusal]:
    for name, split, products in (
        ("lane", point.lane, LANE_PRODUCTS),
        ("array", point.array, ARRAY_PRODUCTS),
        ("arrays", point.arrays, ARRAYS_PRODUCTS),
    ):
        factors = (split.m, split.n, split.k)
        if split.product not in products or any(f < 1 or f & (f - 1) for f in factors):
            yield Refusal(
                rule=f"{name}_product",
                figure=split.product,
                message=(
                    f"{name} {split} has {split.product} units; powers of two with a product of "
                    f"{products[0]} .. {products[-1]} are allowed."
                ),
            )
    for name, kib in (("buf_a", point.buf_a), ("buf_b", point.buf_b), ("buf_c", point.buf_c)):
        if kib not in BUFFER_KIB:
            yield Refusal(
                rule="buffer",
                figure=kib,
                message=(f"{name} of {kib} KiB is not a power of two of {BUFFER_KIB[0]} .. {BUFFER_KIB[-1]} KiB."),
            )
    for name, part in (("part_a", point.part_a), ("part_b", point.part_b), ("part_c", point.part_c)):
        for side, factor in (("h", part.h), ("w", part.w)):
            if factor not in PARTITION_FACTORS:
                yield Refusal(
                    rule="partition",
                    figure=factor,
                    message=(f"{name}_{side} of {factor} is not a power of two of 1 .. {PARTITION_FACTORS[-1]}."),
                )
    if point.reuse not in REUSES:
        yield Refusal(rule="reuse", figure=0, message=f"reuse {point.reuse!r} is none of {', '.join(REUSES)}.")
    if point.arrays_map not in ARRAYS_MAPS:
        message = f"arrays_map {point.arrays_map!r} is none of {', '.join(ARRAYS_MAPS)}."
        yield Refusal(rule="arrays_map", figure=0, message=message)
    for name, link in zip(LINK_NAMES, point.links, strict=True):
        if link not in LINKS:
            yield Refusal(rule="link", figure=0, message=f"{name} {link!r} is none of {', '.join(LINKS)}.")
    if point.dsp_pack not in (1, 2):
        yield Refusal(
            rule="dsp_pack",
            figure=point.dsp_pack,
            message=f"dsp_pack of {point.dsp_pack} is neither 1 nor 2.",
        )


def _link_rules(point: DesignPoint) -> Iterator[Refusal]:
    if point.lane_link == "forward" and point.grid.product == 1:
        yield Refusal(
            rule="lane_link",
            figure=1,
            message=f"lane_link forward links the MACs of a lane; those of {point.lane} share one DSP.",
        )
    if point.arrays_link == "forward" and point.arrays.product == 1:
        yield Refusal(rule="arrays_link", figure=1, message="arrays_link forward links arrays; the design has 1 array.")


def _map_rules(point: DesignPoint) -> Iterator[Refusal]:
    if point.arrays_map == "fixed":
        return
    arrays = point.arrays
    if arrays.m > 1:
        return
    if arrays.product == 1:
        message = "arrays_map run_time maps arrays to m or to n; the design has 1 array."
    elif arrays.n > 1:
        turned = msgspec.structs.replace(arrays, m=arrays.n, n=1)
        message = f"arrays_map run_time maps arrays along m to m or to n: arrays {arrays} are written {turned} then."
    else:
        message = (
            f"arrays_map run_time maps arrays to m or to n: those of {arrays} add up parts of the same sums, so none "
            "has rows or columns of its own."
        )
    yield Refusal(rule="arrays_map", figure=arrays.product, message=message)


def _structure_rules(point: DesignPoint, build: Build) -> Iterator[Refusal]:
    for name, kib, size, banks in (
        ("a", point.buf_a, build.data_bytes, point.part_a.banks),
        ("b", point.buf_b, build.data_bytes, point.part_b.banks),
        ("c", point.buf_c, build.sum_cell_bytes, point.part_c.banks),
    ):
        elements = kib * 1024 // size
        if banks > elements:
            yield Refusal(
                rule="partition",
                figure=banks,
                message=(f"part_{name} asks for {banks} elements a cycle of a buffer of {elements} elements."),
            )
    if point.part_c.w > point.pn:
        yield Refusal(
            rule="part_c_w",
            figure=point.part_c.w,
            message=(
                f"not built yet: part_c_w of {point.part_c.w} is above the {point.pn} columns of a block of sums; a "
                "bank word of C would be added to in consecutive cycles."
            ),
        )
    tokens = (
        ("A", build.data_bits * point.pm * point.pk),
        ("B", build.data_bits * point.wide_n * point.pk),
        ("C", build.sum_bits * point.c_lanes(build.sum_bits)),
    )
    for operand, bits in tokens:
        if bits > MAX_TOKEN_BITS:
            yield Refusal(
                rule="token",
                figure=bits,
                message=(
                    f"A token of {operand} would be {bits} bits wide, at most {MAX_TOKEN_BITS} are built "
                    "(not built yet: arrays of streams)."
                ),
            )
    grains = [granules(point, build, mapping) for mapping in mappings(point)]
    for operand, rows, words, capacity, kib in (
        each
        for grain in grains
        for each in (
            ("A", grain.m, grain.k, grain.capacity_a, point.buf_a),
            ("B", grain.n, grain.k, grain.capacity_b, point.buf_b),
            ("C", grain.m, grain.n, grain.capacity_c, point.buf_c),
        )
    ):
        if rows * words > capacity:
            yield Refusal(
                rule="tile",
                figure=rows * words,
                message=(
                    f"Buffer {operand} of {kib} KiB holds {capacity} elements, its smallest tile is "
                    f"{rows} x {words} = {rows * words}."
                ),
            )
    if point.dsp_pack == 2 and build.precision != "int8":
        yield Refusal(
            rule="dsp_pack",
            figure=build.data_bits,
            message=f"Two MACs share a DSP in int8 alone; two operands of {build.precision} do not fit its multiplier.",
        )
    elif point.dsp_pack == 2 and not build.pairs_fit:
        yield Refusal(
            rule="dsp_pack",
            figure=27,
            message=(
                "Two MACs share a DSP from UltraScale on: a pair of bytes is 27 bits wide, and the multiplier of a "
                f"{build.device.dsp_slice} takes 25."
            ),
        )
    if point.dsp_pack == 2 and point.lane.m * point.lane.n == 1:
        yield Refusal(
            rule="dsp_pack",
            figure=point.lane.k,
            message=(
                f"Two MACs share a DSP only if they share an operand: the lane {point.lane} has a single row and a "
                "single column."
            ),
        )


def _budget_rules(point: DesignPoint, build: Build) -> Iterator[Refusal]:
    used, device = screened_resources(point, build), build.device
    limits = (
        ("dsp", used.dsp, build.dsp_budget, "DSPs" if build.dsp_limit else f"DSPs (70 % of {device.name})"),
        ("lut", used.lut, int(device.lut * build.resource_share), f"LUTs (70 % of {device.name})"),
        ("bram", used.bram18, device.bram18, f"BRAM18 of {device.name}"),
        ("uram", used.uram, device.uram, f"URAM of {device.name}"),
    )
    for rule, need, limit, what in limits:
        if need > limit:
            yield Refusal(rule=rule, figure=need, message=f"Needs {need} of {limit} {what}.")


def _layer_rules(point: DesignPoint, build: Build, workload: Workload) -> Iterator[Refusal]:
    for layer in workload.unique():
        try:
            plan_tiles(point, build, layer)
        except RefusedError as refused:
            yield Refusal(rule=refused.rule, figure=layer.k, message=refused.message)
            return

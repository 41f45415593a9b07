"""systolic_array: pe_array with links between neighbouring lanes in place of fan-out (array_link = forward).

A token of A and one of B enter at the first lane and go on by a register a step; the lane at place (m, n, k) works
m + n + k steps after the first one, and sums along k go from lane to lane as well. No word drives more than the lanes
of its stage and the next register; in return the last sums of a visit come as many steps later as the chain is long.
With lane_link = forward the lanes dissolve: what is called a lane here is a single MAC of a grid in which the MACs of
all lanes are linked, or, in an array that fans out, those MACs of its lanes that a word reaches in the same cycle.
The ports are those of pe_array, so that no other module knows which of both it talks to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Settings
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS, Split
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, EquivalentMutant, LoopRule, PartitionRule, PragmaRule

from .common import in_every_format, most_lanes
from .numbers import INT8, Numbers
from .pe_array import PeArray, Sizes, block_slices, sizes_of
from .pe_lane import WIDEST_PAIRS

if TYPE_CHECKING:
    import numpy as np


def _grids(lane: Split, grids: Iterable[tuple[int, int, int]], numbers: Numbers) -> Iterator[Settings]:
    """Grids of a lane whose tokens fit 4096 bits, with every number of slices."""
    for m, n, k in grids:
        rows, columns = lane.m * m, lane.n * n
        if max(rows, columns) * lane.k * k <= most_lanes("data_t", numbers):
            for slices in block_slices(rows, columns, numbers=numbers):
                yield {
                    "lane_m": lane.m, "lane_n": lane.n, "lane_k": lane.k, "m": m, "n": n, "k": k, "slices": slices,
                }


def stages_of(sizes: Sizes) -> int:
    """Registers of a chain: one for each step from the first lane to the farthest, its own included."""
    return (sizes.m - 1) + (sizes.n - 1) + sizes.k


def least_steps(sizes: Sizes) -> int:
    """Steps from one block to the next at least: sums of the nearest lane must not overwrite waiting ones."""
    return (sizes.m - 1) + (sizes.n - 1) + sizes.slices


class SystolicArray(PeArray):
    """A grid of m x n x k lanes that hand tokens and sums to their neighbours; one step of k enters per cycle."""

    name = "systolic_array"
    function = "systolic_array"
    summary = "A grid of lanes that hand tokens and sums to their neighbours."
    inlined = False
    equivalent_mutants: tuple[EquivalentMutant, ...] = ()

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Sizes of a lane, the grid of lanes, their chains, and how a finished block leaves."""
        s = sizes_of(settings)
        return (
            f"Rows of A in one lane: {s.lane_m}.",
            f"Columns of B in one lane: {s.lane_n}.",
            f"Words along k in one lane: {s.lane_k}.",
            f"Lanes along m: {s.m}.",
            f"Lanes along n: {s.n}.",
            f"Lanes along k: {s.k}.",
            f"A block of sums leaves in {s.slices} slices of whole rows, one a cycle, the first when the farthest lane "
            "finishes; sums wait in the completely partitioned array held, which shifts by a slice (loops "
            "take and shift, unrolled)."
            if s.slices > 1
            else "A block of sums leaves as a single token when the farthest lane finishes; sums wait in the "
            "completely partitioned array held (loop take, unrolled).",
            "The process systolic_array has the ports cmd (array_cmd), in_a, in_b and out: a token of in_a holds all "
            "rows of A, one of in_b all columns of B (data_t), one of out whole rows of sums (acc_t), one after the "
            "other.",
            "The completely partitioned array chain holds a step at each stage: a token a of A, a token b of B, and "
            "its number within the block, from one, zero where no step is; in each iteration every stage "
            "takes what the one before it held (loop pass, unrolled), and a new step enters at the first.",
            "A lane works at the stage that is the sum of its places along m, n and k, from zero, up to the farthest.",
            "The lanes stand in the loop lanes, unrolled, the last lane first, numbered along k, then n, then m; each "
            "takes neighbouring rows, columns and words into the completely partitioned arrays lane_a and lane_b "
            "(loops pick_a and pick_b, unrolled) and calls pe_lane into tile.",
            "Sums go from lane to lane along k: in loop add, unrolled, each lane adds its tile to what its neighbour "
            "left in the completely partitioned array passed an iteration ago.",
            "What the last lane along k passes is added up in the completely partitioned array sums, which the first "
            "step of a block starts and the last one copies to held.",
            "The process reads commands until one has last set; a command asks for blocks of sums of kb steps along k.",
            "All steps are iterations of a single loop, steps, pipelined with an initiation interval of one; a block "
            "takes at least a step for each slice, for each link between lanes along m and for each along n, and the "
            "product that counts the steps is bound to LUTs.",
        )

    def legal_settings(self) -> Iterator[Settings]:
        """Those of pe_array, and what lanes with linked MACs dissolve into: grids of single MACs, in int8 of pairs too,
        and of pairs over the 64 words of an array.
        """
        yield from super().legal_settings()
        grids = sorted({(a.m * b.m, a.n * b.n, a.k * b.k) for a in LANE_SPLITS for b in ARRAY_SPLITS})
        yield from in_every_format(lambda numbers: _grids(Split(), grids, numbers))
        known = {(split.m, split.n, split.k) for split in ARRAY_SPLITS}
        halved = sorted({(m // by, n, k) for m, n, k in grids for by in (1, 2) if m % by == 0})
        for pair in (Split(m=2), Split(n=2), *WIDEST_PAIRS):
            # Grids of up to 64 pairs are among those of pe_array.
            larger = [grid for grid in halved if grid not in known] if pair.k == 1 else known
            for settings in _grids(pair, sorted(larger), INT8):
                yield {**settings, "pack": 2}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, with fewer, as many and more steps than a block takes at least."""
        least = min(least_steps(sizes_of(settings)), 32)
        return (
            self._case("one block of one step", settings, [(1, 1)], rng),
            self._case("steps around the least", settings, [(2, least), (2, least + 1), (3, 2)], rng),
            self._case("several visits", settings, [(1, 3), (4, 1), (1, 1), (5, 2)], rng),
            self._case("all lowest", settings, [(2, 2)], rng, lowest=True),
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; lanes, chains and sums unrolled and partitioned."""
        s = sizes_of(settings)
        sums, tile, stages = s.rows * s.columns, s.lane_m * s.lane_n, stages_of(s)
        trips = {
            "lanes": s.m * s.n * s.k, "pick_a": s.lane_m * s.lane_k, "pick_b": s.lane_n * s.lane_k,
            "add": tile, "pass": stages - 1, "take": sums // s.slices,
        }
        if s.slices > 1:
            trips["shift"] = sums - sums // s.slices
        extents = {
            "chain": stages, "sums": sums, "held": sums, "lane_a": s.lane_m * s.lane_k,
            "lane_b": s.lane_n * s.lane_k, "tile": tile,
        }
        return Conformance(
            loops=(
                LoopRule(label="steps", pipeline_ii=1),
                *(LoopRule(label=label, trip=trip, unroll=True) for label, trip in trips.items()),
            ),
            partitions=(
                *(PartitionRule(variable=name, dim=1) for name in extents), PartitionRule(variable="passed", dim=0),
            ),
            pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
            arrays=(
                *(ArrayRule(variable=name, extents=(size,)) for name, size in extents.items()),
                ArrayRule(variable="passed", extents=(s.m * s.n * s.k, tile)),
            ),
        )


SPEC = SystolicArray()

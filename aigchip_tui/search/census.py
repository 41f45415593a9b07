"""How large the space is: designs, legal designs and variants per module, counted in code (SPACE sec. 1)."""

from __future__ import annotations

import math

import msgspec

from aigchip_tui.model.space import (
    ARRAY_SPLITS,
    ARRAYS_MAPS,
    ARRAYS_SPLITS,
    AXI_BYTES,
    BUFFER_KIB,
    LANE_SPLITS,
    LINKS,
    PARAMETERS,
    PARTITION_FACTORS,
    REUSES,
    Build,
)
from aigchip_tui.model.workload import Workload
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.encoding import GENE_SIZES
from aigchip_tui.search.legality import Legality
from aigchip_tui.search.operators import random_genes


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one build and workload.

    `vocabulary` counts all combinations of parameters, `built` those of this release that a search draws
    from, both exactly. `legal` is an
    estimate: `built` times the share of `sampled` random points that break no rule, with one standard error.
    `variants` bounds from above, by module, how many local settings exist at one precision, clock and port.
    """

    vocabulary: int
    built: int
    legal: float
    legal_error: float
    sampled: int
    variants: dict[str, int]

    @property
    def variants_in_all(self) -> int:
        """Variants that would have to be written to have every design."""
        return sum(self.variants.values())


def module_variants() -> dict[str, int]:
    """Settings by module as the table of SPACE sec. 1 assigns parameters to modules, over the whole vocabulary."""
    links, partitions, buffers = len(LINKS), len(PARTITION_FACTORS) ** 2, len(BUFFER_KIB)
    buffer = buffers * partitions
    return {
        "pe_lane": len(LANE_SPLITS) * links * len(PARAMETERS["dsp_pack"]),
        "pe_array": len(ARRAY_SPLITS) * links,
        "interconnect and collector": len(ARRAYS_SPLITS) * links * len(ARRAYS_MAPS),
        "buffer_a": buffer,
        "buffer_b": buffer,
        "buffer_c": buffer * 2,  # with and without spilled sums
        "dma_a": len(AXI_BYTES) * buffers,
        "dma_b": len(AXI_BYTES) * buffers,
        "dma_c": len(AXI_BYTES) * buffers * 2,
        "arbiter": len(PARTITION_FACTORS) ** 2,
        "ctrl": len(REUSES) * len(ARRAYS_MAPS),
    }


def census(build: Build, workload: Workload, *, samples: int = 20_000, seed: int = 1) -> Census:
    """Counts the space and estimates its legal share from seeded random points."""
    legal, draws = Legality(build, workload), Draws(seed, "census", 0)
    hits = sum(legal(random_genes(draws)) for _ in range(samples))
    built, share = math.prod(GENE_SIZES), hits / samples
    return Census(
        vocabulary=math.prod(len(values) for values in PARAMETERS.values()),
        built=built,
        legal=built * share,
        legal_error=built * math.sqrt(share * (1 - share) / samples),
        sampled=samples,
        variants=module_variants(),
    )


def census_lines(counted: Census) -> list[str]:
    """The counts as lines to print."""
    width = max(map(len, counted.variants))
    return [
        f"designs in the vocabulary  {counted.vocabulary:.3e}",
        f"built by this release      {counted.built:.3e}",
        f"legal here (estimate)      {counted.legal:.2e} +- {counted.legal_error:.0e} from {counted.sampled} samples",
        *(f"  {name:<{width}}  {count:>6} variants" for name, count in counted.variants.items()),
        f"  {'in all':<{width}}  {counted.variants_in_all:>6} variants",
    ]

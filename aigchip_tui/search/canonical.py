"""The partitions that an array shape needs: what the oracle assumes and the search's repair sets."""

from __future__ import annotations

import math

from aigchip_tui.model.space import MAX_TOKEN_BITS, Build


def canonical_parts(shape: tuple[int, int, int], build: Build) -> tuple[int, ...]:
    """Partition factors (a_h, a_w, b_h, b_w, c_h, c_w) that keep the array and the AXI port busy, and no more.

    Banks of C are the rows of one slice of sums that fits a token of 4096 bits; a bank word of C is a row of a block,
    because a longer one is not built. At most 64 each.
    """
    pm, pn, pk = shape
    slices = 1 << (max(1, math.ceil(pm * pn * build.sum_bits / MAX_TOKEN_BITS)) - 1).bit_length()
    words = max(pk, build.axi_elements)
    factors = (pm, words, pn, words, pm // min(slices, pm), pn)
    return tuple(min(64, factor) for factor in factors)

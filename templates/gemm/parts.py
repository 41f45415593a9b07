"""What the banks of C take or give in a cycle: a part of a token of sums, which is a token where sums are spilled."""

from __future__ import annotations

from .numbers import INT8

SUM_ELEMENTS = INT8.sum_parts
"""Elements of memory that a spilled sum takes: 4 bytes for int8, 4 half words for the 48 bits of int16."""


def part_shape(rows: int, slices: int, height: int, width: int) -> tuple[int, int]:
    """Rows and columns of a part: the rows of a token that have banks of their own, one bank word of each.

    `rows` are those of a block of sums, `slices` its tokens, `height` and `width` the banks of C.
    """
    return min(height, rows // slices), width


def spill_words(tokens: int, lanes: int, port: int) -> int:
    """AXI words of a tile of spilled sums: `tokens` parts of `lanes` sums, packed without gaps."""
    return -(-tokens * lanes * SUM_ELEMENTS // port)


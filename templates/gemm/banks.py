"""Blocks of banks as numpy sees them: which exist, and where an element of a tile lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from aigchip_tui.modules.protocol import PartitionRule

from .common import ceil_div

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Relation = Literal["fewer", "equal", "more"]

SIDES: Final = (1, 2, 4, 8, 16, 32, 64)
"""Heights and widths of a partition in banks."""

BUFFER_KIB: Final = (8, 16, 32, 64, 128, 256, 512)
"""Sizes of one copy of a buffer."""

UNWRITTEN: Final = 0xA5
"""Every byte of a block in C simulation until a module writes it; hardware shows an older tile there."""


def relation(banks: int, need: int) -> Relation:
    """Whether the banks along one side are fewer or more than the lanes that want to go to them."""
    return "fewer" if banks < need else "more" if banks > need else "equal"


def block_shapes(element_bytes: int) -> Iterator[tuple[int, int, int]]:
    """Height, width and depth of every buffer whose banks have an address at least."""
    for height in SIDES:
        for width in SIDES:
            for kib in BUFFER_KIB:
                depth = kib * 1024 // (element_bytes * height * width)
                if depth:
                    yield height, width, depth


def holds(shape: tuple[int, int, int], rows: int, columns: int) -> bool:
    """Whether a block holds the smallest tile: one token of rows x columns, rounded up to whole banks."""
    height, width, depth = shape
    return ceil_div(rows, height) * ceil_div(columns, width) <= depth


def partitions(variable: str) -> tuple[PartitionRule, ...]:
    """Every bank a memory of its own: dimensions 1 and 2 of the block are partitioned completely."""
    return tuple(PartitionRule(variable=variable, dim=dim) for dim in (1, 2))


def place(
    shape: tuple[int, int, int], rows: int, columns: int, row_depth: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Bank row, bank and address of each element of a tile, as index arrays of rows x columns."""
    import numpy as np

    height, width, depth = shape
    r, c = np.indices((rows, columns))
    address = r // height * row_depth + c // width
    if address.size and int(address.max()) >= depth:
        raise ValueError(f"a tile of {rows} x {columns} does not fit banks of {height} x {width} x {depth}")
    return r % height, c % width, address

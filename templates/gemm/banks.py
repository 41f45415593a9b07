"""Blocks of packed banks as numpy sees them: which exist, and where an element of a tile lies.

A block is `height` banks, each a memory of `depth` words of `width` packed elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Literal

from aigchip_tui.modules.protocol import PartitionRule

from .common import ceil_div

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Relation = Literal["fewer", "equal", "more"]

SIDES: Final = (1, 2, 4, 8, 16, 32, 64)
"""Heights of a partition in banks, widths in elements of a bank word."""

BUFFER_KIB: Final = (8, 16, 32, 64, 128, 256, 512)
"""Sizes of one copy of a buffer."""

UNWRITTEN: Final = 0xA5
"""Every byte of a block in C simulation until a module writes it; hardware shows an older tile there."""


def relation(banks: int, need: int) -> Relation:
    """Whether the banks, or the elements of a bank word, are fewer or more than the lanes that want to go to them."""
    return "fewer" if banks < need else "more" if banks > need else "equal"


def block_shapes(element_bytes: int) -> Iterator[tuple[int, int, int]]:
    """Height, width and depth of every buffer whose banks have a word at least."""
    for height in SIDES:
        for width in SIDES:
            for kib in BUFFER_KIB:
                depth = kib * 1024 // (element_bytes * height * width)
                if depth:
                    yield height, width, depth


def holds(shape: tuple[int, int, int], rows: int, columns: int) -> bool:
    """Whether a block holds the smallest tile: one token of rows x columns, rounded up to whole bank words."""
    height, width, depth = shape
    return ceil_div(rows, height) * ceil_div(columns, width) <= depth


def partitions(variable: str) -> tuple[PartitionRule, ...]:
    """Every bank a memory of its own, which keeps whole words: dimension 1 of the block is partitioned completely."""
    return (PartitionRule(variable=variable, dim=1),)


def unwritten(shape: tuple[int, ...], element: str) -> NDArray[np.signedinteger[Any]]:
    """A block of elements (by numpy name) that no module has written."""
    import numpy as np

    size = np.dtype(element).itemsize
    return np.full((*shape, size), UNWRITTEN, dtype=np.uint8).view(element)[..., 0]


def place(
    shape: tuple[int, int, int], rows: int, columns: int, row_depth: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Bank, address and lane of each element of a tile, as index arrays of rows x columns."""
    import numpy as np

    height, width, depth = shape
    r, c = np.indices((rows, columns))
    address = r // height * row_depth + c // width
    if address.size and int(address.max()) >= depth:
        raise ValueError(f"a tile of {rows} x {columns} does not fit {height} banks of {depth} words of {width}")
    return r % height, address, c % width

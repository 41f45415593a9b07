"""The template rowwise: gemm's buffers around lanes along n that share a row of A."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from aigchip_tui.model.module import Settings
from aigchip_tui.model.rules import BUILT_ARRAYS
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS
from aigchip_tui.modules.loader import base_module

from . import row_array

if TYPE_CHECKING:
    from templates.gemm import cores
    from templates.gemm.shape import Shape
else:
    cores = base_module("gemm", "cores")


class RowwiseTemplate(cores.CoreTemplate):
    """k along the lane, n across the array; several arrays share the row as well or take rows of their own."""

    name = "rowwise"
    version = "1"
    core = (row_array.SPEC,)
    lends = ("pe_lane",)
    words: ClassVar[cores.Words] = {"row_array": {"lanes": "lanes: {}", "words": "words along k in a lane: {}"}}
    narrowed: ClassVar[cores.Part] = {
        **cores.BARE,
        "lane": tuple(str(split) for split in LANE_SPLITS if split.axes == "k"),
        "array": tuple(str(split) for split in ARRAY_SPLITS if split.axes == "n"),
        "arrays": tuple(str(split) for split in BUILT_ARRAYS if split.axes in ("", "m", "n")),
    }

    def core_settings(self, shape: Shape) -> Settings:
        """Lanes of an array, and the words of a lane."""
        return {"lanes": shape.qn, "words": shape.qk}

    def inlined(self, shape: Shape) -> tuple[tuple[str, int], ...]:
        """A lane a column, a MAC a word."""
        return ("lane", shape.qn), ("mac", shape.qk)


def create(digest: str) -> RowwiseTemplate:
    """The template; `digest` is the hash of its files and of gemm's."""
    return RowwiseTemplate(digest)

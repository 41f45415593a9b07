"""The template pe_array: gemm's buffers around a single output stationary array."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from aigchip_tui.model.module import Settings
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS
from aigchip_tui.modules.loader import base_module

from . import pe, pe_array

if TYPE_CHECKING:
    from templates.gemm import cores
    from templates.gemm.shape import Shape
else:
    cores = base_module("gemm", "cores")


class PeArrayTemplate(cores.CoreTemplate):
    """m and n across a single array, k within its elements; tiles of C stay until they are finished."""

    name = "pe_array"
    version = "1"
    core = (pe.SPEC, pe_array.SPEC)
    words: ClassVar[cores.Words] = {
        "pe": {"words": "words of a step: {}"},
        "pe_array": {
            "rows": "rows of elements: {}", "columns": "columns of elements: {}", "words": "words of an element: {}",
        },
    }
    narrowed: ClassVar[cores.Part] = {
        **cores.BARE,
        "lane": tuple(str(split) for split in LANE_SPLITS if split.axes == "k"),
        "array": tuple(str(split) for split in ARRAY_SPLITS if split.k == 1),
        "arrays": ("1",),
        "reuse": ("output",),
    }

    def core_settings(self, shape: Shape) -> Settings:
        """The grid, and the words of an element."""
        return {"rows": shape.qm, "columns": shape.qn, "words": shape.qk}

    def inlined(self, shape: Shape) -> tuple[tuple[str, int], ...]:
        """An element for each output, a MAC a word."""
        return ("pe", shape.qm * shape.qn), ("mac", shape.qk)


def create(digest: str) -> PeArrayTemplate:
    """The template; `digest` is the hash of its files and of gemm's."""
    return PeArrayTemplate(digest)

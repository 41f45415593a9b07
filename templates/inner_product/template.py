"""The template inner_product: gemm's buffers around a single inner product unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from aigchip_tui.model.module import Settings
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS
from aigchip_tui.modules.loader import base_module

from . import inner_product

if TYPE_CHECKING:
    from templates.gemm import cores
    from templates.gemm.shape import Shape
else:
    cores = base_module("gemm", "cores")


class InnerProductTemplate(cores.CoreTemplate):
    """One sum at a time: every level of the array unrolls along k."""

    name = "inner_product"
    version = "1"
    core = (inner_product.SPEC,)
    words: ClassVar[cores.Words] = {"inner_product": {"words": "words of a step: {}"}}
    narrowed: ClassVar[cores.Part] = {
        **cores.BARE,
        "lane": tuple(str(split) for split in LANE_SPLITS if split.axes == "k"),
        "array": tuple(str(split) for split in ARRAY_SPLITS if split.axes == "k"),
        "arrays": ("1",),
    }

    def core_settings(self, shape: Shape) -> Settings:
        """The words of a step."""
        return {"words": shape.pk}

    def inlined(self, shape: Shape) -> tuple[tuple[str, int], ...]:
        """A MAC a word."""
        return (("mac", shape.pk),)


def create(digest: str) -> InnerProductTemplate:
    """The template; `digest` is the hash of its files and of gemm's."""
    return InnerProductTemplate(digest)

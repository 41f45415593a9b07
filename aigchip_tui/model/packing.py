"""Depthwise layers for a GEMM: several channels in one, their weights on the diagonal of B."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from aigchip_tui.model.layer import Layer

CHANNELS = (1, 2, 4, 8, 16, 32, 64)
"""Channels that may share a GEMM; 1 leaves a layer as it is."""
USUAL_CHANNELS = 16
"""Where a request does not say how many: for MobileNet-V2 and 154 to 1209 DSPs within 7 % of the best number by the
analytic model.
"""


def packed(layers: tuple[Layer, ...], channels: int) -> tuple[Layer, ...]:
    """The layers with the channels of each depthwise one in GEMMs of so many, the rest of them in a smaller one.

    A has the windows of the channels side by side, B their weights on its diagonal and zeros elsewhere.
    """
    return tuple(found for layer in layers for found in _packed(layer, channels))


def _packed(layer: Layer, channels: int) -> Iterator[Layer]:
    if layer.kind != "depthwise" or layer.n != 1:
        yield layer
        return
    whole, rest = divmod(layer.count, channels)
    if whole:
        yield msgspec.structs.replace(layer, k=layer.k * channels, n=channels, count=whole)
    if rest:
        name = f"{layer.name}_rest" if whole else layer.name
        yield msgspec.structs.replace(layer, name=name, k=layer.k * rest, n=rest, count=1)

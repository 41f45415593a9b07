"""One GEMM layer: the unit that tiles, schedules and bounds are computed for."""

from __future__ import annotations

from typing import Literal

import msgspec

LayerKind = Literal["conv", "depthwise", "fc", "gemm"]


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """C[m,n] = A[m,k] * B[k,n], done `count` times on different data.

    A holds activations (im2col on the host), B weights. `kind` says what the GEMM was in its network.
    """

    name: str
    kind: LayerKind
    m: int
    k: int
    n: int
    count: int = 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all `count` GEMMs."""
        return self.m * self.k * self.n * self.count

    @property
    def shape(self) -> tuple[int, int, int]:
        """(m, n, k), what the latency of the layer depends on."""
        return (self.m, self.n, self.k)

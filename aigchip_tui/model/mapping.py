"""How the arrays of a design lie over one layer: as their split says, or along m or n as the layer has it better.

With `arrays_map` run_time, G arrays along m are mapped to m or to n in each layer (SPACE sec. 2, interconnect); arrays
along n and k stay where the split puts them. The operand whose rows are dealt to the G arrays sends a token a step. All
of them take the same rows of the other one; G such narrow tokens, of G successive steps along k, are packed into one
that is as wide, so that banks, arbiter and memory handle tokens of one shape and a buffer holds as much in either
mapping.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aigchip_tui.model.space import Build, DesignPoint

Axis = Literal["m", "n"]


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """The arrays of a design in one layer.

    `along`: the axis that their mapping in this layer chose, empty where the split alone decides. `pm`, `pn`: rows and
    columns of a block of sums. `share_a`, `share_b`: steps along k that a token of A, of B serves.
    """

    pm: int
    pn: int
    along: Axis | Literal[""] = ""
    share_a: int = 1
    share_b: int = 1

    def steps(self, point: DesignPoint, kb: int) -> int:
        """Cycles in which the banks of A and of B deliver the tokens of a block of kb steps along k."""
        a, b = point.token_cycles
        return max(_ceil(kb, self.share_a) * a, _ceil(kb, self.share_b) * b)

    def row_elements(self, point: DesignPoint, build: Build, k: int) -> tuple[int, int]:
        """Elements of memory that a row of A and one of B take, padded to whole tokens and AXI words."""
        found = []
        for share in (self.share_a, self.share_b):
            token = max(point.pk, build.axi_elements)
            part = _ceil(_ceil(k, point.pk), share) * point.pk
            found.append(share * _ceil(part, token) * token)
        return found[0], found[1]


def mappings(point: DesignPoint) -> tuple[Mapping, ...]:
    """Every mapping of a design's arrays; ties between plans go to the first one."""
    if not point.mapped:
        return (Mapping(pm=point.pm, pn=point.pn),)
    count = point.arrays.m
    return (
        Mapping(along="m", pm=point.pm, pn=point.pn, share_b=count),
        Mapping(along="n", pm=point.qm, pn=point.wide_n, share_a=count),
    )


def _ceil(a: int, b: int) -> int:
    return -(-a // b)

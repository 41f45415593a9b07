"""What pragmas say of the operators of a region: how many, how they are made, whether sums are balanced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_CORES = {
    "add": "fadd",
    "sub": "fadd",
    "addfsub": "fadd",
    "mul": "fmul",
    "div": "fdiv",
    "sqrt": "fsqrt",
    "exp": "fexp",
    "log": "flog",
}
OPERATOR_LABELS: dict[str, str] = {
    "mul": "mul",
    "add": "add",
    "sub": "add",
    "icmp": "cmp",
    "sdiv": "div",
    "udiv": "div",
    "srem": "rem",
    "urem": "rem",
    "shl": "shift",
    "lshr": "shift",
    "ashr": "shift",
    "and": "logic",
    "or": "logic",
    "xor": "logic",
    **{f"f{name}": f"{core}32" for name, core in _CORES.items()},
    **{f"d{name}": f"{core}64" for name, core in _CORES.items()},
}
"""Operators by the names that ALLOCATION and BIND_OP give them, with the label of their nodes."""


@dataclass(frozen=True, slots=True)
class Region:
    """The limits of a function, loop or block: `limits` maps a node's label to a resource that counts its units,
    `instances` a function's name to the resources that stand for its instances.
    """

    limits: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    instances: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    balanced: bool = True


@dataclass(frozen=True, slots=True)
class Binding:
    """How BIND_OP makes an operator: implementation (`dsp`, `fabric`, `meddsp`, ...), latency in cycles (-1: usual)."""

    implementation: str
    latency: int = -1

    @property
    def suffix(self) -> str:
        """Distinguishes the label of a bound node from that of a free one."""
        return f"@{self.implementation}{self.latency if self.latency >= 0 else ''}"

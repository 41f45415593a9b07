"""Arbiters between tokens of any two widths, and of two orders: generated, proven, and what each costs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from aigchip_tui.llm.coverage import variant_case
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.modules.protocol import FitsTokens, Template
from aigchip_tui.proof.demonstrations import DemoProver

EDGES: Final = ("5:3", "3:5", "24:16", "12:16", "48:64", "64:48", "16:16@4x3", "24:16@4x6")
"""What is measured when nothing is asked: widths that do not divide each other, orders, and both."""

_EDGE: Final = re.compile(r"(\d{1,4}):(\d{1,4})(?:@(\d{1,3})x(\d{1,3}))?")


class TokenEdge(msgspec.Struct, frozen=True, kw_only=True):
    """Two widths in elements; `block` where tokens come row by row and are taken column by column."""

    lanes_in: int
    lanes_out: int
    block: tuple[int, int] | None = None

    def __str__(self) -> str:
        order = f"@{self.block[0]}x{self.block[1]}" if self.block else ""
        return f"{self.lanes_in}:{self.lanes_out}{order}"


def edge_of(text: str) -> TokenEdge:
    """The edge written as `24:16` or `24:16@4x6`; raises AigchipError for anything else."""
    found = _EDGE.fullmatch(text)
    if found is None:
        raise AigchipError(
            f"{text!r} is no pair of widths.",
            hint="Write elements that come and leave, 24:16; a block of tokens whose order changes, 24:16@4x6.",
        )
    block = (int(found[3]), int(found[4])) if found[3] else None
    return TokenEdge(lanes_in=int(found[1]), lanes_out=int(found[2]), block=block)


def bench_arbiters(
    template: Template, prover: DemoProver, edges: Sequence[TokenEdge], *, precision: str
) -> list[dict[str, Any]]:
    """A row for each module that an edge needs: its settings, its proof, and the rate rung's figures.

    Raises AigchipError for a template without arbiters of this kind, and for an edge that none fits.
    """
    if not isinstance(template, FitsTokens):
        raise AigchipError(f"The template {template.name} has no modules between tokens of two widths.")
    rows: list[dict[str, Any]] = []
    for edge in edges:
        modules = template.between(edge.lanes_in, edge.lanes_out, edge.block, precision)
        for module, settings in modules:
            if settings not in template.modules()[module].legal_settings():
                raise AigchipError(
                    f"{edge}: {module} has no {' '.join(f'{key}={value}' for key, value in settings.items())}."
                )
            answered, proved = next(prover.coverage(module, [variant_case(template.variant(module, settings))]))
            red = proved.red if proved is not None else None
            rate = next((o.evidence for o in proved.outcomes if o.rung == "rate"), "") if proved is not None else ""
            rows.append({
                "edge": str(edge), "module": module, "settings": " ".join(f"{k}={v}" for k, v in settings.items()),
                "origin": answered.origin, "cost": rate.partition(" (estimate)")[0] or "not run",
                "proof": "refused" if proved is None else f"failed: {red.rung}: {red.evidence}" if red else "passed",
            })
        if not modules:
            rows.append({
                "edge": str(edge), "module": "none", "settings": "", "origin": "", "cost": "0", "proof": "passed",
            })
    return rows

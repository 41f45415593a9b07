"""The proof ladder: its rungs, their outcome, and the evidence that each carries (DESIGN sec. 1)."""

from __future__ import annotations

from typing import Literal

import msgspec

from aigchip_tui.model.finding import Finding

Rung = Literal[
    "static", "contract", "conformance", "compile", "module_sim", "sanitizers", "rate",
    "assembled_sim", "estimate", "synthesis", "cosim", "measured",
]
VARIANT_RUNGS: tuple[Rung, ...] = (
    "static", "contract", "conformance", "compile", "module_sim", "sanitizers", "rate",
)
DESIGN_RUNGS: tuple[Rung, ...] = ("assembled_sim", "estimate", "synthesis", "cosim", "measured")
FINAL_DESIGN_RUNGS: tuple[Rung, ...] = ("assembled_sim",)
"""Rungs that only designs of the front and the best climb, after the search."""
Status = Literal["passed", "failed", "not run", "waived"]


class RungOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one rung said of one variant or design.

    `evidence` is a sentence with figures (values compared, tokens counted, seeds); `log` is raw text, capped by the
    caller; `cause` names a typed failure (`compile`, `mismatch`, `deadlock`, `timeout`, `sandbox`, ...).
    """

    rung: Rung
    status: Status
    evidence: str = ""
    cause: str = ""
    findings: tuple[Finding, ...] = ()
    log: str = ""
    waived_by: str = ""
    reason: str = ""
    taken_from: str = ""
    """Session and time in which it passed, when the outcome was taken from the user's cache; empty: it ran here."""

    @property
    def told(self) -> str:
        """The evidence, and where it was gained when it was not here."""
        return f"{self.evidence} (cached: {self.taken_from})" if self.taken_from else self.evidence

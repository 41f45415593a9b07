"""Decisions: questions that wait for a human, and the answers a human gives (DESIGN sec. 1, 5, 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from aigchip_tui.model.finding import Finding
from aigchip_tui.model.limits import SessionLimits
from aigchip_tui.model.proof import Rung

Gate = Literal["never", "stuck", "interfaces", "every"]
Action = Literal["accept", "regenerate", "patch", "skip", "undo"]
NEVER_AS_IS: tuple[Rung, ...] = ("static", "compile")
"""Rungs that no human can waive: unsafe text, and text that is no program."""


class Cure(msgspec.Struct, frozen=True, kw_only=True):
    """A repair the machine proposes: a whole new body, with a title and what it costs."""

    number: int
    title: str
    cost: str
    source: str
    """Blob of the body after the repair."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A question about one variant and one kind of failure; one answer frees every design that waits for it."""

    id: str
    variant: str
    module: str
    attempt: int
    rung: Rung
    fingerprint: str
    label: str
    question: str
    findings: tuple[Finding, ...] = ()
    cures: tuple[Cure, ...] = ()
    asked: str = ""
    """UTC time of the question, for display only."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What a human asked of the engine: an answer to a decision, a control of the search, or other limits.

    `uuid` makes it exactly once. `question` is the fingerprint of the question as the human saw it: an answer to a
    superseded question is refused. `source` is the blob of a patch. A stop that is `as_is` does not drain.
    """

    uuid: str
    kind: Literal["decide", "pause", "resume", "stop", "limits"]
    by: str = ""
    decision: str = ""
    question: str = ""
    action: Action | None = None
    cure: int | None = None
    as_is: bool = False
    reason: str = ""
    hint: str = ""
    source: str = ""
    limits: SessionLimits = SessionLimits()


def fingerprint(variant: str, rung: Rung, findings: Sequence[Finding], cause: str) -> str:
    """Identity of a failure: the variant, the rung, and what was found, without line numbers or counts."""
    words = sorted({f"{f.kind}|{f.code}|{f.message}" for f in findings})
    text = "\n".join((variant, rung, cause, *words))
    return hashlib.sha256(text.encode()).hexdigest()[:12]

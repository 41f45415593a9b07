"""Answers of a human as commands: what `decide` and the screens leave in the inbox."""

from __future__ import annotations

import getpass
from typing import Any

from aigchip_tui.model.decision import Action
from aigchip_tui.model.limits import SessionLimits


def somebody() -> str:
    """The name of the user, for the record."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


def answer_payload(
    decision: str, action: Action, *, by: str, question: str = "", cure: int | None = None, as_is: bool = False,
    reason: str = "", hint: str = "", source: str = "",
) -> dict[str, Any]:
    """The payload of an answer. `question` is the fingerprint as the human saw it, `source` the blob of a patch."""
    return {
        "kind": "decide", "by": by, "decision": decision, "action": action, "cure": cure, "as_is": as_is,
        "reason": reason, "hint": hint, "source": source, "question": question,
    }


def limits_payload(limits: SessionLimits, *, by: str) -> dict[str, Any]:
    """The payload of a change of limits."""
    return {"kind": "limits", "by": by, "limits": dict(limits.given())}


def control_payload(kind: str, *, by: str, now: bool = False) -> dict[str, Any]:
    """The payload of pause, resume or stop. A stop drains first unless it is for `now`."""
    return {"kind": kind, "by": by, **({"as_is": True} if now else {})}

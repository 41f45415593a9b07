"""A call that ended without a reply: its typed cause, and whether it may have been paid for."""

from __future__ import annotations

from typing import Literal

from aigchip_tui.model.errors import AigchipError

Cause = Literal[
    "auth",
    "quota",
    "no_model",
    "no_chat",
    "bad_request",
    "too_long",
    "rate_limited",
    "server_error",
    "unreachable",
    "timeout",
    "cut_stream",
    "garbage",
    "empty",
    "cancelled",
    "cap",
    "not_recorded",
]

PERMANENT: frozenset[Cause] = frozenset({"auth", "quota", "no_model", "bad_request", "cap", "not_recorded"})
"""Causes that asking again does not cure: a person has to change something."""


class CallError(AigchipError):
    """A request that brought no reply.

    `cause` is typed. `outcome` is "none" when the server surely did no paid work and "unknown" when it
    may have: then the reservation of the call is kept. `requests` counts HTTP requests sent.
    `retry_after_s` is what the server asked for, `partial` what had arrived.
    """

    exit_code = 1

    def __init__(
        self,
        cause: Cause,
        message: str,
        *,
        hint: str = "",
        outcome: Literal["none", "unknown"] = "none",
        requests: int = 0,
        retry_after_s: float | None = None,
        partial: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.cause: Cause = cause
        self.outcome: Literal["none", "unknown"] = outcome
        self.requests = requests
        self.retry_after_s = retry_after_s
        self.partial = partial

    @property
    def permanent(self) -> bool:
        """Whether asking again cannot help."""
        return self.cause in PERMANENT

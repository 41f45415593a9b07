"""The error that a person reads: one sentence of what is wrong, where, and what to do."""

from __future__ import annotations


class AigchipError(Exception):
    """A problem told in one clear sentence; the command line prints it and exits with `exit_code`.

    `hint` says what to do next. Exit codes are those of the command-line contract: 1 ended without a valid
    result, 2 wrong use or settings, 3 something missing on this machine, 4 waits for a human.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class MissingToolError(AigchipError):
    """Something that this machine lacks (a compiler, headers, a key)."""

    exit_code = 3


class NoResultError(AigchipError):
    """The work ended without a valid result."""

    exit_code = 1

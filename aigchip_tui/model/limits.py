"""How long a search may go on and what it may cost: the settings that a person may change while it is there."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

Amount = int | float
RANGES: dict[str, tuple[Amount, Amount]] = {
    "evaluations": (1, 1_000_000), "max_calls": (0, 10**9), "max_tokens": (0, 10**12), "max_usd": (0, 1e9),
    "max_hours": (0, 1e9),
}  # fmt: skip
"""Least and most of each limit; 0 is no cap."""


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """New values of limits; None leaves a limit as it is. True when any has a new value."""

    evaluations: int | None = None
    max_calls: int | None = None
    max_tokens: int | None = None
    max_usd: float | None = None
    max_hours: float | None = None

    def given(self) -> Iterator[tuple[str, Amount]]:
        """The limits that have a new value, by name."""
        for name in RANGES:
            value = getattr(self, name)
            if value is not None:
                yield name, value

    def __bool__(self) -> bool:
        return any(True for _ in self.given())

    def then(self, later: SessionLimits) -> SessionLimits:
        """Both changes, one after the other."""
        return msgspec.structs.replace(self, **dict(later.given()))

    def words(self) -> str:
        """The flags that say the same: `--max-calls 80 --max-hours 2`."""
        return " ".join(f"{flag(name)} {value:g}" if isinstance(value, float) else f"{flag(name)} {value}"
                        for name, value in self.given())


def flag(name: str) -> str:
    """The flag of a limit."""
    return f"--{name.replace('_', '-')}"


def limit_refusal(name: str, value: Amount) -> str:
    """Why a limit cannot have a value; empty when it can."""
    least, most = RANGES[name]
    if least <= value <= most:
        return ""
    if isinstance(most, float):
        return f"{flag(name)} {value:g} is not an amount. 0 is no limit."
    return f"{flag(name)} {value} is outside {least} .. {most}."

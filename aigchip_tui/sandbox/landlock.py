"""Landlock: a process gives up access to files and networks by itself, without any privilege."""

from __future__ import annotations

from typing import Any


def restrict(config: dict[str, Any]) -> None:
    """Not reached before the tier is offered."""
    raise OSError("landlock is not offered")

"""Garbage collection while many values are made: looking for cycles among them again and again doubles the time."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Puts the search for cycles off until the block ends; for work that drops little and is bounded otherwise."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

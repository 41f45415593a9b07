"""Garbage collection while a design is read: looking for cycles costs a tenth of the time and frees nothing of use."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Puts the search for cycles off until the block ends; a walk is bounded by `Options.limit`, so memory is too."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

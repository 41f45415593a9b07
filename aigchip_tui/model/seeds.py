"""Random draws as functions of what they are for, never of a running stream (DESIGN sec. 2)."""

from __future__ import annotations

import hashlib


def draw_seed(session_seed: int, purpose: str, *parts: str | int) -> int:
    """A 48-bit seed from the session's seed, a purpose and any further parts (design number, module, attempt)."""
    text = "\x1f".join((str(session_seed), purpose, *map(str, parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")

"""Random draws that depend on names, never on a running stream: the same question always has the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Draws for one purpose and number: hash(session seed, purpose, number), then hash of that with a counter.

    Built on SHA-256 alone, so that every Python version draws the same.
    """

    def __init__(self, seed: int, purpose: str, number: int) -> None:
        self._key = f"{seed}/{purpose}/{number}/".encode()
        self._block = b""
        self._counter = 0

    def below(self, limit: int) -> int:
        """A whole number of 0 .. limit-1; the bias is below limit / 2**32."""
        if not self._block:
            self._block = hashlib.sha256(self._key + str(self._counter).encode()).digest()
            self._counter += 1
        word, self._block = self._block[:4], self._block[4:]
        return int.from_bytes(word, "big") * limit >> 32

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.below(1 << 30) < probability * (1 << 30)

    def pick(self, values: Sequence[T]) -> T:
        """One of the values."""
        return values[self.below(len(values))]

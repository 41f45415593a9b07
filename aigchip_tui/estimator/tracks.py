"""What one graph has done to one memory: stores, loads and their order."""

from __future__ import annotations

from aigchip_tui.estimator.objects import Result

Terms = tuple[tuple[tuple[int, int], ...], ...]
"""Terms of the linear form of each index."""

Constants = tuple[int, ...]
"""Constant of the linear form of each index."""

Meeting = tuple[tuple[int | None, int, int], ...]
"""Per dimension what two addresses differ by beside their constants: least and greatest value (None: unbounded), and
the step of a single symbol (0: none)."""


class Track:
    """What one graph has done to one memory so far."""

    __slots__ = ("addresses", "barrier", "free", "guarded", "loads", "log", "readers", "stores", "writers", "written")

    def __init__(self) -> None:
        self.stores: dict[Terms, dict[Constants, tuple[int, Result, tuple[int, ...]]]] = {}
        self.loads: dict[Terms, dict[Constants, Result]] = {}
        self.log: list[tuple[bool, Terms, Constants, int]] = []
        self.addresses: dict[tuple[Terms, Constants], list[int]] = {}
        self.writers: list[int] = []
        self.readers: list[int] = []
        self.barrier = -1
        self.free = False
        self.guarded = False
        self.written: dict[int, set[tuple[Terms, Constants]]] = {}

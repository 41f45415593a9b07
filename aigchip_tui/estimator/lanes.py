"""Accesses of copies of an unrolled body, and what these do at the addresses that they touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import sub

from aigchip_tui.estimator.following import UnlikeError
from aigchip_tui.estimator.objects import Result
from aigchip_tui.estimator.traced import Trace
from aigchip_tui.estimator.tracks import Constants, Stored, Visit


class Course:
    """An access of the two copies, with the addresses of those that follow, what each loads or stores there, and the
    store that it finds.
    """

    __slots__ = ("after", "found", "keys", "moves", "results", "shape", "was")

    def __init__(self, was: Visit, after: Visit, keys: list[Constants]) -> None:
        self.was, self.after, self.shape = was, after, after.shape
        self.keys = keys
        self.moves = was.constants != after.constants
        self.results: Sequence[Result] = ()
        self.found: Sequence[Stored | None] = ()

    def visit(self, place: int, node: int) -> Visit:
        """The access of one of the copies."""
        after, found = self.after, self.found[place] if self.found else None
        return Visit(
            after.write, after.memory, after.track, self.shape, self.keys[place], node, self.results[place], found
        )


def keys_of(was: Visit, after: Visit, copies: int, trace: Trace | None) -> list[Constants]:
    """The addresses of the copies that follow two."""
    if was.constants == after.constants and trace is None:
        return [after.constants] * copies
    steps = tuple(map(sub, after.constants, was.constants))
    if any(type(one) is not int for one in (*steps, *after.constants)):
        raise UnlikeError
    ways: list[Iterable[int]] = [
        range(one + step, one + step * copies + (1 if step > 0 else -1), step) if step else repeat(one, copies)
        for one, step in zip(after.constants, steps, strict=True)
    ]
    keys: list[Constants] = list(zip(*ways, strict=True))
    if trace is not None and any(type(trace.ranked(one)) is not int for key in keys for one in key):
        raise UnlikeError
    return keys


@dataclass(slots=True)
class Found:
    """What so many copies do to some addresses of one shape: loads (None: a store has overtaken them), stores, the last
    loads, and stores that die, by the copy that overwrites them.
    """

    copies: int
    stores: dict[Constants, Stored] = field(default_factory=dict)
    loads: dict[Constants, Result | None] = field(default_factory=dict)
    reads: dict[Constants, int] = field(default_factory=dict)
    dead: list[int] = field(default_factory=list)


class Lane:
    """Accesses of one shape that are at the same address in each copy, which no others of the copies touch.

    Behind them each copy's address has `stores`, `loads` and `reads`, where the accesses change these (None: they do
    not); `dead` are stores that die, by copy. `runs` is the store of the second copy where all store at one address.
    """

    __slots__ = ("courses", "dead", "loads", "reads", "runs", "stores")

    def __init__(self) -> None:
        self.courses: list[Course] = []
        self.stores: list[Stored] | None = None
        self.loads: Sequence[Result | None] | None = None
        self.reads: Sequence[int] | None = None
        self.runs: Stored | None = None
        self.dead: list[Sequence[int]] = []

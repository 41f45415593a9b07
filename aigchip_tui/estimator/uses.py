"""What all loops of a design do to one array, which decides how the tool builds an array it may build as it likes."""

from __future__ import annotations

from dataclasses import dataclass, field

from aigchip_tui.estimator.objects import Partition
from aigchip_tui.estimator.tracks import Constants, Terms

Address = tuple[int, Constants]
"""Number of the shape and constants."""

MOST_COPIES = 17
"""Ports for reading of a memory that is copied for its readers: so many reads a cycle."""


@dataclass(slots=True)
class Use:
    """Dimensions that some access indexes with what moves, and the most addresses of a bank that one body writes.

    `dealt` are the banks that the loops seen so far ask for, `banks` those that the walk before saw, `taken` those that
    the loops of this walk took it to have, and `steps` by what its addresses move from one trip to the next. `columns`:
    a loop made a memory of each of its columns.
    """

    moved: set[int] = field(default_factory=set)
    stores: int = 0
    dealt: int = 1
    banks: int = 1
    taken: set[int] = field(default_factory=set)
    steps: set[int] = field(default_factory=set)
    columns: bool = False

    def moves(self, indices: Terms) -> None:
        """An access with these terms of its indices: what it moves along."""
        for position, terms in enumerate(indices):
            if terms:
                self.moved.add(position)

    def writes(self, written: dict[int, set[Address]], banks: tuple[int, ...] | None, address: Address) -> None:
        """One store of a body, of which `written` has the addresses by bank (-1: any bank)."""
        anywhere = written.setdefault(-1, set())
        for bank in banks if banks is not None else (-1,):
            there = written.setdefault(bank, set())
            there.add(address)
            self.stores = max(self.stores, len(there) + (len(anywhere) if there is not anywhere else 0))


@dataclass(slots=True)
class Uses:
    """The use of each array by the order of its declaration; kept when the walk is repeated.

    `copied` are the arrays that the walk took to be copied for their readers.
    """

    arrays: dict[int, Use] = field(default_factory=dict)
    copied: set[int] = field(default_factory=set)

    def of(self, order: int) -> Use:
        """The use of one array."""
        found = self.arrays.get(order)
        if found is None:
            found = self.arrays[order] = Use()
        return found

    def withdraw(self, decisions: dict[int, dict[int, Partition]]) -> None:
        """Takes back what loops walked later do not bear: a split dimension that some access moves along."""
        for order, plan in decisions.items():
            use = self.of(order)
            for position in use.moved & set(plan):
                del plan[position]

    def begin_anew(self) -> None:
        """Forgets what the loops of a walk took for granted that is not finished."""
        for use in self.arrays.values():
            use.taken.clear()

    def mistaken(self, late: bool = False) -> bool:
        """Whether a loop walked later writes an array taken to be copied at several places, or asks for more banks.

        `late`: an array was dealt out whose banks an earlier loop of this walk had asked for.
        """
        wrong = any(self.of(order).stores > 1 for order in self.copied)
        self.copied.clear()
        for use in self.arrays.values():
            taken = use.taken | ({use.banks} if late or not use.taken else set())
            for banks in taken - {use.dealt}:
                wrong = wrong or any(step % one for step in use.steps for one in (banks, use.dealt) if one & (one - 1))
            use.banks = use.dealt
            use.taken.clear()
        return wrong

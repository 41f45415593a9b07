"""What all loops of a design do to one array, which decides how the tool builds an array it may build as it likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aigchip_tui.estimator.objects import Partition
from aigchip_tui.estimator.values import Lin

MOST_COPIES = 16
"""Copies that a memory of one write port and many read ports is made of: so many reads a cycle."""


@dataclass(slots=True)
class Use:
    """Dimensions that some access indexes with what moves, and the most stores that stand in one loop body."""

    moved: set[int] = field(default_factory=set)
    stores: int = 0

    def moves(self, indices: Sequence[Lin]) -> None:
        """One access: what its indices move along."""
        for position, index in enumerate(indices):
            if index.terms:
                self.moved.add(position)


@dataclass(slots=True)
class Uses:
    """The use of each array by the order of its declaration; kept when the walk is repeated."""

    arrays: dict[int, Use] = field(default_factory=dict)

    def of(self, order: int) -> Use:
        """The use of one array."""
        found = self.arrays.get(order)
        if found is None:
            found = self.arrays[order] = Use()
        return found

    def withdraw(self, decisions: dict[int, dict[int, Partition]]) -> None:
        """Takes back decisions that loops walked later do not bear: a split dimension that some access moves along,
        copies of an array that is written at several places.
        """
        for order, plan in decisions.items():
            use = self.of(order)
            refused = use.moved | ({-1} if use.stores > 1 else set())
            for position in refused & set(plan):
                del plan[position]

"""Bodies whose unrolled copies can differ by the constants of their addresses alone."""

from __future__ import annotations

from typing import NamedTuple

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.nests import counters_of
from aigchip_tui.estimator.prepared import ABOUT_LOOPS
from aigchip_tui.estimator.traverse import children_of

_OPERATORS = frozenset("+-*/")
_SUMS = frozenset("+-")


class Regular(NamedTuple):
    """What a regular body names: registers that it assigns, arrays, and registers that it reads.

    `elements` are the names of arrays whose elements it designates, in the order of the walk, each with whether it
    reads and whether it writes.
    """

    assigned: tuple[ast.Name, ...]
    arrays: tuple[ast.Name, ...]
    read: tuple[ast.Name, ...]
    elements: tuple[tuple[str, bool, bool], ...]


def regular(loop: ast.Loop) -> Regular | None:
    """The names of a body that consists of sums and products assigned to registers and elements of arrays, whose
    counter stands in indices alone and there as a multiple; None of any other body.
    """
    if "regular" not in loop.kept:
        loop.kept["regular"] = _Reader(loop).found()
    found: Regular | None = loop.kept["regular"]
    return found


class _Reader:
    def __init__(self, loop: ast.Loop) -> None:
        self.loop = loop
        self.counters = counters_of(loop)
        self.assigned: dict[str, ast.Name] = {}
        self.arrays: dict[str, ast.Name] = {}
        self.read: dict[str, ast.Name] = {}
        self.elements: list[tuple[str, bool, bool]] = []

    def found(self) -> Regular | None:
        step, body = self.loop.step, self.loop.body
        if len(self.counters) != 1 or (isinstance(step, ast.Binary) and step.operator == ","):
            return None
        if body.declares or not body.statements or any(one.kind not in ABOUT_LOOPS for one in body.pragmas):
            return None
        assigns = [one.expression for one in body.statements if isinstance(one, ast.Evaluate)]
        self.assigned = {
            one.target.name: one.target
            for one in assigns
            if isinstance(one, ast.Assign) and isinstance(one.target, ast.Name)
        }
        if len(assigns) < len(body.statements) or self.counters & set(self.assigned):
            return None
        if not all(isinstance(one, ast.Assign) and self._assigns(one) for one in assigns):
            return None
        if set(self.arrays) & {*self.assigned, *self.read}:
            return None
        return Regular(
            tuple(self.assigned.values()), tuple(self.arrays.values()), tuple(self.read.values()), tuple(self.elements)
        )

    def _assigns(self, one: ast.Assign) -> bool:
        if one.operator and one.operator not in _OPERATORS:
            return False
        if isinstance(one.target, ast.Name):
            return one.target.owner is None and self._computes(one.value)
        if not isinstance(one.target, ast.Index):
            return False
        if one.operator:
            return self._element(one.target, True, True) and self._computes(one.value)
        return self._computes(one.value) and self._element(one.target, False, True)

    def _computes(self, value: ast.Expr) -> bool:
        """Whether a value is made of numbers, registers and elements by plain operators."""
        if isinstance(value, ast.Number):
            return True
        if isinstance(value, ast.Name):
            self.read[value.name] = value
            return value.owner is None and value.name not in self.counters
        if isinstance(value, ast.Index):
            return self._element(value, True, False)
        if isinstance(value, ast.Unary):
            return value.operator == "-" and self._computes(value.operand)
        if isinstance(value, ast.Binary) and value.operator in _OPERATORS:
            return self._computes(value.left) and self._computes(value.right)
        return False

    def _element(self, element: ast.Index, reads: bool, writes: bool) -> bool:
        base: ast.Expr = element
        while isinstance(base, ast.Index):
            degree = self._degree(base.index)
            if degree is None or degree > 1:
                return False
            base = base.base
        if not isinstance(base, ast.Name) or base.owner is not None:
            return False
        self.arrays[base.name] = base
        self.elements.append((base.name, reads, writes))
        return True

    def _degree(self, index: ast.Expr) -> int | None:
        """Degree of an index in the counter; None where it is no polynomial of names that stay as they are."""
        if isinstance(index, ast.Number):
            return 0 if index.kind == "int" else None
        if isinstance(index, ast.Name):
            steady = index.owner is None and index.name not in self.assigned
            return int(index.name in self.counters) if steady else None
        if isinstance(index, ast.Unary):
            return self._degree(index.operand) if index.operator == "-" else None
        if not isinstance(index, ast.Binary):
            return None
        degrees = [self._degree(one) for one in children_of(index)]
        known = [one for one in degrees if one is not None]
        if len(known) < len(degrees):
            return None
        if index.operator in _SUMS:
            return max(known)
        if index.operator == "*":
            return sum(known)
        return None if any(known) or index.operator not in _OPERATORS else 0

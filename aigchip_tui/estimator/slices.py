"""Bits of an integer as the target of an assignment: `w(7, 0) = b`, `w.range(7, 0) = b`, `(*w)(7, 0) = b`."""

from __future__ import annotations

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.express import ExpressionWalk
from aigchip_tui.estimator.objects import Cell, Memory, Registers, Result, Struct, View
from aigchip_tui.estimator.values import Val


class SliceWalk(ExpressionWalk):
    """Assignments to bits: the integer as it was, with what is assigned in some of its bits."""

    def _sliced(self, target: ast.Expr) -> tuple[ast.Expr, tuple[ast.Expr, ...]] | None:
        """The integer and the indices of bits that a target designates."""
        if not isinstance(target, ast.Call):
            return None
        callee = target.callee
        if isinstance(callee, ast.Member):
            if callee.name in self.method_names:
                return None
            if callee.name in ("range", "bit"):
                return callee.base, target.arguments
            return (callee, target.arguments) if len(target.arguments) == 2 and self.is_field(callee) else None
        if len(target.arguments) != 2:
            return None
        if isinstance(callee, ast.Name):
            bound = self.find(callee)
            whole = isinstance(bound, Cell) and bound.kind.letter in "ix"
            return (callee, target.arguments) if whole else None
        return (callee, target.arguments) if self.is_integer(callee) else None

    def is_integer(self, callee: ast.Expr) -> bool:
        """Whether what is called is an integer behind a pointer, `(*w)(7, 0)`, or in an array, `w[i](7, 0)`."""
        if isinstance(callee, ast.Unary) and callee.operator == "*":
            callee = callee.operand
        elif not isinstance(callee, ast.Index):
            return False
        while isinstance(callee, ast.Index):
            callee = callee.base
        bound = self.find(callee) if isinstance(callee, ast.Name) else None
        held = bound.target if isinstance(bound, View) else bound
        return isinstance(held, Memory | Registers) and held.type.scalar() and held.type.kind.letter in "ix"

    def is_field(self, member: ast.Member) -> bool:
        """Whether a member is a field of a record that stands in registers."""
        if not isinstance(member.base, ast.Name | ast.Member):
            return False
        place = self.find(member.base) if isinstance(member.base, ast.Name) else self.place(member.base)
        return isinstance(place, Struct) and member.name in place.fields

    def store_bits(self, target: ast.Expr, value: Result) -> bool:
        """Writes the integer anew; bits at places that are known are wires, others are shifted there."""
        found = self._sliced(target)
        if found is None:
            return False
        whole, indices = found
        place = self.place(whole)
        old, bits = self.flat(self.load(place)), self.flat(value)
        places = [self.value(index) for index in indices]
        if any(one.const is None for one in places):
            bits = self.operate("shift", old.kind, (bits, places[-1]))
            merged = self.operate("logic", old.kind, (old, bits))
        else:
            nodes = tuple(one.node for one in (old, bits) if one.graph is self.graph and one.node >= 0)
            node = max(nodes, default=-1)
            if len(nodes) > 1:
                node = self.graph.add("concat", 0, 0.0, nodes, bits=old.kind.bits)
            merged = Val(old.kind, node, None, None, self.graph)
        self.store(place, merged)
        return True

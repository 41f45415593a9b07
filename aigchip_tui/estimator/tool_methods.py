"""Methods of the tool's own types that only say otherwise what a field, some bits or a comparison say."""

from __future__ import annotations

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.objects import Cell, Result
from aigchip_tui.estimator.slices import SliceWalk
from aigchip_tui.estimator.values import Lin, Val, integer

_REDUCTIONS = frozenset([f"{name}_reduce" for name in ("and", "or", "xor", "nand", "nor", "xnor")])


class ToolMethodWalk(SliceWalk):
    """Methods of ap_int and of the words of an AXI stream."""

    def tool_method(self, callee: ast.Member, call: ast.Call) -> Result | None:
        """What a method of the tool's types gives; None for one that is not known here."""
        name, given, base, line = callee.name, call.arguments, callee.base, call.line
        verb, _, part = name.partition("_")
        field = ast.Member(base, part, line)
        if verb == "get" and not given and self.is_field(field):
            return self.result(field)
        if verb == "set" and len(given) == 1 and self.is_field(field):
            return self.result(ast.Assign("", field, given[0], line))
        if name in _REDUCTIONS and not given:
            return self.compare("==", self.value(base), integer(0))
        if name in ("get_bit", "set_bit", "set", "clear") and given and self._holds_integer(base):
            bit = ast.Call(ast.Member(base, "bit", line), given[:1], line)
            if name == "get_bit":
                return self.call(bit)
            value = given[1] if len(given) > 1 else ast.Number(int(name != "clear"), "int")
            return self.result(ast.Assign("", bit, value, line))
        if name in ("lrotate", "rrotate", "reverse", "invert") and len(given) <= 1 and self._holds_integer(base):
            return self._moved_bits(base, name, given)
        if len(given) == 2 and self.is_field(callee):
            return self.call(ast.Call(ast.Member(callee, "range", line), given, line))
        return None

    def _moved_bits(self, base: ast.Expr, name: str, given: tuple[ast.Expr, ...]) -> Result:
        """An integer after a rotation, a reversal or an inversion of its bits; only by a variable it takes hardware."""
        value = self.value(base)
        by = self.value(given[0]) if given else integer(0)
        if by.const is None:
            left, right = (self.operate("shift", value.kind, (value, by)) for _ in range(2))
            moved = self.operate("logic", value.kind, (left, right))
        else:
            bits = self.derived(name, value, int(by.const))
            moved = Val(value.kind, value.node, None, Lin(0, ((bits, 1),)), value.graph)
        self.store(self.place(base), moved)
        return moved

    def _holds_integer(self, base: ast.Expr) -> bool:
        bound = self.find(base) if isinstance(base, ast.Name) else None
        return (isinstance(bound, Cell) and bound.kind.letter in "ix") or self.is_integer(base)

"""Arithmetic of the symbolic walk: constants fold, integers stay linear, the rest becomes operator nodes."""

from __future__ import annotations

import math

from aigchip_tui.cpp.constants import NotConstantError, apply_binary
from aigchip_tui.estimator.dividing import by_constant
from aigchip_tui.estimator.objects import fresh
from aigchip_tui.estimator.operating import OperatorWalk, one_addition
from aigchip_tui.estimator.traced import real
from aigchip_tui.estimator.tracks import Decision
from aigchip_tui.estimator.values import BOOL, DOUBLE, INT, Kind, Lin, Val, integer, merge_kind

_COMPARISONS = frozenset(["<", ">", "<=", ">=", "==", "!="])


class ArithmeticWalk(OperatorWalk):
    """Arithmetic of the symbolic walk: constants fold, integers stay linear, the rest becomes operator nodes."""

    def arithmetic(self, operator: str, left: Val, right: Val) -> Val:
        """One operator on two scalars."""
        if left.const is not None and right.const is not None:
            folded = self.fold_pair(operator, left, right)
            if folded is not None:
                return folded
        if operator in _COMPARISONS:
            return self.compare(operator, left, right)
        if operator in ("&&", "||"):
            if right.const is not None:
                return left if bool(right.const) == (operator == "&&") else integer(int(operator == "||"), BOOL)
            return self.operate("logic", BOOL, (left, right))
        kind = merge_kind(left.kind, right.kind)
        if kind.letter == "f":
            return self.floating(operator, kind, left, right)
        if kind.letter == "x":
            return self.fixed(operator, kind, left, right)
        return self.whole(operator, kind, left, right)

    def fold_pair(self, operator: str, left: Val, right: Val) -> Val | None:
        """Both constant."""
        if self.judged is not None and operator in _COMPARISONS:
            self.judged.append((operator, left, right))
        a, b = left.const, right.const
        if isinstance(a, int) and isinstance(b, int) and left.kind.letter == "i" and right.kind.letter == "i":
            try:
                value = apply_binary(operator, a, b)
            except NotConstantError:
                return None
            kind = BOOL if operator in _COMPARISONS or operator in ("&&", "||") else merge_kind(left.kind, right.kind)
            if kind is BOOL and self.seen is not None and operator in _COMPARISONS:
                self.seen.decisions.append(Decision(operator, left, right, bool(value)))
            return integer(value, kind if kind.bits >= 32 or kind is BOOL else INT)
        assert a is not None
        assert b is not None
        try:
            if operator in _COMPARISONS or operator in ("&&", "||"):
                outcome = {
                    "<": a < b,
                    ">": a > b,
                    "<=": a <= b,
                    ">=": a >= b,
                    "==": a == b,
                    "!=": a != b,
                    "&&": bool(a) and bool(b),
                    "||": bool(a) or bool(b),
                }[operator]
                return integer(int(outcome), BOOL)
            number = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else math.inf}.get(operator)
        except (OverflowError, ValueError):
            return None
        if operator in ("<<", ">>") and left.kind.letter == "x" and isinstance(b, int) and abs(b) < 1024:
            return self.convert(Val(DOUBLE, -1, a * 2.0**b if operator == "<<" else a / 2.0**b), left.kind)
        if number is None:
            return None
        return Val(merge_kind(left.kind, right.kind), -1, real(number))

    def compare(self, operator: str, left: Val, right: Val) -> Val:
        """A comparison; decided when ranges of linear forms decide it."""
        if self.judged is not None:
            self.judged.append((operator, left, right))
        verdict = self.verdict(operator, left, right)
        if verdict is not None:
            if self.seen is not None:
                self.seen.decisions.append(Decision(operator, left, right, verdict))
            return integer(int(verdict), BOOL)
        if operator in ("<", ">=") and right.const == 0 and left.kind.signed and left.kind.letter in "ix":
            # The sign is a bit of the value.
            return Val(BOOL, left.node, None, Lin(0, ((fresh(), 1),)), left.graph)
        kind = merge_kind(left.kind, right.kind)
        if kind.letter == "f":
            return self.operate("fcmp", BOOL, (self.convert(left, kind), self.convert(right, kind)))
        if self.region.limits:
            return self.operate("cmp", BOOL, (left, right))
        asked = (operator, self.identity(left), self.identity(right))
        known = self.graph.compared.get(asked)
        if known is None or None in asked:
            known = self.graph.compared[asked] = self.operate("cmp", BOOL, (left, right))
        return known

    def verdict(self, operator: str, left: Val, right: Val) -> bool | None:
        """What the ranges of two integers say of a comparison; None where they leave it open."""
        if left.lin is None or right.lin is None or left.kind.letter != "i" or right.kind.letter != "i":
            return None
        bounds = self.range_of(left.lin.plus(right.lin, -1))
        if bounds is None:
            return None
        low, high = bounds
        verdict: bool | None = None
        if operator in ("<", ">="):
            verdict = True if high < 0 else False if low >= 0 else None
            return verdict if operator == "<" or verdict is None else not verdict
        if operator in (">", "<="):
            verdict = True if low > 0 else False if high <= 0 else None
            return verdict if operator == ">" or verdict is None else not verdict
        verdict = False if low > 0 or high < 0 else True if low == high == 0 else None
        return verdict if operator == "==" or verdict is None else not verdict

    def identity(self, value: Val) -> object:
        """What makes two values of a region one: their node, constant or linear form; None if nothing does."""
        if value.node >= 0:
            return value.node
        if value.const is not None:
            return ("constant", value.const if self.trace is None else self.trace.ranked(value.const))
        lin = value.lin
        return None if lin is None else (*self.ranked((lin.constant,)), self.ranked_terms(lin.terms))

    def floating(self, operator: str, kind: Kind, left: Val, right: Val) -> Val:
        """Floating-point arithmetic; products with one and sums with zero are folded as the compiler may."""
        if left.kind is not kind:
            left = self.convert(left, kind)
        if right.kind is not kind:
            right = self.convert(right, kind)
        if operator == "*":
            if left.const == 1.0:
                return right
            if right.const == 1.0:
                return left
            return self.operate("fmul", kind, (left, right))
        if operator in ("+", "-"):
            if right.const == 0.0 or (left.const == 0.0 and operator == "+" and self.options.unsafe_math):
                return left if right.const == 0.0 else right
            return self.add_tree("fadd", kind, left, right, operator)
        if operator == "/":
            if right.const is not None and _shifts(right.const):
                return self.operate("fmul", kind, (left, right))
            return self.operate("fdiv", kind, (left, right))
        return self.operate("fmul", kind, (left, right))

    def add_tree(self, name: str, kind: Kind, left: Val, right: Val, operator: str) -> Val:
        """A floating addition (sums are re-associated only under unsafe math, by the balancer).

        Of straight code outside pipelines, reports show a tree for the sum of an unrolled loop (a hundred products in
        a twentieth of their cycles one by one) and the written order for the sum of one expression.
        """
        found = self.operate(name, kind, (left, right))
        if operator == "+" and (self.pipelined or self.unrolling) and self._may_balance(found):
            self.associative.setdefault(self.graph.number, set()).add(found.node)
        return found

    def _may_balance(self, sum_: Val) -> bool:
        """Whether a chain of sums may become a tree: not where a pragma says no or counts the adders."""
        return self.region.balanced and sum_.node not in self.graph.bound and self.graph.access[sum_.node] is None

    def _quotient(self, name: str, kind: Kind, left: Val, right: Val) -> Val:
        """A division or its rest, made for the bits that its operands need, and one for their sign."""
        signed = left.kind.signed or right.kind.signed
        bits = min(kind.bits, self.widest(left, right) + signed)
        narrow = Kind("i", bits, signed)
        operands = [Val(narrow, one.node, one.const, one.lin, one.graph, self.width(one)) for one in (left, right)]
        found = self.operate(name, narrow, (operands[0], operands[1]))
        return Val(kind, found.node, None, found.lin, found.graph, bits)

    def fixed(self, operator: str, kind: Kind, left: Val, right: Val) -> Val:
        """Fixed-point arithmetic."""
        name = {"+": "add", "-": "add", "*": "mul", "/": "div", "%": "rem"}.get(operator, "logic")
        if operator in ("+", "-") and right.const == 0:
            return left
        if operator == "/" and right.const is not None and right.const > 0 and _shifts(right.const):
            return Val(left.kind, left.node, None, None, left.graph)
        if operator == "*":
            kind = Kind(
                "x", min(256, left.kind.bits + right.kind.bits), kind.signed, left.kind.integer + right.kind.integer
            )
            for value, factor in ((left, right), (right, left)):
                scaled = self._scaled(kind, value, factor)
                if scaled is not None:
                    return scaled
        elif operator == "/":
            # The dividend is shifted by the divisor's places behind the point.
            wide = Kind("x", min(256, left.kind.bits + max(0, right.kind.bits - right.kind.integer)), kind.signed)
            found = self.operate(name, wide, (left, right))
            return Val(kind, found.node, None, None, found.graph)
        elif operator in ("<<", ">>"):
            return (
                Val(left.kind, left.node, None, None, left.graph)
                if right.const is not None
                else self.operate("shift", left.kind, (left, right))
            )
        return self.operate(name, kind, (left, right))

    def _scaled(self, kind: Kind, value: Val, factor: Val) -> Val | None:
        """A fixed-point product with a power of two, which is wiring, or with a sign: no multiplier."""
        chosen = self.graph.chosen.get(factor.node) if factor.graph is self.graph and factor.node >= 0 else None
        if chosen is not None and {chosen[1].const, chosen[2].const} == {1, -1}:
            turned = self.operate("add", value.kind, (integer(0), value))
            one, other = (value, turned) if chosen[1].const == 1 else (turned, value)
            found = self.choose(chosen[0], one, other)
            return found if isinstance(found, Val) else None
        if factor.const is None or not math.isfinite(factor.const):
            return None
        if factor.const == 0:
            return Val(kind, -1, 0.0)
        if factor.const > 0 and _shifts(factor.const):
            return Val(kind, value.node, None, None, value.graph, self.width(value))
        return None

    def whole(self, operator: str, kind: Kind, left: Val, right: Val) -> Val:
        """Integer arithmetic; linear forms stay linear, powers of two are wiring."""
        if kind.bits < 32 and operator not in ("&", "|", "^"):
            kind = Kind("i", 32, True) if operator not in ("*",) else kind
        a, b = left.lin, right.lin
        if operator in ("+", "-"):
            if right.const == 0:
                return left
            if left.const == 0 and operator == "+":
                return right
            lin = a.plus(b, 1 if operator == "+" else -1) if a is not None and b is not None else None
            if lin is not None and not lin.terms:
                return integer(lin.constant, kind)
            if lin is not None and left.node < 0 and right.node < 0:
                return Val(kind, -1, None, lin)
            wide = self.widest(left, right) + 1
            made = Kind("i", min(64, wide) if kind.bits <= 64 else kind.bits, kind.signed)
            found = self.operate("add", made, (left, right), lin=lin)
            if operator == "+" and self._may_balance(found):
                self.associative.setdefault(self.graph.number, set()).add(found.node)
            return Val(kind, found.node, None, found.lin, found.graph, min(kind.bits, wide))
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one.const, int):
                    if one.const in (0, 1):
                        return other if one.const else integer(0, kind)
                    lin = other.lin.times(one.const) if other.lin is not None else None
                    if lin is not None and other.node < 0:
                        return Val(kind, -1, None, lin)
                    if one.const & (one.const - 1) == 0 and one.const > 0:
                        return Val(kind, other.node, None, lin, other.graph)
                    if one_addition(one.const):
                        return self.operate("add", kind, (other,), lin=lin)
                    return self.operate("mul", kind, (other, one), lin=lin)
            product = max(32, min(64, self.width(left) + self.width(right))) if kind.bits <= 64 else kind.bits
            found = self.operate("mul", Kind("i", min(product, max(kind.bits, 32)), kind.signed), (left, right))
            wide = self.width(left) + self.width(right)
            return Val(merge_kind(kind, INT), found.node, None, found.lin, found.graph, wide)
        if operator in ("/", "%"):
            if isinstance(right.const, int) and right.const > 0:
                if right.const == 1:
                    return left if operator == "/" else integer(0, kind)
                if right.const & (right.const - 1) == 0:
                    return Val(
                        kind, left.node, None, Lin(0, ((self.derived(operator, left, right.const), 1),)), left.graph
                    )
                return by_constant(self, operator, kind, left, right)
            return self._quotient("div" if operator == "/" else "rem", kind, left, right)
        if operator in ("<<", ">>"):
            if isinstance(right.const, int):
                lin = None
                if operator == "<<" and left.lin is not None and 0 <= right.const < 64:
                    lin = left.lin.times(1 << right.const)
                elif operator == ">>":
                    lin = Lin(0, ((self.derived(">>", left, right.const), 1),))
                return Val(kind, left.node, None, lin, left.graph)
            return self.operate("shift", kind, (left, right))
        if operator in ("&", "|", "^"):
            if isinstance(right.const, int) and operator == "&" and right.const & (right.const + 1) == 0:
                return Val(kind, left.node, None, Lin(0, ((self.derived("&", left, right.const), 1),)), left.graph)
            return self.operate("logic", kind, (left, right))
        return self.operate("logic", kind, (left, right))

    def derived(self, operator: str, value: Val, constant: int) -> int:
        """Symbol of a function of a linear form: equal arguments give the equal symbol."""
        terms = value.lin.terms if value.lin is not None else ((fresh(), 1),)
        start = value.lin.constant if value.lin is not None else 0
        key = (operator, self.ranked_terms(terms), *self.ranked((start, constant)))
        found = self.derived_symbols.get(key)
        if found is None:
            found = self.derived_symbols[key] = fresh()
            if all(symbol in self.scalars for symbol, _ in terms):
                self.scalars.add(found)
            bounds = self.range_of(Lin(start, terms))
            if bounds is not None and bounds[0] >= 0:
                low, high = bounds
                if operator == "%":
                    self.ranges[found] = (0, min(high, constant - 1))
                elif operator == "&":
                    self.ranges[found] = (0, min(high, constant))
                elif operator == "/":
                    self.ranges[found] = (low // constant, high // constant)
                elif operator == ">>":
                    self.ranges[found] = (low >> constant, high >> constant)
        return found


def _shifts(number: float) -> bool:
    """Whether a division by a number only moves the exponent."""
    return number != 0.0 and math.frexp(number)[0] in (0.5, -0.5)

"""Operators of the symbolic walk: nodes of the graph, the widths that they are made for, conversions."""

from __future__ import annotations

import math
from operator import index

from aigchip_tui.estimator.graph import Access
from aigchip_tui.estimator.objects import Group, Result, fresh
from aigchip_tui.estimator.state import WalkState
from aigchip_tui.estimator.traced import formula, real
from aigchip_tui.estimator.values import Kind, Lin, Val, integer

_ANY_BITS = 1 << 30
"""More bits than any number has."""


class OperatorWalk(WalkState):
    """Operators of the symbolic walk: nodes of the graph, the widths that they are made for, conversions."""

    def sources(self, *values: Result) -> tuple[int, ...]:
        """Nodes of values made in the current graph; others are there from the start."""
        graph = self.graph
        if len(values) == 2:
            left, right = values
            if type(left) is Val and type(right) is Val:
                first = left.node if left.graph is graph else -1
                second = right.node if right.graph is graph else -1
                if first < 0 or second < 0 or first == second:
                    return (first,) if first >= 0 else (second,) if second >= 0 else ()
                return first, second
        found: list[int] = []
        for value in values:
            if type(value) is Val:
                if value.graph is graph and value.node >= 0 and value.node not in found:
                    found.append(value.node)
            elif type(value) is Group:
                if value.items:
                    found += [item.node for item in value.values() if item.graph is graph and item.node >= 0]
                if value.graph is graph and value.node >= 0:
                    found.append(value.node)
        return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)

    def operate(self, name: str, kind: Kind, operands: tuple[Val, ...], *, lin: Lin | None = None) -> Val:
        """A value computed by an operator node; on integers it is a new symbol unless a linear form is known."""
        if kind.letter == "f" and name[0] == "f" and len(operands) == 2 and not (self.bindings or self.region.limits):
            left, right = operands
            if left.kind is kind and right.kind is kind and not (left.need or right.need):
                bits = kind.bits
                label, cost = self.operators.labelled(name, bits)
                both = self.sources(left, right)
                node = self.graph.add(
                    label, cost.states, cost.delay, both, bits=bits, line=self.line
                )
                return Val(kind, node, None, lin, self.graph)
        return self._operate(name, kind, operands, lin)

    def summed(self, value: Val) -> Val:
        """A value as hardware has it: a sum of scalar arguments, until now a linear form, is made by additions.

        Indices of arrays stay linear; sums that are only compared are counted with the control of loops, those before
        a product are the pre-adders of its slices.
        """
        lin = value.lin
        if value.node >= 0 or lin is None or value.const is not None or not self.scalars:
            return value
        terms = lin.terms
        alone = len(terms) + bool(lin.constant) < 2
        if (alone and (not terms or _wired(terms[0][1]))) or all(symbol not in self.scalars for symbol, _ in terms):
            return value
        key = (self.graph.number, lin.constant, terms)
        node = self.sums.get(key)
        if node is None:
            operands = [self._multiple(value.kind, symbol, factor, alone) for symbol, factor in terms]
            if lin.constant:
                operands.append(integer(lin.constant, value.kind))
            found = operands[0]
            for operand in operands[1:]:
                found = self.operate("add", value.kind, (found, operand))
            node = self.sums[key] = found.node
        return Val(value.kind, node, None, lin, self.graph, value.need)

    def _multiple(self, kind: Kind, symbol: int, factor: int, alone: bool) -> Val:
        """A scalar times a constant; a sum subtracts what is negative, which `alone` takes an operator of its own."""
        plain = Val(kind, -1, None, Lin(0, ((symbol, 1),)))
        if _wired(factor if alone else abs(factor)):
            return plain
        if one_addition(factor):
            return self.operate("add", kind, (plain,))
        return self.operate("mul", kind, (plain, integer(factor, kind)))

    def _operate(self, name: str, kind: Kind, operands: tuple[Val, ...], lin: Lin | None) -> Val:
        if self.scalars and name not in ("cmp", "select", "mul"):
            operands = tuple([self.summed(one) if one.node < 0 else one for one in operands])
        bits = kind.bits if kind.letter == "f" else 0
        real = bits > 0
        for operand in operands:
            other = operand.kind
            if other.letter == "f" and (not real or other.bits > bits):
                real, bits = True, max(bits, other.bits)
        widths: tuple[int, ...] = ()
        if real and name[0] == "f":
            label, cost = self.operators.labelled(name, bits)
        elif name == "mul":
            label, bits, widths = name, kind.bits, tuple([self.width(one) for one in operands])
            cost = self.operators.simple(name, bits, *widths[:2])
        else:
            # How wide a product is decides how it is made; all else is made for the types of its operands.
            label, bits = name, max([kind.bits, *[one.kind.bits for one in operands]])
            cost = self.operators.simple(name, bits)
        how = self.bindings.get(label) if self.bindings else None
        number = self.region.limits.get(label) if self.region.limits else None
        if how is not None:
            cost = self.operators.bound(
                label,
                how,
                bits,
                widths[0] if widths else bits,
                widths[-1] if widths else bits,
            )
            label += how.suffix
        node = self.graph.add(
            label,
            cost.states,
            cost.delay,
            self.sources(*operands),
            bits=bits,
            widths=widths,
            line=self.line,
            access=None if number is None else Access(number, (0,), False),
        )
        if how is not None or (number is not None and not label[-1].isdigit()):
            self.graph.bound[node] = (cost.dsp, cost.ff, cost.lut)
        if lin is None and kind.letter == "i":
            lin = Lin(0, ((fresh(), 1),))
        return Val(kind, node, None, lin, self.graph)

    def width(self, value: Val) -> int:
        """Bits that a value needs: constants and loop counters need less than their type."""
        return index(self._bits(value))

    def widest(self, left: Val, right: Val) -> int:
        """Bits that the wider of two values needs."""
        if self.trace is None:
            return max(self._bits(left), self._bits(right))
        most: int = self.trace.decide(max, self._bits(left), self._bits(right))
        return most

    def _bits(self, value: Val) -> int:
        """As `width`, following from constants where the value does."""
        if isinstance(value.const, int):
            return _least_bits(value.const, value.const, _ANY_BITS)
        if value.lin is not None and value.kind.letter == "i" and value.node < 0:
            bounds = self.range_of(value.lin)
            if bounds is not None:
                return _least_bits(*bounds, value.kind.bits)
        return min(value.kind.bits, value.need) if value.need else value.kind.bits

    def convert(self, value: Val, kind: Kind) -> Val:
        """Conversion of a value to a kind; between number families it costs a core."""
        if value.kind is kind or value.kind == kind:
            return value
        if value.const is not None:
            number: float = value.const
            if kind.letter == "i":
                try:
                    whole = +number if isinstance(number, int) else int(number)
                except (ValueError, OverflowError):
                    whole = 0
                if kind.bits < 64 and value.kind.bits > kind.bits:
                    whole &= (1 << kind.bits) - 1
                    if kind.signed and whole >> (kind.bits - 1):
                        whole -= 1 << kind.bits
                return integer(whole, kind)
            if kind.letter == "x":
                return Val(kind, -1, _cut(number, kind.bits - kind.integer))
            return Val(kind, -1, real(number))
        left, right = value.kind.letter, kind.letter
        if left == right or {left, right} == {"i", "x"}:
            if left == "f":
                return self.operate("resize", kind, (value,)) if value.kind.bits != kind.bits else value
            lin = value.lin if right == "i" and kind.bits >= min(value.kind.bits, 16) else None
            if lin is None and right == "i":
                lin = Lin(0, ((fresh(), 1),))
            return Val(kind, value.node, None, lin, value.graph, min(kind.bits, self.width(value)))
        cost = self.operators.floating(
            "convert", max(value.kind.bits if left == "f" else 0, kind.bits if right == "f" else 0)
        )
        bits = max(value.kind.bits if left == "f" else 0, kind.bits if right == "f" else 0)
        node = self.graph.add(f"convert{bits}", cost.states, cost.delay, self.sources(value), bits=bits, line=self.line)
        return Val(kind, node, None, Lin(0, ((fresh(), 1),)) if right == "i" else None, self.graph)


@formula
def _least_bits(low: int, high: int, most: int) -> int:
    """Bits that hold all values between two, up to as many as there are."""
    return min(most, max(1, max(abs(low), abs(high)).bit_length() + (low < 0)))


@formula
def _wired(factor: int) -> bool:
    """Whether a product with a constant is the value itself, or its bits at other places."""
    return factor > 0 and factor & (factor - 1) == 0


@formula
def one_addition(factor: int) -> bool:
    """Whether a product with a constant is one addition: of two bits, or of one bit and all below another."""
    return abs(factor).bit_count() <= 2 or (abs(factor) + 1) & abs(factor) == 0


@formula
def _cut(number: float, places: int) -> float:
    """A number without the bits behind so many binary places."""
    unit = 2.0**places
    return math.floor(number * unit) / unit if math.isfinite(number * unit) else number

"""Integers divided by a constant that is no power of two, as instance tables of Vitis HLS 2020 to 2025 show it.

A quotient is a product with the reciprocal: of W and W + 2 bits, 2W + 1 wide (`mul_7ns_9ns_15`, `mul_32s_34ns_65`); of
what may be negative, the product and its upper half are negated and chosen from. A remainder is no such product but
takes a divider of its own, W + 4 states deep (`urem_7ns_6ns_5_11`, `srem_32ns_3ns_3_36`). Equal ones are made once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigchip_tui.estimator.values import Kind, Lin, Val, integer

if TYPE_CHECKING:
    from aigchip_tui.estimator.arithmetic import ArithmeticWalk


def by_constant(walk: ArithmeticWalk, operator: str, kind: Kind, left: Val, right: Val) -> Val:
    """`left / right` or `left % right` for a constant above 1 that is no power of two."""
    asked = (operator, walk.identity(left), walk.identity(right))
    known = walk.graph.compared.get(asked)
    if known is None or None in asked:
        known = (_quotient if operator == "/" else _remainder)(walk, kind, left, right)
        walk.graph.compared[asked] = known
    return known


def _quotient(walk: ArithmeticWalk, kind: Kind, left: Val, right: Val) -> Val:
    bits, signed = walk.width(left), _may_be_negative(walk, left)
    product = Kind("i", 2 * bits + 1, signed)
    reciprocal = Val(Kind("i", bits + 2, False), need=bits + 2)
    narrow = Val(Kind("i", bits, signed), left.node, left.const, left.lin, left.graph, bits)
    found = walk.operate("mul", product, (narrow, reciprocal))
    upper = Kind("i", max(1, bits - walk.width(right) + 2), signed)
    if signed:
        zero = integer(0, upper)
        turned = walk.operate("add", product, (zero, found))
        half = walk.operate("select", upper, (turned, found))
        found = walk.operate("select", upper, (walk.operate("add", upper, (zero, half)), half))
    return Val(kind, found.node, None, _form(walk, "/", left, right), found.graph, upper.bits)


def _remainder(walk: ArithmeticWalk, kind: Kind, left: Val, right: Val) -> Val:
    signed = _may_be_negative(walk, left)
    bits = walk.widest(left, right)
    narrow = Kind("i", bits, signed)
    operands = [Val(narrow, one.node, one.const, one.lin, one.graph, bits) for one in (left, right)]
    found = walk.operate("rem", narrow, (operands[0], operands[1]))
    return Val(kind, found.node, None, _form(walk, "%", left, right), found.graph, walk.width(right) + signed)


def _form(walk: ArithmeticWalk, operator: str, left: Val, right: Val) -> Lin:
    assert isinstance(right.const, int)
    return Lin(0, ((walk.derived(operator, left, right.const), 1),))


def _may_be_negative(walk: ArithmeticWalk, value: Val) -> bool:
    if not value.kind.signed:
        return False
    bounds = walk.range_of(value.lin) if value.lin is not None and value.node < 0 else None
    return bounds is None or bounds[0] < 0

"""Values of the symbolic walk: integers as linear forms over symbols, types as kinds with widths."""

from __future__ import annotations

from typing import NamedTuple

Symbol = int
"""A loop counter, an argument or an opaque value: numbers are identities, never names."""


class Lin:
    """A linear form `constant + sum(coefficient * symbol)`; terms are sorted, zero coefficients never stored."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int, terms: tuple[tuple[Symbol, int], ...] = ()) -> None:
        self.constant = constant
        self.terms = terms

    def plus(self, other: Lin, sign: int = 1) -> Lin:
        """Sum, or difference with `sign=-1`."""
        if not other.terms:
            return Lin(self.constant + sign * other.constant, self.terms)
        if not self.terms and sign == 1:
            return Lin(self.constant + other.constant, other.terms)
        merged = dict(self.terms)
        for symbol, coefficient in other.terms:
            total = merged.get(symbol, 0) + sign * coefficient
            if total:
                merged[symbol] = total
            else:
                merged.pop(symbol, None)
        return Lin(self.constant + sign * other.constant, tuple(sorted(merged.items())))

    def times(self, factor: int) -> Lin:
        """Product with an integer."""
        if factor == 0:
            return Lin(0)
        return Lin(self.constant * factor, tuple((symbol, coefficient * factor) for symbol, coefficient in self.terms))


class Kind(NamedTuple):
    """A scalar type: `i` integer, `f` floating point, `x` fixed point; width in bits, sign, integer bits of
    `x`.
    """

    letter: str
    bits: int
    signed: bool = True
    integer: int = 0


INT = Kind("i", 32)
BOOL = Kind("i", 1, False)
FLOAT = Kind("f", 32)
DOUBLE = Kind("f", 64)
HALF = Kind("f", 16)


class Val:
    """A value: the node that makes it (-1: known before), a constant, a linear form, its kind; `need` is how
    many bits it really uses (a sign-extended int8 needs 8), 0 for all of its kind."""

    __slots__ = ("const", "graph", "kind", "lin", "need", "node")

    def __init__(
        self,
        kind: Kind,
        node: int = -1,
        const: float | None = None,
        lin: Lin | None = None,
        graph: object = None,
        need: int = 0,
    ) -> None:
        self.need = need
        self.kind = kind
        self.node = node
        self.const = const
        self.lin = lin
        self.graph = graph


class Blank(Val):
    """What a register holds before anything was written to it."""

    __slots__ = ()


def integer(value: int, kind: Kind = INT) -> Val:
    """A known integer."""
    return Val(kind, -1, value, Lin(value))


def merge_kind(left: Kind, right: Kind) -> Kind:
    """Kind of an arithmetic operation on two kinds, as C++ and ap_types promote."""
    if left is right or left == right:
        return left
    if left.letter == "f" or right.letter == "f":
        bits = max(kind.bits for kind in (left, right) if kind.letter == "f")
        return Kind("f", bits)
    if left.letter == "x" or right.letter == "x":
        whole = max(
            left.integer if left.letter == "x" else left.bits, right.integer if right.letter == "x" else right.bits
        )
        part = max(kind.bits - kind.integer if kind.letter == "x" else 0 for kind in (left, right))
        return Kind("x", whole + part, left.signed or right.signed, whole)
    return left if left.bits >= right.bits else right

"""What of two copies of an unrolled body that were walked tells of those that follow: nodes and values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Result
from aigchip_tui.estimator.values import Lin, Val


class UnlikeError(Exception):
    """Later copies cannot be told from the two that were walked."""


class UnknownError(UnlikeError):
    """What follows two nodes is not looked up yet."""


class Span(NamedTuple):
    """Two copies that were walked one after the other: the first node of each, how many nodes each has."""

    first: int
    second: int
    size: int

    def nodes(self, node: int, copies: int) -> range:
        """What stands in the place of a node of the second copy in those that follow."""
        return range(node + self.size, node + self.size * copies + 1, self.size)


def alike(value: Result, other: Result, graph: Graph) -> bool:
    """Whether two values are of one kind and both made by nodes of a graph, or both the same constant."""
    return (
        isinstance(value, Val)
        and isinstance(other, Val)
        and type(value) is type(other)
        and ((value.lin is None and other.lin is None) or (type(value.const) is int and type(other.const) is int))
        and value.kind == other.kind
        and value.const == other.const
        and value.need == other.need
        and (value.node < 0) is (other.node < 0)
        and (value.node < 0 or value.graph is graph)
    )


def while_alike(results: Sequence[Result | None], like: Result, graph: Graph) -> int:
    """How many results in front are of one kind with another."""
    for place, one in enumerate(results):
        if one is None or not alike(one, like, graph):
            return place
    return len(results)


def moved(
    was: Val | None, after: Val | None, span: Span, graph: Graph, linear: bool
) -> Callable[[Val, int], Val] | None:
    """How what a register holds behind two copies moves on with them; None where it holds the same behind all.

    `linear`: an integer known before is a polynomial of the counter.
    """
    if was is after:
        return None
    if was is None or after is None:
        raise UnlikeError
    one, two = was.lin, after.lin
    if linear and one is not None and two is not None and was.node < 0 and after.node < 0:
        if was.kind != after.kind or after.kind.letter != "i" or after.kind.bits < 32 or was.need != after.need:
            raise UnlikeError
        if one.terms != two.terms or type(one.constant) is not int or type(two.constant) is not int:
            raise UnlikeError
        step = two.constant - one.constant
        return partial(_counted, step) if step else None
    if not alike(was, after, graph):
        raise UnlikeError
    if after.node < 0 or (was.node == after.node and was.node < span.first):
        return None
    if was.node < span.first or after.node - was.node != span.size:
        raise UnlikeError
    return lambda value, copies: Val(value.kind, value.node + span.size * copies, None, None, graph, value.need)


def _counted(step: int, value: Val, copies: int) -> Val:
    assert value.lin is not None
    constant = value.lin.constant + step * copies
    const = constant if value.const is not None else None
    return Val(value.kind, -1, const, Lin(constant, value.lin.terms), value.graph, value.need)

"""Conditions: which of two results holds."""

from __future__ import annotations

from aigchip_tui.estimator.arithmetic import ArithmeticWalk
from aigchip_tui.estimator.objects import Group, Result, fresh
from aigchip_tui.estimator.values import BOOL, Lin, Val, merge_kind


class ConditionWalk(ArithmeticWalk):
    """Conditions: which of two results holds."""

    def choose(self, condition: Val, yes: Result, no: Result) -> Result:
        """A multiplexer of two results."""
        self.seen = None
        if isinstance(yes, Group) or isinstance(no, Group):
            shape = yes.type if isinstance(yes, Group) else no.type  # type: ignore[union-attr]  # one side is a group
            node = self.graph.add(
                "select",
                1,
                self.operators.simple("select", shape.total_bits).delay,
                self.sources(condition, yes, no),
                bits=shape.total_bits,
            )
            return Group(shape, node, self.graph)
        if yes is no:
            return yes
        if yes.const is not None and yes.const == no.const:
            return yes
        kind = merge_kind(yes.kind, no.kind)
        yes, no = self.convert(yes, kind), self.convert(no, kind)
        condition, yes, no = self._unnested(condition, yes, no)
        cost = self.operators.simple("select", kind.bits)
        node = self.graph.add("select", 1, cost.delay, self.sources(condition, yes, no), bits=kind.bits, line=self.line)
        self.graph.chosen[node] = condition, yes, no
        lin = Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None
        if lin is not None and yes.lin is not None and no.lin is not None:
            first, second = self.range_of(yes.lin), self.range_of(no.lin)
            if first is not None and second is not None:
                self.ranges[lin.terms[0][0]] = (min(first[0], second[0]), max(first[1], second[1]))
        return Val(kind, node, None, lin, self.graph)

    def _unnested(self, condition: Val, yes: Val, no: Val) -> tuple[Val, Val, Val]:
        """A choice within a choice of the same value is one choice, by both conditions at once."""
        for inner, other in ((no, yes), (yes, no)):
            known = self.graph.chosen.get(inner.node) if inner.graph is self.graph and other.node >= 0 else None
            if known is None or condition.node < 0 or known[0].node < 0:
                continue
            rest = known[2] if known[1] is other else known[1] if known[2] is other else None
            if rest is None:
                continue
            return self.operate("logic", BOOL, (condition, known[0])), other, rest
        return condition, yes, no

"""The copies of the body of a pipelined loop that UNROLL asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aigchip_tui.estimator.deciding import DecidingWalk
from aigchip_tui.estimator.outcomes import Header, Level
from aigchip_tui.estimator.repeating import Repeater
from aigchip_tui.estimator.traverse import accumulates
from aigchip_tui.estimator.values import Val


class CopyWalk(DecidingWalk):
    """The copies of the body of a pipelined loop that UNROLL asks for."""

    def copies(self, nest: Sequence[Level], symbol: int) -> None:
        """The copies of the innermost body, with the exit that the last, partial trip of an unrolled one takes.

        Where a flattened nest hands out a running sum there, reports show an interval of two additions for the copies
        before the exit, the first copy's and that of the others' tree, and of one more for every copy after it.
        """
        loop, header, factor = nest[-1].loop, nest[-1].header, nest[-1].factor
        handed = len(nest) > 1 and accumulates(loop)
        leaves_at = self._partial_copies(header, factor)
        region = self.region
        self.exit_mark = 0
        self.leaving = leaves_at > 0
        ends = {factor, leaves_at, int(handed and leaves_at > 0)}
        repeater: Repeater | None = None
        copy = 0
        while copy < factor:
            if not copy or copy in ends:
                repeater = Repeater.of(self, loop, min(one for one in ends if one > copy) - copy)
            if copy and copy == leaves_at:
                self.exit_mark = len(self.graph)
            if copy and leaves_at and (copy == leaves_at or (handed and copy == 1)):
                self._may_leave()
            if handed and copy and copy == leaves_at:
                self.region = replace(region, balanced=False)
            if header is not None:
                self._set_counter(header, symbol, factor, copy)
            if repeater is not None:
                repeater.begin()
            self.block(loop.body)
            self._step_effects(loop)
            if loop.kind != "for" and loop.step is None and loop.condition is not None:
                self.value(loop.condition)
            copy += 1
            if repeater is not None:
                copy += repeater.more(min((one for one in ends if one >= copy), default=copy) - copy)
        self.region = region

    @staticmethod
    def _partial_copies(header: Header | None, factor: int) -> int:
        """Copies of an unrolled body that the last, partial trip runs; 0 when the factor divides the trip count."""
        if header is None or header.high is None or header.low != header.high or header.high < factor:
            return 0
        return header.high % factor

    def _may_leave(self) -> None:
        """The exit of the last, partial trip: what it hands out is computed before the copies after it.

        Chains of additions are not rebalanced across it.
        """
        graph, values = self.graph, self.layer.values

        def seal(value: Val) -> Val:
            node = graph.add("phi", 0, 0.0, (value.node,), bits=graph.bits[value.node])
            return Val(value.kind, node, value.const, value.lin, graph, value.need)

        for number, value in list(values.items()):
            if value.graph is graph and value.node >= 0 and graph.operation[value.node] != "phi":
                values[number] = seal(value)
        for track in self.tracks_of(graph).values():
            for group in track.stores.values():
                for key, (node, stored, guard) in group.items():
                    if isinstance(stored, Val) and stored.graph is graph and stored.node >= 0:
                        group[key] = (node, seal(stored), guard)

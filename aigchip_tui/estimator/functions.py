"""Functions: state machines, pipelined as a whole, or dataflow regions."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.calling import CallWalk
from aigchip_tui.estimator.dataflow import DataflowWalk
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import (
    Binding,
    Result,
    Struct,
)
from aigchip_tui.estimator.outcomes import (
    Body,
    CannotUnrollError,
    FunctionOutcome,
    add_ranges,
)
from aigchip_tui.estimator.regions import Region
from aigchip_tui.estimator.resources import Usage
from aigchip_tui.estimator.schedule import schedule
from aigchip_tui.estimator.values import Val, integer


class FunctionWalk(CallWalk, DataflowWalk):
    """Functions: state machines, pipelined as a whole, or dataflow regions."""

    def run_function(
        self, function: ast.Function, arguments: Sequence[Binding | Val | Result], owner: Struct | None = None
    ) -> tuple[FunctionOutcome, Result]:
        """Estimates one function in a fresh state machine; the layer and graph are already its own."""
        assert function.body is not None
        self.body, self.usage, self.slowest = Body(), Usage(), 0.0
        self.guard, self.nest, self.local_symbols = (), (), frozenset()
        self.returned, self.function_name, self.pipelined = [], function.name, False
        self.free, self.frames, self.distances, self.made = set(), [], {}, {}
        self.space, self.source_function, self.source_file = function.space, function.name, function.file
        if function.broken:
            self.unread(f"line {function.broken}: the text of '{function.name}' does not parse there")
        self.scopes = [*self.scopes[:1], self._bind_parameters(function, arguments, owner)]
        self._prepare_function(function)
        pragmas = self._function_pragmas(function)
        self.region = Region()
        self.region = self.region_within(pragmas)
        self.function_body = function.body
        self.merges_function = any(pragma.kind == "LOOP_MERGE" for pragma in pragmas)
        name = function.name
        if any(pragma.kind == "DATAFLOW" for pragma in pragmas):
            outcome = self._dataflow(function, pragmas)
            return outcome, integer(0)
        asked = [pragma for pragma in pragmas if pragma.kind == "PIPELINE"]
        pipeline = [pragma for pragma in asked if not pragma.has("off")]
        # The loops of a function with PIPELINE off are not pipelined unasked either, as reports of it show.
        self.refused_pipelines = int(bool(asked) and not pipeline)
        if pipeline:
            values, known = dict(self.layer.values), set(self.used_memories)
            try:
                return self._pipelined_function(function, pipeline[0])
            except CannotUnrollError:
                self.note(f"function '{name}' is not pipelined: a loop in it has no constant trip count")
                # What the attempt made is forgotten: the function is read anew as a state machine.
                self.pipelined, self.guard, self.returned = False, (), []
                self.body, self.usage, self.graph = Body(), Usage(), Graph()
                self.layer.graph, self.layer.values = self.graph, values
                for number in set(self.used_memories) - known:
                    del self.used_memories[number]
        self.block(function.body)
        value = self._returned_value()
        value = self.summed(value) if isinstance(value, Val) else value
        latency = self.close_body()
        if (
            self.body.loop_macros == 1
            and self.body.macros == 1
            and self.body.single is not None
            and self.body.plain_nodes == 0
        ):
            latency = add_ranges(self.body.single.latency, (2 + self.body.around, 2 + self.body.around))
        else:
            latency = add_ranges(latency, (-1, -1))
        what = f"function '{name}'"
        low, high = (None if one is None else self.within_latency(max(0, one), pragmas, what) for one in latency)
        latency = low, high
        interval = None if high is None else high + 1
        single = self.body.single
        if single is not None and single.rewind and self.body.macros == 1 and single.trip[1] is not None:
            interval = (single.interval or 1) * single.trip[1]
        outcome = FunctionOutcome(
            name,
            function.line,
            latency,
            interval,
            self.body.loops,
            self.usage,
            self.slowest,
        )
        return outcome, value

    def _pipelined_function(self, function: ast.Function, pragma: Pragma) -> tuple[FunctionOutcome, Result]:
        assert function.body is not None
        self.pipelined = True
        self.block(function.body)
        value = self._returned_value()
        value = self.summed(value) if isinstance(value, Val) else value
        self.pipelined = False
        target = self._option(pragma, "ii") or 1
        self.balance(self.graph)
        self.decide_function(self.graph, target)
        plan = schedule(self.graph, budget=self.operators.budget, capacity=self.capacity, interval=target)
        self._account(self.graph, plan)
        depth = 1 + self.within_latency(
            max(1, plan.states) - 1, self._function_pragmas(function), f"function '{function.name}'"
        )
        outcome = FunctionOutcome(
            function.name, function.line, (depth - 1, depth - 1), plan.interval, [], self.usage, self.slowest
        )
        return outcome, value

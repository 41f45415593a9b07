"""The state machine of a function: straight pieces, rolled loops, modules that it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.bursts import widened
from aigchip_tui.estimator.fusing import fuse
from aigchip_tui.estimator.graph import Graph, Macro, Schedule
from aigchip_tui.estimator.merging import MergeWalk
from aigchip_tui.estimator.objects import (
    Layer,
    Memory,
    Result,
    View,
    fresh,
)
from aigchip_tui.estimator.outcomes import (
    Header,
    LoopOutcome,
    Range,
    add_ranges,
)
from aigchip_tui.estimator.resources import Usage, of_graph
from aigchip_tui.estimator.schedule import schedule
from aigchip_tui.estimator.tracks import decided
from aigchip_tui.estimator.values import Lin, Val, integer

_NO_OPERATIONS = frozenset(["phi", "dead", "module", "concat", "address"])
"""Nodes that do not make a piece of a state machine a module of its own."""


class MachineWalk(MergeWalk):
    """The state machine of a function: straight pieces, rolled loops, modules that it waits for."""

    def _save(self) -> tuple[object, ...]:
        return (
            self.body,
            self.usage,
            self.slowest,
            self.guard,
            self.nest,
            self.local_symbols,
            self.scopes,
            self.returned,
            self.function_name,
            self.pipelined,
            self.free,
            self.pragmas,
            self.frames,
            self.region,
            self.distances,
            self.made,
            self.around,
            self.refused_pipelines,
        )

    def _restore(self, saved: tuple[object, ...]) -> None:
        (
            self.body,
            self.usage,
            self.slowest,
            self.guard,
            self.nest,
            self.local_symbols,
            self.scopes,
            self.returned,
            self.function_name,
            self.pipelined,
            self.free,
            self.pragmas,
            self.frames,
            self.region,
            self.distances,
            self.made,
            self.around,
            self.refused_pipelines,
        ) = saved  # type: ignore[assignment]  # restored as saved

    def _close_chunk(self) -> None:
        """Schedules the straight piece so far and starts a new one; an empty piece still takes its state."""
        graph = self.graph
        if self.provisional and self.again:
            plan = Schedule(1, 1, 0)
        else:
            self.balance(graph)
            plan = schedule(graph, budget=self.operators.budget, capacity=self.capacity)
            self._account(graph, plan)
        for hidden, counted in plan.beside.items():
            self._stand_beside(graph.macro[hidden], graph.macro[counted])
        cycles, least = max(1, plan.cycles), max(1, plan.least)
        self.body.chunks.append((graph, plan))
        rows = zip(graph.operation, graph.states, strict=True)
        self.body.plain_nodes += sum([taken > 0 and name not in _NO_OPERATIONS for name, taken in rows])
        self.body.latency = add_ranges(self.body.latency, (least, cycles))
        self.body.straight += cycles
        if self.body.unknown:
            self.body.latency = (None, None)
        self.graph, self.guard = Graph(), decided(self.guard)

    def _stand_beside(self, hidden: Macro, counted: Macro) -> None:
        """Marks the loop behind a module that runs while a longer one does."""
        loops = self.body.loops
        for place, outcome in enumerate(loops):
            if (outcome.line, outcome.name) == (hidden.line, hidden.name) and not outcome.beside:
                # Copies of a loop may share what is known of it.
                loops[place] = replace(outcome, beside=f"{counted.name} (line {counted.line})")
                return

    def balance(self, graph: Graph) -> None:
        """Makes trees of the chains of additions that may be reordered, and puts sums into the slices of products."""
        chains = self.associative.get(graph.number, set())
        if not self.options.unsafe_math:
            chains = {node for node in chains if graph.operation[node] == "add"}
        graph.balance(chains)
        fuse(graph, self.operators)

    def close_body(self) -> Range:
        """Ends the state machine and gives its number of cycles."""
        self._close_chunk()
        return self.body.latency

    def _account(self, graph: Graph, plan: Schedule) -> None:
        self.usage.include(of_graph(graph, plan, self.operators, self.capacity))
        self.usage.states += plan.states
        self.slowest = max(self.slowest, plan.slowest_ns)

    def _macro(
        self, touched: Mapping[int, bool], inputs: Sequence[int], latency: Range, line: int, name: str,
        loaded: frozenset[int] = frozenset(), source: object = None,
    ) -> int:
        """A node that stands for a module; it waits for whatever touched its memories before.

        Copies of one `source` (a loop or function of the text) count as one user of a memory.

        Modules that use one memory or one AXI port run one after the other, but for memories that are `loaded` before.
        """
        used = frozenset(touched) - loaded
        masters = {self.bundles[one.bundle] for number in used
                   if isinstance(one := self.memories.get(number), Memory) and one.axi and one.bundle in self.bundles}
        sources = list(inputs)
        for number, write in touched.items():
            track = self.track(number)
            if track.barrier >= 0:
                sources.append(track.barrier)
            sources += track.writers
            if write:
                sources += track.readers
        if self.guard:
            sources += [node for node in self.guard if node >= 0]
        if not sources and isinstance(source, ast.Loop):
            latency = self._beside(touched, latency)
        node = self.graph.add("module", 2, 0.0, tuple(dict.fromkeys(sources)), bits=1, line=line)
        self.graph.macro[node] = Macro(
            latency[1] or 0,
            latency[0] or 0,
            used | masters,
            frozenset(number for number, write in touched.items() if write),
            line,
            name,
        )
        for number, write in touched.items():
            user = node if source is None else -id(source)
            self.users.setdefault(number, set()).add(user)
            if write:
                self.writers.setdefault(number, set()).add(user)
            track = self.track(number)
            if write:
                track.barrier = node
                track.forget()
                track.writers.clear()
                track.readers.clear()
            else:
                track.readers.append(node)
        self.body.macros += 1
        if latency[1] is None:
            self.body.unknown = True
        return node

    def _beside(self, touched: Mapping[int, bool], latency: Range) -> Range:
        """What is left to wait for a module once the loop in front of it has ended.

        A module that waits for nothing and uses no memory of the rolled loop in front of it runs beside that loop.
        """
        graph, used, cycles = self.body.before
        if graph is not self.graph or used & touched.keys():
            return latency
        low, high = (
            None if one is None or run is None else max(0, one - run) for one, run in zip(latency, cycles, strict=True)
        )
        return low, high

    def state_machine(self, loop: ast.Loop, header: Header | None, pragmas: Sequence[Pragma], factor: int) -> None:
        """A loop that is not pipelined: its body is a piece of the state machine, repeated."""
        self._close_chunk()
        outer_latency, outer_loops = self.body.latency, self.body.loops
        saved_nest, saved_symbols = self.nest, self.local_symbols
        trips: list[Range] = []
        gaps = self.gaps
        layer = self.layer
        self.layer = Layer(layer, self.graph, self._assigned_roots(loop), True)
        self.trip_means = []
        self.touched.append({})
        symbol, _ = self._open_counter(loop, header, factor, trips)
        if header is not None and header.high and header.high % factor:
            self.exits.add(symbol)
        average = self.trip_means[0] if self.options.average_trips else trips[0][1]
        self.nest = ((symbol, 1 << 30),)
        self.local_symbols = frozenset((symbol,))
        self.body.latency, self.body.loops = (0, 0), []
        outer_straight, self.body.straight = self.body.straight, 0
        unknown, self.body.unknown = self.body.unknown, False
        self._copies_of(loop, header, symbol, factor)
        self._close_chunk()
        iteration: Range = self.body.latency
        least, most = (
            None if one is None else self.within_latency(one, pragmas, f"loop at line {loop.line}") for one in iteration
        )
        iteration = least, most
        children = self.body.loops
        # A piece waits for the pipelined loops in it; what is left without them is its own.
        own = self.body.straight - sum(one.latency[1] or 0 for one in children if one.pipelined)
        self.body.straight = outer_straight
        inner = self.layer
        self.layer = layer
        low, high = trips[0]
        body_unknown = self.body.unknown
        self.body.unknown = unknown
        latency: Range = (
            None if low is None or iteration[0] is None else low * iteration[0],
            None if average is None or iteration[1] is None else round(average * iteration[1]),
        )
        outcome = LoopOutcome(
            loop.label or f"loop_{loop.line}",
            loop.line,
            (low, high),
            None,
            iteration[1] or 0,
            latency,
            False,
            "",
            self.function_name,
            children,
            unrolled=factor,
            unread=self.gaps > gaps,
            file=self.source_file,
            straight=max(own, 1),
        )
        self.body.latency = add_ranges(outer_latency, latency)
        self.body.before = self.graph, frozenset(self.touched.pop()), latency
        if body_unknown or latency[1] is None:
            self.body.unknown = True
        self.body.loops = [*outer_loops, outcome]
        self.nest, self.local_symbols = saved_nest, saved_symbols
        self.body.plain_nodes += 1
        for number, value in inner.values.items():
            if number in layer.values or layer.parent is not None:
                lin = Lin(0, ((fresh(), 1),)) if value.kind.letter == "i" else None
                layer.values[number] = Val(value.kind, -1, None, lin)

    def _copies_of(self, loop: ast.Loop, header: Header | None, symbol: int, factor: int) -> None:
        """The copies of an unrolled body that stays a state machine; of many equal ones three are walked.

        The exit of the last, partial trip parts the copies before it from those behind it.
        """
        exit_at = 0
        if header is not None and header.high and header.low == header.high:
            exit_at = header.high % factor
        for begin, end in ((0, exit_at), (exit_at, factor)):
            if begin and end > begin:
                self._close_chunk()
            sampled = end - begin > 3 and self.has_loops(loop.body)
            marks: list[tuple[Graph, int, Range, Usage]] = []
            for copy in range(begin, begin + 3 if sampled else end):
                if sampled:
                    marks.append((self.graph, len(self.graph), self.body.latency, self.usage.so_far()))
                if header is not None:
                    self._set_counter(header, symbol, factor, copy)
                if loop.kind != "for" and loop.step is None and loop.condition is not None:
                    self.value(loop.condition)
                self.block(loop.body)
                self._step_effects(loop)
                if sampled and self.graph is not marks[-1][0]:
                    self._close_chunk()
            if sampled:
                self._more_copies(marks, end - begin - 3)

    def _more_copies(self, marks: Sequence[tuple[Graph, int, Range, Usage]], copies: int) -> None:
        """Further copies of a body like its third one; `marks` say where each of the three began."""
        (before, begin, _, _), (graph, middle, second, spent) = marks[1:]
        if before is self.graph and graph is self.graph:
            graph.repeat(begin, middle, len(graph), copies, self.associative.get(graph.number, set()))
        else:
            third = self.body.latency
            self.body.latency = (
                _extrapolated(second[0], third[0], copies + 2),
                _extrapolated(second[1], third[1], copies + 2),
            )
        self.usage.repeat(spent, self.usage.so_far(), copies)

    def memory_copy(self, call: ast.Call, name: str) -> None:
        """`memcpy`, `memmove`, `memset`: a pipelined loop of one element a cycle."""
        if len(call.arguments) < 3:
            return
        size = self.value(call.arguments[2])
        target = self.place(call.arguments[0])
        source = self.place(call.arguments[1]) if name != "memset" else None
        places = [place.target if isinstance(place, View) else place for place in (target, source) if place is not None]
        memories = [place for place in places if isinstance(place, Memory)]
        bits = memories[0].type.bits if memories else 32
        trip = int(size.const) * 8 // bits if isinstance(size.const, int) else None
        if trip is None:
            self.note(f"the size of '{name}' at line {call.line} is not known")
        if self.pipelined and trip is not None:
            for number in range(min(trip, 4096)):
                found: Result = integer(0)
                if source is not None:
                    found = self.load(self.indexed(source, integer(number)))
                self.store(self.indexed(target, integer(number)), found)
            return
        depth = 3 if source is not None else 1
        for memory in memories:
            memory.read = memory.read or memory is not memories[0]
            memory.written = memory.written or memory is memories[0]
            if memory.axi and trip is not None:
                memory.port_bits = max(memory.port_bits, widened(memory.type.bits, trip, self.options.axi_widest))
        length = None if trip is None else trip - 1 + max(depth - 1, 1)
        touched = {memory.number: memory is memories[0] for memory in memories}
        for outer in self.touched:
            for number, write in touched.items():
                outer[number] = outer.get(number, False) or write
        outcome = LoopOutcome(
            name,
            call.line,
            (trip, trip),
            1,
            depth,
            (length, length),
            True,
            "",
            self.function_name,
            reason=" and ".join(
                ["load " + one.name for one in memories[1:]] + ["store " + one.name for one in memories[:1]]
            ),
            file=self.source_file,
        )
        self.body.loops.append(outcome)
        self._macro(touched, (), add_ranges((length, length), (2, 2)), call.line, name, source=call)
        self.body.loop_macros += 1
        self.body.single, self.body.around = outcome, 0
        self.usage.add_control(depth, 1, ((0, trip or 64),), self.operators.tool_year)


def _extrapolated(first: int | None, second: int | None, copies: int) -> int | None:
    """Cycles of many copies of a body from those of one and of two."""
    if first is None or second is None:
        return None
    return first + (copies - 1) * (second - first)

"""A pipelined loop: its body as one graph, dependences between iterations, banks, the schedule, the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.bursts import BurstWalk
from aigchip_tui.estimator.copying import CopyWalk
from aigchip_tui.estimator.graph import Graph, Schedule
from aigchip_tui.estimator.lifting import LOADED_IN
from aigchip_tui.estimator.objects import (
    Cell,
    Layer,
    Memory,
    Registers,
    Struct,
    fresh,
)
from aigchip_tui.estimator.operators import Operators
from aigchip_tui.estimator.outcomes import (
    CannotUnrollError,
    Level,
    LoopOutcome,
    Outside,
    Range,
    Row,
    add_ranges,
    product_of,
)
from aigchip_tui.estimator.reasons import longest_path, operator_words
from aigchip_tui.estimator.recalling import RecallWalk
from aigchip_tui.estimator.recalls import Comparison, Left
from aigchip_tui.estimator.resources import Usage, of_graph
from aigchip_tui.estimator.schedule import least_interval, place
from aigchip_tui.estimator.traced import formula
from aigchip_tui.estimator.tracks import Shape, Terms
from aigchip_tui.estimator.traverse import inner_loops
from aigchip_tui.estimator.twins import Twin
from aigchip_tui.estimator.values import INT, Lin, Val


class PipelineWalk(RecallWalk, CopyWalk, BurstWalk):
    """A pipelined loop: its body as one graph, dependences between iterations, banks, the schedule, the
    outcome.
    """

    def try_pipeline(
        self,
        loop: ast.Loop,
        nest: Sequence[Level],
        pragmas: Sequence[Pragma],
        target: int,
    ) -> bool:
        """Pipelines a loop (or a flattened nest); False when an inner loop cannot be unrolled."""
        asked = self.question(loop, nest, pragmas, target)
        if asked is not None and self.recalled(loop, asked):
            return True
        judged: list[Comparison] | None = [] if asked is not None else None
        self.judged, self.looked = judged, []
        saved = self._save()
        graph, layer, ranges = self.graph, self.layer, dict(self.ranges)
        variant, deltas = set(self.variant), self.deltas
        self.deltas = {}
        values = dict(layer.values)
        work = self.work
        inner_graph = Graph()
        self.graph = inner_graph
        assigned = self._assigned_roots(loop)
        self.layer = Layer(layer, inner_graph, assigned, True)
        self.pipelined = True
        self.guard = ()
        self.usage = Usage()
        self.touched.append({})
        first_new = fresh()
        gaps, begun = self.gaps, (self.declared_arrays, self.rebound)
        try:
            pairs: list[tuple[int, int]] = []
            trips: list[Range] = []
            self.trip_means = []
            for level in nest:
                pairs.append(self._open_counter(level.loop, level.header, level.factor, trips))
            self.nest = tuple(pairs)
            self.local_symbols = (
                frozenset(symbol for symbol, _ in pairs[-1:])
                if len(pairs) == 1
                else frozenset(symbol for symbol, _ in pairs)
            )
            self._around(nest, False)
            self.copies(nest, pairs[-1][0])
            self._around(nest, True)
        except CannotUnrollError:
            self.judged = None
            self.touched.pop()
            self._restore(saved)
            self.graph, self.layer, self.ranges, self.variant = graph, layer, ranges, variant
            self.meetings.clear()
            self.deltas = deltas
            layer.values = values
            self.work = work
            return False
        self.variant = set(range(first_new, fresh())).difference(symbol for symbol, _ in pairs)
        self._close_phis()
        kept = self.axi_kept(inner_graph, self.nest)
        early = self.unrolled_early(nest[-1].loop, pragmas)
        hoisted = self.hoist(inner_graph, self.nest, early)
        counted = all(one.header is not None and one.header.low == one.header.high is not None for one in nest)
        bursts = self.axi_bursts(inner_graph, self.nest, counted)
        innermost = next(inner_loops(nest[-1].loop.body), None) is None
        self.running_sums = set()
        lifted = self.carried(inner_graph, self.nest, frozenset(self.free), innermost, graph if early else None)
        outside = self.stands_outside(inner_graph, self.running_sums)
        front = {*hoisted}
        self.known_outside(inner_graph, graph, hoisted)
        trip, factor = nest[-1].header.high if nest[-1].header is not None else None, nest[-1].factor
        rows: list[Row] = []
        if len(nest) == 1 and trip:
            rows = self.rows_outside(inner_graph, -(-trip // factor), bool(trip % factor))
        before = self.in_front(hoisted)
        self.balance(inner_graph)
        self._align_banks(inner_graph)
        self.share_words(inner_graph)
        entry = self._control_delay(len(nest), pairs)
        undivided = inner_graph.states[:], inner_graph.delay[:]
        least = self.divide(inner_graph, self.nest, bool(trip and trip % factor))
        waits, deeper = self.divide_asked(inner_graph, self.local_symbols)
        as_made = inner_graph.states[:], inner_graph.delay[:]
        met = self.twins.get(id(loop))
        while True:
            capacity = self.relaxed(inner_graph, nest[-1].factor)
            twin = self._twin(loop, inner_graph, capacity, target, entry)
            bound = twin.interval.bound
            if self.splits_now and as_made != undivided and not bound.startswith("ports"):
                bound = self.bound_of(inner_graph, capacity, target, undivided)
            changed = self.decide(inner_graph, bound, capacity, target, undivided, hoisted)
            if self.again or not changed:
                break
            inner_graph.states[:], inner_graph.delay[:] = as_made
            if self.split_now():
                # As if the array had been split from the start: then this graph is met here for the first time.
                self.twins.pop(id(loop), None)
                if met is not None:
                    self.twins[id(loop)] = met
        if self.split_now():
            before = self.in_front(hoisted)
        prologue = max(kept, before, bursts, LOADED_IN if outside else 0) + lifted
        if self.provisional and self.again:
            twin.plan, twin.usage = Schedule(1, 1, twin.interval.cycles), Usage()
            self.spread(inner_graph)
        elif (spread := self.spread(inner_graph)) != twin.spread or twin.usage is None:
            # Equal graphs may ask for other banks: what has left a loop is no access of its graph.
            twin.spread = spread
            plan = twin.plan = place(inner_graph, twin.interval, self.operators.budget, capacity, entry)
            plan.states = max(plan.states + deeper, least, waits)
            twin.usage = of_graph(inner_graph, plan, self.operators, self.capacity, spread)
            twin.bound = self._explain(inner_graph, plan)
            twin.reason = longest_path(inner_graph, plan, self.object_names())
        plan = twin.plan
        self.held |= plan.held
        usage = twin.usage.so_far()
        usage.add_control(plan.states, plan.interval, pairs, self.operators.tool_year)
        touched = self.touched.pop()
        inner_layer = self.layer
        slowest = max(plan.slowest_ns, usage.chosen_ns(self.operators))
        free = self.free
        self._restore(saved)
        self.free = free
        self.graph, self.layer, self.variant, self.deltas = graph, layer, variant, deltas
        self.judged = None
        left = self._left(
            loop, nest, trips, twin, usage, touched, inner_graph, slowest, target, prologue, pragmas, outside, rows,
        )
        left.outcome.unread = self.gaps > gaps
        declared = self.declared_arrays, self.rebound
        if asked is not None and judged is not None and not left.outcome.unread and begun == declared:
            front.update(number for number, track in self.tracks_of(inner_graph).items() if track.lifted)
            self.remember(loop, asked, left, inner_layer, judged, front, plan.held, self.work - work, first_new)
        read = [value.node for value in inner_layer.values.values() if value.graph is self.graph and value.node >= 0]
        read += [value.node for value in inner_layer.needed if value.graph is self.graph]
        settled = [
            (number, value.kind) for number, value in inner_layer.values.items()
            if inner_layer.phis.get(number) is not value
        ]
        self.leave_loop(left, loop, read, settled)
        return True

    def _twin(
        self, loop: ast.Loop, graph: Graph, capacity: Mapping[int, tuple[int, int, int]], target: int, entry: float
    ) -> Twin:
        """What is known of a loop's graph and interval: all of its last copy, where an unrolled parent repeats the loop
        and the graphs are equal.
        """
        ports = tuple([(one, capacity.get(one), self.capacity.get(one)) for one in self.tracks_of(graph)])
        asked = (target, entry, ports, tuple(self.bundles.values()))
        before = self.twins.get(id(loop))
        portrait = graph.portrait() if before is not None and before.size == len(graph) else ()
        if before is not None and portrait and before.asked == asked and before.portrait == portrait:
            graph.states[:], graph.delay[:] = before.states, before.delay
            return before
        interval = least_interval(graph, self.operators.budget, capacity, target, self.operators.shortest())
        found = self.twins[id(loop)] = Twin(asked, portrait, interval, graph)
        return found

    def _around(self, nest: Sequence[Level], after: bool) -> None:
        """Statements around the inner loops of a flattened nest; they run in the first or last inner
        iteration.

        A register set before the inner loop and changed in it is a choice between that value and the last
        iteration's.
        """
        self.pinning = True
        if after and len(nest) > 1:
            self._hide_stores()
        for level in reversed(nest[1:]) if after else nest[1:]:
            for part in level.after if after else level.before:
                self.statement(part)
            if after or not level.before:
                continue
            self._hide_stores()
            roots = self._assigned_roots(level.loop)
            cells = self._cells_of(roots)
            for cell in cells:
                value = self.layer.values.get(cell.number)
                if value is None or self.layer.phis.get(cell.number) is value:
                    continue
                lin = Lin(0, ((fresh(), 1),)) if cell.kind.letter == "i" else None
                phi = Val(cell.kind, self.graph.add("phi", 0, 0.0, (), bits=cell.kind.bits), None, lin, self.graph)
                self.layer.phis[cell.number] = phi
                first = Val(INT, -1)
                chosen = self.choose(first, value, phi)
                if isinstance(chosen, Val):
                    self.layer.values[cell.number] = chosen
        self.pinning = False

    def _hide_stores(self) -> None:
        """Stores of the first inner iteration are not what later iterations load."""
        for track in self.tracks_of(self.graph).values():
            for group in track.stores.values():
                for key, (node, value, _) in group.items():
                    group[key] = (node, value, (-9,))
            track.forget(stores=False)

    def _cells_of(self, roots: frozenset[int]) -> list[Cell]:
        found: list[Cell] = []

        def visit(item: object) -> None:
            if isinstance(item, Cell):
                if item.root in roots:
                    found.append(item)
            elif isinstance(item, Registers):
                if item.root in roots:
                    for inner in item.items.values():
                        visit(inner)
            elif isinstance(item, Struct):
                for inner in item.fields.values():
                    visit(inner)

        for scope in self.scopes:
            for bound in scope.values():
                visit(bound)
        return found

    def _align_banks(self, graph: Graph) -> None:
        """Banks relative to a counter: u[i - 1], u[i] and u[i + 1] lie in three banks of a cyclic partition,
        whatever i is, when every access of the body moves with the same counters.
        """
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or memory.axi or not memory.partitions:
                continue
            counts = {
                position: min(partition.factor, max(1, memory.extents[position]))
                for position, partition in memory.partitions.items()
                if partition.style == "cyclic" and position < len(memory.extents)
            }
            aligned = set()
            for position, count in counts.items():
                kept = {
                    self.ranked_terms(tuple((one, by % count) for one, by in terms[position]))
                    for _, terms, _, _ in track.log
                }
                if count > 1 and len(kept) == 1:
                    aligned.add(position)
            if not aligned:
                continue
            shapes: dict[Terms, Shape] = {}
            for _, terms, constants, node in track.log:
                access = graph.access[node]
                if access is None:
                    continue
                shape = shapes.get(terms)
                if shape is None:
                    still = tuple([() if place in aligned else each for place, each in enumerate(terms)])
                    shape = shapes[terms] = Shape(0, still)
                banks = self.banks_of(memory, shape, constants)
                graph.access[node] = track.of_banks(access, banks)

    def _control_delay(self, depth: int, pairs: Sequence[tuple[int, int]]) -> float:
        """Delay of the loop control in front of the first memory access: a flattened nest selects its
        counters.
        """
        if depth == 1:
            return 0.0
        return _counting_ns(self.operators, pairs[-1][1])

    def _close_phis(self) -> None:
        layer, graph = self.layer, self.graph
        for number, phi in layer.phis.items():
            final = layer.values.get(number)
            if final is None or final is phi:
                self._induct(phi, 0)
                continue
            if final.lin is not None and phi.lin is not None:
                gap = final.lin.plus(phi.lin, -1)
                if not gap.terms:
                    self._induct(phi, gap.constant)
            if final.graph is graph and final.node > phi.node >= 0:
                graph.back.append((final.node, phi.node, 1, 0))

    def _induct(self, phi: Val, step: int) -> None:
        if phi.lin is not None and len(phi.lin.terms) == 1:
            symbol = phi.lin.terms[0][0]
            self.variant.discard(symbol)
            if step:
                self.deltas[symbol] = step

    def _left(
        self,
        loop: ast.Loop,
        nest: Sequence[Level],
        trips: Sequence[Range],
        twin: Twin,
        usage: Usage,
        touched: dict[int, bool],
        graph: Graph,
        slowest: float,
        target: int,
        prologue: int,
        pragmas: Sequence[Pragma],
        outside: Sequence[Outside],
        rows: Sequence[Row],
    ) -> Left:
        """What a pipelined loop is, and what it leaves to the state machine around it."""
        low: int | None = 1
        high: int | None = 1
        for a, b in trips:
            low = None if low is None or a is None else low * a
            high = None if high is None or b is None else high * b
        depth = self.within_latency(max(1, twin.plan.states), pragmas, f"loop at line {loop.line}")
        interval = twin.plan.interval
        rewind = any(pragma.kind == "PIPELINE" and pragma.has("rewind") for pragma in pragmas)

        last = max(depth - 1, interval)
        if self.exit_mark and len(nest) == 1 and len(twin.plan.start) == len(graph):
            last = max(depth - 1 - interval, self._exit_state(graph, twin.plan, self.exit_mark))

        def length(trip: float | None) -> int | None:
            if trip is None:
                return None
            return round(interval * (trip - 1) + last) if trip > 0 else 0

        average = product_of(self.trip_means) if self.options.average_trips else high
        latency: Range = (length(low), length(high if low == high else average))
        name = "_".join(level.loop.label or f"loop_{level.loop.line}" for level in nest)
        outcome = LoopOutcome(
            name,
            loop.line,
            (low, high),
            interval,
            depth,
            latency,
            True,
            twin.bound,
            self.function_name,
            flattened=len(nest),
            unrolled=nest[-1].factor,
            target=target,
            file=self.source_file,
            rewind=rewind,
            reason=twin.reason,
        )
        whole = add_ranges(latency, (2 + prologue, 2 + prologue))
        loaded = self._loaded_before(graph)
        apart = frozenset([one.memory.number for one in outside] + [one.memory.number for one in rows])
        return Left(outcome, usage, slowest, touched, whole, loaded, outside, rows, prologue, apart)

    def _loaded_before(self, graph: Graph) -> frozenset[int]:
        """Memories of which a loop uses only words that were loaded in front of it: it runs beside their users."""
        return frozenset(
            number
            for number, track in self.tracks_of(graph).items()
            if track.log and all(graph.access[node] is None and not write for write, _, _, node in track.log)
        )

    @staticmethod
    def _exit_state(graph: Graph, plan: Schedule, mark: int) -> int:
        """Cycles of the copies before `mark`, after which the last, partial trip of an unrolled loop leaves."""
        ends = (plan.start[node] + graph.states[node] for node in range(mark) if graph.states[node] > 0)
        return max(1, max(ends, default=1) - 1)

    def object_names(self) -> dict[int, str]:
        """What the accesses of a graph go to: arrays and streams by name, AXI ports by their bundle."""
        names = {number: one.name for number, one in self.memories.items()}
        return names | {number: f"AXI port {name}".rstrip() for name, number in self.bundles.items()}

    def _explain(self, graph: Graph, plan: Schedule) -> str:
        """What bounds the interval, as key:detail (memories by name)."""
        kind, _, rest = plan.bound.partition(":")
        if kind == "ports":
            number = int(rest)
            limited = next((key for key, one in self.resources.items() if one == number), None)
            if limited is not None:
                return f"operator:{limited[1]}"
            memory = self.memories.get(number)
            return f"ports:{memory.name if memory is not None else self.object_names().get(number, 'AXI port')}"
        if kind == "recurrence":
            node, _, distance = rest.partition(":")
            return f"recurrence:{distance}:{self._operator_at(graph, int(node))}"
        return kind

    def _operator_at(self, graph: Graph, node: int) -> str:
        """The operator that closes a cycle: what a select hands on is named by what it selects."""
        while graph.operation[node] in ("select", "phi", "concat") and graph.sources[node]:
            node = max(graph.sources[node], key=lambda one: graph.states[one])
        access = graph.access[node]
        memory = self.memories.get(access.memory) if access is not None else None
        name = memory.name if memory is not None else ""
        if access is not None and access.write and graph.sources[node]:
            made = max(graph.sources[node], key=lambda one: graph.states[one] * (graph.access[one] is None))
            if graph.states[made] > 1 and graph.access[made] is None:
                return f"{operator_words(graph.operation[made])} into {name}" if name else operator_words(
                    graph.operation[made]
                )
        return operator_words(graph.operation[node], name)


@formula
def _counting_ns(operators: Operators, trips: int) -> float:
    """Delay in ns of a counter up to `trips`: its comparison, the choice of what to add to, the addition."""
    bits = max(1, trips.bit_length())
    return sum([operators.simple(name, bits).delay for name in ("cmp", "select", "add")])

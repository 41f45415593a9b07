"""The symbolic walk over statements: names, declarations, branches, the state machine of a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.calling import FunctionWalk
from aigchip_tui.estimator.graph import Graph, Schedule
from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Layer,
    Memory,
    Registers,
    Result,
    Stream,
    Struct,
    Type,
    View,
    fresh,
)
from aigchip_tui.estimator.operators import Operators
from aigchip_tui.estimator.options import Options
from aigchip_tui.estimator.outcomes import (
    Body,
    Header,
    LoopOutcome,
    Range,
    add_ranges,
)
from aigchip_tui.estimator.resources import Usage, of_graph
from aigchip_tui.estimator.schedule import schedule
from aigchip_tui.estimator.traverse import (
    parts_of,
)
from aigchip_tui.estimator.types import Bindings, TypeReader
from aigchip_tui.estimator.values import Lin, Val, integer


class Walker(FunctionWalk):
    """Walks one function after another; the results of functions are kept by their arguments."""

    def __init__(
        self,
        unit: ast.Unit,
        operators: Operators,
        options: Options,
        sets: Mapping[str, int],
        directives: Sequence[Pragma],
    ) -> None:
        super().__init__()
        self.unit = unit
        self.operators = operators
        self.options = options
        self.sets = dict(sets)
        self.directives = directives
        self.graph = Graph()
        self.layer = Layer(None, self.graph)
        self.types = TypeReader(unit, self.fold)
        self.bound: Bindings = {}
        self.template_types: set[str] = set()
        self.pipelined = False
        self.function_name = ""
        self.usage = Usage()
        self.slowest = 0.0
        self.body = Body()
        self.pragmas: dict[str, list[Pragma]] = {}
        self.calls: list[str] = []
        self.returned: list[tuple[tuple[int, ...], Result]] = []
        self.variant: set[int] = set()
        self.nest: tuple[tuple[int, int], ...] = ()
        self.free: set[int] = set()
        self.globals_ready = False
        self.assigned_cache: dict[int, frozenset[str]] = {}
        self.loops_cache: dict[int, bool] = {}
        self.constants_memo: dict[str, Val] = {}
        self.all_memories: list[Memory | Stream] = []
        self.again = False
        self.refused_pipelines = 0
        self.designer_partitions = any(
            self._states_banks(function) for functions in unit.functions.values() for function in functions
        )
        self.means: dict[int, float] = {}
        self.asserted: dict[int, tuple[int | None, int | None]] = {}
        self.trip_means: list[float | None] = []
        self.used_memories: dict[int, Memory] = {}

    @staticmethod
    def _states_banks(function: ast.Function) -> bool:
        """Whether the designer states partitions or an interval: then memories stay as written."""
        if function.body is None:
            return False

        def look(statement: ast.Stmt) -> bool:
            pragmas = statement.pragmas if isinstance(statement, ast.Block | ast.Loop) else ()
            for pragma in pragmas:
                if pragma.kind in ("ARRAY_PARTITION", "ARRAY_RESHAPE"):
                    return True
                if pragma.kind == "PIPELINE" and "ii" in pragma.options:
                    return True
            return any(look(part) for part in parts_of(statement))

        return look(function.body)

    def fold(self, expression: ast.Expr) -> int | None:
        """Integer value of a constant expression in the current scope; nothing is added to the graph."""
        if isinstance(expression, ast.Number):
            return int(expression.value) if expression.kind in ("int", "bool") else None
        saved_graph, saved_guard = self.graph, self.guard
        self.graph, self.guard = Graph(), ()
        try:
            found = self.value(expression)
        finally:
            self.graph, self.guard = saved_graph, saved_guard
        return int(found.const) if isinstance(found.const, int) else None

    def constant_named(self, expression: ast.Name) -> Val | None:
        """An enumerator, a `--set` constant, a template value or a static member."""
        name = expression.name
        value = self.bound.get(name)
        if isinstance(value, int):
            return integer(value)
        if name in self.sets:
            return integer(self.sets[name])
        memo = self.constants_memo.get(name)
        if memo is not None:
            return memo
        enumerator = self.unit.enumerators.get(name)
        if enumerator is not None:
            found = self.value(enumerator) if isinstance(enumerator, ast.Expr) else integer(enumerator)
            self.constants_memo[name] = found
            return found
        if expression.scope:
            record = self.unit.records.get(expression.scope.rpartition("::")[2])
            for variable in record.fields if record is not None else ():
                if variable.name == name and variable.init is not None:
                    return self.value(variable.init)
        return None

    def resolve(self, reference: ast.TypeRef) -> Type:
        """A written type in the current scope."""
        return self.types.resolve(reference, self.bound)

    def ready_globals(self) -> None:
        """Namespace-scope variables: constants as values, arrays as memories (read-only ones as ROM)."""
        scope: dict[str, Binding | Val] = {}
        self.scopes.append(scope)
        for variable in self.unit.variables:
            kind = self.resolve(variable.type)
            constant = variable.constexpr or variable.type.constant
            if kind.scalar() and constant and variable.init is not None:
                found = self.value(variable.init)
                scope[variable.name] = self.convert(found, kind.kind) if found.const is not None else found
            elif kind.form in ("auto",) and variable.init is not None:
                scope[variable.name] = self.value(variable.init)
            else:
                place = self.declare(self._sized(kind, variable), variable.name)
                if isinstance(place, Memory):
                    place.rom = constant
                    place.line = variable.line
                scope[variable.name] = place

    def _sized(self, kind: Type, variable: ast.Variable) -> Type:
        if kind.extents and kind.extents[0] == 0 and isinstance(variable.init, ast.Braces):
            kind.extents = (len(variable.init.items), *kind.extents[1:])
        return kind

    def block(self, block: ast.Block) -> None:
        """Statements of a block in a scope of their own."""
        self.scopes.append({})
        self._prepare(block.pragmas)
        for statement in block.statements:
            self.statement(statement)
        self.scopes.pop()

    def statement(self, statement: ast.Stmt) -> None:
        """One statement."""
        self.spend(1)
        if isinstance(statement, ast.Evaluate):
            call = statement.expression
            if isinstance(call, ast.Call) and isinstance(call.callee, ast.Name) and call.callee.name == "assert":
                for argument in call.arguments:
                    self._assert(argument)
                return
            if isinstance(call, ast.Assign) and isinstance(call.target, ast.Name):
                self.multiplier = self._multiplier_of(call.target.name)
            self.result(call)
            self.multiplier = ""
        elif isinstance(statement, ast.Declaration):
            for variable in statement.variables:
                self.variable(variable)
        elif isinstance(statement, ast.Loop):
            self.loop(statement)
        elif isinstance(statement, ast.Block):
            self.block(statement)
        elif isinstance(statement, ast.If):
            self.branch(statement)
        elif isinstance(statement, ast.Return):
            if statement.value is not None:
                self.returned.append((self.guard, self.result(statement.value)))
        elif isinstance(statement, ast.Switch):
            self.switch(statement)
        elif isinstance(statement, ast.Unread):
            self.note(f"line {statement.line} is not understood: '{statement.text.split(chr(10))[0][:40]}'")

    def _multiplier_of(self, name: str) -> str:
        """Where BIND_OP puts the products assigned to a variable: `fabric`, `dsp` or nowhere in particular."""
        for pragma in self.pragmas.get(name, ()):
            if pragma.kind == "BIND_OP" and pragma.options.get("op", "").lower() == "mul":
                wanted = pragma.options.get("impl", "").lower()
                return wanted if wanted in ("fabric", "dsp") else ""
        return ""

    def variable(self, variable: ast.Variable) -> None:
        """A local declaration."""
        self.multiplier = self._multiplier_of(variable.name)
        self._variable(variable)
        self.multiplier = ""

    def _variable(self, variable: ast.Variable) -> None:
        self.line = variable.line or self.line
        kind = self._sized(self.resolve(variable.type), variable)
        scope = self.scopes[-1]
        if (
            kind.pointers or kind.reference or (kind.form == "auto" and variable.type.reference)
        ) and variable.init is not None:
            scope[variable.name] = self.place(variable.init)
            return
        if variable.type.name in ("read_lock", "write_lock"):
            scope[variable.name] = self._locked(kind, variable)
            return
        if kind.form == "auto":
            if variable.init is not None:
                scope[variable.name] = self.hold(self.result(variable.init))
            return
        if kind.scalar() and variable.init is not None and (variable.type.constant or variable.constexpr):
            found = self.value(variable.init)
            if found.const is not None:
                scope[variable.name] = self.convert(found, kind.kind)
                return
            held = self._declared(kind, variable)
            scope[variable.name] = held
            self.store(held, found)
            return
        place = self._declared(kind, variable)
        scope[variable.name] = place
        if variable.init is not None and not (variable.static and isinstance(place, Memory)):
            if isinstance(place, Memory):
                if variable.type.constant:
                    place.rom = True
                elif isinstance(variable.init, ast.Braces):
                    self._clear(place, variable.line)
            elif isinstance(place, Registers) and isinstance(variable.init, ast.Braces):
                self._fill(place, variable.init)
            elif isinstance(variable.init, ast.Braces) and not variable.init.items:
                pass
            elif not isinstance(place, Stream):
                found_result = self.result(variable.init)
                self.store(place, found_result)
        elif kind.scalar() and isinstance(place, Cell):
            self.layer.write(
                place, Val(kind.kind, -1, None, Lin(0, ((fresh(), 1),)) if kind.kind.letter == "i" else None)
            )

    def _fill(self, place: Registers, init: ast.Braces) -> None:
        items = [self.result(item) for item in init.items]
        total = 1
        for extent in place.extents:
            total *= extent
        if len(place.extents) != 1 or total > 4096:
            return
        zero: Result = integer(0, place.type.kind) if place.type.kind.letter == "i" else Val(place.type.kind, -1, 0.0)
        for number in range(total):
            value = items[number] if number < len(items) else zero
            if place.type.scalar() or not isinstance(value, Val):
                self.store(self.register_item(place, (number,)), value)

    def _clear(self, memory: Memory, line: int) -> None:
        """`int a[N] = {}` of a memory is a loop that writes every word."""
        if self.pipelined or memory.words <= 1:
            return
        words = memory.words // max(1, memory.banks)
        latency = words + 2
        self._macro({memory.number: True}, (), (latency, latency), line, "clear")
        memory.written = True

    def _locked(self, kind: Type, variable: ast.Variable) -> Binding:
        """The block that a lock gives access to: banked as its channel, whose memory it is."""
        block = self.declare(kind, variable.name, local=False)
        items = variable.init.items if isinstance(variable.init, ast.Braces) else ()
        channel = self.place(items[0]) if items else None
        asked = [*channel.banks] if isinstance(channel, Stream) else []
        for pragma in (*asked, *self.pragmas.get(variable.name, [])):
            block = self.apply_pragma(block, pragma)
        if isinstance(block, Memory):
            self.used_memories[block.number] = block
        return block

    def _declared(self, kind: Type, variable: ast.Variable) -> Binding:
        pragmas = self.pragmas.get(variable.name, [])
        if not kind.extents or kind.form in ("stream", "blocks"):
            place = self.declare(kind, variable.name)
        else:
            words = 1
            for extent in kind.extents:
                words *= max(1, extent)
            constant = variable.type.constant or variable.static
            small = words <= self.options.small_array and not constant
            place = self.declare(kind, variable.name, registers=small)
        for pragma in pragmas:
            place = self.apply_pragma(place, pragma)
        if isinstance(place, Memory):
            self.used_memories[place.number] = place
        elif isinstance(place, Stream):
            self.all_memories.append(place)
        elif isinstance(place, Struct):
            for item in place.fields.values():
                if isinstance(item, Memory):
                    self.used_memories[item.number] = item
        return place

    def branch(self, statement: ast.If) -> None:
        """`if`: decided, if-converted, or two paths of the state machine when rolled loops stand in it."""
        condition = self.value(statement.condition)
        if condition.const is not None:
            if condition.const:
                self.block(statement.yes)  # type: ignore[arg-type]  # branches are blocks
            elif statement.no is not None:
                self.block(statement.no)  # type: ignore[arg-type]  # branches are blocks
            return
        rolled = not self.pipelined and (
            self.has_loops(statement.yes) or (statement.no is not None and self.has_loops(statement.no))
        )
        node = condition.node if condition.graph is self.graph else -1
        before_guard = self.guard
        outcomes: list[tuple[dict[int, Val], Range]] = []
        if rolled:
            self._close_chunk()
        base = dict(self.layer.values)
        for sign, part in ((1, statement.yes), (2, statement.no)):
            self.layer.values = dict(base)
            self.guard = (*before_guard, node if not rolled else -1 - sign)
            known_facts = self.facts
            self.facts = known_facts + self._facts_of(statement.condition, sign == 1)
            latency: Range = (0, 0)
            if part is not None:
                if rolled:
                    outer = self.body.latency
                    self.body.latency = (0, 0)
                    self.block(part)  # type: ignore[arg-type]  # branches are blocks
                    self._close_chunk()
                    latency = self.body.latency
                    self.body.latency = outer
                else:
                    self.block(part)  # type: ignore[arg-type]  # branches are blocks
            self.facts = known_facts
            outcomes.append((self.layer.values, latency))
        self.guard = before_guard
        self._merge(condition, base, outcomes[0][0], outcomes[1][0])
        if rolled:
            (_, first), (_, second) = outcomes
            low = None if first[0] is None or second[0] is None else min(first[0], second[0])
            high = None if first[1] is None or second[1] is None else max(first[1], second[1])
            self.body.latency = add_ranges(self.body.latency, (low, high))

    def _facts_of(self, condition: ast.Expr, holds: bool) -> tuple[Lin, ...]:
        """Linear forms that are positive where a comparison holds (or does not)."""
        if not isinstance(condition, ast.Binary) or condition.operator not in ("<", ">", "<=", ">="):
            return ()
        graph, guard = self.graph, self.guard
        self.graph, self.guard = Graph(), ()
        left, right = self.value(condition.left), self.value(condition.right)
        self.graph, self.guard = graph, guard
        if left.lin is None or right.lin is None:
            return ()
        operator = condition.operator if holds else {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}[condition.operator]
        gap = left.lin.plus(right.lin, -1) if operator in (">", ">=") else right.lin.plus(left.lin, -1)
        return (gap if operator in (">", "<") else gap.plus(Lin(1)),)

    def _merge(self, condition: Val, base: dict[int, Val], yes: dict[int, Val], no: dict[int, Val]) -> None:
        merged = dict(base)
        for number in {**yes, **no}:
            a, b = yes.get(number), no.get(number)
            if a is b:
                if a is not None:
                    merged[number] = a
                continue
            if a is None or b is None:
                other = a if a is not None else b
                assert other is not None
                if other.node >= 0 and self.graph is other.graph and self.graph.operation[other.node] == "phi":
                    merged[number] = other
                    continue
                cell = Cell(other.kind, -1, number)
                self.layer.values = merged
                before = self.layer.read(cell)
                a, b = (a, before) if a is not None else (before, b)
                assert a is not None
                assert b is not None
            chosen = self.choose(condition, a, b)
            merged[number] = chosen if isinstance(chosen, Val) else a
        self.layer.values = merged

    def switch(self, statement: ast.Switch) -> None:
        """`switch` as a chain of conditions on one subject."""
        chain: ast.Stmt | None = None
        for value, statements in reversed(statement.cases):
            body = ast.Block(tuple(part for part in statements if not isinstance(part, ast.Jump)))
            if value is None:
                chain = body
            else:
                chain = ast.Block(
                    (
                        ast.If(
                            ast.Binary("==", statement.subject, value),
                            body,
                            chain if isinstance(chain, ast.Block) or chain is None else ast.Block((chain,)),
                        ),
                    )
                )
        if chain is not None:
            self.statement(chain)

    def _close_chunk(self) -> None:
        """Schedules the straight piece so far and starts a new one; an empty piece still takes its state."""
        graph = self.graph
        plan = schedule(graph, budget=self.operators.budget, capacity=self.capacity)
        cycles = max(1, plan.cycles)
        self._account(graph, plan)
        self.body.chunks.append((graph, plan))
        self.body.plain_nodes += sum(
            1
            for node, name in enumerate(graph.operation)
            if name not in ("phi", "dead", "module", "concat", "address") and graph.states[node] > 0
        )
        self.body.latency = add_ranges(self.body.latency, (cycles, cycles))
        if self.body.unknown:
            self.body.latency = (None, None)
        self.graph = Graph()

    def close_body(self) -> Range:
        """Ends the state machine and gives its number of cycles."""
        self._close_chunk()
        return self.body.latency

    def _account(self, graph: Graph, plan: Schedule) -> None:
        self.usage.include(of_graph(graph, plan, self.operators, self.associative))
        self.slowest = max(self.slowest, plan.slowest_ns)

    def _state_machine(self, loop: ast.Loop, header: Header | None, pragmas: Sequence[Pragma], factor: int) -> None:
        """A loop that is not pipelined: its body is a piece of the state machine, repeated."""
        self._close_chunk()
        outer_latency, outer_loops = self.body.latency, self.body.loops
        saved_nest, saved_symbols, saved_single = (
            self.nest,
            self.local_symbols,
            (self.body.loop_macros, self.body.macros),
        )
        trips: list[Range] = []
        layer = self.layer
        self.layer = Layer(layer, self.graph, self._assigned_roots(loop), True)
        self.trip_means = []
        symbol, _ = self._open_counter(loop, header, factor, trips)
        average = self.trip_means[0]
        self.nest = ((symbol, 1 << 30),)
        self.local_symbols = frozenset((symbol,))
        self.body.latency, self.body.loops = (0, 0), []
        unknown, self.body.unknown = self.body.unknown, False
        sampled = factor > 3 and self.has_loops(loop.body)
        marks: list[Range] = []
        for copy in range(2 if sampled else factor):
            if header is not None:
                self._set_counter(header, symbol, factor, copy)
            if loop.kind != "for" and loop.condition is not None:
                self.value(loop.condition)
            self.block(loop.body)
            self._step_effects(loop)
            if sampled:
                self._close_chunk()
                marks.append(self.body.latency)
        self._close_chunk()
        iteration: Range = self.body.latency
        if sampled:
            iteration = (
                _extrapolated(marks[0][0], marks[1][0], factor),
                _extrapolated(marks[0][1], marks[1][1], factor),
            )
        children = self.body.loops
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
        )
        self.body.latency = add_ranges(outer_latency, latency)
        if body_unknown or latency[1] is None:
            self.body.unknown = True
        self.body.loops = [*outer_loops, outcome]
        self.nest, self.local_symbols = saved_nest, saved_symbols
        self.body.plain_nodes += 1
        for number, value in inner.values.items():
            if number in layer.values or layer.parent is not None:
                lin = Lin(0, ((fresh(), 1),)) if value.kind.letter == "i" else None
                layer.values[number] = Val(value.kind, -1, None, lin)
        del saved_single

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
        length = None if trip is None else trip - 1 + max(depth - 1, 1)
        touched = {memory.number: memory is memories[0] for memory in memories}
        for outer in self.touched:
            for number, write in touched.items():
                outer[number] = outer.get(number, False) or write
        outcome = LoopOutcome(name, call.line, (trip, trip), 1, depth, (length, length), True, "", self.function_name)
        self.body.loops.append(outcome)
        self._macro(touched, (), add_ranges((length, length), (2, 2)), call.line, name)
        self.body.loop_macros += 1
        self.body.single = outcome
        self.usage.add_control(depth, ((0, trip or 64),))


def _extrapolated(first: int | None, second: int | None, copies: int) -> int | None:
    """Cycles of many copies of a body from those of one and of two."""
    if first is None or second is None:
        return None
    return first + (copies - 1) * (second - first)

"""The symbolic walk over statements, loops and functions: what is pipelined, unrolled, flattened, outlined,
shared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.express import ExpressionWalk
from aigchip_tui.estimator.graph import Graph, Macro, Schedule
from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Layer,
    Memory,
    Partition,
    Registers,
    Result,
    Stream,
    Struct,
    Type,
    View,
    fresh,
)
from aigchip_tui.estimator.operators import Operators
from aigchip_tui.estimator.options import Options, TooLargeError
from aigchip_tui.estimator.resources import Usage, of_graph
from aigchip_tui.estimator.schedule import schedule
from aigchip_tui.estimator.types import Bindings, TypeReader
from aigchip_tui.estimator.values import INT, Lin, Val, integer
from aigchip_tui.model.errors import AigchipError


class CannotUnrollError(Exception):
    """A loop under a pipelined one has no constant trip count."""


@dataclass(slots=True)
class LoopOutcome:
    """One loop as estimated: trips, interval, depth, latency in cycles (None: unknown), what bounds it, and
    why.
    """

    name: str
    line: int
    trip: tuple[int | None, int | None]
    interval: int | None
    depth: int
    latency: tuple[int | None, int | None]
    pipelined: bool
    bound: str = ""
    function: str = ""
    children: list[LoopOutcome] = field(default_factory=list)
    flattened: int = 1
    unrolled: int = 1
    target: int = 1
    reason: str = ""


@dataclass(slots=True)
class FunctionOutcome:
    """One function: latency and interval in cycles, its loops, its hardware."""

    name: str
    line: int
    latency: tuple[int | None, int | None]
    interval: int | None
    loops: list[LoopOutcome]
    usage: Usage
    slowest_ns: float
    dataflow: bool = False
    processes: list[FunctionOutcome] = field(default_factory=list)
    touched: dict[int, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Header:
    """A counted loop: its counter, first value, trip counts, step, and whether the count is exact."""

    cell: Cell
    start: Val
    low: int | None
    high: int | None
    step: int
    exact: bool
    mean: float | None = None
    bends: frozenset[int] = frozenset()


@dataclass(slots=True)
class Level:
    """A loop of a nest with the statements that stand before and after it in its parent."""

    loop: ast.Loop
    before: tuple[ast.Stmt, ...]
    after: tuple[ast.Stmt, ...]
    header: Header | None = None
    factor: int = 1


Range = tuple[int | None, int | None]


def add_ranges(a: Range, b: Range) -> Range:
    """Sum of two ranges; unknown stays unknown."""
    return (
        None if a[0] is None or b[0] is None else a[0] + b[0],
        None if a[1] is None or b[1] is None else a[1] + b[1],
    )


class Body:
    """Straight pieces and rolled loops of one state machine, in order."""

    def __init__(self) -> None:
        self.chunks: list[tuple[Graph, Schedule]] = []
        self.latency: Range = (0, 0)
        self.loops: list[LoopOutcome] = []
        self.macros = 0
        self.loop_macros = 0
        self.plain_nodes = 0
        self.unknown = False
        self.single: LoopOutcome | None = None


class Walker(ExpressionWalk):
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
        self.designer_partitions = any(
            self._states_banks(function) for functions in unit.functions.values() for function in functions
        )
        self.means: dict[int, float] = {}
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

    # --- names and constants ---------------------------------------------------------------------------------------

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

    # --- functions -------------------------------------------------------------------------------------------------

    def function_named(self, callee: ast.Name, call: ast.Call) -> ast.Function | None:
        """The definition that a call means: same name, fitting number of arguments."""
        candidates = self.unit.functions.get(callee.name)
        if not candidates:
            return None
        with_body = [one for one in candidates if one.body is not None]
        for one in with_body:
            least = sum(1 for parameter in one.parameters if parameter.init is None)
            if least <= len(call.arguments) <= len(one.parameters):
                return one
        return with_body[0] if with_body else None

    def method_of(self, callee: ast.Member) -> tuple[ast.Function, Struct] | None:
        """A method defined in the text, with the record it is called on."""
        place = self.place(callee.base) if isinstance(callee.base, ast.Name | ast.Member | ast.Index) else None
        if not isinstance(place, Struct):
            return None
        record = self.unit.records.get(place.type.record)
        function = record.methods.get(callee.name) if record is not None else None
        return (function, place) if function is not None and function.body is not None else None

    def invoke(self, function: ast.Function, callee: ast.Name, call: ast.Call, owner: Struct | None = None) -> Result:
        """A call of a function in the text: inlined, or a module of its own when it holds rolled loops."""
        if function.body is None:
            return integer(0)
        if len(self.calls) > 24 or self.calls.count(function.name) > 2:
            self.note(f"recursion of '{function.name}' at line {call.line} is not followed")
            return integer(0)
        arguments: list[Binding | Val | Result] = []
        for position, parameter in enumerate(function.parameters):
            given = call.arguments[position] if position < len(call.arguments) else parameter.init
            arguments.append(self._argument(parameter, given))
        saved_bound, saved_types = self.bound, self.template_types
        if function.templates:
            self.bound = {**self.bound, **self._deduce(function, callee, arguments)}
        pragmas = self._function_pragmas(function)
        inline = any(pragma.kind == "INLINE" and not pragma.has("off") for pragma in pragmas)
        module = (
            not self.pipelined
            and not inline
            and (self.has_loops(function.body) or any(pragma.kind in ("DATAFLOW", "PIPELINE") for pragma in pragmas))
        )
        self.calls.append(function.name)
        try:
            if module:
                return self._call_module(function, arguments, owner, call.line)
            return self._inline(function, arguments, owner)
        finally:
            self.calls.pop()
            self.bound, self.template_types = saved_bound, saved_types

    def _argument(self, parameter: ast.Variable, given: ast.Expr | None) -> Binding | Val | Result:
        if given is None:
            return integer(0)
        kind = parameter.type
        if kind.extents or kind.pointers or kind.reference:
            if isinstance(given, ast.Name | ast.Index | ast.Member | ast.Unary | ast.Binary | ast.Cast) and not (
                isinstance(given, ast.Unary) and given.operator not in ("&", "*")
            ):
                if isinstance(given, ast.Binary) and not (kind.extents or kind.pointers):
                    return self.result(given)
                if isinstance(given, ast.Name) and isinstance(self.lookup(given.name), Val):
                    return self.result(given)
                if isinstance(given, ast.Name) and self.lookup(given.name) is None:
                    return self.result(given)
                return self.place(given)
            return self.result(given)
        if isinstance(given, ast.Name):
            bound = self.lookup(given.name)
            if isinstance(bound, Stream | Memory):
                return bound
        return self.result(given)

    def _deduce(self, function: ast.Function, callee: ast.Name, arguments: Sequence[object]) -> Bindings:
        found = self.types.bind(function.templates, callee.arguments, self.bound)
        names = {name for name, _ in function.templates}
        for parameter, argument in zip(function.parameters, arguments, strict=False):
            written = parameter.type
            if isinstance(argument, Memory | Registers):
                extents = argument.extents
                for extent, size in zip(written.extents, extents, strict=False):
                    if isinstance(extent, ast.Name) and extent.name in names:
                        found.setdefault(extent.name, size)
                if written.name in names:
                    found.setdefault(written.name, argument.type)
            elif isinstance(argument, Stream):
                self._deduce_type(written, Type("stream", element=argument.type), names, found)
            elif (isinstance(argument, Val) and written.name in names) or (
                isinstance(argument, Cell) and written.name in names
            ):
                found.setdefault(written.name, Type("scalar", argument.kind))
        return found

    def _deduce_type(self, written: ast.TypeRef, actual: Type, names: set[str], found: Bindings) -> None:
        if written.name in names:
            found.setdefault(written.name, actual)
            return
        for position, argument in enumerate(written.arguments):
            if position == 0 and actual.element is not None and isinstance(argument, ast.TypeRef):
                self._deduce_type(argument, actual.element, names, found)
            elif position == 1 and actual.form == "vector":
                label = argument.name if isinstance(argument, ast.TypeRef | ast.Name) else ""
                if label in names:
                    found.setdefault(label, actual.count)

    def _bind_parameters(
        self, function: ast.Function, arguments: Sequence[Binding | Val | Result], owner: Struct | None
    ) -> dict[str, Binding | Val]:
        scope: dict[str, Binding | Val] = {}
        if owner is not None:
            scope.update(owner.fields)
        for parameter, argument in zip(function.parameters, arguments, strict=False):
            if not parameter.name:
                continue
            if isinstance(argument, Val):
                if argument.const is not None and not parameter.type.pointers:
                    kind = self.resolve(parameter.type)
                    argument = self.convert(argument, kind.kind) if kind.form == "scalar" else argument
                cell = Cell(argument.kind, fresh())
                self.layer.write(cell, argument)
                scope[parameter.name] = cell
            elif isinstance(argument, Cell | Registers | Memory | Stream | Struct | View):
                scope[parameter.name] = argument
            else:
                holder = self.declare(self.resolve(parameter.type), parameter.name)
                self.store(holder, argument)
                scope[parameter.name] = holder
        return scope

    def _inline(
        self, function: ast.Function, arguments: Sequence[Binding | Val | Result], owner: Struct | None
    ) -> Result:
        assert function.body is not None
        saved_returned, saved_scopes, saved_line = self.returned, self.scopes, self.line
        scope = self._bind_parameters(function, arguments, owner)
        self.scopes = [*self.scopes[:1], scope]
        self.returned = []
        try:
            self.block(function.body)
            return self._returned_value()
        finally:
            self.returned, self.scopes, self.line = saved_returned, saved_scopes, saved_line

    def _returned_value(self) -> Result:
        if not self.returned:
            return integer(0)
        guard, found = self.returned[-1]
        del guard
        for other_guard, other in reversed(self.returned[:-1]):
            condition = Val(INT, other_guard[-1] if other_guard else -1, None, None, self.graph)
            found = self.choose(condition, other, found)
        return found

    def _call_module(
        self, function: ast.Function, arguments: Sequence[Binding | Val | Result], owner: Struct | None, line: int
    ) -> Result:
        graph, layer = self.graph, self.layer
        inputs: list[int] = []
        for argument in arguments:
            if isinstance(argument, Val):
                inputs += self.sources(argument)
        names = set()
        for argument in arguments:
            if isinstance(argument, Cell | Registers | Struct):
                names.add(argument.root)
        inner = Layer(layer, Graph(), frozenset(names), False)
        saved = self._save()
        self.graph, self.layer = Graph(), inner
        inner.graph = self.graph
        self.touched.append({})
        try:
            outcome, value = self.run_function(function, arguments, owner)
        finally:
            touched = self.touched.pop()
            self._restore(saved)
        self.graph, self.layer = graph, layer
        for outer in self.touched:
            for number, write in touched.items():
                outer[number] = outer.get(number, False) or write
        node = self._macro(touched, inputs, outcome.latency, line, function.name)
        for number, found in inner.values.items():
            if number in self._known_cells(arguments):
                self.layer.values[number] = Val(found.kind, node, found.const, found.lin, self.graph)
        self.usage.include(outcome.usage)
        self.slowest = max(self.slowest, outcome.slowest_ns)
        self.body.loops += outcome.loops
        if outcome.latency[1] is None:
            self.body.unknown = True
        if isinstance(value, Val):
            return Val(
                value.kind, node, value.const, Lin(0, ((fresh(), 1),)) if value.kind.letter == "i" else None, self.graph
            )
        value.node, value.graph, value.items = node, self.graph, {}
        return value

    def _known_cells(self, arguments: Sequence[object]) -> set[int]:
        found: set[int] = set()

        def visit(item: object) -> None:
            if isinstance(item, Cell):
                found.add(item.number)
            elif isinstance(item, Registers):
                for inner in item.items.values():
                    visit(inner)
            elif isinstance(item, Struct):
                for inner in item.fields.values():
                    visit(inner)
            elif isinstance(item, View):
                visit(item.target)

        for argument in arguments:
            visit(argument)
        return found

    def _macro(self, touched: Mapping[int, bool], inputs: Sequence[int], latency: Range, line: int, name: str) -> int:
        """A node that stands for a module; it waits for whatever touched its memories before."""
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
        node = self.graph.add("module", 2, 0.0, tuple(dict.fromkeys(sources)), bits=1, line=line)
        self.graph.macro[node] = Macro(
            latency[1] if latency[1] is not None else 0,
            frozenset(touched),
            frozenset(number for number, write in touched.items() if write),
            line,
            name,
        )
        for number, write in touched.items():
            track = self.track(number)
            if write:
                track.barrier = node
                track.stores.clear()
                track.loads.clear()
                track.writers.clear()
                track.readers.clear()
            else:
                track.readers.append(node)
        self.body.macros += 1
        if latency[1] is None:
            self.body.unknown = True
        return node

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
        ) = saved  # type: ignore[assignment]  # restored as saved

    def run_function(
        self, function: ast.Function, arguments: Sequence[Binding | Val | Result], owner: Struct | None = None
    ) -> tuple[FunctionOutcome, Result]:
        """Estimates one function in a fresh state machine; the layer and graph are already its own."""
        assert function.body is not None
        self.body, self.usage, self.slowest = Body(), Usage(), 0.0
        self.guard, self.nest, self.local_symbols = (), (), frozenset()
        self.returned, self.function_name, self.pipelined = [], function.name, False
        self.free = set()
        self.scopes = [*self.scopes[:1], self._bind_parameters(function, arguments, owner)]
        pragmas = self._function_pragmas(function)
        name = function.name
        if any(pragma.kind == "DATAFLOW" for pragma in pragmas):
            outcome = self._dataflow(function, pragmas)
            return outcome, integer(0)
        pipeline = [pragma for pragma in pragmas if pragma.kind == "PIPELINE" and not pragma.has("off")]
        if pipeline:
            try:
                return self._pipelined_function(function, pipeline[0])
            except CannotUnrollError:
                self.note(f"function '{name}' is not pipelined: a loop in it has no constant trip count")
        self.block(function.body)
        value = self._returned_value()
        latency = self.close_body()
        if (
            self.body.loop_macros == 1
            and self.body.macros == 1
            and self.body.single is not None
            and self.body.plain_nodes == 0
        ):
            single = self.body.single.latency
            latency = add_ranges(single, (2, 2))
        else:
            latency = add_ranges(latency, (-1, -1))
        latency = (
            None if latency[0] is None else max(0, latency[0]),
            None if latency[1] is None else max(0, latency[1]),
        )
        outcome = FunctionOutcome(
            name,
            function.line,
            latency,
            None if latency[1] is None else latency[1] + 1,
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
        self.pipelined = False
        target = pragma.number("ii") or 1
        plan = schedule(self.graph, budget=self.operators.budget, capacity=self.capacity, interval=target)
        self._account(self.graph, plan)
        depth = max(1, plan.states)
        outcome = FunctionOutcome(
            function.name, function.line, (depth - 1, depth - 1), plan.interval, [], self.usage, self.slowest
        )
        return outcome, value

    def _dataflow(self, function: ast.Function, pragmas: Sequence[Pragma]) -> FunctionOutcome:
        """Concurrent processes: each call or loop is one; the slowest sets the interval, the longest path the
        latency.
        """
        assert function.body is not None
        processes: list[FunctionOutcome] = []
        usage = Usage()
        finish: dict[int, int] = {}
        unknown = False
        self._prepare(function.body.pragmas)
        total = 0
        for statement in self._dataflow_statements(function.body.statements):
            self.touched.append({})
            before = len(self.body.loops)
            outer_usage, self.usage = self.usage, Usage()
            saved_graph = self.graph
            self.graph = Graph()
            body, self.body = self.body, Body()
            self.statement(statement)
            latency = self.close_body()
            inner_body, self.body = self.body, body
            self.body.loops += inner_body.loops
            self.graph = saved_graph
            touched = self.touched.pop()
            for outer in self.touched:
                for number, write in touched.items():
                    outer[number] = outer.get(number, False) or write
            usage.include(self.usage)
            self.usage = outer_usage
            if inner_body.macros == 0 and not inner_body.loops and not touched:
                continue
            length = latency[1]
            if length is None or inner_body.unknown:
                unknown = True
                length = 0
            cost = max(1, length - 2) if inner_body.macros else max(1, length - 1)
            streams = {number for number in touched if self._is_fifo(number)}
            begin = max(
                [finish.get(number, 0) for number, write in touched.items() if number not in streams], default=0
            )
            for number, write in touched.items():
                if write and number not in streams:
                    finish[number] = begin + cost
            total = max(total, begin + cost)
            low, high = latency
            processes.append(
                FunctionOutcome(
                    self._process_name(statement),
                    self.line,
                    (None if unknown else low, None if unknown else high),
                    cost,
                    self.body.loops[before:],
                    Usage(),
                    self.slowest,
                )
            )
        interval = max((process.interval or 0) for process in processes) if processes else 0
        latency_range: Range = (None, None) if unknown else (total + 1, total + 1)
        return FunctionOutcome(
            function.name,
            function.line,
            latency_range,
            None if unknown else interval + 1,
            self.body.loops,
            usage,
            self.slowest,
            True,
            processes,
        )

    def _is_fifo(self, number: int) -> bool:
        found = self.memories.get(number)
        return isinstance(found, Stream) or (isinstance(found, Memory) and found.fifo)

    def _process_name(self, statement: ast.Stmt) -> str:
        if isinstance(statement, ast.Evaluate) and isinstance(statement.expression, ast.Call):
            callee = statement.expression.callee
            return callee.name if isinstance(callee, ast.Name | ast.Member) else "process"
        return f"loop_{statement.line}" if isinstance(statement, ast.Loop) else "process"

    def _dataflow_statements(self, statements: Sequence[ast.Stmt]) -> Iterator[ast.Stmt]:
        for statement in statements:
            if isinstance(statement, ast.Block):
                yield from self._dataflow_statements(statement.statements)
            elif isinstance(statement, ast.Loop) and any(p.kind == "UNROLL" for p in statement.pragmas):
                header = self.header(statement)
                if header is None or header.high is None:
                    yield statement
                    continue
                for step in range(header.high):
                    self.layer.write(header.cell, self._counter(header, step))
                    yield from self._dataflow_statements(statement.body.statements)
            else:
                yield statement

    def _function_pragmas(self, function: ast.Function) -> list[Pragma]:
        found = list(function.body.pragmas) if function.body is not None else []
        found += [pragma for pragma in self.directives if pragma.location == function.name]
        return found

    # --- statements ------------------------------------------------------------------------------------------------

    def block(self, block: ast.Block) -> None:
        """Statements of a block in a scope of their own."""
        self.scopes.append({})
        self._prepare(block.pragmas)
        for statement in block.statements:
            self.statement(statement)
        self.scopes.pop()

    def _prepare(self, pragmas: Sequence[Pragma]) -> None:
        """Notes the pragmas about variables and applies those whose variable already exists."""
        extra = [pragma for pragma in self.directives if pragma.location.split("/")[0] == self.function_name]
        for pragma in [*pragmas, *extra]:
            if pragma.kind in (
                "ARRAY_PARTITION",
                "ARRAY_RESHAPE",
                "STREAM",
                "BIND_STORAGE",
                "INTERFACE",
                "DEPENDENCE",
                "AGGREGATE",
            ):
                name = (pragma.options.get("variable") or pragma.options.get("port") or "").split("[")[0]
                if not name and pragma.kind == "INTERFACE":
                    continue
                self.pragmas.setdefault(name, []).append(pragma)
                bound = self.lookup(name)
                if bound is not None and not isinstance(bound, Val):
                    changed = self.apply_pragma(bound, pragma)
                    if changed is not bound:
                        self._rebind(name, changed)

    def _rebind(self, name: str, binding: Binding) -> None:
        for scope in reversed(self.scopes):
            if name in scope:
                scope[name] = binding
                return

    def apply_pragma(self, place: Binding, pragma: Pragma) -> Binding:
        """Effect of a pragma on an existing object; complete partition of all dimensions makes registers."""
        if isinstance(place, Struct):
            place.fields = {name: self.apply_pragma(item, pragma) for name, item in place.fields.items()}
            return place
        if isinstance(place, View):
            if isinstance(place.target, Memory):
                self.apply_pragma(place.target, pragma)
            return place
        if isinstance(place, Stream):
            if pragma.kind == "STREAM":
                depth = self._option(pragma, "depth")
                place.depth = depth if depth is not None else place.depth
                place.explicit = True
            elif pragma.kind in ("ARRAY_PARTITION", "ARRAY_RESHAPE"):
                place.banks.append(pragma)
            return place
        if not isinstance(place, Memory):
            return place
        if pragma.kind == "STREAM":
            place.fifo = True
        if pragma.kind in ("ARRAY_PARTITION", "ARRAY_RESHAPE"):
            return self._partition(place, pragma)
        if pragma.kind == "BIND_STORAGE":
            kind = (pragma.options.get("type") or pragma.options.get("core") or "").lower()
            impl = pragma.options.get("impl", "").lower() or kind
            place.storage = (
                "uram"
                if "uram" in impl
                else "lutram"
                if "lut" in impl or "srl" in impl
                else "bram"
                if "bram" in impl
                else ""
            )
            if "1p" in kind:
                place.ports = (1, 1, 1)
            elif "s2p" in kind:
                place.ports = (2, 1, 1)
            elif "1wnr" in kind:
                place.ports = (64, 64, 1)
            self.capacity[place.number] = place.ports
        elif pragma.kind == "INTERFACE":
            mode = pragma.options.get("mode", "") or (pragma.words[0] if pragma.words else "")
            if "m_axi" in mode or "m_axi" in pragma.words:
                place.axi = True
                place.bundle = pragma.options.get("bundle", "gmem")
            elif "ap_fifo" in mode or "axis" in mode or "axis" in pragma.words or "ap_fifo" in pragma.words:
                place.ports = (1, 1, 1)
                self.capacity[place.number] = place.ports
        elif pragma.kind == "DEPENDENCE" and (
            pragma.has("false")
            or pragma.options.get("type", "").lower() == "false"
            or pragma.options.get("dependent", "").lower() == "false"
        ):
            self.free.add(place.number)
        return place

    def _option(self, pragma: Pragma, name: str) -> int | None:
        text = pragma.options.get(name)
        if text is None:
            return None
        direct = pragma.number(name)
        if direct is not None:
            return direct
        from aigchip_tui.cpp.constants import evaluate
        from aigchip_tui.cpp.tokens import significant

        known: dict[str, int] = {}
        for token in significant(text):
            if token.kind == "name":
                found = self.fold(ast.Name(token.text))
                if found is not None:
                    known[token.text] = found
        return evaluate(text, known)

    def _partition(self, memory: Memory, pragma: Pragma) -> Binding:
        style = pragma.options.get("type", "").lower()
        for word in ("complete", "cyclic", "block"):
            if word in pragma.words:
                style = word
        style = style or "complete"
        dimension = self._option(pragma, "dim")
        dimension = 1 if dimension is None else dimension
        factor = self._option(pragma, "factor") or 1
        positions = range(len(memory.extents)) if dimension == 0 else [dimension - 1]
        memory.asked = True
        for position in positions:
            if 0 <= position < len(memory.extents):
                extent = memory.extents[position]
                if style == "complete":
                    memory.partitions[position] = Partition("complete", extent)
                elif factor > 1:
                    memory.partitions[position] = Partition(style, factor)
        if pragma.kind == "ARRAY_RESHAPE":
            memory.reshaped = memory.banks
        everywhere = all(
            position in memory.partitions
            and (memory.partitions[position].style == "complete" or memory.partitions[position].factor >= extent)
            for position, extent in enumerate(memory.extents)
        )
        if everywhere and memory.words <= 65536 and not memory.axi and pragma.kind == "ARRAY_PARTITION":
            return Registers(memory.type, memory.extents, fresh())
        return memory

    def statement(self, statement: ast.Stmt) -> None:
        """One statement."""
        self.spend(1)
        if isinstance(statement, ast.Evaluate):
            self.result(statement.expression)
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

    def variable(self, variable: ast.Variable) -> None:
        """A local declaration."""
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

    # --- state machine ---------------------------------------------------------------------------------------------

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

    # --- loops -----------------------------------------------------------------------------------------------------

    def has_loops(self, statement: ast.Stmt | ast.Block) -> bool:
        """Whether rolled loops stand below, in called functions too (a loop to be unrolled fully does not
        count).
        """
        key = id(statement)
        known = self.loops_cache.get(key)
        if known is None:
            self.loops_cache[key] = False
            known = self.loops_cache[key] = self._has_loops(statement)
        return known

    def _has_loops(self, statement: ast.Stmt) -> bool:
        if isinstance(statement, ast.Loop):
            full = any(p.kind == "UNROLL" and "factor" not in p.options and not p.has("off") for p in statement.pragmas)
            return not full or self._has_loops(statement.body)
        if isinstance(statement, ast.Block):
            return any(self.has_loops(part) for part in statement.statements)
        if isinstance(statement, ast.If):
            return self.has_loops(statement.yes) or (statement.no is not None and self.has_loops(statement.no))
        if isinstance(statement, ast.Switch):
            return any(self.has_loops(part) for _, parts in statement.cases for part in parts)
        expressions: list[ast.Expr] = []
        if isinstance(statement, ast.Evaluate):
            expressions = [statement.expression]
        elif isinstance(statement, ast.Declaration):
            expressions = [variable.init for variable in statement.variables if variable.init is not None]
        elif isinstance(statement, ast.Return) and statement.value is not None:
            expressions = [statement.value]
        for expression in expressions:
            for call in calls_in(expression):
                if isinstance(call.callee, ast.Name):
                    if call.callee.name in ("memcpy", "memset", "memmove"):
                        return True
                    function = self.function_named(call.callee, call)
                    if function is not None and function.body is not None and self.has_loops(function.body):
                        return True
        return False

    def header(self, loop: ast.Loop) -> Header | None:
        """The counter of a loop and its trip counts, or None when the loop is not counted."""
        if loop.kind != "for" or loop.condition is None or loop.step is None:
            return None
        name, start = self._initial(loop)
        if not name:
            return None
        bound = self.lookup(name)
        if not isinstance(bound, Cell):
            return None
        step = self._step(loop.step, name)
        condition, exact = loop.condition, True
        while isinstance(condition, ast.Binary) and condition.operator == "&&":
            condition, exact = condition.left, False
        if not isinstance(condition, ast.Binary) or step is None:
            return None
        operator, left, right = condition.operator, condition.left, condition.right
        if isinstance(right, ast.Name) and right.name == name:
            operator = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
            left, right = right, left
        shift = 0
        if isinstance(left, ast.Binary) and left.operator in ("+", "-") and isinstance(left.left, ast.Name):
            moved = self.fold(left.right)
            if moved is not None and left.left.name == name:
                shift = moved if left.operator == "+" else -moved
                left = left.left
        if not isinstance(left, ast.Name) or left.name != name:
            return None
        limit = self.value(right)
        if shift:
            limit = self.arithmetic("-", limit, integer(shift))
        kind, amount = step
        if kind != "+":
            count = self._geometric(start, limit, operator, kind, amount)
            return Header(bound, start, count, count, 1, False) if count is not None else None
        low, high, mean = self._trips(start, limit, operator, amount)
        bends = frozenset(symbol for value in (start, limit) if value.lin is not None for symbol, _ in value.lin.terms)
        return Header(bound, start, low, high, amount, exact and low == high, mean, bends)

    def _initial(self, loop: ast.Loop) -> tuple[str, Val]:
        init = loop.init
        if isinstance(init, ast.Declaration) and init.variables:
            variable = init.variables[0]
            kind = self.resolve(variable.type)
            cell = Cell(kind.kind if kind.form == "scalar" else INT, fresh())
            self.scopes[-1][variable.name] = cell
            start = self.value(variable.init) if variable.init is not None else integer(0)
            for other in init.variables[1:]:
                self.variable(other)
            return variable.name, start
        if isinstance(init, ast.Evaluate):
            expression = init.expression
            while isinstance(expression, ast.Binary) and expression.operator == ",":
                self.result(expression.right)
                expression = expression.left
            if (
                isinstance(expression, ast.Assign)
                and isinstance(expression.target, ast.Name)
                and not expression.operator
            ):
                if self.lookup(expression.target.name) is None:
                    self.scratch(expression.target.name)
                return expression.target.name, self.value(expression.value)
        if init is None and isinstance(loop.step, ast.Unary | ast.Assign):
            target = loop.step.operand if isinstance(loop.step, ast.Unary) else loop.step.target
            if isinstance(target, ast.Name):
                return target.name, self.value(target)
        return "", integer(0)

    def _step(self, step: ast.Expr, name: str) -> tuple[str, int] | None:
        while isinstance(step, ast.Binary) and step.operator == ",":
            step = step.left
        if isinstance(step, ast.Unary) and isinstance(step.operand, ast.Name) and step.operand.name == name:
            return "+", 1 if step.operator == "++" else -1
        if isinstance(step, ast.Assign) and isinstance(step.target, ast.Name) and step.target.name == name:
            operator, value = step.operator, step.value
            if (
                not operator
                and isinstance(value, ast.Binary)
                and isinstance(value.left, ast.Name)
                and value.left.name == name
            ):
                operator, value = value.operator, value.right
            amount = self.fold(value)
            if amount is None:
                return None
            if operator in ("+", "-"):
                return "+", amount if operator == "+" else -amount
            if operator in ("*", "/", "<<", ">>"):
                return operator, amount
        return None

    def _geometric(self, start: Val, limit: Val, operator: str, kind: str, amount: int) -> int | None:
        if not isinstance(start.const, int) or not isinstance(limit.const, int):
            return None
        value, end, count = int(start.const), int(limit.const), 0
        tests = {"<": value < end, ">": value > end, "<=": value <= end, ">=": value >= end, "!=": value != end}
        while count < 256:
            tests = {"<": value < end, ">": value > end, "<=": value <= end, ">=": value >= end, "!=": value != end}
            if not tests.get(operator, False):
                return count
            count += 1
            value = {
                "*": value * amount,
                "/": value // max(1, amount),
                "<<": value << max(0, amount),
                ">>": value >> max(0, amount),
            }[kind]
        return None

    def _trips(self, start: Val, limit: Val, operator: str, step: int) -> tuple[int | None, int | None, float | None]:
        if start.lin is None or limit.lin is None or step == 0:
            return None, None, None
        difference = limit.lin.plus(start.lin, -1)
        if step < 0:
            difference = difference.times(-1)
            operator = {">": "<", ">=": "<=", "!=": "!="}.get(operator, "?")
            step = -step
        if operator == "<=":
            difference = difference.plus(Lin(1))
        elif operator not in ("<", "!="):
            return None, None, None
        bounds = self.range_of(difference)
        if bounds is None:
            return None, None, None
        low, high = (max(0, -(-bound // step)) for bound in bounds)
        mean: float | None = float(high)
        if low != high:
            mean = difference.constant / step
            for symbol, coefficient in difference.terms:
                middle = self.means.get(symbol)
                mean = None if mean is None or middle is None else mean + coefficient * middle / step
            mean = None if mean is None else max(0.0, mean)
        return low, high, mean

    def _counter(self, header: Header, step: int) -> Val:
        amount = header.step * step
        if isinstance(header.start.const, int):
            return integer(int(header.start.const) + amount, header.cell.kind)
        lin = header.start.lin.plus(Lin(amount)) if header.start.lin is not None else None
        return Val(header.cell.kind, header.start.node, None, lin, header.start.graph)

    def _loop_pragmas(self, loop: ast.Loop) -> list[Pragma]:
        found = list(loop.pragmas)
        if loop.label:
            wanted = f"{self.function_name}/{loop.label}"
            found += [pragma for pragma in self.directives if pragma.location == wanted]
        return found

    def loop(self, loop: ast.Loop) -> None:
        """One loop: unrolled, pipelined (perhaps flattened with its nest), or a plain state machine."""
        self.line = loop.line
        self.scopes.append({})
        try:
            self._loop(loop)
        finally:
            self.scopes.pop()

    def _loop(self, loop: ast.Loop) -> None:
        pragmas = self._loop_pragmas(loop)
        self._prepare([pragma for pragma in pragmas if pragma.kind != "INTERFACE"])
        header = self.header(loop)
        unroll = [pragma for pragma in pragmas if pragma.kind == "UNROLL" and not pragma.has("off")]
        factor = self._option(unroll[0], "factor") if unroll else None
        full = bool(unroll) and factor is None
        if header is not None and factor is not None and header.high is not None and factor >= header.high:
            full = True
        if self.pipelined or (full and header is not None and header.high is not None):
            self._unroll(loop, header)
            return
        if header is not None and header.high == 0:
            return
        self._rolled(loop, header, pragmas, factor or 1)

    def _unroll(self, loop: ast.Loop, header: Header | None) -> None:
        if header is None or header.high is None:
            raise CannotUnrollError
        if not header.exact and header.low != header.high and header.low is not None and header.high > 4096:
            raise CannotUnrollError
        if header.high > 20_000:
            self.options.exhausted()
        if header.low != header.high:
            raise CannotUnrollError
        for step in range(header.high):
            self.layer.write(header.cell, self._counter(header, step))
            self.block(loop.body)
            self._step_effects(loop)
        self.layer.write(header.cell, self._counter(header, header.high))

    def _step_effects(self, loop: ast.Loop) -> None:
        step = loop.step
        while isinstance(step, ast.Binary) and step.operator == ",":
            self.result(step.right)
            step = step.left

    def _pipeline_target(self, loop: ast.Loop, pragmas: Sequence[Pragma]) -> int | None:
        """Target interval when the loop is to be pipelined, None when it is not."""
        for pragma in pragmas:
            if pragma.kind == "PIPELINE":
                return None if pragma.has("off") else (self._option(pragma, "ii") or 1)
        if self.options.auto_pipeline <= 0:
            return None
        inner = list(inner_loops(loop.body))
        rolled = [one for one in inner if not self._fully_unrolled(one)]
        called = self._called_loops(loop.body, 0)
        if called is None or not all(self._small_inner(one) for one in called):
            return None
        if not rolled:
            return 1
        unroll = [p for p in pragmas if p.kind == "UNROLL" and not p.has("off")]
        if self._holds_only_a_loop(loop) and (not unroll or (self._option(unroll[0], "factor") or 2) < 2):
            return None
        nested = {id(one) for outer in rolled for one in inner_loops(outer.body)}
        return 1 if all(self._small_inner(one) for one in rolled if id(one) not in nested) else None

    def _holds_only_a_loop(self, loop: ast.Loop) -> bool:
        """Whether a body is one loop, after nothing but values of registers: such a nest is flattened, not
        unrolled.
        """
        parts = list(loop.body.statements)
        while len(parts) == 1 and isinstance(parts[0], ast.Block):
            parts = list(parts[0].statements)
        if not parts or not isinstance(parts[-1], ast.Loop):
            return False
        for part in parts[:-1]:
            if isinstance(part, ast.Declaration):
                continue
            written = part.expression if isinstance(part, ast.Evaluate) else None
            if not isinstance(written, ast.Assign) or not isinstance(written.target, ast.Name):
                return False
        return True

    def _small_inner(self, loop: ast.Loop) -> bool:
        """A loop (or a perfect nest) without pragmas whose trips are few: it is unrolled and its parent
        pipelined.
        """
        if any(pragma.kind in ("PIPELINE", "UNROLL") for pragma in self._loop_pragmas(loop)):
            return False
        trip = self.static_trip(loop)
        if trip is None or trip > self.options.auto_pipeline:
            return False
        inner = [one for one in inner_loops(loop.body) if not self._fully_unrolled(one)]
        if not inner:
            return True
        if not self._holds_only_a_loop(loop) or any(self._loop_pragmas(one) for one in inner):
            return False
        for one in inner:
            more = self.static_trip(one)
            if more is None:
                return False
            trip *= more
        return trip <= self.options.auto_pipeline

    def _fully_unrolled(self, loop: ast.Loop) -> bool:
        """Whether a pragma unrolls a loop completely: without a factor, or with one of at least the trip
        count.
        """
        for pragma in self._loop_pragmas(loop):
            if pragma.kind == "UNROLL" and not pragma.has("off"):
                if "factor" not in pragma.options:
                    return True
                factor = self._option(pragma, "factor")
                trip = self.static_trip(loop)
                return factor is not None and trip is not None and factor >= trip
        return False

    def static_trip(self, loop: ast.Loop) -> int | None:
        """Constant trip count of a loop, seen from outside it; None when it is not constant."""
        saved = (self.graph, dict(self.layer.values))
        guard = self.guard
        self.graph, self.guard = Graph(), ()
        self.scopes.append({})
        try:
            header = self.header(loop)
        finally:
            self.scopes.pop()
            self.graph, self.layer.values = saved
            self.guard = guard
        return header.high if header is not None and header.low == header.high else None

    def _called_loops(self, block: ast.Block, depth: int) -> list[ast.Loop] | None:
        """Outermost rolled loops of the functions that a body calls; None when they cannot be unrolled into
        it.
        """
        found: list[ast.Loop] = []
        for call in calls_in_statement(block):
            if not isinstance(call.callee, ast.Name):
                continue
            if call.callee.name in ("memcpy", "memset", "memmove"):
                return None
            function = self.function_named(call.callee, call)
            if function is None or function.body is None or not self.has_loops(function.body):
                continue
            if depth > 4 or any(pragma.kind in ("PIPELINE", "DATAFLOW") for pragma in function.body.pragmas):
                return None
            below = self._called_loops(function.body, depth + 1)
            if below is None:
                return None
            found += [one for one in outer_loops(function.body) if not self._fully_unrolled(one)] + below
        return found

    def _rolled(self, loop: ast.Loop, header: Header | None, pragmas: Sequence[Pragma], factor: int) -> None:
        target = self._pipeline_target(loop, pragmas)
        only = Level(loop, (), (), header, factor)
        if target is not None and self._try_pipeline(loop, [only], pragmas, target):
            return
        nest = self._nest(loop, pragmas) if target is None else [only]
        nest[0].header, nest[0].factor = header, factor
        flat = len(nest) > 1 and factor == 1 and header is not None
        if flat and self._flatten(loop, nest):
            return
        self._state_machine(loop, header, pragmas, factor)

    def _flatten(self, loop: ast.Loop, nest: Sequence[Level]) -> bool:
        """Pipelines a nest as one loop when its inner loops have constant trip counts."""
        inner_pragmas: Sequence[Pragma] = ()
        flat = True
        opened = 0
        held = dict(self.layer.values)
        moving: set[int] = set()
        for outer, level in itertools.pairwise(nest):
            self.scopes.append({})
            opened += 1
            assert outer.header is not None
            symbol = fresh()
            moving.add(symbol)
            if outer.header.high is not None:
                self.ranges[symbol] = (0, max(0, outer.header.high - 1))
            self._set_counter(outer.header, symbol, outer.factor, 0)
            for part in level.before:
                if isinstance(part, ast.Declaration):
                    for variable in part.variables:
                        self.variable(ast.Variable(variable.name, variable.type, None, variable.line))
            level.header = self.header(level.loop)
            inner_pragmas = self._loop_pragmas(level.loop)
            unroll = [p for p in inner_pragmas if p.kind == "UNROLL" and not p.has("off")]
            level.factor = (self._option(unroll[0], "factor") or 1) if unroll else 1
            inner = level.header
            if inner is None or inner.high is None or inner.high == 0 or inner.bends & moving:
                flat = False
                break
            if inner.low != inner.high and (level is not nest[-1] or level.before or level.after or level.factor > 1):
                flat = False
            if level is not nest[-1] and level.factor > 1:
                flat = False
            if level.factor >= inner.high or any(p.kind == "LOOP_FLATTEN" and p.has("off") for p in inner_pragmas):
                flat = False
        self.layer.values = held
        target = self._pipeline_target(nest[-1].loop, inner_pragmas) if flat else None
        done = False
        if target is not None:
            self._prepare(inner_pragmas)
            done = self._try_pipeline(loop, nest, inner_pragmas, target)
        for _ in range(opened):
            self.scopes.pop()
        return done

    def _nest(self, loop: ast.Loop, pragmas: Sequence[Pragma]) -> list[Level]:
        """The loops of a nest that can be flattened, from `loop` down to the innermost.

        Code around an inner loop is allowed where the tool sinks it into the first and last inner iteration.
        """
        found = [Level(loop, (), ())]
        if any(pragma.kind == "PIPELINE" for pragma in pragmas):
            return found
        while True:
            statements = list(found[-1].loop.body.statements)
            while len(statements) == 1 and isinstance(statements[0], ast.Block):
                statements = list(statements[0].statements)
            inner = [position for position, part in enumerate(statements) if isinstance(part, ast.Loop)]
            if len(inner) != 1:
                return found
            position = inner[0]
            before, after = tuple(statements[:position]), tuple(statements[position + 1 :])
            work = [
                part
                for part in (*before, *after)
                if not (isinstance(part, ast.Declaration) and all(v.init is None for v in part.variables))
            ]
            if work and not self.options.imperfect_flatten:
                return found
            if any(
                self.has_loops(part) or isinstance(part, ast.If | ast.Switch | ast.Jump | ast.Return) for part in work
            ):
                return found
            chosen = statements[position]
            assert isinstance(chosen, ast.Loop)
            if self._fully_unrolled(chosen):
                return found
            found.append(Level(chosen, before, after))
            if self._pipeline_target(chosen, self._loop_pragmas(chosen)) is not None:
                return found

    def _try_pipeline(
        self,
        loop: ast.Loop,
        nest: Sequence[Level],
        pragmas: Sequence[Pragma],
        target: int,
    ) -> bool:
        """Pipelines a loop (or a flattened nest); False when an inner loop cannot be unrolled."""
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
            innermost, inner_header, inner_factor = nest[-1].loop, nest[-1].header, nest[-1].factor
            self._around(nest, False)
            for copy in range(inner_factor):
                if inner_header is not None:
                    self._set_counter(inner_header, pairs[-1][0], inner_factor, copy)
                self.block(innermost.body)
                self._step_effects(innermost)
                if innermost.kind != "for" and innermost.condition is not None:
                    self.value(innermost.condition)
            self._around(nest, True)
        except CannotUnrollError:
            self.touched.pop()
            self._restore(saved)
            self.graph, self.layer, self.ranges, self.variant = graph, layer, ranges, variant
            self.deltas = deltas
            layer.values = values
            self.work = work
            return False
        self.variant = {symbol for symbol in range(first_new, fresh()) if symbol not in {s for s, _ in pairs}}
        self._close_phis()
        prologue = self.hoist(inner_graph, self.nest)
        self.carried(inner_graph, self.nest, frozenset(self.free))
        inner_graph.balance(
            {
                node
                for owner, node in self.associative
                if owner == inner_graph.number and (self.options.unsafe_math or inner_graph.operation[node] == "add")
            }
        )
        entry = self._control_delay(len(nest), pairs)
        plan = schedule(
            inner_graph,
            budget=self.operators.budget,
            capacity=self._relaxed(inner_graph),
            interval=target,
            entry_ns=entry,
        )
        if plan.bound.startswith("ports"):
            self._decide(inner_graph)
        usage = of_graph(inner_graph, plan, self.operators, self.associative)
        usage.add_control(plan.states, pairs)
        touched = self.touched.pop()
        inner_layer = self.layer
        slowest = plan.slowest_ns
        free = self.free
        self._restore(saved)
        self.free = free
        self.graph, self.layer, self.variant, self.deltas = graph, layer, variant, deltas
        self._finish_pipeline(loop, nest, trips, plan, usage, touched, inner_layer, slowest, target, prologue)
        return True

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
        for (owner, _), track in self.tracks.items():
            if owner == self.graph.number:
                for group in track.stores.values():
                    for key, (node, value, _) in group.items():
                        group[key] = (node, value, (-9,))
                track.loads.clear()

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

    def _open_counter(self, loop: ast.Loop, header: Header | None, factor: int, trips: list[Range]) -> tuple[int, int]:
        symbol = fresh()
        low, high = (header.low, header.high) if header is not None else (None, None)
        for pragma in self._loop_pragmas(loop):
            if pragma.kind == "LOOP_TRIPCOUNT" and (high is None or low != high):
                low = self._option(pragma, "min") if "min" in pragma.options else low
                high = self._option(pragma, "max") if "max" in pragma.options else high
        if factor > 1:
            low = None if low is None else -(-low // factor)
            high = None if high is None else -(-high // factor)
        if early_exit(loop.body) and low is not None:
            low = min(low, 1)
        mean = header.mean if header is not None and (low, high) == (header.low, header.high) else None
        if factor > 1:
            mean = None if header is None or header.mean is None else header.mean / factor
        if header is not None and low != high:
            self.wrapping.add(symbol)
        trips.append((low, high))
        self.trip_means.append(mean if mean is not None and low != high else high)
        if high is not None:
            self.ranges[symbol] = (0, max(0, high - 1))
            self.means[symbol] = max(0.0, ((mean if mean is not None else high) - 1) / 2)
        if header is not None:
            self._set_counter(header, symbol, factor, 0)
        return symbol, high if high is not None else 1 << 30

    def _set_counter(self, header: Header, symbol: int, factor: int, copy: int) -> None:
        start = header.start.lin if header.start.lin is not None else Lin(0, ((fresh(), 1),))
        lin = start.plus(Lin(header.step * copy, ((symbol, header.step * factor),)))
        self.layer.write(header.cell, Val(header.cell.kind, -1, None, lin))

    def _control_delay(self, depth: int, pairs: Sequence[tuple[int, int]]) -> float:
        """Delay of the loop control in front of the first memory access: a flattened nest selects its
        counters.
        """
        if depth == 1:
            return 0.0
        bits = max(1, pairs[-1][1].bit_length())
        compare = self.operators.simple("cmp", bits).delay
        choose = self.operators.simple("select", bits).delay
        return compare + choose + self.operators.simple("add", bits).delay

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

    def _decide(self, graph: Graph) -> None:
        """Partitions that the tool makes unasked when the ports of a local array bound a pipeline.

        An index that is constant in every access splits that dimension completely; otherwise the array is
        dealt out over as many banks as the unrolled accesses need, unless iterations depend on each other
        through it. The walk is repeated with what was decided.
        """
        if not self.options.auto_partition or self.designer_partitions:
            return
        carried = {
            access.memory
            for _, target, _, extra in graph.back
            if extra == 0 and (access := graph.access[target]) is not None
        }
        for (owner, number), track in self.tracks.items():
            memory = self.memories.get(number)
            if owner != graph.number or not isinstance(memory, Memory) or not memory.local or memory.asked:
                continue
            if len(track.log) <= memory.ports[0]:
                continue
            plan = self.decisions.setdefault(memory.order, {})
            spread = 1
            for position, extent in enumerate(memory.extents):
                constants = {entry[2][position] for entry in track.log}
                if len(constants) > 1 and all(not entry[1][position] for entry in track.log):
                    if position not in plan:
                        plan[position] = Partition("complete", extent)
                        self.again = True
                else:
                    spread *= min(max(1, extent), len(constants))
            if number not in carried and -1 not in plan and len(plan) != len(memory.extents):
                plan[-1] = Partition("cyclic", spread)
                self.again = True

    def _relaxed(self, graph: Graph) -> dict[int, tuple[int, int, int]]:
        """Port capacities for one loop: arrays dealt out over enough banks have a port for every access in
        it.
        """
        carried = {
            access.memory
            for _, target, _, extra in graph.back
            if extra == 0 and (access := graph.access[target]) is not None
        }
        capacity = dict(self.capacity)
        for (owner, number), track in self.tracks.items():
            memory = self.memories.get(number)
            if owner != graph.number or not isinstance(memory, Memory) or number in carried:
                continue
            if -1 in self.decisions.get(memory.order, {}):
                many = 2 * len(track.log) + 2
                capacity[number] = (many, many, many)
        return capacity

    def _finish_pipeline(
        self,
        loop: ast.Loop,
        nest: Sequence[Level],
        trips: Sequence[Range],
        plan: Schedule,
        usage: Usage,
        touched: Mapping[int, bool],
        inner: Layer,
        slowest: float,
        target: int,
        prologue: int,
    ) -> None:
        low: int | None = 1
        high: int | None = 1
        for a, b in trips:
            low = None if low is None or a is None else low * a
            high = None if high is None or b is None else high * b
        depth = max(1, plan.states)
        interval = plan.interval

        def length(trip: float | None) -> int | None:
            if trip is None:
                return None
            return round(interval * (trip - 1) + max(depth - 1, interval)) if trip > 0 else 0

        average: float | None = 1.0
        for one in self.trip_means:
            average = None if average is None or one is None else average * one
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
            self._explain(plan),
            self.function_name,
            flattened=len(nest),
            unrolled=nest[-1].factor,
            target=target,
        )
        self.body.loops.append(outcome)
        self.usage.include(usage, module=True)
        self.slowest = max(self.slowest, slowest)
        for outer in self.touched:
            for number, write in touched.items():
                outer[number] = outer.get(number, False) or write
        inputs: list[int] = []
        for number, value in inner.values.items():
            del number
            if value.graph is self.graph and value.node >= 0:
                inputs.append(value.node)
        node = self._macro(touched, inputs, add_ranges(latency, (2 + prologue, 2 + prologue)), loop.line, name)
        self.body.loop_macros += 1
        self.body.single = outcome
        for number, value in inner.values.items():
            if number in self.layer.values or (self.layer.parent is not None):
                phi = inner.phis.get(number)
                if value is phi:
                    continue
                lin = Lin(0, ((fresh(), 1),)) if value.kind.letter == "i" else None
                self.layer.values[number] = Val(value.kind, node, None, lin, self.graph)

    def _explain(self, plan: Schedule) -> str:
        """What bounds the interval, as key:detail (memories by name)."""
        kind, _, rest = plan.bound.partition(":")
        if kind == "ports":
            memory = self.memories.get(int(rest))
            return f"ports:{memory.name if memory is not None else 'an AXI port'}"
        if kind == "recurrence":
            return f"recurrence:{rest}"
        return kind

    def _assigned_roots(self, loop: ast.Loop) -> frozenset[int]:
        roots: set[int] = set()
        for name in self._assigned_names(loop):
            bound = self.lookup(name)
            if isinstance(bound, Cell | Registers | Struct):
                roots.add(bound.root)
            elif isinstance(bound, View) and isinstance(bound.target, Registers):
                roots.add(bound.target.root)
        return frozenset(roots)

    def _assigned_names(self, statement: ast.Stmt) -> frozenset[str]:
        key = id(statement)
        known = self.assigned_cache.get(key)
        if known is None:
            names: set[str] = set()
            assigned_names(statement, names)
            known = self.assigned_cache[key] = frozenset(names)
        return known

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


def inner_loops(block: ast.Stmt) -> Iterator[ast.Loop]:
    """All loops below a statement, outermost first."""
    if isinstance(block, ast.Loop):
        yield block
        yield from inner_loops(block.body)
    elif isinstance(block, ast.Block):
        for part in block.statements:
            yield from inner_loops(part)
    elif isinstance(block, ast.If):
        yield from inner_loops(block.yes)
        if block.no is not None:
            yield from inner_loops(block.no)
    elif isinstance(block, ast.Switch):
        for _, parts in block.cases:
            for part in parts:
                yield from inner_loops(part)


def outer_loops(block: ast.Stmt) -> Iterator[ast.Loop]:
    """Loops below a statement that stand in no other loop."""
    if isinstance(block, ast.Loop):
        yield block
        return
    for part in parts_of(block):
        yield from outer_loops(part)


def early_exit(block: ast.Stmt) -> bool:
    """Whether a `break` or `return` can leave a loop body early (inner loops keep their own breaks)."""
    if isinstance(block, ast.Jump):
        return block.kind in ("break", "goto")
    if isinstance(block, ast.Return):
        return True
    if isinstance(block, ast.Block):
        return any(early_exit(part) for part in block.statements)
    if isinstance(block, ast.If):
        return early_exit(block.yes) or (block.no is not None and early_exit(block.no))
    return False


def children_of(expression: ast.Expr) -> tuple[ast.Expr, ...]:
    """Direct operands of an expression."""
    if isinstance(expression, ast.Binary):
        return (expression.left, expression.right)
    if isinstance(expression, ast.Assign):
        return (expression.target, expression.value)
    if isinstance(expression, ast.Unary):
        return (expression.operand,)
    if isinstance(expression, ast.Index):
        return (expression.base, expression.index)
    if isinstance(expression, ast.Member):
        return (expression.base,)
    if isinstance(expression, ast.Call):
        return (expression.callee, *expression.arguments)
    if isinstance(expression, ast.Conditional):
        return (expression.condition, expression.yes, expression.no)
    if isinstance(expression, ast.Cast):
        return (expression.value,) if expression.value is not None else ()
    if isinstance(expression, ast.Braces):
        return expression.items
    return ()


def calls_in(expression: ast.Expr) -> Iterator[ast.Call]:
    """All calls within an expression."""
    if isinstance(expression, ast.Call):
        yield expression
    for child in children_of(expression):
        yield from calls_in(child)


def expressions_of(statement: ast.Stmt) -> tuple[ast.Expr, ...]:
    """Expressions that stand directly in a statement."""
    if isinstance(statement, ast.Evaluate):
        return (statement.expression,)
    if isinstance(statement, ast.Declaration):
        return tuple(variable.init for variable in statement.variables if variable.init is not None)
    if isinstance(statement, ast.If):
        return (statement.condition,)
    if isinstance(statement, ast.Return):
        return (statement.value,) if statement.value is not None else ()
    if isinstance(statement, ast.Loop):
        return tuple(part for part in (statement.condition, statement.step) if part is not None)
    if isinstance(statement, ast.Switch):
        return (statement.subject,)
    return ()


def parts_of(statement: ast.Stmt) -> tuple[ast.Stmt, ...]:
    """Statements directly below a statement."""
    if isinstance(statement, ast.Block):
        return statement.statements
    if isinstance(statement, ast.If):
        return (statement.yes, statement.no) if statement.no is not None else (statement.yes,)
    if isinstance(statement, ast.Loop):
        return (statement.init, statement.body) if statement.init is not None else (statement.body,)
    if isinstance(statement, ast.Switch):
        return tuple(part for _, parts in statement.cases for part in parts)
    return ()


def calls_in_statement(statement: ast.Stmt) -> Iterator[ast.Call]:
    """All calls below a statement."""
    for expression in expressions_of(statement):
        yield from calls_in(expression)
    for part in parts_of(statement):
        yield from calls_in_statement(part)


def assigned_names(statement: ast.Stmt, names: set[str]) -> None:
    """Root names of everything a statement may assign; arguments of calls count as assigned."""
    for expression in expressions_of(statement):
        _assigned_in(expression, names)
    for part in parts_of(statement):
        assigned_names(part, names)


def _assigned_in(expression: ast.Expr, names: set[str]) -> None:
    if isinstance(expression, ast.Assign) or (
        isinstance(expression, ast.Unary) and expression.operator in ("++", "--")
    ):
        _root(expression.target if isinstance(expression, ast.Assign) else expression.operand, names)
    elif isinstance(expression, ast.Call):
        for argument in expression.arguments:
            _root(argument, names)
        if isinstance(expression.callee, ast.Member):
            _root(expression.callee.base, names)
    for child in children_of(expression):
        _assigned_in(child, names)


def _root(expression: ast.Expr, names: set[str]) -> None:
    while isinstance(expression, ast.Index | ast.Member | ast.Unary | ast.Cast):
        if isinstance(expression, ast.Index | ast.Member):
            expression = expression.base
        elif isinstance(expression, ast.Unary):
            expression = expression.operand
        elif expression.value is not None:
            expression = expression.value
        else:
            return
    if isinstance(expression, ast.Name):
        names.add(expression.name)


__all__ = ["AigchipError", "FunctionOutcome", "LoopOutcome", "TooLargeError", "Walker"]

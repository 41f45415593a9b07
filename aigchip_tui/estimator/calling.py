"""Calls of functions in the text: inlined, or modules of their own."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.names import plain_key
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.machine import MachineWalk
from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Group,
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
from aigchip_tui.estimator.types import Bindings
from aigchip_tui.estimator.values import Lin, Val, integer

_DEEPEST = 24
"""Calls within calls; a template that calls itself with other arguments ends before."""
_MOST_INSTANCES = 64
"""Times that templates of one name call themselves."""


class CallWalk(MachineWalk):
    """Calls of functions in the text: inlined, or modules of their own."""

    def function_named(self, callee: ast.Name, call: ast.Call) -> ast.Function | None:
        """The definition that a call means: same name, fitting number of arguments; of another file when its own has
        only a declaration.
        """
        key = self.unit.names.key_of(callee.name, callee.scope, callee.space)
        with_body = [one for one in self.unit.functions.get(key, ()) if one.body is not None]
        if not with_body:
            with_body = self.unit.linked.get(plain_key(key) or callee.name, [])
        for one in with_body:
            if one.takes(len(call.arguments)):
                return one
        return with_body[0] if with_body else None

    def method_of(self, callee: ast.Member, arguments: int) -> tuple[ast.Function, Struct] | None:
        """A method defined in the text, with the record it is called on."""
        place = self.place(callee.base) if isinstance(callee.base, ast.Name | ast.Member | ast.Index) else None
        if not isinstance(place, Struct):
            return None
        function = self.method_named(place.type.record, callee.name, arguments)
        return (function, place) if function is not None and function.body is not None else None

    def method_named(self, record: str, name: str, arguments: int) -> ast.Function | None:
        """The method of a record (by key) or of its bases that a call with so many arguments means."""
        found = self.unit.records.get(record)
        if found is None:
            return None
        function = found.method(name, arguments)
        for base in found.bases if function is None else ():
            key = self.unit.names.key_of(base.name, base.scope, base.space)
            function = function or self.method_named(key, name, arguments)
        return function

    def invoke(self, function: ast.Function, callee: ast.Name, call: ast.Call, owner: Struct | None = None) -> Result:
        """A call of a function in the text: inlined, or a module of its own when it holds rolled loops."""
        if function.body is None:
            return integer(0)
        if function.virtual:
            self.unread(f"line {call.line}: '{function.name}' is virtual, so which body runs is not known")
            return integer(0)
        arguments: list[Binding | Val | Result] = []
        for position, parameter in enumerate(function.parameters):
            given = call.arguments[position] if position < len(call.arguments) else parameter.init
            arguments.append(self._argument(parameter, given))
        saved = self.bound, self.space, self.source_function, self.source_file, self.owner
        bound: Bindings = self._bound_within(owner.type, function) if owner is not None else {}
        if function.templates:
            bound.update(self._deduce(function, callee, arguments))
        instance = bool(bound) or callee.owner is not None
        again = self.calls.count(function.name)
        endless = self.instances[function.name] > _MOST_INSTANCES if instance else again > 2
        if len(self.calls) > _DEEPEST or endless:
            self.unread(f"line {call.line}: '{function.name}' calls itself, which no hardware can be made of")
            return integer(0)
        self.instances[function.name] += instance and again > 0
        self.bound, self.space, self.owner = bound, function.space, owner
        self.source_function, self.source_file = function.name, function.file
        pragmas = self._function_pragmas(function)
        asked = [pragma for pragma in pragmas if pragma.kind == "INLINE"]
        apart = any(pragma.has("off") for pragma in asked)
        inline = self.inlining or (bool(asked) and not apart)
        module = (
            not self.pipelined
            and not inline
            and (
                apart
                or self.has_loops(function.body)
                or any(pragma.kind in ("DATAFLOW", "PIPELINE") for pragma in pragmas)
            )
        )
        inlining, self.inlining = self.inlining, self.inlining or any(pragma.has("recursive") for pragma in asked)
        self.calls.append(function.name)
        try:
            if module:
                return self._call_module(function, arguments, owner, call.line)
            return self._inline(function, arguments, owner)
        finally:
            self.calls.pop()
            self.inlining = inlining
            self.bound, self.space, self.source_function, self.source_file, self.owner = saved

    def _bound_within(self, of: Type, function: ast.Function) -> Bindings:
        """What is bound in a method: the arguments of its record, also under the names that its definition outside of
        the record gives them, and those of the templates that the record is derived from.
        """
        bound = dict(of.bindings)
        record = self.unit.records.get(of.record)
        if record is None:
            return bound
        for (own, _), (name, _) in zip(record.templates, function.templates, strict=False):
            if own in of.bindings:
                bound.setdefault(name, of.bindings[own])
        for base in record.bases:
            if base.arguments:
                bound = {**self.types.resolve(base, of.bindings).bindings, **bound}
        return bound

    def invoke_lambda(self, function: ast.Function, call: ast.Call) -> Result:
        """A call of a lambda, which sees the names around it: it is inlined."""
        if len(self.calls) > 24:
            self.unread(f"line {call.line}: '{function.name}' calls itself, which no hardware can be made of")
            return integer(0)
        arguments = [
            self._argument(parameter, call.arguments[position] if position < len(call.arguments) else parameter.init)
            for position, parameter in enumerate(function.parameters)
        ]
        assert function.body is not None
        scope = self._bind_parameters(function, arguments, None)
        returned, self.returned = self.returned, []
        self.scopes.append(scope)
        self.calls.append(function.name)
        try:
            self.block(function.body)
            return self._returned_value()
        finally:
            self.calls.pop()
            self.scopes.pop()
            self.returned = returned

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
                if isinstance(given, ast.Name) and isinstance(self.find(given), Val):
                    return self.result(given)
                if isinstance(given, ast.Name) and self.find(given) is None:
                    return self.result(given)
                return self.place(given)
            return self.result(given)
        if isinstance(given, ast.Name):
            bound = self.find(given)
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
            elif isinstance(argument, Struct):
                self._deduce_record(written, argument.type, names, found)
            elif (isinstance(argument, Val) and written.name in names) or (
                isinstance(argument, Cell) and written.name in names
            ):
                found.setdefault(written.name, Type("scalar", argument.kind))
        return found

    def _deduce_record(self, written: ast.TypeRef, actual: Type, names: set[str], found: Bindings) -> None:
        """`Mat<ROWS, COLS>& m` of a record `Mat<8, 16>`."""
        if written.name in names:
            found.setdefault(written.name, actual)
        record = self.unit.records.get(actual.record)
        for (own, _), argument in zip(record.templates if record is not None else (), written.arguments, strict=False):
            label = argument.name if isinstance(argument, ast.TypeRef | ast.Name) else ""
            if label in names and own in actual.bindings:
                found.setdefault(label, actual.bindings[own])

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
            scope["this"] = owner
        for parameter, argument in zip(function.parameters, arguments, strict=False):
            if not parameter.name:
                continue
            if isinstance(argument, Val):
                if not parameter.type.pointers and not parameter.type.reference:
                    kind = self.resolve(parameter.type)
                    argument = self.convert(argument, kind.kind) if kind.scalar() else argument
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
        saved = self.returned, self.scopes, self.line, self.pragmas, self.around
        scope = self._bind_parameters(function, arguments, owner)
        self.frames.append(self.scopes)
        self.scopes = [*self.scopes[:1], scope]
        self.returned = []
        self._prepare_function(function)
        if function.broken:
            self.unread(f"line {function.broken}: the text of '{function.name}' does not parse there")
        try:
            self.block(function.body)
            return self._as_declared(function, self._returned_value())
        finally:
            self.frames.pop()
            self.returned, self.scopes, self.line, self.pragmas, self.around = saved

    def _as_declared(self, function: ast.Function, value: Result) -> Result:
        """A braced list that is returned, as the record that the function says it returns."""
        if not isinstance(value, Group) or value.type.record or value.type.fields or value.type.form != "struct":
            return value
        place = self.declare(self.resolve(function.returns), "")
        self.store(place, value)
        return self.load(place)

    def _returned_value(self) -> Result:
        if not self.returned:
            return integer(0)
        found = self.returned[-1][1]
        for condition, other in reversed(self.returned[:-1]):
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
        inputs += [value.node for value in inner.needed if value.graph is self.graph]
        instances = self.region.instances.get(function.name, ())
        made = self.made[function.name] = self.made.get(function.name, -1) + 1
        if instances:
            touched = {**touched, instances[made % len(instances)]: True}
        node = self._macro(touched, inputs, outcome.latency, line, function.name, source=function)
        for number, found in inner.values.items():
            if number in self._known_cells(arguments):
                self.layer.values[number] = Val(found.kind, node, found.const, found.lin, self.graph)
        if not instances or made < len(instances):
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

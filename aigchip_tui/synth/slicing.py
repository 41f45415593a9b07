"""Reads the control of a process out of its C++ and drops its data; runs in a sandboxed worker.

What is kept: commands, tokens, blocks, beats of memories, the loops that take time, and every scalar that decides
one of them. What is not understood stays as an opaque value; it matters only where control needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import NotConstantError, apply_binary
from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.estimator.traverse import assigned_names, expressions_of, inner_loops, parts_of
from aigchip_tui.synth import control as c
from aigchip_tui.synth.pruning import pruned

SCALARS = frozenset({
    "bool", "char", "int", "unsigned", "long", "short", "size_t", "auto", "unsigned int", "ap_uint", "ap_int",
    *(f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)),
})  # fmt: skip
MAX_INLINED = 8
Out = list[c.Statement]


class UnreadError(Exception):
    """Why the control of a function cannot be read."""


def control_of(
    unit: ast.Unit, function: ast.Function, timings: Sequence[LoopTiming], numbers: Mapping[int, int]
) -> c.ControlProgram:
    """The control of one process. `numbers` gives loops (by identity) their number in the module's text."""
    reader = _Reader(unit, function, {rate.number for rate in timings}, numbers)
    try:
        assert function.body is not None
        body = reader.block(function.body)
    except UnreadError as problem:
        return c.ControlProgram(function=function.name, timings=tuple(timings), unknown=str(problem))
    if not reader.command:
        return c.ControlProgram(function=function.name, timings=tuple(timings), unknown="it takes no command")
    kept = pruned(tuple(body), frozenset(rate.number for rate in timings))
    return c.ControlProgram(
        function=function.name, command_port=reader.command, fields=reader.fields, body=kept, timings=tuple(timings)
    )


def loop_numbers(unit: ast.Unit, file: str) -> dict[int, int]:
    """Loops of the functions in a file, by identity, numbered in the order of its text.

    The estimator may have turned a condition and its branches round (`estimator.canonical`), so lines decide.
    """
    functions = [f for found in unit.functions.values() for f in found if f.body is not None and f.file == file]
    numbers: dict[int, int] = {}
    for function in sorted(functions, key=lambda f: f.line):
        assert function.body is not None
        for loop in sorted(inner_loops(function.body), key=lambda each: each.line):
            numbers.setdefault(id(loop), len(numbers))
    return numbers


class _Reader:
    """Statements of one function as control, the functions that it hands streams to included."""

    def __init__(self, unit: ast.Unit, function: ast.Function, rated: set[int], numbers: Mapping[int, int]) -> None:
        self.unit, self.function, self.rated, self.numbers = unit, function, rated, numbers
        self.command, self.fields = "", ()
        self.commands: set[str] = set()
        self.data: set[str] = set()
        self.scalars: set[str] = set()
        self.streams: dict[str, str] = {}
        self.blocks: dict[str, str] = {}
        self.memories: dict[str, str] = {}
        self.inlined = 0
        self.constants = self._constants()
        for parameter in function.parameters:
            self._parameter(parameter)

    command: str
    fields: tuple[str, ...]

    def _constants(self) -> dict[str, ast.Expr | int]:
        known: dict[str, ast.Expr | int] = dict(self.unit.enumerators)
        known |= {v.key: v.init for v in self.unit.variables if v.init is not None}
        return known

    def _key(self, name: ast.Name | ast.TypeRef) -> str:
        return self.unit.names.key_of(name.name, name.scope, name.space)

    def _parameter(self, parameter: ast.Variable) -> None:
        kind = parameter.type
        if kind.name == "stream":
            self.streams[parameter.name] = parameter.name
            element = kind.arguments[0] if kind.arguments else None
            record = self.unit.records.get(self._key(element)) if isinstance(element, ast.TypeRef) else None
            if record is not None and not self.command and not record.methods:
                self.command, self.fields = parameter.name, tuple(field.name for field in record.fields)
        elif kind.name == "stream_of_blocks":
            self.blocks[parameter.name] = parameter.name
        elif kind.pointers or kind.extents or self._is_master(kind):
            self.memories[parameter.name] = parameter.name
            self.data.add(parameter.name)
        elif not self._scalar(kind):
            self.data.add(parameter.name)

    def _is_master(self, kind: ast.TypeRef) -> bool:
        """Whether a type is hls::burst_maxi: a memory whose bursts the process asks for itself."""
        return kind.name == "burst_maxi"

    def _scalar(self, kind: ast.TypeRef, depth: int = 0) -> bool:
        if kind.pointers or kind.extents:
            return False
        if kind.name in SCALARS:
            return True
        alias = self.unit.aliases.get(self._key(kind))
        return alias is not None and depth < 8 and self._scalar(alias[0], depth + 1)

    # Statements.

    def block(self, block: ast.Block) -> Out:
        """Statements of a block; locks that it declares end with it."""
        out: Out = []
        held: list[tuple[str, bool]] = []
        for statement in block.statements:
            self._statement(statement, out, held)
        out += [c.Block(port, write, False) for port, write in reversed(held)]
        return out

    def _statement(self, statement: ast.Stmt, out: Out, held: list[tuple[str, bool]]) -> None:
        match statement:
            case ast.Declaration(variables):
                for variable in variables:
                    self._declaration(variable, out, held)
            case ast.Evaluate(expression):
                self.expression(expression, out)
            case ast.Block():
                out += self.block(statement)
            case ast.If(condition, yes, no):
                value = self.expression(condition, out)
                first = self._branch(yes)
                out.append(c.Choice(value, tuple(first), tuple(self._branch(no) if no is not None else ())))
            case ast.Loop():
                out.append(self._loop(statement))
            case ast.Jump(kind) if kind in ("break", "continue"):
                out.append(c.Jump(kind))
            case ast.Return(value):
                if value is not None:
                    self.expression(value, out)
            case _:
                self._forgotten(statement, out)

    def _branch(self, statement: ast.Stmt) -> Out:
        out: Out = []
        held: list[tuple[str, bool]] = []
        self._statement(statement, out, held)
        return out

    def _forgotten(self, statement: ast.Stmt, out: Out) -> None:
        names: set[str] = set()
        assigned_names(statement, names)
        out += [c.Set(name, c.Opaque("it is set in a statement that is not read")) for name in sorted(names)]
        parts = [statement, *parts_of(statement)]
        if any(self._moves(expression) for part in parts for expression in expressions_of(part)):
            raise UnreadError("tokens move in a statement that is not read")

    def _moves(self, expression: ast.Expr) -> bool:
        probe: Out = []
        self.expression(expression, probe)
        return any(isinstance(one, c.Token | c.Take) for one in probe)

    def _declaration(self, variable: ast.Variable, out: Out, held: list[tuple[str, bool]]) -> None:
        kind, name = variable.type, variable.name
        if kind.name in ("write_lock", "read_lock"):
            given = variable.init.items[0] if isinstance(variable.init, ast.Braces) else variable.init
            port = self.blocks.get(given.name) if isinstance(given, ast.Name) else None
            if port is None:
                raise UnreadError(f"{name} locks no port")
            out.append(c.Block(port, kind.name == "write_lock", True))
            held.append((port, kind.name == "write_lock"))
            self.data.add(name)
        elif variable.init is not None and self._takes(variable.init):
            self.commands.add(name)
            out.append(c.Take())
        elif self._scalar(kind):
            self.data.discard(name)
            self.commands.discard(name)
            self.scalars.add(name)
            if variable.init is not None:
                init = variable.init
                if isinstance(init, ast.Braces) and len(init.items) == 1:
                    init = init.items[0]
                out.append(c.Set(name, self.expression(init, out)))
        else:
            self.data.add(name)
            if variable.init is not None:
                self.expression(variable.init, out)

    def _takes(self, expression: ast.Expr) -> bool:
        match expression:
            case ast.Call(ast.Member(ast.Name(stream), "read"), ()):
                return bool(self.command) and self.streams.get(stream) == self.command
        return False

    def _loop(self, loop: ast.Loop) -> c.Loop:
        start: Out = []
        held: list[tuple[str, bool]] = []
        if loop.init is not None:
            self._statement(loop.init, start, held)
        before: Out = []
        condition = self.expression(loop.condition, before) if loop.condition is not None else c.Number(1)
        if before:
            raise UnreadError(f"the condition of loop {loop.label or loop.line} changes something")
        body = self.block(loop.body)
        step: Out = []
        if loop.step is not None:
            self.expression(loop.step, step)
        return c.Loop(
            number=self.numbers.get(id(loop), -1), label=loop.label, start=tuple(start), condition=condition,
            step=tuple(step), body=tuple(body), before=loop.kind != "do",
        )

    # Expressions.

    def expression(self, expression: ast.Expr, out: Out) -> c.Expression:
        """An expression's value; what it moves and sets is appended to `out`."""
        match expression:
            case ast.Number(value, kind):
                return c.Number(int(value)) if kind in ("int", "bool") else c.Opaque("it is not an integer")
            case ast.Name():
                return self._name(expression, out)
            case ast.Member(ast.Name(name), field) if name in self.commands:
                return c.Field(field)
            case ast.Binary(operator, left, right):
                return self._binary(operator, left, right, out)
            case ast.Unary(operator, operand):
                return self._unary(expression, operator, operand, out)
            case ast.Assign(operator, target, value):
                return self._assign(operator, target, value, out)
            case ast.Conditional(condition, yes, no):
                return self._conditional(condition, yes, no, out)
            case ast.Cast(kind, value) if value is not None:
                found = self.expression(value, out)
                return found if self._scalar(kind) else c.Opaque("it is data")
            case ast.Call():
                return self._call(expression, out)
            case ast.Index(base, index):
                self.expression(index, out)
                if isinstance(base, ast.Name) and base.name in self.memories:
                    out.append(c.Token(self.memories[base.name], write=False, memory=True))
                elif not isinstance(base, ast.Name):
                    self.expression(base, out)
                return c.Opaque("it is data")
            case ast.Member(base, _):
                self.expression(base, out)
                return c.Opaque("it is data")
            case ast.Braces(items):
                for item in items:
                    self.expression(item, out)
        return c.Opaque("it is data")

    def _name(self, expression: ast.Name, out: Out) -> c.Expression:
        name = expression.name
        if name in ("true", "false"):
            return c.Number(int(name == "true"))
        if name in self.data:
            return c.Opaque(f"{name} is data")
        key = self._key(expression)
        known = self.constants.get(key) if name not in self.scalars else None
        if isinstance(known, int):
            return c.Number(known)
        if known is not None:
            self.constants[key] = 0  # a constant cannot depend on itself
            value = self.expression(known, [])
            self.constants[key] = value.value if isinstance(value, c.Number) else known
            return value
        return c.Name(name)

    def _binary(self, operator: str, left: ast.Expr, right: ast.Expr, out: Out) -> c.Expression:
        first = self.expression(left, out)
        moved: Out = []
        second = self.expression(right, moved)
        if moved and operator == "&&":
            out.append(c.Choice(first, tuple(moved)))
        elif moved and operator == "||":
            out.append(c.Choice(first, (), tuple(moved)))
        else:
            out += moved
        if operator == ",":
            return second
        return _operation(operator, first, second)

    def _unary(self, expression: ast.Unary, operator: str, operand: ast.Expr, out: Out) -> c.Expression:
        if operator in ("++", "--"):
            if not isinstance(operand, ast.Name) or operand.name in self.data:
                self.expression(operand, out)
                return c.Opaque("it is data")
            name = c.Name(operand.name)
            out.append(c.Set(operand.name, c.Operation(operator[0], (name, c.Number(1)))))
            return _operation("-" if operator == "++" else "+", name, c.Number(1)) if expression.postfix else name
        value = self.expression(operand, out)
        if operator in ("-", "!", "~", "+") and not isinstance(value, c.Opaque):
            if isinstance(value, c.Number):
                return c.Number({"-": -value.value, "!": int(not value.value), "~": ~value.value}.get(
                    operator, value.value))
            return c.Operation(operator, (value,))
        return c.Opaque("it is data")

    def _assign(self, operator: str, target: ast.Expr, value: ast.Expr, out: Out) -> c.Expression:
        if self._takes(value) and isinstance(target, ast.Name):
            self.commands.add(target.name)
            out.append(c.Take())
            return c.Opaque("it is a command")
        found = self.expression(value, out)
        if isinstance(target, ast.Name) and target.name not in self.data:
            if operator:
                found = _operation(operator, c.Name(target.name), found)
            out.append(c.Set(target.name, found))
            return c.Name(target.name)
        if isinstance(target, ast.Index) and isinstance(target.base, ast.Name) and target.base.name in self.memories:
            self.expression(target.index, out)
            out.append(c.Token(self.memories[target.base.name], write=True, memory=True))
        elif isinstance(target, ast.Index):
            self.expression(target.index, out)
        return c.Opaque("it is data")

    def _conditional(self, condition: ast.Expr, yes: ast.Expr, no: ast.Expr, out: Out) -> c.Expression:
        value = self.expression(condition, out)
        first: Out = []
        second: Out = []
        found = (self.expression(yes, first), self.expression(no, second))
        if first or second:
            out.append(c.Choice(value, tuple(first), tuple(second)))
        if isinstance(value, c.Number):
            return found[0] if value.value else found[1]
        if any(isinstance(one, c.Opaque) for one in (value, *found)):
            return c.Opaque("it depends on data")
        return c.Operation("?", (value, *found))

    # Calls.

    def _call(self, call: ast.Call, out: Out) -> c.Expression:
        match call.callee:
            case ast.Member(base, method):
                return self._method(base, method, call.arguments, out)
            case ast.Name():
                return self._function(call.callee, call.arguments, out)
        for argument in call.arguments:
            self.expression(argument, out)
        return c.Opaque("it is data")

    def _method(self, base: ast.Expr, method: str, arguments: Sequence[ast.Expr], out: Out) -> c.Expression:
        indices: list[ast.Expr] = []
        while isinstance(base, ast.Index):
            indices.append(base.index)
            base = base.base
        for argument in (*indices, *arguments):
            self.expression(argument, out)
        memory = self.memories.get(base.name) if isinstance(base, ast.Name) else None
        if memory is not None:
            if method in ("read", "write"):
                out.append(c.Token(memory, write=method == "write", memory=True))
            elif method == "write_response":
                out.append(c.Wait())
            return c.Opaque("it is data")
        port = self.streams.get(base.name) if isinstance(base, ast.Name) else None
        if port is None:
            return c.Opaque("it is data")
        if method in ("read", "write"):
            taken = port == self.command and method == "read"
            out.append(c.Take() if taken else c.Token(port, write=method == "write"))
            for argument in arguments if method == "read" else ():
                if isinstance(argument, ast.Name):
                    (self.commands if taken else self.data).add(argument.name)
            return c.Opaque("it is data")
        raise UnreadError(f"{port}.{method}() decides what happens next, and nobody knows when it is asked")

    def _function(self, callee: ast.Name, arguments: Sequence[ast.Expr], out: Out) -> c.Expression:
        name = callee.name
        found = [f for f in self.unit.functions.get(self._key(callee), ()) if f.body is not None]
        for argument in arguments:
            if not (isinstance(argument, ast.Name) and argument.name in (self.streams | self.blocks | self.memories)):
                self.expression(argument, out)
        if not found:
            return c.Opaque(f"{name}() is not in the text")
        function = found[0]
        assert function.body is not None
        handed = any(isinstance(a, ast.Name) and a.name in (self.streams | self.blocks) for a in arguments)
        rated = any(self.numbers.get(id(loop), -1) in self.rated for loop in inner_loops(function.body))
        if handed or rated:
            self._inline(function, arguments, out)
        for parameter, argument in zip(function.parameters, arguments, strict=False):
            if parameter.type.reference and not parameter.type.constant and isinstance(argument, ast.Name):
                out.append(c.Set(argument.name, c.Opaque(f"{name}() may set it")))
        return c.Opaque(f"it comes from {name}()")

    def _inline(self, function: ast.Function, arguments: Sequence[ast.Expr], out: Out) -> None:
        self.inlined += 1
        if self.inlined > MAX_INLINED:
            raise UnreadError(f"{function.name}() is called too deeply")
        assert function.body is not None
        saved = (dict(self.streams), dict(self.blocks), dict(self.memories), set(self.data), set(self.commands))
        for parameter, argument in zip(function.parameters, arguments, strict=False):
            name = argument.name if isinstance(argument, ast.Name) else ""
            for group, there in zip((self.streams, self.blocks, self.memories), saved[:3], strict=True):
                if name in there:
                    group[parameter.name] = there[name]
            if name in saved[4]:
                self.commands.add(parameter.name)
            elif self._scalar(parameter.type):
                self.data.discard(parameter.name)
                value = self.expression(argument, [])
                if not (isinstance(value, c.Name) and value.name == parameter.name):
                    out.append(c.Set(parameter.name, value))
            elif name not in (saved[0] | saved[1] | saved[2]):
                self.data.add(parameter.name)
        out += self.block(function.body)
        self.streams, self.blocks, self.memories, self.data, self.commands = saved
        self.inlined -= 1


def _operation(operator: str, left: c.Expression, right: c.Expression) -> c.Expression:
    if isinstance(left, c.Opaque) or isinstance(right, c.Opaque):
        return c.Opaque("it depends on data")
    if isinstance(left, c.Number) and isinstance(right, c.Number):
        try:
            return c.Number(apply_binary(operator, left.value, right.value))
        except NotConstantError:
            return c.Opaque(f"{left.value} {operator} {right.value} has no value")
    return c.Operation(operator, (left, right))

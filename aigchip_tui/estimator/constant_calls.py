"""Calls whose arguments are constants: `constexpr int lg(int n)` is run, as a compiler does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import NotConstantError, apply_binary

_MOST_STEPS = 20_000
_DEEPEST = 64

_Lookup = Callable[[ast.Name], int | None]
_Find = Callable[[ast.Name, ast.Call], ast.Function | None]


class _Returned(Exception):  # noqa: N818 - no error: how a `return` leaves the statements around it
    def __init__(self, value: int) -> None:
        self.value = value


class _Left(Exception):  # noqa: N818 - no error: how `break` and `continue` leave
    def __init__(self, kind: str) -> None:
        self.kind = kind


def run_constant(function: ast.Function, values: Sequence[int], lookup: _Lookup, find: _Find) -> int | None:
    """What a function returns for integer arguments; None when that takes more than arithmetic on integers.

    `lookup` gives constants around it, `find` the functions that it calls.
    """
    try:
        return _Run(lookup, find).call(function, values)
    except (NotConstantError, RecursionError):
        return None


class _Run:
    def __init__(self, lookup: _Lookup, find: _Find) -> None:
        self.lookup, self.find = lookup, find
        self.steps = 0
        self.depth = 0
        self.names: dict[str, int] = {}

    def call(self, function: ast.Function, values: Sequence[int]) -> int:
        if function.body is None or len(values) != len(function.parameters) or self.depth > _DEEPEST:
            raise NotConstantError
        if any(one.type.pointers or one.type.reference or one.type.extents for one in function.parameters):
            raise NotConstantError
        outer, self.names = (
            self.names,
            {one.name: value for one, value in zip(function.parameters, values, strict=True)},
        )
        self.depth += 1
        try:
            self.statement(function.body)
        except _Returned as returned:
            return returned.value
        finally:
            self.names = outer
            self.depth -= 1
        raise NotConstantError

    def statement(self, statement: ast.Stmt) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise NotConstantError
        match statement:
            case ast.Block():
                for part in statement.statements:
                    self.statement(part)
            case ast.Declaration():
                for variable in statement.variables:
                    if variable.type.extents or variable.type.pointers or variable.static:
                        raise NotConstantError
                    self.names[variable.name] = 0 if variable.init is None else self.value(variable.init)
            case ast.Evaluate():
                self.value(statement.expression)
            case ast.If():
                chosen = statement.yes if self.value(statement.condition) else statement.no
                if chosen is not None:
                    self.statement(chosen)
            case ast.Return() if statement.value is not None:
                raise _Returned(self.value(statement.value))
            case ast.Loop():
                self._loop(statement)
            case ast.Jump() if statement.kind in ("break", "continue"):
                raise _Left(statement.kind)
            case _:
                raise NotConstantError

    def _loop(self, loop: ast.Loop) -> None:
        if loop.init is not None:
            self.statement(loop.init)
        first = loop.kind == "do"
        while first or loop.condition is None or self.value(loop.condition):
            first = False
            try:
                self.statement(loop.body)
            except _Left as left:
                if left.kind == "break":
                    break
            if loop.step is not None:
                self.value(loop.step)

    def value(self, expression: ast.Expr) -> int:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise NotConstantError
        match expression:
            case ast.Number(value, kind) if kind in ("int", "bool"):
                return int(value)
            case ast.Name():
                known = self.names.get(expression.name) if not expression.scope else None
                known = self.lookup(expression) if known is None else known
                if known is not None:
                    return known
            case ast.Binary():
                return self._binary(expression)
            case ast.Conditional():
                return self.value(expression.yes if self.value(expression.condition) else expression.no)
            case ast.Cast(kind, value) if value is not None and kind.name in ("int", "unsigned", "long"):
                return self.value(value)
            case ast.Unary():
                return self._unary(expression)
            case ast.Assign(operator, ast.Name(name), value) if name in self.names:
                new = self.value(value)
                self.names[name] = _operate(operator, self.names[name], new) if operator else new
                return self.names[name]
            case ast.Call(ast.Name() as callee, arguments):
                function = self.find(callee, expression)
                if function is not None:
                    return self.call(function, [self.value(one) for one in arguments])
        raise NotConstantError

    def _binary(self, expression: ast.Binary) -> int:
        left = self.value(expression.left)
        if expression.operator == "&&":
            return int(bool(left and self.value(expression.right)))
        if expression.operator == "||":
            return int(bool(left or self.value(expression.right)))
        return _operate(expression.operator, left, self.value(expression.right))

    def _unary(self, expression: ast.Unary) -> int:
        operator, operand = expression.operator, expression.operand
        if operator in ("++", "--"):
            if not isinstance(operand, ast.Name) or operand.name not in self.names:
                raise NotConstantError
            before = self.names[operand.name]
            self.names[operand.name] = before + (1 if operator == "++" else -1)
            return before if expression.postfix else self.names[operand.name]
        value = self.value(operand)
        match operator:
            case "-":
                return -value
            case "+":
                return value
            case "!":
                return int(not value)
            case "~":
                return ~value
        raise NotConstantError


def _operate(operator: str, left: int, right: int) -> int:
    return right if operator == "," else apply_binary(operator, left, right)

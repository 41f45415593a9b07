"""`s << token` and `s >> token` of streams as the methods that they are short for."""

from __future__ import annotations

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import parts_of

_METHODS = {"<<": "write", ">>": "read"}
_OVERLOADED = ("operator<<", "operator>>")


def call_streams(unit: ast.Unit) -> None:
    """Rewrites statements that are nothing but shifts, where no text of the unit defines such operators.

    A shift of numbers whose value nobody takes does nothing, so what stands there is a stream.
    """
    if any(one.name in _OVERLOADED for one in unit.every_function()):
        return
    for function in unit.every_function():
        if function.body is not None:
            _below(function.body)


def _below(statement: ast.Stmt) -> None:
    if isinstance(statement, ast.Evaluate):
        found = statement.expression
        if isinstance(found, ast.Binary) and found.operator in _METHODS:
            steps = list(_steps(found))
            made = steps[0]
            for step in steps[1:]:
                made = ast.Binary(",", made, step)
            statement.expression = made
    for part in parts_of(statement):
        _below(part)


def _steps(chain: ast.Binary) -> list[ast.Expr]:
    """The calls of `s << a << b`, first to last; the shift itself where it begins at no object."""
    operands: list[ast.Expr] = []
    left: ast.Expr = chain
    while isinstance(left, ast.Binary) and left.operator == chain.operator:
        operands.append(left.right)
        left = left.left
    if not isinstance(left, ast.Name | ast.Member | ast.Index):
        return [chain]
    method = ast.Member(left, _METHODS[chain.operator], chain.line)
    if chain.operator == "<<":
        return [ast.Call(method, (one,), chain.line) for one in reversed(operands)]
    return [ast.Assign("", one, ast.Call(method, (), chain.line), chain.line) for one in reversed(operands)]

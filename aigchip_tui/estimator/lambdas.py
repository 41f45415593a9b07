"""Lambdas that have a name: a call of the name is a call of the lambda itself."""

from __future__ import annotations

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import expressions_of, parts_in, parts_of, sets_name


def call_lambdas(block: ast.Block) -> None:
    """Puts the lambda into every call of a variable that holds it; the variable itself goes."""
    kept: list[ast.Stmt] = []
    for position, statement in enumerate(block.statements):
        if isinstance(statement, ast.Declaration):
            left = []
            for variable in statement.variables:
                rest = block.statements[position:]
                if isinstance(variable.init, ast.Lambda) and not any(sets_name(part, variable.name) for part in rest):
                    for part in rest:
                        _call(part, variable.name, variable.init)
                else:
                    left.append(variable)
            if not left:
                continue
            statement.variables = tuple(left)
        kept.append(statement)
    block.statements = tuple(kept)
    for statement in block.statements:
        for inner in (statement, *parts_of(statement)):
            if isinstance(inner, ast.Block):
                call_lambdas(inner)


def _call(statement: ast.Stmt, name: str, meant: ast.Lambda) -> None:
    for expression in expressions_of(statement):
        for part in parts_in(expression):
            if isinstance(part, ast.Call) and isinstance(part.callee, ast.Name) and part.callee.name == name:
                part.callee = meant
            elif isinstance(part, ast.Lambda) and part is not meant and part.function.body is not None:
                _call(part.function.body, name, meant)
    for below in parts_of(statement):
        _call(below, name, meant)

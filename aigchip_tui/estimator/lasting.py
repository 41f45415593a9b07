"""What of a function's variables lasts: statics that calls change, tables that nothing changes."""

from __future__ import annotations

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import assigned_names, kept


@kept
def changed_in(body: ast.Block) -> frozenset[str]:
    """Names declared in the outermost block of a function, or outside of it, that its statements may change."""
    found: set[str] = set()
    for statement in body.statements:
        assigned_names(statement, found)
    return frozenset(found)


def is_table(variable: ast.Variable, body: ast.Block | None) -> bool:
    """Whether a local array is set to literals, not all of them zero, and never changed: the tool makes it a ROM."""
    if body is None or not isinstance(variable.init, ast.Braces) or variable.name in changed_in(body):
        return False
    waiting: list[ast.Expr] = [variable.init]
    some = False
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Braces):
            waiting += item.items
        elif isinstance(item, ast.Unary) and item.operator in ("-", "+", "~"):
            waiting.append(item.operand)
        elif isinstance(item, ast.Number):
            some = some or bool(item.value)
        else:
            return False
    return some


def lasts(variable: ast.Variable, body: ast.Block | None) -> bool:
    """Whether a local keeps from call to call what the function last stored: its first value says nothing then."""
    return variable.static and not variable.type.constant and body is not None and variable.name in changed_in(body)

"""What lasts: statics from call to call, tables that nothing changes, elements from iteration to iteration."""

from __future__ import annotations

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import (
    assigned_by,
    assigned_in,
    assigned_names,
    expressions_of,
    index_names,
    kept,
    names_in,
    own_names,
    parts_in,
    parts_of,
    reads_below,
    root_name,
)


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


@kept
def keeps_in_registers(loop: ast.Loop) -> bool:
    """Whether a loop reads an element of an array that is the same in all its iterations.

    What such a read delivers stands in a register before the loop begins. Counters of unrolled loops are constants.
    """
    moved = set(assigned_in(loop.body))
    if isinstance(loop.init, ast.Declaration):
        moved |= {variable.name for variable in loop.init.variables}
    elif isinstance(loop.init, ast.Evaluate):
        assigned_by(loop.init.expression, moved)
    moved |= _declared_below(loop.body)
    anew = _set_anew(loop.body)
    return any(
        not index_names(read) & moved and root_name(read) not in anew
        for read in reads_below(loop.body) if isinstance(read, ast.Index)
    )


@kept
def _set_anew(statement: ast.Stmt) -> frozenset[str]:
    """Names that a statement sets before it reads them, or hands to a function that may."""
    first: dict[str, bool] = {}
    for expression in expressions_of(statement):
        for part in parts_in(expression):
            if isinstance(part, ast.Assign) and not part.operator:
                for name in names_in(part.value):
                    first.setdefault(name, False)
                first.setdefault(root_name(part.target), True)
            elif isinstance(part, ast.Call):
                for one in part.arguments:
                    if isinstance(one, ast.Name):
                        first.setdefault(one.name, True)
            elif isinstance(part, ast.Name):
                first.setdefault(part.name, False)
    for below in parts_of(statement):
        anew = _set_anew(below)
        for name in _mentioned_below(below):
            first.setdefault(name, name in anew)
    return frozenset(name for name, anew in first.items() if anew)


@kept
def _mentioned_below(statement: ast.Stmt) -> frozenset[str]:
    found = {name for expression in expressions_of(statement) for name in names_in(expression)}
    return frozenset(found.union(*(_mentioned_below(part) for part in parts_of(statement))))


def _declared_below(statement: ast.Stmt) -> set[str]:
    unrolled = isinstance(statement, ast.Loop) and any(
        one.kind == "UNROLL" and "factor" not in one.options and not one.has("off") for one in statement.pragmas
    )
    found = set() if unrolled else own_names(statement)
    for part in parts_of(statement):
        found |= _declared_below(part)
    return found

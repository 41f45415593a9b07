"""References and pointers to one thing, `auto &r = a[i][j];` or `int *p = &sum;`, as the thing that they name."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import (
    assigned_names,
    children_of,
    expressions_of,
    names_in,
    own_names,
    parts_in,
    parts_of,
    sets_name,
)


def resolved(statements: tuple[ast.Stmt, ...]) -> tuple[ast.Stmt, ...]:
    """Statements of a block without its references to what stays the same behind them."""
    for place, statement in enumerate(statements):
        variable = _named_once(statement)
        rest = statements[place + 1 :]
        meant = None if variable is None else _meant(variable)
        if variable is None or meant is None or not _stays(variable.name, meant, rest):
            continue
        if variable.type.pointers and not all(_followed_alone(part, variable.name) for part in rest):
            continue
        for part in rest:
            put(part, {variable.name: meant}, followed=bool(variable.type.pointers))
        return (*statements[:place], *resolved(rest))
    return statements


def _named_once(statement: ast.Stmt) -> ast.Variable | None:
    """The variable that a statement declares alone, and that lives no longer than its block."""
    if not isinstance(statement, ast.Declaration) or len(statement.variables) != 1:
        return None
    one = statement.variables[0]
    return None if one.static or one.type.extents or one.type.arguments else one


def _meant(variable: ast.Variable) -> ast.Expr | None:
    """What a reference, or a pointer to one thing, names."""
    init, kind = variable.init, variable.type
    if kind.pointers == 1 and not kind.reference:
        init = init.operand if isinstance(init, ast.Unary) and init.operator == "&" else None
    elif not kind.reference or kind.pointers:
        return None
    return init if init is not None and designates(init) else None


def designates(expression: ast.Expr) -> bool:
    """Whether an expression is an element of a named array or of a record's, with indices that only compute."""
    while isinstance(expression, ast.Index | ast.Member):
        if isinstance(expression, ast.Index) and not _computes(expression.index):
            return False
        expression = expression.base
    return isinstance(expression, ast.Name)


def _computes(expression: ast.Expr) -> bool:
    known = isinstance(expression, ast.Number | ast.Name | ast.Binary | ast.Cast)
    return known and all(_computes(one) for one in children_of(expression))


def _stays(name: str, meant: ast.Expr, rest: tuple[ast.Stmt, ...]) -> bool:
    """Whether no name of an element is set or means something else in the statements behind its reference."""
    root = meant
    indices: set[str] = set()
    while isinstance(root, ast.Index | ast.Member):
        indices.update(names_in(root.index) if isinstance(root, ast.Index) else ())
        root = root.base
    assert isinstance(root, ast.Name)
    changed: set[str] = set()
    declared: set[str] = set()
    for part in rest:
        assigned_names(part, changed)
        _declared(part, declared)
        if (root is not meant and sets_name(part, root.name)) or _has_lambda(part):
            return False
    return not changed & indices and not declared & {name, root.name, *indices}


def _followed_alone(statement: ast.Stmt, name: str) -> bool:
    """Whether a pointer is nothing but followed, `*p` or `p()`, in a statement."""
    for expression in expressions_of(statement):
        parts = list(parts_in(expression))
        seen = sum(isinstance(part, ast.Name) and part.name == name for part in parts)
        followed = sum(is_name(_followed(part), name) for part in parts)
        if seen != followed or any(isinstance(part, ast.Text | ast.SizeOf) for part in parts):
            return False
    return all(_followed_alone(part, name) for part in parts_of(statement))


def _followed(part: object) -> ast.Expr | None:
    """What an expression follows if it is a pointer."""
    if isinstance(part, ast.Call):
        return part.callee
    return part.operand if isinstance(part, ast.Unary) and part.operator == "*" else None


def is_name(expression: object, name: str) -> bool:
    """Whether an expression is this name alone."""
    return isinstance(expression, ast.Name) and expression.name == name and not expression.scope


def _has_lambda(statement: ast.Stmt) -> bool:
    inside = any(isinstance(one, ast.Lambda) for whole in expressions_of(statement) for one in parts_in(whole))
    return inside or any(_has_lambda(part) for part in parts_of(statement))


def _declared(statement: ast.Stmt, names: set[str]) -> None:
    names |= own_names(statement)
    for part in parts_of(statement):
        _declared(part, names)


def put(
    node: ast.Stmt | ast.Expr | ast.Variable, meant: Mapping[str, ast.Expr], *, followed: bool = False
) -> None:
    """Puts expressions in the place of the names that mean them, everywhere below a node.

    With `followed` a name is a pointer, and what it points to stands in the place of `*name`.
    """
    for one in fields(node):  # type: ignore[arg-type]  # every node is a dataclass
        setattr(node, one.name, _item(getattr(node, one.name), meant, followed))


def _item(item: object, meant: Mapping[str, ast.Expr], followed: bool) -> object:
    name = _followed(item) if followed else item
    if isinstance(name, ast.Name) and name.name in meant and not name.scope:
        if not isinstance(item, ast.Call):
            return deepcopy(meant[name.name])
        item.callee = deepcopy(meant[name.name]) if followed else item.callee
    if isinstance(item, ast.Stmt | ast.Expr | ast.Variable):
        put(item, meant, followed=followed)
    elif isinstance(item, tuple):
        return tuple([_item(one, meant, followed) for one in item])
    return item

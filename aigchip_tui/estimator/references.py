"""References to elements, `auto &r = a[i][j];`, as the elements that they name."""

from __future__ import annotations

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
    """Statements of a block without its references to elements whose indices stay as they are behind them."""
    for place, statement in enumerate(statements):
        variable = _reference(statement)
        rest = statements[place + 1 :]
        if variable is not None and variable.init is not None and _stays(variable, rest):
            for part in rest:
                _replace(part, variable.name, variable.init)
            return (*statements[:place], *resolved(rest))
    return statements


def _reference(statement: ast.Stmt) -> ast.Variable | None:
    """The reference that a statement declares alone."""
    if not isinstance(statement, ast.Declaration) or len(statement.variables) != 1:
        return None
    one = statement.variables[0]
    plain = one.type.reference and not one.static and not one.type.extents
    return one if plain and isinstance(one.init, ast.Index | ast.Member) and _designates(one.init) else None


def _designates(expression: ast.Expr) -> bool:
    """Whether an expression is an element of a named array or of a record's, with indices that only compute."""
    while isinstance(expression, ast.Index | ast.Member):
        if isinstance(expression, ast.Index) and not _computes(expression.index):
            return False
        expression = expression.base
    return isinstance(expression, ast.Name)


def _computes(expression: ast.Expr) -> bool:
    known = isinstance(expression, ast.Number | ast.Name | ast.Binary | ast.Cast)
    return known and all(_computes(one) for one in children_of(expression))


def _stays(variable: ast.Variable, rest: tuple[ast.Stmt, ...]) -> bool:
    """Whether no name of an element is set or means something else in the statements behind its reference."""
    root: ast.Expr | None = variable.init
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
        if sets_name(part, root.name) or _has_lambda(part):
            return False
    return not changed & indices and not declared & {variable.name, root.name, *indices}


def _has_lambda(statement: ast.Stmt) -> bool:
    inside = any(isinstance(one, ast.Lambda) for whole in expressions_of(statement) for one in parts_in(whole))
    return inside or any(_has_lambda(part) for part in parts_of(statement))


def _declared(statement: ast.Stmt, names: set[str]) -> None:
    names |= own_names(statement)
    for part in parts_of(statement):
        _declared(part, names)


def _replace(node: ast.Stmt | ast.Expr | ast.Variable, name: str, element: ast.Expr) -> None:
    """Puts an element in the place of a name everywhere below a node."""
    for one in fields(node):  # type: ignore[arg-type]  # every node is a dataclass
        value = getattr(node, one.name)
        if isinstance(value, ast.Name) and value.name == name and not value.scope:
            setattr(node, one.name, deepcopy(element))
        elif isinstance(value, ast.Stmt | ast.Expr | ast.Variable):
            _replace(value, name, element)
        elif isinstance(value, tuple):
            setattr(node, one.name, tuple([_item(item, name, element) for item in value]))


def _item(item: object, name: str, element: ast.Expr) -> object:
    if isinstance(item, ast.Name) and item.name == name and not item.scope:
        return deepcopy(element)
    if isinstance(item, ast.Stmt | ast.Expr | ast.Variable):
        _replace(item, name, element)
    elif isinstance(item, tuple):
        return tuple([_item(one, name, element) for one in item])
    return item

"""Temporaries that only carry a value to the next store, `auto t = e; a[i] = t;`, as that store: `a[i] = e;`.

No hardware stands for such a name, and what looks for running sums and begun values sees the store as it was meant.
"""

from __future__ import annotations

from dataclasses import dataclass

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.mentions import mentioned_words, words_of
from aigchip_tui.estimator.traverse import acts, root_name, same, statements_below

_COMPOUND = frozenset(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"])


@dataclass(frozen=True)
class _Names:
    """What a function says of its names: the type of an array's elements, as far as it is plain, and those that
    its pragmas mean.
    """

    elements: dict[str, str]
    meant: frozenset[str]


def _names_of(function: ast.Function) -> _Names:
    """The names of a function, parameters among them; what is declared twice with two types has none."""
    found: dict[str, str] = {}
    meant: set[str] = set()
    statements = list(statements_below(function.body)) if function.body is not None else []
    declared = [one for part in statements if isinstance(part, ast.Declaration) for one in part.variables]
    for variable in (*function.parameters, *declared):
        kind = variable.type.name if _plain(variable.type) else ""
        found[variable.name] = kind if found.get(variable.name, kind) == kind else ""
    for part in statements:
        for pragma in part.pragmas if isinstance(part, ast.Loop | ast.Block) else ():
            meant.update(*(words_of(text) for text in pragma.options.values()))
    return _Names({name: kind for name, kind in found.items() if kind}, frozenset(meant))


def carry(function: ast.Function) -> None:
    """Takes away a function's temporaries of which the next store is all the use."""
    if function.body is None:
        return
    names = _names_of(function)
    for statement in list(statements_below(function.body)):
        if isinstance(statement, ast.Block):
            statement.statements = _carried(statement.statements, names)
            statement.declares = any(isinstance(part, ast.Declaration) for part in statement.statements)


def _carried(statements: tuple[ast.Stmt, ...], names: _Names) -> tuple[ast.Stmt, ...]:
    found: list[ast.Stmt] = []
    place = 0
    while place < len(statements):
        variable = _temporary(statements[place])
        taken = None
        if variable is not None and variable.name not in names.meant:
            rest = statements[place + 1 : place + 3]
            taken = _short(variable, rest, names) or _updated(variable, rest, names)
            if taken and any(variable.name in mentioned_words(one) for one in statements[place + taken[1] :]):
                taken = None
        found.append(taken[0] if taken else statements[place])
        place += taken[1] if taken else 1
    return tuple(found)


def _short(variable: ast.Variable, rest: tuple[ast.Stmt, ...], names: _Names) -> tuple[ast.Stmt, int] | None:
    """`auto t = e; L = t;` as `L = e;`, and the number of statements that this stands for."""
    store = _assignment(rest, 0)
    if store is None or variable.init is None or not _is(store.value, variable.name):
        return None
    if not _fits(variable, store.target, names) or (store.operator and variable.type.name != "auto"):
        return None
    return ast.Evaluate(ast.Assign(store.operator, store.target, variable.init, store.line)), 2


def _updated(variable: ast.Variable, rest: tuple[ast.Stmt, ...], names: _Names) -> tuple[ast.Stmt, int] | None:
    """`auto t = L; t += e; L = t;` as `L += e;`, and the number of statements that this stands for."""
    update, store = _assignment(rest, 0), _assignment(rest, 1)
    if update is None or store is None or variable.init is None or store.operator:
        return None
    if not same(variable.init, store.target) or not _is(update.target, variable.name):
        return None
    if not _is(store.value, variable.name):
        return None
    operator, value = update.operator, update.value
    if not operator and isinstance(value, ast.Binary) and _is(value.left, variable.name):
        operator, value = value.operator, value.right
    if operator not in _COMPOUND or variable.name in mentioned_words(ast.Evaluate(value)):
        return None
    if not _fits(variable, store.target, names):
        return None
    return ast.Evaluate(ast.Assign(operator, store.target, value, store.line)), 3


def _temporary(statement: ast.Stmt) -> ast.Variable | None:
    """The scalar that a statement declares alone, with a value."""
    if not isinstance(statement, ast.Declaration) or len(statement.variables) != 1:
        return None
    one = statement.variables[0]
    kind = one.type
    scalar = not (kind.pointers or kind.reference or kind.extents or one.static or one.extern)
    return one if scalar and one.init is not None and not isinstance(one.init, ast.Braces | ast.Lambda) else None


def _assignment(statements: tuple[ast.Stmt, ...], place: int) -> ast.Assign | None:
    statement = statements[place] if place < len(statements) else None
    expression = statement.expression if isinstance(statement, ast.Evaluate) else None
    return expression if isinstance(expression, ast.Assign) else None


def _is(expression: ast.Expr, name: str) -> bool:
    return isinstance(expression, ast.Name) and expression.name == name and not expression.scope


def _fits(variable: ast.Variable, target: ast.Expr, names: _Names) -> bool:
    """Whether a store to an element converts a value as its temporary does, and does nothing else."""
    if not isinstance(target, ast.Index) or acts(target) or variable.name in mentioned_words(ast.Evaluate(target)):
        return False
    kind = variable.type
    return kind.name == "auto" or (_plain(kind) and names.elements.get(root_name(target)) == kind.name)


def _plain(kind: ast.TypeRef) -> bool:
    return not (kind.arguments or kind.scope or kind.reference)

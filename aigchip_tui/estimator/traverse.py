"""Walks over the syntax tree that need no values: loops, calls and assigned names below a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeVar

from aigchip_tui.cpp import ast

OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
"""Comparisons that hold when the other does not."""

_S = TypeVar("_S", bound=ast.Stmt)
_R = TypeVar("_R")
_N = TypeVar("_N")


def kept(function: Callable[[_S], _R]) -> Callable[[_S], _R]:
    """Remembers with a block or a loop what a walk over it found: walks ask again and again, the tree stays."""
    name = function.__name__

    @wraps(function)
    def asked(statement: _S) -> _R:
        if not isinstance(statement, ast.Block | ast.Loop):
            return function(statement)
        found: Any = statement.kept.get(name, kept)
        if found is kept:
            found = statement.kept[name] = function(statement)
        return found  # type: ignore[no-any-return]  # what the function returned

    return asked


def kept_for(function: Callable[[ast.Loop, tuple[ast.Stmt, ...], bool], bool]) -> Callable[..., bool]:
    """As `kept`, of a loop beside statements."""
    name = function.__name__

    @wraps(function)
    def asked(loop: ast.Loop, beside: tuple[ast.Stmt, ...], unrolled: bool) -> bool:
        key = (name, beside, unrolled)
        found: bool | None = loop.kept.get(key)
        if found is None:
            found = loop.kept[key] = function(loop, beside, unrolled)
        return found

    return asked


def inner_loops(block: ast.Stmt) -> Iterator[ast.Loop]:
    """All loops below a statement, outermost first."""
    if isinstance(block, ast.Loop):
        yield block
        yield from inner_loops(block.body)
    elif isinstance(block, ast.Block):
        for part in block.statements:
            yield from inner_loops(part)
    elif isinstance(block, ast.If):
        yield from inner_loops(block.yes)
        if block.no is not None:
            yield from inner_loops(block.no)
    elif isinstance(block, ast.Switch):
        for _, parts in block.cases:
            for part in parts:
                yield from inner_loops(part)


def names_of_loop(loop: ast.Loop) -> tuple[str, ...]:
    """Names by which a directive may mean a loop: its label, or the one that the tool makes of its line."""
    return (loop.label,) if loop.label else tuple(f"VITIS_LOOP_{loop.line}_{number}" for number in range(1, 100))


def _below(first: _N, parts_by_kind: Mapping[type[_N], Callable[[Any], tuple[_N, ...]]]) -> Iterator[_N]:
    """A node and everything below it, outermost first and left to right."""
    waiting = [first]
    while waiting:
        found = waiting.pop()
        yield found
        parts = parts_by_kind.get(type(found))
        if parts is not None:
            waiting += parts(found)[::-1]


def statements_below(statement: ast.Stmt) -> Iterator[ast.Stmt]:
    """A statement and everything below it, in the order of the text."""
    return _below(statement, _PARTS)


def declared_below(statement: ast.Stmt) -> Iterator[str]:
    """Names of the variables that a statement and everything below it declares, each as often as it is declared."""
    for below in statements_below(statement):
        if isinstance(below, ast.Declaration):
            yield from (variable.name for variable in below.variables)


@kept
def loops_below(block: ast.Stmt) -> tuple[ast.Loop, ...]:
    """`inner_loops`, remembered."""
    return tuple(inner_loops(block))


def outer_loops(block: ast.Stmt) -> Iterator[ast.Loop]:
    """Loops below a statement that stand in no other loop."""
    if isinstance(block, ast.Loop):
        yield block
        return
    for part in parts_of(block):
        yield from outer_loops(part)


@kept
def early_exit(block: ast.Stmt) -> bool:
    """Whether a `break` or `return` can leave a loop body early (inner loops keep their own breaks)."""
    if isinstance(block, ast.Jump):
        return block.kind in ("break", "goto")
    if isinstance(block, ast.Return):
        return True
    if isinstance(block, ast.Block):
        return any(early_exit(part) for part in block.statements)
    if isinstance(block, ast.If):
        return early_exit(block.yes) or (block.no is not None and early_exit(block.no))
    return False


def children_of(expression: ast.Expr) -> tuple[ast.Expr, ...]:
    """Direct operands of an expression."""
    operands = _OPERANDS.get(type(expression))
    return operands(expression) if operands is not None else ()


_OPERANDS: dict[type[ast.Expr], Callable[[Any], tuple[ast.Expr, ...]]] = {
    ast.Binary: lambda one: (one.left, one.right),
    ast.Assign: lambda one: (one.target, one.value),
    ast.Unary: lambda one: (one.operand,),
    ast.Index: lambda one: (one.base, one.index),
    ast.Member: lambda one: (one.base,),
    ast.Call: lambda one: (one.callee, *one.arguments),
    ast.Conditional: lambda one: (one.condition, one.yes, one.no),
    ast.Cast: lambda one: (one.value,) if one.value is not None else (),
    ast.Braces: lambda one: one.items,
    ast.Extent: lambda one: (one.operand,),
}
"""Operands by the kind of an expression; a table, because most expressions are names and numbers, which have none."""


def calls_in(expression: ast.Expr) -> Iterator[ast.Call]:
    """All calls within an expression."""
    return (part for part in parts_in(expression) if isinstance(part, ast.Call))


def expressions_of(statement: ast.Stmt) -> tuple[ast.Expr, ...]:
    """Expressions that stand directly in a statement."""
    written = _WRITTEN.get(type(statement))
    return written(statement) if written is not None else ()


_WRITTEN: dict[type[ast.Stmt], Callable[[Any], tuple[ast.Expr, ...]]] = {
    ast.Evaluate: lambda one: (one.expression,),
    ast.Declaration: lambda one: tuple([each.init for each in one.variables if each.init is not None]),
    ast.If: lambda one: (one.condition,),
    ast.Return: lambda one: (one.value,) if one.value is not None else (),
    ast.Loop: lambda one: tuple([part for part in (one.condition, one.step) if part is not None]),
    ast.Switch: lambda one: (one.subject,),
}
"""Expressions by the kind of a statement."""


def opposite(condition: ast.Expr) -> ast.Expr | None:
    """The comparison that holds when this one does not; None for what is no comparison."""
    if isinstance(condition, ast.Binary) and condition.operator in OPPOSITE:
        return ast.Binary(OPPOSITE[condition.operator], condition.left, condition.right, condition.line)
    return None


def parts_of(statement: ast.Stmt) -> tuple[ast.Stmt, ...]:
    """Statements directly below a statement."""
    parts = _PARTS.get(type(statement))
    return parts(statement) if parts is not None else ()


_PARTS: dict[type[ast.Stmt], Callable[[Any], tuple[ast.Stmt, ...]]] = {
    ast.Block: lambda one: one.statements,
    ast.If: lambda one: (one.yes, one.no) if one.no is not None else (one.yes,),
    ast.Loop: lambda one: (one.init, one.body) if one.init is not None else (one.body,),
    ast.Switch: lambda one: tuple([part for _, parts in one.cases for part in parts]),
}
"""Statements below a statement by its kind; a table, because most statements have none."""


def count_statements(statement: ast.Stmt) -> int:
    """Statements of a body, itself included: its size however the text is laid out."""
    return 1 + sum(count_statements(part) for part in parts_of(statement))


@kept
def calls_below(statement: ast.Stmt) -> tuple[ast.Call, ...]:
    """All calls below a statement, remembered."""
    found = [call for expression in expressions_of(statement) for call in calls_in(expression)]
    for part in parts_of(statement):
        found += calls_below(part)
    return tuple(found)


@kept
def assigned_in(statement: ast.Stmt) -> frozenset[str]:
    """`assigned_names`, remembered."""
    found: set[str] = set()
    for expression in expressions_of(statement):
        assigned_by(expression, found)
    for part in parts_of(statement):
        found |= assigned_in(part)
    return frozenset(found - own_names(statement))


def assigned_names(statement: ast.Stmt, names: set[str]) -> None:
    """Root names of everything a statement may assign outside of itself; arguments of calls count as assigned."""
    found: set[str] = set()
    for expression in expressions_of(statement):
        assigned_by(expression, found)
    for part in parts_of(statement):
        assigned_names(part, found)
    names |= found - own_names(statement)


def own_names(statement: ast.Stmt) -> set[str]:
    """Names that a block or a loop's header declares: assigning them changes nothing outside."""
    parts: tuple[ast.Stmt | None, ...] = ()
    if isinstance(statement, ast.Block):
        parts = statement.statements
    elif isinstance(statement, ast.Loop):
        parts = (statement.init,)
    return {one.name for part in parts if isinstance(part, ast.Declaration) for one in part.variables}


def assigned_by(expression: ast.Expr, names: set[str]) -> None:
    """Adds the root names of everything that an expression may assign; arguments of calls count as assigned."""
    if isinstance(expression, ast.Assign) or (
        isinstance(expression, ast.Unary) and expression.operator in ("++", "--")
    ):
        _root(expression.target if isinstance(expression, ast.Assign) else expression.operand, names)
    elif isinstance(expression, ast.Call):
        for argument in expression.arguments:
            _root(argument, names)
        if isinstance(expression.callee, ast.Member):
            _root(expression.callee.base, names)
        if isinstance(expression.callee, ast.Lambda) and expression.callee.function.body is not None:
            assigned_names(expression.callee.function.body, names)
    for child in children_of(expression):
        assigned_by(child, names)


def states_banks(function: ast.Function) -> bool:
    """Whether the designer states partitions or an interval: then memories stay as written."""

    def look(statement: ast.Stmt) -> bool:
        for pragma in statement.pragmas if isinstance(statement, ast.Block | ast.Loop) else ():
            if pragma.kind in ("ARRAY_PARTITION", "ARRAY_RESHAPE") or (
                pragma.kind == "PIPELINE" and "ii" in pragma.options
            ):
                return True
        return any(look(part) for part in parts_of(statement))

    return function.body is not None and look(function.body)


def root_name(expression: ast.Expr) -> str:
    """Name of the variable that an expression designates or lies in; empty when there is none."""
    found: set[str] = set()
    _root(expression, found)
    return next(iter(found), "")


def _root(expression: ast.Expr, names: set[str]) -> None:
    while isinstance(expression, ast.Index | ast.Member | ast.Unary | ast.Cast):
        if isinstance(expression, ast.Index | ast.Member):
            expression = expression.base
        elif isinstance(expression, ast.Unary):
            expression = expression.operand
        elif expression.value is not None:
            expression = expression.value
        else:
            return
    if isinstance(expression, ast.Name):
        names.add(expression.name)


@kept
def accumulates(loop: ast.Loop) -> bool:
    """Whether a loop adds to a place that its counter does not move, in every iteration."""
    counters: set[str] = set()
    if isinstance(loop.init, ast.Declaration):
        counters = {variable.name for variable in loop.init.variables}
    elif isinstance(loop.init, ast.Evaluate):
        assigned_by(loop.init.expression, counters)
    for statement in loop.body.statements:
        found = statement.expression if isinstance(statement, ast.Evaluate) else None
        if not isinstance(found, ast.Assign) or not isinstance(found.target, ast.Index | ast.Name):
            continue
        place = set(names_in(found.target))
        if place & counters:
            continue
        if found.operator or any(spelled(part) == spelled(found.target) for part in parts_in(found.value)):
            return True
    return False


def parts_in(expression: ast.Expr) -> Iterator[ast.Expr]:
    """An expression and everything below it, outermost first and left to right."""
    return _below(expression, _OPERANDS)


def spelled(expression: ast.Expr) -> tuple[object, ...]:
    """A key that is equal for expressions of the same spelling."""
    match expression:
        case ast.Name():
            own: object = (expression.name, expression.scope)
        case ast.Number():
            own = expression.value
        case ast.Binary() | ast.Unary() | ast.Assign():
            own = expression.operator
        case ast.Member():
            own = expression.name
        case ast.Cast():
            own = expression.type.name
        case ast.Text():
            own = expression.value
        case ast.SizeOf():
            own = id(expression)
        case _:
            own = None
    return (type(expression), own, *(spelled(child) for child in children_of(expression)))


def same(first: ast.Expr, second: ast.Expr) -> bool:
    """Whether two expressions are spelled alike."""
    return type(first) is type(second) and spelled(first) == spelled(second)


def acts(expression: ast.Expr) -> bool:
    """Whether an expression does more than give a value: it assigns, calls, or is text that is not read."""
    return any(
        isinstance(part, ast.Assign | ast.Call | ast.Text | ast.Lambda)
        or (isinstance(part, ast.Unary) and part.operator in ("++", "--"))
        or (isinstance(part, ast.Binary) and part.operator in ("<<", ">>"))
        for part in parts_in(expression)
    )


def sets_name(statement: ast.Stmt, name: str) -> bool:
    """Whether a statement assigns a name of its surroundings, or takes its address."""
    return name in names_set(statement)


@kept
def names_set(statement: ast.Stmt) -> frozenset[str]:
    """Names of its surroundings that a statement assigns, or takes the address of."""
    found: set[str] = set()
    for expression in expressions_of(statement):
        for part in parts_in(expression):
            target: ast.Expr | None = None
            if isinstance(part, ast.Assign):
                target = part.target
            elif isinstance(part, ast.Unary) and part.operator in ("++", "--", "&"):
                target = part.operand
            if isinstance(target, ast.Name):
                found.add(target.name)
            body = part.function.body if isinstance(part, ast.Lambda) else None
            if body is not None:
                found |= names_set(body)
    for below in parts_of(statement):
        found |= names_set(below)
    return frozenset(found - own_names(statement))


def names_in(expression: ast.Expr) -> Iterator[str]:
    """Names that an expression mentions."""
    return (part.name for part in parts_in(expression) if isinstance(part, ast.Name))


def reads_below(statement: ast.Stmt) -> Iterator[ast.Expr]:
    """Outermost subscripts that a statement reads; the target of a plain assignment is only written."""
    for expression in expressions_of(statement):
        yield from _reads_in(expression)
    for part in parts_of(statement):
        yield from reads_below(part)


def _reads_in(expression: ast.Expr) -> Iterator[ast.Expr]:
    if isinstance(expression, ast.Index | ast.Call):
        yield expression
        return
    if isinstance(expression, ast.Assign):
        if expression.operator:
            yield from _reads_in(expression.target)
        yield from _reads_in(expression.value)
        return
    for child in children_of(expression):
        yield from _reads_in(child)


def index_names(expression: ast.Expr) -> set[str]:
    """Names in the subscripts of an element of an array."""
    found: set[str] = set()
    while isinstance(expression, ast.Index):
        found |= set(names_in(expression.index))
        expression = expression.base
    return found


def array_reads(statement: ast.Stmt) -> Iterator[ast.Index]:
    """Elements of arrays that a statement reads."""
    return (read for read in reads_below(statement) if isinstance(read, ast.Index))


def reads_elsewhere(statement: ast.Stmt) -> bool:
    """Whether a statement reads an element of an array or the result of a call."""
    return any(isinstance(read, ast.Index | ast.Call) for read in reads_below(statement))


def mentioned(statement: ast.Stmt) -> set[str]:
    """Names in the expressions of a statement and of everything below it, bodies of lambdas included."""
    found: set[str] = set()
    for expression in expressions_of(statement):
        for part in parts_in(expression):
            if isinstance(part, ast.Name):
                found.add(part.name)
            elif isinstance(part, ast.Lambda) and part.function.body is not None:
                found |= mentioned(part.function.body)
    return found.union(*(mentioned(part) for part in parts_of(statement)))


def chooses(statement: ast.Stmt) -> bool:
    """Whether a statement chooses between two values (`?:`)."""
    return any(isinstance(part, ast.Conditional) for one in expressions_of(statement) for part in parts_in(one))

"""Small functions as what they do: `void add(float &s, float x) { s += x; }` as a sum, `return a * b;` as a product.

The tool inlines such a function before it looks at loops, so a running sum is one however it is written, and a table
whose elements are handed over stays a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import fields

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.references import designates, put
from aigchip_tui.estimator.traverse import acts, declared_below, parts_in, root_name, statements_below

_DEEPEST = 4
"""Helpers that call helpers."""
_VALUES = (
    ast.Name, ast.Number, ast.Binary, ast.Unary, ast.Conditional, ast.Index, ast.Member, ast.Cast
)  # fmt: skip


def write_out(unit: ast.Unit, directives: Sequence[Pragma]) -> None:
    """Puts what a helper does in the place of its calls; `directives` may keep one apart."""
    apart = {one.location.partition("/")[0] for one in directives if one.kind in ("INLINE", "ALLOCATION")}
    known: set[str] = set()
    for _ in range(_DEEPEST):
        helpers = {
            key: found[0]
            for key, found in unit.functions.items()
            if len(found) == 1 and found[0].name not in apart and _helps(found[0])
        }
        if helpers.keys() <= known or (not known and any(_shares(function) for function in unit.every_function())):
            return
        known |= helpers.keys()
        for function in unit.every_function():
            if function.body is not None:
                _Writer(unit, helpers, function).write(function.body)


def _helps(function: ast.Function) -> bool:
    """Whether a function is one value, or one assignment to what it is given, and nothing keeps it apart."""
    body = function.body
    if body is None or function.virtual or function.broken or function.owner or len(body.statements) != 1:
        return False
    if any(pragma.kind != "INLINE" or pragma.has("off") for pragma in body.pragmas):
        return False
    templates = {name for name, _ in function.templates}
    if any((one.type.arguments and templates) or one.init is not None for one in function.parameters):
        return False
    only = _only(function)
    if isinstance(only, ast.Assign):
        kept = {one.name for one in function.parameters if _is_place(one.type)}
        if acts(only.value) or acts(only.target) or root_name(only.target) not in kept:
            return False
    else:
        returns = function.returns
        if only is None or returns.name in templates or returns.arguments or _is_place(returns):
            return False
    return all(
        (isinstance(part, _VALUES) or part is only)
        and not (isinstance(part, ast.Name) and (part.name in templates or part.arguments))
        and not (isinstance(part, ast.Cast) and part.type.name in templates)
        and not (isinstance(part, ast.Unary) and part.operator in ("++", "--"))
        for part in parts_in(only)
    )


def _only(function: ast.Function) -> ast.Expr | None:
    """The assignment that is all of a function, or the value that it returns."""
    assert function.body is not None
    only = function.body.statements[0]
    if isinstance(only, ast.Evaluate) and isinstance(only.expression, ast.Assign):
        return only.expression
    return only.value if isinstance(only, ast.Return) else None


def _is_place(kind: ast.TypeRef) -> bool:
    return bool(kind.reference or kind.pointers or kind.extents)


def _shares(function: ast.Function) -> bool:
    """Whether a function says how many modules of another there are."""
    return function.body is not None and any(
        pragma.kind == "ALLOCATION" and "operation" not in (*pragma.words, pragma.options.get("type", ""))
        for statement in statements_below(function.body)
        for pragma in (statement.pragmas if isinstance(statement, ast.Loop | ast.Block) else ())
    )


class _Writer:
    """Writes helpers out in one function, `within`."""

    def __init__(self, unit: ast.Unit, helpers: Mapping[str, ast.Function], within: ast.Function) -> None:
        self._unit, self._helpers = unit, helpers
        assert within.body is not None
        self._names = {one.name for one in within.parameters} | set(declared_below(within.body))

    def write(self, node: ast.Stmt | ast.Expr | ast.Variable) -> None:
        """Writes out all calls below a node, innermost first."""
        for one in fields(node):  # type: ignore[arg-type]  # every node is a dataclass
            value = getattr(node, one.name)
            if isinstance(value, ast.Stmt | ast.Expr | ast.Variable | tuple):
                setattr(node, one.name, self._item(value))

    def _item(self, item: object) -> object:
        if isinstance(item, tuple):
            return tuple([self._item(one) for one in item])
        if isinstance(item, ast.Stmt | ast.Expr | ast.Variable):
            self.write(item)
        return (self._meant(item) or item) if isinstance(item, ast.Call) else item

    def _meant(self, call: ast.Call) -> ast.Expr | None:
        """What a call of a helper does; None for any other, and where its text would mean something else."""
        callee = call.callee
        if not isinstance(callee, ast.Name) or callee.arguments or callee.owner is not None:
            return None
        function = self._helpers.get(self._unit.names.key_of(callee.name, callee.scope, callee.space))
        if function is None or callee.name in self._names or len(call.arguments) != len(function.parameters):
            return None
        only = _only(function)
        assert only is not None
        used = [part.name for part in parts_in(only) if isinstance(part, ast.Name)]
        given = {one.name for one in function.parameters}
        if any(name in self._names for name in used if name not in given):
            return None
        templates = {name for name, _ in function.templates}
        values: dict[str, ast.Expr] = {}
        for parameter, argument in zip(function.parameters, call.arguments, strict=True):
            changed = isinstance(only, ast.Assign) and _is_place(parameter.type)
            value = _value(parameter.type, argument, used.count(parameter.name), templates, changed=changed)
            if value is None:
                return None
            values[parameter.name] = value
        function.called = True
        found = ast.Evaluate(deepcopy(only))
        put(found, values)
        plain = isinstance(only, ast.Assign) or function.returns.name == "auto"
        return found.expression if plain else ast.Cast(function.returns, found.expression, call.line)


def _value(
    kind: ast.TypeRef, argument: ast.Expr, times: int, templates: set[str], *, changed: bool
) -> ast.Expr | None:
    """What stands for a parameter in the text of a helper; None where that is not the same."""
    if changed or kind.pointers or kind.extents:
        return argument if designates(argument) else None
    if acts(argument) or (times > 1 and not isinstance(argument, ast.Name | ast.Number)):
        return None
    if kind.name in templates or kind.name == "auto" or kind.reference:
        return argument
    return ast.Cast(kind, argument, 0)

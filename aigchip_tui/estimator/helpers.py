"""Small functions that only change what they are given, `void add(float &s, float x) { s += x; }`, as that change.

The tool inlines such a function before it looks at loops, so a running sum is one however it is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.references import designates, put
from aigchip_tui.estimator.traverse import acts, declared_below, parts_in, root_name, statements_below

_DEEPEST = 4
"""Helpers that call helpers."""


def write_out(unit: ast.Unit, directives: Sequence[Pragma]) -> None:
    """Puts what a helper does in the place of every statement that calls it; `directives` may keep one apart."""
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
            _write_out_in(unit, helpers, function)


def _write_out_in(unit: ast.Unit, helpers: Mapping[str, ast.Function], function: ast.Function) -> None:
    if function.body is None:
        return
    names = {one.name for one in function.parameters} | set(declared_below(function.body))
    for statement in statements_below(function.body):
        if isinstance(statement, ast.Evaluate):
            statement.expression = _written_out(unit, helpers, statement.expression, names) or statement.expression


def _helps(function: ast.Function) -> bool:
    """Whether a function is one assignment to what it is given, and nothing keeps it a module of its own."""
    body = function.body
    if body is None or function.virtual or function.broken or function.owner or len(body.statements) != 1:
        return False
    if any(pragma.kind != "INLINE" or pragma.has("off") for pragma in body.pragmas):
        return False
    only = body.statements[0]
    written = only.expression if isinstance(only, ast.Evaluate) else None
    if not isinstance(written, ast.Assign) or acts(written.value) or acts(written.target):
        return False
    kept = {one.name: one.type for one in function.parameters if _is_place(one.type)}
    if root_name(written.target) not in kept:
        return False
    templates = {name for name, _ in function.templates}
    plain = all(not (one.type.arguments and templates) and one.init is None for one in function.parameters)
    return plain and not any(
        isinstance(part, ast.Text | ast.Lambda | ast.SizeOf)
        or (isinstance(part, ast.Name) and part.name in templates)
        or (isinstance(part, ast.Cast) and part.type.name in templates)
        for part in parts_in(written)
    )


def _is_place(kind: ast.TypeRef) -> bool:
    return bool(kind.reference or kind.pointers or kind.extents)


def _shares(function: ast.Function) -> bool:
    """Whether a function says how many modules of another there are."""
    return function.body is not None and any(
        pragma.kind == "ALLOCATION" and "operation" not in (*pragma.words, pragma.options.get("type", ""))
        for statement in statements_below(function.body)
        for pragma in (statement.pragmas if isinstance(statement, ast.Loop | ast.Block) else ())
    )


def _written_out(
    unit: ast.Unit, helpers: Mapping[str, ast.Function], call: ast.Expr, names: set[str]
) -> ast.Expr | None:
    """What a call of a helper does; None for any other expression, and where its text would mean something else."""
    if not isinstance(call, ast.Call) or not isinstance(call.callee, ast.Name) or call.callee.arguments:
        return None
    callee = call.callee
    if callee.owner is not None or callee.name in names:
        return None
    function = helpers.get(unit.names.key_of(callee.name, callee.scope, callee.space))
    if function is None or len(call.arguments) != len(function.parameters) or function.body is None:
        return None
    only = function.body.statements[0]
    assert isinstance(only, ast.Evaluate)
    used = [part for part in parts_in(only.expression) if isinstance(part, ast.Name)]
    given = {one.name for one in function.parameters}
    if any(part.name in names and part.name not in given for part in used):
        return None
    templates = {name for name, _ in function.templates}
    values: dict[str, ast.Expr] = {}
    for parameter, argument in zip(function.parameters, call.arguments, strict=True):
        times = sum(part.name == parameter.name for part in used)
        value = _value(parameter, argument, times, templates)
        if value is None:
            return None
        values[parameter.name] = value
    found = ast.Evaluate(deepcopy(only.expression))
    put(found, values)
    return found.expression


def _value(parameter: ast.Variable, argument: ast.Expr, times: int, templates: set[str]) -> ast.Expr | None:
    """What stands for a parameter in the text of a helper; None where that is not the same."""
    kind = parameter.type
    if _is_place(kind):
        return argument if designates(argument) else None
    if acts(argument) or (times > 1 and not isinstance(argument, ast.Name | ast.Number)):
        return None
    if kind.name in templates or kind.name == "auto":
        return argument
    return ast.Cast(kind, argument, 0)

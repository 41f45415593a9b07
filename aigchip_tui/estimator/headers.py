"""Headers of `for` loops that say more than one thing: the counter stays in them, the rest stands around the loop."""

from __future__ import annotations

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.counters import continues, counter_of, set_by
from aigchip_tui.estimator.traverse import names_in, parts_in


def alone(loop: ast.Loop) -> ast.Stmt:
    """The loop with its counter alone in its header.

    What else `for (int i = 0, j = 8; i < n; i++, j--)` sets stands in front of the loop, what else it steps at the end
    of the body: there it is a value that goes from iteration to iteration as any other. A header without a step is
    that of a `while` loop.
    """
    if loop.kind != "for":
        return loop
    if loop.step is None and loop.init is not None:
        init, loop.init, loop.kind = loop.init, None, "while"
        return ast.Block((init, loop), (), loop.line)
    if loop.condition is None:
        return loop
    steps = _listed(loop.step)
    before = _set_in(loop.init)
    if len(steps) < 2 and len(before) < 2:
        return loop
    name = _counter(loop.condition, steps)
    if not name:
        return loop
    own = next((step for step in steps if counter_of(step) == name), None)
    assert own is not None
    others = [step for step in steps if step is not own]
    waits = any(name in names_in(step) for step in others) or any(continues(part) for part in loop.body.statements)
    if others and waits:
        loop.step = own
        for step in others:
            loop.step = ast.Binary(",", loop.step, step)
    else:
        loop.step = own
        body = loop.body
        kept = tuple(ast.Evaluate(step) for step in others)
        loop.body = ast.Block((*body.statements, *kept), body.pragmas, body.line, body.label)
    if len(before) < 2:
        return loop
    start = next((one for one in before if name in (set_by(one), _declared(one))), None)
    front = [one for one in before if one is not start]
    if start is not None and any(name in names_in(_value(one)) for one in front):
        front, start = before, None
    loop.init = start
    return ast.Block((*front, loop), (), loop.line)


def _listed(expression: ast.Expr | None) -> list[ast.Expr]:
    """The parts of a list with commas, left to right."""
    found: list[ast.Expr] = []
    while isinstance(expression, ast.Binary) and expression.operator == ",":
        found.append(expression.right)
        expression = expression.left
    return [*([] if expression is None else [expression]), *reversed(found)]


def _set_in(init: ast.Stmt | None) -> list[ast.Stmt]:
    """What the header sets, one statement each; a single one where it cannot be parted."""
    if isinstance(init, ast.Declaration):
        return [ast.Declaration((one,)) for one in init.variables]
    if isinstance(init, ast.Evaluate):
        return [ast.Evaluate(one) for one in _listed(init.expression)]
    return [] if init is None else [init]


def _declared(statement: ast.Stmt) -> str:
    return statement.variables[0].name if isinstance(statement, ast.Declaration) else ""


def _value(statement: ast.Stmt) -> ast.Expr:
    if isinstance(statement, ast.Declaration):
        return statement.variables[0].init or ast.Number(0, "int")
    assert isinstance(statement, ast.Evaluate)
    return statement.expression


def _counter(condition: ast.Expr, steps: list[ast.Expr]) -> str:
    """The first name of a condition that the header steps."""
    stepped = {counter_of(step) for step in steps} - {""}
    return next((one.name for one in parts_in(condition) if isinstance(one, ast.Name) and one.name in stepped), "")

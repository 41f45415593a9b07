"""Loops that count, however they are written, as `for` loops with counters of their own."""

from __future__ import annotations

from collections.abc import Iterator

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import (
    declared_below,
    expressions_of,
    mentioned,
    names_in,
    opposite,
    parts_in,
    parts_of,
    sets_name,
)

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!="}
"""Comparisons with their sides exchanged."""


def counted(loop: ast.Loop, before: list[ast.Stmt]) -> ast.Loop:
    """The loop as a `for` loop when it counts; `before` are the statements of its block so far.

    What sets its counter there moves into its header. A `do` that counts keeps its kind and has a step.
    """
    _exit_first(loop)
    _count_within_condition(loop, before)
    condition = loop.condition
    while isinstance(condition, ast.Binary) and condition.operator == "&&":
        condition = condition.left
    if condition is None or (loop.kind == "for" and loop.init is not None):
        return loop
    if loop.step is None and loop.body.statements:
        last = loop.body.statements[-1]
        name = _stepped(last)
        rest = loop.body.statements[:-1]
        if (
            name
            and any(part.name == name for part in parts_in(condition) if isinstance(part, ast.Name))
            and not any(sets_name(part, name) or continues(part) for part in rest)
        ):
            assert isinstance(last, ast.Evaluate)
            loop.step = last.expression
            loop.body.statements = rest
            loop.kind = "do" if loop.kind == "do" else "for"
    if loop.step is not None and loop.init is None:
        name = counter_of(loop.step)
        if name:
            _take_start(loop, name, before)
    return loop


def uncounted(loop: ast.Loop) -> ast.Stmt:
    """`for (p = head; p != end; p = next[p])` as the `while` loop that it is: its step is work of every iteration."""
    step = loop.step
    if loop.kind != "for" or not isinstance(step, ast.Assign) or step.operator or not isinstance(step.target, ast.Name):
        return loop
    own = isinstance(step.value, ast.Binary) and step.target.name in names_in(step.value)
    if own or isinstance(step.value, ast.Number) or any(continues(part) for part in loop.body.statements):
        return loop
    body = loop.body
    loop.body = ast.Block((*body.statements, ast.Evaluate(step)), body.pragmas, body.line, body.label)
    before, loop.init, loop.step, loop.kind = loop.init, None, None, "while"
    return loop if before is None else ast.Block((before, loop), (), loop.line)


def _exit_first(loop: ast.Loop) -> None:
    """`for (;;) { if (c) break; ...}` goes on while `c` does not hold."""
    statements = loop.body.statements
    endless = loop.condition is None or (isinstance(loop.condition, ast.Number) and loop.condition.value)
    if loop.kind == "do" or not endless or not statements:
        return
    first = statements[0]
    if not isinstance(first, ast.If) or first.no is not None or not isinstance(first.yes, ast.Block):
        return
    inside = first.yes.statements
    if len(inside) == 1 and isinstance(inside[0], ast.Jump) and inside[0].kind == "break":
        held = opposite(first.condition)
        if held is not None:
            loop.condition = held
            loop.body.statements = statements[1:]


def _count_within_condition(loop: ast.Loop, before: list[ast.Stmt]) -> None:
    """`while (n--)` after `n = 8` counts 7, 6 ... 0; `while (i++ < 8)` after `i = 0` counts 1 ... 8."""
    if loop.kind == "do" or loop.step is not None or loop.condition is None:
        return
    condition = loop.condition
    if isinstance(condition, ast.Binary) and condition.operator in _TURNED and isinstance(condition.right, ast.Unary):
        condition = ast.Binary(_TURNED[condition.operator], condition.right, condition.left, condition.line)
    test = (
        condition if isinstance(condition, ast.Binary) and condition.operator in ("<", ">", "<=", ">=", "!=") else None
    )
    counter = test.left if test is not None else condition
    if not isinstance(counter, ast.Unary) or counter.operator not in ("++", "--"):
        return
    if not isinstance(counter.operand, ast.Name):
        return
    name = counter.operand
    if any(sets_name(part, name.name) for part in loop.body.statements):
        return
    if loop.init is None:
        _take_start(loop, name.name, before)
    start = _start_of(loop.init, name.name)
    if start is None:
        return
    one = ast.Number(1, "int")
    by = "+" if counter.operator == "++" else "-"
    earlier = ast.Binary("-" if by == "+" else "+", name, one, counter.line) if counter.postfix else name
    limit = test.right if test is not None else ast.Number(0, "int")
    loop.condition = ast.Binary(test.operator if test is not None else "!=", earlier, limit, counter.line)
    loop.init = ast.Evaluate(ast.Assign("", name, ast.Binary(by, start, one, counter.line), counter.line))
    loop.step = ast.Unary(counter.operator, name, False, counter.line)
    loop.kind = "for"


def _start_of(init: ast.Stmt | None, name: str) -> ast.Expr | None:
    if isinstance(init, ast.Declaration) and len(init.variables) == 1 and init.variables[0].name == name:
        return init.variables[0].init
    if isinstance(init, ast.Evaluate) and set_by(init) == name:
        assert isinstance(init.expression, ast.Assign)
        return init.expression.value
    return None


def set_by(statement: ast.Stmt | None) -> str:
    """The name that a statement sets with a plain assignment and nothing else; empty when it does not."""
    written = statement.expression if isinstance(statement, ast.Evaluate) else None
    if isinstance(written, ast.Assign) and not written.operator and isinstance(written.target, ast.Name):
        return written.target.name
    return ""


def _stepped(statement: ast.Stmt) -> str:
    return counter_of(statement.expression) if isinstance(statement, ast.Evaluate) else ""


def counter_of(step: ast.Expr) -> str:
    """The one name that a step moves; empty when it is another statement."""
    if isinstance(step, ast.Unary) and step.operator in ("++", "--") and isinstance(step.operand, ast.Name):
        return step.operand.name
    if isinstance(step, ast.Assign) and step.operator and isinstance(step.target, ast.Name):
        own = isinstance(step.value, ast.Name)
        return step.target.name if own or step.target.name not in names_in(step.value) else ""
    return ""


def continues(statement: ast.Stmt) -> bool:
    """Whether a `continue` may pass over what follows in a loop's body."""
    if isinstance(statement, ast.Jump):
        return statement.kind in ("continue", "goto")
    if isinstance(statement, ast.Loop | ast.Unread):
        return isinstance(statement, ast.Unread)
    return any(continues(part) for part in parts_of(statement))


def _take_start(loop: ast.Loop, name: str, before: list[ast.Stmt]) -> None:
    """Moves what sets the counter in front of a loop into the loop's header."""
    for position in range(len(before) - 1, -1, -1):
        part = before[position]
        nearest = position == len(before) - 1
        if isinstance(part, ast.Evaluate):
            start = _start_of(part, name)
            if start is not None and (nearest or isinstance(start, ast.Number)):
                loop.init = part
                del before[position]
                return
        elif isinstance(part, ast.Declaration):
            for variable in part.variables:
                if variable.name == name:
                    if variable.init is not None and (nearest or isinstance(variable.init, ast.Number)):
                        place = ast.Name(name, line=variable.line)
                        loop.init = ast.Evaluate(ast.Assign("", place, variable.init, variable.line))
                        variable.init = None
                    return
        if name in mentioned(part):
            return


def localise(function: ast.Function) -> None:
    """Declares counters in the headers of their loops, where nobody sees them elsewhere."""
    assert function.body is not None
    for block in [*_blocks(function.body)]:
        declared = [
            one
            for part in block.statements
            if isinstance(part, ast.Declaration)
            for one in part.variables
            if _plain(one)
        ]
        if not declared:
            continue
        below = [*declared_below(block)]
        counters = {set_by(loop.init) for loop in _loops(block)}
        candidates = {one.name: one for one in declared if one.name in counters and below.count(one.name) == 1}
        if candidates:
            _strike_seen(block, frozenset(), candidates)
        if candidates:
            _declare(block, candidates)


def _plain(variable: ast.Variable) -> bool:
    kind = variable.type
    return not (kind.pointers or kind.reference or kind.extents or kind.constant or variable.static) and (
        variable.init is None or isinstance(variable.init, ast.Number)
    )


def _blocks(statement: ast.Stmt) -> Iterator[ast.Block]:
    if isinstance(statement, ast.Block):
        yield statement
    for part in parts_of(statement):
        yield from _blocks(part)


def _loops(statement: ast.Stmt) -> Iterator[ast.Loop]:
    if isinstance(statement, ast.Loop):
        yield statement
    for part in parts_of(statement):
        yield from _loops(part)


def _strike_seen(statement: ast.Stmt, covered: frozenset[str], candidates: dict[str, ast.Variable]) -> None:
    """Takes out of `candidates` what is seen outside the loops whose headers set it."""
    if isinstance(statement, ast.Unread):
        candidates.clear()
        return
    for pragma in statement.pragmas if isinstance(statement, ast.Loop | ast.Block) else ():
        for text in pragma.options.values():
            candidates.pop(text, None)
    inside = covered
    parts = parts_of(statement)
    if isinstance(statement, ast.Loop):
        name = set_by(statement.init)
        if name:
            assert isinstance(statement.init, ast.Evaluate)
            assert isinstance(statement.init.expression, ast.Assign)
            if name in covered:
                candidates.pop(name, None)
            _strike_names(statement.init.expression.value, covered, candidates)
            inside = covered | {name}
            parts = (statement.body,)
    for expression in expressions_of(statement):
        _strike_names(expression, inside, candidates)
    for part in parts:
        _strike_seen(part, inside, candidates)


def _strike_names(expression: ast.Expr, covered: frozenset[str], candidates: dict[str, ast.Variable]) -> None:
    for part in parts_in(expression):
        if isinstance(part, ast.Name) and part.name not in covered:
            candidates.pop(part.name, None)
        elif isinstance(part, ast.Lambda) or (isinstance(part, ast.Text) and part.value):
            candidates.clear()
        elif isinstance(part, ast.SizeOf) and isinstance(part.operand, ast.Expr):
            _strike_names(part.operand, frozenset(), candidates)


def _declare(statement: ast.Stmt, candidates: dict[str, ast.Variable]) -> None:
    if isinstance(statement, ast.Loop):
        variable = candidates.get(set_by(statement.init))
        if variable is not None:
            assert isinstance(statement.init, ast.Evaluate)
            assert isinstance(statement.init.expression, ast.Assign)
            counter = ast.Variable(variable.name, variable.type, statement.init.expression.value, statement.line)
            statement.init = ast.Declaration((counter,))
    if isinstance(statement, ast.Block):
        kept: list[ast.Stmt] = []
        for part in statement.statements:
            if isinstance(part, ast.Declaration):
                part.variables = tuple(one for one in part.variables if candidates.get(one.name) is not one)
                if not part.variables:
                    continue
            kept.append(part)
        statement.statements = tuple(kept)
    for part in parts_of(statement):
        _declare(part, candidates)

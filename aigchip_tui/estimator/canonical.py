"""One form for what C++ says in several ways, so that an estimate follows the program and not its spelling."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.counters import counted, localise, uncounted
from aigchip_tui.estimator.headers import alone
from aigchip_tui.estimator.helpers import write_out
from aigchip_tui.estimator.lambdas import call_lambdas
from aigchip_tui.estimator.references import resolved
from aigchip_tui.estimator.streaming import call_streams
from aigchip_tui.estimator.temporaries import carry
from aigchip_tui.estimator.traverse import acts, opposite, own_names, parts_in, parts_of, same
from aigchip_tui.estimator.unused import drop_unused

_SCALARS = frozenset(
    ["bool", "char", "short", "int", "long", "unsigned", "unsigned int", "unsigned char", "float", "double", "size_t"]
)


def canonical(unit: ast.Unit, directives: Sequence[Pragma] = ()) -> ast.Unit:
    """The unit with every function in one form; nodes are changed where they stand.

    - `a = a + x` is `a += x`, `*(p + i)` is `p[i]`, `!(a < b)` is `a >= b`, `if (!c) A else B` is `if (c) B else A`;
    - `while`, `do` and `for (;;) { if (c) break; ...}` that count are `for` loops (`counters`);
    - a header that sets or steps several names keeps its counter alone (`headers`);
    - a counter that only headers of loops set is declared in them;
    - `s << x` and `s >> x` of a stream are `s.write(x)` and `x = s.read()` (`streaming`);
    - `(high, low)` of integers is `high.concat(low)`;
    - a reference to an element is that element (`references`);
    - a temporary that only carries a value to the next store is that value (`temporaries`);
    - braces around all of a loop's body, and a lambda without parameters that is called where it stands, are its text;
    - a function that is one assignment to what it is given is that assignment (`helpers`);
    - statements without effect, and variables whose values nothing uses, are gone (`unused`).
    """
    call_streams(unit)
    write_out(unit, directives)
    globals_ = {variable.name for variable in unit.variables}
    for function in unit.every_function():
        _function(function)
        if function.body is not None:
            record = unit.records.get(function.owner)
            fields = record.fields if record is not None else ()
            held = globals_.union(one.name for one in (*function.parameters, *fields))
            _drop_idle(function.body, drop_unused(function.body, unit, held))
    return unit


def _function(function: ast.Function) -> None:
    if function.body is None:
        return
    carry(function)
    _block(function.body)
    call_lambdas(function.body)
    localise(function)


def _block(block: ast.Block) -> None:
    block.statements = resolved(block.statements)
    found: list[ast.Stmt] = []
    for statement in block.statements:
        kept = _statement(statement)
        for part in _spread(kept):
            found.append(counted(part, found) if isinstance(part, ast.Loop) else part)
    block.statements = tuple(found)
    block.declares = any(isinstance(statement, ast.Declaration) for statement in found)


def _spread(statement: ast.Stmt | None) -> tuple[ast.Stmt, ...]:
    """A statement; what stands in braces that neither declare nor carry pragmas stands without them."""
    if isinstance(statement, ast.Block) and not (statement.declares or statement.pragmas or statement.label):
        return statement.statements
    return () if statement is None else (statement,)


def _statement(statement: ast.Stmt) -> ast.Stmt | None:
    """The statement in its one form; None when it does nothing."""
    match statement:
        case ast.Evaluate():
            statement.expression = _expression(statement.expression)
            body = _called_in_place(statement.expression)
            if body is not None:
                return body
            return statement if acts(statement.expression) else None
        case ast.Declaration():
            for variable in statement.variables:
                if variable.init is not None:
                    variable.init = _value(variable.init)
        case ast.Block():
            _block(statement)
        case ast.If():
            _branch(statement)
        case ast.Loop():
            parted = alone(statement)
            if isinstance(parted, ast.Block):
                _block(parted)
                return parted
            if statement.init is not None:
                statement.init = _statement(statement.init)
            if statement.condition is not None:
                statement.condition = _expression(statement.condition)
            if statement.step is not None:
                statement.step = _expression(statement.step)
            statement.body.statements = _through(statement.body.statements)
            _block(statement.body)
            _unwrap(statement)
            return uncounted(statement)
        case ast.Switch():
            statement.subject = _expression(statement.subject)
            statement.cases = tuple(
                (None if value is None else _expression(value), _statements(parts)) for value, parts in statement.cases
            )
        case ast.Return() if statement.value is not None:
            statement.value = _value(statement.value)
    return statement


def _unwrap(loop: ast.Loop) -> None:
    """Takes away braces around all of a loop's body, unless they hide a name of its header."""
    body = loop.body
    while len(body.statements) == 1 and isinstance(body.statements[0], ast.Block):
        inner = body.statements[0]
        if inner.pragmas or inner.label or own_names(inner) & own_names(loop):
            return
        body.statements, body.declares = inner.statements, inner.declares


def _called_in_place(expression: ast.Expr) -> ast.Block | None:
    """The body of a lambda that is called where it stands, takes nothing and hands nothing back."""
    if not isinstance(expression, ast.Call) or not isinstance(expression.callee, ast.Lambda):
        return None
    function = expression.callee.function
    if function.body is None or function.parameters or function.body.pragmas or _returns(function.body):
        return None
    return function.body


def _returns(statement: ast.Stmt) -> bool:
    return isinstance(statement, ast.Return) or any(_returns(part) for part in parts_of(statement))


def _through(statements: tuple[ast.Stmt, ...]) -> tuple[ast.Stmt, ...]:
    """A loop's body without what passes over its rest: `if (c) { A; continue; } rest` is `if (c) A else { rest }`."""
    for place, statement in enumerate(statements):
        if isinstance(statement, ast.Jump) and statement.kind == "continue":
            return statements[:place]
        if not isinstance(statement, ast.If):
            continue
        rest = statements[place + 1 :]
        yes, no = _parts(statement.yes), _parts(statement.no)
        if _continues(yes):
            yes, no = yes[:-1], _through((*no, *rest))
        elif _continues(no):
            yes, no = _through((*yes, *rest)), no[:-1]
        else:
            continue
        if not yes:
            statement.condition = ast.Unary("!", statement.condition)
            yes, no = no, ()
        statement.yes, statement.no = ast.Block(yes), ast.Block(no) if no else None
        return statements[: place + 1]
    return statements


def _parts(statement: ast.Stmt | None) -> tuple[ast.Stmt, ...]:
    if statement is None:
        return ()
    return statement.statements if isinstance(statement, ast.Block) else (statement,)


def _continues(parts: tuple[ast.Stmt, ...]) -> bool:
    last = parts[-1] if parts else None
    return isinstance(last, ast.Jump) and last.kind == "continue"


def _statements(parts: tuple[ast.Stmt, ...]) -> tuple[ast.Stmt, ...]:
    block = ast.Block(parts)
    _block(block)
    return block.statements


def _branch(statement: ast.If) -> None:
    condition = _expression(statement.condition)
    for part in (statement.yes, statement.no):
        if part is not None:
            _statement(part)
    turned = _turned(condition)
    if turned is not None and statement.no is not None:
        condition = turned
        statement.yes, statement.no = statement.no, statement.yes
    statement.condition = condition


def _turned(condition: ast.Expr) -> ast.Expr | None:
    """The opposite of a condition that says what is not: `!c`, `a != b`, `a >= b`, `a <= b`."""
    if isinstance(condition, ast.Unary) and condition.operator == "!":
        return condition.operand
    said_of_what_is_not = isinstance(condition, ast.Binary) and condition.operator in ("!=", ">=", "<=")
    return opposite(condition) if said_of_what_is_not else None


def _expression(expression: ast.Expr) -> ast.Expr:
    match expression:
        case ast.Binary():
            chain = [expression]
            while isinstance(chain[-1].left, ast.Binary):
                chain.append(chain[-1].left)
            chain[-1].left = _expression(chain[-1].left)
            for one in chain:
                one.right = _expression(one.right)
        case ast.Assign():
            expression.target, expression.value = _expression(expression.target), _value(expression.value)
            _compound(expression)
        case ast.Index():
            expression.base, expression.index = _expression(expression.base), _expression(expression.index)
        case ast.Unary():
            expression.operand = _expression(expression.operand)
            return _unary(expression)
        case ast.Member():
            expression.base = _expression(expression.base)
        case ast.Call():
            expression.callee = _expression(expression.callee)
            expression.arguments = tuple(_value(one) for one in expression.arguments)
        case ast.Conditional():
            expression.condition = _expression(expression.condition)
            expression.yes, expression.no = _expression(expression.yes), _expression(expression.no)
            turned = _turned(expression.condition)
            if turned is not None:
                expression.condition, expression.yes, expression.no = turned, expression.no, expression.yes
        case ast.Cast() if expression.value is not None:
            expression.value = _value(expression.value)
        case ast.Lambda():
            _function(expression.function)
        case ast.Extent():
            expression.operand = _expression(expression.operand)
        case ast.Braces():
            expression.items = tuple(_expression(one) for one in expression.items)
    return expression


def _value(expression: ast.Expr) -> ast.Expr:
    """An expression whose value is taken, in its one form: `(high, low)` joins the bits of integers."""
    return _joined(_expression(expression))


def _joined(expression: ast.Expr) -> ast.Expr:
    """Bits that commas join, as the method that they are short for; other commas part what is done in turn."""
    if not isinstance(expression, ast.Binary) or expression.operator != ",":
        return expression
    if any(isinstance(one, ast.Assign) or (isinstance(one, ast.Unary) and one.operator in ("++", "--"))
           for one in parts_in(expression.left)):
        return expression
    method = ast.Member(_joined(expression.left), "concat", expression.line)
    return ast.Call(method, (expression.right,), expression.line)


def _unary(expression: ast.Unary) -> ast.Expr:
    operand = expression.operand
    if expression.operator == "!":
        return opposite(operand) or expression
    if not isinstance(operand, ast.Binary):
        return expression
    if expression.operator == "*" and operand.operator == "+" and not isinstance(operand.left, ast.Number):
        return ast.Index(operand.left, operand.right, operand.line)
    return expression


def _compound(expression: ast.Assign) -> None:
    """`a = a + x` and `a = x + a` as `a += x`; other operators as far as they may be turned."""
    value, target = expression.value, expression.target
    if expression.operator or not isinstance(value, ast.Binary) or acts(target):
        return
    if value.operator not in ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"):
        return
    if same(value.left, target):
        expression.operator, expression.value = value.operator, value.right
    elif value.operator in ("+", "*", "&", "|", "^") and same(value.right, target) and not acts(value.left):
        expression.operator, expression.value = value.operator, value.left


def _drop_idle(block: ast.Block, used: set[str]) -> None:
    """Takes away scalars that begin with a value and that the function never mentions."""
    found: list[ast.Stmt] = []
    for statement in block.statements:
        if isinstance(statement, ast.Declaration):
            left = tuple(one for one in statement.variables if one.name in used or not _idle(one))
            if left:
                statement.variables = left
                found.append(statement)
            continue
        for part in parts_of(statement):
            if isinstance(part, ast.Block):
                _drop_idle(part, used)
        if isinstance(statement, ast.Block):
            _drop_idle(statement, used)
        found += _spread(statement)
    block.statements = tuple(found)
    block.declares = any(isinstance(statement, ast.Declaration) for statement in found)


def _idle(variable: ast.Variable) -> bool:
    kind = variable.type
    plain = not (kind.pointers or kind.reference or kind.extents or kind.scope or kind.constant or variable.static)
    return plain and kind.name in _SCALARS and (variable.init is None or not acts(variable.init))

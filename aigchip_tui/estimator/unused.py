"""Local variables whose values nothing uses, and what is only computed for them: the tool builds nothing for either.

A variable is used when its name stands where a value matters: in a condition, a subscript, an argument, what is
returned or stored elsewhere. What is assigned to a variable uses its operands only if that variable is used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass, field

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.mentions import mentioned_words, words_of
from aigchip_tui.estimator.traverse import parts_in, parts_of

_PLAIN = re.compile(
    r"bool|char|short|int|long|unsigned|signed|float|double|half|size_t|auto|u?int\d+(_t)?|ap_u?(int|fixed)"
)
_PURE = frozenset(
    name + suffix
    for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "pow", "fabs", "abs", "fmin", "fmax", "min", "max",
                 "floor", "ceil", "round", "tanh", "atan2", "rsqrt")
    for suffix in ("", "f")
)  # fmt: skip
"""Functions whose only effect is their value."""

_OPAQUE = (ast.Assign, ast.Text, ast.Lambda, ast.SizeOf)
_ACTING = frozenset(["++", "--", "&", "*"])
_MOST_TURNS = 4
"""Times that a function is looked through: a branch that is gone may have been the only use of its condition."""


@dataclass(slots=True)
class _Uses:
    """Local variables by their lines, names that are used for sure, and by variable those that only its values use."""

    declared: dict[str, int] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    sure: set[str] = field(default_factory=set)
    behind: dict[str, set[str]] = field(default_factory=dict)

    def unused(self) -> set[str]:
        """Local variables whose values nothing uses."""
        local = self.declared.keys() - self.excluded
        alive = self.sure | (self.behind.keys() - local)
        waiting = list(alive)
        while waiting:
            for name in self.behind.get(waiting.pop(), ()):
                if name not in alive:
                    alive.add(name)
                    waiting.append(name)
        return local - alive


def drop_unused(body: ast.Block, unit: ast.Unit, held: Collection[str]) -> set[str]:
    """Takes unused variables out of a function's body, and the branches and loops that did nothing else.

    `held` are names that may mean something outside of it. Those for which something was computed are noted in
    `unit.unused`. Returns the words by which what is left may mean a name.
    """
    meant = set().union(*_pragma_words(body))
    for _ in range(_MOST_TURNS):
        uses = _Uses(excluded=set(held))
        _look(body, uses, unit)
        unused = uses.unused()
        unit.unused += [(uses.declared[name], name) for name in unused if uses.behind[name]]
        if not unused or not _drop_below(body, unused, meant):
            break
    return meant | uses.sure.union(uses.behind, *uses.behind.values())


def _look(statement: ast.Stmt, uses: _Uses, unit: ast.Unit) -> None:
    match statement:
        case ast.Declaration():
            for variable in statement.variables:
                _declared(variable, uses, unit)
        case ast.Evaluate():
            _evaluated(statement.expression, uses)
        case ast.Unread():
            uses.sure |= words_of(statement.text)
        case ast.Loop():
            for part in (statement.condition, statement.step):
                if part is not None:
                    uses.sure |= _names(part)
            if isinstance(statement.init, ast.Evaluate):
                uses.sure |= _names(statement.init.expression)
            elif isinstance(statement.init, ast.Declaration):
                for variable in statement.init.variables:
                    uses.sure |= _names(variable.init) if variable.init is not None else set()
            _look(statement.body, uses, unit)
            return
        case ast.If():
            uses.sure |= _names(statement.condition)
        case ast.Switch():
            uses.sure |= _names(statement.subject)
            uses.sure.update(*(_names(one) for one, _ in statement.cases if one is not None))
        case ast.Return() if statement.value is not None:
            uses.sure |= _names(statement.value)
    for below in parts_of(statement):
        _look(below, uses, unit)


def _declared(variable: ast.Variable, uses: _Uses, unit: ast.Unit) -> None:
    uses.sure |= _type_names(variable.type)
    read = _names(variable.init) if variable.init is not None else set()
    lasts = variable.static or variable.extern or variable.constexpr
    if not lasts and _plain(variable.type, unit) and (variable.init is None or _pure(variable.init)):
        uses.declared[variable.name] = variable.line
        uses.behind.setdefault(variable.name, set()).update(read)
    else:
        uses.excluded.add(variable.name)
        uses.sure |= read


def _evaluated(expression: ast.Expr, uses: _Uses) -> None:
    name = _assigned(expression, uses.declared)
    if not name:
        uses.sure |= _names(expression)
        return
    read = uses.behind[name]
    if isinstance(expression, ast.Assign):
        read |= _names(expression.value)
        expression = expression.target
    while isinstance(expression, ast.Index):
        read |= _names(expression.index)
        expression = expression.base


def _assigned(expression: ast.Expr, names: Container[str]) -> str:
    """The variable among `names` that a statement sets and does nothing else; empty otherwise."""
    if isinstance(expression, ast.Assign):
        target = expression.target
    elif isinstance(expression, ast.Unary) and expression.operator in ("++", "--"):
        target = expression.operand
    else:
        return ""
    below = target
    while isinstance(below, ast.Index):
        below = below.base
    if not isinstance(below, ast.Name) or below.name not in names or below.scope:
        return ""
    if isinstance(expression, ast.Assign) and not _pure(expression.value):
        return ""
    return below.name if target is below or _pure(target) else ""


def _pure(expression: ast.Expr) -> bool:
    for part in parts_in(expression):
        if isinstance(part, _OPAQUE) or (isinstance(part, ast.Unary) and part.operator in _ACTING):
            return False
        if isinstance(part, ast.Call) and not (isinstance(part.callee, ast.Name) and part.callee.name in _PURE):
            return False
    return True


def _names(expression: ast.Expr) -> set[str]:
    """Words by which an expression may mean a variable, those in the types of its casts among them."""
    found: set[str] = set()
    for part in parts_in(expression):
        if isinstance(part, ast.Name):
            found.add(part.name)
            if part.arguments:
                found |= _argument_names(part.arguments)
        elif isinstance(part, ast.Cast):
            found |= _type_names(part.type)
        elif isinstance(part, ast.Text):
            found |= words_of(part.value)
        elif isinstance(part, ast.Lambda) and part.function.body is not None:
            found |= mentioned_words(part.function.body)
        elif isinstance(part, ast.SizeOf):
            found |= _argument_names((part.operand,))
    return found


def _type_names(kind: ast.TypeRef) -> set[str]:
    found = _argument_names(kind.arguments)
    return found.union(*(_names(one) for one in kind.extents if one is not None))


def _argument_names(arguments: Iterable[ast.TypeRef | ast.Expr]) -> set[str]:
    found: set[str] = set()
    for one in arguments:
        found |= {one.name, *_type_names(one)} if isinstance(one, ast.TypeRef) else _names(one)
    return found


def _plain(kind: ast.TypeRef, unit: ast.Unit, depth: int = 8) -> bool:
    """Whether a type is arithmetic: values of it have no effect beside themselves."""
    if kind.pointers or kind.reference or kind.constant or kind.owner is not None or not depth:
        return False
    if not kind.scope and all(_PLAIN.fullmatch(word) for word in kind.name.split()):
        return True
    alias = unit.aliases.get(unit.names.key_of(kind.name, kind.scope, kind.space))
    return alias is not None and not alias[1] and _plain(alias[0], unit, depth - 1)


def _pragma_words(statement: ast.Stmt) -> Iterable[set[str]]:
    for pragma in statement.pragmas if isinstance(statement, ast.Loop | ast.Block) else ():
        for text in pragma.options.values():
            yield words_of(text)
    for below in parts_of(statement):
        yield from _pragma_words(below)


def _drop_below(block: ast.Block, unused: set[str], meant: set[str]) -> bool:
    """Takes unused variables out of a block; says whether it is another one now."""
    kept, changed = _kept(block.statements, unused, meant)
    block.statements = kept
    block.declares = any(isinstance(one, ast.Declaration) for one in kept)
    return changed


def _kept(
    statements: Iterable[ast.Stmt], unused: set[str], meant: set[str]
) -> tuple[tuple[ast.Stmt, ...], bool]:
    found: list[ast.Stmt] = []
    changed = False
    for statement in statements:
        left, touched = _left(statement, unused, meant)
        changed = changed or touched
        if left is not None:
            found.append(left)
    return tuple(found), changed


def _left(statement: ast.Stmt, unused: set[str], meant: set[str]) -> tuple[ast.Stmt | None, bool]:
    """What is left of a statement without unused variables, and whether that is less."""
    match statement:
        case ast.Evaluate():
            dropped = bool(_assigned(statement.expression, unused))
            return None if dropped else statement, dropped
        case ast.Declaration():
            return _declaration_left(statement, unused, meant)
        case ast.Block():
            return statement, _drop_below(statement, unused, meant)
        case ast.Loop():
            changed = _drop_below(statement.body, unused, meant)
            return None if changed and not statement.body.statements and _only_counts(statement) else statement, changed
        case ast.If():
            yes, changed = _left(statement.yes, unused, meant)
            no, more = _left(statement.no, unused, meant) if statement.no is not None else (None, False)
            if (changed or more) and _empty(yes) and _empty(no) and _pure(statement.condition):
                return None, True
            statement.yes, statement.no = yes if yes is not None else ast.Block(()), no
            return statement, changed or more
        case ast.Switch():
            cases = [(value, _kept(parts, unused, meant)) for value, parts in statement.cases]
            statement.cases = tuple((value, parts) for value, (parts, _) in cases)
            return statement, any(changed for _, (_, changed) in cases)
    return statement, False


def _declaration_left(
    statement: ast.Declaration, unused: set[str], meant: set[str]
) -> tuple[ast.Stmt | None, bool]:
    """A declaration without unused variables; those that a pragma means stay, without a value."""
    changed = False
    for variable in statement.variables:
        if variable.name in unused and (variable.init is not None or variable.name not in meant):
            variable.init, changed = None, True
    if changed:
        statement.variables = tuple(
            one for one in statement.variables if one.name not in unused or one.name in meant
        )
    return statement if statement.variables else None, changed


def _empty(statement: ast.Stmt | None) -> bool:
    return statement is None or (isinstance(statement, ast.Block) and not statement.statements)


def _only_counts(loop: ast.Loop) -> bool:
    """Whether a loop declares its counter and does nothing but move it."""
    if loop.kind != "for" or not isinstance(loop.init, ast.Declaration) or loop.condition is None or loop.step is None:
        return False
    return _pure(loop.condition) and bool(_assigned(loop.step, {one.name for one in loop.init.variables}))

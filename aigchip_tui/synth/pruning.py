"""Drops from a process's statements what moves no token, takes no time and decides neither."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aigchip_tui.synth import control as c

Statements = tuple[c.Statement, ...]


def pruned(statements: Statements, rated: frozenset[int]) -> Statements:
    """The statements that matter; `rated` are the loops that take time whatever is in them."""
    needed: set[str] = set()
    while True:
        before = len(needed)
        kept = _Pruner(rated, needed).block(statements, live=False)
        if len(needed) == before:
            return kept


class _Pruner:
    """One pass from the back to the front; what is needed is found over all passes."""

    def __init__(self, rated: frozenset[int], needed: set[str]) -> None:
        self.rated, self.needed = rated, needed

    def block(self, statements: Statements, *, live: bool) -> Statements:
        """What is kept of a block; `live` says that something is kept behind it in the same iteration."""
        kept: list[c.Statement] = []
        for statement in reversed(statements):
            found = self._one(statement, live)
            if found is not None:
                kept.append(found)
                live = True
        return tuple(reversed(kept))

    def _one(self, statement: c.Statement, live: bool) -> c.Statement | None:
        match statement:
            case c.Set(name, value):
                if name not in self.needed:
                    return None
                self.needed |= names_in(value)
            case c.Choice(condition, yes, no):
                branches = self.block(yes, live=live), self.block(no, live=live)
                if not branches[0] and not branches[1]:
                    return None
                self.needed |= names_in(condition)
                return c.Choice(condition, *branches)
            case c.Jump(kind):
                return statement if live or kind == "break" else None
            case c.Loop():
                return self._loop(statement)
            case _:
                pass
        return statement

    def _loop(self, loop: c.Loop) -> c.Loop | None:
        body = self.block(loop.body, live=False)
        if loop.number not in self.rated and not _matters(body):
            return None
        self.needed |= names_in(loop.condition)
        start, step = self.block(loop.start, live=False), self.block(loop.step, live=False)
        found = msgspec.structs.replace(loop, start=start, step=step, body=body)
        return msgspec.structs.replace(found, counter=_counter(found))


def _matters(statements: Sequence[c.Statement]) -> bool:
    return any(
        _matters((*one.yes, *one.no)) if isinstance(one, c.Choice) else not isinstance(one, c.Jump)
        for one in statements
    )


def _counter(loop: c.Loop) -> str:
    """The counter of `for (i = 0; i < bound; ++i)` where neither body nor bound changes or reads it, else empty."""
    match loop.start, loop.condition, loop.step:
        case (
            (c.Set(name, c.Number(0)),),
            c.Operation("<", (c.Name(tested), bound)),
            (c.Set(stepped, c.Operation("+", (c.Name(_), c.Number(1)))),),
        ) if name == tested == stepped:
            read, written = _used(loop.body)
            if name not in read | written and not names_in(bound) & written and not _has_break(loop.body):
                return name
    return ""


def _has_break(statements: Sequence[c.Statement]) -> bool:
    for one in statements:
        if isinstance(one, c.Jump) and one.kind == "break":
            return True
        if isinstance(one, c.Choice) and _has_break((*one.yes, *one.no)):
            return True
    return False


def _used(statements: Sequence[c.Statement]) -> tuple[set[str], set[str]]:
    """(names read, names set) below statements."""
    read: set[str] = set()
    written: set[str] = set()
    for statement in statements:
        below: Statements = ()
        match statement:
            case c.Set(name, value):
                written.add(name)
                read |= names_in(value)
            case c.Choice(condition, yes, no):
                read |= names_in(condition)
                below = (*yes, *no)
            case c.Loop():
                read |= names_in(statement.condition)
                below = (*statement.start, *statement.step, *statement.body)
            case _:
                pass
        inner = _used(below)
        read |= inner[0]
        written |= inner[1]
    return read, written


def names_in(expression: c.Expression) -> set[str]:
    """Scalars that an expression reads."""
    match expression:
        case c.Name(name):
            return {name}
        case c.Operation(_, operands):
            return {name for operand in operands for name in names_in(operand)}
    return set()

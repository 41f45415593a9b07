"""What keeps a loop of a nest from being flattened into its parent: values that stand between the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import (
    array_reads,
    assigned_in,
    expressions_of,
    index_names,
    inner_loops,
    kept_for,
    parts_in,
    parts_of,
    reads_elsewhere,
    root_name,
    same,
    spelled,
)


@kept_for
def begins_with_a_load(inner: ast.Loop, before: tuple[ast.Stmt, ...], unrolled: bool) -> bool:
    """Whether a running value of the inner loop begins with what its parent loads.

    A flattened nest chooses in its first state between the running value and the one to begin with, which a load
    delivers too late. `unrolled` says that all loops below the inner one are unrolled.
    """
    carried = assigned_in(inner) if before else frozenset()
    for part in before:
        written = written_names(part)
        if written & carried and reads_elsewhere(part):
            return True
    begun = {spelled(target) for part in before for target in _stores(part)}
    return any(spelled(place) not in begun for place in running_places(inner, unrolled))


def running_places(loop: ast.Loop, unrolled: bool) -> tuple[ast.Index, ...]:
    """Elements of arrays to which every iteration of a loop adds: they stand in registers while it runs.

    An array that an iteration declares, or sets anew before it adds, is none of them.
    """
    key = ("running_places", unrolled)
    found: tuple[ast.Index, ...] | None = loop.kept.get(key)
    if found is None:
        found = loop.kept[key] = tuple(_running_places(loop, unrolled))
    return found


def _running_places(loop: ast.Loop, unrolled: bool) -> Iterator[ast.Index]:
    moved = counters_of(loop) | assigned_in(loop.body)
    below = {name for one in inner_loops(loop.body) for name in counters_of(one)}
    if not unrolled:
        moved |= below
    moved |= _declared(loop.body) - below
    fresh = _declared(loop.body)
    for target, value, adds in _assignments(loop.body):
        if not isinstance(target, ast.Index):
            continue
        if not adds and not any(same(part, target) for part in parts_in(value)):
            fresh.add(root_name(target))
        elif root_name(target) not in fresh and not index_names(target) & moved:
            yield target


@kept_for
def reads_memory_after(inner: ast.Loop, after: tuple[ast.Stmt, ...], unrolled: bool) -> bool:
    """Whether statements after a loop load an element that no register of the loop holds.

    A running element stands in a register unless the loop touches its array elsewhere, too.
    """
    if not after:
        return False
    touched = [(root_name(one), spelled(one)) for one in indexed_in((inner.body,))]
    held = {
        spelled(place)
        for place in running_places(inner, unrolled)
        if all(key == spelled(place) for name, key in touched if name == root_name(place))
    }
    written: set[tuple[object, ...]] = set()
    for part in after:
        if any(spelled(read) not in held | written for read in array_reads(part)):
            return True
        written |= {spelled(target) for target in _stores(part)}
    return False


def shares_registers_alone(statements: Sequence[ast.Stmt], inner: int) -> bool:
    """Whether the inner loop among statements knows their arrays as elements alone that stand in its registers."""
    loop = statements[inner]
    assert isinstance(loop, ast.Loop)
    others = (*statements[:inner], *statements[inner + 1 :])
    held = {spelled(place) for place in running_places(loop, True)}
    stored = {root_name(one) for one in stored_in(others)}
    mine = {root_name(one) for one in stored_in((loop.body,))}
    return all(
        spelled(one) in held for one in indexed_in((loop.body,)) if root_name(one) in stored
    ) and all(spelled(one) in held for one in indexed_in(others) if root_name(one) in mine)


def counters_of(loop: ast.Loop) -> set[str]:
    """Names that the header of a loop sets."""
    if isinstance(loop.init, ast.Declaration):
        return {variable.name for variable in loop.init.variables}
    return written_names(loop.init) if loop.init is not None else set()


def indexed_in(statements: Sequence[ast.Stmt]) -> Iterator[ast.Index]:
    """Elements of arrays that statements touch, outermost subscript first."""
    for statement in statements:
        for expression in expressions_of(statement):
            yield from _elements(expression)
        yield from indexed_in(parts_of(statement))


def stored_in(statements: Sequence[ast.Stmt]) -> Iterator[ast.Index]:
    """Elements of arrays that statements assign."""
    for statement in statements:
        yield from _stores(statement)


def _elements(expression: ast.Expr) -> Iterator[ast.Index]:
    seen: set[int] = set()
    for part in parts_in(expression):
        if isinstance(part, ast.Index) and id(part) not in seen:
            yield part
            inner: ast.Expr = part
            while isinstance(inner, ast.Index):
                seen.add(id(inner))
                inner = inner.base


def _stores(statement: ast.Stmt) -> Iterator[ast.Index]:
    for target, _, _ in _assignments(statement):
        if isinstance(target, ast.Index):
            yield target


def _assignments(statement: ast.Stmt) -> Iterator[tuple[ast.Expr, ast.Expr, bool]]:
    """Targets and values of the assignments below a statement, and whether they add to what was there."""
    for expression in expressions_of(statement):
        for part in parts_in(expression):
            if isinstance(part, ast.Assign):
                yield part.target, part.value, bool(part.operator)
    for below in parts_of(statement):
        yield from _assignments(below)


def written_names(statement: ast.Stmt) -> set[str]:
    if isinstance(statement, ast.Declaration):
        return {variable.name for variable in statement.variables if variable.init is not None}
    return {target.name for target, _, _ in _assignments(statement) if isinstance(target, ast.Name)}


def _declared(statement: ast.Stmt) -> set[str]:
    found = {one.name for one in statement.variables} if isinstance(statement, ast.Declaration) else set()
    for part in parts_of(statement):
        found |= _declared(part)
    return found

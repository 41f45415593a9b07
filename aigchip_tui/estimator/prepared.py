"""Blocks that are walked again and again, prepared once: the copies of an unrolled body, mostly.

What differs between two copies are the values of registers; where a name's object is found, and how an expression is
read, stays the same. A prepared statement is a tree of closures that do what the walk does for it, no more and no less;
what is no plain expression over registers and elements of arrays stays with the walk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.objects import Binding, Cell, Group, Memory, Registers, Result, Stream, View
from aigchip_tui.estimator.traverse import children_of
from aigchip_tui.estimator.values import BOOL, DOUBLE, FLOAT, INT, Kind, Val, integer

if TYPE_CHECKING:
    from aigchip_tui.estimator.statements import StatementWalk

Found = list["Binding | Val | None"]
"""What the names of a block stand for, in the order of `Prepared.names`."""
Reader = Callable[["StatementWalk", Found], Result]
Indices = Callable[["StatementWalk", Found], tuple[Val, ...]]
Step = Callable[["StatementWalk", Found], None]

_OWN = frozenset(["+", "-", "*", "/", "%", "<", ">", "<=", ">=", "==", "!=", "&", "|", "^"])
"""Operators that read both sides whatever these are."""
_LINEAR = frozenset("+-*")
ABOUT_LOOPS = frozenset(["UNROLL", "PIPELINE", "LOOP_TRIPCOUNT", "LOOP_FLATTEN"])
"""Pragmas in a block that say nothing of its statements."""
_INDEXED = frozenset([Cell, Registers, Stream, View])
"""What an index selects from at once; of a record the text may say what it means."""
RARE = 1
"""Runs of a block before it is prepared."""


class Prepared:
    """A block and its statements as closures, once it has been run often enough.

    `bare` says that no pragma in the block speaks of its statements; `plain` are the steps that
    the walk makes itself, after which names may stand for other objects. `kept` is what the names of a body without
    such steps stand for in all copies of one unrolled loop.
    """

    __slots__ = ("bare", "kept", "names", "plain", "runs", "steps")

    def __init__(self, block: ast.Block) -> None:
        self.bare = all(pragma.kind in ABOUT_LOOPS for pragma in block.pragmas)
        self.runs = 0
        self.names: list[ast.Name] = []
        self.steps: list[Step] = []
        self.plain: set[Step] = set()
        self.kept: tuple[object, int, Found] = (None, -1, [])

    def run(self, walk: StatementWalk, block: ast.Block) -> bool:
        """Walks the statements; False when the block is left to the walk."""
        if self.runs <= RARE:
            self.runs += 1
            if self.runs <= RARE:
                return False
            self._prepare(block)
        if not self.names or (walk.pragmas and walk.binds_operators()):
            return False
        copied = walk.copied if walk.copied is not None and walk.copied.body is block and not self.plain else None
        rebound, find, plain = -1, walk.find, self.plain
        found: Found = []
        if copied is not None and self.kept[0] is copied:
            _, rebound, found = self.kept
        for step in self.steps:
            if step in plain:
                step(walk, found)
                rebound = -1
                continue
            if rebound != walk.rebound:
                rebound, found = walk.rebound, [find(name) for name in self.names]
                if copied is not None and None not in found:
                    self.kept = copied, rebound, found
            step(walk, found)
        return True

    def _prepare(self, block: ast.Block) -> None:
        """Closures for all statements; the names stay empty when the walk reads every one itself."""
        for statement in block.statements:
            step = self._step(statement) if isinstance(statement, ast.Evaluate) else None
            if step is None:
                step = _left(statement)
                self.plain.add(step)
            self.steps.append(step)

    def _step(self, statement: ast.Evaluate) -> Step | None:
        """An assignment to a register or an element of an array; None for anything else."""
        expression = statement.expression
        if not isinstance(expression, ast.Assign) or _calls(expression):
            return None
        spent = _Spent()
        spent.read(expression)
        spent.work += 1
        target = expression.target
        inner: Step
        if isinstance(target, ast.Name) and target.owner is None:
            inner = self._to_register(expression, target, self._slot(target), spent)
        elif isinstance(target, ast.Index) and (slot := self._root(target)) is not None:
            inner = self._to_element(expression, target, slot, spent)
        else:
            return None
        work, line = spent.work, spent.line

        def step(walk: StatementWalk, found: Found) -> None:
            if walk.bindings:
                walk.statement(statement)
                return
            walk.spend(work)
            inner(walk, found)
            if line:
                walk.line = line

        return step

    def _to_register(self, expression: ast.Assign, target: ast.Name, slot: int, spent: _Spent) -> Step:
        operator = expression.operator
        value = self._reader(expression.value, spent)

        def assign(walk: StatementWalk, found: Found) -> None:
            place = found[slot]
            if operator:
                if type(place) is not Cell:
                    place = walk.place(target)
                old = walk.load(place)
                walk.changed(operator, place, old, value(walk, found))
                return
            right = value(walk, found)
            if type(place) is Cell and type(right) is Val and right.kind is place.kind:
                walk.layer.values[place.number] = right
            else:
                walk.store(place if type(place) is Cell else walk.place(target), right)

        return assign

    def _to_element(self, expression: ast.Assign, target: ast.Index, slot: int, spent: _Spent) -> Step:
        operator = expression.operator
        value: Reader
        if operator:
            indices = self._indices(target, spent)
            value = self._reader(expression.value, spent)
        else:
            value = self._reader(expression.value, spent)
            indices = self._indices(target, spent)

        def assign(walk: StatementWalk, found: Found) -> None:
            memory = found[slot]
            if operator:
                place = _place(walk, memory, target, indices, found)
                old = walk.load_view(place) if type(place) is View else walk.load(place)
                walk.changed(operator, place, old, value(walk, found))
                return
            right = value(walk, found)
            if type(memory) is Memory:
                walk.store_element(memory, indices(walk, found), right)
            else:
                walk.store(_place(walk, memory, target, indices, found), right)

        return assign

    def _slot(self, name: ast.Name) -> int:
        for slot, known in enumerate(self.names):
            if (known.name, known.scope, known.space) == (name.name, name.scope, name.space):
                return slot
        self.names.append(name)
        return len(self.names) - 1

    def _root(self, element: ast.Index) -> int | None:
        base: ast.Expr = element
        while isinstance(base, ast.Index):
            base = base.base
        return self._slot(base) if isinstance(base, ast.Name) and base.owner is None else None

    def _indices(self, element: ast.Index, spent: _Spent) -> Indices:
        """What computes the indices of an element, outermost first."""
        written: list[ast.Expr] = []
        base: ast.Expr = element
        while isinstance(base, ast.Index):
            written.append(base.index)
            base = base.base
        readers = [self._reader(one, spent) for one in reversed(written)]
        if len(readers) == 1:
            only = readers[0]
            return lambda walk, found: (_scalar(only(walk, found)),)
        if len(readers) == 2:
            row, column = readers
            return lambda walk, found: (_scalar(row(walk, found)), _scalar(column(walk, found)))
        return lambda walk, found: tuple([_scalar(one(walk, found)) for one in readers])

    def _reader(self, expression: ast.Expr, spent: _Spent) -> Reader:
        if isinstance(expression, ast.Number):
            spent.read(expression)
            return _constant(expression)
        if isinstance(expression, ast.Name) and expression.owner is None:
            spent.read(expression)
            return _named(self._slot(expression), expression)
        if isinstance(expression, ast.Binary) and expression.operator in _OWN:
            spent.read(expression)
            left, right = self._reader(expression.left, spent), self._reader(expression.right, spent)
            return _linear(expression.operator, left, right)
        if isinstance(expression, ast.Index) and (slot := self._root(expression)) is not None:
            spent.read(expression)
            return _loaded(slot, expression, self._indices(expression, spent))
        spent.line = 0
        return lambda walk, found: walk.result(expression)


class _Spent:
    """Work of the expressions of a statement, and the line where the last of them stands (0: the walk knows)."""

    def __init__(self) -> None:
        self.work = 0
        self.line = 0

    def read(self, expression: ast.Expr) -> None:
        self.work += 1
        self.line = expression.line or self.line


def _calls(expression: ast.Expr) -> bool:
    """Whether a function is called anywhere, which may put other objects behind names."""
    if isinstance(expression, ast.Call):
        return True
    return any(_calls(one) for one in children_of(expression))


def _left(statement: ast.Stmt) -> Step:
    return lambda walk, found: walk.statement(statement)


def _scalar(value: Result) -> Val:
    if type(value) is Group:
        return Val(Kind("i", value.type.total_bits, False), value.node, None, None, value.graph)
    return value  # type: ignore[return-value]  # a result is a group or a scalar


def _constant(expression: ast.Number) -> Reader:
    if expression.kind in ("int", "bool"):
        made = integer(int(expression.value), INT if expression.kind == "int" else BOOL)
    else:
        made = Val(FLOAT if expression.kind == "float" else DOUBLE, -1, float(expression.value))
    return lambda walk, found: made


def _named(slot: int, expression: ast.Name) -> Reader:
    def read(walk: StatementWalk, found: Found) -> Result:
        bound = found[slot]
        if type(bound) is Cell:
            layer = walk.layer
            value = layer.values.get(bound.number)
            return layer.read(bound) if value is None else value
        return bound if type(bound) is Val else walk.named(expression)

    return read


def _linear(operator: str, left: Reader, right: Reader) -> Reader:
    """A binary operator; known numbers and linear forms of the same operands are not computed twice."""
    keeps = operator in _LINEAR
    last: list[Any] = [None, None, None]

    def read(walk: StatementWalk, found: Found) -> Result:
        a, b = left(walk, found), right(walk, found)
        if a is last[0] and b is last[1]:
            return last[2]  # type: ignore[no-any-return]  # a result, kept below
        made = walk.combined(operator, a, b)
        if keeps and type(made) is Val and made.node == -1 and made.kind.letter == "i":
            last[:] = a, b, made
        return made

    return read


def _loaded(slot: int, expression: ast.Index, indices: Indices) -> Reader:
    def read(walk: StatementWalk, found: Found) -> Result:
        memory = found[slot]
        if type(memory) is Memory:
            return walk.access(memory, indices(walk, found), None)
        if type(memory) in _INDEXED:
            return walk.load(_place(walk, memory, expression, indices, found))
        return walk.element(expression)

    return read


def _place(
    walk: StatementWalk, bound: Binding | Val | None, expression: ast.Index, indices: Indices, found: Found
) -> Binding:
    if type(bound) is Memory:
        return View(bound, indices(walk, found))
    if type(bound) not in _INDEXED:
        return walk.place(expression)
    at = indices(walk, found)
    if type(bound) is Registers and len(at) == len(bound.extents):
        key = tuple([one.const for one in at if type(one.const) is int])
        if len(key) == len(at):
            return walk.register_item(bound, key)  # type: ignore[arg-type]  # integers, as their types say
    for index in at:
        bound = walk.indexed(bound, index)  # type: ignore[arg-type]  # one of those that are indexed
    return bound  # type: ignore[return-value]  # one of those that are indexed

"""Bodies whose unrolled copies can differ by the constants of their addresses and comparisons alone."""

from __future__ import annotations

from typing import NamedTuple

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.nests import counters_of
from aigchip_tui.estimator.prepared import ABOUT_LOOPS
from aigchip_tui.estimator.traverse import assigned_in, children_of

_OPERATORS = frozenset("+-*/")
_SUMS = frozenset("+-")
_COMPARISONS = frozenset(["<", ">", "<=", ">=", "==", "!="])
_WIDE = frozenset(["int", "unsigned", "unsigned int", "long", "unsigned long", "size_t", "int32_t", "uint32_t", "auto"])
"""Types that hold any index."""


class Regular(NamedTuple):
    """What a regular body names outside of it: registers that it assigns, and whether their values then are polynomials
    of the counter, arrays, and registers that it reads.

    `trips`: the most trips of a loop in it, as far as the text says them; 0 where it holds none. `sliding`: the counter
    moves where one of them begins and ends. `declares`: it has registers of its own.
    """

    assigned: tuple[tuple[ast.Name, bool], ...]
    arrays: tuple[ast.Name, ...]
    read: tuple[ast.Name, ...]
    trips: int
    sliding: bool
    declares: bool


def regular(loop: ast.Loop) -> Regular | None:
    """The names of a body that consists of sums and products assigned to registers and elements of arrays, of loops of
    such and of branches by comparisons, whose counter stands in indices and comparisons alone and there as a multiple;
    None of any other body.
    """
    if "regular" not in loop.kept:
        loop.kept["regular"] = _Reader(loop).found()
    found: Regular | None = loop.kept["regular"]
    return found


class _Reader:
    """Reads a body in the order of its statements and keeps of each name its degree in the counter, None where it is
    no polynomial of it.
    """

    def __init__(self, loop: ast.Loop) -> None:
        self.loop = loop
        self.scopes: list[dict[str, int | None]] = [{}]
        self.declared: set[str] = set()
        self.changed = assigned_in(loop.body)
        self.degrees: dict[str, int | None] = dict.fromkeys(self.changed)
        self.assigned: dict[str, ast.Name] = {}
        self.arrays: dict[str, ast.Name] = {}
        self.read: dict[str, ast.Name] = {}
        self.counters: set[str] = set()
        """Counters that loops within declare."""
        self.trips = 0
        self.sliding = False

    def found(self) -> Regular | None:
        step, counters = self.loop.step, counters_of(self.loop)
        if len(counters) != 1 or (isinstance(step, ast.Binary) and step.operator == ","):
            return None
        if not self.loop.body.statements or not counters.isdisjoint(self.changed):
            return None
        self.degrees.update(dict.fromkeys(counters, 1))
        if not self._block(self.loop.body):
            return None
        outside = {*self.arrays, *self.assigned, *self.read}
        if outside & self.declared or set(self.arrays) & {*self.assigned, *self.read}:
            return None
        for one in counters:
            self.read.pop(one, None)
        self.declared -= self.counters
        assigned = tuple((name, self.degrees.get(one) is not None) for one, name in self.assigned.items())
        return Regular(
            assigned, tuple(self.arrays.values()), tuple(self.read.values()), self.trips, self.sliding,
            bool(self.declared),
        )

    def _block(self, block: ast.Stmt | None) -> bool:
        if not isinstance(block, ast.Block) or any(one.kind not in ABOUT_LOOPS for one in block.pragmas):
            return False
        self.scopes.append({})
        read = all(self._statement(one) for one in block.statements)
        self.scopes.pop()
        return read

    def _statement(self, one: ast.Stmt) -> bool:
        if isinstance(one, ast.Evaluate):
            return isinstance(one.expression, ast.Assign) and self._assigns(one.expression)
        if isinstance(one, ast.Declaration):
            return all(self._declares(variable) for variable in one.variables)
        if isinstance(one, ast.Loop):
            return self._repeats(one)
        if isinstance(one, ast.If):
            return self._branches(one)
        return isinstance(one, ast.Block) and self._block(one)

    def _branches(self, one: ast.If) -> bool:
        if not self._decides(one.condition) or not self._block(one.yes):
            return False
        if one.no is not None and not self._block(one.no):
            return False
        self._forget(assigned_in(one.yes) | (assigned_in(one.no) if one.no is not None else frozenset()))
        return True

    def _repeats(self, loop: ast.Loop) -> bool:
        """A loop within, whose trips are the same in all copies."""
        init, condition, step = loop.init, loop.condition, loop.step
        counters = counters_of(loop)
        if loop.kind != "for" or len(counters) != 1 or not isinstance(condition, ast.Binary) or step is None:
            return False
        counter = next(iter(counters))
        if isinstance(init, ast.Declaration) and len(init.variables) == 1:
            begin = init.variables[0].init
        elif isinstance(init, ast.Evaluate) and isinstance(init.expression, ast.Assign):
            target = init.expression.target
            if not isinstance(target, ast.Name) or init.expression.operator or target.owner is not None:
                return False
            begin = init.expression.value
            if not self._scope_of(counter):
                self.assigned.setdefault(counter, target)
        else:
            return False
        if begin is None or not isinstance(condition.left, ast.Name) or condition.left.name != counter:
            return False
        first, end, by = self._degree(begin), self._degree(condition.right), self._stepped(step, counter)
        if by != 0 or condition.operator not in _COMPARISONS or counter in assigned_in(loop.body):
            return False
        if first != 0 or end != 0:
            if first != 1 or end != 1 or not isinstance(step, ast.Unary):
                return False
            self.sliding = True
        spans = isinstance(begin, ast.Number) and isinstance(condition.right, ast.Number)
        ends = [int(one.value) for one in (begin, condition.right) if isinstance(one, ast.Number)] if spans else [1, 0]
        self.trips = max(self.trips, abs(ends[1] - ends[0]), 1)
        self._forget(assigned_in(loop.body))
        self.scopes.append({})
        if isinstance(init, ast.Declaration):
            self.declared.add(counter)
            self.counters.add(counter)
            self.scopes[-1][counter] = first
        else:
            self._set(counter, first)
        read = self._block(loop.body)
        self.scopes.pop()
        return read

    def _stepped(self, step: ast.Expr, counter: str) -> int | None:
        """Degree of what a step adds to a counter."""
        if isinstance(step, ast.Unary) and step.operator in ("++", "--"):
            return 0 if isinstance(step.operand, ast.Name) and step.operand.name == counter else None
        if not isinstance(step, ast.Assign) or not isinstance(step.target, ast.Name) or step.target.name != counter:
            return None
        value: ast.Expr = step.value
        if not step.operator and isinstance(value, ast.Binary) and value.operator in _SUMS:
            if not isinstance(value.left, ast.Name) or value.left.name != counter:
                return None
            value = value.right
        elif step.operator not in ("+", "-"):
            return None
        return self._degree(value) if not isinstance(value, ast.Name) or value.name != counter else None

    def _declares(self, one: ast.Variable) -> bool:
        written = one.type
        if one.static or one.extern or written.pointers or written.reference or written.extents:
            return False
        if one.name.startswith("[") or written.name.endswith("_lock") or written.scope:
            return False
        degree: int | None = None
        if one.init is not None:
            degree = self._degree(one.init)
            if degree is None and not self._computes(one.init):
                return False
            if degree is not None and (degree > 1 or (degree and written.name not in _WIDE)):
                return False
        self.declared.add(one.name)
        self.scopes[-1][one.name] = degree
        return True

    def _assigns(self, one: ast.Assign) -> bool:
        if one.operator and one.operator not in _OPERATORS:
            return False
        if isinstance(one.target, ast.Name):
            return self._assigns_name(one, one.target)
        if not isinstance(one.target, ast.Index):
            return False
        return self._computes(one.value) and self._element(one.target)

    def _assigns_name(self, one: ast.Assign, target: ast.Name) -> bool:
        if target.owner is not None or target.scope:
            return False
        value: ast.Expr = ast.Binary(one.operator, target, one.value) if one.operator else one.value
        degree = self._degree(value)
        if degree is None or degree > 1:
            if not self._computes(value):
                return False
            degree = None
        if not self._scope_of(target.name):
            self.assigned.setdefault(target.name, target)
        self._set(target.name, degree)
        return True

    def _scope_of(self, name: str) -> dict[str, int | None]:
        """The scope of the body in which a name is declared, empty where it is none of the body's."""
        return next((scope for scope in reversed(self.scopes) if name in scope), {})

    def _set(self, name: str, degree: int | None) -> None:
        scope = self._scope_of(name)
        if scope:
            scope[name] = degree
        else:
            self.degrees[name] = degree

    def _forget(self, names: frozenset[str]) -> None:
        for one in names:
            self._set(one, None)

    def _decides(self, condition: ast.Expr) -> bool:
        """Whether a condition compares polynomials of the counter."""
        if isinstance(condition, ast.Unary):
            return condition.operator == "!" and self._decides(condition.operand)
        if not isinstance(condition, ast.Binary):
            return False
        sides = condition.left, condition.right
        if condition.operator in ("&&", "||"):
            return all(self._decides(one) for one in sides)
        degrees = [self._degree(one) for one in sides]
        return condition.operator in _COMPARISONS and all(one is not None and one <= 1 for one in degrees)

    def _computes(self, value: ast.Expr) -> bool:
        """Whether a value is made of numbers, registers and elements by plain operators."""
        if isinstance(value, ast.Number):
            return True
        if isinstance(value, ast.Name):
            return value.owner is None and not self._degree(value)
        if isinstance(value, ast.Index):
            return self._element(value)
        if isinstance(value, ast.Unary):
            return value.operator == "-" and self._computes(value.operand)
        if isinstance(value, ast.Conditional):
            return self._decides(value.condition) and self._computes(value.yes) and self._computes(value.no)
        if isinstance(value, ast.Binary) and value.operator in _OPERATORS:
            return self._computes(value.left) and self._computes(value.right)
        return False

    def _element(self, element: ast.Index) -> bool:
        base: ast.Expr = element
        while isinstance(base, ast.Index):
            degree = self._degree(base.index)
            if degree is None or degree > 1:
                return False
            base = base.base
        if not isinstance(base, ast.Name) or base.owner is not None or self._scope_of(base.name):
            return False
        self.arrays[base.name] = base
        return True

    def _degree(self, index: ast.Expr) -> int | None:
        """Degree of an integer in the counter; None where it is no polynomial of names that stay as they are."""
        if isinstance(index, ast.Number):
            return 0 if index.kind == "int" else None
        if isinstance(index, ast.Name):
            return self._degree_of(index)
        if isinstance(index, ast.Unary):
            return self._degree(index.operand) if index.operator == "-" else None
        if not isinstance(index, ast.Binary):
            return None
        degrees = [self._degree(one) for one in children_of(index)]
        known = [one for one in degrees if one is not None]
        if len(known) < len(degrees):
            return None
        if index.operator in _SUMS:
            return max(known)
        if index.operator == "*":
            return sum(known)
        return None if any(known) else 0

    def _degree_of(self, name: ast.Name) -> int | None:
        if name.owner is not None:
            return None
        scope = self._scope_of(name.name)
        if scope:
            return scope[name.name]
        if not name.scope:
            self.read[name.name] = name
            if name.name in self.degrees:
                return self.degrees[name.name]
        return 0

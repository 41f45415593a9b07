"""Where the text of a loop uses the names around it: in indices, in comparisons, or anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.mentions import words_of
from aigchip_tui.estimator.traverse import (
    children_of,
    expressions_of,
    inner_loops,
    names_in,
    parts_in,
    parts_of,
    root_name,
    statements_below,
)

COMPARISONS = frozenset(["<", ">", "<=", ">=", "==", "!="])
_READ = (ast.Number, ast.Name, ast.Index, ast.Unary, ast.Binary, ast.Assign, ast.Conditional, ast.Cast)
_STATED = (ast.Evaluate, ast.Declaration, ast.Block, ast.If, ast.Loop)
_WHOLE = frozenset(["int", "long", "unsigned", "unsigned int", "unsigned long", "long long", "size_t"])
_DERIVING = frozenset(["/", "%", "<<", ">>", "&"])

Coefficients = tuple[tuple[str, int], ...]
"""By what each name moves an index."""


class Standing(NamedTuple):
    """The names of a loop by where they stand.

    `names` has each once. `arrays` says of each array, dimension by dimension, by what names move all of its indices
    alike, `beside` which names stand in these. `fixed` are the names that stand anywhere else too but in comparisons,
    where those of `compared` do. `counters` begin at numbers and are set in headers alone. `offsets` are registers of
    the surroundings that hold a part of an index: they are set once, before they are read, and stand in indices alone.
    `derives`: some integer is divided or cut.
    """

    names: tuple[ast.Name, ...]
    arrays: dict[str, tuple[Coefficients, ...]]
    apart: dict[str, tuple[tuple[Coefficients, ...], ...]]
    beside: dict[str, tuple[frozenset[str], ...]]
    fixed: frozenset[str]
    compared: frozenset[str]
    counters: frozenset[str]
    assigned: frozenset[str]
    offsets: frozenset[str]
    derives: bool


def standing(loop: ast.Loop) -> Standing | None:
    """Where the names of a loop stand; None of a loop that holds calls, records, pointers or text that is not read."""
    if "standing" not in loop.kept:
        reader = _Reader(loop)
        loop.kept["standing"] = reader.found(loop) if reader.loop(loop) else None
    found: Standing | None = loop.kept["standing"]
    return found


class _Offset(NamedTuple):
    moves: dict[str, int]
    mentioned: frozenset[str]


class _Reader:
    def __init__(self, loop: ast.Loop) -> None:
        self.once = _set_once(loop)
        self.offsets: dict[str, _Offset] = {}
        self.set_outside: set[str] = set()
        self.chosen = 0
        self.names: dict[str, ast.Name] = {}
        self.indices: dict[str, list[list[dict[str, int]]]] = {}
        self.beside: dict[str, list[set[str]]] = {}
        self.fixed: set[str] = set()
        self.compared: set[str] = set()
        self.assigned: set[str] = set()
        self.written: set[str] = set()
        self.derives = False

    def found(self, loop: ast.Loop) -> Standing:
        arrays: dict[str, tuple[Coefficients, ...]] = {}
        apart: dict[str, tuple[tuple[Coefficients, ...], ...]] = {}
        for name, elements in self.indices.items():
            if name not in self.written and any(one != elements[0] for one in elements):
                apart[name] = tuple([tuple([tuple(each.items()) for each in one]) for one in elements])
                continue
            ways = []
            for place in range(max(map(len, elements))):
                each = [one[place] if place < len(one) else {} for one in elements]
                for other in each:
                    self.fixed |= {one for one in each[0].keys() | other.keys() if each[0].get(one) != other.get(one)}
                ways.append(tuple(each[0].items()))
            arrays[name] = tuple(ways)
        counters: set[str] = set()
        for one in inner_loops(loop):
            found = begun(one)
            if found:
                counters.add(found)
        return Standing(
            tuple(self.names.values()), arrays, apart,
            {name: tuple(map(frozenset, places)) for name, places in self.beside.items()},
            frozenset(self.fixed | self.assigned), frozenset(self.compared),
            frozenset(counters - self.assigned), frozenset(self.assigned), frozenset(self.set_outside), self.derives,
        )

    def loop(self, loop: ast.Loop) -> bool:
        """Reads a loop; False where it holds what is not followed."""
        counter = begun(loop)
        for part in (loop.condition, loop.step):
            if part is not None and not self._expression(part, counter):
                return False
        if loop.condition is not None:
            for name in set(names_in(loop.condition)) - {counter}:
                self._fix(name)
        if not counter and loop.init is not None and not self._statement(loop.init):
            return False
        self._pragmas(loop)
        return self._statement(loop.body)

    def _statement(self, statement: ast.Stmt) -> bool:
        if not isinstance(statement, _STATED):
            return False
        if isinstance(statement, ast.Loop):
            return self.loop(statement)
        if isinstance(statement, ast.Block):
            self._pragmas(statement)
        if isinstance(statement, ast.If):
            self.chosen += 1
            followed = self._expression(statement.condition) and all(map(self._statement, parts_of(statement)))
            self.chosen -= 1
            return followed
        written = statement.expression if isinstance(statement, ast.Evaluate) else None
        if isinstance(written, ast.Assign) and isinstance(written.target, ast.Name) and not written.operator:
            target = written.target
            if target.owner is None and self._sets_offset(target.name, written.value):
                self._named(target)
                self.assigned.add(target.name)
                self.set_outside.add(target.name)
                return True
        if isinstance(statement, ast.Declaration):
            declared = 0
            for variable in statement.variables:
                kind = variable.type
                if kind.pointers or kind.reference or kind.extents or kind.arguments or variable.static:
                    return False
                whole = not kind.scope and kind.name in _WHOLE
                if whole and variable.init is not None and self._sets_offset(variable.name, variable.init):
                    declared += 1
                self.assigned.add(variable.name)
            if declared == len(statement.variables):
                return True
        return all(map(self._expression, expressions_of(statement))) and all(map(self._statement, parts_of(statement)))

    def _sets_offset(self, name: str, value: ast.Expr) -> bool:
        """Whether a register is set to a part of an index here alone, before anything reads it."""
        if self.chosen or name not in self.once or name in self.names:
            return False
        moves: dict[str, int] = {}
        if not self._sum(value, 1, moves, _is_whole):
            return False
        mentioned = {one for part in names_in(value) for one in self._meant(part)}
        self.offsets[name] = _Offset(moves, frozenset(mentioned))
        return True

    def _sum(
        self, value: ast.Expr, by: int, moves: dict[str, int], other: Callable[[ast.Expr], bool]
    ) -> bool:
        """Adds by what names move a sum of names by constant factors; `other` judges terms that are none."""
        if isinstance(value, ast.Name):
            self._named(value)
            self._add(value.name, by, moves)
            return value.owner is None
        if isinstance(value, ast.Unary) and value.operator == "-":
            return self._sum(value.operand, -by, moves, other)
        if isinstance(value, ast.Binary) and value.operator in ("+", "-"):
            right = by if value.operator == "+" else -by
            return self._sum(value.left, by, moves, other) and self._sum(value.right, right, moves, other)
        if isinstance(value, ast.Binary) and value.operator == "*":
            for one, number in ((value.left, value.right), (value.right, value.left)):
                if isinstance(number, ast.Number) and number.kind == "int":
                    return self._sum(one, by * int(number.value), moves, other)
        return other(value)

    def _add(self, name: str, by: int, moves: dict[str, int]) -> None:
        offset = self.offsets.get(name)
        for one, times in offset.moves.items() if offset is not None else ((name, 1),):
            moves[one] = moves.get(one, 0) + by * times

    def _meant(self, name: str) -> frozenset[str]:
        """A name, or those of which it holds a sum."""
        offset = self.offsets.get(name)
        return frozenset([name]) if offset is None else offset.mentioned

    def _fix(self, name: str) -> None:
        self.fixed |= self._meant(name)

    def _pragmas(self, statement: ast.Loop | ast.Block) -> None:
        for pragma in statement.pragmas:
            for text in pragma.options.values():
                self.fixed |= words_of(text)

    def _expression(self, expression: ast.Expr, counter: str = "") -> bool:
        """Reads an expression; `counter` is set in it as a header sets it."""
        if not isinstance(expression, _READ):
            return False
        if isinstance(expression, ast.Name):
            self._named(expression)
            self._fix(expression.name)
            return expression.owner is None
        if isinstance(expression, ast.Index):
            return self._element(expression)
        if isinstance(expression, ast.Unary) and expression.operator in ("++", "--"):
            return self._assigns(expression.operand, counter)
        if isinstance(expression, ast.Unary) and expression.operator in ("&", "*"):
            return False
        if isinstance(expression, ast.Cast) and expression.type.arguments:
            return False
        if isinstance(expression, ast.Assign):
            return self._expression(expression.value) and self._assigns(expression.target, counter)
        if isinstance(expression, ast.Binary):
            self.derives = self.derives or expression.operator in _DERIVING
            if expression.operator in COMPARISONS:
                return self._side(expression.left) and self._side(expression.right)
            return self._expression(expression.left, counter) and self._expression(expression.right, counter)
        return all(map(self._expression, children_of(expression)))

    def _side(self, side: ast.Expr) -> bool:
        if not isinstance(side, ast.Name):
            return self._expression(side)
        self._named(side)
        if side.name in self.offsets:
            self._fix(side.name)
        self.compared.add(side.name)
        return side.owner is None

    def _assigns(self, target: ast.Expr, counter: str) -> bool:
        if isinstance(target, ast.Name):
            self._named(target)
            if target.name != counter:
                self.assigned.add(target.name)
            return target.owner is None
        if not isinstance(target, ast.Index):
            return False
        self.written.add(root_name(target))
        return self._element(target)

    def _named(self, name: ast.Name) -> None:
        self.names.setdefault(name.name, name)

    def _element(self, element: ast.Index) -> bool:
        places: list[dict[str, int]] = []
        mentioned: list[set[str]] = []
        base: ast.Expr = element
        while isinstance(base, ast.Index):
            moves: dict[str, int] = {}
            if not self._sum(base.index, 1, moves, self._expression):
                return False
            places.insert(0, moves)
            mentioned.insert(0, {one for name in names_in(base.index) for one in self._meant(name)})
            base = base.base
        if not isinstance(base, ast.Name) or base.owner is not None:
            return False
        self._named(base)
        self.indices.setdefault(base.name, []).append(places)
        known = self.beside.setdefault(base.name, [])
        known += [set() for _ in range(len(mentioned) - len(known))]
        for there, more in zip(known, mentioned, strict=False):
            there |= more
        return True


def _is_whole(value: ast.Expr) -> bool:
    return isinstance(value, ast.Number) and value.kind == "int"


def begun(loop: ast.Loop) -> str:
    """The counter that a header sets to a number; empty of other loops."""
    if isinstance(loop.init, ast.Declaration) and len(loop.init.variables) == 1:
        variable = loop.init.variables[0]
        plain = not (variable.type.pointers or variable.type.reference or variable.type.extents)
        return variable.name if plain and isinstance(variable.init, ast.Number) else ""
    written = loop.init.expression if isinstance(loop.init, ast.Evaluate) else None
    if isinstance(written, ast.Assign) and not written.operator and isinstance(written.target, ast.Name):
        return written.target.name if isinstance(written.value, ast.Number) else ""
    return ""


def _set_once(loop: ast.Loop) -> set[str]:
    """Names that one assignment or declaration below a loop sets and nothing else does."""
    written: list[str] = []
    for statement in statements_below(loop):
        if isinstance(statement, ast.Declaration):
            written += [one.name for one in statement.variables]
        for expression in expressions_of(statement):
            for part in parts_in(expression):
                target = part.target if isinstance(part, ast.Assign) else None
                if isinstance(part, ast.Unary) and part.operator in ("++", "--"):
                    target = part.operand
                if isinstance(target, ast.Name):
                    written.append(target.name)
    return {name for name in written if written.count(name) == 1}

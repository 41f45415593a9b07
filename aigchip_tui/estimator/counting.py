"""Loop counters: first value, limit, step, trip counts, and the symbols that stand for iterations."""

from __future__ import annotations

from operator import index
from typing import NamedTuple

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.applying import PragmaWalk
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import (
    Cell,
    fresh,
)
from aigchip_tui.estimator.outcomes import (
    CannotUnrollError,
    Copied,
    Header,
    Range,
)
from aigchip_tui.estimator.repeating import Repeater
from aigchip_tui.estimator.traced import formula
from aigchip_tui.estimator.tracks import Decision
from aigchip_tui.estimator.traverse import (
    early_exit,
    names_in,
    names_set,
    outer_loops,
    parts_in,
)
from aigchip_tui.estimator.values import INT, Kind, Lin, Val, integer

_INTEGERS = frozenset(["char", "short", "int", "long", "unsigned", "unsigned char", "unsigned int", "unsigned long"])


class _Numbers(NamedTuple):
    """A header that says nothing but numbers: the counter's name, what was found, its line, and the work that it took.
    """

    name: str
    header: Header
    line: int
    work: int


def of_numbers(loop: ast.Loop) -> bool:
    """Whether a header is `for (int i = 0; i < 8; i++)`: whatever stands around it changes nothing of it."""
    init, condition, step = loop.init, loop.condition, loop.step
    if loop.kind != "for" or not isinstance(init, ast.Declaration) or len(init.variables) != 1:
        return False
    (counter,) = init.variables
    kind = counter.type
    plain = not (kind.arguments or kind.pointers or kind.reference or kind.extents or kind.scope or kind.owner)
    if kind.name not in _INTEGERS or not plain or not isinstance(condition, ast.Binary):
        return False
    steps = isinstance(step, ast.Unary) or (isinstance(step, ast.Assign) and isinstance(step.value, ast.Number))
    numbers = [counter.init, condition.right]
    alone = all(isinstance(one, ast.Number) and one.kind == "int" and one.line == loop.line for one in numbers)
    return steps and alone and isinstance(condition.left, ast.Name)


class CounterWalk(PragmaWalk):
    """Loop counters: first value, limit, step, trip counts, and the symbols that stand for iterations."""

    def header(self, loop: ast.Loop) -> Header | None:
        """The counter of a loop and its trip counts, or None when the loop is not counted."""
        if loop.condition is None or loop.step is None:
            return None
        known: _Numbers | None = loop.kept.get("header")
        if known is not None:
            return self._same_again(known)
        work = self.work
        found = self._header(loop)
        if found is not None and of_numbers(loop):
            assert isinstance(loop.init, ast.Declaration)
            spent = index(self.work - work)
            loop.kept["header"] = _Numbers(loop.init.variables[0].name, found, self.line, spent)
        return found

    def _same_again(self, known: _Numbers) -> Header:
        """The header of a loop that no surroundings change, with a counter of its own."""
        self._go_on(known)
        first = known.header
        cell = self.scopes[-1][known.name] = Cell(first.cell.kind, fresh())
        return Header(
            cell, first.start, first.low, first.high, first.step, first.exact, first.mean, first.bends, first.may_end
        )

    def _go_on(self, known: _Numbers) -> None:
        """Counts the work of reading a header, and stands where it ends."""
        self.spend(1)
        self.line = known.line
        self.spend(known.work - 1)

    def _header(self, loop: ast.Loop) -> Header | None:
        assert loop.condition is not None
        assert loop.step is not None
        name, start = self._initial(loop)
        if not name or self.moved_within(loop, name):
            return None
        bound = self.lookup(name)
        if not isinstance(bound, Cell):
            return None
        step = self._step(loop.step, name)
        condition, exact = loop.condition, True
        while isinstance(condition, ast.Binary) and condition.operator == "&&":
            condition, exact = condition.left, False
        if not isinstance(condition, ast.Binary) or step is None:
            return None
        operator, left, right = condition.operator, condition.left, condition.right
        if isinstance(right, ast.Name) and right.name == name:
            operator = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
            left, right = right, left
        shift = 0
        if isinstance(left, ast.Binary) and left.operator in ("+", "-") and isinstance(left.left, ast.Name):
            moved = self.fold(left.right)
            if moved is not None and left.left.name == name:
                shift = moved if left.operator == "+" else -moved
                left = left.left
        if not isinstance(left, ast.Name) or left.name != name:
            return None
        limit = self.value(right)
        self._bound_by_types(right, limit)
        if shift:
            limit = self.arithmetic("-", limit, integer(shift))
        kind, amount = step
        if kind == "+" and _never_ends(start, limit, operator, amount, bound.kind):
            self.endless.add((self.source_file, loop.line))
            return None
        once = loop.kind == "do"
        if kind != "+":
            if not isinstance(start.const, int) or not isinstance(limit.const, int):
                return None
            count = _geometric(start.const, limit.const, operator, kind, amount)
            return Header(bound, start, count or once, count or once, 1, False) if count >= 0 else None
        low, high, mean = self._trips(start, limit, operator, amount)
        if once:
            low, high = (None if one is None else max(1, one) for one in (low, high))
            mean = None if mean is None else max(1.0, mean)
        bends = frozenset(symbol for value in (start, limit) if value.lin is not None for symbol, _ in value.lin.terms)
        return Header(bound, start, low, high, amount, exact and low == high, mean, bends, not exact)

    def moved_within(self, loop: ast.Loop, name: str) -> bool:
        """Whether a loop moves its counter in its body, or what the counter is compared with: then nobody counts."""
        key = ("moved_within", name)
        known: bool | None = loop.kept.get(key)
        if known is None:
            assert loop.condition is not None
            moved = {one for part in loop.body.statements for one in names_set(part)}
            known = name in moved
            if not known:
                limits = set(names_in(loop.condition)) - {name}
                stepped = names_set(ast.Evaluate(loop.step)) if loop.step is not None else frozenset()
                known = not limits.isdisjoint(moved | stepped)
            loop.kept[key] = known
        return known

    def _initial(self, loop: ast.Loop) -> tuple[str, Val]:
        init = loop.init
        if isinstance(init, ast.Declaration) and init.variables:
            variable = init.variables[0]
            kind = self.resolve(variable.type)
            cell = Cell(kind.kind if kind.form == "scalar" else INT, fresh())
            self.scopes[-1][variable.name] = cell
            start = self.value(variable.init) if variable.init is not None else integer(0)
            for other in init.variables[1:]:
                self.variable(other)
            return variable.name, start
        if isinstance(init, ast.Evaluate):
            expression = init.expression
            while isinstance(expression, ast.Binary) and expression.operator == ",":
                self.result(expression.right)
                expression = expression.left
            if (
                isinstance(expression, ast.Assign)
                and isinstance(expression.target, ast.Name)
                and not expression.operator
            ):
                if self.lookup(expression.target.name) is None:
                    self.scratch(expression.target.name)
                return expression.target.name, self.value(expression.value)
        if init is None and isinstance(loop.step, ast.Unary | ast.Assign):
            target = loop.step.operand if isinstance(loop.step, ast.Unary) else loop.step.target
            if isinstance(target, ast.Name):
                return target.name, self.value(target)
        return "", integer(0)

    def _step(self, step: ast.Expr, name: str) -> tuple[str, int] | None:
        while isinstance(step, ast.Binary) and step.operator == ",":
            step = step.left
        if isinstance(step, ast.Unary) and isinstance(step.operand, ast.Name) and step.operand.name == name:
            return "+", 1 if step.operator == "++" else -1
        if isinstance(step, ast.Assign) and isinstance(step.target, ast.Name) and step.target.name == name:
            operator, value = step.operator, step.value
            if (
                not operator
                and isinstance(value, ast.Binary)
                and isinstance(value.left, ast.Name)
                and value.left.name == name
            ):
                operator, value = value.operator, value.right
            if operator == "+" and isinstance(value, ast.Name) and value.name == name:
                return "*", 2
            amount = self.fold(value)
            if amount is None:
                return None
            if operator in ("+", "-"):
                return "+", amount if operator == "+" else -amount
            if operator in ("*", "/", "<<", ">>"):
                return operator, amount
        return None

    def _trips(self, start: Val, limit: Val, operator: str, step: int) -> tuple[int | None, int | None, float | None]:
        if start.lin is None or limit.lin is None or step == 0:
            return None, None, None
        difference = limit.lin.plus(start.lin, -1)
        if step < 0:
            difference = difference.times(-1)
            operator = {">": "<", ">=": "<=", "!=": "!="}.get(operator, "?")
            step = -step
        if operator == "<=":
            difference = difference.plus(Lin(1))
        elif operator not in ("<", "!="):
            return None, None, None
        bounds = self.range_of(difference)
        if bounds is None:
            return None, None, None
        low, high = (max(0, -(-bound // step)) for bound in bounds)
        mean: float | None = 1.0 * high
        if low != high:
            mean = difference.constant / step
            for symbol, coefficient in difference.terms:
                middle = self.means.get(symbol)
                mean = None if mean is None or middle is None else mean + coefficient * middle / step
            mean = None if mean is None else max(0.0, mean // 1)
        return low, high, mean

    def _bound_by_types(self, written: ast.Expr, limit: Val) -> None:
        """What a run-time limit is computed from cannot exceed its type, where that is narrow and unsigned."""
        if limit.const is not None or limit.lin is None or all(symbol in self.ranges for symbol, _ in limit.lin.terms):
            return
        self._bound_by_type(limit)
        for part in parts_in(written) if not isinstance(written, ast.Name) else ():
            if isinstance(part, ast.Name):
                bound = self.lookup(part.name) if not part.scope else None
                self._bound_by_type(self.value(part) if isinstance(bound, Cell | Val) else limit)

    def _bound_by_type(self, value: Val) -> None:
        if value.const is None and value.lin is not None and len(value.lin.terms) == 1 and not value.lin.constant:
            symbol, coefficient = value.lin.terms[0]
            if coefficient == 1 and 0 < value.kind.bits <= 16 and not value.kind.signed:
                self.ranges.setdefault(symbol, (0, (1 << value.kind.bits) - 1))
                self.meetings.clear()

    def _assert(self, condition: ast.Expr) -> None:
        """`assert(n <= 256)` bounds a value that the text leaves open."""
        if not isinstance(condition, ast.Binary):
            return
        if condition.operator == "&&":
            self._assert(condition.left)
            self._assert(condition.right)
            return
        value, limit = self.value(condition.left), self.fold(condition.right)
        if limit is None or value.lin is None or len(value.lin.terms) != 1 or value.lin.terms[0][1] != 1:
            return
        symbol, shift = value.lin.terms[0][0], value.lin.constant
        low, high = self.asserted.get(symbol, (None, None))
        if condition.operator in (">", ">="):
            low = limit - shift + (condition.operator == ">")
        elif condition.operator in ("<", "<="):
            high = limit - shift - (condition.operator == "<")
        self.asserted[symbol] = (low, high)
        if high is not None:
            self.ranges[symbol] = (low if low is not None else 0, high)
            self.meetings.clear()

    def _counter(self, header: Header, step: int) -> Val:
        amount = header.step * step
        if isinstance(header.start.const, int):
            return integer(header.start.const + amount, header.cell.kind)
        lin = header.start.lin.plus(Lin(amount)) if header.start.lin is not None else None
        return Val(header.cell.kind, header.start.node, None, lin, header.start.graph)

    def _unroll(self, loop: ast.Loop, header: Header | None) -> None:
        if header is None or header.high is None:
            raise CannotUnrollError
        if header.low != header.high:
            raise CannotUnrollError
        if header.high > 20_000:
            self.options.exhausted(self.line)
        self.unrolling += 1
        around, copied = self.copied, Copied(loop.body)
        try:
            trips = len(range(header.high))
            if self.seen is not None:
                self.seen.decisions.append(Decision("", integer(trips), integer(trips), True))
            repeater = Repeater.of(self, loop, trips)
            step = 0
            while step < trips:
                self.layer.write(header.cell, self._counter(header, step))
                if repeater is not None:
                    repeater.begin()
                self.copied = copied
                self.block(loop.body)
                self._step_effects(loop)
                step += 1
                if repeater is not None:
                    step += repeater.more(trips - step)
        finally:
            self.unrolling -= 1
            self.copied = around
        self.layer.write(header.cell, self._counter(header, header.high))

    def _step_effects(self, loop: ast.Loop) -> None:
        step = loop.step
        while isinstance(step, ast.Binary) and step.operator == ",":
            self.result(step.right)
            step = step.left

    def static_trip(self, loop: ast.Loop) -> int | None:
        """Constant trip count of a loop, seen from outside it; None when it is not constant.

        Names that are declared between here and the loop are not known yet, which is nothing to remark on.
        """
        known: _Numbers | None = loop.kept.get("header")
        if known is not None:
            self._go_on(known)
            return known.header.high if known.header.low == known.header.high else None
        saved = (self.graph, dict(self.layer.values))
        guard, notes, names = self.guard, len(self.notes), len(self.name_symbols)
        self.graph, self.guard = Graph(), ()
        self.scopes.append({})
        try:
            header = self.header(loop)
        finally:
            self.scopes.pop()
            self.graph, self.layer.values = saved
            self.guard = guard
            del self.notes[notes:]
            for name in list(self.name_symbols)[names:]:
                del self.name_symbols[name]
        return header.high if header is not None and header.low == header.high else None

    def copies_below(self, block: ast.Block) -> int | None:
        """Copies of innermost bodies once all loops of a block are unrolled; None where one is not counted."""
        total = 0
        for one in outer_loops(block):
            trip, inner = self.static_trip(one), self.copies_below(one.body)
            if trip is None or inner is None:
                return None
            total += trip * inner
        return max(1, total)

    def _open_counter(self, loop: ast.Loop, header: Header | None, factor: int, trips: list[Range]) -> tuple[int, int]:
        symbol = fresh()
        low, high = (header.low, header.high) if header is not None else (None, None)
        for pragma in self._loop_pragmas(loop):
            if pragma.kind == "LOOP_TRIPCOUNT" and (high is None or low != high):
                low = self._option(pragma, "min") if "min" in pragma.options else low
                high = self._option(pragma, "max") if "max" in pragma.options else high
                # Where a pragma leaves the least open, it is none.
                low = 0 if low is None and high is not None else low
                if low is not None and high is not None and low > high:
                    self.warn(f"LOOP_TRIPCOUNT at line {pragma.line}: min={low} is above max={high} and is left out")
                    low = high
        if factor > 1:
            whole = header is not None and (header.start.const not in (None, 0) or factor & (factor - 1) > 0)
            low, high = _unrolled_trips(low, factor, whole), _unrolled_trips(high, factor, whole)
        if early_exit(loop.body) and low is not None:
            low = min(low, 1)
        if header is not None and header.may_end and low is not None:
            low = min(low, int(loop.kind == "do"))
        mean = header.mean if header is not None and (low, high) == (header.low, header.high) else None
        if factor > 1:
            mean = None if header is None or header.mean is None else header.mean / factor
        if header is not None and low != high:
            self.wrapping.add(symbol)
            if header.start.lin is not None and header.start.lin.terms:
                self.slanted.add(symbol)
        trips.append((low, high))
        self.trip_means.append(mean if mean is not None and low != high else high)
        if high is not None:
            self.ranges[symbol] = (0, max(0, high - 1))
            self.means[symbol] = max(0.0, ((mean if mean is not None else high) - 1) / 2)
        if header is not None:
            self._set_counter(header, symbol, factor, 0)
        return symbol, high if high is not None else 1 << 30

    def _set_counter(self, header: Header, symbol: int, factor: int, copy: int) -> None:
        start = header.start.lin if header.start.lin is not None else Lin(0, ((fresh(), 1),))
        lin = start.plus(Lin(header.step * copy, ((symbol, header.step * factor),)))
        self.layer.write(header.cell, Val(header.cell.kind, -1, None, lin))


def _never_ends(start: Val, limit: Val, operator: str, step: int, kind: Kind) -> bool:
    """Whether a counter of a type steps over its bound, or cannot hold a value that passes it."""
    first, last = start.const, limit.const
    if not isinstance(first, int) or not isinstance(last, int) or kind.letter != "i" or step == 0:
        return False
    if operator == "!=":
        return (last - first) % step != 0 or (last - first) * step < 0
    lowest, highest = (-(1 << (kind.bits - 1)) if kind.signed else 0), (1 << (kind.bits - kind.signed)) - 1
    if step > 0:
        past = last + (operator == "<=")
        return operator in ("<", "<=") and first < past and past > highest
    past = last - (operator == ">=")
    return operator in (">", ">=") and first > past and past < lowest


@formula
def _geometric(value: int, end: int, operator: str, kind: str, amount: int) -> int:
    """Trips of a counter that is multiplied, divided or shifted; -1 for more than 255."""
    for count in range(256):
        tests = {"<": value < end, ">": value > end, "<=": value <= end, ">=": value >= end, "!=": value != end}
        if not tests.get(operator, False):
            return count
        value = {
            "*": value * amount,
            "/": value // max(1, amount),
            "<<": value << max(0, amount),
            ">>": value >> max(0, amount),
        }[kind]
    return -1


def _unrolled_trips(trip: int | None, factor: int, whole: bool) -> int | None:
    """Trips of an unrolled loop; `whole`: the last, partial one leaves early and is no trip."""
    if not trip:
        return trip
    return max(1, trip // factor) if whole else -(-trip // factor)

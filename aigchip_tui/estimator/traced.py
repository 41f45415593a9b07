"""Constants that remember what was asked of them, so that an estimate can be made again without another walk.

A walk over a design is a computation on its constants: most of what it does depends on a few answers (is the trip count
zero, how many bits does it need), and the figures are sums and products of them. A `Traced` constant writes every
operation down on the `Trace` of the walk; where a decision is taken of it, the answer is written down as well. With
other constants the operations are done again: when all answers are as they were, the walk would have gone the same way,
and the figures follow from the operations alone. When one differs, the design is walked again. Nothing is approximated.

A `Traced` value says that it is an `int` (or `float`) to `isinstance`, but is none: whatever Python itself takes out of
it (an index, a hash, a text) passes through a method here and is written down as "has exactly this value". Two ways ask
for less: a `formula` is done again as a whole, whatever it asks within, and keys that went through `Trace.ranked` are
known by their order among all such keys.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")
Number = int | float
_Function = Callable[..., Any]
_Steps = list[tuple[int, _Function, tuple[int, ...]]]
"""Slots of values, what computes each, and the slots that it takes."""
_MOST_CONES = 16
"""Sets of constants of which a walk remembers the steps that follow from them."""
_FREE, _MIXED = -1, -2
"""What a value follows from beside the number of one constant: from none; from several, or not one to one."""


class Trace:
    """Operations on the constants of one walk, in order, and the answers that decided its way."""

    def __init__(self, constants: Mapping[str, int]) -> None:
        self.names = tuple(constants)
        self.values: list[Any] = []
        self.steps: list[tuple[_Function, tuple[int, ...]]] = []
        self.answers: dict[int, Any] = {}
        self._known: dict[tuple[_Function, tuple[int, ...]], int] = {}
        self._literals: dict[tuple[type, Any], int] = {}
        self._met: dict[Number, Any] = {}
        self._order: list[Number] = []
        """Numbers that are keys, in order, and each as the key that stands for it."""
        self._keys: dict[int, Any] = {}
        self._cones: dict[frozenset[str], _Steps] = {}
        """Steps that follow from some of the constants."""
        self._moving: list[tuple[int, int]] = []
        self._follows: list[int] = []
        self._inputs = {name: place for place, name in enumerate(self.names)}
        self.inputs = {name: Traced(self, self._slot(value)) for name, value in constants.items()}

    def _slot(self, value: Any) -> int:
        self.values.append(value)
        self.steps.append((_literal, ()))
        return len(self.values) - 1

    def _place(self, operand: Any) -> int:
        if type(operand) is Traced:
            raise TypeError("constants of different walks are mixed")
        key = (type(operand), operand)
        found = self._literals.get(key)
        if found is None:
            found = self._literals[key] = self._slot(operand)
        return found

    def apply(self, function: _Function, *operands: Any) -> Any:
        """The value of an operation, traced."""
        return Traced(self, self._computed(function, operands))

    def decide(self, function: _Function, *operands: Any) -> Any:
        """The plain value of an operation on which the way of the walk depends."""
        slot = self._computed(function, operands)
        value = self.answers[slot] = self.values[slot]
        return value

    def _computed(self, function: _Function, operands: tuple[Any, ...]) -> int:
        """The slot of an operation; one that was done before is not done again."""
        slots = tuple(
            [one.slot if type(one) is Traced and one.trace is self else self._place(one) for one in operands]
        )
        key = (function, slots)
        found = self._known.get(key)
        if found is None:
            try:
                value = function(*[self.values[slot] for slot in slots])
            except (ArithmeticError, ValueError):
                for slot in slots:
                    self.answers[slot] = self.values[slot]
                raise
            found = len(self.values)
            self.values.append(value)
            self.steps.append((function, slots))
            self._known[key] = found
        return found

    def ranked(self, value: Any) -> Any:
        """A number as it may stand in keys beside others that went through here: no key asks for its exact value.

        Such numbers are written down as being in the order in which they are, which says which of them are equal.
        """
        if type(value) is Traced:
            found = self._keys.get(value.slot)
            if found is None:
                found = self._keys[value.slot] = self._rank(self.values[value.slot], value)
            return found
        return self._met[value] if value in self._met else self._rank(value, value)

    def _rank(self, number: Number, value: Any) -> Any:
        if number != number:  # not a number stands in no order
            return value
        known = self._met.get(number)
        if known is not None:
            if type(value) is Traced or type(known) is Traced:
                self.decide(operator.eq, value, known)
            return known
        place = bisect_left(self._order, number)
        if type(value) is Traced:
            value = Traced(self, value.slot)
            value.token = hash((Traced, value.slot))
        for below in self._order[place - 1 : place] if place else ():
            self._ascend(self._met[below], value)
        for above in self._order[place : place + 1]:
            self._ascend(value, self._met[above])
        self._order.insert(place, number)
        self._met[number] = value
        return value

    def _ascend(self, lower: Any, upper: Any) -> None:
        if type(lower) is Traced or type(upper) is Traced:
            self.decide(operator.lt, lower, upper)

    def decisive(self) -> frozenset[str]:
        """Constants every other value of which alters an answer, so that the walk would go another way with it."""
        through = self._through()
        return frozenset(self.names[through[slot]] for slot in self.answers if through[slot] >= 0)

    def _through(self) -> list[int]:
        """What each value follows from, one to one: a constant, by its number, several or none."""
        if not self._follows:
            through: list[int] = []
            for slot, (function, operands) in enumerate(self.steps):
                found = slot if slot < len(self.names) else _FREE
                moving = [through[one] for one in operands if through[one] != _FREE]
                if moving:
                    single = len(moving) == 1 and type(self.values[slot]) is int
                    found = moving[0] if single and self._one_to_one(function, operands, through) else _MIXED
                through.append(found)
            self._follows = through
        return self._follows

    def parting(self, changed: Mapping[str, int]) -> tuple[int, str]:
        """Where a walk with other values of some constants parts from this one: how many answers it has in common with
        it, and the constant whose very value is asked for next (empty where something else is).
        """
        values = list(self.values)
        lost: set[int] = set()
        for name, value in changed.items():
            values[self._inputs[name]] = value
        for slot, function, operands in self._following(frozenset(changed)):
            if lost and not lost.isdisjoint(operands):
                lost.add(slot)
                continue
            try:
                values[slot] = function(*[values[one] for one in operands])
            except (ArithmeticError, ValueError):
                lost.add(slot)
        for place, (slot, answer) in enumerate(self.answers.items()):
            if slot in lost or values[slot] != answer:
                asked = self._through()[slot]
                return place, self.names[asked] if asked >= 0 else ""
        return len(self.answers), ""

    def _one_to_one(self, function: _Function, operands: tuple[int, ...], through: list[int]) -> bool:
        """Whether an operation on integers of which one moves has another value for every other value of that one."""
        if function in (operator.add, operator.sub, operator.neg):
            return True
        others = [self.values[one] for one in operands if through[one] == _FREE]
        if function is operator.mul:
            return others != [0]
        return function is operator.floordiv and through[operands[1]] == _FREE and others == [1]

    def close(self) -> None:
        """Forgets what only a walk that still goes on needs."""
        for one in (self._known, self._literals, self._met, self._keys, self._order):
            one.clear()

    def again(self, changed: Mapping[str, int]) -> list[Any] | None:
        """All values with other values of some constants, or None where the walk would go another way."""
        values, answers = list(self.values), self.answers
        for name, value in changed.items():
            slot = self._inputs[name]
            if slot in answers and value != answers[slot]:
                return None
            values[slot] = value
        try:
            for slot, function, operands in self._following(frozenset(changed)):
                value = function(*[values[one] for one in operands])
                if slot in answers and value != answers[slot]:
                    return None
                values[slot] = value
        except (ArithmeticError, ValueError):
            return None
        return values

    def _following(self, moved: frozenset[str]) -> _Steps:
        """Steps that follow from some constants, in order."""
        known = self._cones.get(moved)
        if known is not None:
            return known
        if len(self._cones) >= _MOST_CONES:
            self._cones.clear()
        asked = sum([1 << self._inputs[name] for name in moved])
        found = [(slot, *self.steps[slot]) for slot, reached in self._reached() if reached & asked]
        self._cones[moved] = found
        return found

    def _reached(self) -> list[tuple[int, int]]:
        """Steps that follow from constants, each with a bit for every one of them."""
        if not self._moving:
            from_each = [1 << place for place in range(len(self.names))]
            for slot in range(len(self.names), len(self.steps)):
                reached = 0
                for one in self.steps[slot][1]:
                    reached |= from_each[one]
                from_each.append(reached)
                if reached:
                    self._moving.append((slot, reached))
        return self._moving


def _literal() -> None:
    """The step of a constant or literal: nothing is computed."""


class Traced:
    """A number of a walk that depends on its constants."""

    __slots__ = ("slot", "token", "trace")

    def __init__(self, trace: Trace, slot: int) -> None:
        self.trace = trace
        self.slot = slot
        self.token: int | None = None
        """Hash of a key that `Trace.ranked` made."""

    @property  # type: ignore[misc]  # says what it stands for, see the head of this file
    def __class__(self) -> type:
        return type(self.trace.values[self.slot])

    def fixed(self) -> Any:
        """The plain value; from here on the walk depends on it."""
        value = self.trace.values[self.slot]
        self.trace.answers[self.slot] = value
        return value

    def bit_length(self) -> int:
        """As of an int; only the number of bits decides."""
        bits: int = self.trace.decide(int.bit_length, self)
        return bits

    def __round__(self, digits: int | None = None) -> Any:
        return self.trace.apply(round, self) if digits is None else self.trace.apply(round, self, digits)

    def __pos__(self) -> Traced:
        return self

    def __bool__(self) -> bool:
        return bool(self.trace.decide(bool, self))

    def __hash__(self) -> int:
        return hash(self.fixed()) if self.token is None else self.token

    def __iter__(self) -> Iterator[Any]:
        """The members of a tuple; how many there are decides."""
        return iter([self.trace.apply(operator.getitem, self, place) for place in range(self.trace.decide(len, self))])

    def __index__(self) -> int:
        return operator.index(self.fixed())

    def __int__(self) -> int:
        return int(self.fixed())

    def __float__(self) -> float:
        return float(self.fixed())

    def __str__(self) -> str:
        return str(self.fixed())

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(self.fixed(), spec)


def _number(value: object) -> bool:
    kind = type(value)
    return kind is int or kind is Traced or kind is float or isinstance(value, int | float)


def formula(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A function of which only the value counts: with traced operands it is one step of the trace, whatever it asks.

    It takes its operands by position and depends on nothing else.
    """

    @wraps(function)
    def computed(*operands: _P.args, **named: _P.kwargs) -> _R:
        for one in operands:
            if type(one) is Traced:
                found: _R = one.trace.apply(function, *operands)
                return found
        return function(*operands, **named)

    return computed


def _binary(function: _Function) -> tuple[_Function, _Function]:
    def forward(self: Traced, other: object) -> Any:
        return self.trace.apply(function, self, other) if _number(other) else NotImplemented

    def backward(self: Traced, other: object) -> Any:
        return self.trace.apply(function, other, self) if _number(other) else NotImplemented

    return forward, backward


def _comparison(function: _Function) -> _Function:
    texts = function in (operator.eq, operator.ne)

    def compare(self: Traced, other: object) -> Any:
        known = _number(other) or (texts and isinstance(other, str))
        return self.trace.decide(function, self, other) if known else NotImplemented

    return compare


def _unary(function: _Function) -> _Function:
    def forward(self: Traced) -> Any:
        return self.trace.apply(function, self)

    return forward


for _name in ("add", "sub", "mul", "floordiv", "truediv", "mod", "lshift", "rshift", "pow", "and", "or", "xor"):
    _forward, _backward = _binary(getattr(operator, f"__{_name}__"))
    setattr(Traced, f"__{_name}__", _forward)
    setattr(Traced, f"__r{_name}__", _backward)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Traced, f"__{_name}__", _comparison(getattr(operator, _name)))
for _name, _function in (("neg", operator.neg), ("abs", abs), ("invert", operator.invert), ("floor", math.floor),
                         ("ceil", math.ceil), ("trunc", math.trunc)):
    setattr(Traced, f"__{_name}__", _unary(_function))


gcd = formula(math.gcd)
"""As of `math`."""
real: Callable[[Number], float] = formula(float)
"""A number as one of floating point."""


def trace_of(constants: Mapping[str, Any]) -> Trace | None:
    """The trace of the walk that is done with these constants; None where none of them is traced."""
    return next((one.trace for one in constants.values() if type(one) is Traced), None)

"""Walks that are remembered by what they asked of their constants; see `traced`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from aigchip_tui.estimator.result import Estimate
from aigchip_tui.estimator.traced import Trace, Traced

_MOST_KEPT, _MOST_STEPS, _MOST_ASKED = 256, 100_000, 32
"""Walks remembered for one question, and steps of their traces: what was not asked for the longest time goes first. So
many of them are asked whether other values follow.
"""
_MOST_KNOWN = 256
"""Estimates remembered as they are."""
_IN_VAIN, _SELDOM = 2, 4
"""Walks in vain after which a constant is traced no more, and those after which it is now and then."""
_MOST_NEAR = 4
"""Walks that are asked where another one parts from them."""
_S = TypeVar("_S", bound=msgspec.Struct)
_Moving = tuple[tuple[str, int], ...]
"""Members of a value that depend on constants, each with its place in the trace."""


class _Walk:
    """One walk: its constants, its trace, its estimate, and which members of the estimate depend on constants.

    `plain` are constants that were not traced: with another value of one the walk says nothing.
    """

    def __init__(self, constants: Mapping[str, int], plain: frozenset[str], trace: Trace, found: Estimate) -> None:
        self.constants = dict(constants)
        self.plain = plain
        self.trace = trace
        self.found = found
        self.whole = _moving(found)
        self.warnings = _moving_items(found.warnings)
        self.loops = tuple((place, moves) for place, one in enumerate(found.loops) if (moves := _moving(one)))
        self.functions = tuple((place, moves) for place, one in enumerate(found.functions) if (moves := _moving(one)))
        self.parts = tuple((place, moves) for place, one in enumerate(found.parts) if (moves := _moving(one)))

    def result(self, values: list[Any]) -> Estimate:
        """The estimate with these values of the trace."""
        loops, functions, parts = list(self.found.loops), list(self.found.functions), list(self.found.parts)
        for place, moves in self.loops:
            loops[place] = _with(loops[place], moves, values)
        for place, moves in self.functions:
            functions[place] = _with(functions[place], moves, values)
        for place, moves in self.parts:
            parts[place] = _with(parts[place], moves, values)
        changed = {name: values[slot] for name, slot in self.whole}
        if self.warnings:
            warnings = list(self.found.warnings)
            for place, slot in self.warnings:
                warnings[place] = values[slot]
            changed["warnings"] = tuple(warnings)
        return msgspec.structs.replace(
            self.found, loops=tuple(loops), functions=tuple(functions), parts=tuple(parts), **changed
        )


class Walks:
    """Walks of one design, by what was asked besides the constants.

    Tracing costs half a walk, in vain for a constant whose every other value needs a walk of its own (an unroll
    factor). So a constant is left out of the trace where the walk that goes the same way for longest asks for its very
    value next. One that needed a walk each time for other reasons is traced only in each walk whose number is a power
    of two, until another value follows one. Behind the first walk only what was given another value is traced at all.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], list[_Walk]] = {}
        self._known: dict[tuple[object, ...], Estimate] = {}
        self._vain: dict[str, int] = {}
        """How many walks other values of one constant needed that none had followed."""
        self._followed: set[str] = set()
        self._turned: set[str] = set()
        """Constants that were given another value than in the walk before."""
        self.done = 0
        """How many walks were done."""

    def estimate(
        self, key: tuple[object, ...], constants: Mapping[str, int], walk: Callable[[Mapping[str, int]], Estimate]
    ) -> Estimate:
        """The estimate with `constants`: of a walk that goes the same way with them, else of a new one."""
        asked = (key, *sorted(constants.items()))
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self._estimate(self._kept.setdefault(key, []), constants, walk)
            if len(self._known) > _MOST_KNOWN:
                del self._known[next(iter(self._known))]
        return found

    def _estimate(
        self, kept: list[_Walk], constants: Mapping[str, int], walk: Callable[[Mapping[str, int]], Estimate]
    ) -> Estimate:
        near: list[tuple[_Walk, dict[str, int]]] = []
        for place in range(len(kept) - 1, -1, -1):
            one = kept[place]
            moved = {name: value for name, value in constants.items() if value != one.constants[name]}
            if place == len(kept) - 1:
                self._turned.update(moved)
            if not one.plain.isdisjoint(moved) or len(near) == _MOST_ASKED:
                continue
            values = one.trace.again(moved)
            if values is not None:
                self._followed.update(moved)
                kept.append(kept.pop(place))
                return one.result(values)
            near.append((one, moved))
        plain = self._left_out(kept, near[:_MOST_NEAR])
        trace = Trace({name: value for name, value in constants.items() if name not in plain})
        given = {**constants, **trace.inputs}
        self.done += 1
        found = _Walk(constants, plain, trace, walk(given))  # type: ignore[arg-type]  # a traced constant is an int
        trace.close()
        if not trace.names and kept:
            return found.found
        kept.append(found)
        steps = 0
        for place in range(len(kept) - 1, -1, -1):
            steps += len(kept[place].trace.steps)
            if steps > _MOST_STEPS or len(kept) - place > _MOST_KEPT:
                del kept[: place + 1]
                break
        return found.result(trace.values)

    def _left_out(self, kept: list[_Walk], near: list[tuple[_Walk, dict[str, int]]]) -> frozenset[str]:
        """Constants that the next walk is not to trace."""
        if not kept:
            return frozenset()
        resting = kept[0].constants.keys() - self._turned
        if not near:
            return frozenset(resting)
        partings = [one.trace.parting(moved) for one, moved in near]
        best = max(range(len(near)), key=lambda place: partings[place][0])
        (like, moved), asked = near[best], partings[best][1]
        kept.remove(like)
        kept.append(like)
        if len(moved) == 1 and not asked:
            (name,) = moved
            self._vain[name] = self._vain.get(name, 0) + 1
        still = like.trace.decisive().difference(moved)
        return still | like.plain | resting | {name for name in like.constants if name == asked or not self._due(name)}

    def _due(self, name: str) -> bool:
        """Whether the next walk is to trace a constant that no value has followed yet."""
        vain = 0 if name in self._followed else self._vain.get(name, 0)
        return vain < _IN_VAIN or (vain > _SELDOM and vain & (vain - 1) == 0)


def _moving(value: msgspec.Struct) -> _Moving:
    return tuple(
        (name, member.slot) for name in value.__struct_fields__ if type(member := getattr(value, name)) is Traced
    )


def _moving_items(items: tuple[Any, ...]) -> tuple[tuple[int, int], ...]:
    return tuple([(place, one.slot) for place, one in enumerate(items) if type(one) is Traced])


def _with(value: _S, moves: _Moving, values: list[Any]) -> _S:
    return msgspec.structs.replace(value, **{name: values[slot] for name, slot in moves})

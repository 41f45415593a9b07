"""Walks that are remembered by what they asked of their constants; see `traced`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from aigchip_tui.estimator.result import Estimate
from aigchip_tui.estimator.traced import Trace, Traced

_MOST_KEPT = 8
"""Walks remembered for one question; the oldest goes first."""
_IN_VAIN = 2
"""Walks after which a constant that needed one each time is traced no longer."""
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
        return msgspec.structs.replace(
            self.found, loops=tuple(loops), functions=tuple(functions), parts=tuple(parts), **changed
        )


class Walks:
    """Walks of one design, by what was asked besides the constants.

    A constant whose every other value needs a walk of its own (an unroll factor) is traced no longer, whether the first
    walk shows that or others do: tracing costs half a walk.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], list[_Walk]] = {}
        self._missed: Counter[str] = Counter()
        """How often another value of one constant needed a walk."""
        self._followed: set[str] = set()
        """Constants of which some other value needed none."""
        self._decisive: set[str] = set()
        """Constants of which no other value can do without one."""

    def estimate(
        self, key: tuple[object, ...], constants: Mapping[str, int], walk: Callable[[Mapping[str, int]], Estimate]
    ) -> Estimate:
        """The estimate with `constants`: of a walk that goes the same way with them, else of a new one."""
        kept = self._kept.setdefault(key, [])
        alone: set[str] = set()
        for one in reversed(kept):
            moved = {name for name, value in constants.items() if value != one.constants[name]}
            values = one.trace.again(constants) if not moved & one.plain else None
            if values is not None:
                self._followed |= moved
                return one.result(values)
            alone |= moved if len(moved) == 1 else set()
        self._missed.update(alone)
        plain = frozenset(
            name
            for name in constants
            if name not in self._followed and (name in self._decisive or self._missed[name] >= _IN_VAIN)
        )
        trace = Trace({name: value for name, value in constants.items() if name not in plain})
        given = {**constants, **trace.inputs}
        found = _Walk(constants, plain, trace, walk(given))  # type: ignore[arg-type]  # a traced constant is an int
        self._decisive |= trace.decisive()
        kept.append(found)
        del kept[:-_MOST_KEPT]
        return found.result(trace.values)


def _moving(value: msgspec.Struct) -> _Moving:
    return tuple(
        (name, member.slot) for name in value.__struct_fields__ if type(member := getattr(value, name)) is Traced
    )


def _with(value: _S, moves: _Moving, values: list[Any]) -> _S:
    return msgspec.structs.replace(value, **{name: values[slot] for name, slot in moves})

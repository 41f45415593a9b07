"""Walks that are remembered by what they asked of their constants; see `traced`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from aigchip_tui.estimator.result import Estimate
from aigchip_tui.estimator.traced import Trace, Traced

_MOST_KEPT = 8
"""Walks remembered for one question; the oldest goes first."""
_S = TypeVar("_S", bound=msgspec.Struct)
_Moving = tuple[tuple[str, int], ...]
"""Members of a value that depend on constants, each with its place in the trace."""


class _Walk:
    """One walk: its trace, its estimate, and which members of the estimate depend on constants."""

    def __init__(self, trace: Trace, found: Estimate) -> None:
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
    """Walks of one design, by what was asked besides the constants."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], list[_Walk]] = {}

    def estimate(
        self, key: tuple[object, ...], constants: Mapping[str, int], walk: Callable[[Mapping[str, int]], Estimate]
    ) -> Estimate:
        """The estimate with `constants`: of a walk that goes the same way with them, else of a new one."""
        kept = self._kept.setdefault(key, [])
        for one in reversed(kept):
            values = one.trace.again(constants)
            if values is not None:
                return one.result(values)
        trace = Trace(constants)
        found = _Walk(trace, walk(trace.inputs))  # type: ignore[arg-type]  # a traced constant stands for its int
        kept.append(found)
        del kept[:-_MOST_KEPT]
        return found.result(trace.values)


def _moving(value: msgspec.Struct) -> _Moving:
    return tuple(
        (name, member.slot) for name in value.__struct_fields__ if type(member := getattr(value, name)) is Traced
    )


def _with(value: _S, moves: _Moving, values: list[Any]) -> _S:
    return msgspec.structs.replace(value, **{name: values[slot] for name, slot in moves})

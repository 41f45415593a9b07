"""State shared by the walks over pragmas, counters, loops, pipelines and functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.express import ExpressionWalk
from aigchip_tui.estimator.graph import Graph, Schedule
from aigchip_tui.estimator.objects import (
    Memory,
    Result,
    Stream,
)
from aigchip_tui.estimator.outcomes import (
    Body,
    Header,
    Level,
    Range,
)
from aigchip_tui.estimator.resources import Usage
from aigchip_tui.estimator.types import Bindings, TypeReader
from aigchip_tui.estimator.values import Val


class WalkState(ExpressionWalk):
    """What the parts of the walk share; the methods here are written by the later parts of the chain."""

    sets: dict[str, int]
    directives: Sequence[Pragma]
    types: TypeReader
    bound: Bindings
    pipelined: bool
    function_name: str
    usage: Usage
    slowest: float
    body: Body
    pragmas: dict[str, list[Pragma]]
    calls: list[str]
    returned: list[tuple[tuple[int, ...], Result]]
    variant: set[int]
    nest: tuple[tuple[int, int], ...]
    free: set[int]
    globals_ready: bool
    assigned_cache: dict[int, frozenset[str]]
    loops_cache: dict[int, bool]
    constants_memo: dict[str, Val]
    all_memories: list[Memory | Stream]
    again: bool
    refused_pipelines: int
    designer_partitions: bool
    means: dict[int, float]
    asserted: dict[int, tuple[int | None, int | None]]
    trip_means: list[float | None]
    used_memories: dict[int, Memory]

    def fold(self, expression: ast.Expr) -> int | None:
        """Integer value of a constant expression in the current scope; nothing is added to the graph."""
        raise NotImplementedError

    def _macro(self, touched: Mapping[int, bool], inputs: Sequence[int], latency: Range, line: int, name: str) -> int:
        """A node that stands for a module; it waits for whatever touched its memories before."""
        raise NotImplementedError

    def _save(self) -> tuple[object, ...]:
        """Defined further down the chain of walks."""
        raise NotImplementedError

    def _restore(self, saved: tuple[object, ...]) -> None:
        """Defined further down the chain of walks."""
        raise NotImplementedError

    def block(self, block: ast.Block) -> None:
        """Statements of a block in a scope of their own."""
        raise NotImplementedError

    def statement(self, statement: ast.Stmt) -> None:
        """One statement."""
        raise NotImplementedError

    def variable(self, variable: ast.Variable) -> None:
        """A local declaration."""
        raise NotImplementedError

    def close_body(self) -> Range:
        """Ends the state machine and gives its number of cycles."""
        raise NotImplementedError

    def _account(self, graph: Graph, plan: Schedule) -> None:
        """Defined further down the chain of walks."""
        raise NotImplementedError

    def _try_pipeline(self, loop: ast.Loop, nest: Sequence[Level], pragmas: Sequence[Pragma], target: int) -> bool:
        """Pipelines a loop (or a flattened nest); False when an inner loop cannot be unrolled."""
        raise NotImplementedError

    def _state_machine(self, loop: ast.Loop, header: Header | None, pragmas: Sequence[Pragma], factor: int) -> None:
        """A loop that is not pipelined: its body is a piece of the state machine, repeated."""
        raise NotImplementedError

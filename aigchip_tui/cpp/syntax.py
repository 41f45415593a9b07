"""A view of one function for contract and conformance: loops with their pragmas, arrays with their
partitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.parse import parse
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.cpp.signatures import namespace_constants
from aigchip_tui.model.errors import AigchipError


class LoopView(msgspec.Struct, frozen=True, kw_only=True):
    """A loop: label (empty without one), kind, line, nesting level from 0, the path of labels, its pragmas.

    `unroll` is None without UNROLL, 0 for complete, else the factor; `pipeline` is None without PIPELINE, 0
    when switched off, else the interval asked for (1 when none is named).
    """

    label: str
    kind: str
    line: int
    level: int
    path: tuple[str, ...]
    pragmas: tuple[Pragma, ...]
    unroll: int | None
    pipeline: int | None


class PartitionView(msgspec.Struct, frozen=True, kw_only=True):
    """An ARRAY_PARTITION or ARRAY_RESHAPE: variable, dimension (0 is all), style, factor (0 when complete)."""

    variable: str
    dim: int
    style: str
    factor: int
    reshape: bool
    line: int


class FunctionView(msgspec.Struct, frozen=True, kw_only=True):
    """The structure of a function body that conformance compares with the settings of a module."""

    name: str
    line: int
    loops: tuple[LoopView, ...]
    partitions: tuple[PartitionView, ...]
    pragmas: tuple[Pragma, ...]
    calls: tuple[str, ...]
    dataflow: bool
    inline: bool | None


def function_view(text: str, name: str, constants: Mapping[str, int] | None = None) -> FunctionView:
    """The view of function `name` in `text` (no macros needed); constants of the text are folded in the
    pragmas.

    Raises AigchipError when the text is too large to read or defines no such function.
    """
    known = namespace_constants(text, constants)
    found = [one for one in parse(text).functions.get(name, []) if one.body is not None]
    if not found or found[0].body is None:
        raise AigchipError(f"No function '{name}' is defined in the text.", hint="Keep the name of the module.")
    function = found[0]
    body = found[0].body
    pragmas = tuple(_pragmas(body))
    loops = tuple(_loops(body, 0, (), known))
    inline = [pragma for pragma in body.pragmas if pragma.kind == "INLINE"]
    return FunctionView(
        name=name,
        line=function.line,
        loops=loops,
        partitions=tuple(
            _partition(pragma, known) for pragma in pragmas if pragma.kind in ("ARRAY_PARTITION", "ARRAY_RESHAPE")
        ),
        pragmas=pragmas,
        calls=tuple(_calls(body)),
        dataflow=any(pragma.kind == "DATAFLOW" for pragma in body.pragmas),
        inline=None if not inline else not inline[-1].has("off"),
    )


def _statements(statement: ast.Stmt) -> tuple[ast.Stmt, ...]:
    if isinstance(statement, ast.Block):
        return statement.statements
    if isinstance(statement, ast.If):
        return (statement.yes, statement.no) if statement.no is not None else (statement.yes,)
    if isinstance(statement, ast.Loop):
        return (statement.body,)
    if isinstance(statement, ast.Switch):
        return tuple(part for _, parts in statement.cases for part in parts)
    return ()


def _pragmas(statement: ast.Stmt) -> Iterator[Pragma]:
    if isinstance(statement, ast.Block):
        yield from statement.pragmas
    for part in _statements(statement):
        yield from _pragmas(part)


def _loops(statement: ast.Stmt, level: int, path: tuple[str, ...], known: Mapping[str, int]) -> Iterator[LoopView]:
    if isinstance(statement, ast.Loop):
        here = (*path, statement.label)
        unroll: int | None = None
        pipeline: int | None = None
        for pragma in statement.pragmas:
            if pragma.kind == "UNROLL" and not pragma.has("off"):
                unroll = pragma.number("factor", known) or 0
            elif pragma.kind == "PIPELINE":
                pipeline = 0 if pragma.has("off") else (pragma.number("ii", known) or 1)
        yield LoopView(
            label=statement.label,
            kind=statement.kind,
            line=statement.line,
            level=level,
            path=here,
            pragmas=statement.pragmas,
            unroll=unroll,
            pipeline=pipeline,
        )
        yield from _loops(statement.body, level + 1, here, known)
        return
    for part in _statements(statement):
        yield from _loops(part, level, path, known)


def _partition(pragma: Pragma, known: Mapping[str, int]) -> PartitionView:
    style = pragma.options.get("type", "").lower()
    for word in ("complete", "cyclic", "block"):
        if word in pragma.words:
            style = word
    dim = pragma.number("dim", known)
    return PartitionView(
        variable=pragma.options.get("variable", ""),
        dim=1 if dim is None else dim,
        style=style or "complete",
        factor=pragma.number("factor", known) or 0,
        reshape=pragma.kind == "ARRAY_RESHAPE",
        line=pragma.line,
    )


def _calls(statement: ast.Stmt) -> Iterator[str]:
    expressions: list[ast.Expr | None] = []
    if isinstance(statement, ast.Evaluate):
        expressions = [statement.expression]
    elif isinstance(statement, ast.Declaration):
        expressions = [variable.init for variable in statement.variables]
    elif isinstance(statement, ast.If):
        expressions = [statement.condition]
    elif isinstance(statement, ast.Return):
        expressions = [statement.value]
    for expression in expressions:
        if expression is not None:
            yield from _called(expression)
    for part in _statements(statement):
        yield from _calls(part)


def _called(expression: ast.Expr) -> Iterator[str]:
    if isinstance(expression, ast.Call):
        if isinstance(expression.callee, ast.Name):
            yield expression.callee.name
        elif isinstance(expression.callee, ast.Member):
            yield f".{expression.callee.name}"
            yield from _called(expression.callee.base)
        for argument in expression.arguments:
            yield from _called(argument)
        return
    for name in ("left", "right", "operand", "target", "value", "base", "index", "condition", "yes", "no"):
        child = getattr(expression, name, None)
        if isinstance(child, ast.Expr):
            yield from _called(child)

"""The conformance rung: loops and directives that compilation and simulation cannot see, against the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import NotConstantError, apply_binary
from aigchip_tui.cpp.parse import parse
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.cpp.signatures import namespace_constants
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.finding import Finding
from aigchip_tui.modules.protocol import Conformance, LoopRule, PartitionRule


@dataclass(frozen=True)
class _SeenLoop:
    label: str
    line: int
    trip: int | None
    unrolled: bool
    pipeline_ii: int | None


@dataclass(frozen=True)
class _SeenPartition:
    variable: str
    dim: int
    kind: str
    factor: int | None
    line: int


def conformance_findings(
    body: str, function: str, rules: Conformance, known: Mapping[str, int] | None = None
) -> list[Finding]:
    """Every demanded loop or directive that is missing or other than demanded.

    `known` are constants of the headers that the template includes before the body.
    """
    try:
        unit = parse(body)
        constants = namespace_constants(body, known)
    except AigchipError as problem:
        return [_finding("conformance-unreadable", problem.message, 0)]
    own = next((f for f in unit.functions.get(function, []) if f.body is not None), None)
    if own is None or own.body is None:
        return [_finding("conformance-function", f"{function} is not defined.", 0)]
    # Helper functions of the body count too: they are inlined into the module.
    bodies = [f.body for overloads in unit.functions.values() for f in overloads if f.body is not None]
    loops = [loop for body_of in bodies for loop in _loops(body_of, dict(constants))]
    pragmas = [pragma for body_of in bodies for pragma in _pragmas(body_of)]
    found = [*_loop_findings(loops, rules.loops), *_partition_findings(pragmas, rules.partitions, constants)]
    found += _region_findings(list(_pragmas(own.body)), rules, own.line)
    return found


def _loop_findings(loops: Sequence[_SeenLoop], rules: Sequence[LoopRule]) -> Iterator[Finding]:
    by_label = {loop.label: loop for loop in loops if loop.label}
    for rule in rules:
        loop = by_label.get(rule.label)
        if loop is None:
            yield _finding("conformance-loop", f"The loop labelled {rule.label} is missing.", 0,
                           suggestion=f"Label the loop {rule.label}:")
            continue
        if rule.trip is not None and loop.trip != rule.trip:
            seen = "unknown" if loop.trip is None else loop.trip
            yield _finding("conformance-trip",
                           f"Loop {rule.label} has trip count {seen}, the settings demand {rule.trip}.", loop.line)
        if rule.unroll and not loop.unrolled:
            yield _finding("conformance-unroll", f"Loop {rule.label} is not unrolled.", loop.line,
                           suggestion="#pragma HLS UNROLL")
        if rule.pipeline_ii is not None and loop.pipeline_ii != rule.pipeline_ii:
            now = "not pipelined" if loop.pipeline_ii is None else f"pipelined with II={loop.pipeline_ii}"
            yield _finding(
                "conformance-pipeline", f"Loop {rule.label} is {now}, the settings demand II={rule.pipeline_ii}.",
                loop.line, suggestion=f"#pragma HLS PIPELINE II={rule.pipeline_ii}",
            )


def _partition_findings(
    pragmas: Sequence[Pragma], rules: Sequence[PartitionRule], constants: Mapping[str, int]
) -> Iterator[Finding]:
    seen = [_partition(p, constants) for p in pragmas if p.kind == "ARRAY_PARTITION"]
    for rule in rules:
        same = [s for s in seen if s.variable == rule.variable]
        if any(_meets(s, rule) for s in same):
            continue
        wanted = f"{rule.kind}{f' factor={rule.factor}' if rule.factor else ''} dim={rule.dim}"
        if same:
            given = ", ".join(f"{s.kind} dim={s.dim}" for s in same)
            yield _finding("conformance-partition",
                           f"{rule.variable} is partitioned {given}; the settings demand {wanted}.", same[0].line,
                           suggestion=f"#pragma HLS ARRAY_PARTITION variable={rule.variable} {wanted}")
        else:
            yield _finding("conformance-partition", f"{rule.variable} is not partitioned in dimension {rule.dim}.", 0,
                           suggestion=f"#pragma HLS ARRAY_PARTITION variable={rule.variable} {wanted}")
    named = {rule.variable for rule in rules}
    for each in seen:
        if each.variable in named and not any(_meets(each, r) for r in rules if r.variable == each.variable):
            yield _finding("conformance-partition",
                           f"{each.variable} is also partitioned in dimension {each.dim}, which nothing demands.",
                           each.line)


def _meets(seen: _SeenPartition, rule: PartitionRule) -> bool:
    return seen.dim == rule.dim and seen.kind == rule.kind and (rule.factor is None or seen.factor == rule.factor)


def _region_findings(pragmas: Sequence[Pragma], rules: Conformance, line: int) -> Iterator[Finding]:
    kinds = {p.kind for p in pragmas if not p.has("off")}
    if rules.dataflow and "DATAFLOW" not in kinds:
        yield _finding("conformance-dataflow", "The region is not DATAFLOW.", line, suggestion="#pragma HLS DATAFLOW")
    if rules.inline and "INLINE" not in kinds:
        yield _finding("conformance-inline", "The function is not inlined.", line, suggestion="#pragma HLS INLINE")


def _partition(pragma: Pragma, constants: Mapping[str, int]) -> _SeenPartition:
    kind = pragma.options.get("type", "").lower()
    if not kind:
        kind = next((w for w in pragma.words if w in ("complete", "cyclic", "block")), "complete")
    dim = pragma.number("dim", constants)
    return _SeenPartition(
        variable=pragma.options.get("variable", ""), dim=1 if dim is None else dim, kind=kind,
        factor=pragma.number("factor", constants), line=pragma.line,
    )


def _statements(statement: ast.Stmt | None) -> Iterator[ast.Stmt]:
    if statement is None:
        return
    yield statement
    match statement:
        case ast.Block():
            for each in statement.statements:
                yield from _statements(each)
        case ast.If():
            yield from _statements(statement.yes)
            yield from _statements(statement.no)
        case ast.Loop():
            yield from _statements(statement.body)
        case ast.Switch():
            for _, inner in statement.cases:
                for each in inner:
                    yield from _statements(each)
        case _:
            pass


def _pragmas(body: ast.Block) -> Iterator[Pragma]:
    for statement in _statements(body):
        if isinstance(statement, ast.Block | ast.Loop):
            yield from statement.pragmas


def _loops(body: ast.Block, constants: dict[str, int]) -> Iterator[_SeenLoop]:
    for statement in _statements(body):
        if isinstance(statement, ast.Declaration):
            for variable in statement.variables:
                value = _value(variable.init, constants) if variable.constexpr or variable.type.constant else None
                if value is not None:
                    constants.setdefault(variable.name, value)
        if not isinstance(statement, ast.Loop):
            continue
        own = {p.kind: p for p in (*statement.pragmas, *statement.body.pragmas)}
        pipeline = own.get("PIPELINE")
        ii = None
        if pipeline is not None and not pipeline.has("off"):
            number = pipeline.number("ii", constants)
            ii = 1 if number is None else number
        unroll = own.get("UNROLL")
        unrolled = unroll is not None and not unroll.has("off") and "factor" not in unroll.options
        yield _SeenLoop(statement.label, statement.line, _trip(statement, constants), unrolled, ii)


def _trip(loop: ast.Loop, constants: Mapping[str, int]) -> int | None:
    """Trip count of `for (i = a; i < b; i += c)` with constants; None for any other loop."""
    start = None
    if isinstance(loop.init, ast.Declaration) and loop.init.variables:
        start = _value(loop.init.variables[0].init, constants)
    if start is None or not isinstance(loop.condition, ast.Binary):
        return None
    bound = _value(loop.condition.right, constants)
    step = _step(loop.step, constants)
    if bound is None or not step:
        return None
    reach = bound - start + (1 if loop.condition.operator in ("<=", ">=") else 0)
    return max(0, -(-reach // step))


def _step(expression: ast.Expr | None, constants: Mapping[str, int]) -> int | None:
    if isinstance(expression, ast.Unary):
        return 1 if "++" in expression.operator else None
    if isinstance(expression, ast.Assign):
        return _value(expression.value, constants) if expression.operator == "+" else None
    return None


def _value(expression: ast.Expr | None, constants: Mapping[str, int]) -> int | None:
    match expression:
        case ast.Number(value=value):
            return int(value)
        case ast.Name():
            return constants.get(expression.name)
        case ast.Binary():
            left, right = _value(expression.left, constants), _value(expression.right, constants)
            if left is None or right is None:
                return None
            try:
                return apply_binary(expression.operator, left, right)
            except NotConstantError:
                return None
        case ast.Cast():
            return _value(expression.value, constants)
        case _:
            return None


def _finding(code: str, message: str, line: int, *, suggestion: str = "") -> Finding:
    return Finding(severity="error", kind="directive", code=code, message=message, line=line, suggestion=suggestion)

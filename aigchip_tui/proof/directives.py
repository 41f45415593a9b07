"""What a body says to the tool: its loops, HLS pragmas and local arrays, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import NotConstantError, apply_binary
from aigchip_tui.cpp.parse import parse
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.cpp.signatures import namespace_constants


@dataclass(frozen=True, eq=False)
class Loop:
    """A loop: its label ("" without one), trip count (None when it is known at run time only), and whether it lies
    below a pipelined loop or in an inlined function, where loops stand for space."""

    label: str
    line: int
    trip: int | None
    below_pipeline: bool


@dataclass(frozen=True, eq=False)
class Directive:
    """One HLS pragma with its owner: the innermost loop around it, else the function ("" at file scope).

    `options` have lower-case names and values, numbers folded; `declared` are the arrays and variables of the block
    it stands in, the function's parameters included when it stands at the top of the function.
    """

    kind: str
    options: Mapping[str, str]
    flags: frozenset[str]
    line: int
    function: str
    loop: Loop | None
    declared: frozenset[str]
    below_pipeline: bool

    @property
    def variable(self) -> str:
        """The name after `variable=`, as written."""
        return self.options.get("variable", "")

    def number(self, name: str) -> int | None:
        """Value of an option, None when it is absent or no constant."""
        text = self.options.get(name, "")
        return int(text) if text.lstrip("-").isdigit() else None

    def text(self) -> str:
        """The pragma as it would be written in one style."""
        words = [*(f"{name}={value}" for name, value in self.options.items()), *sorted(self.flags)]
        return " ".join(["#pragma HLS", self.kind, *words])


@dataclass(frozen=True, eq=False)
class Array:
    """An array of a body; extents are None where they are no constants. `local` is False for a parameter."""

    name: str
    extents: tuple[int | None, ...]
    line: int
    local: bool


@dataclass
class BodyDirectives:
    """Everything of a body that conformance judges; `functions` maps each defined function to its line."""

    functions: dict[str, int] = field(default_factory=dict)
    loops: list[Loop] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    arrays: list[Array] = field(default_factory=list)
    operators: dict[str, frozenset[str]] = field(default_factory=dict)

    def rank(self, variable: str) -> int | None:
        """Number of dimensions of an array of the body; None when it is not known."""
        return next((len(a.extents) for a in self.arrays if a.name == variable), None)


def read_directives(body: str, known: Mapping[str, int] | None = None) -> BodyDirectives:
    """Reads a body; `known` are constants of the headers in front of it. AigchipError when it cannot be read."""
    unit = parse(body)
    constants = namespace_constants(body, known)
    read = BodyDirectives()
    for pragma in unit.pragmas:
        read.directives.append(_directive(pragma, constants, "", None, frozenset(), False))
    for overloads in unit.functions.values():
        for function in overloads:
            if function.body is not None:
                _Reader(read, dict(constants), function).read()
    return read


class _Reader:
    """Walks one function."""

    def __init__(self, read: BodyDirectives, constants: dict[str, int], function: ast.Function) -> None:
        self._read = read
        self._constants = constants
        self._function = function

    def read(self) -> None:
        function, body = self._function, self._function.body
        assert body is not None
        self._read.functions.setdefault(function.name, function.line)
        for parameter in function.parameters:
            self._array(parameter, local=False)
        inlined = any(p.kind == "INLINE" and not p.has("off") for p in body.pragmas)
        self._block(body, None, inlined, frozenset(p.name for p in function.parameters))

    def _block(self, block: ast.Block, loop: Loop | None, below: bool, around: frozenset[str] = frozenset()) -> None:
        names = {v.name for s in block.statements if isinstance(s, ast.Declaration) for v in s.variables}
        for statement in block.statements:
            self._statement(statement, loop, below)
        for pragma in block.pragmas:
            self._read.directives.append(
                _directive(pragma, self._constants, self._function.name, loop, around | names, below)
            )

    def _statement(self, statement: ast.Stmt | None, loop: Loop | None, below: bool) -> None:
        match statement:
            case ast.Declaration():
                for variable in statement.variables:
                    self._variable(variable)
            case ast.Block():
                self._block(statement, loop, below)
            case ast.If():
                self._statement(statement.yes, loop, below)
                self._statement(statement.no, loop, below)
            case ast.Switch():
                for _, inner in statement.cases:
                    for each in inner:
                        self._statement(each, loop, below)
            case ast.Loop():
                label = statement.label
                seen = Loop(label, statement.line, trip_count(statement, self._constants), below)
                self._read.loops.append(seen)
                pipelined = any(p.kind == "PIPELINE" and not p.has("off") for p in statement.body.pragmas)
                self._block(statement.body, seen, below or pipelined)
            case _:
                pass

    def _variable(self, variable: ast.Variable) -> None:
        value = fold(variable.init, self._constants) if variable.constexpr or variable.type.constant else None
        if value is not None:
            self._constants.setdefault(variable.name, value)
        self._array(variable, local=True)
        self._read.operators[variable.name] = frozenset(_operators(variable.init))

    def _array(self, variable: ast.Variable, *, local: bool) -> None:
        if variable.type.extents:
            extents = tuple(fold(extent, self._constants) for extent in variable.type.extents)
            self._read.arrays.append(Array(variable.name, extents, variable.line, local))


def _directive(
    pragma: Pragma, constants: Mapping[str, int], function: str, loop: Loop | None, declared: frozenset[str],
    below: bool,
) -> Directive:
    options: dict[str, str] = {}
    for name, value in pragma.options.items():
        number = None if name == "variable" or value.lower() in ("true", "false") else pragma.number(name, constants)
        options[name] = value if name == "variable" else str(number) if number is not None else value.lower()
    return Directive(
        kind=pragma.kind, options=options, flags=frozenset(pragma.words), line=pragma.line, function=function,
        loop=loop, declared=declared, below_pipeline=below,
    )


def trip_count(loop: ast.Loop, constants: Mapping[str, int]) -> int | None:
    """Trip count of `for (i = a; i < b; i += c)` with constants, upwards or downwards; None for any other loop."""
    start = None
    if isinstance(loop.init, ast.Declaration) and loop.init.variables:
        start = fold(loop.init.variables[0].init, constants)
    if start is None or not isinstance(loop.condition, ast.Binary):
        return None
    bound, step = fold(loop.condition.right, constants), _step(loop.step, constants)
    relation = loop.condition.operator
    if bound is None or not step or relation not in ("<", "<=", ">", ">=", "!="):
        return None
    if relation != "!=" and (relation[0] == "<") != (step > 0):
        return None
    reach = (bound - start if step > 0 else start - bound) + (1 if relation in ("<=", ">=") else 0)
    return max(0, -(-reach // abs(step)))


def _step(expression: ast.Expr | None, constants: Mapping[str, int]) -> int | None:
    if isinstance(expression, ast.Unary):
        return {"++": 1, "--": -1}.get(expression.operator.replace("post", "")[-2:])
    if isinstance(expression, ast.Assign) and expression.operator in ("+", "-"):
        step = fold(expression.value, constants)
        return step if step is None or expression.operator == "+" else -step
    return None


def fold(expression: ast.Expr | None, constants: Mapping[str, int]) -> int | None:
    """Value of a constant integer expression, None when it is none."""
    match expression:
        case ast.Number(value=value):
            return int(value)
        case ast.Name():
            return constants.get(expression.name)
        case ast.Unary(operator="-"):
            inner = fold(expression.operand, constants)
            return None if inner is None else -inner
        case ast.Binary():
            left, right = fold(expression.left, constants), fold(expression.right, constants)
            if left is None or right is None:
                return None
            try:
                return apply_binary(expression.operator, left, right)
            except NotConstantError:
                return None
        case ast.Cast():
            return fold(expression.value, constants)
        case _:
            return None


def _operators(expression: ast.Expr | None) -> Iterator[str]:
    match expression:
        case ast.Binary():
            yield expression.operator
            yield from _operators(expression.left)
            yield from _operators(expression.right)
        case ast.Cast():
            yield from _operators(expression.value)
        case ast.Conditional():
            yield from _operators(expression.yes)
            yield from _operators(expression.no)
        case _:
            return

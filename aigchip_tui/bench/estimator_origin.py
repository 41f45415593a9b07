"""Whether a synthesis report can be of a source: its loops, their trip counts and its ports are those of the text.

A loop is found by its label or its line. A fixed trip count has to be the one of the text where start, bound and step
of the loop are constants there: as it stands, divided by an unroll factor that is asked for, without the trip that the
tool peels off, and multiplied over the loops that a name joins. Where the bound bears the name of a parameter of the
top it is at most what LOOP_TRIPCOUNT says. Loops that a report only numbers may be any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import NotConstantError, apply_binary, evaluate
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.estimate import Design, read_design
from aigchip_tui.estimator.traverse import early_exit, inner_loops, parts_of, sets_name
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.synth.csynth_report import CsynthReport

_LINE_LOOP = re.compile(r"VITIS_LOOP_(\d+)_\d+")
_NUMBERED = re.compile(r"Loop ?\d[\d.]*")
_COPIES = ("memcpy", "memset")
_MOST = 1 << 40


def bare(text: str) -> str:
    """A text without comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda match: "\n" * match.group().count("\n"), text, flags=re.DOTALL)


def has_loops(report: CsynthReport, texts: Iterable[str]) -> bool:
    """Whether every loop that the report names stands in the texts: by its label, or by its line."""
    plain = [bare(text) for text in texts]
    lines = [text.split("\n") for text in plain]
    words = {word for text in plain for word in re.findall(r"[A-Za-z_]\w*", text)}
    for name in report.loops:
        for number in map(int, _LINE_LOOP.findall(name)):
            if not any(re.search(r"\b(for|while|do)\b", "".join(one[number - 1:number])) for one in lines):
                return False
        rest = _LINE_LOOP.sub(" ", name).replace(".", "_")
        for label in rest.split():
            label = label.strip("_")
            if label and not re.fullmatch(r"Loop|(Loop)?\d+(_\d+)*", label) and not made_of(label, words):
                return False
    return True


def made_of(label: str, words: set[str]) -> list[str]:
    """The words of a source that a name joins by underscores (a flattened nest); empty when it is not made of any."""
    if label in words:
        return [label]
    for at in range(1, len(label) - 1):
        if label[at] == "_" and label[:at] in words and (rest := made_of(label[at + 1:], words)):
            return [label[:at], *rest]
    return []


def has_trips(report: CsynthReport, sources: Mapping[str, str], headers: Mapping[str, str], directives: str) -> bool:
    """Whether the fixed trip counts of a report can be those of the sources; a text that is not read may have any."""
    try:
        design = read_design(sources, include=headers, directives=directives)
    except AigchipError:
        return True
    loops = list(_loops(design, report.top))
    labels = {one.label for one in loops if one.label}
    for name, trips in report.trips:
        if name.startswith(_COPIES) or _NUMBERED.fullmatch(name):
            continue
        parts = [[one for one in loops if one.line == int(number)] for number in _LINE_LOOP.findall(name)]
        for rest in filter(None, (one.strip("_") for one in _LINE_LOOP.sub(" ", name).split())):
            joined = made_of(rest, labels)
            parts += [[one for one in loops if one.label == label] for label in joined]
            if not joined:
                parts.append([])
        if parts and all(parts) and not _fits(trips, parts):
            return False
    return True


class _Loop(NamedTuple):
    """A loop: the counts it may have, None where the text does not fix them, and the greatest one that it states."""

    label: str
    line: int
    counts: frozenset[int] | None
    most: int | None


def _fits(trips: int, parts: list[list[_Loop]]) -> bool:
    """Whether a count is a product of one count of each part."""
    found, open_ends = {1}, False
    for part in parts:
        choices: set[int] = set()
        for one in part:
            if one.counts is None:
                if one.most is None:
                    return True
                open_ends = True
                choices.add(one.most)
            else:
                choices |= one.counts
        found = {left * right for left, right in product(found, choices) if left * right <= _MOST}
    return trips <= max(found, default=_MOST) if open_ends else trips in found


def _loops(design: Design, top: str) -> Iterator[_Loop]:
    """Every loop of a text."""
    stated = [one.number("factor") for one in design.directives if one.kind == "UNROLL"]
    factors = frozenset(one for one in stated if one)
    unit = design.unit
    shared = {one.key or one.name: one.init for one in unit.variables if one.type.constant or one.constexpr}
    shared |= {name.rpartition("::")[2]: init for name, init in shared.items()}
    named: dict[str, ast.Expr | int] = {name.rpartition("::")[2]: value for name, value in unit.enumerators.items()}
    bodies = [one.body for one in unit.every_function()]
    given = {parameter.name for one in unit.functions.get(top, ()) for parameter in one.parameters}
    for body in bodies:
        if body is None:
            continue
        values = {**named, **{name: init for name, init in shared.items() if init is not None}, **_constants_in(body)}
        for loop in inner_loops(body):
            pragmas = (*loop.pragmas, *loop.body.pragmas)
            trips = _trips(loop, values)
            if trips is None:
                test = loop.condition
                ruled = isinstance(test, ast.Binary) and isinstance(test.right, ast.Name) and test.right.name in given
                yield _Loop(loop.label, loop.line, None, _stated(pragmas, values) if ruled else None)
                continue
            own = [one.number("factor") for one in pragmas if one.kind == "UNROLL"]
            whole = {each for one in {1, *factors, *filter(None, own)} for each in (trips // one, -(-trips // one))}
            counts = frozenset(each - peeled for each in whole for peeled in (0, 1))
            yield _Loop(loop.label, loop.line, counts, None)


def _stated(pragmas: Iterable[Pragma], values: Mapping[str, ast.Expr | int]) -> int | None:
    """The greatest trip count that LOOP_TRIPCOUNT states."""
    stated = (_number(one.options.get("max", ""), values) for one in pragmas if one.kind == "LOOP_TRIPCOUNT")
    return next(stated, None)


def _number(text: str, values: Mapping[str, ast.Expr | int]) -> int | None:
    """An option of a pragma, with the constants that it names."""
    known = {}
    for name in re.findall(r"[A-Za-z_]\w*", text):
        try:
            known[name] = _value(values.get(name), values)
        except _OpenError:
            return None
    return evaluate(text, known)


def _constants_in(body: ast.Stmt) -> dict[str, ast.Expr | int]:
    """Constants that a function declares; a name that is declared otherwise has no value."""
    found: dict[str, ast.Expr | int] = {}
    for statement in _all(body):
        if isinstance(statement, ast.Declaration):
            for one in statement.variables:
                fixed = (one.type.constant or one.constexpr) and one.init is not None and one.name not in found
                found[one.name] = one.init if fixed and one.init is not None else ast.Text("")
    return found


def _all(statement: ast.Stmt) -> Iterator[ast.Stmt]:
    yield statement
    for part in parts_of(statement):
        yield from _all(part)


class _OpenError(Exception):
    """The value is not fixed by the text."""


def _value(expression: ast.Expr | int | None, values: Mapping[str, ast.Expr | int], depth: int = 0) -> int:
    if isinstance(expression, int):
        return expression
    if depth > 20:
        raise _OpenError
    if isinstance(expression, ast.Number) and isinstance(expression.value, int):
        return int(expression.value)
    if isinstance(expression, ast.Name):
        return _value(values.get(expression.name), values, depth + 1)
    if isinstance(expression, ast.Cast):
        return _value(expression.value, values, depth + 1)
    if isinstance(expression, ast.Unary) and expression.operator == "-":
        return -_value(expression.operand, values, depth + 1)
    if isinstance(expression, ast.Binary):
        left, right = (_value(one, values, depth + 1) for one in (expression.left, expression.right))
        try:
            return apply_binary(expression.operator, left, right)
        except NotConstantError as error:
            raise _OpenError from error
    raise _OpenError


def _trips(loop: ast.Loop, values: Mapping[str, ast.Expr | int]) -> int | None:
    """Trips of a loop whose start, bound and step are constants and that nothing leaves early."""
    condition, step = loop.condition, loop.step
    if not isinstance(condition, ast.Binary) or not isinstance(condition.left, ast.Name) or loop.kind == "do":
        return None
    name = condition.left.name
    start: ast.Expr | None = None
    if isinstance(loop.init, ast.Declaration):
        start = next((one.init for one in loop.init.variables if one.name == name), None)
    elif isinstance(loop.init, ast.Evaluate) and isinstance(loop.init.expression, ast.Assign):
        given = loop.init.expression
        start = given.value if isinstance(given.target, ast.Name) and given.target.name == name else None
    if start is None or early_exit(loop.body) or sets_name(loop.body, name):
        return None
    try:
        first, bound, by = _value(start, values), _value(condition.right, values), _step(step, name, values)
    except _OpenError:
        return None
    span = (bound - first if by > 0 else first - bound) + (condition.operator in ("<=", ">="))
    right_way = condition.operator in (("<", "<=", "!=") if by > 0 else (">", ">=", "!="))
    return max(0, -(-span // abs(by))) if right_way else None


def _step(step: ast.Expr | None, name: str, values: Mapping[str, ast.Expr | int]) -> int:
    """What a step adds to the counter."""
    found = 0
    if isinstance(step, ast.Unary) and step.operator in ("++", "--"):
        found = 1 if step.operator == "++" else -1
        target = step.operand
    elif isinstance(step, ast.Assign) and step.operator in ("+", "-"):
        found = _value(step.value, values) * (1 if step.operator == "+" else -1)
        target = step.target
    elif isinstance(step, ast.Assign) and not step.operator and isinstance(step.value, ast.Binary):
        sign = {"+": 1, "-": -1}.get(step.value.operator, 0)
        if isinstance(step.value.left, ast.Name) and step.value.left.name == name:
            found = sign * _value(step.value.right, values)
        target = step.target
    else:
        raise _OpenError
    if not found or not isinstance(target, ast.Name) or target.name != name:
        raise _OpenError
    return found


def has_ports(report: CsynthReport, sources: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Whether every port that bears a name bears that of a parameter, or of a global, of the sources."""
    if not report.arguments:
        return True
    try:
        unit = read_design(sources, include=headers).unit
    except AigchipError:
        return True
    tops = [one for one in unit.functions.get(report.top, ()) if one.body is not None]
    names = {one.name for top in tops for one in top.parameters} | {one.name for one in unit.variables}
    if not tops:
        return True
    # The tool spells an underscore at either end as a letter.
    names |= {re.sub(r"_$", "_s", re.sub(r"^_", "p_", name)) for name in names}
    return all(
        one in names or any(one.startswith(f"{name}_") for name in names)
        for one in report.arguments if one not in (report.top, "return")
    )

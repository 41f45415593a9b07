"""Pragmas that mean nothing where they stand: unknown kinds and options, variables that nobody declares."""

from __future__ import annotations

from collections.abc import Iterator

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import KINDS, Pragma
from aigchip_tui.estimator.traverse import declared_below, statements_below

_OPTIONS: dict[str, frozenset[str]] = {
    "PIPELINE": frozenset(["ii", "style", "rewind", "off", "flush", "enable_flush"]),
    "UNROLL": frozenset(["factor", "skip_exit_check", "region", "complete", "off"]),
    "LOOP_TRIPCOUNT": frozenset(["min", "max", "avg"]),
    "LOOP_FLATTEN": frozenset(["off", "force"]),
    "ARRAY_PARTITION": frozenset(
        ["variable", "type", "factor", "dim", "complete", "cyclic", "block", "off", "partition"]
    ),
    "ARRAY_RESHAPE": frozenset(["variable", "type", "factor", "dim", "complete", "cyclic", "block", "object", "off"]),
}
"""Options and words of the pragmas that shape most; of the others any are taken."""
_STYLES = frozenset(["complete", "cyclic", "block"])
_ABOUT_VARIABLES = frozenset(["ARRAY_PARTITION", "ARRAY_RESHAPE", "STREAM", "BIND_STORAGE"])


def doubts(unit: ast.Unit) -> list[str]:
    """Sentences about the pragmas of all functions that no tool would take as they are written."""
    globals_ = {variable.name for variable in unit.variables}
    found: list[str] = []
    for functions in unit.functions.values():
        for function in functions:
            found += _of_function(function, globals_)
    for record in unit.records.values():
        fields = {field.name for field in record.fields} | {"this"}
        for method in (one for rivals in record.methods.values() for one in rivals):
            # What a base declares is not looked for.
            found += _of_function(method, globals_ | fields, complete=not record.bases)
    return list(dict.fromkeys(found))


def _of_function(function: ast.Function, known: set[str], *, complete: bool = True) -> Iterator[str]:
    if function.body is None or function.broken:
        return
    names = known | {one.name for one in function.parameters} | set(declared_below(function.body))
    unpacked = any(name.startswith("[") for name in names)
    for statement in statements_below(function.body):
        for pragma in statement.pragmas if isinstance(statement, ast.Block | ast.Loop) else ():
            wrong = _wrong(pragma) or ("" if unpacked or not complete else _unknown_variable(pragma, names))
            if wrong:
                yield f"{pragma.kind[:40]} at line {pragma.line}: {wrong}"


def _wrong(pragma: Pragma) -> str:
    """What is wrong with the words of a pragma; empty when nothing is."""
    if pragma.kind not in KINDS:
        return "no such pragma is known, and it is left out"
    taken = _OPTIONS.get(pragma.kind)
    if taken is None:
        return ""
    for name in (*pragma.options, *pragma.words):
        if name not in taken:
            return f"'{name[:40]}' is no option of it and is left out"
    style = pragma.options.get("type", "").lower()
    if style and style not in _STYLES:
        return f"type={style[:40]} is none of block, cyclic and complete, and is left out"
    return ""


def _unknown_variable(pragma: Pragma, names: set[str]) -> str:
    if pragma.kind not in _ABOUT_VARIABLES:
        return ""
    written = pragma.options.get("variable", "")
    name = written.split("[")[0].split(".")[0].split("->")[0].strip("&*() ")
    if name in names or (not name and not written):
        return ""
    return f"'{written[:40]}' is not declared in its function, and it is left out"

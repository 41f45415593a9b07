"""Formulas over the fields of a command, as contracts say them: `own * kb * (replays - 1)`, `max(kb, 4)`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache

from aigchip_tui.model.errors import AigchipError

_BINARY: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
}
_CALLS: Mapping[str, Callable[..., int]] = {"max": max, "min": min}


def evaluate(formula: str, fields: Mapping[str, int]) -> int:
    """The value of a formula for one command.

    Known are numbers, fields, `+ - * //`, `max`, `min`, and `a if field else b`. Raises AigchipError for anything else.
    """
    return _value(_parsed(formula), formula, fields)


@lru_cache(maxsize=512)
def _parsed(formula: str) -> ast.expr:
    try:
        return ast.parse(formula, mode="eval").body
    except SyntaxError:
        raise AigchipError(f"{formula!r} is not a formula over the fields of a command.") from None


def _value(node: ast.expr, formula: str, fields: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return number
        case ast.Name(id=name) if name in fields:
            return fields[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left, formula, fields), _value(right, formula, fields))
        case ast.IfExp(test=test, body=yes, orelse=no):
            return _value(yes if _value(test, formula, fields) else no, formula, fields)
        case ast.Call(func=ast.Name(id=name), args=[_, *_] as args, keywords=[]) if name in _CALLS:
            return _CALLS[name](*(_value(each, formula, fields) for each in args))
    raise AigchipError(f"{ast.unparse(node)!r} in the formula {formula!r} has no value here.")

"""Names of a text that can have values from outside."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import declared_below
from aigchip_tui.model.errors import AigchipError


def refuse_inner_names(unit: ast.Unit, top: ast.Function, names: Iterable[str]) -> None:
    """Raises AigchipError for a name that is a variable within a function, or a parameter of a template.

    Arguments of the top, macros and constants at file scope can have a value from outside, and so can names that the
    text leaves open.
    """
    outer = {one.name for one in (*top.parameters, *unit.variables)}
    asked = [name for name in names if name not in outer]
    if not asked:
        return
    inner: dict[str, str] = {}
    for functions in unit.functions.values():
        for function in functions:
            found = {name for name, _ in function.templates}
            if function.body is not None:
                found |= set(declared_below(function.body))
            for name in found:
                inner.setdefault(name, function.name)
    for name in asked:
        if name in inner:
            raise AigchipError(
                f"'{name}' is a name within '{inner[name]}', whose value stands in the text.",
                hint="Arguments of the top, macros and constants at file scope can have a value from outside.",
            )


def refuse_unknown_names(texts: Iterable[str], names: Iterable[str]) -> None:
    """Raises AigchipError for a name that stands in none of the texts: a value for it would change nothing."""
    left = set(names)
    for text in texts:
        left -= {name for name in left if re.search(rf"\b{re.escape(name)}\b", text)}
    if left:
        raise AigchipError(f"'{min(left)}' is nowhere in the source.", hint="Name a macro, a constant or an argument.")

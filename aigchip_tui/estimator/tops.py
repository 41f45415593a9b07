"""The top: the function to estimate, by its name or because no other calls it."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.names import plain_key
from aigchip_tui.estimator.traverse import calls_below, count_statements
from aigchip_tui.model.errors import AigchipError


def top_of(unit: ast.Unit, top: str = "") -> ast.Function:
    """The function to estimate: by its plain or qualified name, else the one that no other calls.

    Raises AigchipError with what there is when the name is absent, has no body, or stands for several functions.
    """
    bodies: dict[str, list[ast.Function]] = {}
    for key, found in unit.functions.items():
        if key != "main":
            bodies.setdefault(plain_key(key), []).extend(one for one in found if one.body is not None)
    defined = {key: found[0] for key, found in bodies.items() if found}
    if top:
        named = [key for key in defined if key == top] or [key for key in defined if key.endswith(f"::{top}")]
        if len(named) > 1:
            raise AigchipError(
                f"'{top}' names {len(named)} functions of the source.", hint=f"Give one of: {', '.join(named[:8])}."
            )
        if named:
            return _of_one_file(bodies[named[0]])
        listed = ", ".join(sorted(defined)[:8]) or "none"
        if any(plain_key(key).rpartition("::")[2] == top for key in unit.functions):
            raise AigchipError(
                f"'{top}' is declared, but its body is not in these files.", hint=f"Defined are: {listed}."
            )
        torn = _torn(unit)
        raise AigchipError(f"No function '{top}' is defined in the source{torn}.", hint=f"Defined are: {listed}.")
    called = {id(function) for function in defined.values() if function.called}
    for function in defined.values():
        assert function.body is not None
        for call in calls_below(function.body):
            if isinstance(call.callee, ast.Name):
                names = unit.names
                key = plain_key(names.key_of(call.callee.name, call.callee.scope, call.callee.space))
                target = defined.get(key or call.callee.name)
                if target is not None and target is not function:
                    called.add(id(target))
    roots = [function for function in defined.values() if id(function) not in called]
    if not roots:
        raise AigchipError(
            f"The source defines no function to estimate{_torn(unit)}.", hint="Name the top function with --top."
        )
    chosen = max(roots, key=lambda function: count_statements(function.body) if function.body is not None else 0)
    return _of_one_file(next(found for found in bodies.values() if chosen in found))


def _of_one_file(bodies: Sequence[ast.Function]) -> ast.Function:
    """The first of the bodies of one name; which of several files is meant cannot be known."""
    places = list(dict.fromkeys(f"{one.file}, line {one.line}" for one in bodies))
    if len({one.file for one in bodies}) > 1:
        raise AigchipError(
            f"'{bodies[0].name}' is defined in several files: {'; '.join(places[:8])}.",
            hint="Give the one that is meant, and the others it needs.",
        )
    return bodies[0]


def _torn(unit: ast.Unit) -> str:
    """Where a source begins not to parse, as the end of a sentence."""
    if not unit.errors:
        return ""
    line, text = unit.errors[0]
    return f": line {line} does not parse ('{' '.join(text.split())[:30]}')"

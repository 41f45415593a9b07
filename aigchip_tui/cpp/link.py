"""Several translation units as one: each keeps its own names, definitions are seen by the declarations of others."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.names import plain_key


def link(units: Sequence[ast.Unit]) -> ast.Unit:
    """One unit of all: names are kept apart by the root of each file, functions with a body are linked by key."""
    unit = units[0]
    for other in units[1:]:
        unit.functions.update(other.functions)
        unit.records.update(other.records)
        for name, known in other.specialised.items():
            unit.specialised.setdefault(name, []).extend(known)
        unit.aliases.update(other.aliases)
        unit.enumerators.update(other.enumerators)
        unit.variables += other.variables
        unit.errors += other.errors
        unit.names.include(other.names)
    unit.method_names = frozenset(name for record in unit.records.values() for name in record.methods)
    for key, functions in unit.functions.items():
        defined = [one for one in functions if one.body is not None and not one.static]
        if defined:
            unit.linked.setdefault(plain_key(key), []).extend(defined)
    return unit

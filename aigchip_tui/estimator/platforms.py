"""Kernels for a platform: what the tool makes of the arguments of a top function that no INTERFACE names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.objects import Type

_NO_PORTS = frozenset(["s_axilite", "ap_ctrl_none", "ap_ctrl_hs", "ap_ctrl_chain"])
"""Modes that say how a kernel is started, or where an address comes from, and not what carries the data."""


def unasked_interfaces(
    function: ast.Function, asked: Iterable[Pragma], resolve: Callable[[ast.TypeRef], Type]
) -> tuple[Pragma, ...]:
    """Directives for the arguments that no INTERFACE among `asked` gives a port: pointers and arrays are masters of one
    AXI port, scalars registers (the flow for platforms, reports of 2020 to 2024).
    """
    named: set[str] = set()
    for pragma in asked:
        modes = {*pragma.words, pragma.options.get("mode", "")}
        if pragma.kind == "INTERFACE" and not (modes & _NO_PORTS):
            named.add(pragma.options.get("port", "").split("[")[0])
    found = []
    for parameter in function.parameters:
        kind = resolve(parameter.type)
        if parameter.name in named or kind.form == "stream":
            continue
        outside = bool(kind.pointers or kind.extents)
        if outside or kind.scalar():
            options = {"port": parameter.name, "mode": "m_axi" if outside else "s_axilite"}
            found.append(
                Pragma(kind="INTERFACE", options=options, words=(), line=function.line, location=function.name)
            )
    return tuple(found)

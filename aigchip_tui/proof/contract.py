"""The contract rung: does the C++ signature keep what the ports promise to their neighbours?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aigchip_tui.cpp.signatures import Parameter, namespace_constants, signature_of
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Port

_TYPEDEF = re.compile(r"\btypedef\s+([^;{}\[\]]+?)\s+(\w+)\s*((?:\[[^\]]*\]\s*)*);")
_USING = re.compile(r"\busing\s+(\w+)\s*=\s*([^;{}\[\]]+?)\s*((?:\[[^\]]*\]\s*)*);")
_VECTOR = re.compile(r"hls::vector<\s*([\w:]+)\s*,\s*(\d+)\s*>")


def contract_findings(
    body: str, function: str, ports: Sequence[Port], known: Mapping[str, int] | None = None
) -> list[Finding]:
    """Every way in which the signature of `function` in `body` breaks its port contracts; empty when it keeps them.

    `known` are constants of the headers that the template includes before the body.
    """
    try:
        constants = namespace_constants(body, known)
        signature = signature_of(body, function, constants)
    except AigchipError as problem:
        return [_finding("interface", "contract-function", problem.message, 0, suggestion=problem.hint)]
    if not signature.defined:
        return [_finding("interface", "contract-function", f"{function} is declared but not defined.", signature.line)]
    names = aliases(body, constants)
    found: list[Finding] = []
    if len(signature.parameters) != len(ports):
        found.append(_finding(
            "interface", "contract-arity",
            f"{function} has {len(signature.parameters)} parameters, its contract has {len(ports)} ports: "
            f"{', '.join(p.name for p in ports)}.",
            signature.line, suggestion="Write the parameters in the order of the ports.",
        ))
        return found
    for parameter, port in zip(signature.parameters, ports, strict=True):
        found.extend(_port_findings(parameter, port, names))
    return found


def _port_findings(parameter: Parameter, port: Port, names: Mapping[str, str]) -> list[Finding]:
    written, promised = plain(resolve(parameter.type_text, names)), plain(port.cpp_type)
    if written == promised:
        return []
    line = parameter.line
    width_written, width_promised = token_bits(written, port), token_bits(promised, port)
    if width_written and width_promised and width_written != width_promised:
        verb = "leave" if port.direction == "out" else "are taken"
        return [_finding(
            "interface", "contract-width",
            f"Packed width differs on port {port.name}: the contract says {width_promised} bit, "
            f"{width_written} {verb} here.",
            line, suggestion=f"Make the port {port.cpp_type}.",
        )]
    return [_finding(
        "interface", "contract-type",
        f"Port {port.name} is {resolve(parameter.type_text, names)}, its contract says {port.cpp_type}.",
        line, suggestion=f"Make the port {port.cpp_type}.",
    )]


def _finding(kind: str, code: str, message: str, line: int, *, suggestion: str = "") -> Finding:
    return Finding(severity="error", kind=kind, code=code, message=message, line=line, suggestion=suggestion)


def token_bits(type_text: str, port: Port) -> int:
    """Bits of one token of a stream type, 0 when the type carries no packed vector of a known element."""
    found = _VECTOR.search(type_text)
    if found is None or found.group(1) != port.element:
        return 0
    return int(found.group(2)) * port.bits


def aliases(body: str, constants: Mapping[str, int]) -> dict[str, str]:
    """Typedefs and using-aliases of the body, sizes folded: `block_t` -> `data_t[4][8][512]`."""
    pairs = [(name, base, extents) for base, name, extents in _TYPEDEF.findall(body)]
    pairs += _USING.findall(body)
    found: dict[str, str] = {}
    for name, base, extents in pairs:
        try:
            probe = signature_of(f"void probe({base} x{extents});", "probe", constants)
        except AigchipError:
            continue
        if probe.parameters:
            found[name] = probe.parameters[0].type_text
    return found


def resolve(type_text: str, names: Mapping[str, str]) -> str:
    """The type with aliases replaced, at most four deep."""
    for _ in range(4):
        replaced = re.sub(r"\b\w+\b", lambda word: names.get(word.group(), word.group()), type_text)
        if replaced == type_text:
            break
        type_text = replaced
    return type_text


def plain(type_text: str) -> str:
    """A type without optional blanks, for comparison."""
    return re.sub(r"\s*([<>,&*\[\]()])\s*", r"\1", type_text.strip())

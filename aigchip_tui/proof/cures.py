"""Cures that the machine can offer where a contract is broken: each a whole new body, to be accepted as a diff."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from aigchip_tui.cpp.signatures import signature_of
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Port
from aigchip_tui.proof.contract import contract_findings, plain

_CONSTANT = re.compile(
    r"^[ \t]*(?:static\s+)?(?:constexpr|const)\s+\w[\w: ]*\s+(?P<name>\w+)\s*=\s*(?P<value>\d+)\s*;", re.M
)
_MARK = re.compile(r"//\s*\[(\d+)\]")
_NUMBER = re.compile(r"\b\d+\b")
_CANDIDATES = tuple(1 << shift for shift in range(14))


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed body with a title a designer understands and what it costs."""

    title: str
    cost: str
    body: str


def cures(
    body: str,
    function: str,
    ports: Sequence[Port],
    findings: Sequence[Finding],
    known: Mapping[str, int] | None = None,
    instruction: Sequence[str] = (),
) -> list[Repair]:
    """Repairs that keep the contract again, likeliest first; each has been checked against the contract.

    A constant that takes the number of its own line of the instruction comes before one that takes some other number.
    """
    if not any(f.kind == "interface" for f in findings):
        return []
    constants = sorted(_constant_repairs(body, function, ports, known, instruction), key=lambda ranked: ranked[0])
    offered = [*(repair for _, repair in constants), *_signature_repairs(body, function, ports)]
    kept: list[Repair] = []
    for repair in offered:
        if repair.body not in {k.body for k in kept} and not contract_findings(repair.body, function, ports, known):
            kept.append(repair)
    return kept[:4]


def _constant_repairs(
    body: str, function: str, ports: Sequence[Port], known: Mapping[str, int] | None, instruction: Sequence[str]
) -> Iterator[tuple[int, Repair]]:
    """One named constant has the wrong value: the most common interface fault, a number kept from a demonstration.

    The rank says how well the new value agrees with the instruction: 0 it is the number of the constant's own line.
    """
    for found in _CONSTANT.finditer(body):
        for value in _CANDIDATES:
            if str(value) == found["value"]:
                continue
            changed = body[: found.start("value")] + str(value) + body[found.end("value"):]
            if not contract_findings(changed, function, ports, known):
                yield _rank(body, found.end(), value, instruction), Repair(
                    title=f"set {found['name']} to {value} (now {found['value']})",
                    cost="re-proves 1 module", body=changed,
                )


def _rank(body: str, end: int, value: int, instruction: Sequence[str]) -> int:
    line_end = body.find("\n", end)
    marks = _MARK.findall(body[: line_end if line_end >= 0 else len(body)])
    line = int(marks[-1]) if marks else 0
    if 1 <= line <= len(instruction) and str(value) in _NUMBER.findall(instruction[line - 1]):
        return 0
    return 1 if any(str(value) in _NUMBER.findall(text) for text in instruction) else 2


def _signature_repairs(body: str, function: str, ports: Sequence[Port]) -> Iterator[Repair]:
    """The parameter list is rewritten as the contract has it; the code inside is left alone."""
    head = re.compile(rf"\bvoid\s+{re.escape(function)}\s*\(")
    found = head.search(body)
    if found is None:
        return
    depth, end = 1, found.end()
    while end < len(body) and depth:
        depth += {"(": 1, ")": -1}.get(body[end], 0)
        end += 1
    try:
        names = [p.name for p in signature_of(body, function).parameters]
    except AigchipError:
        return
    if len(names) != len(ports):
        names = [p.name for p in ports]
    rendered = ",\n    ".join(_parameter(port, name) for port, name in zip(ports, names, strict=True))
    changed = f"{body[: found.end()]}\n    {rendered}{body[end - 1:]}"
    if plain(changed) != plain(body):
        yield Repair(title="patch signature to the contract", cost="re-proves 1 module", body=changed)


def _parameter(port: Port, name: str) -> str:
    if port.cpp_type.endswith("]"):
        base, _, extent = port.cpp_type.rpartition("[")
        return f"{base} {name}[{extent}"
    return f"{port.cpp_type} {name}"

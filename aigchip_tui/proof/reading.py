"""What must read generated text: the static, contract and conformance rungs as one function for a sandboxed worker.

`read` takes and gives plain JSON values, so that it can run in another process under limits (DESIGN sec. 6).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Port

_OWN = re.compile(r"\b(?:constexpr|const)\s+[\w: ]+?\s+(\w+)\s*=")
"""Constants that the body declares itself: in its namespace they hide those of the headers."""


def read(payload: dict[str, Any]) -> dict[str, Any]:
    """Findings of the rungs that read a body, and the repairs on offer.

    `payload`: body, function, ports, conformance (plain), headers (texts the template includes before it), cures
    False to offer no repairs, and undemanded False to leave those lines out. The answer: static, contract, conformance
    (findings), repairs (title, cost, body), and lines of pragmas that a body conforming to its settings would conform
    without (undemanded). A body that is red on the static rung is not parsed any further.
    """
    from aigchip_tui.cpp.limits import screen

    body: str = payload["body"]
    static = screen(body)
    if not any(f.blocking and f.severity == "error" for f in static):
        from aigchip_tui.proof.structure import structure_findings

        static = [*static, *structure_findings(body, payload.get("callable", ()))]
    answer: dict[str, Any] = {"static": static, "contract": [], "conformance": [], "repairs": []}
    if not any(f.blocking and f.severity == "error" for f in static):
        from aigchip_tui.modules.protocol import Conformance
        from aigchip_tui.proof.conformance import conformance_findings, undemanded_lines
        from aigchip_tui.proof.contract import contract_findings
        from aigchip_tui.proof.cures import cures

        known = known_constants(body, payload["headers"])
        ports = tuple(msgspec.convert(payload["ports"], list[Port]))
        function: str = payload["function"]
        contract = contract_findings(body, function, ports, known)
        answer["contract"] = contract
        rules = msgspec.convert(payload["conformance"], Conformance)
        answer["conformance"] = conformance_findings(body, function, rules, known)
        if payload.get("undemanded", True) and not any(f.blocking for f in answer["conformance"]):
            answer["undemanded"] = undemanded_lines(body, function, rules, known)
        if payload.get("cures", True):
            answer["repairs"] = cures(
                body, function, ports, contract, known, payload.get("instruction", ())
            )
    result: dict[str, Any] = msgspec.to_builtins(answer)
    return result


def known_constants(body: str, headers: Sequence[str]) -> dict[str, int]:
    """Constants of the headers in front of a body, without those that it declares itself."""
    own = set(_OWN.findall(body))
    return {name: value for name, value in _header_constants(tuple(headers)).items() if name not in own}


@functools.lru_cache(maxsize=4)  # one template has few sets of headers and many bodies
def _header_constants(headers: tuple[str, ...]) -> dict[str, int]:
    from aigchip_tui.cpp.signatures import namespace_constants

    known: dict[str, int] = {}
    for text in headers:
        known = namespace_constants(text, known)
    return known


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `read` with its types back."""

    static: tuple[Finding, ...] = ()
    contract: tuple[Finding, ...] = ()
    conformance: tuple[Finding, ...] = ()
    repairs: tuple[dict[str, str], ...] = ()
    undemanded: tuple[int, ...] = ()

"""Faults that the run time of the simulation reports in typed lines, as causes and findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aigchip_tui.model.finding import Finding

_PREFIXES = ("AIGCHIP-FAULT", "AIGCHIP-WAIT", "AIGCHIP-STREAM")
_CAUSES = {
    "empty_read": "empty_read", "deadlock": "deadlock", "livelock": "livelock", "token_flood": "output_flood",
    "memory": "memory", "token_width": "interface", "two_consumers": "interface", "two_producers": "interface",
    "full_write": "deadlock", "burst": "interface", "bench": "sandbox",
}


def runtime_faults(lines: Sequence[str]) -> tuple[str, tuple[Finding, ...]] | None:
    """Cause and findings of the first fault in `lines`, or None when there is no fault line."""
    records = [record for line in lines if (record := _parse(line)) is not None]
    fault = next((value for prefix, value in records if prefix == "AIGCHIP-FAULT"), None)
    if fault is None or str(fault.get("kind")) not in _CAUSES:
        return None
    cause = _CAUSES[str(fault["kind"])]
    waits = [value for prefix, value in records if prefix == "AIGCHIP-WAIT"]
    if fault["kind"] == "deadlock":
        return cause, _deadlock(fault, waits)
    return cause, (_finding(cause, _message(fault)),)


def _parse(line: str) -> tuple[str, dict[str, Any]] | None:
    prefix, _, text = line.partition(" ")
    if prefix not in _PREFIXES:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return (prefix, value) if isinstance(value, dict) else None


def _message(fault: dict[str, Any]) -> str:
    stream, process = fault.get("stream", ""), fault.get("process", "")
    by = f" by {process}" if process not in ("", "sequential", "main") else ""
    match fault["kind"]:
        case "empty_read":
            return f"Stream {stream} was read while empty{by}: fewer tokens were written than are read."
        case "token_flood":
            return f"More tokens than any case expects were written to {stream}{by}."
        case "livelock":
            return f"Stream {stream} was polled without end{by}, and no token moved."
        case "memory":
            return f"The module asked for more memory than it may have{by}."
        case "token_width":
            return (
                f"Port {stream}: {fault.get('found_bytes')} bytes a token,"
                f" the contract says {fault.get('contract_bytes')}."
            )
        case "burst":
            return f"A burst is out of order{by}: {stream}."
        case "two_consumers":
            return f"Stream {stream} is read by two processes, one of them {process}."
        case "two_producers":
            return f"Stream {stream} is written by two processes, one of them {process}."
        case _:
            return f"The test bench could not work with {stream}."


def _deadlock(fault: dict[str, Any], waits: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    total = fault.get("processes", len(waits))
    findings = [_finding("deadlock", f"{total} processes wait for each other, and none can go on.")]
    for wait in waits[:12]:
        depth = wait.get("depth", -1)
        what = (
            f"reads empty {wait.get('stream')}" if wait.get("operation") == "read"
            else f"writes full {wait.get('stream')} (depth {depth})"
        )
        findings.append(_finding(
            "deadlock", f"{wait.get('process')} {what}; {wait.get('writes')} tokens written, {wait.get('reads')} read.",
        ))
    return tuple(findings)


def _finding(cause: str, message: str) -> Finding:
    return Finding(severity="error", kind=cause, code=f"SIM-{cause.upper().replace('_', '-')}", message=message)

"""The verdict: raw outputs against golden bytes, in our own process, with every value counted."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence

import msgspec

from aigchip_tui.csim.wire import CaseRecord, guard_pattern, stream_names
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Port
from aigchip_tui.model.testcase import Ahead, TestCase


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """The first wrong value of a port: token and lane count from 0; values are as the element type prints them."""

    case: str
    port: str
    token: int
    lane: int
    got: str
    expected: str
    wrong: int
    compared: int

    def text(self) -> str:
        """One sentence for a person and for the next prompt."""
        lane = f", lane {self.lane}" if self.lane >= 0 else ""
        return (
            f"Case {self.case}: port {self.port}, token {self.token}{lane}: got {self.got}, expected {self.expected}"
            f" ({self.wrong} of {self.compared} values differ)."
        )


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared: the number of element values, and every fault as a finding."""

    values: int = 0
    tokens: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether nothing differs and something was compared."""
        return not self.findings and self.values > 0


def compare_case(case: TestCase, record: CaseRecord, ports: Sequence[Port] = ()) -> Comparison:
    """Compares one case. Without `ports`, elements are shown as 32-bit integers."""
    by_name = {name: port for port in ports for name in _names(port)}
    values = tokens = 0
    mismatches: list[Mismatch] = []
    findings: list[Finding] = []
    expected: Mapping[str, bytes] = {**case.expected, **case.expected_memories}
    for name, golden in expected.items():
        got = record.outputs.get(name)
        port = by_name.get(name)
        if got is None:
            findings.append(_finding("missing_output", f"Case {case.name}: port {name} was not written."))
            continue
        if name in record.counts and (found := _count_finding(case, record, name, len(golden))) is not None:
            findings.append(found)
        token_bytes = record.token_bytes.get(name, 0)
        width, lane_bytes = _element(port, token_bytes, len(golden))
        compared, mismatch = _compare(case.name, name, got, golden, token_bytes or width, width, lane_bytes)
        values += compared
        tokens += record.counts.get(name, 0)
        if mismatch is not None:
            mismatches.append(mismatch)
            findings.append(_finding("mismatch", mismatch.text()))
    findings += [f for ahead in case.ahead if (f := _order_finding(case.name, ahead, record)) is not None]
    findings += [f for name in record.guards if (f := _guard_finding(case, record, name)) is not None]
    for name, left in record.left.items():
        if left:
            findings.append(_finding("leftover", f"Case {case.name}: {left} tokens were never read from port {name}."))
    for use in record.streams:
        if use.left:
            findings.append(
                _finding("leftover", f"Case {case.name}: {use.left} tokens were left in stream {use.name}.")
            )
    return Comparison(values=values, tokens=tokens, mismatches=tuple(mismatches), findings=tuple(findings[:40]))


def _names(port: Port) -> tuple[str, ...]:
    return stream_names(port) if port.kind in ("stream", "blocks") else (port.name,)


def _finding(kind: str, message: str) -> Finding:
    return Finding(severity="error", kind=kind, code=f"SIM-{kind.upper().replace('_', '-')}", message=message)


def _count_finding(case: TestCase, record: CaseRecord, name: str, golden_bytes: int) -> Finding | None:
    contract = case.counts.get(name, 0)
    if record.counts[name] == contract:
        return None
    return _finding(
        "token_count", f"Case {case.name}: {record.counts[name]} tokens left port {name}, expected {contract}."
    )


def _order_finding(case: str, ahead: Ahead, record: CaseRecord) -> Finding | None:
    """The first token of `ahead.of` before which too few or too many tokens of `ahead.stream` were written."""
    moments, others = record.moments.get(ahead.of), record.moments.get(ahead.stream)
    if moments is None or others is None:
        return _finding("order", f"Case {case}: the order of ports {ahead.stream} and {ahead.of} was not recorded.")
    for token, (moment, wanted) in enumerate(zip(moments, ahead.tokens, strict=False)):
        written = bisect.bisect_left(others, moment)
        if written != wanted:
            return _finding(
                "order",
                f"Case {case}: {written} tokens left port {ahead.stream} before token {token} of {ahead.of}, expected "
                f"{wanted}: the order of commands between streams decides what overlaps.",
            )
    return None


def _guard_finding(case: TestCase, record: CaseRecord, name: str) -> Finding | None:
    """Canaries are written when the contents are; a memory kept from an earlier case keeps that case's canary."""
    before, after = record.guards[name]
    origin = case.name if name in case.memories else ""
    intact = before == after == guard_pattern(name, origin) if origin else before == after
    if intact:
        return None
    where = "before" if before != after and after == guard_pattern(name, origin or case.name) else "around"
    return _finding("out_of_bounds", f"Case {case.name}: memory {where} {name} was overwritten.")


def _element(port: Port | None, token_bytes: int, total: int) -> tuple[int, int]:
    """Bytes of a shown value, and bytes of one lane (0: lanes are not named)."""
    if port is not None and port.bits % 8 == 0 and port.bits // 8 in (1, 2, 4, 8):
        return port.bits // 8, port.bits // 8
    if port is not None and token_bytes and port.lanes > 0 and token_bytes % port.lanes == 0:
        lane = token_bytes // port.lanes
        if lane in (1, 2, 4, 8):
            return lane, lane
    for width in (4, 2, 1):
        if (token_bytes or total) % width == 0:
            return width, width
    return 1, 1


def _compare(
    case: str, name: str, got: bytes, golden: bytes, token_bytes: int, width: int, lane_bytes: int
) -> tuple[int, Mismatch | None]:
    shared = min(len(got), len(golden)) // width * width
    compared = shared // width
    if got[:shared] == golden[:shared]:
        return compared, None if len(got) == len(golden) else _length_mismatch(case, name, got, golden, compared)
    first, wrong = -1, 0
    for at in range(0, shared, width):
        if got[at : at + width] != golden[at : at + width]:
            wrong += 1
            if first < 0:
                first = at
    return compared, Mismatch(
        case=case, port=name, token=first // token_bytes,
        lane=first % token_bytes // lane_bytes if token_bytes > lane_bytes else -1,
        got=_shown(got[first : first + width]), expected=_shown(golden[first : first + width]),
        wrong=wrong, compared=compared,
    )


def _length_mismatch(case: str, name: str, got: bytes, golden: bytes, compared: int) -> Mismatch:
    return Mismatch(
        case=case, port=name, token=compared, lane=-1, got=f"{len(got)} bytes in all",
        expected=f"{len(golden)} bytes in all", wrong=0, compared=compared,
    )


def _shown(raw: bytes) -> str:
    return str(int.from_bytes(raw, "little", signed=True))

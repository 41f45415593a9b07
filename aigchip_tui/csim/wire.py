"""The two files between us and a test bench: cases.bin in, results.bin out.

cases.bin: `AIGCASE1`, u32 number of cases, u32 depth override (0: none); per case u32 name length, the name, u32
number of entries; per entry u32 kind, u32 name length, u64 count, limit, token bytes, guard (of a stream: 1 asks for
the moments of its writes), payload bytes, then name and payload. results.bin: records of u32 kind, u32 name length,
u64 count, token bytes, guard, payload bytes, then name and payload. All little-endian. The reader of results trusts
nothing: a module may have written the file.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Port
from aigchip_tui.model.testcase import TestCase

MAGIC = b"AIGCASE1"
GUARD_BYTES = 256
RETURN_PORT = "return"
"""Name under which the value that a function returns stands in a test case."""

_TOKENS_IN, _TOKENS_OUT, _BYTES = 1, 2, 3
_CASE, _TOKENS, _MEMORY, _LEFT, _STREAM, _END, _FAULT, _MOMENTS, _MEASURE, _TIMES = range(1, 11)
_RECORD = struct.Struct("<IIQQQQ")
_ENTRY = struct.Struct("<IIQQQQQ")


class StreamUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one internal stream saw in one launch; depth -1 is unbounded."""

    name: str
    depth: int
    writes: int
    reads: int
    peak: int

    @property
    def left(self) -> int:
        """Tokens written and never read."""
        return self.writes - self.reads


class MemoryUse(msgspec.Struct, frozen=True, kw_only=True):
    """Beats and bursts of one memory in one launch with virtual time."""

    name: str
    reads: int
    writes: int
    read_bursts: int
    write_bursts: int


class LoopUse(msgspec.Struct, frozen=True, kw_only=True):
    """Trips and entries of one loop of a module's text in one launch with virtual time, over all its processes."""

    module: str
    loop: int
    trips: int
    entries: int


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What virtual time saw of one launch: simulated cycles, memories, loops.

    `times` are the cycles in which the tokens of each port crossed it: came to be taken, or were there to be read. All
    of it was written by the process that ran the module: figures to compare with, never a verdict.
    """

    cycles: int = 0
    memories: tuple[MemoryUse, ...] = ()
    loops: tuple[LoopUse, ...] = ()
    times: dict[str, tuple[int, ...]] = {}


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a test bench wrote about one case; `complete` when the launch returned.

    `moments` order the writes of several streams: the transfers of the whole run before each write.
    """

    name: str
    complete: bool = False
    outputs: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    token_bytes: dict[str, int] = {}
    left: dict[str, int] = {}
    guards: dict[str, tuple[bytes, bytes]] = {}
    streams: tuple[StreamUse, ...] = ()
    moments: dict[str, tuple[int, ...]] = {}
    measures: Measures = Measures()


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The cases in order, the fault lines of the run time, and whether the file ended in mid-record."""

    cases: tuple[CaseRecord, ...]
    fault_lines: tuple[str, ...] = ()
    truncated: bool = False


def guard_pattern(name: str, case: str) -> bytes:
    """The canary around a memory: bytes that depend on its name and case, never all alike."""
    seed = sum(name.encode()) * 131 + sum(case.encode()) * 17
    return bytes((seed + 89 * i + (i >> 3) * 37) & 0xFF for i in range(GUARD_BYTES))


def stream_names(port: Port) -> tuple[str, ...]:
    """Names under which the tokens of a stream or block port stand in a test case."""
    if not port.cpp_type.rstrip().endswith("]") and port.copies == 1:
        return (port.name,)
    return tuple(f"{port.name}[{i}]" for i in range(port.copies))


def encode_cases(
    cases: Sequence[TestCase], ports: Sequence[Port] = (), *, guards: bool = True, depth_override: int = 0
) -> bytes:
    """The bytes of cases.bin.

    What an entry is follows from the case: counted inputs are tokens, uncounted ones bytes, memories have canaries
    around them when `guards` (not under a sanitizer, which has better). With `ports`, every one of them must have
    what it needs, and no entry may be without a port.

    Raises:
        AigchipError: a case does not fit its ports, or contradicts itself.
    """
    out = [MAGIC, struct.pack("<II", len(cases), depth_override)]
    kept: set[str] = set()
    for case in cases:
        if ports:
            _check_ports(case, ports, kept)
        kept |= set(case.memories)
        blocks = [name for port in ports if port.kind in ("stream", "blocks") for name in stream_names(port)]
        entries = _entries(case, frozenset(blocks), guards)
        name = case.name.encode()
        out += [struct.pack("<I", len(name)), name, struct.pack("<I", len(entries)), *entries]
    return b"".join(out)


def _check_ports(case: TestCase, ports: Sequence[Port], kept: set[str]) -> None:
    known: set[str] = set()
    for port in ports:
        names = stream_names(port) if port.kind in ("stream", "blocks") else (port.name,)
        known |= set(names)
        if port.kind == "m_axi" and port.name not in case.memories and port.name not in kept:
            raise AigchipError(f"Case {case.name!r} gives no contents for the memory {port.name!r}.")
        if port.kind in ("array", "scalar", "s_axilite") and not (
            case.inputs.get(port.name) or (port.direction == "out" and case.expected.get(port.name))
        ):
            raise AigchipError(f"Case {case.name!r} gives no value for the port {port.name!r}.")
    for group in (case.inputs, case.expected, case.memories, case.expected_memories):
        for name in group:
            if name not in known and name != RETURN_PORT:
                raise AigchipError(f"Case {case.name!r} has an entry {name!r}, and the module has no such port.")


def _entries(case: TestCase, streams: frozenset[str], guards: bool) -> list[bytes]:
    entries = []
    ordered = {name for each in case.ahead for name in (each.stream, each.of)}
    for name, contents in case.memories.items():
        guard = guard_pattern(name, case.name) if guards else b""
        entries.append(_entry(_BYTES, name, payload=guard + contents + guard, guard=len(guard)))
    for name, payload in case.inputs.items():
        if name in case.counts or name in streams:
            count, token_bytes = _tokens(case, name, payload)
            entries.append(_entry(_TOKENS_IN, name, payload=payload, count=count, token_bytes=token_bytes))
        else:
            entries.append(_entry(_BYTES, name, payload=payload))
    for name, payload in case.expected.items():
        if name in case.inputs or name == RETURN_PORT:
            continue
        if name in case.counts or name in streams:
            count, token_bytes = _tokens(case, name, payload)
            entries.append(_entry(
                _TOKENS_OUT, name, limit=4 * count + 4096, token_bytes=token_bytes, guard=int(name in ordered)
            ))
        else:
            entries.append(_entry(_BYTES, name, payload=b"\xa5" * len(payload)))
    return entries


def _tokens(case: TestCase, name: str, payload: bytes) -> tuple[int, int]:
    count = case.counts.get(name, 0)
    if (count == 0) != (payload == b"") or (count and len(payload) % count):
        raise AigchipError(
            f"Case {case.name!r}: {len(payload)} bytes at port {name!r} are not {count} tokens of equal size."
        )
    return count, len(payload) // count if count else 0


def _entry(
    kind: int, name: str, *, payload: bytes = b"", count: int = 0, limit: int = 0, token_bytes: int = 0, guard: int = 0
) -> bytes:
    text = name.encode()
    return _ENTRY.pack(kind, len(text), count, limit, token_bytes, guard, len(payload)) + text + payload


class _Case:
    """A case while its records arrive."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.complete = False
        self.outputs: dict[str, bytes] = {}
        self.counts: dict[str, int] = {}
        self.token_bytes: dict[str, int] = {}
        self.left: dict[str, int] = {}
        self.guards: dict[str, tuple[bytes, bytes]] = {}
        self.streams: list[StreamUse] = []
        self.moments: dict[str, tuple[int, ...]] = {}
        self.cycles = 0
        self.memories: list[MemoryUse] = []
        self.loops: list[LoopUse] = []
        self.times: dict[str, tuple[int, ...]] = {}

    def take(self, kind: int, name: str, numbers: tuple[int, int, int], payload: bytes) -> None:
        count, token_bytes, guard = numbers
        if kind == _TOKENS:
            self.outputs[name] = payload
            self.counts[name] = count
            self.token_bytes[name] = token_bytes
        elif kind == _MEMORY and 2 * guard <= len(payload):
            self.outputs[name] = payload[guard : len(payload) - guard]
            if guard:
                self.guards[name] = (payload[:guard], payload[-guard:])
        elif kind == _LEFT:
            self.left[name] = count
        elif kind == _STREAM:
            self._take_stream(name, payload)
        elif kind == _MOMENTS and len(payload) == 8 * count:
            self.moments[name] = struct.unpack(f"<{count}Q", payload)
        elif kind == _MEASURE:
            self._take_measure(name, payload)
        elif kind == _TIMES:
            self.times[name] = struct.unpack(f"<{len(payload) // 8}Q", payload[: len(payload) // 8 * 8])
        elif kind == _END:
            self.complete = True

    def _take_measure(self, name: str, payload: bytes) -> None:
        try:
            seen = {str(key): int(value) for key, value in json.loads(payload).items()}
            if "loop" in seen:
                self.loops.append(LoopUse(module=name, **seen))
            elif seen.pop("memory", 0):
                self.memories.append(MemoryUse(name=name, **seen))
            else:
                self.cycles = seen["cycles"]
        except (ValueError, TypeError, KeyError, AttributeError):
            return

    def _take_stream(self, name: str, payload: bytes) -> None:
        try:
            use = json.loads(payload)
            self.streams.append(StreamUse(name=name, depth=int(use["depth"]), writes=int(use["writes"]),
                                          reads=int(use["reads"]), peak=int(use["peak"])))
        except (ValueError, TypeError, KeyError):
            return

    def frozen(self) -> CaseRecord:
        return CaseRecord(
            name=self.name, complete=self.complete, outputs=self.outputs, counts=self.counts,
            token_bytes=self.token_bytes, left=self.left, guards=self.guards, streams=tuple(self.streams),
            moments=self.moments,
            measures=Measures(cycles=self.cycles, memories=tuple(self.memories), loops=tuple(self.loops),
                              times=self.times),
        )


def decode_results(text: bytes) -> Results:
    """Reads results.bin as far as it goes; nothing in it can raise."""
    cases: list[_Case] = []
    faults: list[str] = []
    at = 0
    truncated = False
    while at < len(text):
        if at + _RECORD.size > len(text):
            truncated = True
            break
        kind, name_bytes, count, token_bytes, guard, payload_bytes = _RECORD.unpack_from(text, at)
        end = at + _RECORD.size + name_bytes + payload_bytes
        if end > len(text):
            truncated = True
            break
        at += _RECORD.size
        name = text[at : at + name_bytes].decode(errors="replace")
        payload = text[at + name_bytes : end]
        at = end
        if kind == _CASE:
            cases.append(_Case(name))
        elif kind == _FAULT:
            faults.append(payload.decode(errors="replace"))
        elif cases:
            cases[-1].take(kind, name, (count, token_bytes, guard), payload)
    return Results(cases=tuple(c.frozen() for c in cases), fault_lines=tuple(faults), truncated=truncated)

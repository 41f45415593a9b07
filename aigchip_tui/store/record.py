"""One line of the journal: `{"seq","crc","epoch","time","kind","schema","payload"}`, compact JSON.

`crc` is the CRC-32 of the line's bytes without the crc member itself, that is of the compact JSON of the other six
members in this order with sorted payload keys. Checking needs no re-encoding.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from aigchip_tui.model.errors import AigchipError

ENGINE_STARTED = "EngineStarted"
SPILLED = "$payload"
"""Key that stands for a whole payload kept as a blob; no payload may use top-level keys that begin with `$`."""
SPILL_BYTES = 4096
"""Payloads of this many encoded bytes and more are kept as blobs (DESIGN sec. 4: under 4 KB stay in the journal)."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One acknowledged event. `time` is UTC for display only, never compared; `epoch` counts engine starts from 1."""

    seq: int
    crc: int
    epoch: int
    time: str
    kind: str
    schema: int
    payload: dict[str, Any]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a writer hands in: an event's kind, its schema version, and an opaque payload.

    The payload holds what msgspec encodes as JSON (structs, tuples and so on become dictionaries and lists;
    non-finite floats become null). One entry is atomic, several are not: what must happen together is one entry.
    """

    kind: str
    payload: Mapping[str, Any] = msgspec.field(default_factory=dict)
    schema: int = 1


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(Record)
_HEAD = re.compile(rb'\{"seq":([0-9]{1,18}),"crc":([0-9]{1,10}),')
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"')
_START = b'{"seq":'


def iso_utc(seconds: float) -> str:
    """UTC ISO 8601 with milliseconds, from seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode_payload(entry: Entry) -> bytes:
    """Compact JSON of the payload with sorted keys; AigchipError when it cannot be written."""
    if not _KIND.fullmatch(entry.kind):
        raise AigchipError(f"The event kind {entry.kind!r} is not an identifier.", hint="Name it in CamelCase.")
    if any(key.startswith("$") for key in entry.payload):
        raise AigchipError(f"A payload of {entry.kind} uses a key that begins with $.", hint="Rename that key.")
    try:
        return _ENCODER.encode(entry.payload)
    except (TypeError, ValueError, OverflowError, RecursionError, UnicodeError) as problem:
        raise AigchipError(f"A payload of {entry.kind} cannot be written as JSON: {problem}.") from problem


def encode_line(*, seq: int, epoch: int, time: str, kind: str, schema: int, payload: bytes) -> bytes:
    """The line of one event with its newline; `payload` is encoded already."""
    head = b'{"seq":%d,' % seq
    rest = b'"epoch":%d,"time":"%s","kind":"%s","schema":%d,"payload":%s}' % (
        epoch, time.encode(), kind.encode(), schema, payload,
    )
    return b'%s"crc":%d,%s\n' % (head, zlib.crc32(rest, zlib.crc32(head)), rest)


def decode_line(raw: bytes) -> Record | None:
    """The record of a line without its newline; None when the crc is wrong or the line is not one of ours."""
    match = _HEAD.match(raw)
    if match is None:
        return None
    crc = zlib.crc32(memoryview(raw)[match.end():], zlib.crc32(b'{"seq":%b,' % match[1]))
    if crc != int(match[2]):
        return None
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def split_pieces(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Offsets and pieces of a bad line, cut where a record seems to begin.

    A lost newline glues two lines together and costs neither. Inside a record's own strings the quotes of that mark
    are escaped, so it is met only at real beginnings; the crc decides anyway.
    """
    begin = 0
    while begin < len(raw):
        following = raw.find(_START, begin + 1)
        end = len(raw) if following < 0 else following
        yield begin, raw[begin:end]
        begin = end


def looks_whole(raw: bytes) -> bool:
    """Whether a bad line closes all it opens. A torn one cannot: its first brace is closed by its last byte only."""
    outside = _STRING.sub(b"", raw)
    return raw.endswith(b"}}") and b'"' not in outside and outside.count(b"{") == outside.count(b"}")


def guess(raw: bytes) -> dict[str, Any]:
    """Members of a bad line as far as it is still JSON; not to be trusted, only to name what may be damaged."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}

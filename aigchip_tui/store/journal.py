"""The append-only journal, the only truth of a session: incremental reader and fenced writer (DESIGN sec. 4)."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from aigchip_tui.store.blobs import BlobStore, unchanged
from aigchip_tui.store.fs import Fs, StoreError, disk_error
from aigchip_tui.store.record import (
    ENGINE_STARTED,
    SPILL_BYTES,
    SPILLED,
    Entry,
    Record,
    decode_line,
    encode_line,
    encode_payload,
    guess,
    iso_utc,
    looks_whole,
    split_pieces,
)

LINE_LIMIT = 1 << 20
_CHUNK = 4 << 20
_EXCERPT = 8192
_END = 64 << 10
_INLINE_VALUES = 64
"""Strings up to this length stay beside a spilled payload, so that a lost blob still tells which design it touched."""


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was skipped.

    `torn` lines were cut by a crash before anybody was told of them: nothing is lost. The others were acknowledged
    once: `kind` and `payload` are what can still be guessed of them, never to be trusted, and `excerpt` is the
    beginning of the raw line, in which the fold looks for the designs to mark as damaged.
    """

    offset: int
    length: int
    cause: str
    torn: bool
    kind: str = ""
    payload: dict[str, Any] = msgspec.field(default_factory=dict)
    excerpt: str = ""


def mentioned(damage: Damage, key: str) -> tuple[str, ...]:
    """Plain values that stand after `"key":` in a skipped line, wherever the damage lies; to find what it touched."""
    found = re.findall(rf'"{re.escape(key)}":(?:([0-9]+)|"([^"\\\\]*)")', damage.excerpt)
    values = [number or text for number, text in found]
    if (value := damage.payload.get(key)) is not None and isinstance(value, int | str):
        values.append(str(value))
    return tuple(dict.fromkeys(values))


class Fenced(msgspec.Struct, frozen=True, kw_only=True):
    """A line dropped because its writer had been replaced (or wrote it twice) before it came."""

    offset: int
    seq: int
    epoch: int
    kind: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reader stands: everything needed to read on later without the lines before."""

    offset: int = 0
    epoch: int = 0
    last_seq: int = 0
    newest_schema: int = 0
    damage: tuple[Damage, ...] = ()
    fenced: tuple[Fenced, ...] = ()
    unresolved: int = 0
    crc: int = 0
    """CRC-32 of all bytes before `offset` as they were read."""
    spilled: tuple[str, ...] = ()
    """Blobs that payloads were brought back from."""


def last_schema(path: Path) -> int:
    """Schema of the newest whole line near the end of a journal: releases only go up. 0 when there is none to read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            size = os.fstat(fd).st_size
            data = os.pread(fd, _END, max(0, size - _END))
        finally:
            os.close(fd)
    except OSError:
        return 0
    records = (decode_line(raw) for raw in reversed(data.split(b"\n")[:-1]))
    return next((record.schema for record in records if record is not None), 0)


class JournalReader:
    """Reads a growing journal; never writes, holds no file open between polls, so it works on NFS.

    `blobs` brings back payloads kept as blobs; without it such a payload stays `{"$payload": digest, ...}`.
    """

    def __init__(self, path: Path, *, blobs: BlobStore | None = None, start: Checkpoint | None = None) -> None:
        start = start if start is not None else Checkpoint()
        self.path = path
        self.behind = False
        self._blobs = blobs
        self._offset = start.offset
        self._epoch = start.epoch
        self._last_seq = start.last_seq
        self._newest_schema = start.newest_schema
        self._damage = list(start.damage)
        self._fenced = list(start.fenced)
        self._unresolved = start.unresolved
        self._skipping = False
        self._crc = start.crc
        self._spilled = list(start.spilled)

    @property
    def epoch(self) -> int:
        """Epoch of the newest accepted line, 0 before the first engine start."""
        return self._epoch

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest accepted line, 0 when there is none."""
        return self._last_seq

    @property
    def next_seq(self) -> int:
        """The number that the next line must carry: whole-looking bad lines at the end have used one each."""
        bad = self._damage[len(self._damage) - self._unresolved:]
        return self._last_seq + 1 + sum(not damage.torn for damage in bad)

    @property
    def offset(self) -> int:
        """Bytes of terminated lines read so far."""
        return self._offset

    @property
    def newest_schema(self) -> int:
        """Highest schema version met; a program that knows only lower ones must not write."""
        return self._newest_schema

    @property
    def damage(self) -> tuple[Damage, ...]:
        """All skipped lines in file order."""
        return tuple(self._damage)

    @property
    def fenced(self) -> tuple[Fenced, ...]:
        """All lines dropped by fencing in file order."""
        return tuple(self._fenced)

    def checkpoint(self) -> Checkpoint:
        """Where the reader stands now."""
        return Checkpoint(
            offset=self._offset, epoch=self._epoch, last_seq=self._last_seq, newest_schema=self._newest_schema,
            damage=self.damage, fenced=self.fenced, unresolved=self._unresolved, crc=self._crc,
            spilled=tuple(self._spilled),
        )

    def poll(self, most: int = 0) -> list[Record]:
        """Records that have become complete since the last poll, in order; an unterminated tail is not yet there.

        With `most`, about so many bytes are read at a time, and `behind` says whether there were more.
        Raises StoreError when the file cannot be read or has become shorter, which no writer of ours does.
        """
        found: list[Record] = []
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise StoreError(f"There is no journal at {self.path}.", hint="Check the session's name.") from None
        except OSError as problem:
            raise disk_error(problem, self.path, "read") from problem
        try:
            size = os.fstat(fd).st_size
            if size < self._offset:
                raise StoreError(f"The journal {self.path} has become shorter than what was read of it.",
                                 hint="Close the session and open it again.")
            carry = b""
            place = begin = self._offset
            self.behind = False
            while part := os.pread(fd, min(_CHUNK, most or _CHUNK), place):
                place += len(part)
                carry = self._take(carry + part, found)
                if most and place - begin >= most and self._offset > begin:
                    self.behind = place < size
                    break
        except OSError as problem:
            raise disk_error(problem, self.path, "read") from problem
        finally:
            os.close(fd)
        return found

    def _take(self, data: bytes, found: list[Record]) -> bytes:
        end = data.rfind(b"\n") + 1
        self._crc = zlib.crc32(memoryview(data)[:end], self._crc)
        lines = data[:end].split(b"\n")
        lines.pop()
        for raw in lines:
            if self._skipping:
                self._skipping = False
            else:
                self._line(raw, found)
            self._offset += len(raw) + 1
        rest = data[end:]
        if len(rest) > LINE_LIMIT:
            if not self._skipping:
                self._bad(rest, self._offset, "longer than a line may be")
            self._skipping = True
            self._crc = zlib.crc32(rest, self._crc)
            self._offset += len(rest)
            rest = b""
        return rest

    def _line(self, raw: bytes, found: list[Record]) -> None:
        record = decode_line(raw)
        if record is not None:
            self._accept(record, self._offset, found)
            return
        for begin, piece in split_pieces(raw):
            # The byte before a glued record may be what was once its newline.
            record = decode_line(piece) or decode_line(piece[:-1])
            if record is not None:
                self._accept(record, self._offset + begin, found)
            else:
                self._bad(piece, self._offset + begin, "wrong checksum")
        if not raw:
            self._bad(raw, self._offset, "empty line")

    def _bad(self, raw: bytes, offset: int, cause: str) -> None:
        value = guess(raw) if len(raw) <= LINE_LIMIT else {}
        kind, payload = value.get("kind"), value.get("payload")
        self._damage.append(Damage(
            offset=offset, length=len(raw), cause=cause, torn=not looks_whole(raw),
            kind=kind if isinstance(kind, str) else "", payload=payload if isinstance(payload, dict) else {},
            excerpt=raw[:_EXCERPT].decode("utf-8", "replace"),
        ))
        self._unresolved += 1

    def _accept(self, record: Record, offset: int, found: list[Record]) -> None:
        started = record.kind == ENGINE_STARTED
        if record.epoch < self._epoch or record.seq <= self._last_seq or (started and record.epoch == self._epoch):
            self._fenced.append(Fenced(offset=offset, seq=record.seq, epoch=record.epoch, kind=record.kind))
            return
        if self._unresolved:
            # Only a starting engine follows a torn line, and it uses the number that the torn line did not.
            cut = started and record.seq == self.next_seq
            for place in range(len(self._damage) - self._unresolved, len(self._damage)):
                damage = self._damage[place]
                self._damage[place] = msgspec.structs.replace(damage, torn=damage.torn and cut)
            self._unresolved = 0
        elif record.seq > self._last_seq + 1:
            self._damage.append(Damage(
                offset=offset, length=0, cause=f"{record.seq - self._last_seq - 1} lines are missing", torn=False,
            ))
        self._epoch = record.epoch
        self._last_seq = record.seq
        self._newest_schema = max(self._newest_schema, record.schema)
        if SPILLED in record.payload and self._blobs is not None:
            whole = self._bring_back(record, offset)
            if whole is None:
                return
            record = whole
        found.append(record)

    def _bring_back(self, record: Record, offset: int) -> Record | None:
        assert self._blobs is not None
        try:
            data = self._blobs.get(str(record.payload[SPILLED]))
            payload = msgspec.json.decode(data, type=dict[str, Any])
        except (StoreError, msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
            self._damage.append(Damage(
                offset=offset, length=0, cause=f"payload lost: {problem}", torn=False,
                kind=record.kind, payload=record.payload,
            ))
            return None
        self._spilled.append(str(record.payload[SPILLED]))
        return msgspec.structs.replace(record, payload=payload)


class JournalWriter:
    """Appends for one engine. `guard` raises when the lock is no longer this engine's.

    It is asked before each batch, to write nothing in vain, and again after the sync: if the lock was still ours
    then, every later engine starts behind these lines and reads them, so an acknowledged line is never fenced.
    After any failure the writer refuses to go on, since what reached the disk is unknown until it is read again.
    """

    def __init__(
        self,
        path: Path,
        *,
        fs: Fs,
        blobs: BlobStore,
        clock: Callable[[], float],
        guard: Callable[[], None],
        redact: Callable[[bytes], bytes] = unchanged,
    ) -> None:
        self.path = path
        self.epoch = 0
        self.torn_bytes = 0
        self._blobs = blobs
        self._clock = clock
        self._guard = guard
        self._redact = redact
        self._next_seq = 0
        self._failed = False
        self._file = fs.open_append(path)
        self._fs = fs

    def start(self, entry: Entry, *, nonce: str) -> tuple[list[Record], JournalReader]:
        """Become the writer: end a torn tail, append EngineStarted with the next epoch, and read everything.

        `entry` is the EngineStarted; `nonce` is added to its payload. Returns all accepted records up to and
        including that start, and the reader that read them. Raises StoreError, or what `guard` raises.
        """
        if entry.kind != ENGINE_STARTED:
            raise ValueError("a writer starts with EngineStarted")
        reader = JournalReader(self.path, blobs=self._blobs)
        records = reader.poll()
        self.torn_bytes = self._end_torn_tail(reader)
        records += reader.poll()
        torn = {"torn_bytes": self.torn_bytes} if self.torn_bytes else {}
        marked = msgspec.structs.replace(entry, payload={**entry.payload, **torn, "nonce": nonce})
        for _ in range(16):
            self.epoch = reader.epoch + 1
            self._next_seq = reader.next_seq
            # Its sync makes all that an earlier engine wrote but did not sync durable too: nothing read can vanish.
            self._write([marked])
            records += reader.poll()
            last = next((record for record in reversed(records) if record.kind == ENGINE_STARTED), None)
            if last is not None and last.epoch == self.epoch and last.payload.get("nonce") == nonce:
                self._next_seq = reader.next_seq
                return records, reader
            self._guard()
        self._failed = True
        raise StoreError(f"Another engine keeps writing to {self.path}.", hint="Stop it, then start again.")

    def _end_torn_tail(self, reader: JournalReader) -> int:
        if self._file.last_byte() in {b"", b"\n"}:
            return 0
        torn = self._file.size() - reader.offset
        self._file.append(b"\n")
        self._file.sync()
        return torn

    def append(self, entries: Iterable[Entry]) -> list[Record]:
        """Write a batch and return when it is on the disk; the records as any reader will decode them.

        Only now may effects outside follow. Raises StoreError when the disk refuses (nothing acknowledged is lost),
        or what `guard` raises when another engine has taken over.
        """
        batch = list(entries)
        if not batch:
            return []
        if self._failed:
            raise StoreError(f"An earlier write to {self.path} failed.", hint="Start the engine again.")
        return self._write(batch)

    def _write(self, batch: list[Entry]) -> list[Record]:
        self._guard()
        time = iso_utc(self._clock())
        lines = [
            encode_line(seq=self._next_seq + place, epoch=self.epoch, time=time, kind=entry.kind,
                        schema=entry.schema, payload=self._payload(entry))
            for place, entry in enumerate(batch)
        ]
        records = [self._as_read(line) for line in lines]
        self._failed = True
        self._file.append(b"".join(lines))
        self._file.sync()
        self._guard()
        self._failed = False
        self._next_seq += len(batch)
        return records

    def _payload(self, entry: Entry) -> bytes:
        data = self._redact(encode_payload(entry))
        if len(data) < SPILL_BYTES:
            return data
        digest = self._blobs.put(data)
        short = {
            key: value for key, value in msgspec.json.decode(data, type=dict[str, Any]).items()
            if isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _INLINE_VALUES)
        }
        beside = msgspec.json.encode({SPILLED: digest, **short}, order="sorted")
        return beside if len(beside) < SPILL_BYTES else msgspec.json.encode({SPILLED: digest})

    def _as_read(self, line: bytes) -> Record:
        record = decode_line(line[:-1])
        if record is None:
            raise StoreError("An event did not survive its own encoding.", hint="Report this with the event's kind.")
        if SPILLED in record.payload:
            data = self._blobs.get(str(record.payload[SPILLED]))
            record = msgspec.structs.replace(record, payload=msgspec.json.decode(data, type=dict[str, Any]))
        return record

    def close(self) -> None:
        """Close the file; nothing is pending."""
        self._file.close()

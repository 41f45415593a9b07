"""A derived SQLite file in the user's cache folder that opens large sessions at once; it may be deleted at any time.

It holds, per session and per kind of view, a snapshot of folded state (bytes of the caller's own JSON or msgpack,
never pickle) and where in the journal it was taken. A snapshot is used only if the journal still holds the same bytes
before that place; whatever is wrong with the file, the answer is "no snapshot" and the journal is read from its
beginning.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from aigchip_tui.store.fs import StoreError
from aigchip_tui.store.journal import Checkpoint
from aigchip_tui.store.session import Session

_LAYOUT = 2
_SESSIONS = 16
_CHUNK = 4 << 20
_TABLE = (
    "CREATE TABLE IF NOT EXISTS snapshot (layout INTEGER, session TEXT, view TEXT, version TEXT, seen TEXT,"
    " checkpoint BLOB, state BLOB, digest TEXT, PRIMARY KEY (layout, session, view))"
)
_SAVE = "INSERT OR REPLACE INTO snapshot VALUES (?,?,?,?,?,?,?,?)"
_LOAD = "SELECT seen, checkpoint, state, digest FROM snapshot WHERE layout=? AND session=? AND view=? AND version=?"
_KEEP = (
    "DELETE FROM snapshot WHERE layout<>? OR session NOT IN"
    " (SELECT session FROM snapshot GROUP BY session ORDER BY MAX(rowid) DESC LIMIT ?)"
)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Folded state as the caller encoded it, and where a reader goes on from there."""

    state: bytes
    checkpoint: Checkpoint


def _identity(fd: int) -> str:
    """What changes whenever the file is written, replaced or restored."""
    status = os.fstat(fd)
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _holds(fd: int, checkpoint: Checkpoint) -> bool:
    """Whether the bytes before the checkpoint are those that were folded."""
    crc, place = 0, 0
    while place < checkpoint.offset:
        part = os.pread(fd, min(_CHUNK, checkpoint.offset - place), place)
        if not part:
            return False
        crc = zlib.crc32(part, crc)
        place += len(part)
    return crc == checkpoint.crc


class Index:
    """The index file. `version` names the fold that made a snapshot: another one never reads it."""

    def __init__(self, cache: Path) -> None:
        self.path = cache / "index.sqlite"

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # As private as the sessions themselves, whatever the umask.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self.path, timeout=1.0)
        try:
            # Nothing here is worth a sync: it can be derived again.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_TABLE)
            with connection:
                yield connection
        finally:
            connection.close()

    def save(
        self, session: Session, states: Mapping[str, bytes], checkpoint: Checkpoint, *, version: str
    ) -> bool:
        """Keep the state of each view in place of the older one; False when none was kept, which harms nothing.

        All were folded from the journal up to `checkpoint`. Of the other sessions the last ones used are kept.
        """
        try:
            fd = os.open(session.journal, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                seen = _identity(fd)
                if not _holds(fd, checkpoint):
                    return False
                seen = seen if seen == _identity(fd) else ""
            finally:
                os.close(fd)
        except OSError:
            return False
        point = msgspec.json.encode(checkpoint)
        rows = [
            (_LAYOUT, session.id, view, version, seen, point, state, _digest(seen, point, state))
            for view, state in states.items()
        ]
        for _ in range(2):
            try:
                with self._open() as connection:
                    connection.executemany(_SAVE, rows)
                    connection.execute(_KEEP, (_LAYOUT, _SESSIONS))
            except sqlite3.OperationalError:
                return False
            except sqlite3.DatabaseError:
                self.delete()
            except OSError:
                return False
            else:
                return True
        return False

    def load(self, session: Session, view: str, *, version: str) -> Snapshot | None:
        """The snapshot of that view and fold, if it still fits journal and blobs; else None."""
        try:
            if not self.path.is_file():
                return None
            with self._open() as connection:
                row = connection.execute(_LOAD, (_LAYOUT, session.id, view, version)).fetchone()
            if row is None:
                return None
            seen, point, state, digest = row
            if _digest(seen, point, state) != digest:
                return None
            checkpoint = msgspec.json.decode(point, type=Checkpoint)
            if not _fits(session, seen, checkpoint):
                return None
            for spilled in checkpoint.spilled:
                session.blobs.get(spilled)
        except (sqlite3.Error, OSError, StoreError, TypeError, AttributeError, msgspec.DecodeError):
            return None
        return Snapshot(state=state, checkpoint=checkpoint)

    def delete(self) -> None:
        """Remove the file; the next save makes a new one."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def _digest(seen: str, point: bytes, state: bytes) -> str:
    return hashlib.sha256(b"%b\n%b\n%b" % (seen.encode(), point, state)).hexdigest()


def _fits(session: Session, seen: str, checkpoint: Checkpoint) -> bool:
    fd = os.open(session.journal, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return seen == _identity(fd) or _holds(fd, checkpoint)
    finally:
        os.close(fd)

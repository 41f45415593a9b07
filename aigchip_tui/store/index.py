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
from collections.abc import Iterator
from pathlib import Path

import msgspec

from aigchip_tui.store.journal import Checkpoint
from aigchip_tui.store.session import Session

_LAYOUT = 1
_WINDOW = 64 * 1024


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Folded state as the caller encoded it, and where a reader goes on from there."""

    state: bytes
    checkpoint: Checkpoint


def _mark(journal: Path, offset: int) -> str:
    """Digest of the journal's last bytes before `offset`, its crc and seq members among them; empty when cut off."""
    try:
        fd = os.open(journal, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        begin = max(0, offset - _WINDOW)
        data = os.pread(fd, offset - begin, begin)
    except OSError:
        return ""
    finally:
        os.close(fd)
    return hashlib.sha256(data).hexdigest() if len(data) == offset - begin else ""


class Index:
    """The index file. `version` names the fold that made a snapshot: another one never reads it."""

    def __init__(self, cache: Path) -> None:
        self.path = cache / "index.sqlite"

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=1.0)
        try:
            # Nothing here is worth a sync: it can be derived again.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS snapshot (layout INTEGER, session TEXT, view TEXT, version TEXT,"
                " mark TEXT, checkpoint BLOB, state BLOB, digest TEXT, PRIMARY KEY (layout, session, view))"
            )
            with connection:
                yield connection
        finally:
            connection.close()

    def save(self, session: Session, view: str, snapshot: Snapshot, *, version: str) -> bool:
        """Keep a snapshot in place of the older one; False when it could not be kept, which harms nothing."""
        mark = _mark(session.journal, snapshot.checkpoint.offset)
        if not mark:
            return False
        point = msgspec.json.encode(snapshot.checkpoint)
        digest = hashlib.sha256(point + snapshot.state).hexdigest()
        row = (_LAYOUT, session.id, view, version, mark, point, snapshot.state, digest)
        for _ in range(2):
            try:
                with self._open() as connection:
                    connection.execute("INSERT OR REPLACE INTO snapshot VALUES (?,?,?,?,?,?,?,?)", row)
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
        """The snapshot of that view and fold, if it still fits the journal; else None."""
        query = (
            "SELECT mark, checkpoint, state, digest FROM snapshot"
            " WHERE layout=? AND session=? AND view=? AND version=?"
        )
        try:
            if not self.path.is_file():
                return None
            with self._open() as connection:
                row = connection.execute(query, (_LAYOUT, session.id, view, version)).fetchone()
            if row is None:
                return None
            mark, point, state, digest = row
            if hashlib.sha256(point + state).hexdigest() != digest:
                return None
            checkpoint = msgspec.json.decode(point, type=Checkpoint)
        except (sqlite3.Error, OSError, TypeError, msgspec.DecodeError):
            return None
        if _mark(session.journal, checkpoint.offset) != mark:
            return None
        return Snapshot(state=state, checkpoint=checkpoint)

    def delete(self) -> None:
        """Remove the file; the next save makes a new one."""
        with contextlib.suppress(OSError):
            self.path.unlink()

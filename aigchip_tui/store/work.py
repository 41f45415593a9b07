"""`work/<decision>/`: copies that a person edits by hand; what is read of them becomes a blob first."""

from __future__ import annotations

import errno
import os
import re
import secrets
from pathlib import Path

import msgspec

from aigchip_tui.store.blobs import BlobStore
from aigchip_tui.store.fs import Fs, StoreError, disk_error, read_regular

WORK_LIMIT = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a person's copy held at one moment: act on `text`, which is what the blob holds, never on the file."""

    name: str
    text: str
    blob: str


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StoreError(f"{name!r} is not a name for a work copy.", hint="Use letters, digits, dots, - and _.")
    return name


class WorkFolder:
    """The editable copies of a session. Neither the folder of a decision nor a copy in it may be a link."""

    def __init__(self, folder: Path, *, fs: Fs, blobs: BlobStore) -> None:
        self.folder = folder
        self._fs = fs
        self._blobs = blobs

    def path(self, decision: str, name: str) -> Path:
        """Where the copy lies; for the editor."""
        return self.folder / _checked(decision) / _checked(name)

    def put(self, decision: str, name: str, text: str) -> Path:
        """Lay out a copy, replacing an older one atomically."""
        path = self.path(decision, name)
        self._fs.mkdir(self.folder)
        self._fs.mkdir(path.parent)
        os.close(self._open_folder(decision))
        self._fs.sync_folder(self.folder)
        scratch = path.parent / f".{secrets.token_hex(8)}.new"
        self._fs.replace(path, text.encode("utf-8", "replace"), scratch=scratch)
        return path

    def _open_folder(self, decision: str) -> int:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        path = self.folder / _checked(decision)
        base = -1
        try:
            base = os.open(self.folder, flags)
            return os.open(decision, flags, dir_fd=base)
        except FileNotFoundError:
            raise StoreError(f"There is no work copy at {path}.", hint="Ask for it first.") from None
        except OSError as problem:
            if problem.errno in {errno.ELOOP, errno.ENOTDIR}:
                raise StoreError(f"{path} is a link or no folder.", hint="Remove it; links are not followed.",
                                 errno=problem.errno) from problem
            raise disk_error(problem, path, "open") from problem
        finally:
            if base >= 0:
                os.close(base)

    def names(self, decision: str) -> list[str]:
        """Copies laid out for a decision (or put there by hand), sorted."""
        fd = self._open_folder(decision)
        try:
            return sorted(name for name in os.listdir(fd) if _NAME.fullmatch(name))
        finally:
            os.close(fd)

    def take(self, decision: str, name: str) -> Taken:
        """Read a copy without following links and keep it as a blob before anything acts on it.

        Raises StoreError when it is absent, a link, no plain file, above 1 MB, or not UTF-8.
        """
        path = self.path(decision, name)
        fd = self._open_folder(decision)
        try:
            data = read_regular(path, limit=WORK_LIMIT, dir_fd=fd)
        except FileNotFoundError:
            raise StoreError(f"There is no work copy at {path}.", hint="Ask for it first.") from None
        finally:
            os.close(fd)
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise StoreError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from problem
        blob = self._blobs.put(data)
        return Taken(name=name, text=self._blobs.get(blob).decode("utf-8"), blob=blob)

    def remove(self, decision: str) -> None:
        """Clear away the copies of a settled decision."""
        fd = self._open_folder(decision)
        try:
            names = os.listdir(fd)
        finally:
            os.close(fd)
        folder = self.folder / decision
        for name in names:
            self._fs.unlink(folder / name)
        self._fs.rmdir(folder)

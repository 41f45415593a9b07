"""A bounded folder of entries by key. A damaged, foreign or missing entry is a miss; a disk that refuses is no error.

An entry is its contents and a last line with their digest, so that a torn or changed one is noticed; an executable
carries the line as well, which the system ignores.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
STALE_S = 3600.0
"""Half-made files and build folders older than this belong to nobody any more."""
SHARE_KEPT = 0.9
_KEY = re.compile(r"[0-9a-f]{64}(?:\.[0-9a-f]{64})?")
_MARK = b"\naigchip-cache "
_TRAILER = len(_MARK) + 64 + 1
_SCRATCH = ".new-"
BUILD_PREFIX = ".build-"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a cache holds: entries, their bytes, and the bound in bytes."""

    entries: int
    size_bytes: int
    limit_bytes: int


@dataclass
class CacheFolder:
    """Entries below `folder`, at most `limit_bytes` of them: what was used longest ago goes first.

    Keys are 64 hexadecimal digits, or two such numbers parted by a dot. Links are never followed, what belongs to
    another user is never read, and a folder that others could write to is emptied before it is used. Several
    processes may use one folder. `clock` gives seconds since 1970 and decides only what is stale.
    """

    folder: Path
    limit_bytes: int
    clock: Callable[[], float] = time.time
    _added: int = -1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, key: str) -> bytes | None:
        """Contents of an entry, marked as just used; None when there is none that can be trusted."""
        _check(key)
        with contextlib.suppress(OSError), self._shelf(key, make=False) as shelf:
            fd = os.open(key, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=shelf)
            try:
                data = self._contents(fd, key)
                if data is not None:
                    os.utime(fd)
                    return data
            finally:
                os.close(fd)
            os.unlink(key, dir_fd=shelf)
        return None

    def find(self, key: str) -> Path | None:
        """Path of an entry that holds what was put there, to run it or link it; it may be gone a moment later."""
        return self._path(key) if self.read(key) is not None else None

    def write(self, key: str, data: bytes) -> bool:
        """Keep `data`; False when it could not be kept, which is no error."""
        _check(key)
        if len(data) + _TRAILER > self.limit_bytes:
            return False
        with contextlib.suppress(OSError):
            self._write(key, data, mode=0o600)
            return True
        return False

    def put_program(self, key: str, data: bytes) -> Path:
        """Keep an executable and return its path; OSError when the disk refuses."""
        _check(key)
        self._write(key, data, mode=0o700)
        return self._path(key)

    def made(self) -> Path:
        """The folder itself, made when it is not there; OSError when it cannot be."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.folder

    def drop(self, key: str) -> None:
        """Forget an entry."""
        _check(key)
        with contextlib.suppress(OSError), self._shelf(key, make=False) as shelf:
            os.unlink(key, dir_fd=shelf)

    def keys(self, first: str) -> list[str]:
        """Keys of two numbers whose first one is `first`, in order; their entries are not looked at."""
        _check(first)
        with contextlib.suppress(OSError), self._shelf(first, make=False) as shelf:
            return sorted(n for n in os.listdir(shelf) if n.startswith(f"{first}.") and _KEY.fullmatch(n))
        return []

    def usage(self) -> Usage:
        """What is there now."""
        found = [size for _, size, _ in self._entries()]
        return Usage(entries=len(found), size_bytes=sum(found), limit_bytes=self.limit_bytes)

    def trim(self) -> None:
        """Remove what was used longest ago until the bound holds with some room, and what crashes left behind."""
        with self._lock:
            self._added = 0
        self._sweep()
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        if total <= self.limit_bytes:
            return
        for _, size, path in entries:
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
            if total <= SHARE_KEPT * self.limit_bytes:
                break

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _write(self, key: str, data: bytes, *, mode: int) -> None:
        scratch = f"{_SCRATCH}{secrets.token_hex(8)}"
        with self._shelf(key, make=True) as shelf:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(scratch, flags, mode, dir_fd=shelf)
            try:
                try:
                    left = memoryview(data + _MARK + _digest(key, data) + b"\n")
                    while left:
                        left = left[os.write(fd, left):]
                finally:
                    os.close(fd)
                os.rename(scratch, key, src_dir_fd=shelf, dst_dir_fd=shelf)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(scratch, dir_fd=shelf)
                raise
        self._count(len(data) + _TRAILER)

    def _count(self, size: int) -> None:
        """Trim at the first entry of this process, and whenever a sixteenth of the bound was added since."""
        with self._lock:
            first = self._added < 0
            self._added = max(0, self._added) + size
            due = first or self._added > self.limit_bytes // 16
        if due:
            self.trim()

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Last use, bytes and path of each entry; links and other files are none."""
        for path in self._files():
            if _KEY.fullmatch(path.name):
                with contextlib.suppress(OSError):
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode):
                        yield status.st_mtime, status.st_size, path

    def _files(self) -> Iterator[Path]:
        for shelf in _listed(self.folder):
            if len(shelf.name) == 2 and not shelf.is_symlink():
                yield from _listed(shelf)

    def _sweep(self) -> None:
        for path in (*self._files(), *_listed(self.folder)):
            if not path.name.startswith((_SCRATCH, BUILD_PREFIX)):
                continue
            with contextlib.suppress(OSError):
                status = path.lstat()
                if self.clock() - status.st_mtime < STALE_S:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()

    @contextlib.contextmanager
    def _shelf(self, key: str, *, make: bool) -> Iterator[int]:
        """The opened folder of a key's first two digits; OSError when it is not there or not ours alone."""
        if make:
            self.made()
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        base = os.open(self.folder, flags)
        try:
            self._make_private(base)
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(key[:2], 0o700, dir_fd=base)
            shelf = os.open(key[:2], flags, dir_fd=base)
            try:
                if os.fstat(shelf).st_uid != os.geteuid():
                    raise PermissionError(f"{self.folder / key[:2]} belongs to another user")
                yield shelf
            finally:
                os.close(shelf)
        finally:
            os.close(base)

    def _make_private(self, base: int) -> None:
        status = os.fstat(base)
        if status.st_uid != os.geteuid():
            raise PermissionError(f"{self.folder} belongs to another user")
        if not status.st_mode & 0o077:
            return
        os.fchmod(base, 0o700)
        if status.st_mode & 0o022:
            # Whoever could write here may have put entries of their own there.
            for name in os.listdir(base):
                shutil.rmtree(name, ignore_errors=True, dir_fd=base)

    def _contents(self, fd: int, key: str) -> bytes | None:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_size > self.limit_bytes:
            return None
        with os.fdopen(os.dup(fd), "rb") as file:
            whole = file.read()
        data, end = whole[:-_TRAILER], whole[-_TRAILER:]
        return data if end == _MARK + _digest(key, data) + b"\n" else None


def _check(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not the key of a cache entry")


def _digest(key: str, data: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + data).hexdigest().encode()


def _listed(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder)]
    except OSError:
        return []

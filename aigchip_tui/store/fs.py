"""The one door to the disk: every change the store makes passes a hook that tests use to crash or to tear it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aigchip_tui.model.errors import AigchipError

OpName = Literal[
    "create", "open", "write", "overwrite", "sync", "rename", "link", "unlink", "mkdir", "rmdir", "sync_folder",
]


@dataclass(frozen=True, kw_only=True)
class Op:
    """One change about to be made. `offset` is the place of an overwrite; `target` the new name of a rename or link."""

    name: OpName
    path: Path
    data: bytes = b""
    target: Path | None = None
    offset: int = 0


class Torn(BaseException):
    """Raised by a hook: let only `length` bytes of this write reach the file, then raise `then`."""

    def __init__(self, length: int, then: BaseException) -> None:
        super().__init__(length)
        self.length = length
        self.then = then


Hook = Callable[[Op], None]


class StoreError(AigchipError):
    """The disk refused: full, read-only, gone. `errno` is the system's number, 0 when there is none."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "", errno: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.errno = errno


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


def disk_error(problem: OSError, path: Path, doing: str) -> StoreError:
    """One clear sentence for an OSError met while `doing` something to `path`."""
    number = problem.errno or 0
    if number in _FULL:
        return StoreError(
            f"The disk is full: could not {doing} {path}.",
            hint="Free some space and start again; everything acknowledged so far is kept.",
            errno=number,
        )
    if number in _FORBIDDEN:
        return StoreError(
            f"No permission to {doing} {path} ({os.strerror(number)}).",
            hint="Make the folder writable, or choose another one with --sessions.",
            errno=number,
        )
    reason = os.strerror(number) if number else str(problem)
    return StoreError(f"Could not {doing} {path}: {reason}.", hint="Check the disk and the path.", errno=number)


@contextlib.contextmanager
def _told(path: Path, doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise disk_error(problem, path, doing) from problem


class File:
    """An open file whose writes and syncs pass the hook. Made by `Fs.create` and `Fs.open_append`."""

    def __init__(self, fs: Fs, path: Path, fd: int) -> None:
        self._fs = fs
        self.path = path
        self._fd = fd

    def append(self, data: bytes) -> None:
        """Write all of `data` at the end (or at the position of a fresh file); StoreError when it does not fit."""
        with _told(self.path, "append to"):
            try:
                self._fs.announce(Op(name="write", path=self.path, data=data))
            except Torn as torn:
                self._push(data[: torn.length])
                raise torn.then from None
            self._push(data)

    def overwrite(self, data: bytes, offset: int = 0) -> None:
        """Write `data` in place at `offset` of this very file, even if its name now leads to another one."""
        with _told(self.path, "write"):
            self._fs.announce(Op(name="overwrite", path=self.path, data=data, offset=offset))
            os.pwrite(self._fd, data, offset)

    def _push(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view):]

    def sync(self) -> None:
        """Return only when the contents are on the disk."""
        with _told(self.path, "sync"):
            self._fs.announce(Op(name="sync", path=self.path))
            os.fsync(self._fd)

    def size(self) -> int:
        """Bytes in the file now, those of other writers included."""
        with _told(self.path, "look at"):
            return os.fstat(self._fd).st_size

    def last_byte(self) -> bytes:
        """The byte at the end, empty for an empty file. Needs a file opened for appending."""
        with _told(self.path, "read"):
            size = os.fstat(self._fd).st_size
            return os.pread(self._fd, 1, size - 1) if size else b""

    def close(self) -> None:
        """Close; harmless when closed already."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)


class Fs:
    """Changes to files and folders, each announced to `hook` before it is made.

    Every method raises StoreError in one sentence when the system refuses. Files are made 0600, folders 0700, and
    links in the last component are never followed.
    """

    def __init__(self, hook: Hook | None = None) -> None:
        self._hook = hook

    def announce(self, op: Op) -> None:
        """Tell the hook; whatever it raises is what the caller of the operation sees."""
        if self._hook is not None:
            self._hook(op)

    def create(self, path: Path) -> File:
        """A new empty file, open for writing; refused if the name is taken."""
        with _told(path, "create"):
            self.announce(Op(name="create", path=path))
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        return File(self, path, fd)

    def open_append(self, path: Path) -> File:
        """An existing file, open for appending; the kernel places each write at its end."""
        with _told(path, "open"):
            self.announce(Op(name="open", path=path))
            fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        return File(self, path, fd)

    def rename(self, path: Path, target: Path) -> None:
        """Give `path` the name `target` atomically, replacing a file of that name."""
        with _told(target, "rename to"):
            self.announce(Op(name="rename", path=path, target=target))
            os.rename(path, target)

    def link(self, path: Path, target: Path) -> bool:
        """Give `path` the second name `target`; False when that name is taken. Sure on NFS, where replies get lost."""
        with _told(target, "link"):
            self.announce(Op(name="link", path=path, target=target))
            try:
                os.link(path, target)
            except FileExistsError:
                return os.stat(path).st_nlink == 2
            except OSError:
                if os.stat(path).st_nlink != 2:
                    raise
        return True

    def unlink(self, path: Path) -> None:
        """Remove a name; harmless when it is gone already."""
        with _told(path, "remove"):
            self.announce(Op(name="unlink", path=path))
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def mkdir(self, path: Path) -> bool:
        """A new folder 0700; False when it is there already."""
        with _told(path, "make the folder"):
            self.announce(Op(name="mkdir", path=path))
            try:
                os.mkdir(path, 0o700)
            except FileExistsError:
                return False
        return True

    def make_folders(self, path: Path) -> None:
        """Make `path` and the folders that lead to it, durably."""
        for folder in reversed([path, *path.parents]):
            if not folder.exists():
                self.mkdir(folder)
                self.sync_folder(folder.parent)

    def rmdir(self, path: Path) -> None:
        """Remove an empty folder; harmless when it is gone or not empty."""
        with _told(path, "remove the folder"):
            self.announce(Op(name="rmdir", path=path))
            with contextlib.suppress(FileNotFoundError):
                try:
                    os.rmdir(path)
                except OSError as problem:
                    if problem.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                        raise

    def sync_folder(self, path: Path) -> None:
        """Return only when the names in the folder are on the disk (silently nothing where folders cannot sync)."""
        with _told(path, "sync the folder"):
            self.announce(Op(name="sync_folder", path=path))
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            except OSError as problem:
                if problem.errno not in {errno.EINVAL, errno.ENOTSUP}:
                    raise
            finally:
                os.close(fd)

    def write_new(self, path: Path, data: bytes) -> None:
        """A new file with synced contents; the folder is not synced."""
        file = self.create(path)
        try:
            file.append(data)
            file.sync()
        finally:
            file.close()

    def replace(self, path: Path, data: bytes, *, scratch: Path) -> None:
        """Put `data` under `path` so that a reader sees the old contents or the new, never a part.

        Order: contents synced, renamed, folder synced. `scratch` is an unused name on the same file system.
        """
        self.write_new(scratch, data)
        self.rename(scratch, path)
        self.sync_folder(path.parent)

    @contextlib.contextmanager
    def exclusive(self, folder: Path) -> Iterator[None]:
        """Hold the folder's advisory lock; where a file system has none (some NFS), go on without."""
        fd = -1
        try:
            with _told(folder, "open"):
                fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with contextlib.suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            if fd >= 0:
                os.close(fd)


def read_regular(path: Path, *, limit: int, dir_fd: int | None = None) -> bytes:
    """Contents of a regular file, no link followed in the last component; never blocks on a pipe or device.

    Raises FileNotFoundError when absent; StoreError when it is a link, no regular file, or above `limit` bytes.
    """
    name: str | Path = path if dir_fd is None else path.name
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)
    except FileNotFoundError:
        raise
    except OSError as problem:
        if problem.errno == errno.ELOOP:
            raise StoreError(f"{path} is a link.", hint="Put a plain file there; links are not followed.",
                             errno=errno.ELOOP) from problem
        raise disk_error(problem, path, "read") from problem
    try:
        with _told(path, "read"):
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise StoreError(f"{path} is not a plain file.", hint="Put a plain file there.")
            parts: list[bytes] = []
            left = limit + 1
            while left > 0 and (part := os.read(fd, min(left, 1 << 20))):
                parts.append(part)
                left -= len(part)
    finally:
        os.close(fd)
    if left <= 0:
        raise StoreError(f"{path} is longer than {limit} bytes.", hint="Shorten it.")
    return b"".join(parts)

"""One engine per session: `engine.lock` with nonce and heartbeat, and how others judge it (DESIGN sec. 4)."""

from __future__ import annotations

import contextlib
import errno
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.fs import File, Fs, StoreError, read_regular
from aigchip_tui.store.machine import Identity, Machine, is_gone, same_machine

LOCK_NAME = "engine.lock"
BEAT_SECONDS = 5.0
ALIVE_SECONDS = 20.0
_LENGTH = 1024
_LIMIT = 64 * 1024
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class LockInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of engine.lock. An unreadable lock has an empty nonce and belongs to an unknown owner."""

    nonce: str
    owner: Identity
    beat: int


class EngineRunningError(AigchipError):
    """Refused: the session has an engine, or one that cannot be known to be gone."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str, holder: LockInfo | None) -> None:
        super().__init__(message, hint=hint)
        self.holder = holder


class LockLostError(AigchipError):
    """Another engine has taken the session over; this one must stop at once."""

    exit_code = 2


_NOBODY = Identity(host="an unknown host", boot_id="", pid_space="", pid=0, pid_started="")


def read_lock(folder: Path) -> LockInfo | None:
    """The lock of the session in `folder`; None when there is none. Reopens the file each time, for NFS."""
    try:
        data = read_regular(folder / LOCK_NAME, limit=_LIMIT)
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(data, type=LockInfo)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return LockInfo(nonce="", owner=_NOBODY, beat=0)


def _encode(info: LockInfo) -> bytes:
    # Always one length, so that a beat overwrites the whole in place.
    return msgspec.json.encode(info).ljust(_LENGTH - 1) + b"\n"


def refusal(name: str, holder: LockInfo | None) -> EngineRunningError:
    """The sentence a second engine gets."""
    if holder is None:
        return EngineRunningError(
            f"Another engine has just started on session {name}.", hint="Attach to it.", holder=None,
        )
    owner = holder.owner
    return EngineRunningError(
        f"Session {name} belongs to the engine on host {owner.host}, pid {owner.pid}.",
        hint=f"Attach to it; if it is gone, take over with `aigchip-tui start {name} --take-over`.",
        holder=holder,
    )


class EngineLock:
    """The held lock. Acquire it in the process that will run the engine, after its last fork."""

    def __init__(self, folder: Path, *, fs: Fs, info: LockInfo, file: File) -> None:
        self.folder = folder
        self.info = info
        self._fs = fs
        self._file = file

    @classmethod
    def acquire(cls, folder: Path, *, name: str, fs: Fs, machine: Machine, take_over: bool = False) -> EngineLock:
        """Take the lock of the session `name` in `folder`.

        Takes over by itself only when the holder's process is certainly gone; else raises EngineRunningError unless
        `take_over`. Of several that try at once at most one goes on: the others are refused, or told LockLostError at
        their first batch.
        """
        path = folder / LOCK_NAME
        with fs.exclusive(folder):
            holder = read_lock(folder)
            if holder is not None and not take_over and not is_gone(holder.owner, machine):
                raise refusal(name, holder)
            info = LockInfo(nonce=secrets.token_hex(16), owner=machine.me(), beat=0)
            scratch = folder / f".{LOCK_NAME}.{info.nonce}"
            file = fs.create(scratch)
            try:
                file.append(_encode(info))
                file.sync()
                if holder is not None:
                    fs.rename(scratch, path)
                elif not cls._claim(fs, scratch, path):
                    raise refusal(name, read_lock(folder))
                fs.sync_folder(folder)
                now = read_lock(folder)
                if now is None or now.nonce != info.nonce:
                    raise refusal(name, now)
            except AigchipError:
                file.close()
                with contextlib.suppress(StoreError):
                    fs.unlink(scratch)
                raise
        return cls(folder, fs=fs, info=info, file=file)

    @staticmethod
    def _claim(fs: Fs, scratch: Path, path: Path) -> bool:
        try:
            won = fs.link(scratch, path)
        except StoreError as problem:
            if problem.errno not in _NO_LINKS:
                raise
            # A file system without hard links: the advisory lock of the folder has to be enough.
            if path.exists():
                return False
            fs.rename(scratch, path)
            return True
        fs.unlink(scratch)
        return won

    def still_mine(self) -> bool:
        """Whether the lock on the disk still carries this engine's nonce."""
        now = read_lock(self.folder)
        return now is not None and now.nonce == self.info.nonce

    def guard(self) -> None:
        """Raise LockLostError unless the lock is still ours."""
        now = read_lock(self.folder)
        if now is None:
            raise LockLostError("The lock of this session was removed.", hint="This engine stops; start it again.")
        if now.nonce != self.info.nonce:
            raise LockLostError(
                f"The session was taken over by the engine on host {now.owner.host}, pid {now.owner.pid}.",
                hint="This engine stops.",
            )

    def beat(self) -> None:
        """Move the heartbeat; to be called every BEAT_SECONDS.

        Written in place to the file that this engine made: after a take-over it reaches nobody and so disturbs
        nobody.
        """
        self.info = msgspec.structs.replace(self.info, beat=self.info.beat + 1)
        self._file.overwrite(_encode(self.info))
        self._file.sync()

    def release(self) -> None:
        """Give the lock back if it is still ours; harmless otherwise."""
        with self._fs.exclusive(self.folder):
            if self.still_mine():
                self._fs.unlink(self.folder / LOCK_NAME)
                self._fs.sync_folder(self.folder)
        self._file.close()


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """What an observer knows of a session's engine.

    `none`: no lock. `alive`: its counter moved within 20 s. `gone`: its process certainly ended. `silent`: no beat
    for 20 s. `unknown`: not watched long enough; then `present` says whether its process is seen on this machine
    (None: it lives elsewhere).
    """

    state: Literal["none", "alive", "gone", "silent", "unknown"]
    holder: LockInfo | None = None
    present: bool | None = None


class LockObserver:
    """Judges the engine of one session by its beats and the observer's own monotonic clock, never by wall clocks."""

    def __init__(self, folder: Path, *, machine: Machine, monotonic: Callable[[], float]) -> None:
        self._folder = folder
        self._machine = machine
        self._monotonic = monotonic
        self._seen: tuple[str, int] | None = None
        self._since = 0.0
        self._moved = False

    def look(self) -> EngineState:
        """Read the lock once and judge; call it every few seconds."""
        holder = read_lock(self._folder)
        if holder is None:
            self._seen = None
            return EngineState(state="none")
        if is_gone(holder.owner, self._machine):
            return EngineState(state="gone", holder=holder, present=False)
        now = self._monotonic()
        mark = (holder.nonce, holder.beat)
        if self._seen != mark:
            self._moved = self._seen is not None and self._seen[0] == holder.nonce
            self._seen = mark
            self._since = now
        present = True if same_machine(holder.owner, self._machine.me()) else None
        if now - self._since > ALIVE_SECONDS:
            return EngineState(state="silent", holder=holder, present=present)
        return EngineState(state="alive" if self._moved else "unknown", holder=holder, present=present)

"""Own user, mount, pid, network, ipc and uts namespaces by system calls alone, where bubblewrap is missing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
import sys
from typing import Any

from aigchip_tui.sandbox import kernel, view

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
)
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_KEPT_FLAGS = _RDONLY | _NOSUID | _NODEV | _NOEXEC | 1024 | 2048  # statvfs shows them with the bits of mount(2)
_STATVFS_RELATIME, _MOUNT_RELATIME = 4096, 1 << 21
_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_BASE = "/tmp"  # a folder that exists everywhere; what lies under it is reached through open descriptors


def enter(config: dict[str, Any]) -> None:
    """Moves this process into new namespaces; returns only in the process that is to become the program.

    Two processes stay behind: one outside that passes the exit status on as 128 + signal, and the first process of
    the pid namespace, whose end ends everything in it.

    Raises:
        OSError: the kernel or its policy refuses, before anything foreign ran.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    kernel.check(
        libc.unshare(_NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS), "own namespaces"
    )
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"1000 {uid} 1")
    _write("/proc/self/gid_map", f"1000 {gid} 1")
    _fork_and_relay()  # the child is process 1 of the new pid namespace
    kernel.die_with_parent(0)
    _build_root(libc, config)
    _fork_and_relay()  # process 1 ignores signals without handlers, so the program must not be it
    kernel.die_with_parent(0)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _fork_and_relay() -> None:
    """Forks; the parent waits, reaps strangers too, and leaves with the status of its child."""
    child = os.fork()
    if child == 0:
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            os._exit(1)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(128 - code if code < 0 else code)


def _build_root(libc: ctypes.CDLL, config: dict[str, Any]) -> None:
    """An empty root in memory with the system and the caller's folders bound into it, then everything else gone."""
    read_only = [*view.system_paths(), *config["read_only"]]
    sources = [(path, os.open(path, os.O_PATH), True) for path in read_only]
    sources += [(path, os.open(path, os.O_PATH), False) for path in config["writable"]]
    devices = [(path, os.open(path, os.O_PATH)) for path in view.DEVICES if os.path.exists(path)]
    links = view.system_links()
    _mount(libc, None, "/", None, _REC | _PRIVATE)
    _mount(libc, "tmpfs", _BASE, "tmpfs", _NOSUID | _NODEV, "size=64m,mode=0755")
    for folder in ("proc", "dev", "tmp", "old"):
        os.mkdir(f"{_BASE}/{folder}")
    _mount(libc, "tmpfs", f"{_BASE}/tmp", "tmpfs", _NOSUID | _NODEV, "size=256m,mode=1777")
    for link, target in links:
        os.symlink(target, f"{_BASE}{link}")
    for path, source, sealed in sorted(sources, key=lambda entry: (len(entry[0]), not entry[2])):
        _bind(libc, source, f"{_BASE}{path}", sealed)
    for path, source in devices:
        _bind(libc, source, f"{_BASE}{path}", False)
    with contextlib.suppress(OSError):  # some containers forbid it; then there is no /proc at all
        _mount(libc, "proc", f"{_BASE}/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(f"no pivot_root for {platform.machine()}")
    kernel.check(libc.syscall(number, _BASE.encode(), f"{_BASE}/old".encode()), "new root")
    os.chdir("/")
    kernel.check(libc.umount2(b"/old", _DETACH), "old root away")
    os.rmdir("/old")
    _mount(libc, None, "/", None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV)
    for _, source, _ in sources:
        os.close(source)
    for _, source in devices:
        os.close(source)
    sys.stdout.flush()


def _bind(libc: ctypes.CDLL, source: int, target: str, sealed: bool) -> None:
    origin = f"/proc/self/fd/{source}"
    if os.path.isdir(origin):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target):
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    _mount(libc, origin, target, None, _BIND | _REC)
    if sealed:
        held = os.statvfs(target).f_flag
        kept = held & _KEPT_FLAGS | (_MOUNT_RELATIME if held & _STATVFS_RELATIME else 0)
        _mount(libc, None, target, None, _BIND | _REMOUNT | _RDONLY | _NOSUID | kept)


def _mount(
    libc: ctypes.CDLL, source: str | None, target: str, kind: str | None, flags: int, data: str | None = None
) -> None:
    def raw(text: str | None) -> bytes | None:
        return None if text is None else os.fsencode(text)

    kernel.check(
        libc.mount(raw(source), raw(target), raw(kind), ctypes.c_ulong(flags), raw(data)), f"mount on {target}"
    )

"""Landlock: a process gives up access to files and networks by itself, without any privilege.

File names and attributes stay visible (stat is not covered). TCP needs kernel 6.7, signals 6.12; the system call
filter closes what older kernels leave open, and the probes say what is really denied.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any

from aigchip_tui.sandbox import kernel, view

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION_QUESTION = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_FILES_OF_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_NEWEST_FILES = (1 << 16) - 1
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_TCP_BOTH, _SCOPE_BOTH = 3, 3
_FOR_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE


def version() -> int:
    """The kernel's Landlock version; 0 when it has none."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_QUESTION))))


def restrict(config: dict[str, Any]) -> None:
    """Leaves this process reading of the system and `read_only`, and everything in `writable`.

    Raises:
        OSError: the kernel has no Landlock.
    """
    abi = version()
    if abi == 0:
        raise OSError("the kernel has no Landlock")
    libc = ctypes.CDLL(None, use_errno=True)
    handled = _FILES_OF_ABI.get(abi, _NEWEST_FILES)
    attributes = struct.pack("=Q", handled)
    if abi >= 4:
        attributes += struct.pack("=Q", _TCP_BOTH)
    if abi >= 6:
        attributes += struct.pack("=Q", _SCOPE_BOTH)
    ruleset = kernel.check(
        libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)), "Landlock rules"
    )
    read = _EXECUTE | _READ_FILE | _READ_FOLDER
    for path in [*view.system_paths(), *config["read_only"], "/proc/self"]:
        _allow(libc, ruleset, path, read & handled)
    for path in view.DEVICES:
        _allow(libc, ruleset, path, (_READ_FILE | _WRITE_FILE) & handled)
    for path in config["writable"]:
        _allow(libc, ruleset, path, handled)
    kernel.check(libc.syscall(_RESTRICT, ruleset, ctypes.c_uint32(0)), "Landlock")
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        access &= _FOR_A_FILE
    rule = struct.pack("=Qi", access, beneath)
    kernel.check(libc.syscall(_ADD, ruleset, ctypes.c_int(1), rule, ctypes.c_uint32(0)), f"Landlock rule for {path}")
    os.close(beneath)

"""The few system calls that Python does not offer: prctl, and a filter of system calls (seccomp)."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import struct

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

_RET_ALLOW = 0x7FFF0000
_RET_ERRNO = 0x00050000
_RET_KILL = 0x80000000
_CLONE_THREAD = 0x00010000
_AT_NUMBER, _AT_ARCH, _AT_FIRST_ARGUMENT = 0, 4, 16
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

# audit architecture, and the numbers of what foreign code never needs (asm/unistd.h)
_ARCHITECTURES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (0xC000003E, {
        "socket": 41, "socketpair": 53, "ptrace": 101, "pivot_root": 155, "mount": 165, "umount2": 166,
        "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321, "userfaultfd": 323,
        "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_getfd": 438,
        "kill": 62, "tkill": 200, "clone": 56, "fork": 57, "vfork": 58, "clone3": 435,
    }),
    "aarch64": (0xC00000B7, {
        "socket": 198, "socketpair": 199, "ptrace": 117, "pivot_root": 41, "mount": 40, "umount2": 39,
        "add_key": 217, "request_key": 218, "keyctl": 219, "unshare": 97, "perf_event_open": 241, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "bpf": 280, "userfaultfd": 282,
        "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_getfd": 438,
        "kill": 129, "tkill": 130, "clone": 220, "clone3": 435,
    }),
}
_ONLY_WITHOUT_FORK = ("kill", "tkill", "fork", "vfork")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> int:
    """The result of a C call; raises OSError with `what` when it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def die_with_parent(parent: int) -> None:
    """Asks the kernel to kill this process with its parent; `parent` is the pid that must still be there, or 0."""
    check(_libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "die with parent")
    if parent and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def no_new_privileges() -> None:
    """Makes set-user-id programs powerless for this process and all below it."""
    check(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


def filter_is_known(machine: str = "") -> bool:
    """Whether the numbers of this machine's system calls are known here."""
    return (machine or platform.machine()) in _ARCHITECTURES


def filter_program(*, allow_fork: bool, only_fork: bool = False, machine: str = "") -> bytes:
    """The filter as kernel instructions: no sockets, no tracing, no mounts, no io_uring, and no processes.

    Without `allow_fork` a new process is refused but a thread is not; clone3 answers "not there", because its flags
    cannot be read by a filter and every C library falls back to clone. With `only_fork` nothing but new processes is
    refused. A call of a foreign architecture kills.

    Raises:
        OSError: the architecture is not known here.
    """
    name = machine or platform.machine()
    if name not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"no system call filter for {name}")
    audit, numbers = _ARCHITECTURES[name]
    code: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _AT_ARCH), (_EQUAL, 1, 0, audit), (_RETURN, 0, 0, _RET_KILL), (_LOAD, 0, 0, _AT_NUMBER),
    ]
    if name == "x86_64":  # the x32 numbers would be a second door to every call below
        code += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _RET_ERRNO | errno.EPERM)]
    for call, number in numbers.items():
        if call in ("clone", "clone3") or (allow_fork and call in _ONLY_WITHOUT_FORK):
            continue
        if only_fork and call not in ("fork", "vfork"):
            continue
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _RET_ERRNO | errno.EPERM)]
    if not allow_fork:
        code += [(_EQUAL, 0, 1, numbers["clone3"]), (_RETURN, 0, 0, _RET_ERRNO | errno.ENOSYS)]
        code += [
            (_EQUAL, 0, 3, numbers["clone"]), (_LOAD, 0, 0, _AT_FIRST_ARGUMENT),
            (_ANY_BIT, 1, 0, _CLONE_THREAD), (_RETURN, 0, 0, _RET_ERRNO | errno.EPERM),
        ]
    code.append((_RETURN, 0, 0, _RET_ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def filter_system_calls(*, allow_fork: bool, only_fork: bool = False) -> None:
    """Loads the filter into this process for good; needs no_new_privileges before."""
    program = filter_program(allow_fork=allow_fork, only_fork=only_fork)
    text = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    loaded = Program(len(program) // 8, ctypes.cast(text, ctypes.c_void_p))
    check(_libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(loaded), 0, 0), "system call filter")

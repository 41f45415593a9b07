"""What foreign code may see of the file system: programs and libraries of the system, and what the caller adds."""

from __future__ import annotations

import os

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
"""Folders of programs and libraries; links among them are kept as links."""

SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime")
"""What the dynamic linker and the compiler drivers read."""

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def system_links() -> list[tuple[str, str]]:
    """System folders that are links here, as (link, where it points)."""
    return [(path, os.readlink(path)) for path in SYSTEM_FOLDERS if os.path.islink(path)]


def system_paths() -> list[str]:
    """System folders and files that exist here and are not links."""
    return [path for path in (*SYSTEM_FOLDERS, *SYSTEM_FILES) if os.path.exists(path) and not os.path.islink(path)]

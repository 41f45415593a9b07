"""The command line of bubblewrap for one confinement."""

from __future__ import annotations

import os
from typing import Any

from aigchip_tui.sandbox import kernel, view


def command(config: dict[str, Any]) -> list[str]:
    """bwrap and its arguments: own namespaces, an empty root with the system read-only, and the program behind it."""
    words = [config["bwrap"], "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
    words += ["--uid", "1000", "--gid", "1000"]
    for path in view.system_paths():
        words += ["--ro-bind", path, path]
    for link, target in view.system_links():
        words += ["--symlink", target, link]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for path in config["read_only"]:
        words += ["--ro-bind", path, path]
    for path in config["writable"]:
        words += ["--bind", path, path]
    words += ["--remount-ro", "/", "--chdir", config["cwd"]]
    if config["filter"]:
        words += ["--seccomp", str(_filter_file(config["allow_fork"]))]
    return [*words, "--", *config["argv"]]


def _filter_file(allow_fork: bool) -> int:
    """Descriptor of the system call filter, kept open over exec."""
    reading, writing = os.pipe()
    os.write(writing, kernel.filter_program(allow_fork=allow_fork))
    os.close(writing)
    os.set_inheritable(reading, True)
    return reading

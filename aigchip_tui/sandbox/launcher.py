"""Confines itself and becomes the foreign program: the only code that runs between our process and foreign code.

Started as `python -I -S launcher.py CONFIG`, with the standard library alone; CONFIG is the JSON text that
`box.Sandbox.run` writes. Whatever cannot be established ends it with exit code 125 and one line on stderr, before
foreign code has run.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import Any

FAILED = 125


def main(config: dict[str, Any]) -> None:
    """Applies the confinement of `config` to this process and executes its program."""
    from aigchip_tui.sandbox import bubblewrap, kernel, landlock, namespaces

    kernel.die_with_parent(config["parent"])
    argv = config["argv"]
    filtered = config["filter"]
    if config["tier"] == "bwrap":
        argv, filtered = bubblewrap.command(config), False  # bwrap loads the filter itself, last of all
    elif config["tier"] == "namespaces":
        namespaces.enter(config)
    os.chdir(config["cwd"])
    kernel.no_new_privileges()
    if config["tier"] == "landlock":
        landlock.restrict(config)
    set_limits(config["limits"])
    if filtered:
        unconfined = config["tier"] == "none"  # then only bombs are kept out, so that this machine stays usable
        kernel.filter_system_calls(allow_fork=config["allow_fork"], only_fork=unconfined)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # the interpreter ignores them, foreign code must not
        signal.signal(number, signal.SIG_DFL)
    os.execve(argv[0], argv, config["env"])


def set_limits(limits: dict[str, int]) -> None:
    """Sets resource limits by name (`AS`, `CPU`, ...), never above what this process may have."""
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(which)
        ceiling = value + 1 if name == "CPU" else value  # SIGXCPU first, SIGKILL a second later
        if hard != resource.RLIM_INFINITY:
            ceiling = min(ceiling, hard)
        resource.setrlimit(which, (min(value, ceiling), ceiling))


if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    try:
        main(json.loads(sys.argv[1]))
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"AIGCHIP-LAUNCHER {error}\n")
        sys.stderr.flush()
        os._exit(FAILED)  # of two processes after a fork, neither may go on

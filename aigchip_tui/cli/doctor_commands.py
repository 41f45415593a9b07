"""`doctor`: what is here, and what each missing thing would give."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import NamedTuple

import click

from aigchip_tui.cache.folder import MIB
from aigchip_tui.cli.output import document, json_option, say, sessions_option
from aigchip_tui.model.errors import AigchipError


class Check(NamedTuple):
    """One thing looked for: what, whether it is here, what was found, what its absence costs."""

    what: str
    here: bool
    found: str
    without: str
    needed: bool = False


@click.command("doctor")
@json_option
@sessions_option
def doctor_command(as_json: bool, sessions: str | None) -> int:
    """Say what is here, and what each missing thing would give."""
    checks = list(_checks(sessions))
    if as_json:
        document([c._asdict() for c in checks])
    else:
        for check in checks:
            mark = "ok     " if check.here else "MISSING" if check.needed else "absent "
            say(f"{mark} {check.what:15} {check.found}")
            if not check.here:
                say(f"{'':23} {check.without}")
    return 3 if any(c.needed and not c.here for c in checks) else 0


def _checks(sessions: str | None) -> Iterator[Check]:
    yield Check("python", True, sys.version.split()[0], "")
    yield _compiler()
    yield _headers()
    yield from _sandbox()
    vitis = shutil.which("vitis-run") or shutil.which("vitis_hls") or ""
    yield Check("Vitis HLS", bool(vitis), vitis,
                "figures are estimates of the embedded synthesizer; with Vitis they would be synthesis reports")
    key = bool(os.environ.get("OPENAI_API_KEY"))
    yield Check("model key", key, "OPENAI_API_KEY is set" if key else "",
                "modules are written by the offline adapter (not a language model); with OPENAI_API_KEY, and "
                "OPENAI_BASE_URL for another server, --generator openai:MODEL asks a language model")
    yield _terminal()
    yield _folder(sessions)
    yield from _caches(sessions)
    yield _linger()


def _compiler() -> Check:
    from aigchip_tui.csim.compile import find_compiler

    try:
        compiler = find_compiler(dict(os.environ))
    except AigchipError as problem:
        return Check("C++ compiler", False, "", str(problem), needed=True)
    return Check("C++ compiler", True, str(compiler.path), "")


def _headers() -> Check:
    from aigchip_tui.csim.headers import find_headers

    try:
        return Check("ap_int headers", True, str(find_headers(dict(os.environ))), "")
    except AigchipError as problem:
        return Check("ap_int headers", False, "", f"{problem} int8 designs do not need them")


def _sandbox() -> Iterator[Check]:
    import tempfile
    from pathlib import Path

    from aigchip_tui.sandbox.choose import Probes, choose

    with tempfile.TemporaryDirectory(prefix="aigchip-doctor-") as scratch:
        box = choose(Probes(scratch=Path(scratch), environment=os.environ))
    here = box.name != "none"
    denied = f"{box.name}; verified denied: {', '.join(box.denied)}" if here else ""
    yield Check("sandbox", here, denied,
                "no confinement works here: code of a model runs only in sessions made with --sandbox none")
    if box.open_powers:
        yield Check("sandbox gaps", False, "", f"not denied in this sandbox: {', '.join(box.open_powers)}")


def _terminal() -> Check:
    size = shutil.get_terminal_size((0, 0))
    terminal = sys.stdout.isatty()
    found = f"{os.environ.get('TERM', '?')} {size.columns}x{size.lines}" if terminal else ""
    return Check("terminal", terminal, found, "stdout is no terminal: commands print lines; the workbench stays closed")


def _folder(sessions: str | None) -> Check:
    from aigchip_tui.cli.common import place

    root = place(sessions).root
    probe = root
    while not probe.exists():
        probe = probe.parent
    free = shutil.disk_usage(probe).free // (1 << 20)
    return Check("sessions", os.access(probe, os.W_OK), f"{root} ({free} MiB free)", f"{probe} is not writable",
                 needed=True)


def _caches(sessions: str | None) -> Iterator[Check]:
    """Where the caches are, how full, and whether variants and proofs are used at all."""
    from aigchip_tui.cli.common import place
    from aigchip_tui.csim.compile import program_cache
    from aigchip_tui.engine.reuse import NO_CACHE
    from aigchip_tui.proof.keeping import Kept

    cache = place(sessions).cache
    kept = Kept.below(cache)
    off = bool(os.environ.get(NO_CACHE))
    for what, folder in (
        ("variants", kept.variants), ("proofs", kept.proofs), ("programs", program_cache(cache / "csim")),
    ):
        usage = folder.usage()
        found = (f"{usage.entries} in {folder.folder}, {usage.size_bytes / MIB:.1f} of {usage.limit_bytes // MIB} MiB; "
                 "may be deleted at any time")
        yield Check(f"cached {what}", not (off and what != "programs"), found, f"{NO_CACHE} is set: they are not used")


def _linger() -> Check:
    """A detached engine dies with the login where the system ends a user's processes and lingering is off."""
    conf = ""
    for path in ("/etc/systemd/logind.conf", "/usr/lib/systemd/logind.conf"):
        try:
            with open(path, encoding="utf-8", errors="replace") as text:
                conf += text.read()
        except OSError:
            continue
    kills = any(line.strip().lower() == "killuserprocesses=yes" for line in conf.splitlines())
    job = next((os.environ[k] for k in ("SLURM_JOB_ID", "LSB_JOBID", "PBS_JOBID") if os.environ.get(k)), "")
    if job:
        return Check("detached engine", False, "",
                     f"inside job {job}: the engine ends with it; use `run` in the job script, or `start` on a "
                     "login node")
    if kills:
        return Check("detached engine", False, "",
                     "logind kills your processes at logout; use: loginctl enable-linger, or run inside tmux")
    return Check("detached engine", True, "survives a lost connection", "")

"""Compiles a set of sources into one program, inside a sandbox, through a cache keyed by content."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from aigchip_tui import __version__
from aigchip_tui.cache.folder import BUILD_PREFIX, MIB, CacheFolder
from aigchip_tui.csim.headers import INCLUDE
from aigchip_tui.csim.messages import compiler_findings
from aigchip_tui.model.errors import AigchipError, MissingToolError
from aigchip_tui.model.finding import Finding
from aigchip_tui.sandbox.box import Sandbox

Transform = Callable[[Mapping[str, str]], Mapping[str, str]]
Optimise = Literal["-O1", "-Og"]
COMPILE_CPU_S = 90.0
COMPILE_WALL_S = 240.0
COMPILE_MEMORY_BYTES = 3 << 30
PROGRAM_FILE_BYTES = 256 << 20
PROGRAMS_BYTES = 1024 * MIB
"""Bound of the compiled programs that are kept."""
_TRIES = 3


class Compiler(msgspec.Struct, frozen=True, kw_only=True):
    """A C++20 compiler of this machine: absolute path, family, and the first line of --version."""

    path: str
    family: Literal["gcc", "clang"]
    version: str
    major: int


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """An executable in the cache, or why there is none (`cause`: compile, timeout, memory, sandbox).

    `key` is the digest of sources, headers, flags and compiler; times are seconds, 0 when `cached`.
    """

    key: str
    path: Path | None = None
    cached: bool = False
    cause: str = ""
    findings: tuple[Finding, ...] = ()
    log: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0


_SHOWN = ("/usr/bin", "/usr/local/bin", "/bin")
"""Folders of programs that every sandbox shows."""


def find_compiler(environment: Mapping[str, str]) -> Compiler:
    """The compiler of $CXX, else g++, else clang++ on the PATH of `environment`.

    Raises:
        MissingToolError: none of them is there or answers.
    """
    for name in (environment.get("CXX", "").strip(), "g++", "clang++"):
        path = shutil.which(name, path=environment.get("PATH", os.defpath)) if name else None
        if path is not None:
            compiler = _identify(_own_place(path))
            if compiler is not None:
                return compiler
    raise MissingToolError(
        "No C++ compiler was found.", hint="Install g++ 11 or clang++ 14 or newer, or set CXX to one."
    )


def _own_place(path: str) -> str:
    """The path without links from folders that a sandbox does not show; the program's name may choose its mode."""
    found = Path(path)
    for _ in range(8):
        if found.parent.as_posix() in _SHOWN or not found.is_symlink():
            break
        found = Path(os.path.normpath(found.parent / os.readlink(found)))
    return str(found)


@functools.lru_cache(maxsize=16)
def _identify(path: str) -> Compiler | None:
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    first = answer.splitlines()[0] if answer else ""
    number = re.search(r"(\d+)\.\d+", first)
    if number is None:
        return None
    family: Literal["gcc", "clang"] = "clang" if "clang" in first.lower() else "gcc"
    return Compiler(path=path, family=family, version=first, major=int(number[1]))


def compile_flags(
    compiler: Compiler, *, sanitize: bool, fibers: bool, system_includes: Sequence[Path] = (),
    optimise: Optimise = "-O1",
) -> tuple[str, ...]:
    """Flags of one build. Uninitialised variables hold a pattern, so that every run of a wrong module is alike."""
    flags = ["-std=c++20", optimise, "-pipe", "-w", f"-I{INCLUDE}"]
    flags += [word for folder in system_includes for word in ("-isystem", str(folder))]
    flags += ["-DAP_INT_MAX_W=4096", f"-DAIGCHIP_FIBERS={int(fibers)}"]
    flags += ["-fdiagnostics-color=never", "-ftemplate-depth=256", "-fconstexpr-depth=256"]
    if compiler.family == "gcc":
        flags += ["-fmax-errors=20", "-fno-diagnostics-show-caret"]
    else:
        flags += ["-ferror-limit=20", "-fno-caret-diagnostics", "-Wno-everything"]
    if compiler.family == "clang" or compiler.major >= 12:
        flags.append("-ftrivial-auto-var-init=pattern")
    if sanitize:
        flags += ["-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
    return tuple(flags)


def program_key(compiler: Compiler, flags: Sequence[str], files: Mapping[str, str], main: str) -> str:
    """Digest of everything that decides the program."""
    digest = hashlib.sha256()
    portable = [flag.replace(str(INCLUDE), "<include>") for flag in flags]
    for part in (compiler.path, compiler.version, *portable, headers_digest(), __version__, main):
        digest.update(part.encode() + b"\0")
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].encode() + b"\0")
    return digest.hexdigest()


@functools.cache
def headers_digest() -> str:
    """Digest of our own headers and of the rewriter of dataflow regions."""
    digest = hashlib.sha256()
    for path in (*sorted(INCLUDE.glob("*.h")), Path(__file__).with_name("rewrite.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@functools.lru_cache(maxsize=8)
def program_cache(folder: Path) -> CacheFolder:
    """The bounded cache of compiled programs in `folder`."""
    return CacheFolder(folder, limit_bytes=PROGRAMS_BYTES)


def compile_program(
    files: Mapping[str, str],
    main: str,
    *,
    compiler: Compiler,
    sandbox: Sandbox,
    cache: Path,
    sanitize: bool = False,
    fibers: bool = False,
    system_includes: Sequence[Path] = (),
    transform: Transform | None = None,
    optimise: Optimise = "-O1",
) -> Program:
    """Compiles `main` of `files` (one translation unit, the other files beside it) or takes it from `cache`.

    File names are relative; the cache is a folder of this user alone, bounded, and may be deleted at any time, also
    while this runs: a program may be gone when it is to be run, and is then compiled again. Failures are not cached.
    `transform` changes the files before they are compiled, and is not called on a hit; what it does must follow from
    the files, `fibers` and this version of the package. Its AigchipError becomes a finding.
    """
    flags = compile_flags(
        compiler, sanitize=sanitize, fibers=fibers, system_includes=system_includes, optimise=optimise
    )
    key = program_key(compiler, flags, files, main)
    programs = program_cache(cache)
    found = programs.find(key)
    if found is not None:
        return Program(key=key, path=found, cached=True)
    for left in reversed(range(_TRIES)):
        try:
            return _compile(
                files, main, key, flags, compiler=compiler, sandbox=sandbox, programs=programs,
                read_only=[INCLUDE, *system_includes, *toolchain_folders(compiler)], transform=transform,
            )
        except FileNotFoundError:
            # Somebody deleted the cache while the compiler worked in it.
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def _compile(
    files: Mapping[str, str], main: str, key: str, flags: Sequence[str], *, compiler: Compiler, sandbox: Sandbox,
    programs: CacheFolder, read_only: Sequence[Path], transform: Transform | None,
) -> Program:
    with tempfile.TemporaryDirectory(prefix=BUILD_PREFIX, dir=programs.made()) as folder:
        build = Path(folder)
        try:
            written = transform(files) if transform is not None else files
            write_files(build, written)
        except AigchipError as error:
            refused = Finding(severity="error", kind="dataflow", code="SIM-DATAFLOW", message=str(error))
            return Program(key=key, cause="compile", findings=(refused,))
        result = sandbox.run(
            [compiler.path, *flags, main, "-o", "program"], cwd=build, read_only=read_only, writable=[build],
            cpu_s=COMPILE_CPU_S, wall_s=COMPILE_WALL_S, memory_bytes=COMPILE_MEMORY_BYTES,
            file_bytes=PROGRAM_FILE_BYTES, allow_fork=True, output_bytes=8 << 20,
        )
        log = (result.stdout + result.stderr).decode(errors="replace")
        produced = build / "program"
        if result.ok and produced.is_file() and not produced.is_symlink():
            kept = programs.put_program(key, produced.read_bytes())
            return Program(key=key, path=kept, log=log, cpu_s=result.cpu_s, wall_s=result.wall_s)
        # Who deletes the folder while it is being filled takes some of the files alone.
        if not all((build / name).is_file() for name in (main, *written)):
            raise FileNotFoundError(build)
    findings = compiler_findings(log)
    cause = "compile"
    if result.cause == "not_started":
        cause = "sandbox"
    elif result.cause in ("timeout", "cpu") or "CPU time limit exceeded" in log:
        cause = "timeout"
    elif any(f.kind == "memory" for f in findings) or "out of memory" in log or "virtual memory exhausted" in log:
        cause = "memory"
    if not findings:
        first = next((line for line in log.splitlines() if line.strip()), result.cause)
        findings = (Finding(severity="error", kind=cause, code="C++", message=first[:600]),)
    return Program(
        key=key, cause=cause, findings=findings, log=log, cpu_s=result.cpu_s, wall_s=result.wall_s
    )


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Writes sources under `folder`; names with folders are allowed, names that leave it are a programming error."""
    for name, text in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"source file {name!r} lies outside its folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def toolchain_folders(compiler: Compiler) -> tuple[Path, ...]:
    """Where a compiler outside the system folders keeps its own files."""
    home = Path(compiler.path).resolve().parent.parent
    return () if home in (Path("/"), Path("/usr"), Path("/usr/local")) else (home,)

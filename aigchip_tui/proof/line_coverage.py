"""Lines of a demonstration that its test bench never reaches: dead code for its own settings."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.compile import COMPILE_MEMORY_BYTES, compile_flags, find_compiler, toolchain_folders, write_files
from aigchip_tui.csim.harness import CASES_FILE, harness_source
from aigchip_tui.csim.headers import INCLUDE, headers_for
from aigchip_tui.csim.wire import encode_cases
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Variant
from aigchip_tui.model.testcase import TestCase

_NEVER = re.compile(r"^\s*#####:\s*(\d+):", re.M)
_RAN = re.compile(r"^\s*\d+\*?:\s*(\d+):", re.M)


def uncovered_lines(
    variant: Variant, body: str, children: Mapping[str, str], cases: Sequence[TestCase], *, bench: Bench
) -> tuple[int, ...] | None:
    """Lines of `body`, from 1, that hold code and never ran; None where there is no g++ with gcov.

    Everything is compiled and run in the sandbox, without optimisation. Raises AigchipError when it does not compile
    or does not run to its end.
    """
    compiler = find_compiler(bench.environment)
    gcov = shutil.which("gcov", path=bench.environment.get("PATH", ""))
    if compiler.family != "gcc" or gcov is None:
        return None
    own = f"{variant.module}.hpp"
    files = {
        **bench.headers, **children, own: f"{variant.prologue}{body}\n{variant.epilogue}",
        "bench.cpp": harness_source(variant, cases, includes=[*children, own]),
    }
    bench.workdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lines-", dir=bench.workdir) as folder:
        scratch = Path(folder).resolve()
        write_files(scratch, files)
        (scratch / CASES_FILE).write_bytes(encode_cases(cases, variant.ports))
        vendor = headers_for(files, bench.environment)
        asked = compile_flags(compiler, sanitize=False, fibers=False, system_includes=vendor)
        flags = [flag for flag in asked if flag != "-O1"]
        for argv, compiling in (
            ([compiler.path, *flags, "-O0", "-fno-exceptions", "--coverage", "bench.cpp", "-o", "program"], True),
            (["./program"], False),
            ([gcov, "-o", ".", "program-bench.gcda"], True),
        ):
            run = bench.sandbox.run(
                argv, cwd=scratch, read_only=[INCLUDE, *vendor, *toolchain_folders(compiler)],
                writable=[scratch], cpu_s=90.0, wall_s=300.0, memory_bytes=COMPILE_MEMORY_BYTES,
                file_bytes=256 << 20, allow_fork=compiling,
            )
            if not run.ok:
                said = (run.stderr + run.stdout).decode(errors="replace").strip()[:300]
                raise AigchipError(f"The lines of {variant.module} were not counted ({run.cause}): {said}")
        report = scratch / f"{own}.gcov"
        text = report.read_text(errors="replace") if report.is_file() and not report.is_symlink() else ""
    before = variant.prologue.count("\n")
    last = before + body.count("\n") + 1
    # A function made from a template or inlined twice is listed once for each: a line that ran in one of them ran.
    ran = {int(line) for line in _RAN.findall(text)}
    if not ran:
        raise AigchipError(f"gcov said nothing of {variant.module}.")
    never = {int(line) for line in _NEVER.findall(text)} - ran
    return tuple(sorted(line - before for line in never if before < line <= last))

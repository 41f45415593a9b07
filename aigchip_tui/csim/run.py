"""Runs test benches: one variant by itself, or an assembled design on fibers; the verdict is made here, outside."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from aigchip_tui.cpp.limits import screen
from aigchip_tui.csim.compare import Comparison, Mismatch, compare_case
from aigchip_tui.csim.compile import Compiler, Program, Transform, compile_program, find_compiler
from aigchip_tui.csim.faults import runtime_faults
from aigchip_tui.csim.harness import CASES_FILE, RESULTS_FILE, harness_source
from aigchip_tui.csim.headers import headers_for
from aigchip_tui.csim.messages import sanitizer_findings
from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.csim.wire import CaseRecord, Measures, Results, StreamUse, decode_results, encode_cases
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Port, Variant
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.sandbox.box import Sandbox
from aigchip_tui.sandbox.supervise import RunResult
from aigchip_tui.sandbox.worker import run_python

RESULT_BYTES = 512 << 20
HARD_RSS_MIB = 2048
_TRIES = 3


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one simulation may take: CPU and wall seconds, bytes of address space and of each file it writes."""

    cpu_s: float = 30.0
    wall_s: float = 90.0
    memory_bytes: int = 6 << 30
    file_bytes: int = RESULT_BYTES


class SimulationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulation showed.

    `cause` is empty when `outcome` is passed, else one of: forbidden, compile, sandbox, early_exit, crash, timeout,
    memory, output_flood, empty_read, deadlock, livelock, interface, leftover, mismatch, out_of_bounds,
    undefined_behaviour, nothing_compared. `values` counts the element values that were compared, `tokens` those that
    left through streams. `outputs` and `counts` are per case name and port; `streams` are the internal streams per
    case name, `measures` what virtual time saw (only in timed runs). Times are CPU seconds.
    """

    outcome: Literal["passed", "failed"]
    cause: str = ""
    findings: tuple[Finding, ...] = ()
    values: int = 0
    tokens: int = 0
    cases_run: int = 0
    outputs: dict[str, dict[str, bytes]] = {}
    counts: dict[str, dict[str, int]] = {}
    streams: dict[str, tuple[StreamUse, ...]] = {}
    measures: dict[str, Measures] = {}
    mismatches: tuple[Mismatch, ...] = ()
    log: str = ""
    program: str = ""
    compiled: bool = False
    compile_cpu_s: float = 0.0
    run_cpu_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every case ran to its end and every value agreed."""
        return self.outcome == "passed"


def simulate_variant(
    variant: Variant,
    body: str,
    children: Mapping[str, str],
    cases: Sequence[TestCase],
    *,
    sandbox: Sandbox,
    workdir: Path,
    cache: Path,
    environment: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
    sanitize: bool = False,
    fibers: bool | None = None,
    depth_override: int = 0,
    compiler: Compiler | None = None,
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
    screened: bool = True,
    timings: Sequence[LoopTiming] = (),
    timed_text: str = "",
) -> SimulationResult:
    """Compiles a generated body in its template's frame and runs it on `cases`.

    `children` maps file names to whole texts of the modules it calls, in the order in which they are included;
    `headers` are further files that includes may find, such as gemm_types.hpp. `fibers` None means: on fibers when
    the body holds a dataflow region. `screened` refuses forbidden text before the compiler sees it. With `timings` of
    the body's loops the run keeps virtual time (`measures`); `timed_text` is the module's file where that was written
    already (`csim.timing.time_text`).

    Raises:
        AigchipError: a case does not fit the ports, or the compiler or its headers are missing.
    """
    if screened and (forbidden := tuple(screen(body))):
        return SimulationResult(outcome="failed", cause="forbidden", findings=_named(forbidden, file_of(variant)))
    text = f"{variant.prologue}{body}\n{variant.epilogue}"
    sources = {**(headers or {}), **children, file_of(variant): text}
    includes = [*children, file_of(variant)]
    driver = harness_source(variant, cases, includes=includes)
    if timings:
        sources, driver = timed(sources, driver, {file_of(variant): timings}, sandbox)
    elif timed_text:
        sources[file_of(variant)], driver = timed_text, in_virtual_time(driver)
    return _simulate(
        sources, driver, cases, ports=variant.ports,
        offsets={file_of(variant): variant.prologue.count("\n")}, sandbox=sandbox, workdir=workdir, cache=cache,
        environment=environment, sanitize=sanitize, fibers=fibers, depth_override=depth_override, compiler=compiler,
        limits=limits,
    )


def simulate_system(
    files: Mapping[str, str],
    main: str,
    cases: Sequence[TestCase],
    *,
    sandbox: Sandbox,
    workdir: Path,
    cache: Path,
    environment: Mapping[str, str],
    ports: Sequence[Port] = (),
    fibers: bool = True,
    sanitize: bool = False,
    depth_override: int | None = None,
    compiler: Compiler | None = None,
    limits: Limits = Limits(cpu_s=120.0, wall_s=300.0),  # noqa: B008 - a frozen value
    timings: Mapping[str, Sequence[LoopTiming]] | None = None,
) -> SimulationResult:
    """Compiles and runs an assembled design; `main` is the text of its driver.

    A driver is two lines: an include of the top, and `AIGCHIP_BENCH(gemm_top, "table", "a", "c")` with the names of
    the top's parameters in their order, as the cases use them. Each case is one launch, all in one process; a memory
    left out of a case keeps what the launch before left there. `depth_override` 1 proves progress with every FIFO at
    one token. With `timings` of the loops of each file the run keeps virtual time (`measures`).

    Raises:
        AigchipError: a case contradicts itself, or the compiler or its headers are missing.
    """
    if timings:
        files, main = timed(files, main, timings, sandbox)
    return _simulate(
        files, main, cases, ports=ports, offsets={}, sandbox=sandbox, workdir=workdir, cache=cache,
        environment=environment, sanitize=sanitize, fibers=fibers, depth_override=depth_override or 0,
        compiler=compiler, limits=limits,
    )


def _simulate(
    files: Mapping[str, str],
    driver: str,
    cases: Sequence[TestCase],
    *,
    ports: Sequence[Port],
    offsets: Mapping[str, int],
    sandbox: Sandbox,
    workdir: Path,
    cache: Path,
    environment: Mapping[str, str],
    sanitize: bool,
    fibers: bool | None,
    depth_override: int,
    compiler: Compiler | None,
    limits: Limits,
) -> SimulationResult:
    if not cases:
        raise AigchipError("A simulation needs at least one case.")
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        raise AigchipError("Two cases of one simulation have the same name.")
    if fibers is None:
        fibers = any("DATAFLOW" in text.upper() for text in files.values())
    sources = {**files, "bench.cpp": driver}
    stimulus = encode_cases(cases, ports, guards=not sanitize, depth_override=depth_override)
    for _ in range(_TRIES):
        program = compile_program(
            sources, "bench.cpp", compiler=compiler or find_compiler(environment), sandbox=sandbox, cache=cache,
            sanitize=sanitize, fibers=fibers, transform=_concurrent(sandbox) if fibers else None,
            system_includes=headers_for(sources, environment),
        )
        if program.path is None:
            return SimulationResult(
                outcome="failed", cause=_compile_cause(program), findings=_moved(program.findings, offsets),
                log=program.log, program=program.key, compile_cpu_s=program.cpu_s,
            )
        try:
            run, results = _execute(program.path, stimulus, sandbox, workdir, limits, sanitize)
        except FileNotFoundError:
            # The caches may be deleted at any time: that is no verdict on what ran in them.
            continue
        return _judge(cases, ports, program, run, results, frozenset(files), offsets)
    gone = _stop_finding("sandbox", "The program was deleted before or while it ran.", environment=True)
    return SimulationResult(outcome="failed", cause="sandbox", findings=(gone,), program=program.key)


def timed(
    files: Mapping[str, str], driver: str, timings: Mapping[str, Sequence[LoopTiming]], sandbox: Sandbox
) -> tuple[dict[str, str], str]:
    """Files and driver with virtual time; the files are rewritten in a sandboxed reader."""
    payload = {
        "files": {name: files[name] for name in timings},
        "loops": {name: [msgspec.to_builtins(loop) for loop in loops] for name, loops in timings.items()},
    }
    answer = run_python("aigchip_tui.csim.timing:time_files", payload, sandbox=sandbox, wall_s=20.0)
    if not answer.ok:
        raise AigchipError(f"The modules could not be given virtual time ({answer.cause}): {answer.message}")
    return {**files, **answer.value}, in_virtual_time(driver)


def in_virtual_time(driver: str) -> str:
    """A driver that keeps virtual time."""
    return f"#define AIGCHIP_TIME 1\n{driver}"


def _concurrent(sandbox: Sandbox) -> Transform:
    """Rewrites the files that hold dataflow regions, in a sandboxed reader: their text may be generated."""

    def rewrite(files: Mapping[str, str]) -> Mapping[str, str]:
        regions = {name: text for name, text in files.items() if "DATAFLOW" in text.upper()}
        if not regions:
            return files
        answer = run_python("aigchip_tui.csim.rewrite:rewrite_files", regions, sandbox=sandbox, wall_s=10.0)
        if not answer.ok:
            raise AigchipError(f"The dataflow regions could not be read ({answer.cause}): {answer.message}")
        return {**files, **answer.value}

    return rewrite


def _execute(
    program: Path, stimulus: bytes, sandbox: Sandbox, workdir: Path, limits: Limits, sanitize: bool
) -> tuple[RunResult, Results]:
    workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="run-", dir=workdir) as folder:
        # The program's own name may go while it runs; what runs is shown alone, and cannot be written to.
        shown, scratch = Path(folder, "program"), Path(folder, "scratch")
        shown.mkdir()
        scratch.mkdir()
        own = _linked(program, shown / "program")
        (scratch / CASES_FILE).write_bytes(stimulus)
        env = {}
        if sanitize:
            env = {
                "ASAN_OPTIONS": f"detect_leaks=0:hard_rss_limit_mb={HARD_RSS_MIB}:allocator_may_return_null=0"
                                ":handle_abort=0:detect_stack_use_after_return=0",
                "UBSAN_OPTIONS": "print_stacktrace=0:halt_on_error=1",
            }
        run = sandbox.run(
            [str(own)], cwd=scratch, read_only=[shown], writable=[scratch], cpu_s=limits.cpu_s,
            wall_s=limits.wall_s, memory_bytes=0 if sanitize else limits.memory_bytes,
            file_bytes=limits.file_bytes, env=env,
        )
        if not own.is_file():
            raise FileNotFoundError(folder)
        return run, decode_results(read_results(scratch / RESULTS_FILE))


def _linked(program: Path, place: Path) -> Path:
    """A second name of `program`, or a copy where the file system has none; FileNotFoundError when it is gone."""
    try:
        os.link(program, place, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(program, place)
    return place


def read_results(path: Path) -> bytes:
    """The results file, opened without following links: a module may have put anything there."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(fd, "rb") as file:
        try:
            return file.read(RESULT_BYTES)
        except OSError:
            return b""


def _judge(
    cases: Sequence[TestCase],
    ports: Sequence[Port],
    program: Program,
    run: RunResult,
    results: Results,
    own_files: frozenset[str],
    offsets: Mapping[str, int],
) -> SimulationResult:
    log = (run.stderr + run.stdout).decode(errors="replace")
    findings: list[Finding] = []
    mismatches: list[Mismatch] = []
    values = tokens = complete = 0
    recorded: dict[str, CaseRecord] = {record.name: record for record in results.cases}
    for case in cases:
        record = recorded.get(case.name)
        if record is None or not record.complete:
            continue
        complete += 1
        comparison: Comparison = compare_case(case, record, ports)
        values += comparison.values
        tokens += comparison.tokens
        mismatches += comparison.mismatches
        findings += comparison.findings
    cause, stopped = _stop(run, results, log, own_files, complete, len(cases))
    if not cause and findings:
        kinds = {f.kind for f in findings}
        cause = kinds.pop() if kinds in ({"leftover"}, {"order"}) else "mismatch"
        if any(f.kind == "out_of_bounds" for f in findings):
            cause = "out_of_bounds"
    if not cause and values == 0:
        cause = "nothing_compared"
        stopped = (_stop_finding(cause, "The test bench compared no value: the cases expect nothing."),)
    return SimulationResult(
        outcome="failed" if cause else "passed", cause=cause,
        findings=(*_moved(stopped, offsets), *findings)[:40], values=values, tokens=tokens, cases_run=complete,
        outputs={r.name: r.outputs for r in results.cases}, counts={r.name: r.counts for r in results.cases},
        streams={r.name: r.streams for r in results.cases},
        measures={r.name: r.measures for r in results.cases if r.measures.cycles},
        mismatches=tuple(mismatches), log=log, program=program.key, compiled=True,
        compile_cpu_s=program.cpu_s, run_cpu_s=run.cpu_s,
    )


def _stop(
    run: RunResult, results: Results, log: str, own_files: frozenset[str], complete: int, wanted: int
) -> tuple[str, tuple[Finding, ...]]:
    """Why the process did not end as a test bench ends: a typed cause and its findings; empty when it did."""
    if run.cause == "not_started":
        return "sandbox", (_stop_finding("sandbox", log.strip()[-300:], environment=True),)
    sanitizer = sanitizer_findings(log, own_files)
    if sanitizer and not run.ok:
        return sanitizer[0].kind, sanitizer
    fault = runtime_faults(results.fault_lines or tuple(log.splitlines()))
    if fault is not None and not run.ok:
        return fault
    where = f" after {complete} of {wanted} cases"
    if run.cause in ("timeout", "cpu"):
        limit = "wall" if run.cause == "timeout" else "CPU"
        return "timeout", (_stop_finding("timeout", f"The simulation was ended at its {limit} limit{where}."),)
    if run.cause in ("output_flood", "file_size"):
        return "output_flood", (_stop_finding("output_flood", f"The module wrote without end{where}."),)
    if run.cause == "signal":
        return "crash", (_stop_finding("crash", f"The process was ended by signal {run.signal}{where}."),)
    if not run.ok or complete < wanted or results.truncated:
        return "early_exit", (
            _stop_finding("early_exit", f"The process left with exit code {run.exit_code}{where}."),
        )
    return "", ()


def _stop_finding(kind: str, message: str, *, environment: bool = False) -> Finding:
    return Finding(
        severity="error", kind=kind, code=f"SIM-{kind.upper().replace('_', '-')}", message=message,
        environment=environment,
    )


def _compile_cause(program: Program) -> str:
    if program.cause == "compile" and any(finding.kind == "interface" for finding in program.findings):
        return "interface"
    return program.cause


def file_of(variant: Variant) -> str:
    """The file that holds a variant in its own simulation."""
    return f"{variant.module}.hpp"


def _named(findings: Sequence[Finding], file: str) -> tuple[Finding, ...]:
    return tuple(msgspec.structs.replace(finding, file=file) for finding in findings)


def _moved(findings: Sequence[Finding], offsets: Mapping[str, int]) -> tuple[Finding, ...]:
    """Lines of a variant's file counted in its body, as its author counts them."""
    return tuple(
        msgspec.structs.replace(f, line=max(0, f.line - offsets[f.file])) if f.line and f.file in offsets else f
        for f in findings
    )


def stream_table(log: str) -> tuple[dict[str, object], ...]:
    """The table of streams that a fault printed, as data."""
    rows = []
    for line in log.splitlines():
        if line.startswith("AIGCHIP-STREAM "):
            try:
                rows.append(dict(json.loads(line.split(" ", 1)[1])))
            except (ValueError, TypeError):
                continue
    return tuple(rows)

"""Runs the switchable mutants of a body from one program: the number of the mutant comes in the environment.

The verdict is reached out here as in any simulation: raw outputs against golden values, all ports, all counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.compare import compare_case
from aigchip_tui.csim.compile import compile_program, find_compiler
from aigchip_tui.csim.harness import CASES_FILE, RESULTS_FILE, harness_source
from aigchip_tui.csim.wire import decode_results, encode_cases
from aigchip_tui.model.module import Variant
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.proof.mutations import VARIABLE

CPU_S = 2.0
WALL_S = 60.0
MEMORY_BYTES = 2 << 30
RESULT_BYTES = 128 << 20


class Switchboard:
    """One compiled test bench that behaves as the original (0) or as any switchable mutant."""

    def __init__(
        self, variant: Variant, switched: str, children: Mapping[str, str], cases: Sequence[TestCase], *, bench: Bench,
        sanitize: bool = False,
    ) -> None:
        own = f"{variant.module}.hpp"
        sources = {
            **bench.headers, **children, own: f"{variant.prologue}{switched}\n{variant.epilogue}",
            "bench.cpp": harness_source(variant, cases, includes=[*children, own]),
        }
        self._variant, self._cases, self._bench, self._sanitize = variant, cases, bench, sanitize
        self._stimulus = encode_cases(cases, variant.ports, guards=not sanitize)
        self._program = compile_program(
            sources, "bench.cpp", compiler=find_compiler(bench.environment), sandbox=bench.sandbox, cache=bench.cache,
            sanitize=sanitize,
        )

    @property
    def works(self) -> bool:
        """Whether the switched text compiles and its original is green: only then do its mutants say anything."""
        return self._program.path is not None and self.cause(0) == ""

    def cause(self, number: int) -> str:
        """Why the mutant is red, in a few words; empty when every value agrees."""
        if self._program.path is None:
            return "compile"
        self._bench.workdir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="mutant-", dir=self._bench.workdir) as folder:
            scratch = Path(folder)
            (scratch / CASES_FILE).write_bytes(self._stimulus)
            environment = {VARIABLE: str(number)}
            if self._sanitize:
                environment |= {"ASAN_OPTIONS": "detect_leaks=0:hard_rss_limit_mb=2048:handle_abort=0",
                                "UBSAN_OPTIONS": "halt_on_error=1"}
            run = self._bench.sandbox.run(
                [str(self._program.path)], cwd=scratch, read_only=[self._program.path.parent], writable=[scratch],
                cpu_s=CPU_S, wall_s=WALL_S, memory_bytes=0 if self._sanitize else MEMORY_BYTES,
                file_bytes=RESULT_BYTES, env=environment,
            )
            if not run.ok:
                return f"stopped: {run.cause}"
            try:
                results = decode_results((scratch / RESULTS_FILE).read_bytes())
            except OSError:
                return "no results"
        records = {record.name: record for record in results.cases}
        for case in self._cases:
            record = records.get(case.name)
            if record is None or not record.complete:
                return f"case {case.name} did not end"
            compared = compare_case(case, record, self._variant.ports)
            if compared.findings or compared.mismatches:
                return f"case {case.name}: {compared.findings[0].message if compared.findings else 'values differ'}"
        return ""

"""Simulates many variants from one program: headers are read once, the compiler is started once.

What a batch does not show green is not called red here: its author runs it alone, where causes are told apart.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from aigchip_tui.csim.compare import compare_case
from aigchip_tui.csim.compile import Optimise, compile_program, find_compiler
from aigchip_tui.csim.harness import batch_files, batch_source
from aigchip_tui.csim.headers import find_headers
from aigchip_tui.csim.run import read_results
from aigchip_tui.csim.wire import decode_results, encode_cases
from aigchip_tui.model.module import Variant
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.sandbox.box import Sandbox

CPU_S, WALL_S = 60.0, 240.0
MEMORY_BYTES = 6 << 30
RESULT_BYTES = 512 << 20


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One variant of a batch: its body that is already screened, and its cases.

    `children` maps file names to whole texts of the modules it calls, in the order in which they are included.
    """

    variant: Variant
    body: str
    children: dict[str, str]
    cases: tuple[TestCase, ...]


def simulate_batch(
    members: Sequence[Member], *, sandbox: Sandbox, workdir: Path, environment: Mapping[str, str],
    headers: Mapping[str, str], optimise: Optimise = "-Og",
) -> tuple[bool, ...]:
    """For each member whether every case ran to its end with every value equal; False says nothing of the cause.

    One compilation, one process, results in a file for each member; compared out here. Members need different
    namespaces. The program is not kept, and runs but once: -Og compiles it in 0.6 of the time of -O1 but may run five
    times as long. Members with ports of the same types share the instances of the headers' templates.
    """
    files = dict(headers)
    includes: dict[str, None] = {}
    for number, member in enumerate(members):
        files |= member.children
        includes |= dict.fromkeys(member.children)
        own = f"member_{number}.hpp"
        files[own] = f"{member.variant.prologue}{member.body}\n{member.variant.epilogue}"
        includes[own] = None
    files["bench.cpp"] = batch_source([member.variant for member in members], includes=list(includes))
    uses_ap = any("ap_int" in text or "ap_fixed" in text or "ap_uint" in text for text in files.values())
    workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="batch-", dir=workdir) as folder:
        scratch = Path(folder, "scratch")
        scratch.mkdir()
        program = compile_program(
            files, "bench.cpp", compiler=find_compiler(environment), sandbox=sandbox, cache=Path(folder, "program"),
            system_includes=[find_headers(environment)] if uses_ap else [], optimise=optimise,
        )
        if program.path is None:
            return (False,) * len(members)
        for number, member in enumerate(members):
            cases, _ = batch_files(number)
            (scratch / cases).write_bytes(encode_cases(member.cases, member.variant.ports))
        run = sandbox.run(
            [str(program.path)], cwd=scratch, read_only=[program.path.parent], writable=[scratch], cpu_s=CPU_S,
            wall_s=WALL_S, memory_bytes=MEMORY_BYTES, file_bytes=RESULT_BYTES,
        )
        if not run.ok:
            return (False,) * len(members)
        return tuple(_agrees(member, scratch / batch_files(number)[1]) for number, member in enumerate(members))


def _agrees(member: Member, results: Path) -> bool:
    found = decode_results(read_results(results))
    if found.truncated or found.fault_lines:
        return False
    records = {record.name: record for record in found.cases}
    return all(
        (record := records.get(case.name)) is not None and record.complete
        and compare_case(case, record, member.variant.ports).equal
        for case in member.cases
    )

"""The cache of compiled programs is bounded, and may be damaged or deleted at any moment without a wrong verdict."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aigchip_tui.csim import compile as compiling
from aigchip_tui.csim.run import SimulationResult, simulate_variant
from aigchip_tui.sandbox.box import UNCONFINED, Sandbox
from aigchip_tui.sandbox.supervise import RunResult

if TYPE_CHECKING:
    from tests.csim.csim_samples import TYPES, module
    from tests.csim.test_module_run import ADD, ADD_PORTS, add_case
else:
    from csim_samples import TYPES, module
    from test_module_run import ADD, ADD_PORTS, add_case


def simulate(base: Path, sandbox: Sandbox = UNCONFINED, body: str = ADD) -> SimulationResult:
    return simulate_variant(
        module("add", ADD_PORTS), body, {}, [add_case()], sandbox=sandbox, workdir=base / "work",
        cache=base / "programs", environment=os.environ, headers={"types.hpp": TYPES},
    )


def programs(base: Path) -> list[Path]:
    return [path for path in (base / "programs").rglob("*") if path.is_file()]


def test_a_damaged_program_is_compiled_again(tmp_path: Path) -> None:
    assert simulate(tmp_path).passed
    (kept,) = programs(tmp_path)
    data = kept.read_bytes()
    for damaged in (data[: len(data) // 2], b"", data[:200] + bytes(64) + data[264:]):
        kept.write_bytes(damaged)
        again = simulate(tmp_path)
        assert again.passed, again.findings
        assert again.compile_cpu_s > 0
    assert simulate(tmp_path).compile_cpu_s == 0


class Deleting(Sandbox, frozen=True, kw_only=True):
    """Deletes the caches around the nth program it starts, before or after it."""

    base: Path
    turn: int
    before: bool
    seen: list[str]

    def run(self, argv: Sequence[str], **options: Any) -> RunResult:
        self.seen.append(argv[0])
        due = len(self.seen) == self.turn
        if due and self.before:
            self._delete()
        result = super().run(argv, **options)
        if due and not self.before:
            self._delete()
        return result

    def _delete(self) -> None:
        for folder in ("programs", "work"):
            shutil.rmtree(self.base / folder, ignore_errors=True)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("turn", [1, 2])
def test_caches_deleted_under_a_compiler_or_a_program_change_no_verdict(
    tmp_path: Path, turn: int, before: bool
) -> None:
    box = Deleting(name="none", base=tmp_path, turn=turn, before=before, seen=[])
    result = simulate(tmp_path, box)
    assert len(box.seen) > 2, "what was lost was done again"
    assert result.passed, result.findings
    wrong = simulate(tmp_path, Deleting(name="none", base=tmp_path, turn=turn, before=before, seen=[]),
                     ADD.replace("left + right", "left + left"))
    assert wrong.cause == "mismatch"


def test_a_header_deleted_while_the_sources_were_written_is_no_finding(tmp_path: Path) -> None:
    lost: list[Path] = []

    class Losing(Sandbox, frozen=True):
        def run(self, argv: Sequence[str], **options: Any) -> RunResult:
            if not lost:
                lost.append(options["cwd"] / "types.hpp")
                lost[0].unlink()
            return super().run(argv, **options)

    assert simulate(tmp_path, Losing(name="none")).passed


def test_the_programs_kept_are_bounded_and_the_newest_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert simulate(tmp_path).passed
    (first,) = programs(tmp_path)
    monkeypatch.setattr(compiling, "PROGRAMS_BYTES", 2 * first.stat().st_size + 1000)
    compiling.program_cache.cache_clear()
    for number in range(5):
        assert simulate(tmp_path, body=f"// {number}\n{ADD}").passed
    kept = programs(tmp_path)
    assert 1 <= len(kept) <= 2
    assert first not in kept
    assert simulate(tmp_path, body=f"// 4\n{ADD}").compile_cpu_s == 0


def test_a_program_cannot_reach_the_cache_it_came_from(tmp_path: Path) -> None:
    shown: list[tuple[str, ...]] = []

    class Looking(Sandbox, frozen=True):
        def run(self, argv: Sequence[str], **options: Any) -> RunResult:
            shown.append(tuple(str(path) for path in (*options["read_only"], *options["writable"], argv[0])))
            return super().run(argv, **options)

    assert simulate(tmp_path, Looking(name="none")).passed
    assert not any(path.startswith(str(tmp_path / "programs")) for path in shown[-1])

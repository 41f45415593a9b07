"""Modules that attack the machine or the verdict: all red, with a cause, whatever the tier, and the caller lives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.csim.run import Limits, SimulationResult, simulate_variant
from aigchip_tui.sandbox.box import UNCONFINED, Sandbox
from aigchip_tui.sandbox.choose import Probes, choose

if TYPE_CHECKING:
    from tests.csim.csim_samples import TYPES, module
    from tests.csim.test_module_run import ADD, ADD_PORTS, add_case
else:
    from csim_samples import TYPES, module
    from test_module_run import ADD, ADD_PORTS, add_case

SHORT = Limits(cpu_s=1, wall_s=4, memory_bytes=1 << 30, file_bytes=16 << 20)


@pytest.fixture(scope="module", params=["bwrap", "namespaces", "landlock"])
def box(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Every confining tier that holds here."""
    probes = Probes(scratch=tmp_path_factory.mktemp("probes"), environment=os.environ)
    if probes.examine(request.param).problem:
        pytest.skip(f"{request.param} does not hold on this machine")
    return choose(probes, wanted=request.param)


def attack(
    box: Sandbox, folder: Path, cache: Path, before: str, *, instead: str = "", screened: bool = False
) -> SimulationResult:
    """The adder with `before` in front of it, its loop body replaced by `instead`."""
    body = before + (ADD.replace("sum.write(left + right);", instead) if instead else ADD)
    return simulate_variant(
        module("add", ADD_PORTS), body, {}, [add_case()], sandbox=box, workdir=folder, cache=cache,
        environment=os.environ, headers={"types.hpp": TYPES}, limits=SHORT, screened=screened,
    )


ATTACKS = {
    "exit in a constructor": ("struct early { early() { _exit(0); } } now;", "", {"early_exit"}),
    "PASS printed and out": ("struct early { early() { ::printf(\"PASS\\n\"); _exit(0); } } now;", "", {"early_exit"}),
    "exit in the middle": ("", "_exit(0);", {"early_exit"}),
    "endless loop": ("", "for (volatile int x = 0;;) { x = 1; }", {"timeout"}),
    "endless output": ("", "for (;;) ::printf(\"%0999d\", 1);", {"output_flood", "timeout"}),
    "endless memory": ("", "for (;;) { volatile char* p = new char[1 << 20]; p[0] = 1; }", {"memory", "crash"}),
    "fork bomb": ("", "for (;;) ::fork();", {"timeout"}),
    "abort": ("", "::abort();", {"crash"}),
    "endless recursion": ("int deep(volatile int n) { int a[64]; a[0] = n; return n < 0 ? 0 : deep(n + 1) + a[0]; }",
                          "sum.write(left + right); if (deep(1) == 3) sum.write(left);", {"crash"}),
    "file in scratch without end": (
        "", "for (FILE* f = ::fopen(\"big\", \"w\");;) ::fputs(\"0123456789012345678901234567890123456789\", f);",
        {"output_flood", "timeout"}),
    "golden symbol": (
        "extern int golden; int steal() { return golden; }", "sum.write(hls::vector<data_t, 4>(steal()));",
        {"compile"}),
    "results written by itself": (
        "", '{ FILE* f = ::fopen("results.bin", "w"); ::fputs("PASS", f); ::fclose(f); _exit(0); }', {"early_exit"}),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_red_even_unscreened(box: Sandbox, tmp_path: Path, program_cache: Path, name: str) -> None:
    before, instead, causes = ATTACKS[name]
    result = attack(box, tmp_path, program_cache, before, instead=instead)
    assert result.outcome == "failed"
    assert result.cause in causes, (result.cause, result.findings, result.log[-500:])
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_a_fork_bomb_is_red_without_any_sandbox(tmp_path: Path, program_cache: Path) -> None:
    bomb = "for (int n = 0; n < 4; ++n) { if (::fork() == 0) { for (;;) ::sleep(1); } } _exit(0);"
    result = attack(UNCONFINED, tmp_path, program_cache, "", instead=bomb)
    assert result.cause == "early_exit"
    counted = "sum.write(hls::vector<data_t, 4>(::fork() < 0 ? 1 : 2));"
    forked = attack(UNCONFINED, tmp_path, program_cache, "", instead=counted)
    assert set(forked.outputs["first"]["sum"]) == {1}


def test_a_secret_does_not_reach_the_findings(box: Sandbox, tmp_path: Path, program_cache: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary_4711 here;\n")
    result = attack(box, tmp_path, program_cache, f'\n#include "{secret}"\n')
    assert result.cause == "compile"
    assert "canary_4711" not in result.log + str(result.findings)
    assert "canary_4711" in attack(UNCONFINED, tmp_path, program_cache, f'\n#include "{secret}"\n').log
    screened = attack(UNCONFINED, tmp_path, program_cache, f'\n#include "{secret}"\n', screened=True)
    assert screened.cause == "forbidden"
    assert "canary_4711" not in screened.log + str(screened.findings)


def test_a_template_bomb_ends_the_compiler_only(box: Sandbox, tmp_path: Path, program_cache: Path) -> None:
    bomb = "template <int N, class T> struct b { b<N - 1, b<N - 1, T>> x, y; }; b<200, int> boom;\n"
    result = attack(box, tmp_path, program_cache, bomb)
    assert result.cause in ("compile", "memory", "timeout")
    assert result.findings

"""Spilled sums: exact with every token that is predicted, a deadlock exactly where the depth of `pre` predicts one."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.csim.headers import INCLUDE
from aigchip_tui.csim.rewrite import rewrite_dataflow
from aigchip_tui.csim.run import SimulationResult, simulate_system
from aigchip_tui.library.similarity import choose_pair
from aigchip_tui.llm.coverage import module_cases
from aigchip_tui.llm.prompts import build_prompt
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.sandbox.box import UNCONFINED

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

SPILLING = designs.point("m2k4", "m2n4", "m2", reuse="a_spill", a=(8, 16), b=(4, 16), c=(8, 4))
"""2 x 1 tiles of 80 x 16 sums, three along k: sums are spilled twice; a part has 8 x 4 sums."""
LAYER = Layer(name="x", kind="gemm", m=200, k=500, n=100)
DESIGNS = {
    "reuse of A": SPILLING,
    "reuse of B, parts of tokens": designs.point("m4k4", "n8", reuse="b_spill", a=(2, 2), b=(2, 4), c=(2, 4)),
    "slices": designs.point("m8n8", "m2n2", "m2", reuse="b_spill", a=(16, 16), b=(16, 16), c=(8, 16), kib=16),
    "more banks than a token has rows": designs.point("m4", "n2k4", reuse="a_spill", a=(8, 32), b=(8, 16), c=(8, 2)),
}


def part(name: str) -> ModuleType:
    """A file of the loaded template package."""
    return importlib.import_module(f"{type(bench.template()).__module__.rpartition('.')[0]}.{name}")


@pytest.mark.parametrize(
    "name", ["reuse of A", *(pytest.param(name, marks=pytest.mark.deep) for name in DESIGNS if name != "reuse of A")]
)
def test_a_spilling_design_is_exact_and_so_are_the_sums_in_memory(name: str, tmp_path: Path) -> None:
    result = designs.proven(designs.run(DESIGNS[name], tmp_path))
    spilled, resumed = (
        sum(s.writes for streams in result.streams.values() for s in streams if s.name == name)
        for name in ("flush_to_dma_c", "dma_c_to_accumulate")
    )
    assert spilled == resumed > 0


@pytest.mark.deep
@pytest.mark.parametrize("name", DESIGNS)
def test_a_spilling_design_is_exact_with_every_port_in_int16_and_under_sanitizers(name: str, tmp_path: Path) -> None:
    for axi_bytes in (8, 32, 64):
        designs.proven(designs.run(DESIGNS[name], tmp_path, axi_bytes=axi_bytes))
    designs.proven(designs.run(DESIGNS[name], tmp_path, sanitize=True))
    designs.proven(designs.run(DESIGNS[name], tmp_path, precision="int16"))


def test_every_prompt_of_the_spilling_ctrl_shows_the_functions_that_only_it_has() -> None:
    for case in module_cases(bench.template(), "ctrl_spill"):
        shown = choose_pair(case.instruction, bench.library().of("ctrl_spill")).demos
        prompt = build_prompt(case.instruction, case.signatures, shown, types=case.types)
        assert len(prompt.demos_used) == 2
        assert "inline bool step(axis& x" in prompt.messages[1]["content"], prompt.notes


def test_sums_that_are_lost_on_their_way_show(tmp_path: Path) -> None:
    bodies = designs.bodies_of(bench.template().netlist(SPILLING, designs.build()))
    for module, old, new in (
        ("ctrl_spill", "spills && !begins", "false"),
        ("ctrl_spill", "row[SPILL_ADDR] : t.sums + row[SPILL_TILE]", "row[SPILL_ADDR] : t.sums"),
        ("dma_spill", "mem.write_response();", ""),
    ):
        key = next(key for key in bodies if key.startswith(f"{module}-"))
        assert old in bodies[key]
        wrong = {**bodies, key: bodies[key].replace(old, new, 1)}
        assert not designs.run(SPILLING, tmp_path, bodies=wrong).passed, new


def _with(design: DesignPoint, workdir: Path, *, blocks: int, pre: int) -> SimulationResult:
    """The design with so many blocks of C and such a depth of `pre`."""
    template, build = bench.template(), designs.build()
    netlist = template.netlist(design, build)
    files = template.assemble(netlist, designs.bodies_of(netlist))
    single = f"accumulate_to_flush; accumulate_to_flush.set_depth({blocks});"
    top = re.sub(r"accumulate_to_flush;", single, files["gemm.cpp"])
    top = re.sub(r"(variable=dma_c_to_accumulate depth=)\d+", rf"\g<1>{pre}", top)
    assert top.count(single) == 1
    assert f"to_accumulate depth={pre}\n" in top
    test = template.system_test(netlist, design, build, [LAYER], np.random.default_rng(1))
    return simulate_system(
        {**files, "gemm.cpp": top}, test.main, test.cases, sandbox=UNCONFINED, workdir=workdir,
        cache=workdir / "programs", environment=dict(os.environ),
    )


def test_pre_deadlocks_where_its_depth_predicts_it(tmp_path: Path) -> None:
    top, shapes = part("top"), part("shape")
    edge = next(
        e for e in bench.template().netlist(SPILLING, designs.build()).edges if e.consumer_port == "pre"
    )
    shape = shapes.shape_of(SPILLING, designs.build())
    # A copy of buffer C, 8 KiB of 4-byte sums, in parts of 8 x 4.
    assert edge.depth == shape.tile_parts == 8 * 1024 // 4 // 32 == 64
    result = _with(SPILLING, tmp_path, blocks=2, pre=edge.depth)
    assert result.passed, result.cause
    layout = part("driver").LayerLayout(shape, part("system").layer_tiles(SPILLING, designs.build(), LAYER))
    tile = layout.parts(layout.mb.full, layout.nb.full)
    assert layout.spilled
    assert 2 < tile <= edge.depth
    for blocks in (2, 1):
        least = top.least_depth(tile, blocks=blocks)
        assert _with(SPILLING, tmp_path, blocks=blocks, pre=least).passed
        if least > 1:
            assert _with(SPILLING, tmp_path, blocks=blocks, pre=least - 1).cause == "deadlock"


def test_the_host_driver_in_cpp_runs_a_spilling_design_on_fibers(tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    template, build = bench.template(), designs.build()
    netlist = template.netlist(SPILLING, build)
    assert [edge.consumer_port for edge in netlist.backward] == ["pre"]
    files = template.assemble(netlist, designs.bodies_of(netlist))
    files |= template.host_files(SPILLING, build, [], np.random.default_rng(1))
    files["gemm.cpp"] = rewrite_dataflow(files["gemm.cpp"])
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    command = [compiler, "-std=c++20", "-O0", "-Wall", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label",
               "-DAIGCHIP_FIBERS=1", f"-I{INCLUDE}", "gemm_test.cpp", "gemm.cpp", "-o", "gemm_test"]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True, env=dict(os.environ))
    done = subprocess.run([tmp_path / "gemm_test", "3"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " 0 differ" in done.stdout

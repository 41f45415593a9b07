"""Assembled designs simulate exactly: splits on every level, all reuse patterns, arbiters, slices, several arrays."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.csim.headers import INCLUDE
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.workload import workload
from aigchip_tui.modules.loader import base_module

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

QUICK = {
    "m, n and k everywhere": designs.point("m2n2k2", "m2n2k2", a=(4, 4), b=(4, 4), c=(4, 4)),
    "arbiters on both operands, reuse of A": designs.point("m4k4", "n8", reuse="a", a=(2, 2), b=(2, 4), c=(4, 8)),
    "slices and arrays along m, reuse of B": designs.point(
        "m8n8", "m2n2", "m2", reuse="b", a=(16, 16), b=(16, 16), c=(8, 16), kib=16
    ),
}
THOROUGH = {
    "k in the lane": designs.point("k16", "n4", a=(1, 16), b=(4, 16), c=(1, 4)),
    "arrays along m": designs.point("k8", "m4n2", "m4", a=(16, 8), b=(2, 8), c=(16, 2)),
    "arrays along n": designs.point("k8", "m4n2", "n4", reuse="a", a=(4, 8), b=(8, 16), c=(4, 8)),
    "arrays along k": designs.point("k4", "m4n4", "k4", reuse="b", a=(4, 16), b=(4, 16), c=(4, 4)),
    "slices and arrays along n": designs.point(
        "m8n8", "m2n2", "n2", reuse="b", a=(16, 8), b=(8, 16), c=(4, 16), kib=16
    ),
    "more banks than lanes": designs.point("m4", "n2k4", a=(8, 32), b=(8, 16), c=(8, 2), kib=16),
    "fewer banks than lanes": designs.point("m4n4", "k4", a=(1, 1), b=(1, 2), c=(1, 1)),
    "a column of multipliers": designs.point("m2", "m32", a=(8, 2), b=(2, 2), c=(16, 1)),
}


@pytest.mark.parametrize("name", QUICK)
def test_a_design_is_exact_at_its_declared_depths(name: str, tmp_path: Path) -> None:
    designs.proven(designs.run(QUICK[name], tmp_path))


@pytest.mark.deep
@pytest.mark.parametrize("name", [*QUICK, *THOROUGH])
def test_a_design_is_exact_in_every_mode(name: str, tmp_path: Path) -> None:
    design = {**QUICK, **THOROUGH}[name]
    for axi_bytes in (8, 16, 32, 64):
        designs.proven(designs.run(design, tmp_path, axi_bytes=axi_bytes, fibers=False))
    designs.proven(designs.run(design, tmp_path))
    designs.proven(designs.run(design, tmp_path, depth=1))
    designs.proven(designs.run(design, tmp_path, sanitize=True))


@pytest.mark.deep
def test_random_legal_designs_are_exact(tmp_path: Path) -> None:
    draw, small, tried = random.Random(2026), workload("gemm:100x100x100"), 0
    while tried < 40:
        design, axi_bytes = designs.random_design(draw)
        if refusals(design, designs.build(axi_bytes), small):
            continue
        tried += 1
        designs.proven(designs.run(design, tmp_path, axi_bytes=axi_bytes, seed=tried))


def test_layers_of_a_network_run_with_the_tiles_of_their_plan(tmp_path: Path) -> None:
    design = designs.point("m4n4", "n8k4", a=(4, 16), b=(32, 16), c=(4, 32), kib=64)
    layers = [Layer(name="one", kind="conv", m=77, k=300, n=70), Layer(name="fc", kind="fc", m=1, k=1000, n=130)]
    result = designs.proven(designs.run(design, tmp_path, layers=layers, fibers=False))
    assert result.cases_run == 2


def _mutated(bodies: dict[str, str], module: str, old: str, new: str) -> dict[str, str]:
    key = next(key for key in bodies if key.startswith(f"{module}-"))
    assert old in bodies[key]
    return {**bodies, key: bodies[key].replace(old, new, 1)}


def test_a_wrong_module_shows_in_the_assembled_design(tmp_path: Path) -> None:
    design = QUICK["m, n and k everywhere"]
    right = designs.bodies_of(bench.template().netlist(design, designs.build()))
    mutations = (
        ("dma_load", "mem[c.addr + w]", "mem[c.addr]", {"mismatch"}),
        ("ctrl", "row[NB + n],", "row[NB],", {"mismatch", "empty_read", "leftover", "deadlock"}),
        ("dma_store", "mem[c.addr + w] = word", "mem[c.addr + w + 1] = word", {"mismatch", "out_of_bounds"}),
    )
    for module, old, new, causes in mutations:
        result = designs.run(design, tmp_path, bodies=_mutated(right, module, old, new), fibers=False)
        assert not result.passed
        assert result.cause in causes, (module, result.cause)
    deaf = _mutated(right, "ctrl", "inter_b.write(inter_cmd{steps, last})", "")
    assert designs.run(design, tmp_path, bodies=deaf).cause == "deadlock"


def _exported(design: DesignPoint, folder: Path, layers: list[Layer]) -> None:
    template, asked = bench.template(), designs.build()
    netlist = template.netlist(design, asked)
    files = template.assemble(netlist, designs.bodies_of(netlist))
    files |= template.host_files(design, asked, layers, np.random.default_rng(1))
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)


def test_the_host_driver_in_cpp_checks_a_design_with_any_seed(tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    folder = tmp_path / "project"
    _exported(QUICK["arbiters on both operands, reuse of A"], folder, [Layer(name="x", kind="gemm", m=30, k=50, n=9)])
    command = [compiler, "-std=c++20", "-O0", "-Wall", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label",
               f"-I{INCLUDE}", "gemm_test.cpp", "gemm.cpp", "-o", "gemm_test"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, env=dict(os.environ))
    for seed in ("1", "99"):
        done = subprocess.run([folder / "gemm_test", seed], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert " 0 differ" in done.stdout
    host = folder / "gemm_host.hpp"
    host.write_text(host.read_text().replace("row[field::SHIFT] = l.shift;", "row[field::SHIFT] = l.shift + 1;"))
    subprocess.run(command, cwd=folder, check=True, env=dict(os.environ))
    assert subprocess.run([folder / "gemm_test"], capture_output=True, check=False).returncode == 1


SPILLING = designs.point("m4k4", "n8", reuse="a_spill", a=(2, 2), b=(2, 4), c=(4, 8))


@pytest.mark.parametrize("point", [*QUICK.values(), SPILLING])
def test_co_simulation_copies_every_odd_launch_whole(point: DesignPoint) -> None:
    system, driver, shapes = (base_module("gemm", name) for name in ("system", "driver", "shape"))
    shape = shapes.shape_of(point, designs.build())
    copied = system.copied_words(shape)
    seen = dict.fromkeys(copied, 0)
    for seed in range(20):
        for pair in system.odd_pairs(shape, np.random.default_rng(seed)):
            layouts = [driver.LayerLayout(shape, tiles) for tiles in pair]
            a, b, bias, c = (sum(words) for words in zip(*(layout.words for layout in layouts), strict=True))
            waiting = sum(layout.spill_words for layout in layouts if layout.spilled)
            used = {
                "table": sum(len(layout.fields) for layout in layouts), "a": a, "b": b, "bias": bias, "c": c + waiting,
            }
            assert all(used[memory] <= copied[memory] for memory in used)
            seen = {memory: max(seen[memory], used[memory]) for memory in used}
    assert all(2 * seen[memory] >= copied[memory] for memory in seen), "no more than the largest launch may need"

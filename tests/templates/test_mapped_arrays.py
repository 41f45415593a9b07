"""Arrays that each layer maps to m or to n: every word at its array, results in their rows, refusals by name."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from aigchip_tui.csim.headers import INCLUDE
from aigchip_tui.csim.rewrite import rewrite_dataflow
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.mapping import mappings
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.space import DesignPoint, Link
from aigchip_tui.model.spilling import spilling_text
from aigchip_tui.model.tiling import chain_cycles, plan_tiles
from aigchip_tui.model.workload import Workload

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

MODULES = {
    "interconnect_mapped": 109, "interconnect_mapped_mixed": 466, "relay_mapped": 684, "ctrl_mapped": 36,
    "ctrl_mapped_spill": 24,
}
FOUR = designs.point("m2k4", "n2k2", "m4", a=(8, 16), b=(8, 8), c=(2, 2), kib=16, arrays_map="run_time")
"""Blocks of 8 x 2 sums, or of 2 x 8."""
SPILLING = designs.point(
    "m2n2k2", "n2", "m4", a=(4, 2), b=(4, 4), c=(2, 4), kib=16, arrays_map="run_time", reuse="b_spill"
)
TALL = Layer(name="tall", kind="gemm", m=200, k=100, n=3)
FLAT = Layer(name="flat", kind="gemm", m=3, k=100, n=200)


@pytest.mark.parametrize("module", MODULES)
def test_settings_are_counted_and_demonstrations_keep_the_laws(module: str) -> None:
    assert len(bench.legal(module)) == MODULES[module]
    assert bench.demo_faults(module) == []
    assert bench.unseen_pragmas(module) == set()


@pytest.mark.parametrize("module", MODULES)
def test_answers_are_right_and_within_their_contract(module: str, tmp_path: Path) -> None:
    for settings in bench.legal(module, 12, seed=5):
        assert bench.contract_faults(module, settings, bench.body_of(module, settings)) == []
    for settings in bench.legal(module, 2, seed=6):
        bench.proven(module, settings, tmp_path, sanitize=True)


@pytest.mark.deep
@pytest.mark.parametrize("module", MODULES)
def test_every_setting_is_answered_and_extremes_hold(module: str, tmp_path: Path) -> None:
    assert bench.refused(module) == []
    assert bench.prove_extremes(module, tmp_path) > 0


@pytest.mark.parametrize(("module", "name", "mutations"), [
    ("interconnect_mapped", "four", [
        ("command.serial != 0 ? same : shares[g]", "shares[g]"), ("command.serial == 0 || ends ||", "ends ||"),
        ("command.serial == 0 || ends ||", "command.serial == 0 ||"), ("row % ARRAYS", "row / (ROWS / ARRAYS)"),
    ]),
    ("interconnect_mapped_mixed", "a-mnk", [
        ("command.serial != 0 ? same : shares[", "command.serial == 0 ? same : shares["), ("g % ALONG_K * PART", "0"),
        ("g / (ALONG_N * ALONG_K)", "g / ALONG_N"),
    ]),
    ("interconnect_mapped_mixed", "b-mn", [("g / ALONG_K % DEALT", "0")]),
    ("relay_mapped", "a-mnk", [
        (": g - ALONG_N * ALONG_K", ": g - ALONG_K"), ("t < end + stop", "t < end"),
        ("shares[serial ? turn : place]", "shares[place]"), ("chain[g] = chain[before]", "chain[g] = chain[g]"),
        ("int g = ARRAYS - 1; g >= 0; --g", "int g = 0; g < ARRAYS; ++g"), ("t < end + behind", "t < end"),
    ]),
    ("ctrl_mapped_spill", "a_both", [
        ("row[POST_ROWS + m]", "row[A_ROWS + m]"), ("row[B_KB + k]", "row[KB + k]"), ("spills && !begins", "false"),
        ("row[MAP_SPILL_TOKENS + at]", "row[MAP_SPILL_TOKENS + mn]"),
    ]),
    ("ctrl_mapped", "output_both", [
        ("row[B_KB + k]", "row[A_KB + k]"), ("row[POST_WORDS + n]", "row[C_WORDS + n]"), ("to_n == 0", "to_n != 0"),
        ("row[B_STEPS + 2 * mn + k]", "row[STEPS + 2 * mn + k]"), ("row[B_K_WORDS + k]", "row[K_WORDS + k]"),
    ]),
])  # fmt: skip
def test_mutants_fail(module: str, name: str, mutations: list[tuple[str, str]], tmp_path: Path) -> None:
    assert bench.surviving(module, bench.demo(module, name), mutations, tmp_path) == []


MORE: dict[str, dict[str, Any]] = {
    "reuse of A": {"array": "m2n2", "arrays": "m2", "reuse": "a", "a": (4, 4), "b": (2, 4), "c": (4, 4)},
    "reuse of B, narrow banks": {"array": "n4", "arrays": "m8", "reuse": "b", "a": (4, 2), "b": (1, 4), "c": (2, 4)},
    "more banks, slices": {"array": "m8n2", "arrays": "m4", "a": (64, 4), "b": (32, 2), "c": (16, 4), "kib": 64},
    "arrays along m and n": {"array": "n4", "arrays": "m2n4", "a": (2, 2), "b": (8, 4), "c": (2, 8)},
    "arrays along m and k": {"array": "m4", "arrays": "m4k2", "reuse": "a", "a": (16, 4), "b": (4, 4), "c": (8, 2)},
    "arrays along m and k, sums spilled": {
        "array": "m4", "arrays": "m2k4", "reuse": "a_spill", "a": (16, 4), "b": (4, 4), "c": (8, 2)
    },
    "linked arrays along m": {"array": "n4", "arrays": "m4", "arrays_link": "forward", "c": (2, 4)},
    "linked arrays along m and n": {
        "array": "m2", "arrays": "m2n4", "reuse": "b", "arrays_link": "forward", "a": (4, 2), "b": (8, 4), "c": (4, 4)
    },
    "linked arrays along every axis, linked lanes": {
        "array": "m2n2", "arrays": "m2n2k2", "arrays_link": "forward", "link": "forward", "c": (4, 4), "dsp_pack": 2
    },
    "sums spilled under reuse of A": {
        "array": "m2n2", "arrays": "m8", "reuse": "a_spill", "a": (16, 4), "b": (8, 2), "c": (4, 2)
    },
    "pairs, linked lanes": {"array": "m2n4", "arrays": "m2", "link": "forward", "dsp_pack": 2},
}
"""Designs of lanes m2n2k2 whose arrays are mapped at run time."""


GRIDS = [
    ("m2n2k2", "fanout", "interconnect_mapped_mixed", (0, 0), (0, 0)),
    ("m4", "forward", "relay_mapped", (3, 3), (3, 3)),
    ("m2n2k2", "forward", "relay_mapped", (2, 1), (2, 3)),
]
"""Arrays, their link and interconnect, tokens that the FIFOs of A and of B hold more, the chains mapped to m, to n."""


@pytest.mark.parametrize(("arrays", "link", "module", "more", "chains"), GRIDS)
def test_arrays_along_m_are_mapped_and_the_others_stay(
    arrays: str, link: Link, module: str, more: tuple[int, int], chains: tuple[int, int], tmp_path: Path
) -> None:
    design = designs.point(
        "m2n2k2", "m2", arrays, a=(4, 2), b=(4, 2), c=(4, 2), kib=16, arrays_map="run_time", arrays_link=link
    )
    assert refusals(design, designs.build()) == ()
    along_m, along_n = mappings(design)
    assert (along_m.pm, along_m.pn) == (design.pm, design.pn)
    assert (along_n.pm, along_n.pn) == (design.pm // design.arrays.m, design.pn * design.arrays.m)
    assert tuple(chain_cycles(design, mapping) for mapping in mappings(design)) == chains
    netlist = bench.template().netlist(design, designs.build())
    assert {i.variant.module for i in netlist.instances if i.name in ("inter_a", "inter_b")} == {module}
    depths = {(e.producer, e.consumer): e.depth - 2 for e in netlist.edges}
    assert (depths["inter_a", "array"], depths["inter_b", "array"]) == more
    designs.proven(designs.run(design, tmp_path))


@pytest.mark.parametrize("depth", [0, 1])
def test_a_design_is_exact_with_layers_of_both_mappings_in_a_launch(depth: int, tmp_path: Path) -> None:
    assert refusals(FOUR, designs.build()) == ()
    netlist = bench.template().netlist(FOUR, designs.build())
    assert {i.variant.module for i in netlist.instances} >= {"interconnect_mapped", "ctrl_mapped"}
    designs.proven(designs.run(FOUR, tmp_path, depth=depth))


def test_a_design_spills_sums_in_either_mapping(tmp_path: Path) -> None:
    build = designs.build()
    assert refusals(SPILLING, build) == ()
    netlist = bench.template().netlist(SPILLING, build)
    assert {i.variant.module for i in netlist.instances} >= {"ctrl_mapped_spill", "accumulate_spill", "dma_spill"}
    driver, shape, system = (_part(name) for name in ("driver", "shape", "system"))
    of = shape.shape_of(SPILLING, build)
    launch, *_ = system.odd_pairs(of, np.random.default_rng(5))
    assert [(tiles.to_n, driver.LayerLayout(of, tiles).spilled) for tiles in launch] == [(False, True), (True, True)]
    designs.proven(designs.run(SPILLING, tmp_path))


def test_what_spills_in_a_layer_mapped_to_n_is_counted_by_its_own_rows() -> None:
    design, build = msgspec.structs.replace(SPILLING, reuse="a_spill"), designs.build()
    flat = Layer(name="flat", kind="gemm", m=1, k=4096, n=2000)
    plan = plan_tiles(design, build, flat)
    said = spilling_text(design, build, Workload(name="flat", layers=(flat,)))
    # Two rows of an array, which are all that the layer has; their sums leave and come back between tiles along k.
    sums = 4 * 2 * plan.ldc * (2 * plan.nk - 2)
    assert plan.along == "n"
    assert f"{sums / 1e6:.2f} MB" in said


@pytest.mark.deep
@pytest.mark.parametrize("name", MORE)
def test_more_designs_are_exact_with_every_port_and_under_sanitizers(name: str, tmp_path: Path) -> None:
    design = designs.point("m2n2k2", **{"kib": 32, **MORE[name]}, arrays_map="run_time")
    for axi_bytes in (8, 64):
        assert refusals(design, designs.build(axi_bytes)) == ()
        designs.proven(designs.run(design, tmp_path, axi_bytes=axi_bytes))
    designs.proven(designs.run(design, tmp_path, sanitize=True))
    if design.dsp_pack == 1:
        designs.proven(designs.run(design, tmp_path, precision="int16"))


def test_the_plan_chooses_the_mapping_and_the_table_says_it(tmp_path: Path) -> None:
    build = designs.build()
    driver, system, shape = (_part(name) for name in ("driver", "system", "shape"))
    for layer, along in ((TALL, "m"), (FLAT, "n")):
        plan = plan_tiles(FOUR, build, layer)
        assert plan.along == along
        layout = driver.LayerLayout(shape.shape_of(FOUR, build), system.layer_tiles(FOUR, build, layer))
        row = layout.row(a=0, b=0, bias=0, c=0, post=driver.PostSettings())
        assert row["TO_N"] == (along == "n")
        # 13 steps of 8 words along k; a token of the operand whose rows all arrays share serves four of them.
        assert (row["KB"], row["A_KB"], row["B_KB"]) == (13, *((13, 4) if along == "m" else (4, 13)))
    fixed = designs.point("m2k4", "n2k2", "m4", a=(8, 16), b=(8, 8), c=(2, 2), kib=16)
    assert plan_tiles(FOUR, build, FLAT).compute_cycles < 0.6 * plan_tiles(fixed, build, FLAT).compute_cycles
    designs.proven(designs.run(FOUR, tmp_path, layers=[TALL, FLAT]))


@pytest.mark.parametrize(("change", "rule", "says"), [
    ({"arrays": "1"}, "arrays_map", "the design has 1 array"),
    ({"arrays": "n4"}, "arrays_map", "arrays n4 are written m4"),
    ({"arrays": "n2k2"}, "arrays_map", "arrays n2k2 are written m2k2"),
    ({"arrays": "k2"}, "arrays_map", "those of k2 add up parts of the same sums"),
])
def test_what_is_not_mapped_at_run_time_is_refused_by_name(change: dict[str, Any], rule: str, says: str) -> None:
    design = designs.point("m2k4", **{"array": "n2k2", "kib": 16, "c": (2, 2), **change}, arrays_map="run_time")
    (refusal,) = refusals(design, designs.build())
    assert refusal.rule == rule
    assert says in refusal.message


@pytest.mark.parametrize("design", [FOUR, SPILLING])
def test_the_host_driver_in_cpp_maps_layers_both_ways(design: DesignPoint, tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    template, build = bench.template(), designs.build()
    netlist = template.netlist(design, build)
    files = template.assemble(netlist, designs.bodies_of(netlist))
    files |= template.host_files(design, build, [FLAT], np.random.default_rng(1))
    files["gemm.cpp"] = rewrite_dataflow(files["gemm.cpp"])
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    command = [compiler, "-std=c++20", "-O0", "-Wall", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label",
               "-DAIGCHIP_FIBERS=1", f"-I{INCLUDE}", "gemm_test.cpp", "gemm.cpp", "-o", "gemm_test"]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True, env=dict(os.environ))
    done = subprocess.run([tmp_path / "gemm_test", "3"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " 0 differ" in done.stdout


def _part(name: str) -> Any:
    """A file of the loaded template package."""
    return importlib.import_module(f"{type(bench.template()).__module__.rpartition('.')[0]}.{name}")

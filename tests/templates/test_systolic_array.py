"""systolic_array: demonstrations, answers, links to neighbours alone, and the steps that they cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aigchip_tui.model.rules import refusals
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS, LINKS, DesignPoint
from aigchip_tui.model.tiling import chain_cycles, least_steps

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

Settings = dict[str, int | str]
MODULE = "systolic_array"
SIZES = ("lane_m", "lane_n", "lane_k", "m", "n", "k")


def test_demonstrations_keep_the_laws() -> None:
    assert bench.demo_faults(MODULE) == []


def test_legal_settings_and_ports_are_those_of_the_array_that_fans_out() -> None:
    mine, plain = bench.legal(MODULE, precision="", pack=2), bench.legal("pe_array", precision="", pack=2)
    assert mine[: len(plain)] == plain
    for settings in bench.legal("pe_array", 20):
        assert bench.spec_of(MODULE).ports(settings) == bench.spec_of("pe_array").ports(settings)


def test_a_sample_is_answered_within_its_contract() -> None:
    for settings in bench.legal(MODULE, 60, precision="", pack=2):
        body = bench.body_of(MODULE, settings)
        assert bench.contract_faults(MODULE, settings, body) == []
        assert ("shift:" in body) == (settings["slices"] != 1)


@pytest.mark.deep
def test_every_setting_is_answered() -> None:
    assert bench.refused(MODULE) == []


@pytest.mark.deep
def test_a_broad_sample_is_right(tmp_path: Path) -> None:
    for settings in bench.legal(MODULE, 80, seed=7, precision="", pack=2):
        bench.proven(MODULE, settings, tmp_path)
    for settings in bench.legal(MODULE, 12, seed=8):
        bench.proven(MODULE, settings, tmp_path, sanitize=True)


@pytest.mark.deep
def test_demonstrations_hold_at_their_extremes(tmp_path: Path) -> None:
    assert bench.prove_extremes(MODULE, tmp_path) > 0


def test_mutations_are_seen(tmp_path: Path) -> None:
    """A lane that takes its words elsewhere than from its neighbour's stage, and blocks that follow too closely."""
    mutations = [
        ("chain[s] = chain[s - 1]", "chain[s] = chain[0]"),
        ("chain[lm + ln + lk]", "chain[lm + ln]"),
        ("? passed[lane - 1][x] :", "? passed[lane][x] :"),
        ("lanes: for (int lane = LANES - 1; lane >= 0; --lane)", "lanes: for (int lane = 0; lane < LANES; ++lane)"),
        ("SHORTEST = LANES_M + LANES_N - 1 + SLICES - 1", "SHORTEST = SLICES"),
        ("leaving = 1 - command.kb - (STAGES - 1)", "leaving = 1 - command.kb"),
        ("t < end + STAGES - 1 + SLICES - 1", "t < end + STAGES - 1"),
    ]
    assert bench.surviving(MODULE, bench.demo(MODULE, "grid"), mutations, tmp_path) == []


def test_every_missing_pragma_is_seen() -> None:
    assert bench.unseen_pragmas(MODULE) == set()


def test_the_model_counts_the_chain_and_the_least_steps_that_the_code_has() -> None:
    code = bench.demo(MODULE, "grid").code
    assert "STAGES = LANES_M + LANES_N - 1 + LANES_K - 1;" in code
    assert "SHORTEST = LANES_M + LANES_N - 1 + SLICES - 1;" in code
    forward = designs.point("m2n4k4", "m4n8k2", link="forward")
    # Behind the first lane 3 + 7 + 1 more; 8 x 32 sums of 32 bits leave in two tokens.
    assert (chain_cycles(forward), least_steps(forward, designs.build())) == (11, 3 + 7 + 2)
    fanned = designs.point("m2n4k4", "m4n8k2")
    assert (chain_cycles(fanned), least_steps(fanned, designs.build())) == (0, 0)


GRIDS: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("single MACs", {"link": "forward"}, (1, 1, 1, 4, 4, 4)),
    ("one MAC of each lane", {}, (2, 4, 2, 2, 1, 2)),
    ("pairs", {"link": "forward", "dsp_pack": 2}, (2, 1, 1, 2, 4, 4)),
    ("a pair of lanes", {"dsp_pack": 2}, (2, 4, 2, 2, 1, 2)),
    ("a pair of each lane", {"array": "k8", "dsp_pack": 2, "c": (4, 1)}, (2, 1, 8, 1, 1, 2)),
]
"""Designs of lanes m2k2, and what their links connect: MACs of a cell, and cells, along m, n and k."""


@pytest.mark.parametrize(("name", "change", "sizes"), GRIDS, ids=[name for name, *_ in GRIDS])
def test_linked_lanes_dissolve_into_a_grid(
    name: str, change: dict[str, Any], sizes: tuple[int, ...], tmp_path: Path
) -> None:
    design = designs.point("m2k2", **{"array": "m2n4k2", "lane_link": "forward", **change})
    assert refusals(design, designs.build()) == ()
    variant = next(i.variant for i in bench.template().netlist(design, designs.build()).instances if i.name == "array")
    settings = variant.settings
    assert variant.module == MODULE
    assert tuple(settings[size] for size in SIZES) == sizes
    assert settings in bench.legal(MODULE, precision="", pack=design.dsp_pack)
    assert chain_cycles(design) == sum(sizes[3:]) - 3
    designs.proven(designs.run(design, tmp_path))


def test_a_lane_whose_macs_share_one_dsp_has_nothing_to_link() -> None:
    design = designs.point("m2", "k8", lane_link="forward", dsp_pack=2, c=(4, 1))
    (refusal,) = refusals(design, designs.build())
    assert (refusal.rule, refusal.message) == (
        "lane_link", "lane_link forward links the MACs of a lane; those of m2 share one DSP."
    )
    assert refusals(designs.point("m2", "k8", lane_link="forward", c=(4, 1)), designs.build()) == ()


@pytest.mark.deep
def test_every_link_of_lane_and_array_dissolves_into_legal_settings() -> None:
    """Each pair of splits, paired or not: the cells and their grid are the array, and the module has their settings."""
    known = {tuple(s[x] for x in SIZES) for s in bench.legal(MODULE, precision="")}
    paired = {tuple(s[x] for x in SIZES) for s in bench.legal(MODULE, precision="", pack=2) if s.get("pack") == 2}
    for lane in LANE_SPLITS:
        for array in ARRAY_SPLITS:
            for array_link in LINKS:
                for pack in (1, 2) if lane.m * lane.n > 1 else (1,):
                    one = DesignPoint(
                        lane=lane, array=array, lane_link="forward", array_link=array_link, dsp_pack=pack
                    )
                    cell, grid = one.cell, one.grid
                    assert (cell.m * grid.m, cell.n * grid.n, cell.k * grid.k) == (one.qm, one.qn, one.qk)
                    assert pack == 1 or cell.m * cell.n > 1
                    if grid.product > 1 and max(one.qm, one.qn) * one.qk <= 512 and one.qn <= 128:
                        sizes = (cell.m, cell.n, cell.k, grid.m, grid.n, grid.k)
                        assert sizes in (known if pack == 1 else paired)


def test_a_design_with_forward_links_is_exact_at_its_declared_depths_and_at_one(tmp_path: Path) -> None:
    design = designs.point("m2n2k2", "m2n4k2", "n2", a=(4, 4), b=(4, 4), c=(4, 4), link="forward")
    assert refusals(design, designs.build()) == ()
    array = next(i for i in bench.template().netlist(design, designs.build()).instances if i.name == "array")
    assert array.variant.module == MODULE
    # The chain lies within one process: no edge of the design gets ahead of another by it.
    for depth in (0, 1):
        designs.proven(designs.run(design, tmp_path, depth=depth))

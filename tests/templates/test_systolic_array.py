"""systolic_array: demonstrations, answers, links to neighbours alone, and the steps that they cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.model.rules import refusals
from aigchip_tui.model.tiling import chain_cycles, least_steps

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

Settings = dict[str, int | str]
MODULE = "systolic_array"


def test_demonstrations_keep_the_laws() -> None:
    assert bench.demo_faults(MODULE) == []


def test_legal_settings_and_ports_are_those_of_the_array_that_fans_out() -> None:
    assert bench.legal(MODULE, precision="", pack=2) == bench.legal("pe_array", precision="", pack=2)
    for settings in bench.legal(MODULE, 20):
        assert bench.spec_of(MODULE).ports(settings) == bench.spec_of("pe_array").ports(settings)


def test_a_sample_is_answered_within_its_contract() -> None:
    for settings in bench.legal(MODULE, 60, precision="", pack=2):
        body = bench.body_of(MODULE, settings)
        assert bench.contract_faults(MODULE, settings, body) == []
        assert ("shift:" in body) == (settings["slices"] != 1)


@pytest.mark.parametrize("settings", bench.legal(MODULE, 3, seed=4))
def test_answers_are_right(settings: Settings, tmp_path: Path) -> None:
    bench.proven(MODULE, settings, tmp_path)


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


def test_a_design_with_forward_links_is_exact_at_its_declared_depths_and_at_one(tmp_path: Path) -> None:
    design = designs.point("m2n2k2", "m2n4k2", "n2", a=(4, 4), b=(4, 4), c=(4, 4), link="forward")
    assert refusals(design, designs.build()) == ()
    array = next(i for i in bench.template().netlist(design, designs.build()).instances if i.name == "array")
    assert array.variant.module == MODULE
    # The chain lies within one process: no edge of the design gets ahead of another by it.
    for depth in (0, 1):
        designs.proven(designs.run(design, tmp_path, depth=depth))

"""Two MACs a DSP block: exact at the ends of int8, split before the lower field overflows, half the DSP blocks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from aigchip_tui.model.module import Settings, Variant
from aigchip_tui.model.rules import refusals
from aigchip_tui.synth.reading import module_request, read_module

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

PAIRED = [settings for settings in bench.legal("pe_lane", pack=2) if "pack" in settings]
DESIGN = msgspec.structs.replace(designs.point("m2n2k8", "m4", a=(8, 16), b=(2, 16), c=(8, 2), kib=16), dsp_pack=2)


def _lane(m: int, n: int, k: int) -> Settings:
    return {"m": m, "n": n, "k": k, "pack": 2}


@pytest.mark.parametrize("settings", [_lane(1, 2, 32), _lane(2, 1, 16), _lane(4, 4, 4), _lane(1, 64, 1)], ids=str)
def test_a_lane_of_pairs_is_exact(settings: Settings, tmp_path: Path) -> None:
    """The cases hold -128 times -128 in every word, the largest packed sum there is."""
    names = [case.name for case in bench.spec_of("pe_lane").cases(settings, np.random.default_rng(1))]
    assert "all -128" in names
    bench.proven("pe_lane", settings, tmp_path, sanitize=True)


def test_every_lane_of_pairs_is_answered_within_its_contract() -> None:
    # Of 83 splits those that are not along k alone, and the two pairs of 64 words in a grid of linked MACs.
    assert len(PAIRED) == 77 + 2
    for settings in PAIRED:
        assert bench.contract_faults("pe_lane", settings, bench.body_of("pe_lane", settings)) == []


def test_a_group_of_eight_products_overflows_the_lower_field_and_is_seen(tmp_path: Path) -> None:
    settings = _lane(1, 2, 32)
    body = bench.body_of("pe_lane", settings)
    for group, right in ((7, True), (8, False)):
        other = body.replace("constexpr int GROUP = 4;", f"constexpr int GROUP = {group};")
        assert other != body
        assert bench.simulate("pe_lane", settings, tmp_path, body=other).passed == right


def test_the_borrow_of_a_negative_lower_sum_is_given_back(tmp_path: Path) -> None:
    settings = _lane(2, 1, 16)
    body = bench.body_of("pe_lane", settings)
    assert "(packed - lower) >> FIELD" in body
    careless = body.replace("(packed - lower) >> FIELD", "packed >> FIELD")
    assert not bench.simulate("pe_lane", settings, tmp_path, body=careless).passed


def test_an_assembled_design_is_exact_at_its_declared_depths(tmp_path: Path) -> None:
    assert not refusals(DESIGN, designs.build())
    designs.proven(designs.run(DESIGN, tmp_path))


def _dsp(settings: Settings) -> int:
    template = bench.template()

    def inlined(module: str, local: Settings) -> list[tuple[Variant, str]]:
        found: list[tuple[Variant, str]] = []
        for name, child in bench.spec_of(module).children(local):
            found += [*inlined(name, child), (template.variant(name, child), bench.body_of(name, child))]
        return found

    read = read_module(
        module_request(
            template.variant("pe_array", settings), bench.body_of("pe_array", settings),
            inlined("pe_array", settings), headers=template.headers(), clock_ns=5.0, part="xczu7ev-ffvc1156-2-e",
        )
    )
    assert read["ii"] == 1
    return int(read["dsp"])


@pytest.mark.parametrize("lane", [(4, 4, 1), (2, 2, 8), (8, 1, 4)])
def test_the_estimator_reads_one_dsp_for_two_macs_in_the_code(lane: tuple[int, int, int]) -> None:
    settings: Settings = {"lane_m": lane[0], "lane_n": lane[1], "lane_k": lane[2], "m": 2, "n": 1, "k": 2, "slices": 1}
    macs = 4 * math.prod(lane)
    assert (_dsp(settings), _dsp({**settings, "pack": 2})) == (macs, macs // 2)

"""Every DSP block of a design has a name: the array's are its MACs, the others are said."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from aigchip_tui.model.device import device
from aigchip_tui.model.space import Build, DesignPoint, Partition, Split
from aigchip_tui.modules.loader import load_template
from aigchip_tui.synth.multipliers import multipliers_text

BUILD = Build(device=device("zcu104"), dsp_limit=1024)


def points() -> Iterator[DesignPoint]:
    part = Partition(h=8, w=16)
    for pack, arrays in ((1, Split()), (1, Split(m=2)), (2, Split(m=2))):
        yield DesignPoint(
            lane=Split(m=2, k=8), array=Split(m=4, n=8), arrays=arrays, dsp_pack=pack, part_a=part, part_b=part,
            part_c=Partition(h=8, w=8),
        )  # fmt: skip


@pytest.mark.parametrize("point", points(), ids=lambda p: f"{p.arrays} pack {p.dsp_pack}")
def test_all_blocks_are_accounted_for(point: DesignPoint) -> None:
    netlist = load_template("gemm").netlist(point, BUILD)
    dsp = {"array": point.multipliers // point.arrays.product, "post": 67, "drain_a": 9, "drain_b": 9, "flush": 0}
    said = multipliers_text(netlist, dsp, point)
    assert said.startswith(f"DSP: {point.multipliers} in the array ({point.macs} MACs")
    assert ("2 a block" in said) == (point.dsp_pack == 2)
    assert said.endswith("others: post 67 (scale), control 18 (counts of tokens: drain_a 9, drain_b 9)")
    total = sum(int(each) for each in re.findall(r"(?:DSP: |post |control )(\d+)", said))
    assert total == point.multipliers + 67 + 18


def test_without_others_none_are_said() -> None:
    point = next(points())
    netlist = load_template("gemm").netlist(point, BUILD)
    assert multipliers_text(netlist, {"array": 512}, point) == "DSP: 512 in the array (512 MACs)"

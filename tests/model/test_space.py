"""Splits, parameters and rules of the design space."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.resources import bank_resources, buffer_resources, screened_resources
from aigchip_tui.model.rules import BUILT_ARRAYS, fanouts, refusals, timing_flags
from aigchip_tui.model.space import (
    ARRAY_SPLITS,
    ARRAYS_SPLITS,
    LANE_SPLITS,
    LATER,
    PARAMETERS,
    Build,
    DesignPoint,
    Partition,
    Split,
)
from aigchip_tui.model.workload import workload

BUILD = Build(device=device("zcu104"), dsp_limit=1024)
GOOD = DesignPoint(
    lane=Split(k=16), array=Split(m=8, n=8), buf_a=128, buf_b=64, buf_c=64, part_a=Partition(h=8, w=16),
    part_b=Partition(h=8, w=16), part_c=Partition(h=8, w=8),
)  # fmt: skip


def points() -> st.SearchStrategy[DesignPoint]:
    """Any point of the vocabulary, legal or not."""
    values = st.fixed_dictionaries({name: st.sampled_from(list(v)) for name, v in PARAMETERS.items()})
    return values.map(DesignPoint.from_parameters)  # type: ignore[arg-type]  # each value is int or str


def test_levels_have_83_83_and_20_splits_all_of_them_built() -> None:
    assert (len(LANE_SPLITS), len(ARRAY_SPLITS), len(ARRAYS_SPLITS), len(BUILT_ARRAYS)) == (83, 83, 20, 20)
    assert len({str(split) for split in LANE_SPLITS}) == 83


@pytest.mark.parametrize(
    ("axes", "styles"),
    [
        ("m", ("uni", "bro", "uni")), ("n", ("bro", "uni", "uni")), ("k", ("uni", "uni", "bro")),
        ("mn", ("mul", "mul", "uni")), ("mk", ("uni", "mul", "mul")), ("nk", ("mul", "uni", "mul")),
        ("mnk", ("mul", "mul", "mul")),
    ],
)  # fmt: skip
def test_styles_are_the_papers_seven_triples(axes: str, styles: tuple[str, str, str]) -> None:
    for factors in itertools.product((2, 4), repeat=len(axes)):
        assert Split(**dict(zip(axes, factors, strict=True))).styles == styles


@given(st.sampled_from(LANE_SPLITS + ARRAYS_SPLITS))
def test_a_split_survives_its_text(split: Split) -> None:
    assert Split.parse(str(split)) == split


@pytest.mark.parametrize("text", ["", "0", "m1", "k4m4", "m4m4", "m-4", "x4", "m4k", "2", "m4 k4", "m99999"])
def test_other_texts_are_no_splits(text: str) -> None:
    with pytest.raises(AigchipError):
        Split.parse(text)


@given(points())
def test_a_point_survives_its_parameters(point: DesignPoint) -> None:
    flat = point.parameters()
    assert list({**LATER, **flat}) == [*LATER, *(name for name in PARAMETERS if name not in LATER)]
    assert not LATER.items() & flat.items()
    assert DesignPoint.from_parameters(flat) == point
    assert DesignPoint.from_parameters({name: str(value) for name, value in flat.items()}) == point


@given(points())
def test_totals_multiply_over_the_levels(point: DesignPoint) -> None:
    assert point.macs == point.lane.product * point.array.product * point.arrays.product
    assert point.pm * point.pn * point.pk == point.macs
    assert (point.qm * point.arrays.m, point.qn * point.arrays.n) == (point.pm, point.pn)
    assert point.c_slices(32) * (point.c_lanes(32) // point.pn) == point.pm


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"buf_a": 7}, "buf_a=7"), ({"lane": "m3"}, "lane=m3"), ({"speed": 1}, "Unknown parameter 'speed'"),
        ({"reuse": "c"}, "reuse=c"), ({"buf_b": True}, "buf_b=True"), ({"part_a_h": "1e1"}, "part_a_h=1e1"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(change: dict[str, int | str], says: str) -> None:
    with pytest.raises(AigchipError, match=says):
        DesignPoint.from_parameters(GOOD.parameters() | change)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(AigchipError, match="'reuse' is missing"):
        DesignPoint.from_parameters({k: v for k, v in GOOD.parameters().items() if k != "reuse"})


def test_a_pair_of_bytes_does_not_fit_the_multiplier_of_a_7_series_dsp() -> None:
    pairs = DesignPoint.from_parameters(GOOD.parameters() | {"lane": "m4k4", "dsp_pack": 2})
    rules = {name: [r.rule for r in refusals(pairs, Build(device=device(name)))] for name in ("pynq-z2", "zcu104")}
    assert "dsp_pack" in rules["pynq-z2"]
    assert "dsp_pack" not in rules["zcu104"]


@pytest.mark.parametrize(
    ("change", "rule", "figure"),
    [
        ({"lane": "m2", "array": "k64", "lane_link": "forward", "dsp_pack": 2}, "lane_link", 0),
        ({"arrays": "n2", "arrays_map": "run_time"}, "arrays_map", 2),
        ({"arrays": "k2", "arrays_map": "run_time"}, "arrays_map", 2),
        ({"dsp_pack": 2}, "dsp_pack", 16),
        ({"arrays": "m2"}, "dsp", 2048),
        ({"lane": "m8", "array": "m64", "buf_c": 8}, "tile", 8192),
        ({"part_c_h": 64, "part_c_w": 64, "buf_c": 8}, "partition", 4096),
        ({"lane": "k64", "array": "n16"}, "token", 8192),
        ({"lane": "n32", "array": "n8"}, "token", 8192),
        ({"part_c_w": 16}, "part_c_w", 16),
        ({"buf_a": 512, "buf_b": 512, "buf_c": 512, "part_b_h": 64, "part_a_h": 64}, "bram", 0),
        ({"part_c_h": 64, "part_c_w": 64, "buf_c": 512}, "lut", 0),
    ],
)
def test_each_rule_refuses_with_its_name_and_figure(change: dict[str, int | str], rule: str, figure: int) -> None:
    point = DesignPoint.from_parameters(GOOD.parameters() | change)
    found = {refusal.rule: refusal for refusal in refusals(point, BUILD)}
    assert rule in found
    if figure:
        assert found[rule].figure >= figure
        assert str(figure) in found[rule].message


def test_two_macs_share_a_dsp_in_int8_lanes_with_rows_or_columns() -> None:
    pairs = DesignPoint.from_parameters(GOOD.parameters() | {"lane": "m2k8", "dsp_pack": 2})
    assert refusals(pairs, BUILD) == ()
    assert screened_resources(pairs, BUILD).dsp == pairs.multipliers == pairs.macs // 2
    wide = Build(device=device("zcu104"), precision="int16")
    assert "dsp_pack" in {refusal.rule for refusal in refusals(pairs, wide)}


def test_values_outside_the_vocabulary_are_refused_not_crashed_on() -> None:
    odd = DesignPoint(lane=Split(m=3), array=Split(m=128), buf_a=7, part_b=Partition(h=3, w=0), dsp_pack=3)
    rules = {refusal.rule for refusal in refusals(odd, BUILD)}
    assert rules == {"lane_product", "array_product", "buffer", "partition", "dsp_pack"}


def test_the_build_itself_is_checked() -> None:
    for build, rule in (
        (Build(device=device("zcu104"), precision="fp16"), "not_built"),
        (Build(device=device("zcu104"), clock_mhz=500), "clock"),
        (Build(device=device("zcu104"), axi_bytes=5), "axi"),
        (Build(device=device("pynq-z2"), dsp_limit=1024), "dsp"),
    ):
        assert [refusal.rule for refusal in refusals(GOOD, build)] == [rule]


def test_without_a_limit_seventy_percent_of_the_dsps_are_the_budget() -> None:
    assert Build(device=device("zcu104")).dsp_budget == 1209


def test_a_good_point_is_legal_for_resnet_and_a_spilling_one_names_its_layer() -> None:
    assert refusals(GOOD, BUILD, workload("resnet50@224")) == ()
    small = DesignPoint.from_parameters(GOOD.parameters() | {"reuse": "a", "buf_a": 8, "buf_b": 8})
    (refusal,) = refusals(small, BUILD, workload("resnet50@224"))
    assert refusal.rule == "spill"
    assert "res" in refusal.message


def test_wide_fan_out_is_flagged_and_a_slower_clock_lifts_the_limit() -> None:
    wide = DesignPoint(lane=Split(n=8), array=Split(n=64))
    assert [flag.figure for flag in timing_flags(wide, BUILD)] == [512]
    assert timing_flags(GOOD, BUILD) == ()
    assert (
        len(timing_flags(DesignPoint(lane=Split(n=4), array=Split(n=64)), Build(device=BUILD.device, clock_mhz=300)))
        == 1
    )


def test_a_forward_link_multiplies_no_fan_out() -> None:
    wide = DesignPoint(lane=Split(n=8), array=Split(n=64), array_link="forward")
    assert fanouts(wide) == (8, 1)
    assert timing_flags(wide, BUILD) == ()


def test_banks_are_bound_at_the_shapes_of_the_primitives() -> None:
    assert bank_resources(36, 512, uram_allowed=False) == (0, 1, 0)
    assert bank_resources(37, 512, uram_allowed=False) == (0, 2, 0)
    assert bank_resources(8, 2048, uram_allowed=False) == (0, 1, 0)
    assert bank_resources(8, 2049, uram_allowed=False) == (0, 2, 0)
    assert bank_resources(72, 4096, uram_allowed=True) == (0, 0, 1)
    assert bank_resources(72, 4096, uram_allowed=False)[1] >= 16
    assert bank_resources(28, 32, uram_allowed=True) == (16, 0, 0)


def test_double_buffering_counts_two_copies() -> None:
    one = bank_resources(128, 1024, uram_allowed=False)
    assert buffer_resources(64, Partition(h=4, w=16), 8, uram_allowed=False) == tuple(2 * 4 * x for x in one)


def test_screened_dsps_are_the_multipliers() -> None:
    assert screened_resources(GOOD, BUILD).dsp == GOOD.macs == 1024

"""Spilled sums: a request may ask for them, and a design says whether its sums really leave for memory."""

from __future__ import annotations

import msgspec
import pytest

from aigchip_tui.engine.making import make_settings
from aigchip_tui.model.device import device
from aigchip_tui.model.request import parse_request
from aigchip_tui.model.space import Build, DesignPoint, Partition, Reuse, Split
from aigchip_tui.model.spilling import spilling_text
from aigchip_tui.model.tiling import plan_tiles
from aigchip_tui.model.workload import workload

BUILD = Build(device=device("zcu104"), dsp_limit=1024)


@pytest.mark.parametrize(("text", "reuse"), [
    ("gemm:64x64x64 with spilled sums", "a_spill"),
    ("ResNet-50, spilled partial sums and reuse of B, at most 256 DSPs", "b_spill"),
    ("gemm:64x64x64, keep partial sums in memory", "a_spill"),
    ("gemm:64x64x64, raw sums and spilled sums", "a_spill"),
    ("gemm:64x64x64, raw sums", ""),
])
def test_a_request_may_ask_for_them(text: str, reuse: str) -> None:
    request = parse_request(text)
    assert (request.reuse, request.understanding.not_understood) == (reuse, ())
    said = [value for key, value, _ in request.understanding.assumed if key == "reuse"]
    assert said == ([reuse] if reuse and "reuse of" not in text else [])


def test_they_become_a_pin_and_a_pin_of_the_flags_wins() -> None:
    request = parse_request("gemm:64x64x64 on a ZCU104, at most 64 DSPs, with spilled sums")
    assert make_settings("any", request, {}).pins == {"reuse": "a_spill"}
    given = make_settings("any", request, {"pins": {"reuse": "b_spill", "buf_c": 64}})
    assert given.pins == {"reuse": "b_spill", "buf_c": 64}


def spilling(reuse: Reuse, kib: int) -> DesignPoint:
    part = Partition(h=8, w=16)
    return DesignPoint(
        lane=Split(k=16), array=Split(m=8, n=8), buf_a=kib, buf_b=kib, buf_c=32, part_a=part, part_b=part,
        part_c=Partition(h=8, w=8), reuse=reuse,
    )  # fmt: skip


def test_a_design_says_in_how_many_layers_they_leave_and_how_much() -> None:
    work = workload("gemm:784x4608x1024+gemm:64x64x64")
    said = spilling_text(spilling("a_spill", 8), BUILD, work)
    plan = plan_tiles(spilling("a_spill", 8), BUILD, work.layers[0])
    assert plan.nk > 1
    moved = 784 * 1024 * 4 * (2 * plan.nk - 2)
    assert said == (
        f"in 1 of 2 distinct layers, between {plan.nk} tiles along k; {moved / 1e6:.2f} MB of sums out and back in one "
        "GEMM of each"
    )
    assert "in none of 1 distinct layers" in spilling_text(spilling("a_spill", 64), BUILD, workload("gemm:64x64x64"))
    assert spilling_text(spilling("output", 8), BUILD, work) == ""
    with_raw = msgspec.structs.replace(BUILD, output="raw")
    assert f"{moved / 1e6:.2f} MB of sums" in spilling_text(spilling("a_spill", 8), with_raw, work)

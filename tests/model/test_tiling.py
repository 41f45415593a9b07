"""Tile plans fit the buffers, spill only where the design may, keep the AXI word, and their traffic equals a walk over
the visits.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigchip_tui.model.busy import reads
from aigchip_tui.model.device import device
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.overlap import WHOLE
from aigchip_tui.model.resources import buffer_resources, master_resources, screened_resources
from aigchip_tui.model.space import (
    ARRAY_SPLITS,
    BUFFER_KIB,
    LANE_SPLITS,
    PARTITION_FACTORS,
    REUSES,
    SEARCHED_REUSES,
    Build,
    DesignPoint,
    Partition,
    Split,
    stays,
)
from aigchip_tui.model.tiling import RefusedError, TilePlan, cost_tiles, granules, plan_tiles, spills

BUILD = Build(device=device("zcu104"), dsp_limit=1024)
GOOD = DesignPoint(
    lane=Split(k=16), array=Split(m=8, n=8), buf_a=32, buf_b=32, buf_c=32, part_a=Partition(h=8, w=16),
    part_b=Partition(h=8, w=16), part_c=Partition(h=8, w=8),
)  # fmt: skip
sizes = st.sampled_from([1, 3, 7, 8, 9, 16, 27, 49, 64, 77, 147, 196, 384, 1000, 1536, 3136, 4608])
factors = st.sampled_from(PARTITION_FACTORS)
partitions = st.builds(Partition, h=factors, w=factors)
kib = st.sampled_from(BUFFER_KIB)
some_points = st.builds(
    DesignPoint, lane=st.sampled_from(LANE_SPLITS), array=st.sampled_from(ARRAY_SPLITS), buf_a=kib, buf_b=kib,
    buf_c=kib, part_a=partitions, part_b=partitions, part_c=partitions, reuse=st.sampled_from(REUSES),
)  # fmt: skip


def layer(m: int, k: int, n: int) -> Layer:
    return Layer(name="x", kind="gemm", m=m, k=k, n=n)


def walk(reuse: str, nm: int, nn: int, nk: int) -> tuple[int, int, bool]:
    """(tile loads of A, of B, does a sum leave before it is complete) by walking over all visits."""
    order = {"output": "mnk", "a": "mkn", "b": "nkm"}[reuse]
    count = {"m": nm, "n": nn, "k": nk}
    loads_a = loads_b = 0
    a = b = c = None
    open_sums: dict[tuple[int, int], int] = {}
    spilled = False
    for indices in itertools.product(*(range(count[axis]) for axis in order)):
        at = dict(zip(order, indices, strict=True))
        if (at["m"], at["k"]) != a:
            a, loads_a = (at["m"], at["k"]), loads_a + 1
        if (at["n"], at["k"]) != b:
            b, loads_b = (at["n"], at["k"]), loads_b + 1
        here = (at["m"], at["n"])
        if here != c:
            spilled = spilled or (c is not None and open_sums[c] < nk)
            c = here
        open_sums[here] = open_sums.get(here, 0) + 1
    return loads_a, loads_b, spilled


@pytest.mark.parametrize("reuse", SEARCHED_REUSES)
def test_reads_and_spills_equal_a_walk_over_the_visits(reuse: str) -> None:
    for nm, nn, nk in itertools.product((1, 2, 3), repeat=3):
        loads_a, loads_b, spilled = walk(reuse, nm, nn, nk)
        assert spills(reuse, nm, nn, nk) == spilled
        if not spilled:
            assert reads(reuse, nm, nn, nk, WHOLE) == (loads_a / (nm * nk), loads_b / (nn * nk))


@settings(max_examples=300, deadline=None)
@given(some_points, sizes, sizes, sizes)
def test_every_plan_fits_and_covers_and_spills_only_where_it_may(point: DesignPoint, m: int, k: int, n: int) -> None:
    try:
        plan = plan_tiles(point, BUILD, layer(m, k, n))
    except RefusedError:
        return
    grain = granules(point, BUILD)
    assert (plan.tm % grain.m, plan.tn % grain.n, plan.tk % grain.k) == (0, 0, 0)
    assert plan.tm * plan.tk <= point.buf_a * 1024
    assert plan.tn * plan.tk <= point.buf_b * 1024
    assert plan.tn <= 4096
    assert plan.tm * plan.tn * 4 <= point.buf_c * 1024
    for size, tile, count in ((m, plan.tm, plan.nm), (n, plan.tn, plan.nn), (k, plan.tk, plan.nk)):
        assert (count - 1) * tile < size <= count * tile
    spilled = spills(point.stays, plan.nm, plan.nn, plan.nk)
    assert point.spills or not spilled
    assert plan.lda % BUILD.axi_bytes == 0
    assert plan.cycles >= max(m * k * n / point.macs, plan.a_bytes / BUILD.axi_bytes)


@settings(max_examples=200, deadline=None)
@given(some_points, sizes, sizes, sizes)
def test_traffic_equals_the_bytes_of_the_tiles_that_a_walk_loads(point: DesignPoint, m: int, k: int, n: int) -> None:
    try:
        plan = plan_tiles(point, BUILD, layer(m, k, n))
    except RefusedError:
        return
    if plan.visits > 3000:
        return
    assert plan.a_bytes == sum(
        _tile_bytes(plan, m, plan.tm, point.pm, i, j) * times for i, j, times in _loads(plan, point.reuse, "a")
    )
    assert plan.b_bytes == sum(
        _tile_bytes(plan, n, plan.tn, point.pn, i, j) * times for i, j, times in _loads(plan, point.reuse, "b")
    )


def _tile_bytes(plan: TilePlan, rows: int, tile: int, step: int, row: int, column: int) -> int:
    return -(-min(tile, rows - row * tile) // step) * step * min(plan.tk, plan.lda - column * plan.tk)


def _loads(plan: TilePlan, reuse: str, operand: str) -> list[tuple[int, int, int]]:
    order = {"output": "mnk", "a": "mkn", "b": "nkm"}[stays(reuse)]
    count = {"m": plan.nm, "n": plan.nn, "k": plan.nk}
    rows = "m" if operand == "a" else "n"
    loads: dict[tuple[int, int], int] = {}
    held = None
    for indices in itertools.product(*(range(count[axis]) for axis in order)):
        at = dict(zip(order, indices, strict=True))
        if (at[rows], at["k"]) != held:
            held = (at[rows], at["k"])
            loads[held] = loads.get(held, 0) + 1
    return [(i, j, times) for (i, j), times in loads.items()]


def test_compute_is_the_exact_sum_over_tiles_and_visits() -> None:
    """S(M) S(N) S(K) * stall, four cycles a visit, the pipeline's fill once; here with edge tiles on every axis."""
    plan = cost_tiles(GOOD, BUILD, layer(100, 1100, 50), 32, 16, 512)
    steps = sum(-(-min(32, 100 - i * 32) // 8) for i in range(4)) * sum(-(-min(16, 50 - j * 16) // 8) for j in range(4))
    fill = 6 + 3 + 3 + 2 * 4 + 2  # log2 of 8, 8, 16 and one multicast level (m8n8)
    # 16 products at once; part_c takes 8 x 8 sums at once, so C needs one cycle.
    assert plan.compute_cycles == steps * (32 + 32 + 5) + 4 * 4 * 3 * 4 + fill


def test_a_forward_link_costs_its_chain_in_each_visit_and_holds_short_blocks_back() -> None:
    fanned, linked = (
        DesignPoint.from_parameters(GOOD.parameters() | {"array_link": link}) for link in ("fanout", "forward")
    )
    plans = [cost_tiles(point, BUILD, layer(100, 1100, 50), 32, 16, 512) for point in (fanned, linked)]
    # The array m8n8 has 7 + 7 lanes behind the first one, 48 visits; blocks of 32, 32 and 5 steps. A block of 64 sums
    # is one token, so it takes 15 steps at least.
    steps = sum(-(-min(32, 100 - i * 32) // 8) for i in range(4)) * sum(-(-min(16, 50 - j * 16) // 8) for j in range(4))
    assert plans[1].compute_cycles - plans[0].compute_cycles == 48 * 14 + steps * (15 - 5)


def test_narrow_banks_hide_what_a_forward_link_holds_back() -> None:
    """A block of two steps that four banks deliver in eight cycles each: sixteen, more than the fifteen of the link."""
    narrow = GOOD.parameters() | {"part_a_h": 4, "part_a_w": 4, "array_link": "forward"}
    plan = cost_tiles(DesignPoint.from_parameters(narrow), BUILD, layer(64, 32, 64), 64, 64, 32)
    assert plan.compute_cycles == 64 * 2 * 8 + 22 + 4 + 14


def test_tiny_visits_go_at_the_pace_of_their_commands() -> None:
    plan = cost_tiles(GOOD, BUILD, layer(100, 77, 50), 32, 16, 32)
    assert plan.compute_cycles == 4 * 4 * 3 * 28 + 22


def test_each_tile_of_the_result_waits_for_its_bias() -> None:
    few, many = (cost_tiles(GOOD, BUILD, layer(1024, 16, 64), rows, 64, 16) for rows in (128, 32))
    # 24 more tiles: the first word of a bias takes 60 cycles, post 10; each brings 64 / 8 words of bias.
    assert many.memory_cycles - few.memory_cycles == 24 * (60 + 10 + 8)


def test_too_few_banks_stall_in_proportion() -> None:
    full = cost_tiles(GOOD, BUILD, layer(64, 64, 64), 64, 64, 64)
    half = DesignPoint.from_parameters(GOOD.parameters() | {"part_a_h": 4, "part_b_w": 4})
    slow = cost_tiles(half, BUILD, layer(64, 64, 64), 64, 64, 64)
    fill = full.compute_cycles - 8 * 8 * 4
    assert slow.compute_cycles - fill == 8 * 8 * 4 * 4


def test_serial_sums_cost_nothing_while_a_block_takes_longer() -> None:
    serial = DesignPoint.from_parameters(GOOD.parameters() | {"part_c_h": 1})
    assert serial.c_slices(32) == 8
    long_k, short_k = layer(64, 256, 64), layer(64, 32, 64)
    for point, cycles in ((GOOD, 16), (serial, 16)):
        fill = cost_tiles(point, BUILD, long_k, 64, 64, 256).compute_cycles - 64 * cycles
        assert fill == 22 + 4
    assert cost_tiles(serial, BUILD, short_k, 64, 64, 32).compute_cycles == 64 * 8 + 22 + 4
    assert cost_tiles(GOOD, BUILD, short_k, 64, 64, 32).compute_cycles == 64 * 2 + 22 + 4


def test_narrow_banks_throttle_the_port() -> None:
    narrow = DesignPoint.from_parameters(GOOD.parameters() | {"part_b_w": 4, "part_b_h": 32})
    wide = cost_tiles(GOOD, BUILD, layer(1, 1024, 1024), 8, 64, 512)
    slow = cost_tiles(narrow, BUILD, layer(1, 1024, 1024), 32, 64, 512)
    # One burst of 60 cycles for each of the 16 x 2 tiles of B.
    assert wide.memory_cycles == 1024 * 1024 // 16 + 32 * 60
    assert slow.memory_cycles == 1024 * 1024 // 4 + 32 * 60


def test_a_buffer_below_one_tile_and_a_spill_are_refused_by_name() -> None:
    tiny = DesignPoint(lane=Split(m=8), array=Split(m=64), buf_c=8)
    assert not granules(tiny, BUILD).fits
    with pytest.raises(RefusedError, match="512 x 16 x 16") as caught:
        plan_tiles(tiny, BUILD, layer(8, 8, 8))
    assert caught.value.rule == "tile"
    spilling = DesignPoint.from_parameters(GOOD.parameters() | {"reuse": "a", "buf_a": 8, "buf_b": 8})
    with pytest.raises(RefusedError, match=r"Layer x \(784 x 1024 x 4608\) would spill") as caught:
        plan_tiles(spilling, BUILD, layer(784, 4608, 1024))
    assert caught.value.rule == "spill"


def test_spilled_sums_cross_the_port_once_each_way_between_two_tiles_along_k() -> None:
    point = DesignPoint.from_parameters(GOOD.parameters() | {"reuse": "a_spill", "buf_a": 8, "buf_b": 8})
    plan = plan_tiles(point, BUILD, layer(784, 4608, 1024))
    assert spills("a", plan.nm, plan.nn, plan.nk)
    # SPACE sec. 3: C once, and 4 bytes a sum for each of 2 nk - 2 moves; A is read once, B for each tile along m.
    assert plan.c_bytes == 784 * 1024 + 784 * 1024 * 4 * (2 * plan.nk - 2)
    assert (plan.a_bytes, plan.b_bytes) == (784 * 4608, 1024 * 4608 * plan.nm)
    held = cost_tiles(point, BUILD, layer(784, 512, 1024), 64, 64, 512)
    assert (held.nk, held.c_bytes) == (1, 784 * 1024)


def test_a_design_that_may_spill_counts_buffer_c_three_times() -> None:
    for buf_c, part in ((512, 8), (64, 1), (8, 16)):
        plain = GOOD.parameters() | {"buf_c": buf_c, "part_c_h": part, "buf_a": 8, "buf_b": 8}
        two, three = (
            screened_resources(DesignPoint.from_parameters(plain | {"reuse": reuse}), BUILD)
            for reuse in ("a", "a_spill")
        )
        copies = buffer_resources(buf_c, Partition(h=part, w=8), 32, uram_allowed=True)
        read_back = master_resources(8 * BUILD.axi_bytes)[1]
        more = three.lut - two.lut, three.bram18 - two.bram18 - read_back, three.uram - two.uram
        assert more == tuple(x // 2 for x in copies)

"""The max-plus schedule: skipping equal iterations changes nothing, simple cases by hand, agreement with the
model.
"""

from __future__ import annotations

import pytest

from aigchip_tui.model.device import device
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.space import Build, DesignPoint, Partition, Split
from aigchip_tui.model.tiling import TilePlan, cost_tiles, plan_tiles
from aigchip_tui.model.workload import workload
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.encoding import point_of
from aigchip_tui.search.legality import Legality
from aigchip_tui.search.operators import random_genes, repaired
from aigchip_tui.synth import schedule
from aigchip_tui.synth.schedule import ModuleTiming, layer_cycles

BUILD = Build(device=device("zcu104"), dsp_limit=1024)
WORK = workload("resnet50@128")
GOOD = DesignPoint(
    lane=Split(k=8), array=Split(m=8, n=8), buf_a=32, buf_b=32, buf_c=32, part_a=Partition(h=8, w=16),
    part_b=Partition(h=8, w=16), part_c=Partition(h=8, w=8),
)  # fmt: skip


def cut(m: int, k: int, n: int, tm: int, tk: int, tn: int, point: DesignPoint = GOOD) -> TilePlan:
    return cost_tiles(point, BUILD, Layer(name="x", kind="gemm", m=m, k=k, n=n), tm, tn, tk)


def sampled(count: int) -> list[DesignPoint]:
    legal, draws = Legality(BUILD, WORK), Draws(1, "schedule", 1)
    points: list[DesignPoint] = []
    while len(points) < count:
        genes = random_genes(draws)
        if len(points) % 2:
            genes = repaired(genes, BUILD)
        if legal(genes):
            points.append(point_of(genes))
    return points


@pytest.fixture(scope="module")
def cases() -> list[tuple[TilePlan, DesignPoint]]:
    return [(plan_tiles(point, BUILD, layer), point) for point in sampled(12) for layer in WORK.unique()]


def test_skipping_equal_iterations_changes_nothing(
    cases: list[tuple[TilePlan, DesignPoint]], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [(plan, point) for plan, point in cases if plan.visits < 2500][::3]
    fast = [layer_cycles(plan, point, BUILD) for plan, point in some]
    monkeypatch.setattr(schedule._Schedule, "_skip", lambda *_: 0)
    assert [layer_cycles(plan, point, BUILD) for plan, point in some] == fast
    assert max(plan.visits for plan, _ in some) > 100


def test_large_layers_are_not_walked_visit_by_visit() -> None:
    plan = cut(100_000, 512, 512, 64, 64, 64)
    walk = schedule._Schedule(schedule._Costs(plan, GOOD, BUILD, {}), "mnk")
    walk.run()
    assert plan.visits > 100_000
    assert walk.walked < 1000


def test_agreement_with_the_analytic_model(cases: list[tuple[TilePlan, DesignPoint]]) -> None:
    """SPACE sec. 3: the model lies within -11 % .. +6 % of the schedule, for II 1 and typical depths."""
    errors = sorted(plan.cycles / layer_cycles(plan, point, BUILD).cycles - 1 for plan, point in cases)
    assert errors[0] >= -0.11
    assert errors[-1] <= 0.06
    assert abs(errors[len(errors) // 2]) < 0.01


def test_a_single_tile_is_load_then_compute_then_store() -> None:
    plan = cut(16, 64, 16, 16, 64, 16)
    none = {name: ModuleTiming(depth=0) for name in (
        "dma_a", "dma_b", "fill_a", "fill_b", "drain_a", "drain_b", "arbiter_a", "arbiter_b", "interconnect_a",
        "interconnect_b", "array", "collector", "accumulate", "flush", "post", "dma_c")}  # fmt: skip
    load, compute, store, burst, overhead = 16 * 64 // 16, 2 * 2 * 8, 16 * 16 // 8, 60, 60
    assert layer_cycles(plan, GOOD, BUILD, none).cycles == burst + load + compute + store + overhead


def test_a_slower_module_slows_what_it_bounds_and_nothing_else() -> None:
    plan = cut(196, 512, 256, 64, 128, 64)
    base = layer_cycles(plan, GOOD, BUILD)
    assert base.bound_by == "array"
    slow_array = layer_cycles(plan, GOOD, BUILD, {"array": ModuleTiming(ii=2, depth=20)})
    assert slow_array.cycles > 1.8 * base.cycles
    slow_post = layer_cycles(plan, GOOD, BUILD, {"post": ModuleTiming(ii=2, depth=20)})
    assert base.cycles < slow_post.cycles < 1.05 * base.cycles
    slow_fill = layer_cycles(plan, GOOD, BUILD, {"fill_a": ModuleTiming(ii=8, depth=20)})
    assert slow_fill.cycles > base.cycles
    assert slow_fill.bound_by == "load_a"


def test_depth_is_paid_once_a_visit() -> None:
    plan = cut(256, 512, 256, 64, 64, 64)
    base = layer_cycles(plan, GOOD, BUILD, {"array": ModuleTiming(depth=20)}).cycles
    deeper = layer_cycles(plan, GOOD, BUILD, {"array": ModuleTiming(depth=30)}).cycles
    assert deeper - base == pytest.approx(10 * plan.visits, rel=0.05)


def test_weights_of_a_batch_of_one_are_bound_by_their_port() -> None:
    plan = plan_tiles(GOOD, BUILD, Layer(name="fc", kind="fc", m=1, k=4096, n=4096))
    latency = layer_cycles(plan, GOOD, BUILD)
    assert latency.bound_by == "load_b"
    assert latency.cycles >= 4096 * 4096 / 16


def test_shared_memory_is_a_floor() -> None:
    slow = Build(device=device("pynq-z2"), dsp_limit=128)
    plan = plan_tiles(GOOD, slow, Layer(name="fc", kind="fc", m=1, k=4096, n=4096))
    latency = layer_cycles(plan, GOOD, slow)
    assert latency.bound_by == "memory"
    assert latency.cycles >= 4096 * 4096 / slow.dram_bytes_per_cycle


def test_edge_tiles_cost_full_loads_of_the_other_operand() -> None:
    """research/microarchitecture.md sec. 6: 196 = 3 * 64 + 4 rows cost more than 196 / 192 of 192."""
    whole, odd = cut(192, 512, 256, 64, 128, 64), cut(196, 512, 256, 64, 128, 64)
    ratio = layer_cycles(odd, GOOD, BUILD).cycles / layer_cycles(whole, GOOD, BUILD).cycles
    assert ratio > 196 / 192

"""The closed form of a layer's cycles against a recursion over its visits, load by load and store by store."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from aigchip_tui.bench.hardware_bench import random_designs
from aigchip_tui.model import layer_cycles, tiling
from aigchip_tui.model.device import device
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.layer_cycles import BURST_START, LAYER_OVERHEAD, LOAD_END, VISIT_COMMANDS, Cut, delivered
from aigchip_tui.model.mapping import mappings
from aigchip_tui.model.overlap import WHOLE
from aigchip_tui.model.space import Build, DesignPoint, Partition, Split
from aigchip_tui.model.tiling import RefusedError, cost_tiles, plan_tiles
from aigchip_tui.search.encoding import Pins

BUILD = Build(device=device("zcu104"))
LAYERS = tuple(
    Layer(name=f"{m}x{k}x{n}", kind="gemm", m=m, k=k, n=n)
    for m, k, n in ((77, 300, 70), (1, 400, 120), (300, 27, 64), (369, 382, 70), (20, 1400, 333), (6, 30, 68))
)
DESIGNS = 50


def _recursion(c: Cut, stays: str) -> int:
    """Cycles of a layer: two blocks a buffer, so a load waits for the visits of the tile before the last one."""
    counts = {"m": c.nm, "n": c.nn, "k": c.nk}
    order = {"a": "mkn", "b": "nkm", "output": "mnk"}[stays]
    visits = [dict(zip(order, at, strict=True)) for at in itertools.product(*(range(counts[axis]) for axis in order))]

    def size(tile: int, total: int, at: int, count: int) -> int:
        return tile if at < count - 1 else total - (count - 1) * tile

    def load(operand: str, v: dict[str, int]) -> int:
        rows = size(c.tm, c.rows_a, v["m"], c.nm) if operand == "m" else size(c.tn, c.rows_b, v["n"], c.nn)
        words = size(c.tk, c.lda if operand == "m" else c.ldb, v["k"], c.nk)
        rate = c.rate_a if operand == "m" else c.rate_b
        return int(-(-rows * words * c.data_bytes // rate)) + BURST_START + LOAD_END

    loaded: dict[str, list[int]] = {"m": [], "n": []}
    used: dict[str, list[int]] = {"m": [], "n": []}
    end, stores = 0, [0, 0]
    for before, v, after in zip([None, *visits], visits, [*visits[1:], None], strict=False):
        for operand in "mn":
            if before is None or (before[operand], before["k"]) != (v[operand], v["k"]):
                ends, done = loaded[operand], used[operand]
                ends.append(max(ends[-1] if ends else 0, done[-2] if len(done) > 1 else 0) + load(operand, v))
                done.append(0)
        start = max(end, loaded["m"][-1], loaded["n"][-1])
        if before is None or (before["m"], before["n"]) != (v["m"], v["n"]):
            start = max(start, stores[-2])
        rows, columns = size(c.tm, c.rows_a, v["m"], c.nm), size(c.tn, c.rows_b, v["n"], c.nn)
        steps = -(-size(c.tk, c.k, v["k"], c.nk) // c.pk)
        block = max(delivered(c, steps, WHOLE), c.least_steps, c.block_cycles)
        end = start + max(-(-rows // c.pm) * -(-columns // c.pn) * block + c.visit_start, VISIT_COMMANDS)
        used["m"][-1] = used["n"][-1] = end
        if after is None or (after["m"], after["n"]) != (v["m"], v["n"]):
            stores.append(max(stores[-1], end) + layer_cycles._store(c, rows, columns, WHOLE))
    return int(stores[-1] - BURST_START + c.fill + LAYER_OVERHEAD)


def _compared(point: DesignPoint, layer: Layer, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int] | None:
    """Cycles of the plan by the closed form and by the recursion, None where the design refuses the layer."""
    seen: list[Any] = []

    def watched(cut: Cut, stays: str, may_spill: bool, a: Any) -> Any:
        seen.append((cut, stays))
        return layer_cycles.layer_cycles(cut, stays, may_spill, a)

    try:
        plan = plan_tiles(point, BUILD, layer)
    except RefusedError:
        return None
    monkeypatch.setattr(tiling, "layer_cycles", watched)
    over = next(each for each in mappings(point) if each.along == plan.along)
    cost_tiles(point, BUILD, layer, plan.tm, plan.tn, plan.tk, over)
    return plan.cycles, _recursion(*seen[-1])


@pytest.mark.parametrize("pins", [{"reuse": "output"}, {"reuse": "a"}, {"reuse": "b", "arrays_link": "forward"}])
def test_every_layer_costs_what_its_visits_do_one_by_one(pins: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        both
        for point in itertools.islice(random_designs(BUILD, None, seed=8, keep=Pins.of(pins)), DESIGNS)
        for layer in LAYERS
        if (both := _compared(point, layer, monkeypatch)) is not None
    ]
    errors = sorted(abs(closed / counted - 1) for closed, counted in found)
    assert len(errors) > 4 * DESIGNS
    assert errors[len(errors) // 2] <= 0.005
    assert errors[-1] <= 0.1


def test_the_load_behind_a_run_of_tiles_is_that_of_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tile of A takes longer to load than a visit works, and the last one along m is a quarter of the first."""
    point = DesignPoint(
        lane=Split(m=16, k=4), array=Split(k=2), arrays=Split(n=8), dsp_pack=2, buf_a=64, buf_b=16, buf_c=128,
        part_a=Partition(h=64, w=2), part_b=Partition(h=32, w=4), part_c=Partition(h=64, w=2),
    )
    both = _compared(point, LAYERS[0], monkeypatch)
    assert both is not None
    assert abs(both[0] / both[1] - 1) <= 0.04

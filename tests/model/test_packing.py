"""Depthwise layers packed into GEMMs, and what the layers cost that a GEMM is bad at."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from aigchip_tui.model.crippled import kind_costs, notes
from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.packing import USUAL_CHANNELS, packed
from aigchip_tui.model.request import parse_request
from aigchip_tui.model.space import Build, DesignPoint, Partition, Split
from aigchip_tui.model.tiling import plan_tiles
from aigchip_tui.model.workload import workload

BUILD = Build(device=device("zcu104"), dsp_limit=1024)
POINT = DesignPoint(
    lane=Split(k=16), array=Split(n=16), arrays=Split(m=4), buf_a=64, buf_b=16, buf_c=512,
    part_a=Partition(h=4, w=16), part_b=Partition(h=16, w=16), part_c=Partition(h=4, w=16),
)  # fmt: skip


def test_a_packed_gemm_gives_what_each_channel_gives() -> None:
    rng = np.random.default_rng(2)
    layer = Layer(name="dw", kind="depthwise", m=7, k=9, n=1, count=11)
    windows = rng.integers(-128, 128, size=(layer.count, layer.m, layer.k))
    weights = rng.integers(-128, 128, size=(layer.count, layer.k))
    alone = np.stack([windows[c] @ weights[c] for c in range(layer.count)], axis=1)
    gemms = packed((layer,), 4)
    assert [(g.m, g.k, g.n, g.count) for g in gemms] == [(7, 36, 4, 2), (7, 27, 3, 1)]
    together, first = [], 0
    for gemm in gemms:
        for _ in range(gemm.count):
            channels = range(first, first + gemm.n)
            a = np.concatenate([windows[c] for c in channels], axis=1)
            b = np.zeros((gemm.k, gemm.n), dtype=np.int64)
            for column, c in enumerate(channels):
                b[column * layer.k : (column + 1) * layer.k, column] = weights[c]
            assert a.shape == (gemm.m, gemm.k)
            together.append(a @ b)
            first += gemm.n
    assert (np.concatenate(together, axis=1) == alone).all()


def test_only_depthwise_layers_are_packed_and_only_in_known_numbers() -> None:
    plain, some = workload("mobilenetv2@224"), workload("mobilenetv2@224/dw16")
    assert some.name == "mobilenetv2@224/dw16"
    assert workload("MobileNetV2@224/DW16").name == some.name
    assert [x for x in some.layers if x.kind != "depthwise"] == [x for x in plain.layers if x.kind != "depthwise"]
    outputs = [sum(x.m * x.n * x.count for x in each.layers if x.kind == "depthwise") for each in (plain, some)]
    assert outputs[0] == outputs[1]
    with pytest.raises(AigchipError, match="resnet50@224 has no depthwise layers for /dw16 to pack"):
        workload("resnet50@224/dw16")
    with pytest.raises(AigchipError, match="/dw5 behind mobilenetv2@224 is no packing"):
        workload("mobilenetv2@224/dw5")


def test_a_request_names_how_its_depthwise_layers_are_packed_also_beside_another_network() -> None:
    request = parse_request("mobilenetv2@224/dw16 and resnet50@224 on a zcu104")
    assert request.workload == "mobilenetv2@224/dw16+resnet50@224"
    assert [what for key, what, _ in request.understanding.assumed if key == "depthwise layers"] == ["dw16"]


def test_packing_takes_most_of_what_depthwise_layers_cost() -> None:
    (alone, fc), (together, same) = (
        kind_costs(POINT, BUILD, workload(name)) for name in ("mobilenetv2@224", "mobilenetv2@224/dw16")
    )
    assert (alone.kind, fc.kind, together.kind) == ("depthwise", "fc", "depthwise")
    assert together.ms < 0.4 * alone.ms
    assert alone.share > 0.8
    assert fc.ms == same.ms
    assert "7136 GEMMs, 5.7 ms" in alone.why
    assert "1 of 16 products counts" in together.why


def test_a_layer_at_batch_one_is_bound_by_its_weights() -> None:
    work = workload("resnet50@224")
    (fc,) = kind_costs(POINT, BUILD, work)
    # 2048 x 1000 bytes through 16 bytes a cycle at 200 MHz.
    assert "2.0 MB, each used once, take 0.64 ms through a port of 16 bytes at 200 MHz" in notes(BUILD, work)["fc"]
    assert 2048 * 1000 / 16 / 200e3 <= fc.ms < 1.5 * 0.64
    plan = plan_tiles(POINT, BUILD, next(x for x in work.layers if x.kind == "fc"))
    assert plan.bound_by == "memory"


def test_a_request_packs_depthwise_layers_unless_it_says_how_and_is_told_what_either_costs() -> None:
    for text, name, value, why in (
        ("MobileNet-V2 at 224 on a ZCU104", "mobilenetv2@224/dw16", "dw16", "with /dw1 behind the network one GEMM of"),
        ("MobileNet-V2/dw1 on a ZCU104", "mobilenetv2@224/dw1", "unpacked", "7136 GEMMs, 5.7 ms to begin and to end"),
        ("MobileNet-V2/dw8 and AlexNet", "mobilenetv2@224/dw8+alexnet@224", "dw8", "1 of 8 products counts"),
    ):
        asked = parse_request(text)
        assert asked.workload == name
        (said,) = ((value, why) for key, value, why in asked.understanding.assumed if key == "depthwise layers")
        assert said[0] == value
        assert why in said[1]
    plain = parse_request("ResNet-50 at 224")
    assert plain.workload == "resnet50@224"
    assert "depthwise layers" not in {key for key, *_ in plain.understanding.assumed}
    assert workload("mobilenetv2@224/dw1").layers == workload("mobilenetv2@224").layers


def test_the_usual_packing_is_near_the_best_number_of_channels() -> None:
    """A device of few DSPs wants fewer, one of many more; both lose little."""
    works = {channels: workload(f"mobilenetv2@224/dw{channels}") for channels in (1, 4, 8, USUAL_CHANNELS, 32)}
    for point in (POINT, msgspec.structs.replace(POINT, array=Split(m=2, n=4))):
        cycles = {channels: sum(plan_tiles(point, BUILD, layer).cycles * layer.count for layer in work.layers)
                  for channels, work in works.items()}
        assert cycles[USUAL_CHANNELS] <= 1.15 * min(cycles.values()), cycles
        assert cycles[1] > 1.5 * cycles[USUAL_CHANNELS]

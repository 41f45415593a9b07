"""Whatever the rules of the space let through asks the buffers' modules for legal settings only."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.model.device import device
from aigchip_tui.model.rules import BUILT_ARRAYS, refusals
from aigchip_tui.model.space import (
    ARRAY_SPLITS,
    AXI_BYTES,
    BUFFER_KIB,
    LANE_SPLITS,
    PARTITION_FACTORS,
    REUSES,
    Build,
    DesignPoint,
    Partition,
)

if TYPE_CHECKING:
    from tests.templates import bank_bench as bench
else:
    import bank_bench as bench

MODULES = ("fill", "drain", "arbiter", "accumulate", "flush", "post")


def _point(draw: random.Random) -> DesignPoint:
    buf_a, buf_b, buf_c = draw.choices(BUFFER_KIB, k=3)
    part_a, part_b, part_c = (Partition(h=h, w=w) for h, w in (draw.choices(PARTITION_FACTORS, k=2) for _ in "abc"))
    return DesignPoint(
        lane=draw.choice(LANE_SPLITS),
        array=draw.choice(ARRAY_SPLITS),
        arrays=draw.choice(BUILT_ARRAYS),
        buf_a=buf_a,
        buf_b=buf_b,
        buf_c=buf_c,
        part_a=part_a,
        part_b=part_b,
        part_c=part_c,
        reuse=draw.choice(REUSES),
    )


def test_legal_designs_ask_for_legal_settings() -> None:
    draw = random.Random(5)
    roomy = msgspec.structs.replace(device("zcu104"), dsp=10**6, lut=10**8, ff=10**8, bram18=10**6, uram=10**6)
    legal = {name: {tuple(sorted(settings)) for settings in bench.legal(name)} for name in MODULES}
    asked = dict.fromkeys(MODULES, 0)
    for _ in range(300):
        point, build = _point(draw), Build(device=roomy, axi_bytes=draw.choice(AXI_BYTES), dsp_limit=40000)
        if refusals(point, build):
            continue
        for instance in bench.template().netlist(point, build).instances:
            name = instance.variant.module
            if name in legal:
                assert tuple(sorted(instance.variant.settings.items())) in legal[name], (point, instance.name)
                asked[name] += 1
    assert min(asked.values()) > 30

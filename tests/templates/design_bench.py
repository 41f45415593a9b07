"""How the tests of assembled designs answer every module and simulate the whole."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aigchip_tui.csim.run import Limits, SimulationResult, simulate_system
from aigchip_tui.model.device import device
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.module import Netlist
from aigchip_tui.model.space import (
    PARAMETERS,
    ArraysMap,
    Build,
    DesignPoint,
    Link,
    Partition,
    Precision,
    Reuse,
    Split,
)
from aigchip_tui.sandbox.box import UNCONFINED

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
else:
    import compute_bench as bench

Sides = tuple[int, int]


def point(
    lane: str,
    array: str,
    arrays: str = "1",
    *,
    reuse: Reuse = "output",
    a: Sides = (4, 16),
    b: Sides = (4, 16),
    c: Sides = (4, 4),
    kib: int = 8,
    link: Link = "fanout",
    lane_link: Link = "fanout",
    arrays_link: Link = "fanout",
    dsp_pack: int = 1,
    arrays_map: ArraysMap = "fixed",
) -> DesignPoint:
    """A design point by its splits, partitions, the size of every buffer, its links, packing and mapping."""
    return DesignPoint(
        lane=Split.parse(lane),
        array=Split.parse(array),
        arrays=Split.parse(arrays),
        array_link=link,
        lane_link=lane_link,
        arrays_link=arrays_link,
        dsp_pack=dsp_pack,
        arrays_map=arrays_map,
        reuse=reuse,
        buf_a=kib,
        buf_b=kib,
        buf_c=kib,
        part_a=Partition(h=a[0], w=a[1]),
        part_b=Partition(h=b[0], w=b[1]),
        part_c=Partition(h=c[0], w=c[1]),
    )


def random_design(draw: random.Random) -> tuple[DesignPoint, int]:
    """Any point of what is built, legal or not, and an AXI width."""
    values: dict[str, int | str] = {}
    for name, options in PARAMETERS.items():
        values[name] = options[draw.randrange(len(options))]
    return DesignPoint.from_parameters(values), draw.choice((8, 16, 32, 64))


def build(axi_bytes: int = 16, precision: Precision = "int8") -> Build:
    """What is asked for around a point."""
    return Build(device=device("zcu104"), axi_bytes=axi_bytes, precision=precision)


def bodies_of(netlist: Netlist) -> dict[str, str]:
    """The adapter's answer for every variant of a design."""
    found: dict[str, str] = {}
    for instance in netlist.instances:
        if instance.author == "generator" and instance.variant.key not in found:
            found[instance.variant.key] = bench.body_of(instance.variant.module, instance.variant.settings)
    return found


def run(
    design: DesignPoint,
    workdir: Path,
    *,
    axi_bytes: int = 16,
    precision: Precision = "int8",
    layers: Sequence[Layer] = (),
    bodies: Mapping[str, str] | None = None,
    seed: int = 5,
    fibers: bool = True,
    depth: int = 0,
    sanitize: bool = False,
) -> SimulationResult:
    """Assembles and simulates a design with the answered (or the given) bodies."""
    template, asked = bench.template(), build(axi_bytes, precision)
    netlist = template.netlist(design, asked)
    files = template.assemble(netlist, bodies if bodies is not None else bodies_of(netlist))
    test = template.system_test(netlist, design, asked, layers, np.random.default_rng(seed))
    return simulate_system(
        files,
        test.main,
        test.cases,
        sandbox=UNCONFINED,
        workdir=workdir,
        cache=workdir / "programs",
        environment=os.environ,
        fibers=fibers,
        depth_override=depth or None,
        sanitize=sanitize,
        limits=Limits(cpu_s=60, wall_s=300),
    )


def proven(result: SimulationResult) -> SimulationResult:
    """The result, when every value agreed and no token was left over."""
    assert result.passed, (result.cause, result.findings, result.mismatches[:2], result.log[:2000])
    assert result.values > 0
    assert all(stream.left == 0 for streams in result.streams.values() for stream in streams)
    return result

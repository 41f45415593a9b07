"""What the search is told of a design's resources before any code exists, against what its C++ is read to take."""

from __future__ import annotations

import pytest

from aigchip_tui.library.demos import load_demos
from aigchip_tui.llm.coverage import answers, variant_case
from aigchip_tui.model.device import device
from aigchip_tui.model.module import Netlist, Variant
from aigchip_tui.model.resources import screened_resources
from aigchip_tui.model.space import Build, DesignPoint, Partition, Split
from aigchip_tui.modules.loader import load_template
from aigchip_tui.synth.interfaces import interface_cost
from aigchip_tui.synth.memories import memory_cost
from aigchip_tui.synth.reading import module_request, read_module

TEMPLATE, LIBRARY = load_template("gemm"), load_demos("gemm")
NARROW = Partition(h=2, w=8)
POINTS = {
    "matched": DesignPoint(
        lane=Split(k=16), array=Split(m=4, n=4), buf_a=64, buf_b=64, buf_c=64, part_a=Partition(h=4, w=16),
        part_b=Partition(h=4, w=16), part_c=Partition(h=4, w=4),
    ),
    "chosen and in parts": DesignPoint(
        lane=Split(k=4), array=Split(m=4, n=8), arrays=Split(m=2), buf_a=64, buf_b=64, buf_c=8,
        part_a=Partition(h=16, w=16), part_b=Partition(h=8, w=16), part_c=NARROW,
    ),
}


def _text(variant: Variant) -> str:
    return next(iter(answers([variant_case(variant)], LIBRARY.of(variant.module)))).code


def _inlined(variant: Variant, netlist: Netlist) -> list[tuple[Variant, str]]:
    found: dict[str, tuple[Variant, str]] = {}
    for child in (one.variant for one in netlist.instances if one.variant.key in variant.children):
        found.update({each.key: (each, text) for each, text in _inlined(child, netlist)})
        found[child.key] = child, _text(child)
    return list(found.values())


@pytest.mark.parametrize("name", POINTS)
def test_screened_resources_are_those_that_the_texts_take(name: str) -> None:
    """Block RAM exactly, bias and buffers of the AXI masters among it; LUTs within a seventh."""
    point, build = POINTS[name], Build(device=device("zcu104"))
    netlist = TEMPLATE.netlist(point, build)
    beside = memory_cost(netlist, build).plus(interface_cost(netlist))
    lut, bram18, read = beside.lut, beside.bram18, dict[str, dict[str, int]]()
    for instance in netlist.instances:
        variant = instance.variant
        kind = TEMPLATE.modules().get(variant.module)
        if kind is None or kind.inlined:
            continue
        if variant.key not in read:
            read[variant.key] = read_module(module_request(
                variant, _text(variant), _inlined(variant, netlist), headers=TEMPLATE.headers(),
                clock_ns=build.clock_ns, part=build.device.part,
            ))
        lut += instance.count * read[variant.key]["lut"]
        bram18 += instance.count * read[variant.key]["bram18"]
    screened = screened_resources(point, build)
    assert screened.bram18 == bram18
    assert screened.lut == pytest.approx(lut, rel=1 / 7)

"""What the streams of a design are built of: the cost shown is that of the text, as the tool would read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.synth.memories import edge_costs, memory_cost

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

_DECLARED = re.compile(r"    hls::stream|#pragma HLS (STREAM|ARRAY_PARTITION|BIND_STORAGE)")
DESIGNS = {
    "usual": (designs.point("m2k4", "m4n2", "n4", a=(8, 4), b=(8, 4)), set[str]()),
    "shallow banks, long chains": (
        designs.point("m4", "n16k4", "n8", arrays_link="forward", a=(16, 16), b=(16, 16)), {"lutram", "srl"},
    ),
    "deep banks": (designs.point("m4", "n4", kib=512, b=(4, 16)), {"uram"}),
    "spilled sums": (designs.point("m4", "n4", reuse="a"), set[str]()),
}


def top_of(design: DesignPoint) -> tuple[str, str]:
    """Texts of the top and of the type header, without the modules."""
    tree = bench.template().netlist(design, designs.build())
    files = bench.template().assemble(tree, {one.variant.key: "" for one in tree.instances})
    return files["gemm.cpp"], files["gemm_types.hpp"]


def streams_read(top: str, types: str) -> Estimate:
    """The estimate of the streams that a top declares."""
    lines = "\n".join(line for line in top.splitlines() if _DECLARED.match(line))
    text = f'#include "gemm_types.hpp"\nvoid top(int *x) {{\n#pragma HLS DATAFLOW\n{lines}\n    *x = 1;\n}}\n'
    return estimate({"top.cpp": text}, include={"gemm_types.hpp": types}, top="top", part=designs.build().device.part)


@pytest.mark.parametrize(("design", "bound"), DESIGNS.values(), ids=DESIGNS)
def test_the_cost_of_streams_is_that_of_their_text(design: DesignPoint, bound: set[str]) -> None:
    build = designs.build()
    tree = bench.template().netlist(design, build)
    top, types = top_of(design)
    read = streams_read(top, types)
    cost = memory_cost(tree, build)
    assert (read.bram18, read.uram) == (cost.bram18, cost.uram)
    assert {one.edge.storage for one in edge_costs(tree, build)} - {""} == bound
    asked = dict(re.findall(r"BIND_STORAGE variable=(\w+) type=\w+ impl=(\w+)", top))
    names = {f"{edge.producer}_to_{edge.consumer}": edge.storage for edge in tree.edges if edge.storage}
    assert asked == names
    if bound:
        unasked = streams_read(re.sub(r"#pragma HLS BIND_STORAGE[^\n]*", "", top), types)
        assert (unasked.bram18 or 0, unasked.uram) > (cost.bram18, 0), "the tool's own choice is another one"


def test_a_binding_says_why() -> None:
    """The reason stands over the pragma, which stands below the stream's depth."""
    top, _ = top_of(DESIGNS["shallow banks, long chains"][0])
    lines = top.splitlines()
    for number, line in enumerate(lines):
        if "BIND_STORAGE" in line:
            name = line.partition("variable=")[2].split()[0]
            assert lines[number - 1].startswith("    // ")
            assert any(name in above and "#pragma" in above for above in lines[number - 3 : number - 1])

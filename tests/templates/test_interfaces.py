"""What the AXI ports of a design cost: the figure is that of the top's own pragmas, as the estimator reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.estimator.estimate import estimate
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.synth.interfaces import interface_cost

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

DESIGNS = {
    "narrow bias": designs.point("m4", "n4"),
    "wide bias": designs.point("m4", "n16", c=(4, 16)),
}


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_the_cost_of_the_ports_is_that_of_their_text(design: DesignPoint) -> None:
    tree = bench.template().netlist(design, designs.build())
    files = bench.template().assemble(tree, {one.variant.key: "" for one in tree.instances})
    head = re.search(r"^void gemm\((.*?)\) \{", files["gemm.cpp"], re.MULTILINE | re.DOTALL)
    assert head is not None
    pragmas = re.sub(r" depth=\w+", "", "\n".join(re.findall(r"#pragma HLS INTERFACE.*", files["gemm.cpp"])))
    body = "    c[layers] = a[table[layers]];\n    c[0] = b[bias[layers][0]];\n"
    text = f'#include "hls_vector.h"\n#include "gemm_types.hpp"\nvoid gemm({head[1]}) {{\n{pragmas}\n{body}}}\n'
    read = estimate(
        {"top.cpp": text}, include={"gemm_types.hpp": files["gemm_types.hpp"]}, top="gemm",
        part=designs.build().device.part,
    )
    (adapters,) = (part for part in read.parts if part.name == "Instance: adapters")
    cost = interface_cost(tree)
    assert (adapters.bram18, adapters.lut, adapters.ff) == (cost.bram18, cost.lut, cost.ff)
    assert cost.bram18 > 0


def test_sums_that_come_back_buffer_the_port_of_c_both_ways() -> None:
    spilling, kept = (
        interface_cost(bench.template().netlist(designs.point("m4", "n4", reuse=reuse), designs.build()))
        for reuse in ("a_spill", "a")
    )
    words = 8 * designs.build().axi_bytes
    assert spilling.bram18 - kept.bram18 == -(-words // 18)

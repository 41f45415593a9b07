"""Sums that a DSP slice adds to its own product.

Where a product that fits one slice goes into one sum alone, reports of 2021 to 2025 name a `mac_muladd` of four stages,
whatever the clock (3.3 to 13.3 ns), the family or the widths are (from 3 x 4 bits on); the sum enters at its last one.
A product of at most 10 x 10 bits that is not fused is made of LUTs. Of products that are all summed, reports fuse one
of each pair.
"""

from __future__ import annotations

from collections import Counter

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.operators import SLICE_STATES, Operators

_REGISTERED_YEAR = 2020
"""Year of the first tool that gives such a slice all of its registers; before, product and sum follow in one state."""
_ADDER_BITS = 48
"""Width of the adder within a slice."""


def fuse(graph: Graph, operators: Operators) -> None:
    """Marks the products that a sum takes into a slice, and counts in `graph.absorbed` the adders that this saves."""
    operation = graph.operation
    if "mul" not in operation:
        return
    uses = Counter(one for sources in graph.sources for one in sources if operation[one] == "mul")
    alone = {one for one, count in uses.items() if count == 1 and _fits(graph, operators, one)}
    for node, name in enumerate(operation):
        if name != "add" or node in graph.bound or graph.bits[node] > _ADDER_BITS:
            continue
        products = [one for one in graph.sources[node] if one in alone]
        if not products:
            continue
        adders = max(1, graph.leaves.get(node, 2) - 1)
        taken = products[-min(adders, (len(products) + 1) // 2) :]
        for product in taken:
            graph.fused.add(product)
            if operators.tool_year >= _REGISTERED_YEAR:
                graph.states[product] = SLICE_STATES
                graph.delay[product] = operators.slice_delay
        graph.absorbed[node] = len(taken)


def _fits(graph: Graph, operators: Operators, node: int) -> bool:
    widths = graph.width_in[node] or (32, 32)
    return node not in graph.bound and operators.one_slice(widths[0], widths[-1])

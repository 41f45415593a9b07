"""Who has the DSP blocks of a design: the array, what scales its results, and counters of control."""

from __future__ import annotations

from collections.abc import Mapping

from aigchip_tui.model.module import Netlist
from aigchip_tui.model.space import DesignPoint

ARRAY, SCALE = "array", "post"
"""Processes of a template that multiply operands, and that scale results."""


def multipliers_text(netlist: Netlist, dsp: Mapping[str, int], point: DesignPoint) -> str:
    """One sentence with every DSP block of a design; `dsp` holds those of one instance by name.

    What neither multiplies operands nor scales results counts tokens of a command: a product of two counts.
    """
    found = {i.name: i.count * dsp[i.name] for i in netlist.instances if dsp.get(i.name)}
    in_array = found.pop(ARRAY, 0)
    scale, control = found.pop(SCALE, 0), sum(found.values())
    others = [f"{SCALE} {scale} (scale)"] if scale else []
    if control:
        listed = ", ".join(f"{name} {count}" for name, count in found.items())
        others.append(f"control {control} (counts of tokens: {listed})")
    macs = f"{point.macs} MACs" + (f", {point.dsp_pack} a block" if point.dsp_pack > 1 else "")
    return f"DSP: {in_array} in the array ({macs})" + (f"; others: {', '.join(others)}" if others else "")

"""What the ports of a top cost: an AXI master for each memory, and the registers that the host writes (estimate)."""

from __future__ import annotations

from aigchip_tui.estimator.adapters import master, slave
from aigchip_tui.model.module import Netlist
from aigchip_tui.synth.memories import MemoryCost

POINTER_WORDS = 2
"""Words of 32 bits of the register that holds the address of a memory."""
_LONGEST_BURST = 256


def interface_cost(netlist: Netlist) -> MemoryCost:
    """Masters and slave of a design whose top binds every memory port to a bundle of its own; nothing where no module
    has one. Bursts are as long as AXI lets them be.
    """
    cost, words = MemoryCost(), 0
    for instance in netlist.instances:
        memories = [port for port in instance.variant.ports if port.kind == "m_axi"]
        for port in memories:
            bram18, ff, lut = master(
                port.token_bits, port.direction != "out", port.direction != "in", write_burst=_LONGEST_BURST
            )
            cost = cost.plus(MemoryCost(bram18=bram18, ff=ff, lut=lut))
        words += POINTER_WORDS * len(memories)
        words += sum(-(-port.bits // 32) for port in instance.variant.ports if memories and port.kind == "scalar")
    if not words:
        return cost
    ff, lut = slave(words)
    return cost.plus(MemoryCost(ff=ff, lut=lut))

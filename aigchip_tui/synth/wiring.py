"""The parts of a design that its latency is composed of: loads, core, store, read off the netlist.

A stream of blocks lets two parts work on different tiles; within a part, tokens follow one another through FIFOs.
So the netlist is cut at its blocks: what fills blocks of operands are loads, what empties blocks of results is the
store, and what lies between is the core.
"""

from __future__ import annotations

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Edge, Netlist


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Processes that tokens run through without a block between them, in the order of the tokens.

    `copies`: streams that the consumer of each edge takes from, more than one where it takes from an array of them.
    """

    processes: tuple[str, ...]
    edges: tuple[Edge, ...]
    copies: tuple[int, ...]

    @property
    def first(self) -> str:
        """The process where tokens begin."""
        return self.processes[0]

    @property
    def last(self) -> str:
        """The process where tokens end."""
        return self.processes[-1]


class Wiring(msgspec.Struct, frozen=True, kw_only=True):
    """A design as loads, one core and one store, with the blocks between them and the streams of commands.

    `operands`: the edge of blocks from each load to the core, in the order of `loads`. `commands`: process to the
    commander's port that commands it. `back`: the edge on which the store brings spilled sums back to the core.
    """

    commander: str
    loads: tuple[Part, ...]
    core: Part
    store: Part
    operands: tuple[Edge, ...]
    result: Edge
    commands: dict[str, str]
    back: Edge | None = None


def wiring_of(netlist: Netlist, commander: str) -> Wiring:
    """Cuts a netlist at its blocks; AigchipError where it is not loads, one core and one store."""
    kinds = {(i.name, p.name): p.kind for i in netlist.instances for p in i.variant.ports}
    commands = {e.consumer: e.producer_port for e in netlist.edges if e.producer == commander}
    data = [e for e in netlist.edges if e.producer != commander]
    blocks = [e for e in data if kinds.get((e.producer, e.producer_port)) == "blocks"]
    back = [e for e in data if e in netlist.backward]
    streams = [e for e in data if e not in blocks and e not in back]
    copies = {(i.name, p.name): p.copies for i in netlist.instances for p in i.variant.ports}
    parts = {name: part for part in _parts(list(commands), streams, copies) for name in part.processes}
    results = [e for e in blocks if any(b.consumer in parts[e.producer].processes for b in blocks)]
    if len(results) != 1:
        raise AigchipError("The latency of a design is known for one array between blocks of operands and of results.")
    core = parts[results[0].producer]
    operands = tuple(e for e in blocks if e.consumer in core.processes)
    store = parts[results[0].consumer]
    if len(back) > 1 or any(e.producer not in store.processes or e.consumer != core.last for e in back):
        raise AigchipError("The latency of a design is known with one stream from its store back to its sums.")
    return Wiring(
        commander=commander, loads=tuple(parts[e.producer] for e in operands), core=core,
        store=store, operands=operands, result=results[0], commands=commands, back=back[0] if back else None,
    )


def _parts(processes: list[str], streams: list[Edge], copies: dict[tuple[str, str], int]) -> list[Part]:
    group = {name: {name} for name in processes}
    for edge in streams:
        joined = group[edge.producer] | group[edge.consumer]
        for name in joined:
            group[name] = joined
    found = []
    for members in {id(g): g for g in group.values()}.values():
        inner = [e for e in streams if e.producer in members]
        found.append(Part(
            processes=tuple(_ordered([p for p in processes if p in members], inner)), edges=tuple(inner),
            copies=tuple(copies.get((e.consumer, e.consumer_port), 1) for e in inner),
        ))
    return found


def _ordered(members: list[str], edges: list[Edge]) -> list[str]:
    """Producers in front of consumers, otherwise in the order given."""
    left, order = list(members), []
    while left:
        free = [name for name in left if not any(e.consumer == name and e.producer in left for e in edges)]
        if not free:
            raise AigchipError(f"Tokens run in a circle through {', '.join(left)}.")
        order += free
        left = [name for name in left if name not in free]
    return order

"""The top of a design: which port feeds which, and the text that declares the streams and calls the processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from textwrap import wrap
from typing import Final

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Edge, Netlist, Port, Variant
from aigchip_tui.model.resources import bank_storage, fifo_storage

from .common import BURSTS, parameter, vector
from .relay_mapped import far
from .shape import Shape

TOP: Final = "gemm"
"""Name of the top function and of its instance."""

_ORDER: Final = (
    "ctrl",
    "dma_a",
    "dma_b",
    "fill_a",
    "fill_b",
    "drain_a",
    "drain_b",
    "arbiter_a",
    "arbiter_b",
    "inter_a",
    "inter_b",
    "array",
    "collector",
    "accumulate",
    "flush",
    "post",
    "dma_c",
)
"""Processes in the order of the calls, producers first."""

_MEMORIES: Final = {"dma_a": "a", "dma_b": "b", "post": "bias", "dma_c": "c"}
"""Memory port of the top that a process works on."""

LEAST_DEPTH: Final = 2
"""Tokens of a FIFO that keeps one token a cycle moving; what needs more says why in the top."""

CHAINED: Final = frozenset({"relay", "relay_mapped", "cascade", "relay_mixed", "cascade_mixed"})
"""Modules that serve one array after the other, each a token later than the one before it."""

_ALONG: Final = ("arrays", "along_m", "along_n", "along_k")

_COMMENT: Final = 110
"""Columns of a comment."""

_BURST_BYTES: Final = 4096
"""A burst of AXI must not cross a border of this size."""

_BURST_BEATS: Final = 256
"""A burst of AXI has at most so many beats."""

_ADAPTER_WORDS: Final = 1024
"""Words that an adapter keeps for bursts in flight, as many as a block RAM has at 18 bits. UG1399: num_read_outstanding
implies a memory of bursts in flight x beats of a burst; 16 in flight, the default, would take four times as many.
"""

MEMORIES: Final = ("table", "a", "b", "bias", "c")
"""The ports of the top that are memories."""


def _chain(processes: Mapping[str, Variant]) -> list[tuple[str, str, str, str]]:
    links = []
    for x in "ab":
        path = [name for name in (f"drain_{x}", f"arbiter_{x}", f"inter_{x}") if name in processes]
        names = [f"dma_{x}", f"fill_{x}", *path]
        links += [(one, "out", two, "in") for one, two in pairwise(names)]
        links.append((f"inter_{x}", "out", "array", f"in_{x}"))
    tail = ("array", "collector", "accumulate", "flush", "post", "dma_c")
    links += [(one, "out", two, "in") for one, two in pairwise(tail)]
    if any(port.name == "pre" for port in processes["accumulate"].ports):
        links += [("flush", "spill", "dma_c", "spill"), ("dma_c", "pre", "accumulate", "pre")]
    return links


def _port(variant: Variant, name: str) -> Port:
    for port in variant.ports:
        if port.name == name:
            return port
    raise AigchipError(f"The module {variant.module} has no port {name!r}.")


def least_depth(tile_tokens: int, *, blocks: int) -> int:
    """Least depth of `pre` with which a design that spills does not deadlock, for its largest tile of spilled sums.

    dma_c loads the sums of the next visit before it stores those of this one. With two blocks of C the next visit
    takes them meanwhile; with a single one it waits for the block, which is free when the store has been done: then
    `pre` has to hold all of them.
    """
    return 1 if blocks > 1 else tile_tokens


def _tokens_behind(process: Variant) -> int:
    """Tokens by which a module serves the first array ahead of the last one of a chain."""
    if process.module not in CHAINED:
        return 0
    if process.module == "relay_mapped":
        return far(process.settings)
    settings = {name: int(value) for name, value in process.settings.items() if name in _ALONG}
    if process.module in ("relay", "cascade"):
        return settings["arrays"] - 1
    if process.module == "cascade_mixed":
        return settings["along_k"] - 1
    return settings["along_n" if process.settings["operand"] == "a" else "along_m"] - 1


def _depth(producer: str, producer_port: Port, shape: Shape, behind: int) -> tuple[int, str]:
    if behind:
        return LEAST_DEPTH + behind, (
            f"{LEAST_DEPTH} + {behind}: the chain serves the last array {behind} tokens after the first, whoever waits"
        )
    if producer_port.kind == "blocks":
        return 2, "ping-pong: one block is filled while the other is read"
    if producer_port.name == "pre":
        tokens = shape.tile_parts
        return tokens, (
            f"one tile of C ({tokens} parts), so that the sums of the next visit are there when it starts; "
            f"deadlock below {least_depth(tokens, blocks=2)}, with a single block of C below "
            f"{least_depth(tokens, blocks=1)}"
        )
    if producer == "ctrl":
        return LEAST_DEPTH, "the next command waits while one is worked on; tiles are asked for one refresh ahead"
    return LEAST_DEPTH, "a token in flight beside the one that is read; every consumer keeps the producer's rate"


def _storage(port: Port, depth: int, shape: Shape) -> str:
    """What the memory of a stream is bound to, where the tool would take another one unasked."""
    if port.block is None:
        return fifo_storage(port.token_bits, depth)
    width, _, words = port.block
    return bank_storage(width * port.bits, words, uram_allowed=shape.uram)


def connections(shape: Shape, processes: Mapping[str, Variant]) -> tuple[Edge, ...]:
    """Every stream between two processes; raises AigchipError where both sides do not agree on the token."""
    commands = [("ctrl", name, name, "cmd") for name in _ORDER if name in processes and name != "ctrl"]
    edges = []
    for producer, out_name, consumer, in_name in (*commands, *_chain(processes)):
        out, into = _port(processes[producer], out_name), _port(processes[consumer], in_name)
        if (out.kind, out.element, out.lanes) != (into.kind, into.element, into.lanes):
            raise AigchipError(
                f"{producer}.{out_name} sends {out.element} x {out.lanes} ({out.kind}), {consumer}.{in_name} takes "
                f"{into.element} x {into.lanes} ({into.kind})."
            )
        ends = (
            out.copies * (shape.count if producer == "array" else 1),
            into.copies * (shape.count if consumer == "array" else 1),
        )
        if ends[0] != ends[1]:
            raise AigchipError(f"{producer}.{out_name} has {ends[0]} streams, {consumer}.{in_name} takes {ends[1]}.")
        # Tokens that the first array may be ahead of the last one by the chain between them.
        ends_at_arrays = "array" in (producer, consumer)
        behind = max(_tokens_behind(processes[end]) for end in (producer, consumer)) if ends_at_arrays else 0
        depth, reason = _depth(producer, out, shape, behind)
        edges.append(
            Edge(
                producer=producer,
                producer_port=out_name,
                consumer=consumer,
                consumer_port=in_name,
                depth=depth,
                depth_reason=reason,
                storage=_storage(out, depth, shape),
            )
        )
    return tuple(edges)


def stream_name(edge: Edge) -> str:
    """Name of an edge's stream in the top."""
    return f"{edge.producer}_to_{edge.consumer}"


_WHY_BOUND: Final = {
    "srl": "A shift register of one LUT a bit; unasked, a FIFO of more than 1 Kbit and 2 words takes block RAM",
    "lutram": "Banks this shallow leave a block RAM nearly empty",
    "uram": "Banks this deep and wide fill UltraRAM, which is taken only where it is asked for",
}


def _bound(name: str, edge: Edge, kind: str) -> list[str]:
    """The pragma that binds a stream's memory, with its reason; nothing where the tool's own choice is wanted."""
    if not edge.storage:
        return []
    pragma = f"#pragma HLS BIND_STORAGE variable={name} type={kind} impl={edge.storage}"
    return [f"    // {line}" for line in wrap(_WHY_BOUND[edge.storage], _COMMENT)] + [pragma]


class _Wiring:
    """Text of the top for one netlist."""

    def __init__(self, netlist: Netlist, header_name: Callable[[Variant], str]) -> None:
        self.processes = {i.name: i for i in netlist.instances if i.parent == TOP and i.author == "generator"}
        self.edges = netlist.edges
        self.arrays = self.processes["array"].count
        self.includes = sorted({header_name(i.variant) for i in self.processes.values()})
        memory = _port(self.processes["dma_a"].variant, "mem")
        self.port, self.port_bytes = memory.lanes, memory.token_bits // 8
        self.lanes = _port(self.processes["post"].variant, "in").lanes
        self.stored = _port(self.processes["dma_c"].variant, "mem").cpp_type
        self.backward = {stream_name(edge) for edge in netlist.backward}
        self.raw = self.processes["post"].variant.module == "post_raw"
        self.copied = next(i.variant.settings for i in netlist.instances if i.name == TOP)

    def parameters(self) -> tuple[str, ...]:
        """Parameters of the top function in order."""
        word = vector("data_t", self.port)
        return (
            "const std::int32_t* table",
            "int layers",
            f"const {word}* a",
            f"const {word}* b",
            f"const {vector('acc_t', self.lanes)}* bias",
            f"{self.stored} c",
        )

    def declaration(self) -> str:
        """The head of the top function without a semicolon."""
        return "\n".join(_wrapped(f"void {TOP}(", list(self.parameters()), end=")"))

    def interface(self) -> list[str]:
        """The ports' pragmas, with what each is for."""
        beats = min(_BURST_BEATS, _BURST_BYTES // self.port_bytes)
        flying = _ADAPTER_WORDS // beats
        read = f" max_read_burst_length={beats} num_read_outstanding={flying}"
        written = f" max_write_burst_length={beats} num_write_outstanding={flying}"
        lengths = {"a": read, "b": read, "c": f"{read if self.backward else ''}{written}"}
        lines = [
            "// An AXI master for each memory, so that no transfer waits for another's; the host writes the addresses.",
            "// Bursts are as long as AXI lets them be; those in flight hide the latency of memory and fill the",
            f"// {_ADAPTER_WORDS} words that the adapter's block RAM has anyway. Only co-simulation heeds `depth`.",
        ]
        lines += [
            f"#pragma HLS INTERFACE m_axi port={name} bundle={name} offset=slave depth=COSIM_WORDS_{name.upper()}"
            f"{lengths.get(name, '')}"
            for name in MEMORIES
        ]
        lines += ["// The host writes the number of layers, starts a launch and sees its end."]
        lines += [f"#pragma HLS INTERFACE s_axilite port={name}" for name in ("layers", "return")]
        lines += [
            "// All processes run at once; each ends by itself with the last command of the launch.",
            "#pragma HLS DATAFLOW",
            "",
        ]
        return lines

    def depths(self) -> list[str]:
        """Constants of the header: words of each memory that co-simulation copies."""
        return [
            "// Words of each memory that co-simulation copies; its test bench makes the memories at least as long.",
            *(f"constexpr int COSIM_WORDS_{name.upper()} = {self.copied[name]};" for name in MEMORIES),
        ]

    def stream(self, edge: Edge) -> list[str]:
        """Declaration of an edge's stream with its depth."""
        name = stream_name(edge)
        port = _port(self.processes[edge.producer].variant, edge.producer_port)
        token = (
            port.cpp_type.removesuffix("&").rpartition("[")[0]
            if port.cpp_type.endswith("]")
            else (port.cpp_type.removesuffix("&"))
        )
        if port.kind == "blocks":
            block = token.removeprefix("hls::stream_of_blocks<").removesuffix(">")
            return [
                f"    hls::stream_of_blocks<{block}, {edge.depth}> {name};",
                f"#pragma HLS ARRAY_PARTITION variable={name} complete dim=1",
                *_bound(name, edge, "ram_2p"),
            ]
        size = f"[{self.arrays}]" if self.is_array(edge) else ""
        why = self.why_deep(edge, port) if edge.depth > LEAST_DEPTH else []
        stream = f"#pragma HLS STREAM variable={name} depth={edge.depth}"
        return [*why, f"    {token} {name}{size};", stream, *_bound(name, edge, "fifo")]

    def why_deep(self, edge: Edge, port: Port) -> list[str]:
        """Comment over a stream: the formula of its depth, and the bits that it costs."""
        copies = self.arrays if self.is_array(edge) else 1
        cost = f"{copies} x {edge.depth} tokens of {port.token_bits} bits"
        return [f"    // {line}" for line in wrap(f"{edge.depth_reason}; {cost}", _COMMENT)]

    def is_array(self, edge: Edge) -> bool:
        """True if an edge is an array of streams, one for each array of multipliers."""
        for name, port_name in ((edge.producer, edge.producer_port), (edge.consumer, edge.consumer_port)):
            if name != "array" and _port(self.processes[name].variant, port_name).cpp_type.endswith("]"):
                return True
        return False

    def call(self, name: str) -> list[str]:
        """Calls of a process, one for each of its copies."""
        instance = self.processes[name]
        variant = instance.variant
        space = variant.key.replace("-", "_")
        lines = []
        for copy in range(instance.count):
            arguments = [self.argument(name, port, copy) for port in variant.ports]
            head = f"    {space}::{variant.function}("
            lines += _wrapped(head, arguments)
        return lines

    def argument(self, name: str, port: Port, copy: int) -> str:
        """What a process gets for a port: its stream, its memory, or the launch's arguments."""
        if port.kind == "m_axi":
            return "table" if name == "ctrl" else _MEMORIES[name]
        if port.kind == "scalar":
            return "layers"
        for edge in self.edges:
            if (edge.producer, edge.producer_port) == (name, port.name) or (
                (edge.consumer, edge.consumer_port) == (name, port.name)
            ):
                many = self.is_array(edge) and not port.cpp_type.endswith("]")
                return f"{stream_name(edge)}[{copy}]" if many else stream_name(edge)
        raise AigchipError(f"Nothing is connected to {name}.{port.name}.")


def _wrapped(head: str, arguments: list[str], *, end: str = ");") -> list[str]:
    lines, line = [], head
    for index, argument in enumerate(arguments):
        piece = argument + (end if index == len(arguments) - 1 else ",")
        if len(line) + len(piece) + 1 > 110 and line != head:
            lines.append(line)
            line = " " * 8 + piece
        else:
            line += piece if line == head else f" {piece}"
    return [*lines, line]


def top_ports(netlist: Netlist) -> tuple[str, ...]:
    """Names of the top's parameters in order."""
    return ("table", "layers", "a", "b", "bias", "c")


def top_files(netlist: Netlist, header_name: Callable[[Variant], str]) -> dict[str, str]:
    """gemm.hpp and gemm.cpp: declaration and wiring of the top."""
    wiring = _Wiring(netlist, header_name)
    bursts = [f'#include "{BURSTS}"'] if "burst_maxi" in wiring.stored else []
    computed = "A * B + bias" if wiring.raw else "saturate(((A * B + bias) * multiplier) >> shift)"
    header = (
        f"// gemm: C = {computed} on tiles that the driver has packed.",
        "#pragma once",
        "",
        *bursts,
        '#include "hls_vector.h"',
        "",
        '#include "gemm_types.hpp"',
        "",
        *wiring.depths(),
        "",
        "// One launch works through `layers` rows of the table; none of them may read another one's result.",
        f"{wiring.declaration()};",
        "",
    )
    lines = [
        "// gemm: wiring of the processes. Written by the template; the processes stand in files of their own.",
        '#include "gemm.hpp"',
        "",
        *(f'#include "{name}"' for name in wiring.includes),
        "",
        f"{wiring.declaration()} {{",
        *wiring.interface(),
        "    // Commands: ctrl runs ahead of the processes by the depth of these.",
    ]
    commands = [edge for edge in wiring.edges if edge.producer == "ctrl"]
    data = [edge for edge in wiring.edges if edge.producer != "ctrl"]
    for edge in commands:
        lines += wiring.stream(edge)
    lines += [
        "",
        "    // Data: both sides agree on the token; depth 2 is one in flight beside the one that is read. Each bank",
        "    // of a block is a memory of packed words; two blocks, so that one is filled while the other is read.",
    ]
    for edge in data:
        if stream_name(edge) in wiring.backward:
            lines += [
                "    // The only stream that runs backwards: spilled sums on their way to the visit that resumes them.",
                "    // C simulation has to run all processes at once.",
            ]
        lines += wiring.stream(edge)
    lines.append("")
    for name in _ORDER:
        if name in wiring.processes:
            lines += wiring.call(name)
    lines += ["}", ""]
    return {"gemm.hpp": "\n".join(header), "gemm.cpp": "\n".join(lines)}


__all__ = ["TOP", "connections", "parameter", "stream_name", "top_files", "top_ports"]

"""Modules as values: ports with their contracts, variants, instances, edges and the assembled netlist."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

import msgspec

_INLINE = re.compile(r"^inline [\w:]+ (\w+)\(", re.MULTILINE)
_BLOCK = re.compile(r"stream_of_blocks<hls::vector<\w+, (\d+)>\[(\d+)\]\[(\d+)\]>")
PortKind = Literal["stream", "blocks", "array", "scalar", "m_axi", "s_axilite"]
Setting = int | str
Settings = dict[str, Setting]


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """One port of a module and what it promises to its neighbour.

    `element` is the name of the element type in the type header (`data_t`, `acc_t`, a command struct); `bits` its
    width; `lanes` elements travel packed in one token. `copies` > 1 is an array of streams. `tokens` and `order` say
    what crosses the port (each of its streams) per command; `end` says how the end is known.
    `first` and `cycles` are formulas over command fields (`model.formulas`; empty: none are contracted): if nobody
    holds the module up, the first token of a command crosses at most `first` cycles after the command was taken, and
    all of them within `cycles` cycles. Where they are contracted `tokens` is a formula, too; else it is words.
    `cpp_type` is the exact C++ parameter type of the signature, constants folded.
    """

    name: str
    direction: Literal["in", "out", "inout"]
    kind: PortKind
    element: str
    bits: int
    lanes: int = 1
    copies: int = 1
    depth: int = 2
    cpp_type: str
    tokens: str = ""
    order: str = ""
    end: str = ""
    first: str = ""
    cycles: str = ""

    @property
    def token_bits(self) -> int:
        """Width of one token in bits."""
        return self.bits * self.lanes

    @property
    def block(self) -> tuple[int, int, int] | None:
        """Elements of a word, banks and words of a bank where a token is a block of banks of packed words."""
        found = _BLOCK.search(self.cpp_type)
        return (int(found[1]), int(found[2]), int(found[3])) if found else None


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A module with its local settings: what a generator is asked to write (DESIGN sec. 1).

    Two settings with equal `instruction` lines, `elements` and `children` are one variant. `elements` declares the
    element types in C++ where they are not those of the type header (another precision): the body is the same, the
    proof is not.
    `prologue` and `epilogue` are the template's text around the generated body (includes, namespace, token types).
    `signatures` of children are shown in the prompt of a parent, never their bodies; `types` are the definitions of
    supplied types that the ports name.
    """

    template: str
    module: str
    function: str
    settings: Settings
    instruction: tuple[str, ...]
    ports: tuple[Port, ...]
    prologue: str
    epilogue: str
    signatures: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    elements: str = ""

    @property
    def supplied_functions(self) -> tuple[str, ...]:
        """Functions that the template's prologue defines in the body's namespace; the body may call them."""
        return tuple(_INLINE.findall(self.prologue))

    @property
    def key(self) -> str:
        """Identity of the variant within its template: module and a digest of what decides its code and its proof."""
        elements = (self.elements,) if self.elements else ()
        text = "\n".join((self.template, self.module, *elements, *self.children, *self.instruction))
        return f"{self.module}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the module tree: a variant used `count` times under one name."""

    name: str
    variant: Variant
    count: int = 1
    parent: str = ""
    author: Literal["generator", "template"] = "generator"


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A stream between two instances, with the token both sides must agree on.

    `storage` is what the wiring binds its memory to (`srl`, `lutram`, `bram`, `uram`), "" where it leaves that to the
    tool.
    """

    producer: str
    producer_port: str
    consumer: str
    consumer_port: str
    depth: int
    depth_reason: str = ""
    storage: str = ""


class Netlist(msgspec.Struct, frozen=True, kw_only=True):
    """The module tree of one design: instances (children before parents), edges, and the number of processes."""

    instances: tuple[Instance, ...]
    edges: tuple[Edge, ...]
    processes: int

    @property
    def backward(self) -> tuple[Edge, ...]:
        """Edges whose producer stands behind their consumer: such a design runs only where all processes run at once,
        never one process after the other."""
        place = {instance.name: index for index, instance in enumerate(self.instances)}
        return tuple(edge for edge in self.edges if place[edge.producer] > place[edge.consumer])

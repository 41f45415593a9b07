"""Makes modules keep virtual time: loops say what they cost, beats of memories are counted, on the same lines.

What a loop costs comes from outside (the estimator's reading of the same text); loops are numbered in the order of
the text, as there. A loop that is not named costs nothing: it is unrolled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from aigchip_tui.cpp.grammar import parse_root, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = ("for_statement", "while_statement", "do_statement")


class LoopTiming(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of one loop as the estimator reads it: initiation interval and depth of a pipelined loop, else the cycles
    of an iteration beside the loops in it (`straight`). `number` counts the loops of a module's own text from 0.
    """

    number: int
    label: str = ""
    pipelined: bool
    ii: int = 1
    depth: int = 1
    straight: int = 1


def time_files(payload: Mapping[str, Any]) -> dict[str, str]:
    """`time_text` for `payload["files"]` by name, with `payload["loops"]` by the same names; for a worker."""
    return {
        name: time_text(text, name, msgspec.convert(payload["loops"][name], list[LoopTiming]))
        if name in payload["loops"] else text
        for name, text in payload["files"].items()
    }


def time_text(text: str, module: str, loops: Sequence[LoopTiming]) -> str:
    """A module's text with its loops and memories in virtual time; `module` names them in the results."""
    root = parse_root(text)
    source = text.encode()
    timings = {loop.number: loop for loop in loops}
    inserted: list[tuple[int, int, str]] = []
    for number, node in enumerate(_loops(root)):
        if number in timings:
            inserted += _timed(node, module, timings[number])
    for function in _functions(root):
        memories = set(_pointers(function))
        for node in _walk(function):
            if node.type == "subscript_expression" and memories:
                inserted += _beats(node, memories)
    for at, _, words in sorted(inserted, key=lambda edit: edit[:2], reverse=True):
        source = source[:at] + words.encode() + source[at:]
    return source.decode()


def _timed(loop: Node, module: str, timing: LoopTiming) -> Iterator[tuple[int, int, str]]:
    """Insertions (place, order at that place, text) around one loop."""
    body = loop.child_by_field_name("body")
    if body is None:
        return
    name = f"aigchip_loop_{timing.number}"
    tick = f'::hls::csim::straight("{module}", {timing.number}, {timing.straight});'
    if timing.pipelined:
        tick = f"{name}.next();"
        yield loop.start_byte, 0, (
            f'{{ ::hls::csim::pipelined_loop {name}("{module}", {timing.number}, {timing.ii}, {timing.depth}); '
        )
        yield loop.end_byte, 2, " }"
    if body.type == "compound_statement":
        yield body.start_byte + 1, 1, f" {tick}"
    else:
        yield body.start_byte, 1, f"{{ {tick} "
        yield body.end_byte, 1, " }"


def _beats(node: Node, memories: set[str]) -> Iterator[tuple[int, int, str]]:
    base, indices = node.child_by_field_name("argument"), node.child_by_field_name("indices")
    if base is None or indices is None or base.type != "identifier" or text_of(base) not in memories:
        return
    parent = node.parent
    left = parent.child_by_field_name("left") if parent is not None and parent.type == "assignment_expression" else None
    written = left is not None and left == node
    yield indices.start_byte + 1, 0, f"::hls::csim::beat({text_of(base)}, ("
    yield indices.end_byte - 1, 3, f"), {str(written).lower()})"


def _pointers(function: Node) -> Iterator[str]:
    """Parameters of a function that are pointers: its memories."""
    declarator = function.child_by_field_name("declarator")
    listed = declarator.child_by_field_name("parameters") if declarator is not None else None
    for parameter in listed.named_children if listed is not None else ():
        inner = parameter.child_by_field_name("declarator")
        if inner is not None and inner.type == "pointer_declarator":
            name = inner.child_by_field_name("declarator")
            if name is not None and name.type == "identifier":
                yield text_of(name)


def _functions(root: Node) -> Iterator[Node]:
    return (node for node in _walk(root) if node.type == "function_definition")


def _loops(root: Node) -> Iterator[Node]:
    return (node for node in _walk(root) if node.type in _LOOPS)


def _walk(node: Node) -> Iterator[Node]:
    """All nodes in the order of the text."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(here.named_children))

"""Makes dataflow regions concurrent: each call of a region becomes a fiber, on the same lines as before.

In a body that holds `#pragma HLS DATAFLOW` the calls are spawned and joined at its end, STREAM pragmas set the depth
of their stream, and local streams learn their names. Everything else stays byte for byte, so that the compiler's and
the sanitizers' line numbers stay true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.cpp.grammar import parse_root
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from tree_sitter import Node

_DATAFLOW = re.compile(rb"^\s*HLS\s+DATAFLOW\b", re.IGNORECASE)
_STREAM = re.compile(rb"^\s*HLS\s+STREAM\b(?P<rest>.*)$", re.IGNORECASE)
_OPTION = re.compile(rb"(?P<key>variable|depth)\s*=\s*(?P<value>[\w:+*()\-/]+)", re.IGNORECASE)
_CALLED = ("identifier", "qualified_identifier", "template_function")


class _Edit(msgspec.Struct, frozen=True):
    start: int
    end: int
    text: bytes


def rewrite_dataflow(text: str) -> str:
    """The text with its dataflow regions made concurrent; unchanged when it has none.

    Raises:
        AigchipError: a region declares a stream inside a loop, where no process could outlive it.
    """
    if "DATAFLOW" not in text.upper():
        return text
    source = text.encode()
    edits: list[_Edit] = []
    for number, body in enumerate(_regions(parse_root(text))):
        edits += _region_edits(body, f"aigchip_region_{number}")
    for edit in sorted(edits, key=lambda e: (e.start, e.end), reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source.decode()


def rewrite_files(files: Mapping[str, str]) -> dict[str, str]:
    """`rewrite_dataflow` for several files by name."""
    return {name: rewrite_dataflow(text) for name, text in files.items()}


def _regions(node: Node) -> Iterator[Node]:
    if node.type == "compound_statement" and any(_is_dataflow(child) for child in node.children):
        yield node
    for child in node.children:
        yield from _regions(child)


def _is_dataflow(node: Node) -> bool:
    return node.type == "preproc_call" and _DATAFLOW.match(_argument(node)) is not None


def _argument(node: Node) -> bytes:
    directive = node.child_by_field_name("directive")
    argument = node.child_by_field_name("argument")
    if directive is None or argument is None or (directive.text or b"").strip() != b"#pragma":
        return b""
    return argument.text or b""


def _region_edits(body: Node, region: str) -> list[_Edit]:
    opening, closing = body.children[0], body.children[-1]
    edits = [
        _Edit(opening.end_byte, opening.end_byte, f" ::hls::csim::region {region};".encode()),
        _Edit(closing.start_byte, closing.start_byte, f" {region}.join(); ".encode()),
    ]
    for child in body.named_children:
        edits += _statement_edits(child, region, _Scope())
    return edits


class _Scope(msgspec.Struct, frozen=True):
    """Values that change between two passes of an enclosing loop: its counters, and what its body declares."""

    counters: tuple[str, ...] = ()
    locals: tuple[str, ...] = ()
    depth: int = 0


def _statement_edits(node: Node, region: str, scope: _Scope) -> list[_Edit]:
    if node.type == "compound_statement" and any(_is_dataflow(child) for child in node.children):
        return []
    if node.type == "preproc_call":
        return _pragma_edits(node)
    if node.type == "declaration":
        return _declaration_edits(node, scope.depth)
    if node.type == "expression_statement":
        return _call_edits(node, region, scope)
    if node.type == "return_statement":
        return [
            _Edit(node.start_byte, node.start_byte, f"{{ {region}.join(); ".encode()),
            _Edit(node.end_byte, node.end_byte, b" }"),
        ]
    edits: list[_Edit] = []
    counters = scope.counters + tuple(_declared(node.child_by_field_name("initializer")))
    inner = _Scope(counters, scope.locals, scope.depth + 1)
    if node.type == "compound_statement":
        for child in node.named_children:
            edits += _statement_edits(child, region, inner)
            inner = _Scope(counters, inner.locals + tuple(_declared(child)), inner.depth)
        return edits
    for child in node.named_children:
        if child.type.endswith("_statement") or child.type in ("preproc_call", "else_clause"):
            edits += _statement_edits(child, region, inner)
    return edits


def _pragma_edits(node: Node) -> list[_Edit]:
    match = _STREAM.match(_argument(node))
    if match is None:
        return []
    options = {m["key"].lower(): m["value"] for m in _OPTION.finditer(match["rest"])}
    if b"variable" not in options or b"depth" not in options:
        return []
    text = b"::hls::csim::declare_depth(%s, %s);" % (options[b"variable"], options[b"depth"])
    line = (node.text or b"").rstrip()
    return [_Edit(node.start_byte, node.start_byte + len(line), text)]


def _declaration_edits(node: Node, depth: int) -> list[_Edit]:
    kind = node.child_by_field_name("type")
    if kind is None or b"stream" not in (kind.text or b""):
        return []
    if depth:
        line = int(node.start_point[0]) + 1
        raise AigchipError(
            f"Line {line}: a dataflow region declares a stream inside a loop or block.",
            hint="Declare an array of streams at the top of the region.",
        )
    calls = b"".join(
        b" ::hls::csim::declare_name(%s, \"%s\");" % (name.encode(), name.encode())
        for declarator in node.children_by_field_name("declarator")
        if declarator.type != "init_declarator" and (name := _name(declarator))
    )
    return [_Edit(node.end_byte, node.end_byte, calls)] if calls else []


def _call_edits(node: Node, region: str, scope: _Scope) -> list[_Edit]:
    call = node.named_children[0] if node.named_children else None
    if call is None or call.type != "call_expression":
        return []
    function = call.child_by_field_name("function")
    if function is None or function.type not in _CALLED:
        return []
    label = re.sub(rb"[^\w:<>,]", b"", function.text or b"").rsplit(b"::", 1)[-1].decode()
    captures = "".join(f", {name}" for name in dict.fromkeys((*scope.counters, *scope.locals)))
    indices = "".join(f", {name}" for name in dict.fromkeys(scope.counters))
    return [
        _Edit(node.start_byte, node.start_byte, f'{region}.spawn("{label}", [&{captures}]() {{ '.encode()),
        _Edit(node.end_byte, node.end_byte, f" }}{indices});".encode()),
    ]


def _declared(node: Node | None) -> Iterator[str]:
    """Names of the values (not streams) that a declaration introduces."""
    if node is None or node.type != "declaration":
        return
    kind = node.child_by_field_name("type")
    if kind is not None and b"stream" in (kind.text or b""):
        return
    for declarator in node.children_by_field_name("declarator"):
        inner = declarator.child_by_field_name("declarator") if declarator.type == "init_declarator" else declarator
        if inner is not None and inner.type == "identifier":
            yield (inner.text or b"").decode()


def _name(declarator: Node) -> str:
    inner: Node | None = declarator
    while inner is not None and inner.type == "array_declarator":
        inner = inner.child_by_field_name("declarator")
    return (inner.text or b"").decode() if inner is not None and inner.type == "identifier" else ""

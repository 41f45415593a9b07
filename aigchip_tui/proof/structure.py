"""What a generated body may consist of, by structure: constants, types and functions that call nothing foreign.

A list of forbidden words can always be walked around; a body that declares nothing from outside, runs nothing before
`main`, and calls only itself, its children and the HLS library cannot reach the machine that simulates it, nor the one
that runs an exported test bench.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from aigchip_tui.cpp.grammar import line_of, parse_root, text_of
from aigchip_tui.model.finding import Finding

if TYPE_CHECKING:
    from tree_sitter import Node

_PLAIN_TYPES = frozenset({
    "bool", "char", "int", "unsigned", "long", "short", "size_t", "data_t", "acc_t", "scaled_t",
    *(f"{scope}{sign}int{bits}_t" for scope in ("", "std::") for sign in ("", "u") for bits in (8, 16, 32, 64)),
})
_LIBRARY = ("hls::", "std::min", "std::max", "std::abs", "std::swap", "std::move", "std::remove_cvref_t")
_TOP = frozenset({"comment", "preproc_call", "function_definition", "type_definition", "alias_declaration", ";"})


def structure_findings(body: str, callable_names: Collection[str]) -> list[Finding]:
    """Everything in the body that is not a constant, a type or a function, and every call that leaves it.

    `callable_names` are the functions of the module's children.
    """
    root = parse_root(body)
    own = {name for node in root.named_children if (name := _function_name(node))}
    types = _type_names(root)
    found = [f for node in root.named_children for f in _top_findings(node)]
    found += [f for node in _walk(root) for f in _inner_findings(node, own | set(callable_names), types)]
    return found


def _top_findings(node: Node) -> Iterator[Finding]:
    text = text_of(node)
    if node.type == "declaration":
        words = {text_of(c) for c in node.children if c.type in ("type_qualifier", "storage_class_specifier")}
        kind = node.child_by_field_name("type")
        if not words & {"const", "constexpr"} or kind is None or text_of(kind) not in _PLAIN_TYPES:
            yield _finding(node, f"Only constants of plain types may stand outside functions, not {text[:60]!r}.")
    elif node.type in ("struct_specifier", "enum_specifier"):
        body = node.child_by_field_name("body")
        plain = ("field_declaration", "comment", "enumerator")
        for member in body.named_children if body is not None else ():
            if member.type not in plain or "(" in text_of(member):
                yield _finding(member, f"A struct may hold plain fields only, not {text_of(member)[:60]!r}.")
    elif node.type not in _TOP:
        yield _finding(node, f"{node.type.replace('_', ' ')} may not stand outside functions: {text[:60]!r}.")


def _inner_findings(node: Node, functions: Collection[str], types: Collection[str]) -> Iterator[Finding]:
    if node.type == "storage_class_specifier" and text_of(node) in ("extern", "register", "thread_local"):
        yield _finding(node, f"{text_of(node)} declares something from outside the module.")
    elif node.type == "qualified_identifier" and not _known_scope(text_of(node).replace(" ", "")):
        yield _finding(node, f"{text_of(node)[:60]} is no name of the HLS library.")
    elif node.type == "declaration" and _declares_function(node):
        yield _finding(node, f"A function is declared without a body: {text_of(node)[:60]!r}.")
    elif node.type == "call_expression":
        called = node.child_by_field_name("function")
        if called is not None and not _may_call(called, functions, types):
            name = text_of(called)[:60]
            yield _finding(called, f"{name} is no function of this module, its children or the library.")


def _known_scope(text: str) -> bool:
    return text.split("<")[0] in _PLAIN_TYPES or text.startswith(_LIBRARY) or not text.startswith(("std::", "::", "_"))


def _may_call(called: Node, functions: Collection[str], types: Collection[str]) -> bool:
    if called.type == "field_expression":
        return True
    text = text_of(called).replace(" ", "")
    if called.type in ("primitive_type", "sized_type_specifier") or text in _PLAIN_TYPES or text in types:
        return True
    if called.type == "template_function" and text.split("<")[0] in ("static_cast", *functions, *types):
        return True
    return text in functions or text.startswith(_LIBRARY) or text.split("<")[0] in ("static_cast",)


def _declares_function(node: Node) -> bool:
    """`void f(int);` is a declaration; `T x(y);` with a value inside is an object."""
    declarator = node.child_by_field_name("declarator")
    if declarator is None or declarator.type != "function_declarator":
        return False
    listed = declarator.child_by_field_name("parameters")
    kinds = [c for c in listed.named_children if c.type != "comment"] if listed is not None else []
    # A lock on a channel, `hls::write_lock<block_t> block(out)`, reads as a parameter without a name.
    return not kinds or not all(
        c.type == "parameter_declaration" and c.child_by_field_name("declarator") is None
        and text_of(c).isidentifier() and text_of(c) not in _PLAIN_TYPES for c in kinds
    )


def _function_name(node: Node) -> str:
    if node.type != "function_definition":
        return ""
    declarator = node.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    name = declarator.child_by_field_name("declarator") if declarator is not None else None
    return text_of(name) if name is not None else ""


def _type_names(root: Node) -> set[str]:
    names: set[str] = set()
    for node in root.named_children:
        if node.type == "type_definition":
            names |= {text_of(c).split("[")[0] for c in node.children_by_field_name("declarator")}
        elif node.type in ("alias_declaration", "struct_specifier", "enum_specifier"):
            name = node.child_by_field_name("name")
            names |= {text_of(name)} if name is not None else set()
    return names


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(here.named_children)


def _finding(node: Node, message: str) -> Finding:
    return Finding(
        severity="error", kind="forbidden", code="structure", message=message, line=line_of(node),
        suggestion="Write constants, types and functions that call only each other, the children and the HLS library.",
    )

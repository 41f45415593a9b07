"""Types and declarators of the syntax tree, over the state that all readers of one tree share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.grammar import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

Templates = tuple[tuple[str, "ast.TypeRef | ast.Expr | None"], ...]
"""Template parameters: name and default."""

_KNOWN_TEMPLATES = frozenset(
    [
        "stream",
        "vector",
        "stream_of_blocks",
        "burst_maxi",
        "ap_int",
        "ap_uint",
        "ap_fixed",
        "ap_ufixed",
        "ap_axiu",
        "ap_axis",
        "axis",
        "qdma_axis",
        "read_lock",
        "write_lock",
        "array",
        "complex",
        "ap_shift_reg",
        "pair",
    ]
)

MAX_DEPTH = 120
"""Nesting of statements and expressions beyond which a text is refused."""


class TypeParser(ABC):
    """Types and declarators of the syntax tree, over the state that all readers of one tree share."""

    @abstractmethod
    def expression(self, node: Node) -> ast.Expr:
        """One expression."""

    @abstractmethod
    def member(self, node: Node, templates: Templates = ()) -> None:
        """One declaration at namespace scope."""

    def __init__(self, shift: int = 0) -> None:
        self.shift = shift
        self.unit = ast.Unit()
        self.depth = 0
        self.type_names: set[str] = set(_KNOWN_TEMPLATES)

    def line(self, node: Node) -> int:
        return max(0, int(node.start_point[0]) + 1 - self.shift)

    def _base(self, node: Node) -> ast.TypeRef:
        kind = node.child_by_field_name("type")
        reference = self.type_of_node(kind) if kind is not None else ast.TypeRef("int")
        for child in node.children:
            if child.type == "type_qualifier" and text_of(child) in ("const", "constexpr"):
                reference.constant = True
        return reference

    def type_of_node(self, node: Node) -> ast.TypeRef:
        """A type node as a TypeRef (a fresh one each time)."""
        kind = node.type
        if kind == "qualified_identifier":
            scope, name = node.child_by_field_name("scope"), node.child_by_field_name("name")
            inner = self.type_of_node(name) if name is not None else ast.TypeRef("int")
            prefix = text_of(scope) if scope is not None else ""
            if prefix and prefix not in ("std", "hls"):
                inner.scope = prefix if not inner.scope else f"{prefix}::{inner.scope}"
            return inner
        if kind == "template_type":
            name, listed = node.child_by_field_name("name"), node.child_by_field_name("arguments")
            arguments = self._type_arguments(listed) if listed is not None else ()
            return ast.TypeRef(text_of(name) if name is not None else "int", arguments)
        if kind == "type_descriptor":
            return self.type_descriptor(node)
        if kind in ("struct_specifier", "class_specifier", "union_specifier", "enum_specifier"):
            name = node.child_by_field_name("name")
            return ast.TypeRef(text_of(name) if name is not None else "int")
        if kind == "dependent_type":
            return self.type_of_node(node.named_children[0]) if node.named_children else ast.TypeRef("int")
        if kind == "decltype":
            return ast.TypeRef("auto")
        return ast.TypeRef(" ".join(text_of(node).split()))

    def type_descriptor(self, node: Node) -> ast.TypeRef:
        """A type with its abstract declarator."""
        if node.type != "type_descriptor":
            return self.type_of_node(node)
        base = self._base(node)
        declarator = node.child_by_field_name("declarator")
        return self.declared(declarator, base)[1] if declarator is not None else base

    def _type_arguments(self, listed: Node) -> tuple[ast.TypeRef | ast.Expr, ...]:
        found: list[ast.TypeRef | ast.Expr] = []
        for child in listed.named_children:
            if child.type == "type_descriptor":
                found.append(self.type_descriptor(child))
            elif child.type != "comment":
                found.append(self.expression(child))
        return tuple(found)

    def declared(self, node: Node | None, base: ast.TypeRef) -> tuple[str, ast.TypeRef]:
        """Name and full type of a declarator over a base type."""
        pointers, reference = base.pointers, base.reference
        extents: tuple[ast.Expr | None, ...] = ()
        depth = 0
        while node is not None and depth < 32:
            depth += 1
            kind = node.type
            if kind in ("pointer_declarator", "abstract_pointer_declarator"):
                pointers += 1
                node = inner_declarator(node)
            elif kind in ("reference_declarator", "abstract_reference_declarator"):
                reference = True
                node = inner_declarator(node)
            elif kind in ("array_declarator", "abstract_array_declarator"):
                size = node.child_by_field_name("size")
                extents = (self.expression(size) if size is not None else None, *extents)
                node = node.child_by_field_name("declarator")
            elif kind in ("parenthesized_declarator", "abstract_parenthesized_declarator", "init_declarator"):
                node = node.child_by_field_name("declarator") or inner_declarator(node)
            elif kind == "function_declarator":
                node = node.child_by_field_name("declarator")
            else:
                break
        full = ast.TypeRef(
            base.name, base.arguments, pointers, reference, base.constant, extents + base.extents, base.scope
        )
        return (text_of(node) if node is not None else ""), full


def inner_declarator(node: Node) -> Node | None:
    inner = node.child_by_field_name("declarator")
    if inner is not None:
        return inner
    named = [child for child in node.named_children if child.type not in ("type_qualifier", "comment")]
    return named[-1] if named else None

"""Types and declarators of the syntax tree, over the state that all readers of one tree share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
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
    def block(self, node: Node, label: str = "") -> ast.Block:
        """A statement as a block."""

    @abstractmethod
    def member(self, node: Node, templates: Templates = ()) -> None:
        """One declaration at namespace scope."""

    def __init__(self, files: Sequence[tuple[str, int]], root: str = "") -> None:
        """`files` stand one after another in the text, each with its number of lines; `root` is the space of all."""
        self.files = [name for name, _ in files]
        self.starts = list(accumulate((lines for _, lines in files), initial=0))
        self.source = b""
        self._row = -1, 0
        """The row asked for last, and its line."""
        self.unit = ast.Unit()
        self.depth = 0
        self.space = root
        self.type_parameters: set[str] = set()
        """Names of type parameters of the templates read so far."""
        if root:
            self.unit.names.open(root, "")

    def type_ref(self, name: str, arguments: tuple[ast.TypeRef | ast.Expr, ...] = ()) -> ast.TypeRef:
        """A type of this name, as written in the current space."""
        return ast.TypeRef(name, arguments, space=self.space)

    def names_type(self, name: str, scope: str = "") -> bool:
        """Whether a name in front of parentheses is a type, so that a call is a conversion."""
        key = self.unit.names.key_of(name, scope, self.space)
        if not key:
            return name in _KNOWN_TEMPLATES or (name in self.type_parameters and not scope)
        return key in self.unit.records or key in self.unit.aliases

    def line(self, node: Node) -> int:
        """Line of a node within its own file, counted from 1."""
        row = node.start_point[0]
        if row != self._row[0]:
            self._row = row, self.place(row)[1]
        return self._row[1]

    def place(self, row: int) -> tuple[str, int]:
        """File and line of a row of the whole text."""
        number = min(bisect_right(self.starts, row), len(self.files)) - 1
        return self.files[number], row - self.starts[number] + 1

    def _base(self, node: Node) -> ast.TypeRef:
        kind = node.child_by_field_name("type")
        reference = self.type_of_node(kind) if kind is not None else self.type_ref("int")
        for child in node.children:
            if child.type == "type_qualifier" and text_of(child) in ("const", "constexpr"):
                reference.constant = True
        return reference

    def type_of_node(self, node: Node) -> ast.TypeRef:
        """A type node as a TypeRef (a fresh one each time)."""
        kind = node.type
        if kind == "qualified_identifier":
            scope, name = node.child_by_field_name("scope"), node.child_by_field_name("name")
            inner = self.type_of_node(name) if name is not None else self.type_ref("int")
            prefix = text_of(scope).partition("<")[0] if scope is not None else "::"
            if scope is not None and scope.type == "template_type":
                (inner.owner or inner).owner = self.type_of_node(scope)
            elif inner.owner is not None and prefix not in ("std", "hls", "::"):
                inner.owner.scope = prefix
            if prefix not in ("std", "hls"):
                inner.scope = prefix if not inner.scope else f"{prefix}::{inner.scope}".replace("::::", "::")
            return inner
        if kind == "template_type":
            name, listed = node.child_by_field_name("name"), node.child_by_field_name("arguments")
            arguments = self._type_arguments(listed) if listed is not None else ()
            return self.type_ref(text_of(name) if name is not None else "int", arguments)
        if kind == "type_descriptor":
            return self.type_descriptor(node)
        if kind in ("struct_specifier", "class_specifier", "union_specifier", "enum_specifier"):
            name = node.child_by_field_name("name")
            return self.type_ref(text_of(name) if name is not None else "int")
        if kind == "dependent_type":
            return self.type_of_node(node.named_children[0]) if node.named_children else self.type_ref("int")
        if kind == "decltype":
            return self.type_ref("auto")
        words = text_of(node).split()
        return self.type_ref(" ".join(_ordered(words) if kind == "sized_type_specifier" else words))

    def parameters(self, listed: Node) -> tuple[ast.Variable, ...]:
        """The parameters of a function."""
        found: list[ast.Variable] = []
        for child in listed.named_children:
            if child.type not in ("parameter_declaration", "optional_parameter_declaration"):
                continue
            declared = child.child_by_field_name("declarator")
            inner = self._base(child)
            if declared is None:
                if inner.name != "void":
                    found.append(ast.Variable("", inner, None, self.line(child)))
                continue
            parameter, full = self.declared(declared, inner)
            value = child.child_by_field_name("default_value")
            init = self.expression(value) if value is not None else None
            found.append(ast.Variable(parameter, full, init, self.line(child)))
        return tuple(found)

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
            base.name,
            base.arguments,
            pointers,
            reference,
            base.constant,
            extents + base.extents,
            base.scope,
            base.space,
            base.owner,
        )
        return (text_of(node) if node is not None else ""), full


def inner_declarator(node: Node) -> Node | None:
    """The declarator below a pointer, reference or parenthesis."""
    inner = node.child_by_field_name("declarator")
    if inner is not None:
        return inner
    named = [child for child in node.named_children if child.type not in ("type_qualifier", "comment")]
    return named[-1] if named else None


_ORDER = ("signed", "unsigned", "short", "long", "char", "double", "int")


def _ordered(words: Sequence[str]) -> list[str]:
    """Words of an arithmetic type in the usual order: `long unsigned int` and `unsigned const` are allowed too."""
    return sorted((word for word in words if word in _ORDER), key=_ORDER.index)

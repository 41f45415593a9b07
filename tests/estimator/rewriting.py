"""Rewrites of C++ text that change no program: each gives a text in other words, by edits of its syntax."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aigchip_tui.cpp.grammar import parser, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

Edit = tuple[int, int, str]
_OPERATORS = {"+=", "-=", "*=", "/=", "&=", "|=", "^="}
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_OPPOSITE = {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _root(text: str) -> Node:
    return parser().parse(text.encode()).root_node


def _edited(text: str, edits: list[Edit]) -> str:
    source, out, last = text.encode(), [], 0
    for begin, end, new in sorted(edits, key=lambda one: (one[0], -one[1])):
        if begin >= last:
            out += [source[last:begin], new.encode()]
            last = end
    return b"".join([*out, source[last:]]).decode()


def _field(node: Node, name: str) -> str:
    found = node.child_by_field_name(name)
    return text_of(found) if found is not None else ""


def _headers(text: str, make: Callable[[Node], Edit | None]) -> str:
    loops = [node for node in _nodes(_root(text)) if node.type == "for_statement"]
    return _edited(text, [edit for node in loops if (edit := make(node)) is not None])


def steps(text: str) -> str:
    """`i++` as `i = 1 + i`, `i--` as `i = i - 1`."""

    def make(node: Node) -> Edit | None:
        step = node.child_by_field_name("update")
        if step is None or step.type != "update_expression":
            return None
        name = _field(step, "argument")
        written = f"{name} = 1 + {name}" if "++" in text_of(step) else f"{name} = {name} - 1"
        return (step.start_byte, step.end_byte, written)

    return _headers(text, make)


def _conditions(text: str, words: Callable[[str, str, str], str]) -> str:
    def make(node: Node) -> Edit | None:
        test = node.child_by_field_name("condition")
        if test is None or test.type != "binary_expression" or _field(test, "operator") not in _FLIPPED:
            return None
        written = words(_field(test, "left"), _field(test, "operator"), _field(test, "right"))
        return (test.start_byte, test.end_byte, written)

    return _headers(text, make)


def flipped(text: str) -> str:
    """`i < n` as `(n) > i`."""
    return _conditions(text, lambda left, operator, right: f"({right}) {_FLIPPED[operator]} {left}")


def denied(text: str) -> str:
    """`i < n` as `!(i >= n)`."""
    return _conditions(text, lambda left, operator, right: f"!({left} {_OPPOSITE[operator]} {right})")


def endless(text: str) -> str:
    """`for (a; c; s) {` as `for (a; ; s) { if (!(c)) break;`."""
    edits: list[Edit] = []
    for node in _nodes(_root(text)):
        test, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        if node.type == "for_statement" and test is not None and body is not None and body.type == "compound_statement":
            edits.append((test.start_byte, test.end_byte, ""))
            edits.append((body.start_byte, body.start_byte + 1, f"{{ if (!({text_of(test)})) break; "))
    return _edited(text, edits)


def written_out(text: str) -> str:
    """`a += x` as `a = a + (x)`."""
    edits: list[Edit] = []
    for node in _nodes(_root(text)):
        word = _field(node, "operator")
        if node.type == "assignment_expression" and word in _OPERATORS and node.parent is not None:
            left = _field(node, "left")
            if node.parent.type == "expression_statement" and not re.search(r"\(|\+\+|--", left):
                right = _field(node, "right")
                edits.append((node.start_byte, node.end_byte, f"{left} = {left} {word[:-1]} ({right})"))
    return _edited(text, edits)


def pointers(text: str) -> str:
    """`a[i][j]` as `*(*(a + (i)) + (j))`."""

    def build(node: Node) -> str:
        if node.type == "subscript_expression":
            base, listed = node.child_by_field_name("argument"), node.child_by_field_name("indices")
            assert base is not None
            assert listed is not None
            return f"(*({build(base)} + ({build(listed.named_children[0])})))"
        out, whole, first = "", node.text or b"", node.start_byte
        last = first
        for child in node.children:
            out += whole[last - first : child.start_byte - first].decode() + build(child)
            last = child.end_byte
        return out + whole[last - first :].decode()

    edits = [
        (node.start_byte, node.end_byte, build(node))
        for node in _nodes(_root(text))
        if node.type == "subscript_expression" and node.parent is not None
        if node.parent.type not in ("subscript_expression", "field_expression")
    ]
    return _edited(text, edits)


def idle(text: str) -> str:
    """Statements without effect at the head of every body."""
    edits: list[Edit] = []
    for node in _nodes(_root(text)):
        body = node.child_by_field_name("body")
        if node.type in ("for_statement", "function_definition") and body is not None:
            parts = [one for one in body.named_children if one.type not in ("comment", "preproc_call")]
            if body.type == "compound_statement" and parts:
                edits.append((parts[0].start_byte, parts[0].start_byte, f";; (void)0; int idle{len(edits)} = 3; "))
    return _edited(text, edits)


def operators_of_pragmas(text: str) -> str:
    """`#pragma HLS x` as `_Pragma("HLS x")`."""
    return re.sub(r"^[ \t]*#[ \t]*pragma[ \t]+(HLS[^\n\"]*)$", r'_Pragma("\1")', text, flags=re.MULTILINE)


def windows(text: str) -> str:
    """Lines that end as on Windows."""
    return text.replace("\n", "\r\n")


def in_a_namespace(text: str) -> str:
    """Everything but the includes in a namespace."""
    lines = text.split("\n")
    heads = [line if re.match(r"\s*#\s*include", line) else "" for line in lines]
    rest = ["" if head else line for head, line in zip(heads, lines, strict=True)]
    return "\n".join([*heads, "namespace outer {", *rest, "}"])


REWRITES: dict[str, Callable[[str], str]] = {
    one.__name__: one
    for one in (
        steps, flipped, denied, endless, written_out, pointers, idle, operators_of_pragmas, windows, in_a_namespace
    )
}  # fmt: skip

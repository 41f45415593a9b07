"""The tree-sitter parser, loaded on first use, and small helpers over its nodes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


KEPT_CHARACTERS = 200_000
"""Trees of texts up to this size are kept for the next reader of the same text: several rungs read one body."""


@lru_cache(maxsize=1)
def parser() -> Parser:
    """The one C++ parser of this process (MIT-licensed grammar tree-sitter-cpp)."""
    import tree_sitter_cpp
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_cpp.language()))


def parse_root(text: str) -> Node:
    """Syntax tree of `text`; broken text gives a tree with ERROR nodes, never an exception."""
    return _kept_root(text) if len(text) <= KEPT_CHARACTERS else _root(text)


def _root(text: str) -> Node:
    return parser().parse(text.encode()).root_node


_kept_root = lru_cache(maxsize=4)(_root)


def text_of(node: Node) -> str:
    """Source text of a node."""
    return (node.text or b"").decode(errors="replace")


def line_of(node: Node) -> int:
    """Line of a node, counted from 1."""
    return int(node.start_point[0]) + 1

"""Words by which a function's text may mean a name: in expressions, in pragmas, in what is not read."""

from __future__ import annotations

import re

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import expressions_of, parts_in, statements_below


def mentioned_words(statement: ast.Stmt) -> set[str]:
    """All words by which a statement, its pragmas and its unread text may mean a name."""
    found: set[str] = set()
    for below in statements_below(statement):
        for pragma in below.pragmas if isinstance(below, ast.Loop | ast.Block) else ():
            for text in pragma.options.values():
                found |= words_of(text)
        if isinstance(below, ast.Unread):
            found |= words_of(below.text)
        for expression in expressions_of(below):
            for part in parts_in(expression):
                if isinstance(part, ast.Name):
                    found.add(part.name)
                elif isinstance(part, ast.Text):
                    found |= words_of(part.value)
                elif isinstance(part, ast.Lambda) and part.function.body is not None:
                    found |= mentioned_words(part.function.body)
                elif isinstance(part, ast.SizeOf):
                    found |= {part.operand.name} if isinstance(part.operand, ast.TypeRef | ast.Name) else set()
    return found


def words_of(text: str) -> set[str]:
    """Words of a text that may be names."""
    return set(re.findall(r"[A-Za-z_]\w*", text))

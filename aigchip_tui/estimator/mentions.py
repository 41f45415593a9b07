"""Words by which a function's text may mean a name: in expressions, in pragmas, in what is not read."""

from __future__ import annotations

import re

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.traverse import expressions_of, parts_in, parts_of


def mentioned_words(statement: ast.Stmt) -> set[str]:
    """All words by which a statement, its pragmas and its unread text may mean a name."""
    found: set[str] = set()
    for pragma in statement.pragmas if isinstance(statement, ast.Loop | ast.Block) else ():
        for text in pragma.options.values():
            found |= words_of(text)
    if isinstance(statement, ast.Unread):
        found |= words_of(statement.text)
    for expression in expressions_of(statement):
        for part in parts_in(expression):
            if isinstance(part, ast.Name):
                found.add(part.name)
            elif isinstance(part, ast.Text):
                found |= words_of(part.value)
            elif isinstance(part, ast.Lambda) and part.function.body is not None:
                found |= mentioned_words(part.function.body)
            elif isinstance(part, ast.SizeOf):
                found |= {part.operand.name} if isinstance(part.operand, ast.TypeRef | ast.Name) else set()
    return found.union(*(mentioned_words(part) for part in parts_of(statement)))


def words_of(text: str) -> set[str]:
    """Words of a text that may be names."""
    return set(re.findall(r"[A-Za-z_]\w*", text))

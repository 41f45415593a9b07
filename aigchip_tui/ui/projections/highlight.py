"""C++ as coloured spans by a line lexer of our own.

Generated code is hostile until proven, and parsers have been crashed by it; a screen therefore never hands it to
one. This lexer is linear in the text, keeps one bit between lines (inside a block comment) and cannot fail.
"""

from __future__ import annotations

import re

from aigchip_tui.ui.projections.text import Role, Span

_KEYWORDS = frozenset({
    "alignas", "alignof", "and", "auto", "break", "case", "catch", "class", "co_await", "co_return", "co_yield",
    "const", "consteval", "constexpr", "constinit", "const_cast", "continue", "decltype", "default", "delete",
    "do", "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "final", "for", "friend",
    "goto", "if", "inline", "mutable", "namespace", "new", "noexcept", "not", "nullptr", "operator", "or",
    "override", "private", "protected", "public", "reinterpret_cast", "requires", "return", "sizeof", "static",
    "static_assert", "static_cast", "struct", "switch", "template", "this", "throw", "true", "try", "typedef",
    "typeid", "typename", "union", "using", "virtual", "volatile", "while", "xor",
})
_TYPES = frozenset({
    "bool", "char", "double", "float", "half", "int", "long", "short", "signed", "size_t", "unsigned", "void",
})
_TOKEN = re.compile(
    r"""(?P<comment>//.*|/\*.*?(?:\*/|$))
      | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\])*(?:"|$)|'(?:\\.|[^'\\])*(?:'|$))
      | (?P<number>(?:0[xX][0-9a-fA-F']+|\.?\d[\d'.]*(?:[eE][+-]?\d+)?)[uUlLfF]*)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<other>[^\w"'/.]+|.)""",
    re.VERBOSE,
)
_MARK = re.compile(r"\[\d+\]")
_LONGEST = 2000


def highlight_line(line: str, in_comment: bool = False) -> tuple[list[Span], bool]:
    """The spans of one harmless line, and whether a block comment is still open after it."""
    if len(line) > _LONGEST:
        return [(line, "")], in_comment
    spans: list[Span] = []
    start = 0
    if in_comment:
        end = line.find("*/")
        if end < 0:
            return [(line, "comment")], True
        start = end + 2
        spans.append((line[:start], "comment"))
    if not in_comment and line.lstrip().startswith("#"):
        body, slashes, comment = line.partition("//")
        spans.append((body, "pragma"))
        return ([*spans, (slashes + comment, "comment")] if slashes else spans), False
    for found in _TOKEN.finditer(line, start):
        text, kind = found.group(), found.lastgroup
        if kind == "comment":
            spans.extend(_marked(text))
            if text.startswith("/*") and (len(text) < 4 or not text.endswith("*/")):
                return spans, True
            continue
        role: Role = ""
        if kind == "string":
            role = "string"
        elif kind == "number":
            role = "number"
        elif kind == "word":
            role = _word(text, line[found.end():found.end() + 2])
        _append(spans, text, role)
    return spans, False


def _word(word: str, after: str) -> Role:
    if word in _KEYWORDS:
        return "keyword"
    if word in _TYPES or word.endswith("_t"):
        return "type"
    return "function" if after.startswith("(") else ""


def _marked(comment: str) -> list[Span]:
    found = _MARK.search(comment)
    if found is None:
        return [(comment, "comment")]
    spans: list[Span] = [
        (comment[:found.start()], "comment"), (found.group(), "mark"), (comment[found.end():], "comment"),
    ]
    return [span for span in spans if span[0]]


def _append(spans: list[Span], text: str, role: Role) -> None:
    if spans and spans[-1][1] == role:
        spans[-1] = (spans[-1][0] + text, role)
    else:
        spans.append((text, role))


class Highlighter:
    """Lines of one text, coloured when first asked for; the comment state is known up to the furthest line seen."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self._spans: list[list[Span]] = []
        self._open = False

    def line(self, index: int) -> list[Span]:
        """Spans of line `index`, from 0."""
        while len(self._spans) <= index:
            spans, self._open = highlight_line(self.lines[len(self._spans)], self._open)
            self._spans.append(spans)
        return self._spans[index]

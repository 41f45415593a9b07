"""Tokens of C++ text: one regular expression, no preprocessing, comments kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

TokenKind = Literal["comment", "string", "number", "name", "directive", "punctuation", "newline", "space", "stray"]

_TOKEN = re.compile(
    r"""
    (?P<comment>//(?:\\\r?\n|[^\n])*|/\*.*?\*/)
  | (?P<string>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"
      |(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"
      |(?:u8|[uUL])?'(?:\\.|[^'\\\n])+')
  | (?P<number>\.?\d(?:[eEpP][+-]|'?[\w.])*)
  | (?P<name>[A-Za-z_$][\w$]*)
  | (?P<newline>\r?\n)
  | (?P<space>(?:[ \t\r\f\v]|\\\r?\n)+)
  | (?P<punctuation><<=|>>=|<=>|->\*|\.\.\.|::|->|\+\+|--|<<|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|%=|&=|\|=|\^=
      |\.\*|\#\#|[{}\[\]()#;:?.~!+\-*/%^&|=<>,])
  | (?P<stray>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


class Token(NamedTuple):
    """One token: its kind, its text, and the byte-free character offset where it starts."""

    kind: TokenKind
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """All tokens of `text` in order, blanks and comments included; `>>` is one token, also in templates."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "delimiter":
            kind = "string"
        yield Token(kind, match.group(), match.start())  # type: ignore[arg-type]  # the groups are the kinds


def significant(text: str) -> list[Token]:
    """The tokens a compiler sees: no blanks, newlines or comments."""
    return [token for token in tokens(text) if token.kind not in ("comment", "newline", "space")]

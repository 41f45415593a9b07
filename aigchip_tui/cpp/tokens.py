"""Tokens of C++ text: one regular expression, no preprocessing, comments kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
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


KEPT_CHARACTERS = 50_000
"""Tokens of texts up to this size, any generated module, are kept: size, depth and words are asked one by one."""


class Token(NamedTuple):
    """One token: its kind, its text, and the byte-free character offset where it starts."""

    kind: TokenKind
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """All tokens of `text` in order, blanks and comments included; `>>` is one token, also in templates."""
    return iter(_kept_tokens(text)) if len(text) <= KEPT_CHARACTERS else _tokens(text)


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "delimiter":
            kind = "string"
        yield Token(kind, match.group(), match.start())  # type: ignore[arg-type]  # the groups are the kinds


@lru_cache(maxsize=2)
def _kept_tokens(text: str) -> tuple[Token, ...]:
    return tuple(_tokens(text))


def significant(text: str) -> list[Token]:
    """The tokens a compiler sees: no blanks, newlines or comments."""
    return [token for token in tokens(text) if token.kind not in ("comment", "newline", "space")]

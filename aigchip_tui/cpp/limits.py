"""Refuses hostile or foreign text before any parser or compiler reads it (the static rung of the ladder).

Reading hostile C++ is dangerous: an #include shows files in diagnostics, 60000 nested operators crash a
parser, a short template eats gigabytes. A generated module is a body only; its includes and macros come from
the template.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from typing import Protocol

import msgspec

from aigchip_tui.cpp.tokens import Token, tokens
from aigchip_tui.model.finding import Finding

ALLOWED_PRAGMAS = frozenset({"HLS"})
_DIRECTIVES_OF_TEMPLATE = frozenset(
    [
        "include",
        "include_next",
        "import",
        "embed",
        "line",
        "define",
        "undef",
        "error",
        "warning",
        "ident",
        "if",
        "ifdef",
        "ifndef",
        "elif",
        "elifdef",
        "elifndef",
        "else",
        "endif",
    ]
)
_ASM = frozenset(["asm", "__asm", "__asm__", "_asm"])
_ATTRIBUTE_WORDS = frozenset(["__attribute__", "__attribute", "__declspec", "alignas", "_Alignas"])
_PRAGMA_OPERATORS = frozenset(["_Pragma", "__pragma"])
_HOST_WORDS = frozenset(
    [
        "system",
        "popen",
        "fopen",
        "freopen",
        "fork",
        "vfork",
        "execv",
        "execve",
        "execvp",
        "execl",
        "execlp",
        "abort",
        "exit",
        "_exit",
        "_Exit",
        "quick_exit",
        "atexit",
        "at_quick_exit",
        "dlopen",
        "dlsym",
        "syscall",
        "signal",
        "longjmp",
        "setjmp",
        "getenv",
        "setenv",
        "putenv",
        "socket",
        "ptrace",
        "mmap",
        "mprotect",
        "printf",
        "fprintf",
        "puts",
        "fputs",
        "putchar",
        "ifstream",
        "ofstream",
        "fstream",
        "cout",
        "cerr",
        "thread",
        "pthread_create",
        "reinterpret_cast",
        "__builtin_trap",
    ]
)
_ALTERNATIVE_OPERATORS = ("<%", "%>", "<:", ":>", "%:")
_TRIGRAPH = re.compile(r"\?\?[=/'()!<>-]")
_OPEN = {"(": ")", "[": "]", "{": "}"}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much text a generated module may hold; far above any hand-written HLS module.

    `operators_in_statement` bounds trees that need no bracket (60000 pluses), `angles` bounds template
    nesting.
    """

    characters: int = 200_000
    lines: int = 5_000
    line_length: int = 2_000
    tokens: int = 40_000
    nesting: int = 40
    angles: int = 12
    operators_in_statement: int = 2_000
    statement_heads_in_row: int = 40
    number_length: int = 64


DEFAULT_LIMITS = Limits()
"""Limits of a generated module."""

SOURCE_LIMITS = Limits(
    characters=2_000_000,
    lines=60_000,
    line_length=200_000,
    tokens=400_000,
    nesting=120,
    angles=24,
    operators_in_statement=20_000,
    statement_heads_in_row=120,
    number_length=64,
)
"""Limits of a person's own source file: larger, because `estimate` reads whatever a designer wrote."""


def _finding(code: str, message: str, line: int, col: int, *, kind: str = "forbidden", suggestion: str = "") -> Finding:
    return Finding(severity="error", kind=kind, code=code, message=message, line=line, col=col, suggestion=suggestion)


def size_findings(text: str, limits: Limits = SOURCE_LIMITS) -> list[Finding]:
    """Faults of sheer size and depth, which alone would harm a reader: length, tokens, nesting, endless
    statements.
    """
    return list(_size_findings(text, limits))


@lru_cache(maxsize=8)  # every reader asks it of the same text before it parses
def _size_findings(text: str, limits: Limits) -> list[Finding]:
    if len(text) > limits.characters:
        return [
            _finding(
                "LIM-SIZE",
                f"The text has {len(text)} characters, at most {limits.characters} are read.",
                0,
                0,
                kind="limit",
            )
        ]
    if text.count("\n") >= limits.lines:
        return [_finding("LIM-LINES", f"The text has more than {limits.lines} lines.", 0, 0, kind="limit")]
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > limits.line_length:
            return [
                _finding(
                    "LIM-LINE",
                    f"Line {number} has {len(line)} characters, at most {limits.line_length} are read.",
                    number,
                    0,
                    kind="limit",
                )
            ]
    return _depth_findings(text, limits)


_STATEMENT_OPERATORS = frozenset(
    [
        "+",
        "-",
        "*",
        "/",
        "%",
        "&",
        "|",
        "^",
        "!",
        "~",
        "?",
        ":",
        "<",
        ">",
        "=",
        "<<",
        ">>",
        "&&",
        "||",
        "==",
        "!=",
        "<=",
        ">=",
        "+=",
        "-=",
        "*=",
        ".",
        "->",
        ",",
        "(",
        "[",
        "++",
        "--",
    ]
)


_HEADS = ("if", "for", "while", "do", "else", "switch", "template", "case")
_HEAD = re.compile(rf"\b(?:{'|'.join(_HEADS)})\b", re.ASCII)
_BRACKET = re.compile(r"[(){}\[\]]")
_STATEMENT_END = re.compile(r"[;}]")
_APART = ('"', "'", "//", "/*")
"""What hides brackets from a reader of characters: literals and comments."""


def plainly_small(text: str, limits: Limits) -> bool:
    """Whether characters alone show that tokens, depth and statements keep the limits; False says nothing.

    It takes a twentieth of the time of reading all tokens.
    """
    if len(text) > limits.tokens or any(mark in text for mark in _APART) or len(_HEAD.findall(text)) > (
        limits.statement_heads_in_row
    ):
        return False
    if re.search(rf"[\w.+-]{{{limits.number_length + 1}}}", text) is not None:
        return False
    depth = 0
    for bracket in _BRACKET.findall(text):
        if bracket in _OPEN:
            depth += 1
            if depth > limits.nesting:
                return False
        elif depth:
            depth -= 1
    return not any(
        len(part) > limits.operators_in_statement or part.count("<") > limits.angles
        for part in _STATEMENT_END.split(text)
    )


def _depth_findings(text: str, limits: Limits) -> list[Finding]:
    if plainly_small(text, limits):
        return []
    count = depth = angles = operators = heads = 0
    braced = 0
    for token in tokens(text):
        kind, word = token.kind, token.text
        if kind in ("space", "newline", "comment"):
            continue
        count += 1
        if count > limits.tokens:
            return [_finding("LIM-TOKENS", f"The text has more than {limits.tokens} tokens.", 0, 0, kind="limit")]
        if kind == "number" and len(word) > limits.number_length:
            line = text.count("\n", 0, token.start) + 1
            return [_finding("LIM-NUMBER", f"A number of {len(word)} characters is refused.", line, 0, kind="limit")]
        if kind == "name":
            if word in _HEADS:
                heads += 1
            elif word in ("return", "break", "continue"):
                heads = 0
        elif kind == "punctuation":
            if word in _OPEN:
                depth += 1
                if word == "{":
                    operators = heads = 0
                    braced = depth
            elif word in (")", "]", "}"):
                depth = max(0, depth - 1)
                if word == "}":
                    operators = heads = angles = braced = 0
            elif word == "," and depth == braced:
                operators = 0
            elif word == ";":
                operators = angles = 0
                if depth == 0 or not _inside_parenthesis(text, token.start):
                    heads = 0
            if word == "<":
                angles += 1
            elif word == ">":
                angles = max(0, angles - 1)
            elif word == ">>":
                angles = max(0, angles - 2)
            if word in _STATEMENT_OPERATORS:
                operators += 1
        over = ""
        if depth > limits.nesting:
            over = f"brackets are nested deeper than {limits.nesting}"
        elif angles > limits.angles:
            over = f"template arguments are nested deeper than {limits.angles}"
        elif operators > limits.operators_in_statement:
            over = f"one statement has more than {limits.operators_in_statement} operators"
        elif heads > limits.statement_heads_in_row:
            over = f"more than {limits.statement_heads_in_row} statements are nested without braces"
        if over:
            line = text.count("\n", 0, token.start) + 1
            return [
                _finding(
                    "LIM-DEPTH",
                    f"Line {line}: {over}.",
                    line,
                    0,
                    kind="limit",
                    suggestion="Split the expression or the function.",
                )
            ]
    return []


def _inside_parenthesis(text: str, offset: int) -> bool:
    """Whether a `;` stands in a for header: only then does it not end a statement."""
    start = max(0, offset - 400)
    window = text[start:offset]
    return window.rfind("(") > max(window.rfind("{"), window.rfind("}"), window.rfind(")")) and "for" in window


def screen(text: str, limits: Limits = DEFAULT_LIMITS) -> list[Finding]:
    """What forbids a generated module body, before any parser sees it; an empty list lets it pass.

    Refuses includes and every other preprocessor directive but `#pragma HLS`, embedded assembler, attributes,
    pragma operators, non-ASCII characters outside comments, control and direction characters anywhere,
    digraphs, trigraphs, line splices, host calls (files, processes, exit), and text that is too long or too
    deeply nested. Findings are blocking and carry line and column (DESIGN sec. 6, "Reading hostile C++ is
    dangerous too").
    """
    found = size_findings(text, limits)
    if found:
        return found
    found = _character_findings(text)
    stream = [token for token in tokens(text) if token.kind not in ("space",)]
    line_starts = _line_starts(text)
    at_line_start = True
    for index, token in enumerate(stream):
        if token.kind == "newline":
            at_line_start = True
            continue
        if token.kind == "comment":
            continue
        found += _token_findings(stream, index, token, at_line_start, line_starts)
        at_line_start = False
    return found


_OF_A_BODY = frozenset(["SCR-DIRECTIVE", "SCR-ATTRIBUTE", "SCR-RAW", "SCR-PRAGMA", "SCR-CHAR"])
"""What only a generated body may not hold: a designer's own file has includes, macros, pragmas of other tools."""


def screen_source(text: str) -> list[Finding]:
    """What makes a designer's own file unfit for synthesis or for our readers; includes, macros, attributes and pragmas
    of other tools may stand in it. Host calls are warnings, since a test bench may stand in the same file.
    """
    found = size_findings(text, SOURCE_LIMITS)
    if found:
        return found
    return [
        msgspec.structs.replace(one, severity="warning", blocking=False) if one.code == "SCR-HOST" else one
        for one in screen(text, SOURCE_LIMITS)
        if one.code not in _OF_A_BODY
    ]


def _line_starts(text: str) -> list[int]:
    starts = [0]
    starts += [match.end() for match in re.finditer("\n", text)]
    return starts


def _place(line_starts: list[int], offset: int) -> tuple[int, int]:
    line = bisect_right(line_starts, offset)
    return line, offset - line_starts[line - 1] + 1


def _character_findings(text: str) -> list[Finding]:
    found: list[Finding] = []
    starts = _line_starts(text)
    if "\x00" in text:
        found.append(_finding("SCR-CHAR", "A zero byte stands in the text.", *_place(starts, text.index("\x00"))))
    for match in re.finditer(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        found.append(
            _finding(
                "SCR-CHAR",
                f"The control character {ord(match.group()):#04x} stands in the text.",
                *_place(starts, match.start()),
            )
        )
        break
    for match in re.finditer(r"\r(?!\n)", text):
        found.append(_finding("SCR-CHAR", "A carriage return stands inside a line.", *_place(starts, match.start())))
        break
    hidden = "[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    for match in re.finditer(hidden, text):
        found.append(
            _finding(
                "SCR-CHAR",
                f"The invisible or direction character U+{ord(match.group()):04X} could hide code.",
                *_place(starts, match.start()),
            )
        )
        break
    for match in re.finditer(r"\\[ \t]*\r?\n", text):
        found.append(
            _finding(
                "SCR-SPLICE",
                "A backslash at a line end joins two lines.",
                *_place(starts, match.start()),
                suggestion="Write the statement on one line.",
            )
        )
        break
    for match in _TRIGRAPH.finditer(text):
        found.append(
            _finding("SCR-TRIGRAPH", f"The trigraph '{match.group()}' is refused.", *_place(starts, match.start()))
        )
        break
    return found


class _Reporter(Protocol):
    def __call__(self, code: str, message: str, suggestion: str = "") -> list[Finding]: ...


def _token_findings(
    stream: list[Token], index: int, token: Token, at_line_start: bool, line_starts: list[int]
) -> list[Finding]:
    def at(code: str, message: str, suggestion: str = "") -> list[Finding]:
        return [_finding(code, message, *_place(line_starts, token.start), suggestion=suggestion)]

    def following(step: int) -> str:
        position = index + step
        return stream[position].text if position < len(stream) and stream[position].kind != "newline" else ""

    word = token.text
    if token.kind == "stray":
        shown = word if word.isascii() else f"U+{ord(word):04X}"
        return at("SCR-CHAR", f"The character {shown} has no meaning in HLS C++ here.")
    if token.kind == "string":
        if 'R"' in word[:4]:
            return at("SCR-RAW", "A raw string literal is refused.")
        if not word.isascii():
            return at("SCR-CHAR", "A literal holds characters outside ASCII.")
        return []
    if token.kind == "punctuation":
        if word == "#":
            if not at_line_start:
                return at("SCR-DIRECTIVE", "A '#' stands inside a line.")
            return _directive_findings(at, following(1), following(2))
        joined = word + following(1)
        adjacent = index + 1 < len(stream) and stream[index + 1].start == token.start + len(word)
        if adjacent and joined[:2] in _ALTERNATIVE_OPERATORS and not (joined[:2] == "<:" and joined[:3] == "<::"):
            return at("SCR-DIGRAPH", f"The digraph '{joined[:2]}' is refused.")
        if word == "[" and following(1) == "[" and adjacent:
            return at("SCR-ATTRIBUTE", "An attribute [[...]] is refused.", "Use an HLS pragma.")
        return []
    if token.kind == "name":
        if word in _ASM:
            return at("SCR-ASM", f"Embedded assembler ('{word}') is refused.")
        if word in _ATTRIBUTE_WORDS:
            return at("SCR-ATTRIBUTE", f"The attribute word '{word}' is refused.", "Use an HLS pragma.")
        if word in _PRAGMA_OPERATORS:
            return at("SCR-PRAGMA", f"The pragma operator '{word}' is refused.", "Write the line #pragma HLS ...")
        if word in _HOST_WORDS and following(1) in ("(", "<", "::", ";", ".", "{"):
            return at("SCR-HOST", f"'{word}' belongs to the host and has no place in a hardware module.")
        if word in ("and_eq", "or_eq", "xor_eq", "not_eq", "bitand", "bitor", "compl"):
            return at("SCR-DIGRAPH", f"The alternative operator '{word}' is refused.")
        if "$" in word:
            return at("SCR-CHAR", f"The name '{word}' holds a '$'.")
    return []


def _directive_findings(at: _Reporter, name: str, argument: str) -> list[Finding]:
    if name == "pragma":
        if argument in ALLOWED_PRAGMAS:
            return []
        return at(
            "SCR-PRAGMA",
            f"The pragma '{argument or '(empty)'}' is refused, only '#pragma HLS' may stand.",
            "",
        )
    if name in _DIRECTIVES_OF_TEMPLATE:
        return at(
            "SCR-DIRECTIVE",
            f"'#{name}' is refused in a module body.",
            "Includes and macros come from the template; name constants with constexpr.",
        )
    return at("SCR-DIRECTIVE", f"The preprocessor directive '#{name}' is refused.", "")

"""Lines of styled text, and foreign text made harmless: what every projection is made of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

Role = Literal[
    "", "dim", "head", "good", "bad", "warn", "wait", "accent", "key", "bar", "bar_bad", "bar_wait", "tab",
    "keyword", "type", "number", "string", "comment", "pragma", "function", "add", "del", "hunk", "mark",
]
Span = tuple[str, Role]
Line = tuple[Span, ...]

TAB_CELLS = 4
EMPTY: Line = ()


def plain(text: str) -> str:
    """One line of foreign text without anything that a terminal would obey.

    Tabs become blanks; control, format, surrogate and unassigned characters are shown as escapes.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(c) for c in text)


def _shown(character: str) -> str:
    if character == "\t":
        return " " * TAB_CELLS
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def plain_lines(text: str) -> list[str]:
    """Foreign text by lines (only newline ends a line), each harmless."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [plain(line) for line in lines]


def cells(text: str) -> int:
    """Columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def width_of(line: Line) -> int:
    """Columns that a line takes."""
    return sum(cells(text) for text, _ in line)


def crop(text: str, width: int, *, sign: str = "~") -> str:
    """The text in at most `width` columns; a cut one ends with `sign`."""
    if width <= 0:
        return ""
    if cells(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        step = cells(character)
        if used + step > width - len(sign):
            break
        kept, used = kept + character, used + step
    return kept + sign


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` columns, cropped or padded."""
    text = crop(text, width)
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def crop_line(line: Line, width: int) -> Line:
    """A line in at most `width` columns."""
    spans: list[Span] = []
    left = width
    for text, role in line:
        if left <= 0:
            break
        cut = crop(text, left)
        spans.append((cut, role))
        left -= cells(cut)
    return tuple(spans)


def pad_line(line: Line, width: int) -> Line:
    """A line in exactly `width` columns."""
    line = crop_line(line, width)
    missing = width - width_of(line)
    return (*line, (" " * missing, "")) if missing > 0 else line


def spread(left: Line, right: Line, width: int) -> Line:
    """Two parts at the two ends of a line; the left one gives way."""
    room = max(0, width - width_of(right))
    return (*pad_line(left, room), *crop_line(right, width))


def beside(left: Sequence[Line], right: Sequence[Line], *, left_width: int, bar: str) -> list[Line]:
    """Two columns of lines with a bar between them."""
    return [
        (
            *pad_line(left[i] if i < len(left) else EMPTY, left_width), (f"{bar} ", "dim"),
            *(right[i] if i < len(right) else EMPTY),
        )
        for i in range(max(len(left), len(right)))
    ]


def wrap(text: str, width: int) -> list[str]:
    """A text by words in lines of at most `width` columns; longer words are broken."""
    if width <= 1:
        return [text]
    lines: list[str] = []
    line = ""
    for given in text.split():
        word = given
        while cells(word) > width:
            if line:
                lines.append(line)
                line = ""
            head = crop(word, width, sign="")
            lines.append(head)
            word = word[len(head):]
        if line and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


def changed_cells(before: Line, after: Line) -> int:
    """Columns from the left that hold every difference of two lines; 0 when they look the same."""
    old = [(c, role) for text, role in before for c in text]
    new = [(c, role) for text, role in after for c in text]
    while len(old) < len(new):
        old.append((" ", ""))
    while len(new) < len(old):
        new.append((" ", ""))
    last = len(new)
    while last and old[last - 1] == new[last - 1]:
        last -= 1
    return max(sum(cells(c) for c, _ in new[:last]), sum(cells(c) for c, _ in old[:last]))


def as_text(lines: Iterable[Line]) -> str:
    """Lines without their roles, for tests and for saving."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)

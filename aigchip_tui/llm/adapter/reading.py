"""What the adapter reads of a request: numbered lines, fenced code, numerals and marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

HOLE = "\x00"

_NUMERAL = re.compile(r"(?<![\w.])\d+(?!\w)(?!\.\d)")
_MARK = re.compile(r"//\s*\[(\d+)\]")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([^`]*)$")
_ITEM = re.compile(r"^ {0,3}(\d{1,3})[.)]\s+(\S.*)$")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Line:
    """One instruction line: its words with a hole for each number, and the numbers as written."""

    number: int
    text: str
    words: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Segment:
    """The code that a mark opens, up to the next mark: rows of (code, comment), the mark standing in a
    comment.

    `line` is the instruction line that the mark names. Numerals are counted over the code only, in reading
    order.
    """

    line: int
    rows: tuple[tuple[str, str], ...]

    @cached_property
    def code(self) -> str:
        """All code of the segment without comments."""
        return "\n".join(code for code, _ in self.rows)

    @cached_property
    def numerals(self) -> tuple[str, ...]:
        """The numerals of the code in reading order."""
        return tuple(_NUMERAL.findall(self.code))

    @cached_property
    def skeleton(self) -> str:
        """The code with a hole for each numeral and white space evened out: equal skeletons differ in
        numbers only."""
        return _BLANKS.sub(" ", _NUMERAL.sub(HOLE, self.code)).strip()

    def written(self, line: int, exchange: Mapping[int, str]) -> list[str]:
        """The rows with the numerals at the given positions exchanged and the mark naming `line`."""
        position = -1

        def swap(found: re.Match[str]) -> str:
            nonlocal position
            position += 1
            return exchange.get(position, found.group())

        rows = []
        for code, comment in self.rows:
            shown = _NUMERAL.sub(swap, code)
            rows.append(shown + _MARK.sub(f"// [{line}]", comment, count=1))
        return rows


@dataclass(frozen=True)
class Example:
    """A worked example: numbered lines and the code that answers them; `fault` says why it cannot be used."""

    index: int
    lines: tuple[Line, ...]
    segments: tuple[Segment, ...]
    fault: str = ""
    language: str = ""

    def line_of(self, words: str) -> Line | None:
        """The line with exactly these words, if there is one."""
        for line in self.lines:
            if line.words == words:
                return line
        return None

    def segments_of(self, line: int) -> tuple[Segment, ...]:
        """The segments that answer one of its lines, in reading order."""
        return tuple(segment for segment in self.segments if segment.line == line)


@dataclass(frozen=True)
class Request:
    """The examples and the instruction of a request; `fault` says why there is no readable instruction."""

    examples: tuple[Example, ...]
    lines: tuple[Line, ...]
    fault: str = ""


@dataclass
class _Block:
    lines: list[Line] = field(default_factory=list)
    fault: str = ""
    code: list[str] | None = None
    language: str = ""


@lru_cache(maxsize=4096)  # the lines of examples come again and again
def read_line(number: int, text: str) -> Line:
    """Words and numbers of one instruction line."""
    even = _BLANKS.sub(" ", text).strip()
    return Line(number=number, text=even, words=_NUMERAL.sub(HOLE, even), numbers=tuple(_NUMERAL.findall(even)))


def read_segments(code: Sequence[str], *, lines: int) -> tuple[tuple[Segment, ...], str]:
    """The segments of an example's code, and the reason why it cannot be read (empty when it can)."""
    return _read_segments(tuple(code), lines)


@lru_cache(maxsize=64)
def _read_segments(code: tuple[str, ...], lines: int) -> tuple[tuple[Segment, ...], str]:
    found: list[tuple[int, list[tuple[str, str]]]] = []
    for row, text in enumerate(code, start=1):
        stripped = text.rstrip()
        marks = _MARK.findall(stripped)
        if len(marks) > 1:
            return (), f"row {row} of its code has two marks"
        cut = stripped.find("//")
        pair = (stripped, "") if cut < 0 else (stripped[:cut], stripped[cut:])
        if marks:
            if not 1 <= int(marks[0]) <= lines:
                return (), f"row {row} of its code names line {marks[0]}, and it has {lines} lines"
            found.append((int(marks[0]), [pair]))
        elif found:
            found[-1][1].append(pair)
        elif stripped:
            return (), f"row {row} of its code stands before the first mark"
    if not found:
        return (), "its code has no mark that says which line it answers"
    return tuple(Segment(line=line, rows=tuple(rows)) for line, rows in found), ""


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    running = False
    fence = ""
    keeps = False
    for raw in text.splitlines():
        opening = _FENCE.match(raw)
        if fence:
            if opening and opening.group(1).startswith(fence) and not opening.group(2).strip():
                fence = ""
            elif keeps:
                assert blocks[-1].code is not None
                blocks[-1].code.append(raw)
            continue
        if opening:
            fence = opening.group(1)
            running = False
            keeps = bool(blocks) and blocks[-1].code is None
            if keeps:
                blocks[-1].code = []
                blocks[-1].language = opening.group(2).strip()
            continue
        item = _ITEM.match(raw)
        if item:
            number = int(item.group(1))
            if number == 1:
                blocks.append(_Block())
                running = True
            if running:
                expected = len(blocks[-1].lines) + 1
                if number != expected and not blocks[-1].fault:
                    blocks[-1].fault = f"line {number} follows where line {expected} is expected"
                blocks[-1].lines.append(read_line(expected, item.group(2)))
        elif raw.strip():
            running = False
    return blocks


def _twice(lines: Sequence[Line]) -> str:
    seen: dict[str, int] = {}
    for line in lines:
        if line.words in seen:
            return f"lines {seen[line.words]} and {line.number} have the same words"
        seen[line.words] = line.number
    return ""


def read_request(messages: Sequence[Mapping[str, object]]) -> Request:
    """Examples and instruction of the messages: the last run of numbered lines is the instruction, each
    earlier one that is followed by fenced code is an example; fenced code elsewhere is not read."""
    return _read("\n\n".join(_content(message) for message in messages))


@lru_cache(maxsize=4)  # who checks a prompt and who answers it read the same text
def _read(text: str) -> Request:
    blocks = _blocks(text)
    if not blocks:
        return Request(examples=(), lines=(), fault="the request holds no numbered lines")
    examples: list[Example] = []
    for block in blocks[:-1]:
        if block.code is None:
            continue
        segments, fault = read_segments(block.code, lines=len(block.lines))
        examples.append(
            Example(
                index=len(examples) + 1,
                lines=tuple(block.lines),
                segments=segments,
                fault=block.fault or _twice(block.lines) or fault,
                language=block.language,
            )
        )
    last = blocks[-1]
    return Request(examples=tuple(examples), lines=tuple(last.lines), fault=last.fault or _twice(last.lines))


def _content(message: Mapping[str, object]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        return "\n".join(str(item.get("text", "")) for item in content if isinstance(item, Mapping))
    return ""

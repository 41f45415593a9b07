"""How the text of a demonstration is read: words and numbers of a line, marks and segments of the code.

The adapter reads the same grammar with its own eyes (it may import nothing of ours); a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

HOLE = "\x00"

NUMBER = re.compile(r"(?<![\w.])\d+(?!\w)(?!\.\d)")
MARK = re.compile(r"//\s*\[(\d+)\][ \t]*(.*)$")
ITEM = re.compile(r"^(\d{1,3})\.\s+(\S.*)$")


class InstructionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an instruction: `words` has a hole for each number, `numbers` are as written."""

    number: int
    text: str
    words: str
    numbers: tuple[str, ...]


class CodeSegment(msgspec.Struct, frozen=True, kw_only=True):
    """The code from one mark to the next.

    `line` is the instruction line of the mark, `part` its running number among that line's segments, `row`
    the row of the file where it starts (from 1), `code` the rows without comments, `comments` the comments
    alone.
    """

    line: int
    part: int
    row: int
    reason: str
    code: str
    comments: str

    @property
    def numerals(self) -> tuple[str, ...]:
        """The numerals of the code in reading order, comments left aside."""
        return tuple(NUMBER.findall(self.code))

    @property
    def skeleton(self) -> str:
        """The code with a hole for each numeral and white space evened out."""
        return " ".join(NUMBER.sub(HOLE, self.code).split())


class MarkFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why the marks of a code cannot be read, and in which row."""

    row: int
    message: str


def read_line(number: int, text: str) -> InstructionLine:
    """Words and numbers of one instruction line."""
    even = " ".join(text.split())
    return InstructionLine(number=number, text=even, words=NUMBER.sub(HOLE, even), numbers=tuple(NUMBER.findall(even)))


def read_lines(instruction: Sequence[str]) -> tuple[InstructionLine, ...]:
    """Words and numbers of all lines of an instruction (texts without their leading number)."""
    return tuple(read_line(number, text) for number, text in enumerate(instruction, start=1))


def without_comment(row: str) -> str:
    """The code of one row."""
    cut = row.find("//")
    return row.rstrip() if cut < 0 else row[:cut]


def read_segments(code: str, *, lines: int) -> tuple[tuple[CodeSegment, ...], tuple[MarkFault, ...]]:
    """All segments of the code and all faults of its marks; `lines` is the length of the instruction."""
    faults: list[MarkFault] = []
    open_segments: list[tuple[int, int, str, list[str], list[str]]] = []
    for row, text in enumerate(code.splitlines(), start=1):
        stripped = text.rstrip()
        marks = MARK.findall(stripped)
        bare = without_comment(stripped)
        comment = stripped[len(bare) :] if "//" in stripped else ""
        if stripped.count("//") > 1 and len(re.findall(r"//\s*\[\d+\]", stripped)) > 1:
            faults.append(MarkFault(row=row, message="two marks stand on one row"))
        if marks:
            line = int(marks[0][0])
            if not 1 <= line <= lines:
                message = f"the mark names line {line}, and the instruction has {lines} lines"
                faults.append(MarkFault(row=row, message=message))
            open_segments.append((line, row, marks[0][1].strip(), [bare], [comment]))
        elif open_segments:
            open_segments[-1][3].append(bare)
            open_segments[-1][4].append(comment)
        elif stripped:
            faults.append(MarkFault(row=row, message="code stands before the first mark"))
    seen: dict[int, int] = {}
    segments = []
    for line, row, reason, bare_rows, comments in open_segments:
        part = seen.get(line, 0)
        seen[line] = part + 1
        segments.append(
            CodeSegment(
                line=line,
                part=part,
                row=row,
                reason=reason,
                code="\n".join(bare_rows),
                comments="\n".join(c for c in comments if c),
            )
        )
    return tuple(segments), tuple(faults)

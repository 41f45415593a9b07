"""The laws of code: equal words have equal code, marks, numbers that stand once (L3, L5, L7)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import CodeSegment, InstructionLine, without_comment
from aigchip_tui.library.laws_base import TOO_COMMON, demo_finding, numerals_of, segments_by_line
from aigchip_tui.library.topics import Topics
from aigchip_tui.model.finding import Finding

_PLACEHOLDER = re.compile(r"TODO|FIXME|XXX|\.\.\.|your code|placeholder|same as (above|before)", re.IGNORECASE)
_FOREIGN = re.compile(r"^\s*(#\s*(?!pragma\b)\w+|namespace\b)")


def equal_words_equal_code(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L5: lines of equal words have equal code, numbers abstracted, in every demo of the module."""
    first: dict[str, tuple[Demo, InstructionLine]] = {}
    for demo in demos:
        for line in demo.lines:
            if line.words not in first:
                first[line.words] = (demo, line)
                continue
            other, other_line = first[line.words]
            mine, theirs = (
                segments_by_line(demo).get(line.number, ()),
                segments_by_line(other).get(other_line.number, ()),
            )
            fault = _difference(line, mine, other_line, theirs)
            if fault:
                yield demo_finding(
                    "L5",
                    demo,
                    f'line {line.number} ("{line.text}") has the words of line {other_line.number} of '
                    f"{other.label}, but {fault}.",
                    row=mine[0].row if mine else 0,
                    suggestion="Make the code equal, or name in the words what makes it differ.",
                )


def _difference(
    line: InstructionLine,
    mine: Sequence[CodeSegment],
    other: InstructionLine,
    theirs: Sequence[CodeSegment],
) -> str:
    if len(mine) != len(theirs):
        return f"{len(mine)} segments against {len(theirs)}"
    for segment, another in zip(mine, theirs, strict=True):
        if segment.skeleton != another.skeleton:
            return f"other code at row {segment.row} than at row {another.row} there"
    holes = list(zip(line.numbers, other.numbers, strict=True))
    for numeral, another_numeral in zip(numerals_of(mine), numerals_of(theirs), strict=True):
        if numeral != another_numeral and (numeral, another_numeral) not in holes:
            return f"{numeral} stands where there is {another_numeral}, and the line's number does not explain it"
    return ""


def marks(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L7: every line is linked, nothing stands before the first mark, no placeholder, a number stands
    once."""
    for demo in demos:
        for fault in demo.mark_faults:
            yield demo_finding("L7", demo, f"{fault.message}.", row=fault.row)
        segments = segments_by_line(demo)
        for line in demo.lines:
            own = segments.get(line.number, ())
            if not own:
                yield demo_finding(
                    "L7",
                    demo,
                    f'line {line.number} ("{line.text}") has no mark in the code.',
                    suggestion=f"Mark its code with // [{line.number}] reason, or an empty segment with its reason.",
                )
            for number in line.numbers:
                count = numerals_of(own).count(number)
                if own and count != 1:
                    yield demo_finding(
                        "L7",
                        demo,
                        f"the number {number} of line {line.number} stands {count} times in the line's own code.",
                        row=own[0].row,
                        suggestion="Let it stand once, as a named constant, unlike any other literal there.",
                    )
        for segment in demo.segments:
            if not segment.reason and not segment.code.strip():
                yield demo_finding("L7", demo, "an empty segment has no reason.", row=segment.row)
        for row, text in enumerate(demo.code.splitlines(), start=1):
            if _PLACEHOLDER.search(text):
                yield demo_finding("L7", demo, f'a placeholder: "{text.strip()}".', row=row)
            if _FOREIGN.match(without_comment(text)):
                yield demo_finding(
                    "L7",
                    demo,
                    f'"{text.strip()}" does not belong into a module\'s body.',
                    row=row,
                    suggestion="Includes, macros and namespaces come from the template's prologue.",
                )


def no_stray_number(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L7: the number of a line stands in no other line's code, unless another demo shows that it is a
    constant."""
    for demo in demos:
        numbers = {number: line for line in demo.lines for number in line.numbers}
        for line in demo.lines:
            own = segments_by_line(demo).get(line.number, ())
            for position, numeral in enumerate(numerals_of(own)):
                if numeral in line.numbers or numeral in TOO_COMMON or numeral not in numbers:
                    continue
                owner = numbers[numeral]
                if not _constant_elsewhere(demos, demo, line, position, numeral, owner):
                    yield demo_finding(
                        "L7",
                        demo,
                        f"{numeral} in the code of line {line.number} is the number of line {owner.number}, "
                        "and no other demo shows that it is a constant.",
                        row=own[0].row,
                        suggestion="Use the named constant of that line, or a demo with another value.",
                    )


def _constant_elsewhere(
    demos: Sequence[Demo], demo: Demo, line: InstructionLine, position: int, numeral: str, owner: InstructionLine
) -> bool:
    for other in demos:
        twin = next((candidate for candidate in other.lines if candidate.words == line.words), None)
        if other is demo or twin is None:
            continue
        theirs = numerals_of(segments_by_line(other).get(twin.number, ()))
        if len(theirs) <= position or theirs[position] != numeral:
            continue
        owners = next((candidate for candidate in other.lines if candidate.words == owner.words), None)
        known = owners.numbers if owners else tuple(n for row in other.lines for n in row.numbers)
        if numeral not in known:
            return True
    return False


def derived_literals(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L3: a literal that equals the product of two numbers of the instruction, with no demo to show it
    constant."""
    for demo in demos:
        numbers = [int(n) for line in demo.lines for n in line.numbers if n not in TOO_COMMON]
        products = {str(a * b): (a, b) for a, b in itertools.combinations(numbers, 2)}
        own_numbers = {n for line in demo.lines for n in line.numbers}
        for line in demo.lines:
            for position, numeral in enumerate(numerals_of(segments_by_line(demo).get(line.number, ()))):
                if numeral in products and numeral not in own_numbers:
                    if _constant_elsewhere(demos, demo, line, position, numeral, line):
                        continue
                    a, b = products[numeral]
                    yield demo_finding(
                        "L3",
                        demo,
                        f"{numeral} in the code of line {line.number} equals {a} times {b} of the instruction.",
                        row=segments_by_line(demo)[line.number][0].row,
                        severity="warning",
                        suggestion="If it is derived, write the formula with the named constants.",
                    )

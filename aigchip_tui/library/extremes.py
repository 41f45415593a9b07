"""Each number of a demonstration at its least and its greatest legal value: code that its caller proves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from aigchip_tui.library.demos import Demo, DemoError
from aigchip_tui.library.demotext import NUMBER, read_lines, without_comment


class Extreme(msgspec.Struct, frozen=True, kw_only=True):
    """A demonstration with the number of one line changed, in instruction and code alike.

    `settings` are the legal local settings whose instruction this is.
    """

    demo: Demo
    settings: dict[str, int | str]
    line: int
    old: str
    new: str
    instruction: tuple[str, ...]
    code: str


def with_number(demo: Demo, line: int, new: str) -> str:
    """The demo's code with the number of one line exchanged in that line's segments.

    Raises `DemoError` unless the number stands there exactly once (law L7).
    """
    numbers = demo.lines[line - 1].numbers
    if len(numbers) != 1:
        raise DemoError(f"{demo.label}: line {line} has {len(numbers)} numbers, not one.")
    starts = {segment.row: segment.line for segment in demo.segments}
    rows: list[str] = []
    current, changed = 0, 0

    for row, text in enumerate(demo.code.splitlines(), start=1):
        current = starts.get(row, current)
        if current == line:
            code = without_comment(text)
            count = NUMBER.findall(code).count(numbers[0])
            changed += count
            swapped = NUMBER.sub(lambda found: new if found.group() == numbers[0] else found.group(), code)
            text = swapped + text[len(code) :]
        rows.append(text)
    if changed != 1:
        raise DemoError(
            f"{demo.label}: the number {numbers[0]} of line {line} stands {changed} times in its code.",
            hint="It stands once, as a named constant.",
        )
    return "\n".join(rows) + ("\n" if demo.code.endswith("\n") else "")


def extremes(demo: Demo, legal: Iterable[tuple[Mapping[str, int | str], Sequence[str]]]) -> tuple[Extreme, ...]:
    """For each line with a number, the demo at the least and at the greatest value that is legal with all
    its others.

    `legal` are (settings, instruction) of all legal local settings of the module; those that differ from
    the demo in the number of exactly one line count.
    """
    found: dict[int, dict[int, tuple[Mapping[str, int | str], Sequence[str]]]] = {}
    for settings, instruction in legal:
        lines = read_lines(instruction)
        if len(lines) != len(demo.lines):
            continue
        different = [(mine, theirs) for mine, theirs in zip(demo.lines, lines, strict=True) if mine.text != theirs.text]
        if len(different) != 1:
            continue
        mine, theirs = different[0]
        if mine.words == theirs.words and len(theirs.numbers) == 1:
            found.setdefault(mine.number, {})[int(theirs.numbers[0])] = (settings, instruction)
    result = []
    for line, values in sorted(found.items()):
        for value in sorted({min(values), max(values)}):
            settings, instruction = values[value]
            result.append(
                Extreme(
                    demo=demo,
                    settings=dict(settings),
                    line=line,
                    old=demo.lines[line - 1].numbers[0],
                    new=str(value),
                    instruction=tuple(instruction),
                    code=with_number(demo, line, str(value)),
                )
            )
    return tuple(result)

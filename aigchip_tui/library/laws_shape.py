"""The laws of shape: names, segments and scopes that let lines of two demos stand in one code (L6, L8,
L9).
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import CodeSegment, without_comment
from aigchip_tui.library.laws_base import demo_finding, segments_by_line
from aigchip_tui.library.topics import Topics
from aigchip_tui.model.finding import Finding

_VARIABLE = re.compile(
    r"^\s*#\s*pragma\s+HLS\s+(?:ARRAY_PARTITION|ARRAY_RESHAPE|BIND_STORAGE|STREAM|AGGREGATE)\b.*\bvariable\s*=\s*(\w+)",
    re.IGNORECASE,
)
_DECLARED = re.compile(
    r"(?:^|[\s;{(,])(?!return\b|else\b|case\b|goto\b|delete\b|typename\b|class\b|struct\b|new\b)"
    r"[A-Za-z_][\w:]*(?:<[^;=(){}]*>)?[\s&*]+((?!(?:for|while|if|do|switch|return)\b)[A-Za-z_]\w*)\s*(?=[=;\[({,:)])"
)
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def context_by_name(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L6: every variant of a line defines the names that other lines use."""
    told: set[tuple[int, str, int]] = set()
    for index, demo in enumerate(demos):
        homes: dict[str, set[int]] = defaultdict(set)
        for segment in demo.segments:
            for name in _DECLARED.findall(_plain(segment.code)):
                homes[name].add(segment.line)
        declared = {name: min(lines) for name, lines in homes.items() if len(lines) == 1}
        users: dict[str, set[str]] = defaultdict(set)
        for segment in demo.segments:
            for name in set(_WORD.findall(segment.code)) & set(declared):
                if declared[name] != segment.line and 1 <= segment.line <= len(demo.lines):
                    users[name].add(demo.lines[segment.line - 1].words)
        for name, using in users.items():
            topic = topics.of(index, declared[name])
            if topic is None:
                continue
            for other_index, other in enumerate(demos):
                number = topics.line(other_index, topic)
                own = _by_name(other, name)
                shared = [line for line in other.lines if line.words in using and line.number not in own]
                if other is demo or number is None or not shared or (topic, name, other_index) in told:
                    continue
                code = "\n".join(s.code for s in segments_by_line(other).get(number, ()))
                if name not in _WORD.findall(code):
                    told.add((topic, name, other_index))
                    yield demo_finding(
                        "L6",
                        other,
                        f'line {number} ("{other.lines[number - 1].text}") does not define {name}, which line '
                        f"{declared[name]} of {demo.label} defines and line {shared[0].number} here uses.",
                        severity="warning",
                        suggestion=f"Define {name} in this variant too, if only as a constant.",
                    )


def _by_name(demo: Demo, name: str) -> set[int]:
    """The lines whose code declares a name."""
    return {s.line for s in demo.segments if name in _DECLARED.findall(_plain(s.code))}


def equal_segments(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L8: all variants of a line have equally many segments, in the same order."""
    for topic in range(topics.count):
        counts: dict[int, list[tuple[Demo, int]]] = defaultdict(list)
        for index, demo in enumerate(demos):
            number = topics.line(index, topic)
            if number is not None and segments_by_line(demo).get(number):
                counts[len(segments_by_line(demo)[number])].append((demo, number))
        if len(counts) > 1:
            usual = max(counts, key=lambda count: len(counts[count]))
            for count, held in sorted(counts.items()):
                for demo, number in held if count != usual else ():
                    yield demo_finding(
                        "L8",
                        demo,
                        f"line {number} has {count} segments, the same line of {counts[usual][0][0].label} has "
                        f"{usual}.",
                        row=segments_by_line(demo)[number][0].row,
                        suggestion="A segment that needs nothing keeps its mark and its reason.",
                    )
    yield from _same_order(demos, topics)


def _same_order(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    orders = [
        [(topic, segment.part) for segment in demo.segments if (topic := topics.of(index, segment.line)) is not None]
        for index, demo in enumerate(demos)
    ]
    for (one, first), (two, second) in itertools.combinations(enumerate(orders), 2):
        common = set(first) & set(second)
        left = [key for key in first if key in common]
        right = [key for key in second if key in common]
        for here, there in zip(left, right, strict=True):
            if here != there:
                yield demo_finding(
                    "L8",
                    demos[two],
                    f"after the code in common, line {topics.line(two, there[0])} follows where {demos[one].label} "
                    f"has line {topics.line(one, here[0])}.",
                    row=next(s.row for s in demos[two].segments if (topics.of(two, s.line), s.part) == there),
                    suggestion="Bring the segments into the same order in all demos.",
                )
                break


def _plain(code: str) -> str:
    return "\n".join(row for row in code.splitlines() if not row.lstrip().startswith("#"))


def _depths(demo: Demo, topics: Topics, index: int) -> Iterator[tuple[tuple[int, int], int, CodeSegment]]:
    depth = 0
    for segment in demo.segments:
        topic = topics.of(index, segment.line)
        if topic is not None:
            yield (topic, segment.part), depth, segment
        depth += segment.code.count("{") - segment.code.count("}")


def same_scope(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L9: a segment stands in the same brace depth in every demo; a declaration and its pragmas in one
    scope."""
    first: dict[tuple[int, int], tuple[Demo, int]] = {}
    for index, demo in enumerate(demos):
        total = demo.code and sum(
            without_comment(row).count("{") - without_comment(row).count("}") for row in demo.code.splitlines()
        )
        if total:
            yield demo_finding("L9", demo, f"{total:+d} braces are left open at the end.")
            continue
        for key, depth, segment in _depths(demo, topics, index):
            other, expected = first.setdefault(key, (demo, depth))
            if depth != expected:
                yield demo_finding(
                    "L9",
                    demo,
                    f"segment {segment.part + 1} of line {segment.line} stands {depth} braces deep, "
                    f"{expected} in {other.label}.",
                    row=segment.row,
                    suggestion="Let every variant open and close the same scopes, if need be a plain { }.",
                )
                break
        yield from _pragma_scope(demo)


def _pragma_scope(demo: Demo) -> Iterator[Finding]:
    scopes: list[int] = [0]
    fresh = itertools.count(1)
    declared: dict[str, tuple[int, ...]] = {}
    open_parentheses = 0
    for row, text in enumerate(demo.code.splitlines(), start=1):
        code = without_comment(text)
        pragma = _VARIABLE.match(code)
        if pragma:
            name = pragma.group(1)
            home = declared.get(name)
            if home is not None and home != tuple(scopes):
                yield demo_finding(
                    "L9",
                    demo,
                    f"the pragma on {name} stands in another scope than its declaration.",
                    row=row,
                    suggestion="Move the pragma right under the declaration.",
                )
            continue
        if code.lstrip().startswith("#"):
            continue
        for found in _DECLARED.finditer(code):
            before = code[: found.start(1)]
            if open_parentheses + before.count("(") - before.count(")") <= 0:
                declared[found.group(1)] = tuple(scopes)
        open_parentheses += code.count("(") - code.count(")")
        for sign in code:
            if sign == "{":
                scopes.append(next(fresh))
            elif sign == "}" and len(scopes) > 1:
                scopes.pop()

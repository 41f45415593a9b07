"""The laws of instructions: topics, numbers and choices (L0 to L4)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.laws_base import demo_finding
from aigchip_tui.library.topics import Topics
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.session import PROMPT_BUDGET_TOKENS

CHARACTERS_PER_TOKEN = 3.2
FEWEST_DEMOS, MOST_DEMOS = 4, 10
FRAME_TOKENS = 600
"""Role, rules and signatures around demos and instruction."""


def enough_demos(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L0: four demos a module at least, so that choosing two can be wrong; ten at most, or two for each wording of
    a line, as L10 asks."""
    wordings: dict[int, set[str]] = defaultdict(set)
    for index, demo in enumerate(demos):
        for line in demo.lines:
            topic = topics.of(index, line.number)
            if topic is not None:
                wordings[topic].add(line.words)
    most = max([MOST_DEMOS, *(2 * len(words) for words in wordings.values())])
    if len(demos) < FEWEST_DEMOS or len(demos) > most:
        yield demo_finding(
            "L0",
            demos[0],
            f"the module has {len(demos)} demos; {FEWEST_DEMOS} to {most} are wanted.",
            file="demo.yaml",
            severity="error" if len(demos) < FEWEST_DEMOS else "warning",
        )


def same_topics(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L1: one topic a line, the same topics in the same order in every instruction; no words twice."""
    for demo in demos:
        seen: dict[str, int] = {}
        for line in demo.lines:
            if line.words in seen:
                yield demo_finding(
                    "L1",
                    demo,
                    f"lines {seen[line.words]} and {line.number} have the same words.",
                    file="instruction.md",
                    row=line.number,
                    suggestion="Say in the words what each of the two lines is about.",
                )
            seen.setdefault(line.words, line.number)
    for demo, message in topics.faults:
        yield demo_finding("L1", demo, message, file="instruction.md")


def one_number(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L2: at most one number a line."""
    for demo in demos:
        for line in demo.lines:
            if len(line.numbers) > 1:
                yield demo_finding(
                    "L2",
                    demo,
                    f"line {line.number} has the numbers {' and '.join(line.numbers)}.",
                    file="instruction.md",
                    row=line.number,
                    suggestion="Give each number a line of its own.",
                )


def no_derived(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L3: no line carries a number that always is the product or quotient of two others."""
    values: dict[int, dict[int, int]] = defaultdict(dict)
    for index, demo in enumerate(demos):
        for line in demo.lines:
            topic = topics.of(index, line.number)
            if topic is not None and len(line.numbers) == 1:
                values[topic][index] = int(line.numbers[0])
    for topic, held in sorted(values.items()):
        for first, second in itertools.combinations(sorted(set(values) - {topic}), 2):
            common = [i for i in held if i in values[first] and i in values[second]]
            if len({(values[first][i], values[second][i]) for i in common}) < 3:
                continue
            if len({values[first][i] for i in common}) < 2 or len({values[second][i] for i in common}) < 2:
                continue
            if all(held[i] == values[first][i] * values[second][i] for i in common):
                demo = demos[common[0]]
                numbers = [topics.line(common[0], t) for t in (topic, first, second)]
                yield demo_finding(
                    "L3",
                    demo,
                    f"the number of line {numbers[0]} is that of line {numbers[1]} times that of line "
                    f"{numbers[2]} in every demo.",
                    file="instruction.md",
                    row=numbers[0] or 0,
                    severity="warning",
                    suggestion="Derive it in the code with a constexpr formula and drop it from the instruction.",
                )


def choices_in_words(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L4: a choice is words ("a single unit"), never the number 1 or 0."""
    for demo in demos:
        for line in demo.lines:
            low = [number for number in line.numbers if number in ("0", "1")]
            if low:
                yield demo_finding(
                    "L4",
                    demo,
                    f"line {line.number} says the number {low[0]}; if that asks for other code than larger "
                    "numbers do, say it in words.",
                    file="instruction.md",
                    row=line.number,
                    severity="warning",
                    suggestion='For example "a single unit", "no bank".',
                )


def short_enough(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """Two demos, an instruction and a reply of the usual size fit the token budget of a prompt."""
    by_size = sorted(demos, key=lambda demo: len(demo.code), reverse=True)[:2]
    lines = sum(len(text) + 4 for text in by_size[0].instruction)
    shown = sum(len(demo.code) + sum(len(text) + 4 for text in demo.instruction) for demo in by_size)
    tokens = round((shown + lines + 1.25 * len(by_size[0].code)) / CHARACTERS_PER_TOKEN) + FRAME_TOKENS
    if tokens > PROMPT_BUDGET_TOKENS:
        yield demo_finding(
            "L0",
            by_size[0],
            f"with another demo, an instruction and a reply of its size a prompt takes about {tokens} tokens; "
            f"{PROMPT_BUDGET_TOKENS} are the default budget, so only one demo would be shown.",
            severity="warning",
            suggestion="Shorten the module, or split it in two.",
        )

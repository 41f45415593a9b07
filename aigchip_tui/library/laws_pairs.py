"""The law of pairs (L10): which demonstrations a module needs so that the two chosen for any setting suffice.

A choice shows in an instruction as words that not every legal setting has. Numbers are holes and no choice.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import HOLE, read_line
from aigchip_tui.library.laws_base import demo_finding
from aigchip_tui.model.finding import Finding
from aigchip_tui.modules.protocol import Template

Wording = frozenset[str]
"""The words of all lines of an instruction, with a hole for each number."""


def legal_wordings(instructions: Iterable[Sequence[str]]) -> Counter[Wording]:
    """How many of the instructions have which words."""
    words: dict[str, str] = {}
    found: Counter[Wording] = Counter()
    for instruction in instructions:
        for text in instruction:
            if text not in words:
                words[text] = read_line(0, text).words
        found[frozenset(words[text] for text in instruction)] += 1
    return found


def template_pair_findings(demos: Sequence[Demo], template: Template) -> list[Finding]:
    """Breaches of the law by the demos of one module of a template; nothing for a module it does not have."""
    kinds = template.modules()
    if not demos or demos[0].module not in kinds:
        return []
    kind = kinds[demos[0].module]
    return pair_findings(demos, legal_wordings(kind.instruction(settings) for settings in kind.legal_settings()))


def pair_findings(demos: Sequence[Demo], legal: Counter[Wording]) -> list[Finding]:
    """L10: any legal words are covered by two demos, and each value of a choice stands in two that differ otherwise.

    Two demos of a value differ in as many other lines as any two legal settings of that value do; where nothing else
    can differ, in a number.
    """
    held = [(demo, frozenset(line.words for line in demo.lines)) for demo in demos]
    return [*_uncovered(held, legal), *_unpaired(held, legal)]


def _uncovered(held: Sequence[tuple[Demo, Wording]], legal: Counter[Wording]) -> Iterator[Finding]:
    covers = {mine | theirs for (_, mine), (_, theirs) in itertools.combinations_with_replacement(held, 2)}
    for asked, settings in legal.items():
        if any(asked <= cover for cover in covers):
            continue
        nearest = min((asked - cover for cover in covers), key=lambda missing: (len(missing), sorted(missing)))
        lines = " and ".join(f'"{_shown(words)}"' for words in sorted(nearest))
        yield demo_finding(
            "L10",
            held[0][0],
            f"no two demos of the module cover {settings} legal settings: the best two lack {lines}.",
            file="demo.yaml",
            suggestion="Add a demo with these lines.",
        )


def _unpaired(held: Sequence[tuple[Demo, Wording]], legal: Counter[Wording]) -> Iterator[Finding]:
    everywhere = frozenset.intersection(*legal)
    for words in sorted(frozenset.union(*legal) - everywhere):
        possible = [asked for asked in legal if words in asked]
        most = max((len(a ^ b) for a, b in itertools.combinations(possible, 2)), default=0)
        having = [(demo, mine) for demo, mine in held if words in mine]
        apart = [
            len(a ^ b)
            for (one, a), (other, b) in itertools.combinations(having, 2)
            if one.instruction != other.instruction
        ]
        if apart and max(apart) >= most:
            continue
        if not having:
            continue  # said by _uncovered
        names = " and ".join(demo.name for demo, _ in having)
        yield demo_finding(
            "L10",
            having[0][0],
            f'"{_shown(words)}" stands in {names} alone.'
            if len(having) == 1
            else f'"{_shown(words)}": no two of {names} differ in all other choices.',
            file="instruction.md",
            row=next(line.number for line in having[0][0].lines if line.words == words),
            suggestion="Two demos that share a choice and differ in all others show what the choice changes.",
        )


def _shown(words: str) -> str:
    text = words.replace(HOLE, "N")
    return text if len(text) <= 90 else f"{text[:87]}..."

"""Everything that `demos check` asks of a module's demonstrations, as one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from aigchip_tui.library.demos import Demo, DemoLibrary
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.proof.demonstrations import DemoProver, Proved


class ModuleCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of one module's demonstrations, and what was wrong.

    `red` counts mutants by the rung that saw them; `equivalent` holds those that the template lists, with reasons.
    `lines` says whether all lines ran ("100 %", or "no gcov"). `left_out` counts demos whose settings were proven from
    the other demos alone, of `demos`: a rate, never wrong.
    """

    module: str
    demos: int
    extremes: int
    mutants: int
    red: dict[str, int]
    equivalent: tuple[str, ...]
    lines: str
    left_out: int
    left_out_refused: int
    wrong: tuple[str, ...]


def check_module(
    prover: DemoProver, library: DemoLibrary, module: str, *, mutants: int, tell: Callable[[str], None]
) -> ModuleCheck:
    """Proves each demo, each of its numbers at its extremes, its mutants (`mutants` of each, 0 for all) and its lines.

    `tell` gets a line of progress for each demo.
    """
    asked = _Asked(prover, mutants)
    for demo in library.of(module):
        tell(f"{demo.label}: proof, extremes, mutants, lines")
        asked.demo(demo)
    tell(f"{module}: each demo from the others")
    left_out = refused = 0
    for demo, answered in prover.left_out(module):
        refused += not answered.code
        if answered.code.strip() == demo.code.strip():
            # The demo again, word for word: that was proven above.
            left_out += demo.label in asked.green
        elif answered.code:
            left_out += prover.answer(module, answered).red is None
    return ModuleCheck(
        module=module, demos=len(library.of(module)), extremes=asked.extremes, mutants=sum(asked.red.values()) +
        len(asked.equivalent) + asked.survivors, red=dict(asked.red), equivalent=tuple(asked.equivalent),
        lines=asked.lines, left_out=left_out, left_out_refused=refused, wrong=tuple(asked.wrong),
    )


class _Asked:
    """Counts while one demo follows the other."""

    def __init__(self, prover: DemoProver, mutants: int) -> None:
        self._prover = prover
        self._mutants = mutants
        self.extremes = self.survivors = 0
        self.red: Counter[str] = Counter()
        self.equivalent: list[str] = []
        self.lines = "100 %"
        self.wrong: list[str] = []
        self.green: set[str] = set()

    def demo(self, demo: Demo) -> None:
        """Asks everything of one demo; a red demo is not asked further, its mutants would say nothing."""
        standing = self._prover.demonstration(demo)
        self.wrong += wrong_of(standing)
        if standing.red is not None:
            return
        self.green.add(demo.label)
        for proved in self._prover.at_extremes(demo):
            self.extremes += 1
            self.wrong += wrong_of(proved)
        for mutated in self._prover.mutants(demo, number=self._mutants):
            if mutated.rung:
                self.red[mutated.rung] += 1
            elif mutated.equivalent:
                self.equivalent.append(f"{mutated.demo} {mutated.name}: {mutated.equivalent}")
            else:
                self.survivors += 1
                self.wrong.append(f"{mutated.demo} {mutated.name}: no rung turned red")
        self._lines(demo)

    def _lines(self, demo: Demo) -> None:
        try:
            never = self._prover.uncovered(demo)
        except AigchipError as problem:
            self.wrong.append(f"{demo.label}: {problem}")
            return
        if never is None:
            self.lines = "not run: no gcov"
        elif never:
            self.lines = "below 100 %"
            self.wrong.append(f"{demo.label}: its own settings never run line {', '.join(map(str, never))}")


def wrong_of(proved: Proved) -> list[str]:
    """The red rung of a climb as one line, nothing when it is green."""
    return [f"{proved.subject}: {proved.red.rung}: {proved.red.evidence}"] if proved.red is not None else []

"""The laws that let two demonstrations of a module be fused line by line without a wrong result.

Each law is a finding code: `L1` ... `L9` are the research on alignment, `L0` is the size of the library, `L11` dead
text; `L10` asks the template too and stands in `laws_pairs`. A blocking finding means that fusing could go wrong or be
refused; a warning means that somebody should look. The laws are about one module's demonstrations taken together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from aigchip_tui.library import laws_code, laws_dead, laws_instruction, laws_shape
from aigchip_tui.library.demos import Demo, DemoLibrary
from aigchip_tui.library.topics import Topics, align_topics
from aigchip_tui.model.finding import Finding

LAWS: tuple[Callable[[Sequence[Demo], Topics], Iterator[Finding]], ...] = (
    laws_instruction.same_topics,
    laws_instruction.one_number,
    laws_instruction.no_derived,
    laws_instruction.choices_in_words,
    laws_code.equal_words_equal_code,
    laws_shape.context_by_name,
    laws_code.marks,
    laws_code.no_stray_number,
    laws_code.derived_literals,
    laws_shape.equal_segments,
    laws_shape.same_scope,
    laws_dead.dead_text,
    laws_instruction.enough_demos,
    laws_instruction.short_enough,
)


def law_findings(demos: DemoLibrary | Sequence[Demo], module: str | None = None) -> list[Finding]:
    """What breaks the laws in a library (each module by itself) or in the given demos; blocking findings
    first."""
    everything = demos.demos if isinstance(demos, DemoLibrary) else tuple(demos)
    groups: dict[tuple[str, str], list[Demo]] = defaultdict(list)
    for demo in everything:
        if module is None or demo.module == module:
            groups[demo.template, demo.module].append(demo)
    findings: list[Finding] = []
    for group in groups.values():
        topics = align_topics(group)
        for law in LAWS:
            findings.extend(law(group, topics))
    return sorted(findings, key=lambda finding: not finding.blocking)

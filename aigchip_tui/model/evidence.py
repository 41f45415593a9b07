"""What the rungs of a design rest on: its own evidence, or that of its generated modules taken together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aigchip_tui.model.proof import DESIGN_RUNGS, Rung, RungOutcome
from aigchip_tui.model.state import Attempt, Design, SessionState, Variant

_VALUES = re.compile(r"(\d+) values\b")


def module_attempts(state: SessionState, design: Design) -> Iterator[tuple[str, Variant | None, Attempt | None]]:
    """Each generated variant of a design once, children before parents, with its newest attempt."""
    for key in design.variant_keys():
        variant = state.variants.get(key)
        yield key, variant, variant.attempt if variant is not None else None


def outcome_of(attempt: Attempt | None, rung: Rung) -> RungOutcome:
    """What a rung said of an attempt; a rung that a human waived says so, with name and reason."""
    found = attempt.rungs.get(rung) if attempt is not None else None
    if attempt is not None and rung in attempt.waived and (found is None or found.status != "passed"):
        by, reason = attempt.waived[rung]
        return RungOutcome(rung=rung, status="waived", waived_by=by, reason=reason,
                           evidence=found.told if found is not None else "")
    return found or RungOutcome(rung=rung, status="not run")


def evidence_of(state: SessionState, design: Design, rung: Rung) -> str:
    """One sentence for a rung of a design; empty when there is nothing to say."""
    if rung in DESIGN_RUNGS:
        own = design.rungs.get(rung)
        return own.told if own is not None else ""
    outcomes = [outcome_of(attempt, rung) for _, _, attempt in module_attempts(state, design)]
    counts: dict[str, int] = {}
    for each in outcomes:
        counts[each.status] = counts.get(each.status, 0) + 1
    if not outcomes or set(counts) == {"not run"}:
        return ""
    words = f"{len(outcomes)} modules: " + ", ".join(f"{count} {status}" for status, count in counts.items())
    values = sum(int(found[1]) for each in outcomes if (found := _VALUES.search(each.evidence)))
    taken = sum(bool(each.taken_from) for each in outcomes)
    words += f" ({taken} of them cached)" if taken else ""
    return f"{words}; {values} values compared in all" if values else words


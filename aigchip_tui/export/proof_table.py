"""The proof of a design as Markdown: every rung, what each module's rungs rest on, and the contract of every stream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from aigchip_tui.model.evidence import evidence_of, module_attempts, outcome_of
from aigchip_tui.model.proof import VARIANT_RUNGS, RungOutcome
from aigchip_tui.model.state import Design, SessionState
from aigchip_tui.model.summary import LADDER
from aigchip_tui.synth.memories import EdgeCost

CYCLES = (
    "Cycles of a command are contracted for each end that nobody holds up: the first of its tokens crosses within so "
    "many cycles after the command was taken, and all of them within so many from the first on."
)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~])")


def proof_lines(state: SessionState, design: Design, proof: Mapping[str, str]) -> list[str]:
    """The ladder of the design, then that of each generated module. What did not run has no evidence and says so."""
    lines = ["## Proof", "", *_table(
        ("rung", "status", "evidence"), ((rung, proof[rung], evidence_of(state, design, rung)) for rung in LADDER)
    ), ""]
    lines += [
        "A rung of modules passed only if every module of the design passed it. Each module was proven alone, with its",
        "own local settings; `assembled_sim` is the first rung that runs them together.", "",
    ]
    for key, variant, attempt in module_attempts(state, design):
        names = [instance.name for instance in design.instances if instance.variant == key]
        settings = variant.settings if variant is not None else {}
        label = " ".join([f"{key}:", *(f"{name}={value}" for name, value in settings.items())])
        rows = [(rung, outcome.status, _words(outcome)) for rung in VARIANT_RUNGS
                for outcome in (outcome_of(attempt, rung),)]
        lines += [f"### {', '.join(names)}", "", _plain(label), "", *_table(("rung", "status", "evidence"), rows), ""]
    return lines


def edge_lines(costs: Sequence[EdgeCost]) -> list[str]:
    """Every stream of the design: its token, what crosses it for a command in how many cycles, why it is as deep."""
    rows = (
        (" -> ".join(each.ends), each.token, str(each.copies), str(each.edge.depth), each.port.tokens,
         "; ".join(f"{end}: {cycles}" for end, cycles in each.paces), each.port.order, each.edge.depth_reason)
        for each in costs
    )
    heads = ("stream", "token", "streams", "depth", "tokens", "cycles of a command", "order", "why this depth")
    return ["## Streams", "", *_table(heads, rows), "", CYCLES, ""]


def _words(outcome: RungOutcome) -> str:
    if outcome.status != "waived":
        return outcome.told
    return "; ".join(filter(None, (f"by {outcome.waived_by}: {outcome.reason}", outcome.evidence)))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |",
        *(f"| {' | '.join([row[0], *map(_plain, row[1:])])} |" for row in rows),
    ]


def _plain(text: str) -> str:
    """One line that Markdown shows as it is: evidence may quote generated text."""
    flat = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", "".join(c if c.isprintable() else "?" for c in flat))

"""The proof of a design as Markdown: every rung, what each module's rungs rest on, and the contract of every stream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from aigchip_tui.model.evidence import evidence_of, module_attempts, outcome_of
from aigchip_tui.model.proof import VARIANT_RUNGS, RungOutcome
from aigchip_tui.model.state import Design, SessionState
from aigchip_tui.model.summary import LADDER, author_of
from aigchip_tui.synth.memories import EdgeCost, by_depth_reason

CYCLES = (
    "Cycles of a command are contracted for each end that nobody holds up: the first of its tokens crosses within so "
    "many cycles after the command was taken, and all of them within so many from the first on."
)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~])")


def ladder_lines(state: SessionState, design: Design, proof: Mapping[str, str]) -> list[str]:
    """The ladder of the design. What did not run has no evidence and says so."""
    rows = ((rung, proof[rung], evidence_of(state, design, rung)) for rung in LADDER)
    return [
        "## Proof", "", *table(("rung", "status", "evidence"), rows), "",
        "A rung of modules passed only if every module of the design passed it. Each module was proven alone, with its",
        "own local settings; `assembled_sim` is the first rung that runs them together.", "",
    ]


def module_lines(state: SessionState, design: Design) -> list[str]:
    """A row for each module: how often it is there, who wrote it, and the rungs that it did not simply pass."""
    outcomes = {
        key: [f"{rung} {outcome_of(attempt, rung).status}" for rung in VARIANT_RUNGS
              if outcome_of(attempt, rung).status != "passed"]
        for key, _, attempt in module_attempts(state, design)
    }
    rows = []
    for module in design.instances:
        generated = module.author == "generator"
        author = author_of(state, module.variant) if generated else "template"
        proof = ("; ".join(outcomes[module.variant]) or f"all {len(VARIANT_RUNGS)} passed") if generated else ""
        rows.append((module.name, str(module.count), author, proof, module.variant))
    return [
        "## Modules", "", "`count` is how many copies its caller holds. PROOF.md has the evidence.", "",
        *table(("module", "count", "written by", "rungs of a module", "variant"), rows), "",
    ]


def proof_page(state: SessionState, design: Design, proof: Mapping[str, str]) -> str:
    """PROOF.md: the ladder of the design, then that of each generated module."""
    lines = [f"# Proof of {design.id}", "", *ladder_lines(state, design, proof)]
    for key, variant, attempt in module_attempts(state, design):
        names = [instance.name for instance in design.instances if instance.variant == key]
        settings = variant.settings if variant is not None else {}
        label = " ".join([f"{key}:", *(f"{name}={value}" for name, value in settings.items())])
        rows = [(rung, outcome.status, _words(outcome)) for rung in VARIANT_RUNGS
                for outcome in (outcome_of(attempt, rung),)]
        lines += [f"### {', '.join(names)}", "", plain(label), "", *table(("rung", "status", "evidence"), rows), ""]
    return "\n".join(lines)


def stream_page(design: Design, costs: Sequence[EdgeCost]) -> str:
    """STREAMS.md: every stream with its token, its depth, what crosses it for a command and in which order."""
    reasons = {reason: number for number, reason in enumerate(by_depth_reason(costs), start=1)}
    commands = [each for each in costs if each.port.element.endswith("_cmd")]
    data = [each for each in costs if each not in commands]
    lines = [
        f"# Streams of {design.id}", "",
        "Both ends of a stream declare the token in their signatures; a stream of blocks hands over whole blocks of "
        "banks. Depth is tokens, or blocks.", "",
        *(f"{number}. {reason}" for reason, number in reasons.items()), "",
    ]
    if data:
        rows = (
            (*_held(each, reasons), each.port.tokens.removesuffix(" per command"),
             "; ".join(f"{end}: {cycles}" for end, cycles in each.paces), each.port.order)
            for each in data
        )
        heads = ("stream", "token", "streams", "depth (why)", "tokens a command", "cycles of a command", "order")
        lines += ["## Data", "", f"Names in formulas are fields of the command that the process works on. {CYCLES}", "",
                  *table(heads, rows), ""]
    if commands:
        held = (_held(each, reasons) for each in commands)
        lines += ["## Commands", "", "In program order; `last` marks the last command of a launch.", "",
                  *table(("stream", "token", "streams", "depth (why)"), held), ""]
    return "\n".join(lines)


def _held(each: EdgeCost, reasons: Mapping[str, int]) -> tuple[str, str, str, str]:
    edge = each.edge
    return " -> ".join(each.ends), each.token, str(each.copies), f"{edge.depth} ({reasons[edge.depth_reason]})"


def _words(outcome: RungOutcome) -> str:
    if outcome.status != "waived":
        return outcome.told
    return "; ".join(filter(None, (f"by {outcome.waived_by}: {outcome.reason}", outcome.evidence)))


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A Markdown table; what is behind the first column is shown as it is."""
    return [
        f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |",
        *(f"| {' | '.join([row[0], *map(plain, row[1:])])} |" for row in rows),
    ]


def plain(text: str) -> str:
    """One line that Markdown shows as it is: evidence may quote generated text."""
    flat = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", "".join(c if c.isprintable() else "?" for c in flat))

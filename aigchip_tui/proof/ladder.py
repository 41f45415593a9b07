"""Climbing the ladder with one variant: cheapest rung first, the verdict outside the process that runs its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.run import SimulationResult, simulate_variant
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Variant
from aigchip_tui.model.proof import Rung, RungOutcome
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, ModuleSpec, Pace
from aigchip_tui.proof.conformance import counted
from aigchip_tui.proof.pacing import InVirtualTime, paced
from aigchip_tui.proof.reading import Reading

Reader = Callable[[dict[str, Any]], Reading | Finding]
"""Reads generated text in a worker; a Finding says why the worker did not answer."""

SEARCH_RUNGS: tuple[Rung, ...] = ("static", "contract", "conformance", "compile", "module_sim", "rate")


class Climb(msgspec.Struct, frozen=True, kw_only=True):
    """What the rungs said, in order, with the repairs that are on offer where a contract is broken."""

    outcomes: tuple[RungOutcome, ...]
    repairs: tuple[dict[str, str], ...] = ()


def climb(
    variant: Variant,
    body: str,
    children: Sequence[tuple[Variant, str]],
    spec: ModuleSpec,
    *,
    seed: int,
    bench: Bench,
    read: Reader,
    rate: Callable[[Variant, str, Sequence[tuple[Variant, str]], Conformance], RungOutcome],
    waived: Mapping[Rung, tuple[str, str]] | None = None,
    pace: Pace | None = None,
    in_virtual_time: InVirtualTime | None = None,
) -> Climb:
    """Climb from static to rate with `body`; the first red rung ends the climb, those above are not run.

    `children` are the proven bodies of the modules it calls, innermost first. `seed` draws the stimuli. `waived`
    names rungs that a human has waived (by, reason): they are not run again and never shown as passed. With a `pace`
    and a writer of virtual time the module's own simulation counts cycles, and the rate rung compares them.
    """
    waived = dict(waived or {})
    rules = spec.conformance(variant.settings)
    answer = read({
        "body": body, "function": variant.function, "ports": msgspec.to_builtins(variant.ports),
        "conformance": msgspec.to_builtins(rules), "headers": list(bench.headers.values()),
        "instruction": list(variant.instruction),
        "callable": [*variant.supplied_functions, *(child.function for child, _ in children)],
    })
    if isinstance(answer, Finding):
        return Climb(outcomes=(_red("static", (answer,), cause=answer.kind),))
    outcomes: list[RungOutcome] = []
    for rung, findings in (
        ("static", answer.static), ("contract", answer.contract), ("conformance", answer.conformance),
    ):
        outcome = _read_outcome(rung, findings, variant, rules, waived)  # type: ignore[arg-type]  # literal names
        outcomes.append(outcome)
        if outcome.status == "failed":
            return Climb(outcomes=tuple(outcomes), repairs=answer.repairs)
    cases = spec.cases(variant.settings, np.random.default_rng(seed))
    timed = in_virtual_time(variant, body, children) if pace is not None and in_virtual_time is not None else None
    result = _run(variant, body, children, cases, bench=bench, timed_text=timed.text if timed is not None else "")
    outcomes.extend(_simulation_outcomes(result, waived))
    if all(o.status != "failed" for o in outcomes):
        rate_outcome = _waived("rate", waived) or rated(rate, variant, body, children, rules, answer.undemanded)
        if pace is not None and timed is not None and rate_outcome.status == "passed":
            rate_outcome = paced(rate_outcome, pace, variant.ports, cases, result, timed.intervals)
        outcomes.append(rate_outcome)
    return Climb(outcomes=tuple(outcomes), repairs=answer.repairs)


def rated(
    rate: Callable[[Variant, str, Sequence[tuple[Variant, str]], Conformance], RungOutcome],
    variant: Variant, body: str, children: Sequence[tuple[Variant, str]], rules: Conformance,
    undemanded: Sequence[int],
) -> RungOutcome:
    """The rate rung; a pragma that no rule demands and that moves no figure of it is reported as dead."""
    outcome = rate(variant, body, children, rules)
    if outcome.status != "passed" or rules.ii is None or rules.inline:
        return outcome
    rows, dead = body.splitlines(), []
    for line in undemanded:
        without = "\n".join("" if number == line else row for number, row in enumerate(rows, start=1))
        if rate(variant, without, children, rules) == outcome:
            dead.append(Finding(
                severity="warning", kind="directive", code="rate-dead", line=line, blocking=False,
                message=f"{rows[line - 1].strip()}: without it no rung changes, and no figure of the estimate.",
                suggestion="Remove the pragma.",
            ))
    return msgspec.structs.replace(outcome, findings=(*outcome.findings, *dead))


def sanitize(
    variant: Variant, body: str, children: Sequence[tuple[Variant, str]], spec: ModuleSpec, *, seed: int, bench: Bench
) -> RungOutcome:
    """The sanitizers rung: the same stimuli in a build that stops at the first memory error or undefined behaviour."""
    cases = spec.cases(variant.settings, np.random.default_rng(seed))
    result = _simulate(variant, body, children, cases, bench=bench, sanitized=True)
    return _simulated("sanitizers", result, "with AddressSanitizer and UndefinedBehaviorSanitizer")


def header_name(variant: Variant) -> str:
    """File under which a parent's prologue includes a child."""
    return f"{variant.key.replace('-', '_')}.hpp"


def _read_outcome(
    rung: Rung, findings: tuple[Finding, ...], variant: Variant, rules: Conformance,
    waived: Mapping[Rung, tuple[str, str]],
) -> RungOutcome:
    given = _waived(rung, waived)
    if given is not None:
        return given
    if any(f.blocking and f.severity == "error" for f in findings):
        return _red(rung, findings, cause=findings[0].kind)
    evidence = {
        "static": "no forbidden construct",
        "contract": f"{len(variant.ports)} ports keep direction, type and width",
        "conformance": counted(rules),
    }[rung]
    return RungOutcome(rung=rung, status="passed", evidence=evidence, findings=findings)


def _red(rung: Rung, findings: tuple[Finding, ...], *, cause: str, log: str = "") -> RungOutcome:
    blocking = [f for f in findings if f.blocking]
    evidence = blocking[0].message if blocking else cause
    return RungOutcome(rung=rung, status="failed", evidence=evidence, cause=cause, findings=findings, log=log)


def _waived(rung: Rung, waived: Mapping[Rung, tuple[str, str]]) -> RungOutcome | None:
    if rung not in waived:
        return None
    by, reason = waived[rung]
    return RungOutcome(rung=rung, status="waived", waived_by=by, reason=reason, evidence=f"waived by {by}: {reason}")


def _simulate(
    variant: Variant, body: str, children: Sequence[tuple[Variant, str]], cases: Sequence[TestCase], *, bench: Bench,
    sanitized: bool = False, timed_text: str = "",
) -> SimulationResult:
    return simulate_variant(
        variant, body, {header_name(v): f"{v.prologue}{text}\n{v.epilogue}" for v, text in children}, cases,
        sandbox=bench.sandbox, workdir=bench.workdir, cache=bench.cache, environment=bench.environment,
        headers=bench.headers, sanitize=sanitized, timed_text=timed_text,
    )


def _run(
    variant: Variant, body: str, children: Sequence[tuple[Variant, str]], cases: Sequence[TestCase], *, bench: Bench,
    timed_text: str,
) -> SimulationResult:
    result = _simulate(variant, body, children, cases, bench=bench, timed_text=timed_text)
    if result.cause == "timeout" and result.compiled:
        # A loaded machine is no verdict: a time-out is tried once more alone before it counts (DESIGN sec. 2).
        result = _simulate(variant, body, children, cases, bench=bench, timed_text=timed_text)
    return result


def _simulation_outcomes(result: SimulationResult, waived: Mapping[Rung, tuple[str, str]]) -> list[RungOutcome]:
    if not result.compiled:
        return [_red("compile", result.findings, cause=result.cause or "compile", log=result.log)]
    compiled = RungOutcome(rung="compile", status="passed", evidence="compiles")
    return [compiled, _waived("module_sim", waived) or _simulated("module_sim", result, "")]


def _tokens_seen(result: SimulationResult) -> str:
    """What left through each port, as it was counted and compared; nothing for a module without streams."""
    made: dict[str, int] = {}
    for counts in result.counts.values():
        for port, count in counts.items():
            made[port] = made.get(port, 0) + count
    if not result.tokens:
        return ""
    listed = ", ".join(f"{count} at {port}" for port, count in made.items() if count)
    return f"; tokens made as contracted: {listed}; every token given was taken"


def _simulated(rung: Rung, result: SimulationResult, how: str) -> RungOutcome:
    if not result.compiled:
        return _red(rung, result.findings, cause=result.cause or "compile", log=result.log)
    evidence = f"{result.values} values in {result.cases_run} cases agree{_tokens_seen(result)} {how}".strip()
    if result.passed:
        return RungOutcome(rung=rung, status="passed", evidence=evidence, findings=result.findings)
    return _red(rung, result.findings, cause=result.cause, log=result.log)

"""Cycles against their contract: what a module took in virtual time, on its own test bench, which never holds it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from aigchip_tui.csim.run import SimulationResult
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Port, Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Pace
from aigchip_tui.proof.crossing import Crossed, crossed
from aigchip_tui.synth.launches import LaunchPace
from aigchip_tui.synth.protocol import TimedText

InVirtualTime = Callable[[Variant, str, Sequence[tuple[Variant, str]]], TimedText | None]
"""Gives the file of a module with the timing of its loops (`EmbeddedSynthesizer.in_virtual_time`)."""


def commands_of(pace: Pace, case: TestCase) -> list[list[int]]:
    """The commands of a test case, each with its words."""
    raw = case.inputs.get(pace.commands, b"") or case.memories.get(pace.commands, b"")
    rows: list[list[int]] = np.frombuffer(raw, dtype="<i4").reshape(-1, len(pace.fields)).tolist()
    return rows


def paced(
    outcome: RungOutcome, pace: Pace, ports: Sequence[Port], cases: Sequence[TestCase], result: SimulationResult,
    intervals: Mapping[int, int],
) -> RungOutcome:
    """The rate rung with what the simulation saw of the contracted cycles; red where a launch or a port took more.

    On a test bench that never holds a module up, its pipelined loops work as long as its commands ask for, all that
    goes on beside them is bounded, and so is when the tokens of each command cross each port.
    """
    seen, worked, allowed = 0, 0, 0
    nearest: dict[str, Crossed] = {}
    for case in cases:
        if case.name not in result.measures:
            return outcome
        measures, rows = result.measures[case.name], commands_of(pace, case)
        loops = sum(loop.trips * intervals.get(loop.loop, 0) for loop in measures.loops)
        most_work = sum(pace.worked(row) for row in rows)
        for what, cycles, most in (
            ("its pipelined loops work", loops, most_work),
            ("it takes", measures.cycles, sum(pace.cycles(row) for row in rows)),
        ):
            if cycles > most:
                return _too_slow(outcome, pace, f"In the launch {case.name!r} {what} {cycles} cycles of {most}")
        for each in crossed(ports, pace, rows, measures):
            if each.breach:
                return _red(outcome, f"In the launch {case.name!r} {each.breach}")
            if each.port not in nearest or each.room < nearest[each.port].room:
                nearest[each.port] = each
        seen, worked, allowed = seen + measures.cycles, worked + loops, allowed + most_work
    told = f"{worked} cycles of work of {allowed} contracted ({pace.work} a command), {seen} in all in virtual time"
    if nearest:
        told += f"; cycles to a command's first token and across: {', '.join(each.words for each in nearest.values())}"
    return msgspec.structs.replace(outcome, evidence=f"{outcome.evidence}; {told}")


def _too_slow(outcome: RungOutcome, pace: Pace, what: str) -> RungOutcome:
    message = f"{what} that its contract allows: {pace.work} a command, {pace.beside} beside (virtual time)."
    return _red(outcome, message)


def _red(outcome: RungOutcome, message: str) -> RungOutcome:
    finding = Finding(
        severity="error", kind="rate", code="rate-cycles", message=message,
        suggestion="Let each iteration of a pipelined loop move a token, and leave out loops and waits that move none.",
    )
    return RungOutcome(
        rung="rate", status="failed", cause="rate", evidence=message, findings=(*outcome.findings, finding)
    )


def overtaken(paces: Sequence[LaunchPace], result: SimulationResult) -> str:
    """The first process whose loops work longer than its commands may take; empty if all keep their contracts.

    In an assembled design processes wait for each other, so what counts is what their pipelined loops do.
    """
    for pace in paces:
        for launch, most in pace.contracted.items():
            seen = sum(
                loop.trips * pace.intervals.get(loop.loop, 0)
                for loop in result.measures[launch].loops if loop.module == pace.file
            )
            if seen > most:
                return (
                    f"{' and '.join(pace.names)} work {seen} cycles in the launch {launch!r}, their contract allows "
                    f"{most} for the commands that they got."
                )
    return ""

"""`explain`: in a designer's words, per loop, what bounds the interval and what made the latency."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, LoopEstimate


def explain(estimate: Estimate) -> list[str]:
    """Lines of text for a designer: the design first, then every loop, then warnings and what is unknown and why."""
    lines = [head(estimate)]
    lines += [f"{'  ' * loop.level}{sentence(loop, estimate.file)}" for loop in estimate.loops]
    lines += [f"warning: {text}" for text in estimate.warnings]
    lines += [f"unknown: {reason}" for reason in estimate.unknown]
    return lines


def head(estimate: Estimate) -> str:
    """The design in one sentence: latency, and whether the clock is met."""
    if estimate.estimated_clock_ns is None:
        return f"{estimate.top}: unknown, since a part of it could not be read (estimate)."
    latency = "unknown" if estimate.latency_max is None else f"{estimate.latency_max} cycles"
    met = "meets" if estimate.timing_met else "misses"
    return (
        f"{estimate.top}: {latency} at {estimate.clock_ns:g} ns; the slowest state takes"
        f" {estimate.estimated_clock_ns:g} ns and {met} the {estimate.budget_ns:g} ns that the clock leaves"
        f" after its uncertainty (estimate)."
    )

_AXI = "AXI port"


def sentence(loop: LoopEstimate, main: str = "") -> str:
    """One loop in one sentence; `main` is the file whose lines need no name before them."""
    beside = f"; it adds nothing, since it runs beside {loop.beside}" if loop.beside else ""
    place = f"line {loop.line}" if loop.file in ("", main) else f"{loop.file}:{loop.line}"
    trip = "a run-time number of" if loop.trip is None else str(loop.trip)
    if loop.trip_min is not None and loop.trip is not None and loop.trip_min != loop.trip:
        trip = f"{loop.trip_min} to {loop.trip}"
    begin = f"{loop.name} ({place}): {trip} {'iteration' if trip == '1' else 'iterations'}"
    if loop.unrolled > 1:
        begin += f" of {loop.unrolled} unrolled copies"
    if loop.flattened > 1:
        begin += f", {loop.flattened} loops flattened into one"
    if loop.depth is None:
        return f"{begin}; what it costs is unknown."
    if not loop.pipelined:
        cost = "" if loop.latency is None else f", together {loop.latency} cycles"
        why = f" ({loop.reason})" if loop.reason else ""
        each = "" if loop.latency is None else f": each takes {_counted(loop.depth, 'cycle')}"
        return f"{begin}, not pipelined{why}{each}{cost}{beside}."
    last = max(loop.depth - 1, loop.ii or 1)
    partial = loop.trip is not None and loop.latency == (loop.ii or 1) * loop.trip + last
    times = f"{loop.trip}" if partial else f"({loop.trip} - 1)"
    made = "" if loop.latency is None else f"; {loop.ii} x {times} + {last} = {loop.latency} cycles"
    if loop.latency is not None and loop.trip != loop.trip_min:
        made = f"; at most {loop.latency} cycles"
    made += " with the last, partial one" if partial else ""
    path = f" ({loop.reason})" if loop.reason else ""
    pace = "one a cycle" if loop.ii == 1 else f"one every {loop.ii} cycles"
    return f"{begin}, {pace}, {bound_words(loop)}; {_counted(loop.depth, 'state')} deep{path}{made}{beside}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def bound_words(loop: LoopEstimate) -> str:
    """Why the interval is not smaller, for every loop that is pipelined."""
    kind, _, detail = loop.bound.partition(":")
    if kind == "ports" and detail.startswith(_AXI):
        return f"since {detail} takes one word a cycle (widen its words, or give arrays bundles of their own)"
    if kind == "ports":
        return f"since the ports of {detail} are taken (partition it or access it less)"
    if kind == "operator":
        return f"since ALLOCATION leaves no free {detail}"
    if kind == "recurrence":
        distance, _, what = detail.partition(":")
        apart = "the iteration before" if distance == "1" else f"{distance} iterations before"
        return f"since each waits for a result of {apart}" + (f" (its {what})" if what else "")
    if loop.target > 1:
        return f"as asked (II={loop.target})"
    return "which is the least there is"


def bound_word(loop: LoopEstimate) -> str:
    """What bounds the interval, short enough for a table."""
    if not loop.pipelined or loop.ii is None:
        return "-"
    kind, _, detail = loop.bound.partition(":")
    if kind == "ports":
        return f"ports of {detail}"
    if kind == "operator":
        return f"number of {detail}"
    if kind == "recurrence":
        distance, _, what = detail.partition(":")
        return f"recurrence{f' of {what}' if what else ''}{'' if distance == '1' else f', distance {distance}'}"
    return "asked for" if loop.target > 1 else "least"

"""`explain`: in a designer's words, per loop, what bounds the interval and what made the latency."""

from __future__ import annotations

from aigchip_tui.estimator.estimate import Estimate, LoopEstimate


def explain(estimate: Estimate) -> list[str]:
    """Lines of text for a designer: the design first, then every loop, then what is unknown and why."""
    latency = "unknown" if estimate.latency_max is None else f"{estimate.latency_max} cycles"
    met = "meets" if estimate.timing_met else "misses"
    lines = [
        f"{estimate.top}: {latency} at {estimate.clock_ns:g} ns; the slowest state takes"
        f" {estimate.estimated_clock_ns:g} ns and {met} the clock (estimate)."
    ]
    lines += [f"{'  ' * loop.level}{sentence(loop)}" for loop in estimate.loops]
    lines += [f"unknown: {reason}" for reason in estimate.unknown]
    return lines


def sentence(loop: LoopEstimate) -> str:
    """One loop in one sentence."""
    trip = "a run-time number of" if loop.trip is None else str(loop.trip)
    head = f"{loop.name} (line {loop.line}): {trip} iterations"
    if loop.trip_min is not None and loop.trip is not None and loop.trip_min != loop.trip:
        head = f"{loop.name} (line {loop.line}): {loop.trip_min} to {loop.trip} iterations"
    if loop.unrolled > 1:
        head += f" of {loop.unrolled} unrolled copies"
    if loop.flattened > 1:
        head += f", {loop.flattened} loops flattened into one"
    if loop.depth is None:
        return f"{head}; what it costs is unknown."
    if not loop.pipelined:
        cost = "" if loop.latency is None else f", together {loop.latency} cycles"
        return f"{head}, not pipelined: each takes {loop.depth} cycles{cost}."
    last = max(loop.depth - 1, loop.ii or 1)
    partial = loop.trip is not None and loop.latency == (loop.ii or 1) * loop.trip + last
    times = f"{loop.trip}" if partial else f"({loop.trip} - 1)"
    made = "" if loop.latency is None else f"; {loop.ii} x {times} + {last}"
    made += "" if loop.latency is None else f" = {loop.latency} cycles"
    made += " with the last, partial one" if partial else ""
    return f"{head}, one every {loop.ii} cycles{bound_words(loop)}, {loop.depth} states deep{made}."


def bound_words(loop: LoopEstimate) -> str:
    """Why the interval is not smaller."""
    kind, _, detail = loop.bound.partition(":")
    if kind == "ports":
        return f" because the ports of {detail} are taken (partition it or read it less)"
    if kind == "recurrence":
        distance = detail.rpartition(":")[2]
        apart = "the iteration before" if distance == "1" else f"{distance} iterations before"
        return f" because each waits for a result of {apart}"
    if kind == "target" and loop.target > 1:
        return f" as asked (II={loop.target})"
    return ""

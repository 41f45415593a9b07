"""Loops that an unrolled parent repeats: where their graphs are equal they are scheduled once."""

from __future__ import annotations

from aigchip_tui.estimator.graph import Graph, Schedule
from aigchip_tui.estimator.resources import Usage
from aigchip_tui.estimator.schedule import Interval


class Twin:
    """A loop's graph and what follows from it, for the next loop whose graph is equal.

    `asked` and `portrait` (empty when the loop was met the first time) are what must be equal, `states` and `delay`
    those that the interval left. `usage` is None until the graph is scheduled, `spread` are the banks that it asked for
    then.
    """

    __slots__ = (
        "asked", "bound", "delay", "interval", "plan", "portrait", "reason", "size", "spread",
        "states", "usage",
    )

    def __init__(
        self, asked: tuple[object, ...], portrait: tuple[object, ...], interval: Interval, graph: Graph
    ) -> None:
        self.asked = asked
        self.portrait = portrait
        self.interval = interval
        self.size = len(graph)
        self.states = graph.states[:]
        self.delay = graph.delay[:]
        self.plan = Schedule(0, 0, interval.cycles)
        self.usage: Usage | None = None
        self.spread: dict[int, int] = {}
        self.bound = ""
        self.reason = ""

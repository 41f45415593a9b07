"""Progress lines of a search in the foreground: one line for what a designer wants to know, no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aigchip_tui.model import events as ev
from aigchip_tui.model.figures import AnyFigures, beats, figures_of
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import front, taken


@dataclass
class Progress:
    """Turns events into lines; `say` prints one."""

    say: Callable[[str], None]
    best: AnyFigures | None = None

    def show(self, event: ev.AnyEvent, state: SessionState) -> None:
        """A line for the events that move the search; nothing for the others."""
        match event:
            case ev.EngineStarted():
                self.best = next((d.figures for d in front(state.evaluated())), self.best)
                self.say(f"engine: {event.generator}; {event.synthesizer}; sandbox {event.sandbox}")
            case ev.DesignEvaluated():
                mark, figures = "", figures_of(event)
                if event.over:
                    mark = f"  does not fit: {event.over}"
                elif beats(figures, self.best):
                    self.best, mark = figures, "  best"
                counts = state.counts()
                cached = taken(state)["cached"]
                self.say(
                    f"[{counts['done'] + counts['failed']:3}] d{event.design:04d} {figures.latency!s:>20} "
                    f"{event.dsp:5} DSP {event.bram18:4} BRAM18 {event.lut:7} LUT   "
                    f"{len(state.variants)} variants, {state.spend.calls} calls"
                    + (f", {cached} cached" if cached else "") + mark
                )
            case ev.DesignFailed():
                self.say(f"      d{event.design:04d} failed: {event.cause}: {event.message}")
            case ev.DecisionOpened():
                self.say(f"  ?   {event.decision.id}: {event.decision.label}: {event.decision.question}")
            case ev.SearchFinished():
                self.say(f"search finished: {event.reason.rstrip('.')}; proving the front")
            case ev.RungFinished(design=design) if design and event.outcome.rung != "estimate":
                self.say(f"      d{design:04d} {event.outcome.rung} {event.outcome.status}: {event.outcome.told}")
            case ev.LimitsChanged():
                self.say(f"limits: {event.limits.words()}, by {event.by or 'somebody'}")
            case ev.EngineStopped():
                self.say(f"engine: {event.reason}")
            case _:
                pass

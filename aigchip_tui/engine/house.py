"""Everything the steps work with: settings, template, demonstrations, generator, sandbox, synthesizer, blobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from aigchip_tui.csim.bench import Bench
from aigchip_tui.engine.advance import Limits, Step
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.engine.reuse import Reuse
from aigchip_tui.engine.stopwatch import Stopwatch
from aigchip_tui.library.demos import DemoLibrary
from aigchip_tui.llm.client import Generator
from aigchip_tui.model.module import Variant
from aigchip_tui.model.session import SessionSettings, limited
from aigchip_tui.model.space import Build
from aigchip_tui.model.state import CAP_REACHED, SessionState
from aigchip_tui.model.summary import final_designs
from aigchip_tui.model.workload import Workload
from aigchip_tui.modules.protocol import Template
from aigchip_tui.proof.ladder import Reader
from aigchip_tui.search.searcher import Searcher
from aigchip_tui.store.blobs import BlobStore
from aigchip_tui.synth.protocol import Synthesizer


@dataclass(frozen=True)
class House:
    """The tools of one session. `now_text` gives UTC for display; `stopwatch` the engine's time of work."""

    settings: SessionSettings
    build: Build
    workload: Workload
    template: Template
    library: DemoLibrary
    generator: Generator
    synthesizer: Synthesizer
    bench: Bench
    read: Reader
    blobs: BlobStore
    search: Searcher
    now_text: Callable[[], str]
    stopwatch: Stopwatch
    cancelled: threading.Event
    close: Callable[[], None]
    reuse: Reuse | None = None
    """The user's caches of variants and proofs, unless this session has none."""

    @property
    def generator_text(self) -> str:
        """Who writes the modules, in the words every screen uses."""
        spec, replayed = self.generator.spec, ", replayed from a recording" if self.generator.replayed else ""
        if spec.is_language_model:
            return spec.text + replayed
        return f"{spec.text}: offline adapter (not a language model){replayed}"

    def variant(self, state: SessionState, key: str) -> Variant:
        """The template's variant of a declared key."""
        known = state.variants[key]
        return self.template.variant(known.module, known.settings)

    def prepare(self, step: Step, state: SessionState) -> Prepared:
        """Make a step ready; the work itself is in `steps/`, one file a kind."""
        from aigchip_tui.engine.steps import check, choose, evaluate, generate, propose, prove

        handlers: dict[str, Callable[[House, Step, SessionState], Prepared]] = {
            "propose": propose.propose, "elaborate": propose.elaborate, "tell": propose.tell, "fail": propose.fail,
            "finish": propose.finish, "conclude": propose.conclude, "choose": choose.choose,
            "generate": generate.generate,
            "check": check.check, "sanitize": check.sanitize_variant, "evaluate": evaluate.evaluate,
            "prove": prove.prove,
        }
        return handlers[step.kind](self, step, state)

    def limits(self, state: SessionState) -> Limits:
        """Evaluations, lag and the first cap that is reached."""
        evaluations = limited(self.settings, state.limits).evaluations
        return Limits(
            evaluations=evaluations, lag=self.settings.lag, stop_reason=self._cap(state),
            model_chooses=self.settings.selection == "model" and self.generator.spec.is_language_model,
        )

    def front(self, state: SessionState) -> tuple[int, ...]:
        """The front and the best design."""
        return final_designs(state, self.settings.goal)

    def _cap(self, state: SessionState) -> str:
        """The cap that ends the search. What calls under way reserve may come back and ends nothing yet."""
        s, spend = limited(self.settings, state.limits), state.spend
        if s.max_calls and spend.calls >= s.max_calls:
            return f"{CAP_REACHED}: --max-calls {s.max_calls}"
        if s.max_tokens and spend.settled_tokens >= s.max_tokens:
            return f"{CAP_REACHED}: --max-tokens {s.max_tokens}"
        if s.max_usd and spend.settled_usd >= s.max_usd:
            return f"{CAP_REACHED}: --max-usd {s.max_usd:g}"
        if s.max_hours and state.worked_s + self.stopwatch.uncounted_s >= s.max_hours * 3600:
            return f"{CAP_REACHED}: --max-hours {s.max_hours:g}"
        return f"{CAP_REACHED}: {state.capped}" if state.capped else ""

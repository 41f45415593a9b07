"""The state of a session: the fold of its events, and nothing else (DESIGN sec. 2).

`SessionState.apply` is the only thing that changes it. Whoever holds the journal can rebuild it; engine, command
line and screens read the same fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import Decision
from aigchip_tui.model.figures import AnyFigures, figures_of
from aigchip_tui.model.limits import SessionLimits
from aigchip_tui.model.module import Setting, Settings
from aigchip_tui.model.proof import Rung, RungOutcome

_HANDLERS = {
    kind: "_" + re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in get_args(ev.AnyEvent)
}

AWAY = ("unreachable", "auth", "quota", "no_model", "no_chat", "bad_request", "rate_limited", "server_error")
"""Causes of calls that every further call would meet as well."""
CAP = "cap"
"""Cause of what was not built because a cap of the session was reached."""
CAP_REACHED = "cap reached"
"""How the reason of a search begins that a cap ended."""
ALL_DONE = "all evaluations done"
"""Reason of a search that has evaluated as many designs as it was asked for."""
VariantStatus = Literal["needed", "calling", "replied", "proven", "stuck", "skipped", "failed"]
DesignStatus = Literal["proposed", "building", "waiting", "evaluated", "failed", "damaged"]


@dataclass
class Attempt:
    """One try at a variant: who wrote it, where its texts are, and what the rungs said."""

    number: int
    author: str = ""
    call: str = ""
    prompt: str = ""
    demos: tuple[str, ...] = ()
    choice: str = ""
    reply: str = ""
    source: str = ""
    model: str = ""
    origin: str = ""
    refusal: str = ""
    no_reply: str = ""
    """Typed cause of a call that was answered by nothing that can be read; such an attempt has no text."""
    unanswered_why: str = ""
    """What the server or the cap said when the call brought no reply at all."""
    hint: str = ""
    notes: tuple[str, ...] = ()
    rungs: dict[Rung, RungOutcome] = field(default_factory=dict)
    logs: dict[Rung, str] = field(default_factory=dict)
    waived: dict[Rung, tuple[str, str]] = field(default_factory=dict)
    taken_from: str = ""
    """Session and time of the proof, when the text was taken from the user's cache in place of a call."""
    by_another: bool = False
    """Taken from the cache, and written for another generator than this session's."""

    @property
    def by(self) -> str:
        """Who wrote it, in the words of every list: `offline adapter (fused)`, `cached: ...`, `human`."""
        return written_by(self.author, self.origin, self.taken_from, self.by_another)


def written_by(author: str, origin: str, taken_from: str, by_another: bool) -> str:
    """Author, how the adapter made it, and before both whether the text came from the cache instead of a call."""
    if not author:
        return "nobody yet"
    words = f"{author} ({origin})" if origin else author
    if not taken_from:
        return words
    return f"{'reused' if by_another else 'cached'}: {words}"


@dataclass
class Variant:
    """A module with its local settings on its way up the ladder."""

    key: str
    module: str
    function: str
    settings: Settings
    instruction: tuple[str, ...]
    children: tuple[str, ...]
    status: VariantStatus = "needed"
    attempts: list[Attempt] = field(default_factory=list)
    hint: str = ""
    decision: str = ""
    chosen: tuple[str, ...] = ()
    chosen_why: str = ""
    designs: list[int] = field(default_factory=list)
    cause: str = ""
    unanswered: bool = False
    """Failed because a call brought no reply (server, key, cap), not because of its code: the next start asks again."""

    @property
    def attempt(self) -> Attempt | None:
        """The newest attempt, if any."""
        return self.attempts[-1] if self.attempts else None


@dataclass
class Design:
    """One point of the space and what became of it."""

    number: int
    parameters: dict[str, Setting]
    origin: str = ""
    screened: int = 0
    status: DesignStatus = "proposed"
    instances: tuple[ev.InstanceNamed, ...] = ()
    processes: int = 0
    cause: str = ""
    message: str = ""
    figures: AnyFigures | None = None
    rungs: dict[Rung, RungOutcome] = field(default_factory=dict)
    logs: dict[Rung, str] = field(default_factory=dict)
    told: str = ""

    @property
    def id(self) -> str:
        """The name people use: d0007."""
        return f"d{self.number:04d}"

    @property
    def is_unjudged(self) -> bool:
        """Failed for what is no property of its own: a server that was away, a cap. The next engine goes on with it."""
        return self.status == "failed" and (self.cause == CAP or self.cause in AWAY)

    def variant_keys(self) -> tuple[str, ...]:
        """Keys of the generated variants of this design, children before parents, each once."""
        return tuple(dict.fromkeys(i.variant for i in self.instances if i.author == "generator"))


@dataclass
class Spend:
    """What the generator has cost, and what is reserved for calls whose outcome is not known yet."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    reserved: dict[str, tuple[int, float]] = field(default_factory=dict)
    unknown_tokens: int = 0
    unknown_usd: float = 0.0
    """Worst cases of calls whose outcome will never be known: they stay charged, also when the call is made again."""

    @property
    def settled_tokens(self) -> int:
        """Tokens used, with those of unknown outcomes, without what calls under way reserve."""
        return self.prompt_tokens + self.completion_tokens + self.unknown_tokens

    @property
    def settled_usd(self) -> float:
        """Cost in USD, likewise."""
        return self.cost_usd + self.unknown_usd

    @property
    def tokens(self) -> int:
        """Tokens used, with those reserved for unknown outcomes and calls under way."""
        return self.settled_tokens + sum(tokens for tokens, _ in self.reserved.values())

    @property
    def worst_usd(self) -> float:
        """Cost in USD, with the reservations."""
        return self.settled_usd + sum(usd for _, usd in self.reserved.values())

    def begin(self, call: str, tokens: int, usd: float) -> None:
        """A call is about to leave: its worst case is charged until `end`."""
        self.calls += 1
        self.reserved[call] = (tokens, usd)

    def end(self, call: str, *, kept: bool = False) -> None:
        """The call has ended; `kept` says that it may have been paid for, so its worst case stays charged."""
        tokens, usd = self.reserved.pop(call, (0, 0.0))
        if kept:
            self.unknown_tokens += tokens
            self.unknown_usd += usd

    def pay(self, prompt_tokens: int, completion_tokens: int, usd: float) -> None:
        """What a reply really took."""
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens
        self.cost_usd += usd


@dataclass
class SessionState:
    """Everything a journal says."""

    designs: dict[int, Design] = field(default_factory=dict)
    variants: dict[str, Variant] = field(default_factory=dict)
    open_decisions: dict[str, Decision] = field(default_factory=dict)
    closed_decisions: dict[str, tuple[Decision, ev.DecisionAnswered]] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    spend: Spend = field(default_factory=Spend)
    engine: ev.EngineStarted | None = None
    stopped: str = ""
    cut: tuple[str, ...] = ()
    """Steps that the last engine cut when it stopped; they are done again."""
    paused: bool = False
    limits: SessionLimits = field(default_factory=SessionLimits)
    """Limits that a human gave after the session was made."""
    worked_s: float = 0.0
    """Seconds in which steps of the session's engines were under way, as far as they were journalled."""
    capped: str = ""
    """The cap that refused a call of this engine, with its figures; empty while none did."""
    finished: str = ""
    proofs_finished: bool = False
    damaged: list[str] = field(default_factory=list)
    injected: list[ev.FaultsInjected] = field(default_factory=list)
    unresolved: set[int] = field(default_factory=set)
    events: int = 0
    elsewhere: dict[str, int] = field(default_factory=dict)
    """Counts of the designs that an outline leaves out (`packed.outline`); empty in a whole state."""
    named: dict[ev.InstanceNamed, ev.InstanceNamed] = field(default_factory=dict, compare=False, repr=False)
    """Every different instance met, once: the trees of many designs share most of theirs."""

    # -- reading ---------------------------------------------------------------------------------------------------

    def evaluated(self) -> Iterator[Design]:
        """Designs with figures, in proposal order; damaged ones are never among them."""
        return (d for d in self.designs.values() if d.status == "evaluated" and d.figures is not None)

    def design(self, name: str) -> Design | None:
        """A design by the name people use (d0007, 7)."""
        digits = name.lower().lstrip("d")
        return self.designs.get(int(digits)) if digits.isdigit() else None

    def counts(self) -> dict[str, int]:
        """How many designs ended how."""
        done = failed = flight = screened = 0
        for design in self.designs.values():
            screened += design.screened
            if design.status == "evaluated":
                done += 1
            elif design.status in ("failed", "damaged"):
                failed += 1
            else:
                flight += 1
        counts = {"done": done, "failed": failed, "screened": screened, "in_flight": flight}
        return {name: count + self.elsewhere.get(name, 0) for name, count in counts.items()}

    # -- folding ---------------------------------------------------------------------------------------------------

    def apply(self, event: ev.AnyEvent) -> None:
        """Fold one event into the state."""
        self.events += 1
        getattr(self, _HANDLERS[type(event)])(event)

    def _engine_started(self, event: ev.EngineStarted) -> None:
        self.engine = event
        self.stopped = self.capped = ""
        self.cut = ()
        for call in list(self.spend.reserved):
            self.spend.end(call, kept=True)
        for variant in self.variants.values():
            if variant.status == "calling":
                variant.status = "needed"
                if variant.attempts and not variant.attempts[-1].source:
                    variant.attempts.pop()
            elif variant.status == "failed" and variant.unanswered:
                self._ask_again(variant)
        self._lift_caps()

    def _lift_caps(self) -> None:
        """A cap is asked about anew: what it left is built, and the search goes on."""
        self.capped = ""
        for variant in self.variants.values():
            if variant.status == "failed" and variant.unanswered and variant.cause == CAP:
                self._ask_again(variant)
        for design in self.designs.values():
            if design.cause == CAP and design.is_unjudged:
                self._go_on_with(design)
        if self.finished.startswith(CAP_REACHED):
            self.finished, self.proofs_finished = "", False

    def _go_on_with(self, design: Design) -> None:
        design.status, design.cause, design.message = "building", "", ""
        self.unresolved.add(design.number)
        self.proofs_finished = False

    def _ask_again(self, variant: Variant) -> None:
        """A server that was away is no verdict: what it left unanswered is asked again by the next engine."""
        for design in self._designs_of(variant):
            if design.is_unjudged and design.cause == variant.cause:
                self._go_on_with(design)
        variant.status, variant.cause, variant.unanswered = "needed", "", False
        if variant.attempts and not variant.attempts[-1].source:
            variant.attempts.pop()

    def _engine_stopped(self, event: ev.EngineStopped) -> None:
        self.stopped, self.cut = event.reason, event.cut
        self.worked_s += event.worked_s
        self.commands.update(dict.fromkeys(event.uuids, "accepted"))

    def _work_counted(self, event: ev.WorkCounted) -> None:
        self.worked_s += event.seconds

    def _limits_changed(self, event: ev.LimitsChanged) -> None:
        self.limits = self.limits.then(event.limits)
        if event.uuid:
            self.commands[event.uuid] = "accepted"
        if self.finished == ALL_DONE and (event.limits.evaluations or 0) > len(self.designs):
            self.finished, self.proofs_finished = "", False
        self._lift_caps()

    def _search_paused(self, event: ev.SearchPaused) -> None:
        self.paused = True
        if event.uuid:
            self.commands[event.uuid] = "accepted"

    def _search_resumed(self, event: ev.SearchResumed) -> None:
        self.paused = False
        if event.uuid:
            self.commands[event.uuid] = "accepted"

    def _design_proposed(self, event: ev.DesignProposed) -> None:
        self.designs[event.number] = Design(
            number=event.number, parameters=dict(event.parameters), origin=event.origin, screened=event.screened
        )
        self.unresolved.add(event.number)

    def _design_elaborated(self, event: ev.DesignElaborated) -> None:
        design = self.designs[event.design]
        design.instances = tuple(self.named.setdefault(each, each) for each in event.instances)
        design.processes, design.status = event.processes, "building"
        for key in design.variant_keys():
            variant = self.variants.get(key)
            if variant is not None and (not variant.designs or variant.designs[-1] != event.design):
                variant.designs.append(event.design)

    def _variant_declared(self, event: ev.VariantDeclared) -> None:
        if event.key not in self.variants:
            self.variants[event.key] = Variant(
                key=event.key, module=event.module, function=event.function, settings=dict(event.settings),
                instruction=event.instruction, children=event.children,
            )

    def _attempt(self, key: str, number: int) -> Attempt:
        attempts = self.variants[key].attempts
        for attempt in attempts:
            if attempt.number == number:
                return attempt
        attempts.append(Attempt(number=number))
        return attempts[-1]

    def _call_started(self, event: ev.CallStarted) -> None:
        self.spend.begin(event.call, event.reserved_tokens, event.reserved_usd)
        variant = self.variants[event.variant]
        variant.status = "calling"
        attempt = self._attempt(event.variant, event.attempt)
        attempt.author, attempt.call, attempt.prompt = "generator", event.call, event.prompt
        attempt.demos, attempt.choice, attempt.notes, attempt.hint = event.demos, event.choice, event.notes, event.hint

    def _choice_asked(self, event: ev.ChoiceAsked) -> None:
        self.spend.begin(event.call, event.reserved_tokens, event.reserved_usd)
        self.variants[event.variant].status = "calling"

    def _demos_chosen(self, event: ev.DemosChosen) -> None:
        self.spend.end(event.call, kept=event.kept)
        self.spend.pay(event.prompt_tokens, event.completion_tokens, event.cost_usd)
        variant = self.variants[event.variant]
        variant.status, variant.chosen, variant.chosen_why = "needed", event.demos, event.reason

    def _reply_recorded(self, event: ev.ReplyRecorded) -> None:
        self.spend.end(event.call)
        self.spend.pay(event.prompt_tokens, event.completion_tokens, event.cost_usd)
        variant = self.variants[event.variant]
        variant.status, variant.hint = "replied", ""
        attempt = self._attempt(event.variant, event.attempt)
        attempt.reply, attempt.source, attempt.model = event.reply, event.source, event.model
        attempt.author, attempt.origin, attempt.refusal = event.generator, event.origin, event.refusal
        attempt.notes = (*attempt.notes, *event.notes)

    def _call_failed(self, event: ev.CallFailed) -> None:
        self.spend.end(event.call, kept=event.kept)
        variant = self.variants[event.variant]
        attempt = self._attempt(event.variant, event.attempt)
        attempt.refusal, attempt.unanswered_why = f"{event.cause}: {event.message}", event.message
        if event.cause == CAP:
            self.capped = self.capped or event.message
        if event.spent:
            # No reply counts as a wrong one: the ladder's lowest rung says so, and what follows is decided as ever.
            variant.status, attempt.no_reply = "replied", event.cause
        elif event.retry:
            variant.status = "needed"
        else:
            variant.status, variant.cause, variant.unanswered = "failed", event.cause, True

    def _faults_injected(self, event: ev.FaultsInjected) -> None:
        self.injected.append(event)

    def _variant_taken(self, event: ev.VariantTaken) -> None:
        variant = self.variants[event.variant]
        variant.status, variant.hint = "replied", ""
        attempt = self._attempt(event.variant, event.attempt)
        attempt.source, attempt.reply, attempt.prompt = event.source, event.reply, event.prompt
        attempt.author, attempt.model, attempt.origin = event.generator, event.model, event.origin
        attempt.demos, attempt.choice, attempt.notes = event.demos, event.choice, event.notes
        attempt.taken_from = f"session {event.session}, {event.made}"
        attempt.by_another = event.by_another

    def _rung_finished(self, event: ev.RungFinished) -> None:
        outcome = event.outcome
        if event.design:
            design = self.designs[event.design]
            design.rungs[outcome.rung] = outcome
            if event.log:
                design.logs[outcome.rung] = event.log
            if outcome.status == "failed":
                self._fail(design, f"{outcome.rung}: {outcome.cause}", outcome.evidence)
            return
        attempt = self._attempt(event.variant, event.attempt)
        attempt.rungs[outcome.rung] = outcome
        if event.log:
            attempt.logs[outcome.rung] = event.log
        if outcome.rung == "sanitizers" and outcome.status == "failed":
            self._unsafe(self.variants[event.variant], outcome)

    def _unsafe(self, variant: Variant, outcome: RungOutcome) -> None:
        """A proven variant turned out to break memory rules: no design that uses it has figures any longer."""
        variant.status, variant.cause = "failed", "sanitizers"
        for design in self._designs_of(variant):
            if design.status == "evaluated":
                self._fail(design, "sanitizers", f"{variant.module}: {outcome.evidence}")

    def _fail(self, design: Design, cause: str, message: str) -> None:
        if design.status == "evaluated":
            self.proofs_finished = False
        if design.status != "damaged":
            design.status, design.cause, design.message = "failed", cause, message
        self.unresolved.discard(design.number)

    def _variant_proven(self, event: ev.VariantProven) -> None:
        self.variants[event.variant].status = "proven"

    def _variant_failed(self, event: ev.VariantFailed) -> None:
        variant = self.variants[event.variant]
        variant.status, variant.cause = ("needed", event.cause) if event.retry else ("failed", event.cause)

    def _decision_opened(self, event: ev.DecisionOpened) -> None:
        decision = event.decision
        self.open_decisions[decision.id] = decision
        variant = self.variants[decision.variant]
        variant.status, variant.decision = "stuck", decision.id

    def _decision_answered(self, event: ev.DecisionAnswered) -> None:
        self.commands[event.uuid] = "accepted"
        if event.action == "undo":
            decision, _ = self.closed_decisions.pop(event.decision)
            self.open_decisions[decision.id] = decision
            variant = self.variants[decision.variant]
            variant.attempts = [a for a in variant.attempts if a.number <= decision.attempt]
            variant.status, variant.decision = "stuck", decision.id
            self.proofs_finished = False
            for design in self._designs_of(variant):
                if design.status == "failed" and design.cause == "skipped":
                    design.status, design.cause, design.message = "building", "", ""
                    self.unresolved.add(design.number)
            return
        decision = self.open_decisions.pop(event.decision)
        self.closed_decisions[decision.id] = (decision, event)
        variant = self.variants[decision.variant]
        variant.decision = ""
        if event.action == "skip":
            variant.status, variant.cause = "skipped", "skipped"
        elif event.action == "regenerate":
            variant.status, variant.hint = "needed", event.hint
        elif event.as_is:
            attempt = self._attempt(variant.key, decision.attempt)
            attempt.waived[decision.rung] = (event.by, event.reason)
            variant.status = "replied"
        elif event.action == "accept" and event.cure is None:
            variant.status = "proven"
        else:
            attempt = self._attempt(variant.key, len(variant.attempts) + 1)
            attempt.source = event.source
            attempt.author = "human" if event.action == "patch" else "cure"
            variant.status = "replied"

    def _command_refused(self, event: ev.CommandRefused) -> None:
        self.commands[event.uuid] = f"refused: {event.why}"

    def _design_evaluated(self, event: ev.DesignEvaluated) -> None:
        design = self.designs[event.design]
        design.figures = figures_of(event)
        if design.status != "damaged":
            design.status = "failed" if event.over else "evaluated"
            design.cause, design.message = ("resources", event.over) if event.over else ("", "")
        self.unresolved.discard(event.design)

    def _design_failed(self, event: ev.DesignFailed) -> None:
        self._fail(self.designs[event.design], event.cause, event.message)

    def _result_told(self, event: ev.ResultTold) -> None:
        self.designs[event.design].told = event.outcome

    def _search_finished(self, event: ev.SearchFinished) -> None:
        self.finished = event.reason

    def _proofs_finished(self, event: ev.ProofsFinished) -> None:
        self.proofs_finished = True

    def mark_damaged(self, number: int, why: str) -> None:
        """A journal line of this design was unreadable: it keeps what it has and is never best."""
        design = self.designs.setdefault(number, Design(number=number, parameters={}))
        if design.status == "damaged":
            return
        self.damaged.append(f"d{number:04d}: {why}")
        design.status, design.cause, design.message, design.told = "damaged", "damaged", why, "damaged"
        self.unresolved.discard(number)

    def _designs_of(self, variant: Variant) -> Iterator[Design]:
        return (self.designs[n] for n in variant.designs if n in self.designs)

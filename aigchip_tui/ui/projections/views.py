"""Frozen copies of a session's state: what the feed posts and every projection reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import Decision
from aigchip_tui.model.figures import AnyFigures
from aigchip_tui.model.module import Setting
from aigchip_tui.model.proof import DESIGN_RUNGS, VARIANT_RUNGS, Rung, RungOutcome, Status
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.state import Attempt, Design, Variant, written_by
from aigchip_tui.model.summary import LADDER

_WORST: tuple[Status, ...] = ("failed", "not run", "waived", "passed")
_NO_RUNGS: Mapping[Rung, RungOutcome] = {}
_NO_LOGS: Mapping[Rung, str] = {}


@dataclass(frozen=True, kw_only=True)
class AttemptView:
    """One try at a variant; texts are blobs."""

    number: int
    author: str
    model: str
    origin: str
    prompt: str
    reply: str
    source: str
    refusal: str
    hint: str
    choice: str
    demos: tuple[str, ...]
    notes: tuple[str, ...]
    rungs: Mapping[Rung, RungOutcome]
    logs: Mapping[Rung, str]
    waived: Mapping[Rung, tuple[str, str]]
    begun: int = 0
    """Sequence number of the line that began it; 0 when that is not known."""
    taken_from: str = ""
    """Session and time of the proof, when the text came from the user's cache."""
    by_another: bool = False

    def status(self, rung: Rung) -> Status:
        """What the rung says; a waiver of a human counts as waived, never as passed."""
        outcome = self.rungs.get(rung)
        if rung in self.waived and (outcome is None or outcome.status != "passed"):
            return "waived"
        return outcome.status if outcome is not None else "not run"

    @property
    def by(self) -> str:
        """Who wrote it, in the words of the screen."""
        return written_by(self.author, self.origin, self.taken_from, self.by_another)


@dataclass(frozen=True, kw_only=True)
class VariantView:
    """A module with its local settings and all its attempts."""

    key: str
    module: str
    function: str
    settings: Mapping[str, Setting]
    instruction: tuple[str, ...]
    status: str
    cause: str
    decision: str
    designs: tuple[int, ...]
    attempts: tuple[AttemptView, ...]

    @property
    def attempt(self) -> AttemptView | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None

    def attempt_number(self, number: int) -> AttemptView | None:
        """An attempt by its number."""
        return next((a for a in self.attempts if a.number == number), None)

    @property
    def label(self) -> str:
        """The local settings on one line."""
        return " ".join(f"{k}={v}" for k, v in self.settings.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class DesignView:
    """One point of the space and what became of it."""

    number: int
    parameters: Mapping[str, Setting]
    origin: str
    status: str
    instances: tuple[ev.InstanceNamed, ...]
    processes: int
    cause: str
    message: str
    figures: AnyFigures | None
    rungs: Mapping[Rung, RungOutcome]
    logs: Mapping[Rung, str]
    judged: int = 0
    """Sequence number of the line of its newest rung; 0 when there is none."""

    @property
    def id(self) -> str:
        """The name people use: d0007."""
        return f"d{self.number:04d}"

    @property
    def shape(self) -> str:
        """lane/array/arrays and reuse in one word each."""
        p = self.parameters
        return f"{p.get('lane', '?')}/{p.get('array', '?')}/{p.get('arrays', '?')} {p.get('reuse', '?')}"


@dataclass(frozen=True, kw_only=True)
class Queued:
    """A command that lies in the inbox and that no engine has taken yet."""

    uuid: str
    kind: str
    decision: str
    action: str


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything a screen may show of a session at one moment."""

    name: str
    settings: SessionSettings
    read_only: str = ""
    state: str = "new"
    engine: str = "none"
    reading: bool = False
    problem: str = ""
    designs: Mapping[int, DesignView] = field(default_factory=dict)
    variants: Mapping[str, VariantView] = field(default_factory=dict)
    open: tuple[Decision, ...] = ()
    closed: tuple[tuple[Decision, ev.DecisionAnswered], ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    queued: tuple[Queued, ...] = ()
    front: tuple[int, ...] = ()
    best: int | None = None
    calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    done: int = 0
    failed: int = 0
    in_flight: int = 0
    screened: int = 0
    generator: str = ""
    sandbox: str = ""
    not_denied: tuple[str, ...] = ()
    synthesizer: str = ""
    finished: str = ""
    stopped: str = ""
    cut: tuple[str, ...] = ()
    """Steps that the last engine cut when it stopped."""
    damaged: tuple[str, ...] = ()
    events: int = 0

    def best_design(self) -> DesignView | None:
        """The design that the goal wants."""
        return self.designs.get(self.best) if self.best is not None else None

    def decision(self, name: str) -> Decision | None:
        """A decision, open or answered."""
        for each in self.open:
            if each.id == name:
                return each
        return next((d for d, _ in self.closed if d.id == name), None)


def freeze_attempt(attempt: Attempt, *, begun: int = 0) -> AttemptView:
    """A frozen copy of an attempt."""
    return AttemptView(
        number=attempt.number, author=attempt.author, model=attempt.model, origin=attempt.origin,
        prompt=attempt.prompt, reply=attempt.reply, source=attempt.source, refusal=attempt.refusal, hint=attempt.hint,
        choice=attempt.choice, demos=attempt.demos, notes=attempt.notes, rungs=dict(attempt.rungs),
        logs=dict(attempt.logs), waived=dict(attempt.waived), begun=begun,
        taken_from=attempt.taken_from, by_another=attempt.by_another,
    )


def freeze_variant(variant: Variant, begun: Mapping[int, int]) -> VariantView:
    """A frozen copy of a variant; `begun` tells which lines began its attempts."""
    return VariantView(
        key=variant.key, module=variant.module, function=variant.function, settings=dict(variant.settings),
        instruction=variant.instruction, status=variant.status, cause=variant.cause, decision=variant.decision,
        designs=tuple(variant.designs), 
        attempts=tuple(freeze_attempt(a, begun=begun.get(a.number, 0)) for a in variant.attempts),
    )


def freeze_design(design: Design, *, judged: int = 0) -> DesignView:
    """A frozen copy of a design; its parameters never change, and most designs have no rungs of their own."""
    return DesignView(
        number=design.number, parameters=design.parameters, origin=design.origin, status=design.status,
        instances=design.instances, processes=design.processes, cause=design.cause, message=design.message,
        figures=design.figures, rungs=dict(design.rungs) if design.rungs else _NO_RUNGS,
        logs=dict(design.logs) if design.logs else _NO_LOGS, judged=judged,
    )


def variant_ladder(variant: VariantView | None) -> tuple[Status, ...]:
    """The rungs of a variant in the order of the ladder, by its newest attempt."""
    attempt = variant.attempt if variant is not None else None
    return tuple(attempt.status(rung) if attempt is not None else "not run" for rung in VARIANT_RUNGS)


def design_ladder(snapshot: Snapshot, design: DesignView) -> tuple[Status, ...]:
    """All rungs of a design: one of its variants' rungs passed only if all its generated variants passed it."""
    keys = dict.fromkeys(i.variant for i in design.instances if i.author == "generator")
    ladders = [variant_ladder(snapshot.variants.get(key)) for key in keys]
    statuses: list[Status] = []
    for i in range(len(VARIANT_RUNGS)):
        seen = {ladder[i] for ladder in ladders}
        statuses.append(next((s for s in _WORST if s in seen), "not run"))
    for rung in DESIGN_RUNGS:
        statuses.append(design.rungs[rung].status if rung in design.rungs else "not run")
    assert len(statuses) == len(LADDER)
    return tuple(statuses)

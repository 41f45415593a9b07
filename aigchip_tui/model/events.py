"""What happened in a session, as values: the payloads of the journal (DESIGN sec. 2 and 4).

State is the fold of these events. Each names its outcome in the past participle. Blobs are content hashes.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from aigchip_tui.model.decision import Action, Decision
from aigchip_tui.model.limits import SessionLimits
from aigchip_tui.model.module import Setting, Settings
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.upcast import upcast


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=True):
    """Base of all events; the tag is the class name and stands in the journal line's `kind`."""


class EngineStarted(Event, frozen=True, kw_only=True):
    """An engine took the session over; lines of older epochs after this one do not count."""

    host: str
    boot_id: str
    pid: int
    nonce: str
    version: str = ""
    template_hash: str = ""
    library_hash: str = ""
    sandbox: str = ""
    denied: tuple[str, ...] = ()
    not_denied: tuple[str, ...] = ()
    generator: str = ""
    synthesizer: str = ""
    resumed_under_others: bool = False


class EngineStopped(Event, frozen=True, kw_only=True):
    """The engine ended by itself or was stopped by the commands `uuids`; `cut` names what was still running."""

    reason: str
    cut: tuple[str, ...] = ()
    uuids: tuple[str, ...] = ()
    worked_s: float = 0.0
    """Seconds of work that no WorkCounted has told."""


class WorkCounted(Event, frozen=True, kw_only=True):
    """The engine has worked on for so many seconds; waiting for a human is no work."""

    seconds: float


class LimitsChanged(Event, frozen=True, kw_only=True):
    """A human gave the session other limits than it was made with; the search goes on where the old ones ended it."""

    limits: SessionLimits
    by: str = ""
    uuid: str = ""


class SearchPaused(Event, frozen=True, kw_only=True):
    """No new steps are begun until the search is resumed."""

    by: str = ""
    uuid: str = ""


class SearchResumed(Event, frozen=True, kw_only=True):
    """Steps are begun again."""

    by: str = ""
    uuid: str = ""


class DesignProposed(Event, frozen=True, kw_only=True):
    """The search proposed a design; numbers count from 1 in proposal order and are never asked twice."""

    number: int
    parameters: dict[str, Setting]
    origin: str = ""
    screened: int = 0
    """Children that the analytic model screened away before this one."""


class InstanceNamed(msgspec.Struct, frozen=True, kw_only=True):
    """A node of a design's module tree as the journal keeps it."""

    name: str
    variant: str
    module: str
    count: int = 1
    parent: str = ""
    author: str = "generator"


class DesignElaborated(Event, frozen=True, kw_only=True):
    """The template gave each module of a design its local settings."""

    design: int
    instances: tuple[InstanceNamed, ...]
    processes: int


class VariantDeclared(Event, frozen=True, kw_only=True):
    """A variant was needed for the first time."""

    key: str
    module: str
    function: str
    settings: Settings
    instruction: tuple[str, ...]
    children: tuple[str, ...] = ()


class CallStarted(Event, frozen=True, kw_only=True):
    """A prompt is about to leave; its worst case is reserved against the caps until its outcome is known."""

    call: str
    variant: str
    attempt: int
    seed: int
    prompt: str
    demos: tuple[str, ...]
    choice: str = ""
    notes: tuple[str, ...] = ()
    reserved_tokens: int = 0
    reserved_usd: float = 0.0
    hint: str = ""


class ChoiceAsked(Event, frozen=True, kw_only=True):
    """The model is about to be asked which demonstrations a variant's prompt shall show."""

    call: str
    variant: str
    seed: int
    prompt: str
    reserved_tokens: int = 0
    reserved_usd: float = 0.0


class DemosChosen(Event, frozen=True, kw_only=True):
    """Which demonstrations the prompts of a variant show, and why. `kept`: the call may have been paid for."""

    call: str
    variant: str
    demos: tuple[str, ...]
    reason: str
    by: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    kept: bool = False


class ReplyRecorded(Event, frozen=True, kw_only=True):
    """A generator answered. `source` is the blob of the extracted body, empty when it refused or held no code."""

    call: str
    variant: str
    attempt: int
    reply: str
    source: str
    model: str
    generator: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    origin: str = ""
    """How the adapter made it: retrieved, adapted or fused; empty for a language model."""
    refusal: str = ""
    notes: tuple[str, ...] = ()


class CallFailed(Event, frozen=True, kw_only=True):
    """A call ended without a reply, with a typed cause; `retry` says whether the same attempt is asked again.

    `kept` says that the call may have been paid for: its reservation stays. `spent` says that it counts as a failed
    attempt, to be followed by another one or a question; else the variant waits for another engine.
    """

    call: str
    variant: str
    attempt: int
    cause: str
    message: str
    retry: bool = False
    kept: bool = False
    spent: bool = False


class FaultsInjected(Event, frozen=True, kw_only=True):
    """What the faulty practice adapter changed on purpose; only tests read it."""

    call: str
    variant: str
    attempt: int
    record: str


class VariantTaken(Event, frozen=True, kw_only=True):
    """A proven text was taken from the user's cache in place of a call; its texts were copied into this session.

    `session` and `made` (UTC) say which search proved it first. `by_another`: it was written for another generator
    than this session's, as `--reuse` allows.
    """

    variant: str
    attempt: int
    source: str
    reply: str
    prompt: str
    generator: str
    model: str = ""
    origin: str = ""
    demos: tuple[str, ...] = ()
    choice: str = ""
    notes: tuple[str, ...] = ()
    session: str = ""
    made: str = ""
    by_another: bool = False


class RungFinished(Event, frozen=True, kw_only=True):
    """One rung of the ladder had an outcome for a variant's attempt or for a design."""

    outcome: RungOutcome
    variant: str = ""
    attempt: int = 0
    design: int = 0
    log: str = ""


class VariantProven(Event, frozen=True, kw_only=True):
    """An attempt climbed the ladder as far as the search needs, or its red rungs were waived."""

    variant: str
    attempt: int
    waived: tuple[str, ...] = ()


class VariantFailed(Event, frozen=True, kw_only=True):
    """An attempt turned a rung red; `retry` says whether it is regenerated with the diagnosis."""

    variant: str
    attempt: int
    rung: str
    cause: str
    retry: bool


class DecisionOpened(Event, frozen=True, kw_only=True):
    """The machine is stuck, or the gate asks: a human decides."""

    decision: Decision


class DecisionAnswered(Event, frozen=True, kw_only=True):
    """A command that answers a decision was accepted."""

    decision: str
    variant: str
    uuid: str
    action: Action
    by: str = ""
    cure: int | None = None
    as_is: bool = False
    reason: str = ""
    hint: str = ""
    source: str = ""


class CommandRefused(Event, frozen=True, kw_only=True):
    """A command was not carried out, and why."""

    uuid: str
    why: str


class DesignEvaluated(Event, frozen=True, kw_only=True):
    """Latency and resources of a design. `basis` says who measured: estimate, csynth, cosim or measured.

    `over` names the first resource that the device does not have: such a design has failed, with its figures kept.
    """

    design: int
    latency_cycles: int
    latency_ms: float
    clock_mhz: float
    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int
    basis: str = "estimate"
    counted: str = ""
    layers: str = ""
    """Blob of the latency of each layer."""
    unknown: tuple[str, ...] = ()
    over: str = ""
    wiring: str = ""
    """Blob of what the template wrote: the top that joins the modules. Empty in journals of older releases."""


class DesignFailed(Event, frozen=True, kw_only=True):
    """A design ended without figures, with a typed cause."""

    design: int
    cause: str
    message: str


class ResultTold(Event, frozen=True, kw_only=True):
    """The search was told the outcome of a design: evaluated, failed or waiting."""

    design: int
    outcome: str


class SearchFinished(Event, frozen=True, kw_only=True):
    """No more designs will be proposed."""

    reason: str


class ProofsFinished(Event, frozen=True, kw_only=True):
    """The front and the best design carry every rung that can run here."""

    designs: tuple[int, ...]


AnyEvent = (
    EngineStarted | EngineStopped | WorkCounted | SearchPaused | SearchResumed | LimitsChanged
    | DesignProposed | DesignElaborated | VariantDeclared
    | ChoiceAsked | DemosChosen | CallStarted | ReplyRecorded | CallFailed | FaultsInjected | VariantTaken
    | RungFinished | VariantProven | VariantFailed | DecisionOpened | DecisionAnswered | CommandRefused
    | DesignEvaluated | DesignFailed | ResultTold | SearchFinished | ProofsFinished
)

SCHEMA = 1
"""Version of the payloads; a reader that meets a newer one opens the session read-only."""

_KINDS: dict[str, type[AnyEvent]] = {kind.__name__: kind for kind in get_args(AnyEvent)}


def to_payload(event: AnyEvent) -> dict[str, Any]:
    """The journal payload of an event, without its tag (the line's `kind` carries it)."""
    payload: dict[str, Any] = msgspec.to_builtins(event)
    del payload["event"]
    return payload


def from_payload(kind: str, payload: dict[str, Any], *, schema: int = SCHEMA) -> AnyEvent:
    """The event of a journal line; raises msgspec.ValidationError when the payload is none of ours.

    A payload of an older `schema` is brought up to this release's first.
    """
    if schema < SCHEMA:
        kind, payload = upcast(kind, payload, schema=schema, current=SCHEMA)
    known = _KINDS.get(kind)
    if known is None:
        raise msgspec.ValidationError(f"Unknown kind {kind!r}")
    event: AnyEvent = msgspec.convert(payload, known)
    return event

"""Ask the generator for a variant: two most similar demonstrations, the prompt, one call, the extracted code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.judge import first_red
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.engine.reuse import taken_variant
from aigchip_tui.library.demos import Demo
from aigchip_tui.library.grains import demos_in, instruction_in
from aigchip_tui.library.similarity import choose_pair
from aigchip_tui.llm.errors import CallError
from aigchip_tui.llm.extract import extract_code
from aigchip_tui.llm.ledger import Caps, Cost, over_cap, worst_case
from aigchip_tui.llm.prompts import Prompt, build_prompt
from aigchip_tui.llm.provenance import Provenance, read_provenance
from aigchip_tui.model import events as ev
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Variant
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.session import limited
from aigchip_tui.model.state import CAP, Attempt, SessionState
from aigchip_tui.model.state import Variant as VariantState

if TYPE_CHECKING:
    from aigchip_tui.engine.house import House


UNREADABLE = ("garbage", "cut_stream", "empty", "timeout")
"""Causes of single calls: the server is there, and another call may be answered."""


def generate(house: House, step: Step, state: SessionState) -> Prepared:
    """One call for the attempt of `step`; the call is journalled before it leaves, with its worst case reserved."""
    known = state.variants[step.variant]
    variant = house.variant(state, step.variant)
    taken = taken_variant(house, step, known, variant)
    if taken is not None:
        return taken
    grain, (demos, why) = house.settings.grain, demonstrations(house, known, variant)
    before = [a for a in known.attempts if a.number < step.attempt]
    previous = next((a for a in reversed(before) if not a.no_reply), None)
    lost = before[-1] if before and before[-1].no_reply else None
    prompt = build_prompt(
        instruction_in(grain, house.template, variant), variant.signatures,
        demos_in(grain, house.template, demos), grain=grain,
        diagnosis=(*_diagnosis(previous), *_diagnosis(lost)), hint=known.hint, types=variant.types,
        previous=house.blobs.get_text(previous.source) if previous and previous.source else "",
        budget_tokens=house.settings.prompt_budget_tokens, template=house.settings.prompt or None,
    )
    seed = draw_seed(house.settings.seed, "generate", step.variant, step.attempt)
    worst = worst_case(prompt.tokens, prompt.reply_tokens, house.generator.price)
    refused = over_cap(caps_of(house, state), spent_of(state), worst, price=house.generator.price)
    call = f"{step.variant}:{step.attempt}"
    if refused and state.spend.reserved:
        # What calls under way reserve may come back: asked again when one of them has ended.
        return Prepared()
    if refused:
        return Prepared(now=(ev.CallFailed(
            call=call, variant=step.variant, attempt=step.attempt, cause=CAP, message=refused, retry=False,
        ),))
    started = ev.CallStarted(
        call=call, variant=step.variant, attempt=step.attempt, seed=seed,
        prompt=house.blobs.put(msgspec.json.encode(prompt.messages)), demos=tuple(d.label for d in prompt.demos_used),
        choice=why, notes=prompt.notes, reserved_tokens=worst.tokens, reserved_usd=worst.usd,
        hint=known.hint,
    )
    return Prepared(now=(started,), job=lambda: _ask(house, step, prompt, seed, call))


def demonstrations(house: House, known: VariantState, variant: Variant) -> tuple[tuple[Demo, ...], str]:
    """The demonstrations of a variant's prompts and the reason: the model's choice where it made one, else numeric."""
    library = house.library.of(variant.module)
    by_label = {demo.label: demo for demo in library}
    chosen = tuple(by_label[label] for label in known.chosen if label in by_label)
    if chosen:
        return chosen, known.chosen_why
    choice = choose_pair(variant.instruction, library)
    return choice.demos, choice.reason


def _ask(house: House, step: Step, prompt: Prompt, seed: int, call: str) -> Sequence[ev.AnyEvent]:
    try:
        reply = house.generator.generate(
            prompt.messages, seed=seed, max_tokens=prompt.reply_tokens, cancel=house.cancelled,
        )
    except CallError as problem:
        if problem.cause == "too_long":
            # A reply without end is an answer of the generator, not an outage: it is regenerated or asked about.
            return [ev.ReplyRecorded(
                call=call, variant=step.variant, attempt=step.attempt, model=house.generator.spec.text,
                reply=house.blobs.put_log(problem.partial), source="", generator=house.generator.spec.text,
                prompt_tokens=prompt.tokens, completion_tokens=prompt.reply_tokens, refusal=str(problem),
            )]
        return [ev.CallFailed(
            call=call, variant=step.variant, attempt=step.attempt, cause=problem.cause, message=str(problem),
            retry=problem.cause == "cancelled", kept=problem.outcome == "unknown",
            spent=problem.cause in UNREADABLE,
        )]
    if house.reuse is not None:
        house.reuse.answered.add(call)
    extracted = extract_code(
        reply.text, finish_reason=reply.finish_reason, supplied_includes=house.template.supplied_includes()
    )
    spec = house.generator.spec
    said = None if spec.is_language_model else read_provenance(reply.text)
    price = house.generator.price
    recorded = ev.ReplyRecorded(
        call=call, variant=step.variant, attempt=step.attempt, reply=house.blobs.put_text(reply.text),
        source=house.blobs.put_text(extracted.code) if extracted.code else "", model=reply.model,
        generator=reply.model if spec.is_language_model else "offline adapter",
        prompt_tokens=reply.prompt_tokens, completion_tokens=reply.completion_tokens,
        cost_usd=price.of(reply.prompt_tokens, reply.completion_tokens) if price is not None else 0.0,
        origin=said.origin if said is not None and extracted.code else "",
        refusal="" if extracted.code else _refusal(reply.text, said),
        notes=(*reply.notes, *extracted.notes, *(said.notes if said is not None else ())),
    )
    if reply.injected:
        record = house.blobs.put_text(reply.injected)
        return [ev.FaultsInjected(call=call, variant=step.variant, attempt=step.attempt, record=record), recorded]
    return [recorded]


def _refusal(text: str, said: Provenance | None) -> str:
    """Why a reply without code holds none; the adapter names line and cause."""
    if said is not None and said.refusals:
        return "The offline adapter refused. " + " ".join(sentence for _, sentence in said.refusals[:4])
    lines = [line.strip("- ").strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[:4])[:600] or "The reply is empty."


def _diagnosis(previous: Attempt | None) -> tuple[str, ...]:
    """Faults of the red rung of the attempt before; what concerns this machine is never sent to a generator."""
    red = first_red(tuple(previous.rungs.values())) if previous is not None else None
    if red is None:
        return ()
    return tuple(_fault(red.rung, f) for f in red.findings if not f.environment)[:12] or (red.evidence,)


def _fault(rung: str, finding: Finding) -> str:
    where = f", line {finding.line}" if finding.line else ""
    cure = f" Cure: {finding.suggestion}" if finding.suggestion else ""
    return f"{rung}{where}: {finding.message}{cure}"


def caps_of(house: House, state: SessionState) -> Caps:
    """The session's caps as they hold now."""
    s = limited(house.settings, state.limits)
    return Caps(calls=s.max_calls or None, tokens=s.max_tokens or None, usd=s.max_usd or None)


def spent_of(state: SessionState) -> Cost:
    """What is spent or reserved."""
    spend = state.spend
    return Cost(calls=spend.calls, tokens=spend.tokens, usd=spend.worst_usd)

"""Ask the model which demonstrations a variant's prompts shall show; its reason is kept (paper sec. III)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.engine.advance import Step
from aigchip_tui.engine.loop import Prepared
from aigchip_tui.engine.reuse import taken_variant
from aigchip_tui.engine.steps.generate import caps_of, spent_of
from aigchip_tui.library.similarity import Choice, choose_pair
from aigchip_tui.llm.choose import choice_messages, choose_for
from aigchip_tui.llm.errors import CallError
from aigchip_tui.llm.ledger import over_cap, worst_case
from aigchip_tui.llm.offline import count_tokens
from aigchip_tui.model import events as ev
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.state import SessionState

if TYPE_CHECKING:
    from aigchip_tui.engine.house import House

REPLY_TOKENS = 1024


def choose(house: House, step: Step, state: SessionState) -> Prepared:
    """One call that names two demonstrations; if it brings nothing they are chosen by numbers, and that is said."""
    variant = house.variant(state, step.variant)
    taken = taken_variant(house, step, state.variants[step.variant], variant)
    if taken is not None:
        return taken
    demos = house.library.of(variant.module)
    numeric = choose_pair(variant.instruction, demos)
    call = f"{step.variant}:choose"
    if len(demos) <= 2:
        return Prepared(now=(_chosen(call, step.variant, numeric),))
    messages = choice_messages(variant.instruction, demos, 2)
    worst = worst_case(sum(count_tokens(m["content"]) for m in messages), REPLY_TOKENS, house.generator.price)
    refused = over_cap(caps_of(house, state), spent_of(state), worst, price=house.generator.price)
    if refused and state.spend.reserved:
        return Prepared()
    if refused:
        return Prepared(now=(_chosen(call, step.variant, numeric, why=refused),))
    seed = draw_seed(house.settings.seed, "choose", step.variant)
    asked = ev.ChoiceAsked(
        call=call, variant=step.variant, seed=seed, prompt=house.blobs.put(msgspec.json.encode(messages)),
        reserved_tokens=worst.tokens, reserved_usd=worst.usd,
    )

    def job() -> Sequence[ev.AnyEvent]:
        try:
            made = choose_for(house.generator, variant.instruction, demos, seed=seed, cancel=house.cancelled)
        except CallError as problem:
            return [_chosen(call, step.variant, numeric, why=str(problem), kept=problem.outcome == "unknown")]
        # A reply that could not be read was paid for all the same: without its count the worst case stays.
        event = _chosen(call, step.variant, made.choice, kept=made.reply is None)
        if made.reply is None:
            return [event]
        price = house.generator.price
        tokens = (made.reply.prompt_tokens, made.reply.completion_tokens)
        return [msgspec.structs.replace(
            event, prompt_tokens=tokens[0], completion_tokens=tokens[1],
            cost_usd=price.of(*tokens) if price is not None else 0.0,
        )]

    return Prepared(now=(asked,), job=job)


def _chosen(call: str, variant: str, choice: Choice, *, why: str = "", kept: bool = False) -> ev.DemosChosen:
    reason = f"{choice.reason} (chosen by numbers: {why})" if why else choice.reason
    return ev.DemosChosen(
        call=call, variant=variant, demos=tuple(d.label for d in choice.demos), reason=reason, by=choice.by, kept=kept,
    )
